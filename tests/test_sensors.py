"""The language of groups and rows, and what it makes of hostile values."""

from collections.abc import Mapping
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.decode import number
from collectors.group import (
    SANE,
    UNITS,
    Only,
    SensorColumn,
    SensorKind,
    SensorTable,
)
from collectors.instances import index_text, row_name
from collectors.profile import Bits, Read, Row, Syntax
from collectors.reading.entity import ENTRIES, NAME, entity_sensors, scaled
from collectors.reading.kinds import attached
from collectors.reading.model import Sensor
from collectors.reading.neighbours import neighbours
from collectors.reading.sensors import columns, objects, sensors_of
from collectors.snmp.backend import Value

ENTRY = "1.3.6.1.4.1.99999.1"
VALUES = st.one_of(st.integers(-(2**70), 2**70), st.binary(max_size=40), st.sampled_from(["1.3.6", "0.0", "10.0.0.1"]))
INDICES = st.lists(st.integers(0, 2**32), max_size=8).map(lambda arcs: ".".join(map(str, arcs)))


def column(**changed: object) -> SensorColumn:
    return SensorColumn(**({"kind": SensorKind.DBM, "column": "2", "object": "x"} | changed))  # type: ignore[arg-type]


def table(*of: SensorColumn, **changed: object) -> SensorTable:
    return SensorTable(**({"entry": ENTRY, "mib": "X-MIB", "columns": of} | changed))  # type: ignore[arg-type]


def read(**changed: object) -> Read:
    return Read(**({"metric": "temperature", "oid": "1.3.6.1", "mib": "X::y"} | changed))  # type: ignore[arg-type]


def felt(sensors: SensorTable, rows: Mapping[str, Mapping[str, Value]], **got: Value) -> list[Sensor]:
    return list(sensors_of(sensors, {f"{ENTRY}.{key.replace('_', '.')}": value for key, value in got.items()}, rows))


@pytest.mark.parametrize(
    ("one", "value", "expected"),
    [
        ({"pattern": r"\((-?[\d.]+) dBm\)"}, b"0.03 mW (-14.61 dBm)", -14.61),
        ({"pattern": r"^(-?[\d.]+) *dBm"}, b"-0.34 dBm", -0.34),
        ({"pattern": r"^(-?[\d.]+) *dBm"}, b"No Power", None),
        ({"pattern": r"^(-?[\d.]+) *dBm"}, b"Lane0: No-Power; Lane1: No-Power;", None),
        ({}, b"nan", None),
        ({}, b"30.67 C", 30.67),
        ({}, 12, 12),  # some firmware sends the number itself
    ],
)
def test_numbers_in_texts(one: dict[str, object], value: Value, expected: float | None) -> None:
    assert number(read(syntax=Syntax.NUMBER_IN_TEXT, **one), value) == expected


@pytest.mark.parametrize(
    ("one", "value", "expected"),
    [
        (read(scale=0.0001, log10=True), 3572, -4.471),  # tenths of a microwatt
        (read(scale=0.0001, log10=True), 0, None),
        (read(scale=0.0001, log10=True), -5, None),
        (read(syntax=Syntax.NUMBER_IN_TEXT, log10=True), b"0.2239", -6.499),
        (read(syntax=Syntax.SIGNED16, scale=0.002, offset=-30, absent=frozenset({-1})), 5000, -20.0),
        (read(syntax=Syntax.SIGNED16, scale=0.002, offset=-30, absent=frozenset({-1})), 65036, -31.0),
        (read(syntax=Syntax.SIGNED16, scale=0.002, offset=-30, absent=frozenset({-1})), 65535, None),
        (read(syntax=Syntax.SIGNED16), 65536, None),
        (read(syntax=Syntax.TEXT, words={"dying": 2, "los": 1, "[a-z]": 3}), b"Dying-Gasp", 2),
        (read(syntax=Syntax.TEXT, words={"dying": 2, "los": 1, "[a-z]": 3}), b"losi", 1),
        (read(syntax=Syntax.TEXT, words={"dying": 2, "los": 1, "[a-z]": 3}), b"--", None),
        (read(syntax=Syntax.TEXT, words={"dying": 2}), 7, None),
    ],
)
def test_decoders(one: Read, value: Value, expected: float | None) -> None:
    assert number(one, value) == (pytest.approx(expected) if expected is not None else None)


