"""What kendras proved of themselves too late for judgement: time in which they worked, for sites and villages.

Such time was recorded as unknown and counts as up. Nothing else changes: what was seen down or degraded was
seen, and an outage that is long told is not told anew.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, and_, select, type_coerce

from collectors.checkin.tables import checkin_span
from inventory.columnar import column, keys
from inventory.model import Inventory
from inventory.tables import area
from readiness.model import SubjectKind
from readiness.rules.spells import Spans, runs
from storage.bulk import fetch, lots

PROVED = "proved by the kendra's own check-in, which came late"

_SCHEMA = pa.schema([("site", pa.string()), ("from_at", pa.int64()), ("to_at", pa.int64())])
_FEW = 500  # kendras, that are asked for by name
_ROWS_AT_ONCE = 100_000

_column = checkin_span.c


def proved_spans(
    engine: Engine, inventory: Inventory, kind: SubjectKind, subjects: Sequence[str], *, start: datetime, end: datetime
) -> Spans:
    """The spans of each subject that touch [start, end): a site's own, those of the kendra that serves a village."""
    with engine.connect() as connection:
        # In most periods nobody was late, and thousands of villages need not be asked for their kendras.
        some = connection.execute(select(_column.site).where(_touches(start, end)).limit(1)).scalar()
        kendras = proving(inventory, kind, pa.array(subjects if some else [""] * len(subjects), pa.string()))
        found = spans_in(connection, start, end, pc.unique(kendras).to_pylist())
    known = pc.unique(found["site"])
    of_kendra, wanted = (
        np.asarray(pc.fill_null(pc.index_in(names, known), -1)).astype(np.int64) for names in (found["site"], kendras)
    )
    order = np.argsort(of_kendra, kind="stable")
    first = np.searchsorted(of_kendra[order], wanted, side="left")
    count = np.searchsorted(of_kendra[order], wanted, side="right") - first
    subject, which = np.repeat(np.arange(len(count)), count), order[runs(first, count)]
    begins, ends = np.asarray(found["from_at"])[which], np.asarray(found["to_at"])[which]
    return Spans(subject, begins, ends, np.zeros(len(subject), np.int64))


def proving(inventory: Inventory, kind: SubjectKind, subjects: pa.StringArray) -> pa.StringArray:
    """Whose check-ins prove that each subject worked, "" for nobody's."""
    match kind:
        case SubjectKind.SITE:
            return subjects
        case SubjectKind.VILLAGE:
            kendras = column(inventory.areas, "served_by").cast(pa.string())
            return pc.fill_null(kendras.take(pc.index_in(subjects, keys(inventory.areas))), "")
        case _:
            return pa.array([""] * len(subjects), pa.string())


def _touches(start: datetime, end: datetime) -> ColumnElement[bool]:
    return and_(_column.from_at < end, _column.to_at > start)


def spans_in(connection: Connection, start: datetime, end: datetime, sites: Sequence[str] | None = None) -> pa.Table:
    """The spans that touch [start, end), of all kendras or of these: site, from_at and to_at, in no order."""
    times = (type_coerce(_column[name], BigInteger).label(name) for name in ("from_at", "to_at"))
    query = select(_column.site, *times)
    few = sites is not None and len(sites) <= _FEW
    wanted = and_(_touches(start, end), _column.site.in_(sites or ())) if few else _touches(start, end)
    found = lots(connection, _column.site, wanted, _ROWS_AT_ONCE)
    return pa.concat_tables([fetch(connection, query.where(some), _SCHEMA) for some in found])


def proved_of(
    connection: Connection, kind: SubjectKind, subject: str, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """The spans of one subject that touch [start, end), in order."""
    if kind not in {SubjectKind.SITE, SubjectKind.VILLAGE}:
        return []
    serving = select(area.c.served_by).where(area.c.key == subject).scalar_subquery()
    query = (
        select(_column.from_at, _column.to_at)
        .where(_column.site == (subject if kind is SubjectKind.SITE else serving))
        .where(_touches(start, end))
        .order_by(_column.from_at)
    )
    return [(row.from_at, row.to_at) for row in connection.execute(query)]
