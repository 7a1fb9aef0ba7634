"""Sensors that describe themselves: ENTITY-SENSOR-MIB (RFC 3433) and CISCO-ENTITY-SENSOR-MIB, named by ENTITY-MIB. Pure."""

from collections.abc import Iterator, Mapping

from collectors.group import NOTHING, UNITS, SensorKind
from collectors.instances import Walked
from collectors.reading.model import Sensor
from collectors.reading.sensors import sane
from collectors.snmp.backend import Value
from collectors.text import text

ENTRIES = ("1.3.6.1.2.1.99.1.1.1", "1.3.6.1.4.1.9.9.91.1.1.1.1")
"""entPhySensorEntry and entSensorValueEntry: columns 1 type, 2 scale, 3 precision, 4 value, 5 status."""

DESCR, NAME = "1.3.6.1.2.1.47.1.1.1.1.2", "1.3.6.1.2.1.47.1.1.1.1.7"
"""entPhysicalDescr and entPhysicalName: the names of the sensors."""

_KINDS: Mapping[int, SensorKind] = {
    3: SensorKind.VOLTAGE,
    4: SensorKind.VOLTAGE,
    5: SensorKind.CURRENT,
    6: SensorKind.POWER,
    7: SensorKind.FREQUENCY,
    8: SensorKind.TEMPERATURE,
    9: SensorKind.HUMIDITY,
    10: SensorKind.FANSPEED,
    12: SensorKind.STATE,
    14: SensorKind.DBM,
}
"""EntitySensorDataType, and Cisco's SensorDataType with 14 dBm; the others have no class of ours."""

_TRUTH = {1: "true", 2: "false"}
_UNITS_SCALE, _OK = 9, 1


def columns(entry: str) -> tuple[str, ...]:
    """What to walk; the values first."""
    return tuple(f"{entry}.{column}" for column in (4, 1, 2, 3, 5))


def entity_sensors(entry: str, walked: Walked) -> Iterator[Sensor]:
    """The sensors of one of ENTRIES that are in order."""
    for index, value in walked.get(f"{entry}.4", {}).items():
        cells = [walked.get(f"{entry}.{column}", {}).get(index) for column in (1, 2, 3, 5)]
        kind, scale, precision, status = (cell if isinstance(cell, int) else None for cell in cells)
        sensor = _KINDS.get(kind or 0)
        if sensor is None or status not in {None, _OK} or not isinstance(value, int) or value in NOTHING:
            continue
        told = value if sensor is SensorKind.STATE else scaled(value, scale, precision)
        if sane(sensor, told):
            yield Sensor(
                kind=sensor.value,
                index=index,
                name=_name(index, walked),
                value=told,
                unit=UNITS[sensor],
                text=_TRUTH.get(value) if sensor is SensorKind.STATE else None,
            )


def scaled(value: int, scale: int | None, precision: int | None) -> float:
    """value x 10^(3 (scale - 9)) / 10^precision; EntitySensorPrecision below 0 tells of accuracy only."""
    exponent = 3 * ((scale or _UNITS_SCALE) - _UNITS_SCALE) - max(precision or 0, 0)
    return value if exponent == 0 else round(value * 10.0**exponent, 9)


def _name(index: str, walked: Walked) -> str:
    named = (_words(walked.get(column, {}).get(index)) for column in (NAME, DESCR))
    return next(filter(None, named), index)


def _words(value: Value | None) -> str:
    return text(value) if isinstance(value, bytes) else ""
