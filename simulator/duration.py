"""ISO 8601 durations, as scenarios write them."""

import re
from datetime import timedelta

_FORM = re.compile(
    r"P(?:(?P<weeks>\d+(?:\.\d+)?)W)?(?:(?P<days>\d+(?:\.\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:\.\d+)?)H)?(?:(?P<minutes>\d+(?:\.\d+)?)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


def parse(text: str) -> timedelta:
    """`PT2H30M`, `P1DT12H`, `PT0.5S`. Months and years have no fixed length: ValueError, as for other text."""
    found = _FORM.fullmatch(text)
    parts = {unit: float(value) for unit, value in found.groupdict().items() if value} if found else {}
    if not parts or text.endswith("T"):
        raise ValueError(f"{text!r} is not an ISO 8601 duration such as PT10M or P1DT2H")
    return timedelta(**parts)
