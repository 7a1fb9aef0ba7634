"""From what a device sent to a number, by what the profile says of the object. Pure."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from math import inf, isfinite, log10
from typing import Protocol

from collectors.profile import Syntax
from collectors.snmp.backend import Value
from collectors.text import text

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_RANGES = {
    Syntax.INTEGER: (-(2**31), 2**32 - 1),  # some agents send unsigned indices and sizes as INTEGER
    Syntax.SIGNED16: (-(2**15), 2**16 - 1),
    Syntax.GAUGE: (0, 2**32 - 1),
    Syntax.COUNTER32: (0, 2**32 - 1),
    Syntax.COUNTER64: (0, 2**64 - 1),
    Syntax.TIMETICKS: (0, 2**32 - 1),
}


class Numeral(Protocol):
    """How a number is to be understood: collectors.profile.Read says what each means."""

    @property
    def syntax(self) -> Syntax: ...
    @property
    def scale(self) -> float: ...
    @property
    def offset(self) -> float: ...
    @property
    def values(self) -> Mapping[int, int]: ...
    @property
    def absent(self) -> AbstractSet[int]: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def pattern(self) -> str: ...
    @property
    def words(self) -> Mapping[str, int]: ...
    @property
    def log10(self) -> bool: ...


def number(read: Numeral, value: Value) -> int | float | None:
    """The metric's value; None where the device has none to tell, or told nonsense.

    Unscaled integers stay integers: a Counter64 does not fit a float. Scaled numbers are rounded to
    the ninth decimal, which takes away what binary fractions add.
    """
    raw = _raw(read, value)
    if raw is None or raw in read.absent:
        return None
    if read.values:
        named = read.values.get(int(raw))
        if named is None:
            return None
        raw = named
    result = raw if read.scale == 1 and read.offset == 0 else round(raw * read.scale + read.offset, 9)
    if read.log10:
        if result <= 0:
            return None
        result = round(10 * log10(result), 3)
    return result if read.low <= result <= read.high else None


def _raw(read: Numeral, value: Value) -> int | float | None:
    match read.syntax:
        case Syntax.NUMBER_IN_TEXT:
            return _in_text(read.pattern, value)
        case Syntax.TEXT:
            return _word(read.words, value)
        case Syntax.BITS:
            return int.from_bytes(value[:2].ljust(2, b"\0")) if isinstance(value, bytes) else None
    if not isinstance(value, int) or read.syntax not in _RANGES:
        return None
    low, high = _RANGES[read.syntax]
    if not low <= value <= high:
        return None
    return value - 2**16 if read.syntax is Syntax.SIGNED16 and value >= 2**15 else value


def _in_text(pattern: str, value: Value) -> float | None:
    """The number in a text; some agents of one kind send the number itself."""
    if isinstance(value, int):
        return value
    said = text(value) if isinstance(value, bytes) else ""
    chosen = re.search(pattern, said) if pattern else None
    found = _NUMBER.search(chosen[1] if chosen else "" if pattern else said)
    told = float(found[0]) if found else inf
    return told if isfinite(told) else None  # a thousand digits are infinity


def _word(words: Mapping[str, int], value: Value) -> int | None:
    said = text(value) if isinstance(value, bytes) else ""
    return next((named for pattern, named in words.items() if re.search(pattern, said, re.IGNORECASE)), None)
