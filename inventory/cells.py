"""Reading one cell: text to value, or the reason why not.

Reasons go to whoever mends the file, so they say what is wanted; what was written is quoted with
`quoted`, which shows control characters instead of sending them to a terminal.
"""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from ipaddress import ip_interface
from urllib.parse import urlsplit

from inventory.hours import HoursError, parse_hours

Value = str | int | float | bool | date | tuple[str, ...] | None
Parse = Callable[[str], Value]

_LOST = "\ufffd"  # which counts as printable
# Not meant as text: control characters other than the line feed, half characters, direction
# overrides that make a name read as another, and the mark that some program put for lost text.
_FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffd]")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_STATUSES = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FIRST, _LAST = 1900, 2200
_CODE = re.compile(r"[A-Za-z0-9._~-]+")
_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*")
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""A spreadsheet runs text that begins so, full width too."""
_FORMULA = re.compile(f"'*[{re.escape(''.join(FORMULA))}]")
_YES_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class BadCellError(ValueError):
    """A cell that cannot be taken; the message is the reason."""


def quoted(text: str, most: int = 40) -> str:
    """`text` for a message: cut, in quotes, control characters escaped."""
    return repr(text if len(text) <= most else text[: most - 1] + "…")


def cleaned(raw: str, longest: int) -> str:
    """The cell without space around it, and without the apostrophe of `guarded`; raises BadCellError if too long or not meant as text."""
    cell = raw.strip()
    if cell.startswith("'") and _FORMULA.match(cell):
        cell = cell[1:]  # see guarded()
    if len(cell) > longest:
        raise BadCellError(f"is {len(cell)} characters long; at most {longest} are taken")
    if not cell.isprintable() or _LOST in cell:
        cell = cell.replace("\r\n", "\n")
        if found := _FORBIDDEN.search(cell):
            raise BadCellError(_strange(ord(found[0])))
    return cell


def _strange(character: int) -> str:
    if 0xDC80 <= character <= 0xDCFF:  # see rows.decoded
        return f"holds the byte 0x{character & 0xFF:02X}, which is not UTF-8; save the file as UTF-8"
    return f"holds the character U+{character:04X}, which no text needs"


def text(cell: str) -> str:
    return cell


def line(cell: str) -> str:
    """Text that names something: it stands in lists, addresses and messages, so on one line."""
    if "\n" in cell:
        raise BadCellError("must stand on one line")
    return cell


def code(cell: str) -> str:
    if not _CODE.fullmatch(cell):
        raise BadCellError(f"{quoted(cell)} is no code: letters A-Z, digits, '.', '_', '~' and '-' are taken")
    return cell


def area_key(cell: str) -> str:
    level, colon, rest = cell.partition(":")
    if not colon or not level or not _CODE.fullmatch(rest):
        raise BadCellError(f"{quoted(cell)} is no area; write level:code, such as district:387")
    return f"{level.lower()}:{rest}"


def word(words: type[StrEnum]) -> Parse:
    """One of an enumeration's words, in any case, blanks and hyphens for underscores."""
    known = {member.value: member for member in words}
    allowed = ", ".join(known)

    def parse(cell: str) -> Value:
        found = known.get(cell) or known.get(cell.lower().replace(" ", "_").replace("-", "_"))
        if found is None:
            raise BadCellError(f"{quoted(cell)} is not one of: {allowed}")
        return found

    return parse


def one_of(*words: str) -> Parse:
    """One of `words`, which are kept as they are written here."""
    known = {each.lower(): each for each in words}

    def parse(cell: str) -> Value:
        found = known.get(cell.lower())
        if found is None:
            raise BadCellError(f"{quoted(cell)} is not one of: {', '.join(words)}")
        return found

    return parse


def whole(least: int, most: int) -> Parse:
    def parse(cell: str) -> Value:
        if not _WHOLE.fullmatch(cell):
            raise BadCellError(f"{quoted(cell)} is not a whole number (digits only)")
        number = int(cell)
        if not least <= number <= most:
            raise BadCellError(f"{number} is not between {least} and {most}")
        return number

    return parse


