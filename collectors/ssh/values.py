"""From what a command printed to a number. Pure."""

import re
from collections.abc import Callable, Mapping

UNITS: Mapping[str, str] = {
    "temperature": "°C", "voltage": "V", "current": "A", "power": "W", "dbm": "dBm", "signal": "dBm", "noise": "dBm",
    "snr": "dB", "rate": "bit/s", "quality": "%", "percent": "%", "humidity": "%", "fanspeed": "rpm",
}  # fmt: skip
"""Classes of sensors, and the unit that each has (DESIGN §8)."""

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_QUANTITY = re.compile(r"([-+]?\d[\d,]*(?:\.\d+)?)\s*([kKmMgGtT]?)(i?)")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
# As in: 2 years and 31 weeks; 1w5d2h31m30s; 0 day(s).
_PART = re.compile(r"(\d+)\s*(y|w|d|h|min|m|s)[a-z]*(?:\(s\))?", re.IGNORECASE)
_CLOCK = re.compile(r"(?<![\d:])(\d+):(\d{2})(?::(\d{2}))?(?![\d:])")
_SECONDS = {"y": 365 * 86400, "w": 604800, "d": 86400, "h": 3600, "min": 60, "m": 60, "s": 1}


def number(text: str) -> float | None:
    """The first number: "61,999,280" -> 61999280, "-24.68 dBm" -> -24.68, "22%" -> 22."""
    found = _NUMBER.search(text)
    return float(found[0].replace(",", "")) if found else None


def rate(text: str) -> float | None:
    """Bits a second: "1Gbps", "1000000 Kbit", "10 Gbit/s", "100G"; a bare number is that."""
    return _quantity(text, 1000)


def octets(text: str) -> float | None:
    """Octets: "40.2MiB", "512 K bytes", "1024"; the letters mean powers of 1024 as routers use them."""
    return _quantity(text, 1024)


def _quantity(text: str, base: int) -> float | None:
    found = _QUANTITY.search(text)
    if not found:
        return None
    return float(found[1].replace(",", "")) * float(base) ** _POWERS[found[2].lower()]


def duration(text: str) -> float | None:
    """Seconds: "2 years, 31 weeks", "161 days, 0 hour", "1w5d2h31m30s", "11 days, 6:15", "0 day(s) 01:44:25"."""
    parts = _PART.findall(text)
    clock = _CLOCK.search(_PART.sub("", text))
    if not parts and not clock:
        return None
    seconds = sum(int(count) * _SECONDS[unit.lower()] for count, unit in parts)
    return float(seconds + (_of_clock(clock) if clock else 0))


def _of_clock(clock: re.Match[str]) -> int:
    """Of "6:15" (hours and minutes) or "01:44:25"."""
    return int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3] or 0)


FORMS: Mapping[str, Callable[[str], float | None]] = {
    "number": number,
    "rate": rate,
    "octets": octets,
    "duration": duration,
}