@given(
    VALUES,
    st.sampled_from(Syntax),
    st.booleans(),
    st.sampled_from(["", r"(\d+)", r"(-?[\d.]+) *dBm"]),
    st.sampled_from([1.0, 0.1, -3.0, 1e9]),
)
def test_whatever_a_device_sends_is_a_finite_number_or_none(
    value: Value, syntax: Syntax, log10: bool, pattern: str, scale: float
) -> None:
    words = {"a": 1, "": 2} if syntax is Syntax.TEXT else {}
    told = number(read(syntax=syntax, log10=log10, pattern=pattern, scale=scale, words=words), value)
    assert told is None or isfinite(told)


@pytest.mark.parametrize(
    ("row", "index", "name"),
    [
        (Row("0/{0}:{1}"), "3.12", "0/3:12"),
        (Row("0/{0}:{1}"), "3", None),
        (Row("{slot}/{port}:{1}", bits={"slot": Bits(0, 16, 8), "port": Bits(0, 8, 8)}), "268501248.7", "1/1:7"),
        (Row("{shelf}", bits={"shelf": Bits(0, 24, 4, plus=1)}), "268501248.7", "1"),
        (Row("{text}"), "4.85.66.78.84", "UBNT"),
        (Row("{text}"), "5.85.66.78.84", "5.85.66.78.84"),  # no text behind its length
        (Row("{label}", label="1.3.1"), "7", "lan"),
        (Row("{label}", label="1.3.1"), "8", "8"),
        (Row("{label} {0}", label="1.3.1", at="{1}"), "4.7", "lan 4"),
        (Row("{label}", label="1.3.1", at="{1}"), "4", None),
        (Row("{x}", bits={"x": Bits(0)}), "a.b", None),
    ],
)
def test_rows_are_named_by_their_template(row: Row, index: str, name: str | None) -> None:
    assert row_name(row, index, {"1.3.1": {"7": b"lan"}}) == name


@given(INDICES, st.integers(0, 9), st.integers(0, 40))
def test_no_index_breaks_a_name(index: str, arc: int, shift: int) -> None:
    row = Row("{0}/{x}:{text} {label}", label="1.3.1", at="{1}", bits={"x": Bits(arc, shift)})
    assert isinstance(row_name(row, index, {}), str | None)
    assert isinstance(index_text(index), str)


def test_sensors_of_a_table_and_of_scalars() -> None:
    sensors = table(
        column(kind=SensorKind.TEMPERATURE, column="9.0", name="Board", scale=0.1),
        column(name="{label} rx", scale=0.01),
        column(
            kind=SensorKind.STATE, column="3", name="{label}", states={1: "up", 2: "down"}
        ),
        label=".1",
    )  # fmt: skip
    assert list(objects([sensors])) == [f"{ENTRY}.9.0"]
    assert list(columns(sensors)) == [f"{ENTRY}.{number}" for number in (2, 3, 1)]
    rows: dict[str, dict[str, Value]] = {
        f"{ENTRY}.1": {"7": b"sfp1"},
        f"{ENTRY}.2": {"7": -2145, "8": 2147483647, "9": -9900},  # a figure, no reading, nonsense
        f"{ENTRY}.3": {"7": 2, "8": 9},
    }
    assert felt(sensors, rows, **{"9_0": 305}) == [
        Sensor(kind="temperature", index="0", name="Board", value=30.5, unit="°C"),
        Sensor(kind="dbm", index="7", name="sfp1 rx", value=-21.45, unit="dBm"),
        Sensor(kind="state", index="7", name="sfp1", value=2, unit="", text="down"),
        Sensor(kind="state", index="8", name="8", value=9, unit=""),
    ]


def test_rows_may_be_chosen_by_another_column_or_by_their_index() -> None:
    rows: dict[str, dict[str, Value]] = {f"{ENTRY}.2": {"1.3": -5, "1.4": -6}, f"{ENTRY}.4": {"1.3": 1, "1.4": 2}}
    by_column = felt(table(column(), only=(Only(".4", frozenset({2})),)), rows)
    by_index = felt(table(column(rows=r"\.3$")), rows)
    assert [sensor.index for sensor in by_column] == ["1.4"]
    assert [sensor.index for sensor in by_index] == ["1.3"]


