"""Reading one CSV file of a kind: every bad row with its place, and the good rows beside it."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from inventory.cells import BadCellError, Value, cleaned, guarded, quoted, written
from inventory.kinds import Column, Kind, Record
from inventory.problems import Problem

_Row = tuple[int, list[str]]  # the line where it begins, its cells
_Reason = tuple[str, str]  # column, what is wrong with its cell


@dataclass(slots=True)
class Rows:
    """What one file holds; `readable` is False where its rows could not be told apart.

    Records and lines are by key, those of a versioned kind by `Area.version`; `refused` are keys.
    """

    records: dict[str, Record] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    readable: bool = True


_WRONG_FORMATS = (
    (b"\xff\xfe", "is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)"),
    (b"\xfe\xff", "is UTF-16; save it as UTF-8 (in Excel: CSV UTF-8)"),
    (b"PK\x03\x04", "is a spreadsheet or an archive; save it as CSV UTF-8"),
)


def decoded(file: str, content: bytes) -> str | Problem:
    """The text of a UTF-8 file, with or without byte order mark.

    Bytes that aren't UTF-8 become U+DC80 to U+DCFF: who looks at a cell can then say which it is.
    """
    for beginning, reason in _WRONG_FORMATS:
        if content.startswith(beginning):
            return Problem(file, 1, "", reason)
    return content.decode("utf-8-sig", errors="surrogateescape")


def read_rows(kind: Kind, content: bytes) -> Rows:
    """The rows of a kind's file."""
    rows = Rows()
    text = decoded(kind.file, content)
    if isinstance(text, Problem):
        return _unreadable(rows, text)
    found = _split(kind, text)
    header = next(found, Problem(kind.file, 1, "", "is empty: its first line must name the columns"))
    if isinstance(header, Problem):
        return _unreadable(rows, header)
    columns = _columns(kind, header[1])
    if problems := [each for each in columns if isinstance(each, Problem)]:
        return _unreadable(rows, *problems)
    _take(kind, [each for each in columns if isinstance(each, Column)], found, rows)
    return rows


def _unreadable(rows: Rows, *problems: Problem) -> Rows:
    rows.problems.extend(problems)
    rows.readable = False
    return rows


def _split(kind: Kind, text: str) -> Iterator[_Row | Problem]:
    """The rows that aren't blank; at text that isn't CSV one problem, and the end."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        yield Problem(kind.file, begins, "", f"is not CSV from this row on ({error}); is a quote left open?")


def _columns(kind: Kind, header: list[str]) -> list[Column | Problem]:
    """The column of each heading, and a problem for each that is strange, double or missing."""
    if len(header) == 1 and ";" in header[0]:
        return [Problem(kind.file, 1, "", "separates its columns by ';'; save it with commas")]
    known = {name: column for column in kind.columns for name in (column.name, *column.aliases)}
    found: list[Column | Problem] = []
    for heading in header:
        column = known.get("_".join(heading.strip().lower().split()))
        if column is None:
            names = ", ".join(kind.plain)
            found.append(Problem(kind.file, 1, quoted(heading), f"is not a column of this file; known are: {names}"))
        elif column in found:
            found.append(Problem(kind.file, 1, column.name, "stands twice in the first line"))
        else:
            found.append(column)
    missing = [column for column in kind.columns if column.required and column not in found]
    return [*found, *(Problem(kind.file, 1, column.name, "is missing from the first line") for column in missing)]


def _take(kind: Kind, columns: Sequence[Column], found: Iterator[_Row | Problem], rows: Rows) -> None:
    """Fill `rows` with what `found` holds."""
    absent = {column.name: column.empty for column in kind.columns}
    for row in found:
        if isinstance(row, Problem):
            _unreadable(rows, row)
            return
        line, cells = row
        if len(cells) != len(columns):
            reason = f"has {len(cells)} cells, the first line has {len(columns)}"
            rows.problems.append(Problem(kind.file, line, "", reason))
            continue
        values = absent.copy()
        reasons = _fill(values, columns, cells)
        _put(kind, line, values, reasons, rows)


def _fill(values: dict[str, Value], columns: Sequence[Column], cells: list[str]) -> list[_Reason]:
    """Put the cells' values into `values`; returns what is wrong with them."""
    reasons: list[_Reason] = []
    for column, raw in zip(columns, cells, strict=True):
        if not raw and not column.required:  # half of all cells are empty
            continue
        try:
            if cell := cleaned(raw, column.longest):
                values[column.name] = column.parse(cell)
            elif column.required:
                reasons.append((column.name, "is required"))
        except BadCellError as error:
            reasons.append((column.name, str(error)))
    return reasons


def _put(kind: Kind, line: int, values: dict[str, Value], reasons: list[_Reason], rows: Rows) -> None:
    key = ":".join(str(values[column]) for column in kind.key)
    row = key + _told_apart(kind, line, values, reasons)
    if row in rows.lines:
        reasons.append((kind.key[-1], f"{quoted(key)} stands already in line {rows.lines[row]}{_hint(kind)}"))
    elif reasons:
        rows.refused.add(key)
    else:
        rows.records[row] = kind.record(tuple(values[name] for name in kind.plain))
    rows.lines.setdefault(row, line)
    rows.problems.extend(Problem(kind.file, line, column, reason) for column, reason in reasons)


def _told_apart(kind: Kind, line: int, values: Mapping[str, Value], reasons: Sequence[_Reason]) -> str:
    """What tells the row from others of its key, as in `Area.version`; a refused valid_from is that of no other."""
    if (kind.versioned or "valid_from" in kind.key) and any(column == "valid_from" for column, _ in reasons):
        return f"@line {line}"
    return f"@{values['valid_from'] or ''}" if kind.versioned else ""


def _hint(kind: Kind) -> str:
    return "; several rows of one area need different periods" if kind.versioned else ""


def written_rows(kind: Kind, records: Sequence[Record]) -> bytes:
    """The file of these records: what `read_rows` takes, with the byte order mark that Excel wants."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(kind.plain)
    writer.writerows([guarded(written(value)) for value in kind.values(record)] for record in records)
    return out.getvalue().encode("utf-8-sig")
