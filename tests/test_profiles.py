"""Profiles as files: what loads, what doesn't, and how a device finds its own."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from collectors.catalogue import FOLDER, ProfileError, load_profiles, load_vendors
from collectors.decode import number
from collectors.identify import vendor_of
from collectors.instances import DECODERS, columns, facts, huawei_ont, huawei_port, samples
from collectors.model import Failure, Reason
from collectors.profile import Fact, Read, Syntax, TableRead
from collectors.recognise import Recognised, by_description, by_object_id, port_names, recognise
from collectors.snmp.backend import Limits, Target, Value
from collectors.text import gpon_serial, text
from inventory.model import Role
from tests.recorded import Recorded


def read(**changed: object) -> Read:
    return Read(**({"metric": "temperature", "oid": "1.3.6.1.4.1.1.1.0", "mib": "X::y"} | changed))  # type: ignore[arg-type]


def test_every_profile_loads_and_its_role_is_known() -> None:
    profiles = load_profiles()
    assert {"generic", "generic-router", "generic-olt", "ups", "host", "printer"} <= profiles.keys()
    assert {profile.role for profile in profiles.values()} - {"", *Role} == set()
    assert load_vendors()[14988] == "MikroTik"


def test_what_a_profile_leaves_out_comes_from_its_base() -> None:
    profiles = load_profiles()
    assert profiles["generic-olt"].ports == profiles["generic-router"].ports
    assert profiles["generic-olt"].match != profiles["generic-router"].match


def test_optics_of_onts_are_read_at_most_hourly() -> None:
    tables = load_profiles()["generic-olt"].tables
    budgets = {column.metric: column.every_s for table in tables for column in table.columns}
    assert budgets["ont_rx_dbm"] >= 3600
    assert budgets["ont_state"] >= 60


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ('rolle = "ups"', "rolle"),
        ('[[scalars]]\nmetric = "warmth"\noid = "1.3.6.1"\nmib = "X::y"', "scalars.0.metric"),
        ('[[scalars]]\nmetric = "temperature"\noid = "1.3.6.x"\nmib = "X::y"', "scalars.0.oid"),
        ('[[scalars]]\nmetric = "temperature"\noid = ".1.3.6"\nmib = "X::y"', "scalars.0.oid"),
        ('[[scalars]]\nmetric = "temperature"\noid = "1.3.6"\nmib = "X::y"\nsyntax = "real"', "scalars.0.syntax"),
        ('[[scalars]]\nmetric = "temperature"\noid = "1.3.6"\nmib = "X::y"\nevery = 5', "scalars.0.every"),
        ('[[scalars]]\nmetric = "temperature"\noid = "1.3.6"', "scalars.0.mib"),
        ('[[tables]]\nname = "t"\nindex = "zte_ont"\ncolumns = []', "tables.0.index"),
        ('[match]\ndescriptions = ["("]', "regular expression"),
        ('[match]\nobject_id = ["1.3"]', "match.object_id"),
        ('[identity]\nmodel = [{ txt = "x" }]', "identity.model.0.txt"),
        ('max_repetitions = "many"', "max_repetitions"),
        ("role = ", "box.toml"),
        ('base = "nothing"', "base"),
    ],
)  # fmt: skip
def test_a_wrong_profile_is_named_with_its_key(tmp_path: Path, wrong: str, named: str) -> None:
    role = "" if "role" in wrong else 'role = "ups"\n'
    (tmp_path / "box.toml").write_text(role + wrong)
    with pytest.raises(ProfileError, match=r"box\.toml") as raised:
        load_profiles(tmp_path)
    assert named in str(raised.value)


def test_a_new_kind_of_device_is_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "profiles"
    shutil.copytree(FOLDER, folder)
    (folder / "acme.toml").write_text(
        """role = "ups"