@given(st.dictionaries(INDICES, VALUES, max_size=6), st.sampled_from(SensorKind), st.sampled_from(Syntax))
def test_no_value_of_a_sensor_is_outside_what_it_can_be(
    values: dict[str, Value], kind: SensorKind, syntax: Syntax
) -> None:
    for sensor in felt(table(column(kind=kind, syntax=syntax, name="{index}")), {f"{ENTRY}.2": values}):
        low, high = SANE.get(kind, (-1e15, 1e15))
        assert low <= sensor.value <= high
        assert sensor.unit == UNITS[kind]


@pytest.mark.parametrize(
    ("value", "scale", "precision", "expected"),
    [
        (305, 9, 1, 30.5),  # units
        (34558, 9, 3, 34.558),
        (12059, 8, 0, 12.059),  # milli
        (21966, 7, 0, 0.021966),  # micro
        (2, 10, 0, 2000),  # kilo
        (7, None, None, 7),
        (7, 9, -2, 7),  # accuracy, no fraction (RFC 3433)
    ],
)
def test_scale_and_precision_of_entity_sensors(
    value: int, scale: int | None, precision: int | None, expected: float
) -> None:
    assert scaled(value, scale, precision) == pytest.approx(expected)


def test_entity_sensors_in_order_only() -> None:
    entry = ENTRIES[0]
    walked: dict[str, dict[str, Value]] = {
        f"{entry}.1": {"1": 8, "2": 8, "3": 12, "4": 2, "5": 14},
        f"{entry}.2": {"1": 9, "2": 9},
        f"{entry}.3": {"1": 1, "2": 1},
        f"{entry}.4": {"1": 215, "2": 220, "3": 1, "4": 5, "5": -214},
        f"{entry}.5": {"1": 1, "2": 3, "3": 1},
        NAME: {"1": b"Chassis"},
    }
    told = list(entity_sensors(entry, walked))
    assert [(sensor.kind, sensor.name, sensor.value, sensor.text) for sensor in told] == [
        ("temperature", "Chassis", 21.5, None),
        ("state", "3", 1, "true"),
    ]  # 2 doesn't work, 4 is of no known kind, 5 tells no light of -214 dBm


@given(*[st.dictionaries(INDICES, VALUES, max_size=4)] * 3)
def test_hostile_entity_tables_are_read_without_an_exception(
    values: dict[str, Value], kinds: dict[str, Value], scales: dict[str, Value]
) -> None:
    entry = ENTRIES[1]
    walked = {f"{entry}.4": values, f"{entry}.1": kinds, f"{entry}.2": scales, f"{entry}.3": scales}
    assert all(isfinite(sensor.value) for sensor in entity_sensors(entry, walked))


def test_cdp_tells_the_neighbours_that_lldp_does_not() -> None:
    cdp, names = "1.3.6.1.4.1.9.9.23.1.2.1.1", "1.3.6.1.2.1.31.1.1.1.1"
    remote = "1.0.8802.1.1.2.1.4.1.1"
    told = neighbours(
        {
            f"{remote}.9": {"0.4.1": b"core"},
            f"{cdp}.6": {"4.1": b"core", "7.2": b"switch-b"},
            f"{cdp}.7": {"4.1": b"Gi0/1", "7.2": b"Gi0/2"},
            names: {"7": b"Gi1/0/7"},
        }
    )
    assert [(one.local_port, one.system_name, one.port_id) for one in told] == [
        ("4", "core", None),
        ("Gi1/0/7", "switch-b", "Gi0/2"),
    ]


def test_printers_attached_to_a_pc() -> None:
    entry = "1.3.6.1.2.1.25.3.2.1"
    told = attached(
        {
            f"{entry}.2": {"1": "1.3.6.1.2.1.25.3.1.5", "2": "1.3.6.1.2.1.25.3.1.3", "3": "1.3.6.1.2.1.25.3.1.5"},
            f"{entry}.3": {"1": b"HP LaserJet", "2": b"Intel"},
            f"{entry}.5": {"1": 5, "2": 2},
        }
    )
    assert [(one.bus, one.id, one.name, one.status) for one in told] == [
        ("printer", "1", "HP LaserJet", "down"),
        ("printer", "3", "", None),
    ]
