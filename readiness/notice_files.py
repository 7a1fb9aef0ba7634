"""Files of notices: CSV with a header, or TOML with a table [[notice]] each. All or nothing is taken."""

import csv
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine

from inventory.hours import INDIA
from inventory.problems import Problem
from inventory.scope import Scope
from readiness.model import Cause, Responsible
from readiness.notices import Announced, NoticeError, checked
from readiness.rules.notices import About, NoticeKind

FIELDS = ("kind", "subject_kind", "subject", "from", "to", "cause", "responsible", "who", "source", "text")
_NEEDED = ("kind", "subject_kind", "subject", "from", "who")
_MOST_OCTETS = 16 << 20
_HEADER = re.compile(r"\s*\[\[\s*notice\s*\]\]")
Word = TypeVar("Word", bound=StrEnum)
_Cells = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Loaded:
    """With any problem nothing may be taken."""

    notices: tuple[Announced, ...]
    problems: tuple[Problem, ...]


def load(engine: Engine, path: Path, scope: Scope) -> Loaded:
    """The notices of a file, all of them about what is in the inventory and in scope."""
    try:
        rows = list(_rows(path))
    except NoticeError as error:
        return Loaded((), (Problem(path.name, 0, error.field, error.reason),))
    found, problems = [], []
    with engine.connect() as connection:
        for line, cells in rows:
            try:
                found.append(checked(connection, read(cells), scope))
            except NoticeError as error:
                problems.append(Problem(path.name, line, error.field, error.reason))
    return Loaded(tuple(found), tuple(problems))


def read(cells: _Cells) -> Announced:
    """The notice of a row; raises NoticeError."""
    if unknown := sorted(str(name) for name in cells if name not in FIELDS):
        raise NoticeError(unknown[0][:40], f"is none of {', '.join(FIELDS)}")
    text = {name: _text(name, cells.get(name, "")) for name in FIELDS if name not in {"from", "to"}}
    for name in _NEEDED:
        if not cells.get(name):
            raise NoticeError(name, "is missing")
    return Announced(
        _word(NoticeKind, "kind", text["kind"]), _word(About, "subject_kind", text["subject_kind"]), text["subject"],
        moment_of("from", cells["from"]), text["who"], moment_of("to", cells["to"]) if cells.get("to") else None,
        _word(Cause, "cause", text["cause"]) if text["cause"] else None,
        _word(Responsible, "responsible", text["responsible"]) if text["responsible"] else None,
        text["source"], text["text"],
    )  # fmt: skip


def moment_of(field: str, given: object) -> datetime:
    """A date or time of ISO 8601, in Indian time where it names no zone; raises NoticeError."""
    try:
        at = datetime.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(at, date) and not isinstance(at, datetime):
            at = datetime.combine(at, time())
        if isinstance(at, datetime):
            return (at if at.tzinfo else at.replace(tzinfo=INDIA)).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise NoticeError(field, f"{str(given)[:40]!r} is no ISO 8601 date or time")


def _text(field: str, given: object) -> str:
    if isinstance(given, str):
        return given.strip()
    if isinstance(given, int) and not isinstance(given, bool):  # the number of an outage
        return str(given)
    raise NoticeError(field, "is no text")


def _word(words: type[Word], field: str, given: str) -> Word:
    try:
        return words(given)
    except ValueError:
        raise NoticeError(field, f"{given[:40]!r} is none of {', '.join(words)}") from None


def _rows(path: Path) -> Iterator[tuple[int, _Cells]]:
    """(line, cells by name) of each notice; raises NoticeError for a file that can't be read."""
    text = _content(path)
    if path.suffix == ".toml":
        yield from _tables(text)
        return
    table = csv.DictReader(text.splitlines(keepends=True), strict=True)
    try:
        header = table.fieldnames or ()
        if missing := [name for name in _NEEDED if name not in header]:
            raise NoticeError(missing[0], "is no column of the file")
        line = 2
        for row in table:
            if None in row:
                raise NoticeError("", f"line {line} has more cells than the header")
            yield line, {name: cell or "" for name, cell in row.items()}
            line = table.line_num + 1
    except csv.Error as error:
        raise NoticeError("", f"line {table.line_num + 1}: {error}") from error


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_OCTETS:
            raise NoticeError("", f"is larger than {_MOST_OCTETS >> 20} MiB")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise NoticeError("", error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise NoticeError("", f"is not UTF-8 at octet {error.start}") from error


def _tables(text: str) -> Iterator[tuple[int, _Cells]]:
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise NoticeError("", f"is no TOML: {error}") from error
    if unknown := sorted(document.keys() - {"notice"}):
        raise NoticeError(unknown[0][:40], "is unknown: a file of notices holds tables [[notice]]")
    found = document.get("notice", [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise NoticeError("notice", "is no list of tables [[notice]]")
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _HEADER.match(line)]
    # Tables may also be written inline: then the file alone is named.
    yield from zip(lines if len(lines) == len(found) else [0] * len(found), found, strict=True)
