"""Metric names by Prometheus' rules, from collectors/metrics.py: snake_case, base units, _total for counters."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from collectors.metrics import METRICS, Kind, Metric

PREFIX = "pahunch_"


class Exposed(NamedTuple):
    """The name of a metric in Prometheus, and by what its values are multiplied to be in the base unit."""

    name: str
    factor: float


class _Unit(NamedTuple):
    """`said`: how our own names end where they say the unit; `suffix`: what Prometheus wants there."""

    said: tuple[str, ...]
    suffix: str
    factor: float = 1.0


_UNITS: Mapping[str, _Unit] = {
    "": _Unit((), ""),
    "s": _Unit(("_s",), "_seconds"),
    "By": _Unit(("_octets",), "_bytes"),
    "bit/s": _Unit(("_bps",), "_bytes_per_second", 0.125),
    "1/s": _Unit(("_rate",), "s_per_second"),
    "dBm": _Unit(("_dbm",), "_dbm"),
    "dB": _Unit(("_db",), "_db"),
    "m": _Unit(("_m",), "_meters"),
    "%": _Unit(("_percent",), "_ratio", 0.01),
    "V": _Unit(("_voltage",), "_volts"),
    "Cel": _Unit((), "_celsius"),
}


def exposed(metric: Metric) -> Exposed:
    """KeyError for a unit that has no suffix here."""
    unit = _UNITS[metric.unit]
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", metric.name).lower()
    for said in unit.said:
        name = name.removesuffix(said)
    total = "_total" if metric.kind is Kind.COUNTER else ""
    return Exposed(f"{PREFIX}{name}{unit.suffix}{total}", unit.factor)


EXPOSED: tuple[Exposed, ...] = tuple(exposed(metric) for metric in METRICS)
"""By row in METRICS."""
