"""An inventory as a folder of files: reading, checking, writing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import cast

from inventory.boundaries import read_boundaries, written_boundaries
from inventory.cells import quoted
from inventory.kinds import (
    AREA_VERSIONS,
    BOUNDARIES,
    BOUNDARIES_FILE,
    FILES,
    KINDS,
    STORED,
    Kind,
    Record,
    inventory_of,
)
from inventory.model import Area, Inventory
from inventory.periods import all_rows, split
from inventory.problems import Origin, Problem
from inventory.rows import read_rows, written_rows
from inventory.validate import validate

LARGEST_FILE = 256 * 1024 * 1024
_EMPTY = Inventory()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read, and everything that is wrong with it; with problems it must not be stored."""

    inventory: Inventory
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Reading:
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    boundaries: dict[str, bytes] | None = None
    lines: dict[str, dict[str, int]] = field(default_factory=dict)
    refused: dict[str, set[str]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def read_folder(paths: Path | Iterable[Path], base: Inventory = _EMPTY, day: date = date.max) -> Loaded:
    """The inventory of one folder or of several files, with the areas in force on `day`.

    A file holds all rows of its kind; a kind without a file is as it is in `base`.
    """
    reading = _Reading()
    for path in _found([paths] if isinstance(paths, Path) else paths, reading.problems):
        _read(path, reading)
    _tell_versions_apart(reading, base, day)
    records = {kind.name: reading.records.get(kind.name, kind.of(base)) for kind in STORED}
    boundaries = base.boundaries if reading.boundaries is None else reading.boundaries
    inventory = inventory_of(records, boundaries)
    origin = Origin(reading.lines, reading.refused, reading.unreadable)
    return Loaded(inventory, tuple(sorted((*reading.problems, *validate(inventory, origin)))))


def _found(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    """The files to read, each name once."""
    taken: set[str] = set()
    for path in _listed(paths, problems):
        if path.name not in FILES and path.name != BOUNDARIES_FILE:
            problems.append(Problem(_shown(path), 0, "", f"is no inventory file; known are: {_names()}"))
        elif path.name in taken:
            problems.append(Problem(path.name, 0, "", "is given twice"))
        else:
            taken.add(path.name)
            yield path
    if not taken:
        problems.append(Problem("", 0, "", f"no inventory file was given; known are: {_names()}"))


def _listed(paths: Iterable[Path], problems: list[Problem]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.suffix.lower() in (".csv", ".geojson"))
        elif path.is_file():
            yield path
        else:
            problems.append(Problem(_shown(path), 0, "", "there is no such file"))


def _shown(path: Path) -> str:
    return quoted(path.name, 100).strip("'")


def _names() -> str:
    return ", ".join((*FILES, BOUNDARIES_FILE))


def _read(path: Path, reading: _Reading) -> None:
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_FILE else None
    except OSError as error:
        reading.problems.append(Problem(path.name, 0, "", f"cannot be read: {error.strerror}"))
        reading.unreadable.add(path.stem)
        return
    if content is None:
        reading.problems.append(Problem(path.name, 0, "", f"is larger than {LARGEST_FILE >> 20} MiB"))
        reading.unreadable.add(path.stem)
    elif path.name == BOUNDARIES_FILE:
        reading.boundaries, problems = read_boundaries(content)
        reading.lines[BOUNDARIES] = {}
        reading.problems.extend(problems)
    else:
        _read_kind(FILES[path.name], content, reading)


def _read_kind(kind: Kind, content: bytes, reading: _Reading) -> None:
    rows = read_rows(kind, content)
    reading.records[kind.name] = rows.records
    reading.lines[kind.name] = rows.lines
    reading.refused[kind.name] = rows.refused
    reading.problems.extend(rows.problems)
    if not rows.readable:
        reading.unreadable.add(kind.name)


def _tell_versions_apart(reading: _Reading, base: Inventory, day: date) -> None:
    """Divide the rows of areas.csv (of `base` where it wasn't given) into areas in force and others."""
    read = cast("Iterable[Area]", reading.records["areas"].values()) if "areas" in reading.records else all_rows(base)
    areas, versions = split(read, day)
    older = {area.version: area for rows in versions.values() for area in rows}
    reading.records |= {"areas": dict(areas), AREA_VERSIONS.name: dict(older)}
    if "areas" in reading.lines:
        lines = reading.lines["areas"]
        reading.lines["areas"] = {key: lines[area.version] for key, area in areas.items()}
        reading.lines[AREA_VERSIONS.name] = {version: lines[version] for version in older}


def write_folder(inventory: Inventory, folder: Path) -> None:
    """Write every file of an inventory, also of kinds that have no rows; raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        records = list(all_rows(inventory)) if kind.versioned else list(kind.of(inventory).values())
        _write(folder / kind.file, written_rows(kind, records))
    _write(folder / BOUNDARIES_FILE, written_boundaries(inventory.boundaries))


def _write(path: Path, content: bytes) -> None:
    # Half a file would be taken for a whole one by the next import, and its other rows removed.
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