def decimal(least: float, most: float) -> Parse:
    def parse(cell: str) -> Value:
        if not _DECIMAL.fullmatch(cell):
            raise BadCellError(f"{quoted(cell)} is not a decimal number such as 21.25")
        number = float(cell)
        if not least <= number <= most:
            raise BadCellError(f"{number:g} is not between {least:g} and {most:g}")
        return number

    return parse


def yes_no(cell: str) -> bool:
    found = _YES_NO.get(cell.lower())
    if found is None:
        raise BadCellError(f"{quoted(cell)} is neither true nor false")
    return found


def day(cell: str) -> date:
    if not _DAY.fullmatch(cell):
        raise BadCellError(f"{quoted(cell)} is not a day written as 2026-11-21")
    try:
        found = date.fromisoformat(cell)
    except ValueError as error:
        raise BadCellError(f"{quoted(cell)}: {error}") from None
    if not _FIRST <= found.year < _LAST:  # other programs write 0001 or 9999 for a day that nobody knows
        raise BadCellError(f"{quoted(cell)} does not lie between {_FIRST} and {_LAST}")
    return found


def several(cell: str) -> tuple[str, ...]:
    """Items separated by ";"."""
    items = tuple(item for part in line(cell).split(";") if (item := part.strip()))
    if len(set(items)) < len(items):
        raise BadCellError(f"{quoted(cell)} names something twice")
    return items


def several_of(*words: str) -> Parse:
    def parse(cell: str) -> Value:
        items = several(cell.lower())
        if strange := [item for item in items if item not in words]:
            raise BadCellError(f"{quoted(strange[0])} is not one of: {', '.join(words)}")
        return items

    return parse


def address(cell: str) -> str:
    """An IPv4 or IPv6 address; a prefix length, as NetBox writes one, is dropped."""
    try:
        found = ip_interface(cell).ip
    except ValueError:
        raise BadCellError(f"{quoted(cell)} is not an IP address such as 10.20.0.1 or 10.20.0.1/24") from None
    if found.is_unspecified or found.is_multicast or "%" in cell:
        raise BadCellError(f"{quoted(cell)} is no address of one device")
    return str(found)


def web_address(cell: str) -> str:
    try:
        parts = urlsplit(line(cell))
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise BadCellError(f"{quoted(cell)} is not an address such as https://example.gov.in/")
    if parts.username or parts.password:
        raise BadCellError("holds a user name or password; an inventory keeps no secrets")
    return cell


def http_statuses(cell: str) -> str:
    """One HTTP status or a range of them, "200-399"."""
    found = _STATUSES.fullmatch(cell)
    if not found or (found[2] and found[2] < found[1]):
        raise BadCellError(f"{quoted(cell)} is no HTTP status such as 200, nor a range such as 200-399")
    return f"{found[1]}-{found[2]}" if found[2] else found[1]


def opening_hours(cell: str) -> str:
    try:
        parse_hours(cell)
    except HoursError as error:
        raise BadCellError(f"{quoted(cell)}: {error}; write them like Mo-Sa 10:00-17:00; Su off") from None
    return cell


def guarded(cell: str) -> str:
    """The cell as no spreadsheet runs it; `cleaned` gives it back as it was, even if it had an apostrophe before."""
    return f"'{cell}" if _FORMULA.match(cell) and not _DECIMAL.fullmatch(cell) else cell


def secret_reference(cell: str) -> str:
    """`env:NAME` or `file:PATH`. The reason never repeats the cell: it may be the secret itself."""
    if not _REFERENCE.fullmatch(cell):
        raise BadCellError("must be a reference, env:NAME or file:PATH; the secret itself never stands in an inventory")
    return cell


def written(value: Value) -> str:
    """The cell that reads back as `value`."""
    if isinstance(value, str):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(value)
    return value.isoformat() if isinstance(value, date) else repr(value)
