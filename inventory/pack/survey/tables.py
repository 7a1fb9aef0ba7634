"""Reading the folder of a state's open data: each file, whether its columns are there, and the rows of one state."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyogrio.errors import DataSourceError

from inventory.cells import quoted
from inventory.pack.facts import PackError

_TEXT, _NUMBER = "str", "float64"

_GPS = {
    "facility_id": _TEXT, "hab_id": _TEXT, "gp_name": _TEXT, "habitation_population": _NUMBER, "district_code": _TEXT,
    "block_code": _TEXT, "block_name": _TEXT, "subdistrict_code": _TEXT, "village_code": _TEXT, "match": _TEXT,
    "pmgsy_block": _TEXT, "pmgsy_block_id": _TEXT, "lon": _NUMBER, "lat": _NUMBER,
}  # fmt: skip
_VILLAGES = {
    "subdistrict_code": _TEXT, "village_code": _TEXT, "village_name": _TEXT, "lon": _NUMBER, "lat": _NUMBER,
    "population_pmgsy": _NUMBER,
}  # fmt: skip
_SUBDISTRICTS = {"state_code": _TEXT, "district_code": _TEXT, "subdistrict_code": _TEXT, "subdistrict_name": _TEXT}
_SUBDISTRICTS_2022 = {**_SUBDISTRICTS, "census2011_code": _TEXT}
_BLOCKS_2022 = {"state_code": _TEXT, "district_code": _TEXT, "block_code": _TEXT, "block_name": _TEXT}
_POINTS = {
    "facility_id": _TEXT, "hab_id": _TEXT, "kendra": _TEXT, "state_code": _TEXT, "lon": _NUMBER, "lat": _NUMBER,
}  # fmt: skip
_HABITATIONS = {
    "hab_id": _TEXT,
    "pmgsy_block_id": _TEXT,
    "name": _TEXT,
    "population": _NUMBER,
    "lon": _NUMBER,
    "lat": _NUMBER,
}
_FACILITIES = {
    "facility_id": _TEXT, "district_code": _TEXT, "pmgsy_block_id": _TEXT, "category": _TEXT, "description": _TEXT,
    "lon": _NUMBER, "lat": _NUMBER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of one state. In text columns a missing value is "", in numbers it is NaN."""

    gps: pd.DataFrame
    villages: pd.DataFrame
    subdistricts: pd.DataFrame
    subdistricts_2022: pd.DataFrame
    blocks_2022: pd.DataFrame
    habitations: pd.DataFrame
    facilities: pd.DataFrame
    service_points: pd.DataFrame


def read_tables(folder: Path, state: str, stem: str) -> Tables:
    """`stem`: how the names of the state's files begin. Raises PackError with the file and what is wrong with it."""
    return Tables(
        gps=_csv(folder / f"points/{stem}_gp.csv.gz", _GPS),
        villages=_csv(folder / f"points/{stem}_villages.csv.gz", _VILLAGES),
        subdistricts=_of(state, _csv(folder / "lgd/subdistricts.csv.gz", _SUBDISTRICTS)),
        subdistricts_2022=_of(state, _csv(folder / "lgd/subdistricts_2022.csv.gz", _SUBDISTRICTS_2022)),
        blocks_2022=_of(state, _csv(folder / "lgd/blocks_2022.csv.gz", _BLOCKS_2022)),
        habitations=_parquet(folder / "points/pmgsy_habitations.parquet", _HABITATIONS, state),
        facilities=_parquet(folder / "points/pmgsy_facilities.parquet", _FACILITIES, state),
        service_points=_of(state, _csv(folder / "kendras/pmgsy_service_points.csv", _POINTS)),
    )


def _of(state: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["state_code"] == state].reset_index(drop=True)


def _csv(path: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    with said_with(path):
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    require(path, columns, rows.columns)
    return pd.DataFrame({name: _typed(path, rows[name], kind) for name, kind in columns.items()})


def _typed(path: Path, cells: "pd.Series[str]", kind: str) -> "pd.Series[str] | pd.Series[float]":
    if kind == _TEXT:
        return cells.str.strip()
    numbers = pd.to_numeric(cells, errors="coerce").astype(np.float64)
    if (wrong := cells[numbers.isna() & (cells != "")]).size:
        line = int(wrong.index[0]) + 2
        raise PackError(f"{path}: column {cells.name} holds {quoted(wrong.iloc[0])} in line {line}, which is no number")
    return numbers


def _parquet(path: Path, columns: Mapping[str, str], state: str) -> pd.DataFrame:
    with said_with(path):
        require(path, columns, pq.read_schema(path).names)
        table = pq.read_table(path, columns=list(columns), filters=[("state_code", "==", int(state))])
    cast = {_TEXT: pa.string(), _NUMBER: pa.float64()}
    found = {name: table[name].cast(cast[kind]) for name, kind in columns.items()}
    texts = {name: pc.fill_null(found[name], "") for name, kind in columns.items() if kind == _TEXT}
    return pd.DataFrame({name: column.to_pandas() for name, column in {**found, **texts}.items()})


def require(path: Path, wanted: Iterable[str], there: Iterable[str]) -> None:
    """Raises PackError where a column isn't there."""
    if missing := [name for name in wanted if name not in set(there)]:
        raise PackError(f"{path}: lacks the column {', '.join(missing)}")


@contextmanager
def said_with(path: Path) -> Iterator[None]:
    """A file that isn't there or isn't of its kind is a PackError of one line that names it."""
    try:
        path.stat()  # the libraries' own words for an absent file differ
        yield
    except (OSError, EOFError, zlib.error, ValueError, pa.ArrowException, DataSourceError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0] or "is cut short"
        raise PackError(f"{path}: {reason}") from None
