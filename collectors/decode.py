"""From what a device sent to a number, by what the profile says of the object. Pure."""

import re
from math import inf, isfinite

from collectors.profile import Read, Syntax
from collectors.snmp.backend import Value
from collectors.text import text

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_RANGES = {
    Syntax.INTEGER: (-(2**31), 2**32 - 1),  # some agents send unsigned indices and sizes as INTEGER
    Syntax.GAUGE: (0, 2**32 - 1),
    Syntax.COUNTER32: (0, 2**32 - 1),
    Syntax.COUNTER64: (0, 2**64 - 1),
    Syntax.TIMETICKS: (0, 2**32 - 1),
}


def number(read: Read, value: Value) -> int | float | None:
    """The metric's value; None where the device has none to tell, or told nonsense.

    Unscaled integers stay integers: a Counter64 does not fit a float. Scaled numbers are rounded to
    the ninth decimal, which takes away what binary fractions add.
    """
    raw = _raw(read.syntax, value)
    if raw is None or raw in read.absent:
        return None
    if read.values:
        named = read.values.get(int(raw))
        if named is None:
            return None
        raw = named
    result = raw if read.scale == 1 and read.offset == 0 else round(raw * read.scale + read.offset, 9)
    return result if read.low <= result <= read.high else None


def _raw(syntax: Syntax, value: Value) -> int | float | None:
    if syntax is Syntax.NUMBER_IN_TEXT:
        found = _NUMBER.search(text(value)) if isinstance(value, bytes) else None
        told = float(found[0]) if found else inf
        return told if isfinite(told) else None  # a thousand digits are infinity
    if syntax is Syntax.BITS:
        return int.from_bytes(value[:2].ljust(2, b"\0")) if isinstance(value, bytes) and value else None
    if not isinstance(value, int) or syntax not in _RANGES:
        return None
    low, high = _RANGES[syntax]
    return value if low <= value <= high else None