[match]
object_ids = ["1.3.6.1.4.1.99999.7"]
[[scalars]]
metric = "ups_charge_percent"
oid = "1.3.6.1.4.1.99999.7.1.0"
mib = "ACME-MIB::charge"
"""
    )
    found = by_object_id(load_profiles(folder).values(), "1.3.6.1.4.1.99999.7.3")
    assert found is not None
    assert (found.name, found.role) == ("acme", "ups")


@pytest.mark.parametrize(
    ("object_id", "name"),
    [
        ("1.3.6.1.4.1.14988.1", "mikrotik-routeros"),
        ("1.3.6.1.4.1.9.1.2093", "generic-router"),
        ("1.3.6.1.4.1.9.1.633", "switch"),  # the longer prefix
        ("1.3.6.1.4.1.2011.2.224.62", "generic-router"),
        ("1.3.6.1.4.1.2011.2.123", "generic-olt"),
        ("1.3.6.1.4.1.318.1.3.27", "apc-ups"),
        ("1.3.6.1.4.1.311.1.1.3.1.1", "host"),
        ("1.3.6.1.4.1.9.10", None),  # a prefix ends at a dot
        ("1.3.6.1.4.1.31800.1", None),
        ("", None),
    ],
)
def test_sysobjectid_finds_the_profile_with_the_longest_prefix(object_id: str, name: str | None) -> None:
    found = by_object_id(load_profiles().values(), object_id)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("RouterOS RB750Gr3", "mikrotik-routeros"),
        ("Linux kendra-7 5.10.0-21-amd64 #1 SMP", "host"),
        ("HP ETHERNET MULTI-ENVIRONMENT,ROM,JETDIRECT", "printer"),
        ("Some Vendor Smart UPS 3000", "ups"),
        ("Huawei Integrated Access Software", "generic-olt"),
        ("groups of nothing", None),
    ],
)
def test_sysdescr_finds_the_profile(description: str, name: str | None) -> None:
    found = by_description(load_profiles().values(), description)
    assert (found.name if found else None) == name


async def test_a_device_that_falls_silent_after_its_first_answer_is_alive() -> None:
    class Silent(Recorded):
        async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
            return Failure(Reason.TIMEOUT)

    found = await recognise(Silent({"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.14988.1"}), Target("a"), load_profiles())
    assert found == Failure(Reason.DEADLINE)


async def test_objects_tell_a_device_without_a_system_group() -> None:
    """A row of the ONT table is looked for only after the GET of single objects found nothing."""
    rows: dict[str, Value] = {"1.3.6.1.4.1.2011.6.128.1.1.2.43.1.3.4194312192.1": b"ANON0001"}
    found = await recognise(Recorded(rows), Target("a"), load_profiles())
    assert isinstance(found, Recognised)
    assert found.profile.name == "generic-olt"


async def test_what_nothing_tells_is_generic() -> None:
    found = await recognise(Recorded({}), Target("a"), load_profiles())
    assert isinstance(found, Recognised)
    assert (found.profile.name, found.ports) == ("generic", {})


async def test_the_inventory_may_name_the_profile() -> None:
    known = Recorded({"1.3.6.1.2.1.1.2.0": "1.3.6.1.4.1.14988.1"})
    found = await recognise(known, Target("a"), load_profiles(), profile="printer")
    assert isinstance(found, Recognised)
    assert found.profile.name == "printer"


def test_vendors_by_enterprise_number() -> None:
    vendors = load_vendors()
    assert vendor_of("1.3.6.1.4.1.2011.2.224.62", vendors) == "Huawei"
    assert vendor_of("1.3.6.1.4.1.999999999", vendors) == ""
    assert vendor_of("1.3.6.1.2.1.33", vendors) == ""
    assert vendor_of("0.0", vendors) == ""


@pytest.mark.parametrize(
    ("one", "value", "expected"),
    [
        (read(), 21, 21),
        (read(), -40, -40),
        (read(), b"21", None),  # text where a number was announced
        (read(), "1.3.6", None),
        (read(scale=0.01), -2145, -21.45),
        (read(scale=0.01, absent=frozenset({2147483647})), 2147483647, None),
        (read(scale=60, absent=frozenset({65535})), 65535, None),
        (read(values={3: 0, 5: 1}), 5, 1),
        (read(values={3: 0, 5: 1}), 4, None),  # a number that the MIB doesn't name
        (read(values={-1: 0}), -1, 0),
        (read(low=0, high=100), 101, None),
        (read(low=0, high=100), -1, None),
        (read(low=0, high=100), 100, 100),
        (read(scale=0.01, offset=-100.0), 8064, -19.36),
        (read(syntax=Syntax.COUNTER32), 2**32 - 1, 2**32 - 1),
        (read(syntax=Syntax.COUNTER32), 2**32, None),
        (read(syntax=Syntax.COUNTER32), -1, None),
        (read(syntax=Syntax.COUNTER64), 2**64 - 1, 2**64 - 1),  # exact, which no float is
        (read(syntax=Syntax.COUNTER64), 2**64, None),
        (read(syntax=Syntax.TIMETICKS, scale=0.01), 231451, 2314.51),
        (read(syntax=Syntax.GAUGE), 4194312192, 4194312192),
        (read(syntax=Syntax.BITS), b"\x81", 0x8100),
        (read(syntax=Syntax.BITS), b"\x00\x40\xff", 0x0040),
        (read(syntax=Syntax.BITS), b"", 0),  # hrPrinterDetectedErrorState is of 0 to 128 octets: no bit is set
        (read(syntax=Syntax.BITS), 128, None),
        (read(syntax=Syntax.NUMBER_IN_TEXT), b"-14.61 dBm", -14.61),
        (read(syntax=Syntax.NUMBER_IN_TEXT), b"54.01", 54.01),
        (read(syntax=Syntax.NUMBER_IN_TEXT), b"No Power", None),
        (read(syntax=Syntax.NUMBER_IN_TEXT, values={1: 2}), b"9" * 400, None),
        (read(syntax=Syntax.TEXT), b"12", None),
    ],
)
def test_decode(one: Read, value: Value, expected: float | None) -> None:
    decoded = number(one, value)
    assert decoded == pytest.approx(expected) if isinstance(expected, float) else decoded == expected
    assert type(decoded) is type(expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"GigabitEthernet0/0/1", "GigabitEthernet0/0/1"),
        ("रायपुर ਪੰਜਾਬ".encode(), "रायपुर ਪੰਜਾਬ"),
        ("क्‍ष".encode(), "क्‍ष"),  # with the joiner that shapes it
        (b"caf\xe9", "café"),  # Latin-1
        (b"Intel(R) PRO\0", "Intel(R) PRO"),
        (b"two\r\nlines\tand tab", "two lines and tab"),
        (b"\x1b[31mred\x07 alarm in a long enough text", "[31mred alarm in a long enough text"),
        ("abc\u202edef".encode(), "abc def"),  # no overriding of direction
        (b"\x04\xd6\xaa\x01\x02\x03", "0x04d6aa010203"),
        (b"", ""),
        (b"\0\0", ""),
    ],
)
def test_text_from_a_device_is_safe_to_print(raw: bytes, expected: str) -> None:
    assert text(raw) == expected


def test_text_is_bounded() -> None:
    assert len(text(b"a" * 100_000)) == 1000
    assert len(text(b"\x01" * 100_000)) < 3000


def test_the_serial_of_an_ont() -> None:
    assert gpon_serial(bytes.fromhex("485754431A2B3C4D")) == "HWTC1A2B3C4D"
    assert gpon_serial(b"HWTC1A2B3C4D") == "HWTC1A2B3C4D"


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("4194304000.1", "0/0/0:1"),
        ("4194312192.3", "0/1/0:3"),
        ("4194312960.12", "0/1/3:12"),
        ("4194316032.127", "0/1/15:127"),
        ("4194312193.1", None),  # no port's ifIndex
        ("234938368.1", None),  # an Ethernet port's
        ("4194312192", None),
        ("4194312192.x", None),
        ("-1.1", None),
    ],
)
def test_huawei_ont_index(index: str, name: str | None) -> None:
    assert huawei_ont(index) == name


def test_huawei_port_beyond_the_slots_is_none() -> None:
    assert huawei_port(str(0xFA00_0000 + 32 * 8192)) is None


def test_port_names_are_unique_and_come_from_the_best_column() -> None:
    names = {"1": b"ge-0/0/0", "2": b"", "3": b"eth", "4": b"eth", "9": b"no interface"}
    descriptions = {"1": b"Gigabit", "2": b"Second port\0", "3": b"x", "4": b"y", "5": b""}
    assert port_names(names, descriptions) == {1: "ge-0/0/0", 2: "Second port", 3: "eth", 4: "eth (4)", 5: "5"}
    assert port_names({"7": b"lan"}, {}) == {7: "lan"}


STORAGE = "1.3.6.1.2.1.25.2.3.1"
WALKED: dict[str, dict[str, Value]] = {
    f"{STORAGE}.2": {"1": "1.3.6.1.2.1.25.2.1.2", "3": "1.3.6.1.2.1.25.2.1.3", "31": "1.3.6.1.2.1.25.2.1.4",
                     "32": "1.3.6.1.2.1.25.2.1.4", "33": "1.3.6.1.2.1.25.2.1.5"},
    f"{STORAGE}.3": {"1": b"Physical memory", "3": b"Virtual", "31": b"C:\\ Label:", "32": b"", "33": b"A:\\"},
    f"{STORAGE}.4": {"1": 1024, "3": 1024, "31": 4096, "32": 0, "33": 0},
    f"{STORAGE}.5": {"1": 2000, "3": 4000, "31": 244190208, "32": 5, "33": 0},
    f"{STORAGE}.6": {"1": 1500, "3": 1, "31": 100},
}  # fmt: skip


@pytest.mark.parametrize(
    ("index", "metric", "column", "expected"),
    [
        ("hr_memory", "host_memory_total", 5, [("", 2000 * 1024)]),
        ("hr_memory", "host_memory_used", 6, [("", 1500 * 1024)]),
        ("hr_disk", "host_disk_total", 5, [("C:\\ Label:", 244190208 * 4096)]),  # 1 TB; a unit of 0 is none
        ("hr_disk", "host_disk_used", 6, [("C:\\ Label:", 409600)]),
    ],
)
def test_storage(index: str, metric: str, column: int, expected: list[tuple[str, int]]) -> None:
    table = TableRead("t", index, (read(metric=metric, oid=f"{STORAGE}.{column}"),))
    assert list(samples(table, WALKED)) == [(metric, *one) for one in expected]


def test_supplies_without_a_level_have_a_name_and_no_percent() -> None:
    base = "1.3.6.1.2.1.43.11.1.1"
    walked: dict[str, dict[str, Value]] = {
        f"{base}.6": {"1.1": b"Black", "1.2": b"Drum", "1.3": b"Waste", "1.4": b"Odd"},
        f"{base}.7": {},
        f"{base}.8": {"1.1": 2000, "1.2": -2, "1.3": 100, "1.4": 100},
        f"{base}.9": {"1.1": 500, "1.2": -3, "1.3": 100, "1.4": 101},
    }
    table = TableRead(
        "supply",
        "supply",
        (read(metric="printer_supply_percent", oid=f"{base}.9", low=0),),
        (Fact("name", f"{base}.6", "Printer-MIB::prtMarkerSuppliesDescription"),),
    )
    assert list(samples(table, walked)) == [
        ("printer_supply_percent", "Black", 25.0),
        ("printer_supply_percent", "Waste", 100.0),
    ]
    assert facts(table, walked) == {name: {"name": name} for name in ("Black", "Drum", "Waste", "Odd")}
    assert set(columns(table)) == set(walked)


def test_a_disk_of_more_blocks_than_31_bits_and_supplies_of_one_name() -> None:
    walked: dict[str, dict[str, Value]] = {**WALKED, f"{STORAGE}.5": {"31": -(2**31)}}
    table = TableRead("t", "hr_disk", (read(metric="host_disk_total", oid=f"{STORAGE}.5", low=0),))
    assert list(samples(table, walked)) == [("host_disk_total", "C:\\ Label:", 2**31 * 4096)]
    base = "1.3.6.1.2.1.43.11.1.1"
    two: dict[str, dict[str, Value]] = {
        f"{base}.6": {"1.1": b"Toner", "1.2": b"Toner", "1.3": b"Drum"},
        f"{base}.8": dict.fromkeys(("1.1", "1.2", "1.3"), 100),
        f"{base}.9": {"1.1": 5, "1.2": 6, "1.3": 7},
    }
    supplies = TableRead("supply", "supply", (read(metric="printer_supply_percent", oid=f"{base}.9", low=0),))
    assert [(name, value) for _, name, value in samples(supplies, two)] == [
        ("Toner (1.1)", 5),
        ("Toner (1.2)", 6),
        ("Drum", 7),
    ]


def test_the_mean_of_processors_and_the_first_marker() -> None:
    walked: dict[str, dict[str, Value]] = {"1.3.6.1.4.1.1.1.0": {"2": 10, "3": 30, "4": 700}}
    for index, value in (("mean", 20), ("first", 10)):
        assert list(samples(TableRead("t", index, (read(high=100),)), walked)) == [("temperature", "", value)]
        assert not list(samples(TableRead("t", index, (read(high=1),)), walked))


def test_the_first_read_of_a_metric_counts() -> None:
    wide, narrow = read(oid="1.3.1"), read(oid="1.3.2")
    walked: dict[str, dict[str, Value]] = {"1.3.1": {"1": 7}, "1.3.2": {"1": 8, "2": 9}}
    assert list(samples(TableRead("t", "plain", (wide, narrow)), walked)) == [
        ("temperature", "1", 7),
        ("temperature", "2", 9),
    ]


def test_every_decoder_takes_a_table_that_is_not_there() -> None:
    for index in DECODERS:
        assert not list(samples(TableRead("t", index, (read(),)), {}))
