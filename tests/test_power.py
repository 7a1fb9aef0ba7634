"""UPSs, DC power, solar controllers, printers and hosts of which no recording has one: rows typed from their MIBs."""

from collections.abc import Mapping

import pytest

from collectors.catalogue import load_groups, load_profiles, load_vendors
from collectors.model import Failure
from collectors.read import read_device
from collectors.reading.model import Reading
from collectors.recognise import yields
from collectors.snmp.backend import Target, Value
from tests.recorded import Recorded

PROFILES, GROUPS, VENDORS = load_profiles(), load_groups(), load_vendors()
LINUX = "1.3.6.1.4.1.8072.3.2.10"


async def told(rows: Mapping[str, Value], description: bytes = b"", object_id: str = "") -> Reading:
    """What probe says of an agent with these rows; those below enterprises are written without its prefix."""
    whole = {oid if oid.startswith("1.3.6.1.2.1.") else f"1.3.6.1.4.1.{oid}": value for oid, value in rows.items()}
    whole |= {"1.3.6.1.2.1.1.1.0": description} if description else {}
    whole |= {"1.3.6.1.2.1.1.2.0": object_id} if object_id else {}
    agent = Recorded(dict(sorted(whole.items(), key=lambda row: [int(arc) for arc in row[0].split(".")])))
    read = await read_device(agent, Target("a"), PROFILES, VENDORS, groups=GROUPS)
    assert not isinstance(read, Failure)
    return read[0]


def figures(reading: Reading) -> set[tuple[str, str, float, str]]:
    return {(one.kind, one.name, one.value, one.text or one.unit) for one in reading.sensors or ()}


def table(entry: str, columns: Mapping[int, tuple[Value, ...]]) -> dict[str, Value]:
    """Rows 1, 2, ... of a table from the cells of its columns."""
    return {f"{entry}.{column}.{row}": cell for column, cells in columns.items() for row, cell in enumerate(cells, 1)}


POWER: Mapping[str, tuple[str, dict[str, Value], tuple[str, str | None, str | None], set[tuple[str, str, float, str]]]] = {
    "netagent": (
        "1.3.6.1.4.1.935",
        {"935.1.1.1.1.1.1.0": b"Online 3K", "935.1.1.1.1.2.1.0": b"02.10", "935.1.1.1.2.2.2.0": 823, "935.1.1.1.2.2.4.0": 1260,
         "935.1.1.1.3.2.1.0": 2241, "935.1.1.1.3.2.4.0": 499, "935.1.1.1.4.1.1.0": 3, "935.1.1.1.8.3.2.0": 2301},
        ("Megatec", "Online 3K", "02.10"),
        {("voltage", "Battery", 82.3, "V"), ("runtime", "Battery time remaining", 1260, "s"), ("voltage", "Input", 224.1, "V"),
         ("frequency", "Input", 49.9, "Hz"), ("state", "Output", 3, "onBattery"), ("voltage", "Output R", 230.1, "V")},
    ),
    "powerwalker": (
        "1.3.6.1.4.1.935.10.1",
        {"935.10.1.1.1.1.0": b"Voltronic", "935.10.1.1.1.2.0": b"VFI 3000", "935.10.1.1.1.3.0": b"01.12", "935.10.1.1.2.1.0": 5,
         "935.10.1.1.2.16.1.3.1": 2269, "935.10.1.1.2.18.1.7.1": 31, "935.10.1.1.3.3.0": 25, "935.10.1.1.3.4.0": 88, "935.10.1.1.3.8.0": 274},
        ("Voltronic", "VFI 3000", "01.12"),
        {("state", "UPS", 5, "battery"), ("voltage", "Input phase 1", 226.9, "V"), ("load", "Output phase 1", 31, "%"),
         ("runtime", "Battery time remaining", 1500, "s"), ("temperature", "Battery", 27.4, "°C"),
         ("charge", "Battery charge", 88, "%")},
    ),
    "eaton of its own MIB": (
        "1.3.6.1.4.1.534.1",
        {"534.1.1.2.0": b"9155", "534.1.2.2.0": 216, "534.1.2.5.0": 2, "534.1.3.4.1.2.1": 231, "534.1.4.1.0": 40, "534.1.4.5.0": 5},
        ("Eaton", "9155", None),
        {("voltage", "Battery, by Eaton's own MIB", 216, "V"), ("state", "Battery management", 2, "batteryDischarging"),
         ("voltage", "Input phase 1", 231, "V"), ("load", "Load, by Eaton's own MIB", 40, "%"),
         ("state", "Output source, by Eaton's own MIB", 5, "battery")},
    ),
    "symmetra": (
        "1.3.6.1.4.1.318.1.3.17",
        {"318.1.1.1.1.1.1.0": b"Symmetra PX", "318.1.1.1.9.2.3.1.3.1.1": 229, "318.1.1.1.9.2.3.1.6.1.1": 84, "318.1.1.1.9.3.3.1.4.1.1": -1,
         "318.1.1.1.9.3.3.1.7.1.1": 1900, "318.1.1.1.9.3.3.1.10.1.1": 23},
        ("APC", "Symmetra PX", None),
        {("voltage", "Input phase 1.1", 229, "V"), ("current", "Input phase 1.1", 8.4, "A"),
         ("power_apparent", "Output phase 1.1", 1900, "VA"), ("load", "Output phase 1.1", 23, "%")},
    ),
    "cyberpower with its sensor": (
        "1.3.6.1.4.1.3808.1.1.1",
        {"3808.1.1.1.1.1.1.0": b"OLS3000", "3808.1.1.4.2.1.0": 770, "3808.1.1.4.3.1.0": 41, "3808.1.1.4.4.2.1.2.1": b"Door", "3808.1.1.4.4.2.1.3.1": 2},
        ("CyberPower", "OLS3000", None),
        {("temperature", "Environment", 25.0, "°C"), ("humidity", "Environment", 41, "%"), ("state", "Contact Door", 2, "abnormal")},
    ),
    "socomec": (
        "1.3.6.1.4.1.4555.1.1.7",
        {"4555.1.1.7.1.1.1.0": b"ITYS 3", "4555.1.1.7.1.1.5.0": b"NET VISION v8.04", "4555.1.1.7.1.2.2.0": -1, "4555.1.1.7.1.2.6.0": 0,
         "4555.1.1.7.1.2.8.0": 65535, "4555.1.1.7.1.3.3.1.2.1": 2312, "4555.1.1.7.1.4.1.0": 3, "4555.1.1.7.1.4.4.1.6.1": 12},
        ("Socomec", "ITYS 3", "8.04"),
        {("voltage", "Input line 1", 231.2, "V"), ("state", "Output source", 3, "onInverter"), ("power", "Output line 1", 1200, "W")},
    ),
    "huawei site power behind net-snmp": (
        LINUX,
        {"2011.6.164.1.1.1.1.0": 0, "2011.6.164.1.2.2.1.1.3.1": b"SMU02B", "2011.6.164.1.2.2.1.1.5.1": b"V100R002C02", "2011.6.164.1.4.2.3.0": 3,
         "2011.6.164.1.6.1.3.0": 520, "2011.6.164.1.6.1.4.0": 205, "2011.6.164.1.3.1.3.0": 209, "2011.6.164.1.4.2.1.0": -31,
         "2011.6.164.1.6.2.1.1.5.1": 204, "2011.6.164.1.6.2.1.1.5.2": 2147483647, "2011.6.164.1.4.4.2.1.3.1": 874},
        ("Huawei", "SMU02B", "V100R002C02"),
        {("voltage", "DC", 52, "V"), ("charge", "Battery string 1", 87.4, "%"), ("state", "Batteries", 3, "disCharge"),
         ("current", "DC", 20.5, "A"), ("current", "Rectifiers", 20.9, "A"), ("current", "Batteries", -3.1, "A"),
         ("current", "DC output 1", 20.4, "A")},
    ),
    "emerson energy systems": (
        "1.3.6.1.4.1.6302.2.1",
        {"6302.2.1.1.1.0": b"Vertiv", "6302.2.1.1.2.0": b"NetSure 531", "6302.2.1.1.3.0": b"1.20", "6302.2.1.2.2.0": 53980, "6302.2.1.2.3.0": 12500,
         "6302.2.1.2.5.3.0": 97, "6302.2.1.2.6.1.0": 229400, "6302.2.1.2.7.1.0": 2147483647, "6302.2.1.2.9.0": 8},
        ("Vertiv", "NetSure 531", "1.20"),
        {("voltage", "System", 53.98, "V"), ("current", "System", 12.5, "A"), ("charge", "Battery", 97, "%"),
         ("voltage", "AC line A", 229.4, "V"), ("state", "Battery mode", 8, "acFail")},
    ),
    "alpha cordex": (
        "1.3.6.1.4.1.7309.5",
        {"7309.5.3.1.6.0": 231000, "7309.5.3.1.10.0": 54200, "7309.5.3.1.11.0": -1, "7309.5.3.1.13.0": -4100, "7309.5.3.1.14.0": 26500},
        ("Alpha", None, None),
        {("voltage", "AC input", 231, "V"), ("voltage", "System", 54.2, "V"), ("current", "Battery", -4.1, "A"), ("temperature", "Battery", 26.5, "°C")},
    ),
    "delta orion": (
        "1.3.6.1.4.1.20246.2",
        table(
            "20246.2.3.1.1.1.2.9.1.1",
            {2: (b"System voltage", b"Load current", b"Battery temperature", b"Ambient"),
             3: (5402, 125, 273, 2147483647), 4: (-2, -1, -1, -1), 5: (3, 5, 7, 7)},
        )
        | {"20246.2.3.1.1.1.2.3.1.0": 5398, "20246.2.3.1.1.1.2.3.3.0": -31, "20246.2.3.1.1.1.2.2.5.0": 2},
        ("Delta", None, None),
        {("voltage", "System voltage", 54.02, "V"), ("current", "Load current", 12.5, "A"), ("temperature", "Battery temperature", 27.3, "°C"),
         ("voltage", "System", 53.98, "V"), ("current", "Battery", -3.1, "A"), ("state", "Mains failure", 2, "active")},
    ),
    "delta of its own MIB": (
        "1.3.6.1.4.1.2254.2.4",
        {"2254.2.4.1.1.0": b"Delta", "2254.2.4.1.2.0": b"RT-3K", "2254.2.4.1.3.0": b"1.04", "2254.2.4.4.3.0": 2274, "2254.2.4.5.1.0": 1,
         "2254.2.4.5.4.0": 2301, "2254.2.4.5.7.0": 35, "2254.2.4.7.5.0": 12, "2254.2.4.7.8.0": 71, "2254.2.4.7.9.0": 31},
        ("Delta", "Delta RT-3K", "1.04"),
        {("voltage", "Input, by Delta's own MIB", 227.4, "V"), ("state", "Output source, by Delta's own MIB", 1, "battery"),
         ("voltage", "Output 1", 230.1, "V"), ("load", "Output 1", 35, "%"), ("runtime", "Battery time remaining, by Delta's own MIB", 720, "s"),
         ("charge", "Battery charge, by Delta's own MIB", 71, "%"), ("temperature", "UPS", 31, "°C")},
    ),
    "liebert of three phases": (
        "1.3.6.1.4.1.476.1.42",
        {"476.1.42.3.5.2.3.1.5.1.2": 231, "476.1.42.3.5.2.3.1.6.1.2": 40, "476.1.42.3.5.2.3.1.14.1.2": 95, "476.1.42.3.5.2.2.1.8.3": 27},
        ("Vertiv", None, None),
        {("voltage", "Point 1 line 2", 231, "V"), ("current", "Point 1 line 2", 40, "A"), ("power_factor", "Point 1 line 2", 0.95, "1"),
         ("power", "Point 3", 27000, "W")},
    ),
    "sunsaver": (
        "1.3.6.1.4.1.33333.3",
        {"33333.3.1.0": b"SS-MPPT-15L", "33333.3.2.0": b"09501190", "33333.3.3.0": b"v1.2.10", "33333.3.30.0": 4424, "33333.3.33.0": 2070,
         "33333.3.37.0": 28, "33333.3.39.0": 5, "33333.3.31.0": 65535},
        ("Morningstar", "SS-MPPT-15L", "v1.2.10"),
        {("voltage", "Battery", 13.500976562, "V"), ("current", "Charging", 5.000646973, "A"), ("temperature", "Ambient", 28, "°C"),
         ("state", "Charging", 5, "bulk")},
    ),
    "tristar of 600 V": (
        "1.3.6.1.4.1.33333.7",
        {"33333.7.1.0": b"TS-MPPT-60-600V", "33333.7.30.0": b"412.5", "33333.7.42.0": b"-2.25", "33333.7.46.0": 7, "33333.7.47.0": b"nan"},
        ("Morningstar", "TS-MPPT-60-600V", None),
        {("voltage", "Array", 412.5, "V"), ("current", "Battery", -2.25, "A"), ("state", "Charging", 7, "float")},
    ),
    "valere": (
        "1.3.6.1.4.1.13858",
        {"13858.2.1.2.0": b"BC3000", "13858.2.1.3.0": b"5.02.10", "13858.2.1.6.1.4.1.2": 905, "13858.2.3.2.0": 5390, "13858.2.3.3.0": 18,
         **table("13858.7.1.1.1", {2: (b"Bank", b"Spare"), 3: (29, -127)})},
        ("Eltek", "BC3000", "5.02.10"),
        {("current", "Module 1.2", 9.05, "A"), ("voltage", "System", 53.9, "V"), ("current", "System", 18, "A"), ("temperature", "Bank", 29, "°C")},
    ),
    "sc200": (
        "1.3.6.1.4.1.1918.2.13",
        {"1918.2.13.10.10.30.0": b"SY1", "1918.2.13.10.20.30.0": b"4.10", "1918.2.13.10.50.30.0": 91, "1918.2.13.10.70.10.20.0": 5410,
         **{f"1918.2.13.10.{oid}": value for oid, value in table(
             "60.30.1", {90: (233, 0), 95: (5405, 0), 100: (6, 0), 105: (153, 0), 110: (36, 0)}).items()}},
        ("Eaton", "SY1", "4.10"),
        {("power", "Load", 910, "W"), ("voltage", "Bus", 54.1, "V"), ("voltage", "Rectifier 1 AC", 233, "V"), ("voltage", "Rectifier 1 DC", 54.05, "V"),
         ("current", "Rectifier 1", 6, "A"), ("load", "Rectifier 1", 15.3, "%"), ("temperature", "Rectifier 1", 36, "°C")},
    ),
    "hp": (
        "1.3.6.1.4.1.232.165.3",
        {"232.165.3.1.2.0": b"HP R/T3000;638835-001;3C8", "232.165.3.2.4.0": 96, "232.165.3.3.4.1.2.1": 229, "232.165.3.4.1.0": 20, "232.165.3.4.5.0": 3},
        ("HP", "HP R/T3000", None),
        {("charge", "Battery charge", 96, "%"), ("voltage", "Input phase 1", 229, "V"), ("load", "Load", 20, "%"),
         ("state", "Output source", 3, "normal")},
    ),
    "algcom": (
        "1.3.6.1.4.1.49136",
        {"49136.1.1.1.0": 541, "49136.1.2.2.0": -2230, "49136.1.2.3.0": 2, "49136.1.3.1.0": 1, "49136.1.6.1.0": 2290},
        ("ALGcom", None, None),
        {("voltage", "Output", 54.1, "V"), ("current", "Battery", -2.23, "A"), ("state", "Charger", 2, "onBattery"), ("voltage", "Mains", 229, "V"),
         ("state", "On battery", 1, "yes")},
    ),
    "victron behind net-snmp": (
        "1.3.6.1.4.1.8072.3.2.10",
        {"41312.1.1.4.0": 23050, "41312.1.4.1.0": -1250, "41312.1.4.3.0": 50, "41312.1.7.1.0": 85, "41312.1.7.3.0": 28800,
         "41312.1.6.3.1": b"South", "41312.1.6.4.1": 185000},
        ("Victron", None, None),
        {("voltage", "AC input L1", 230.5, "V"), ("current", "Battery", -12.5, "A"), ("voltage", "Battery ripple", 0.05, "V"),
         ("charge", "Battery", 85, "%"), ("power", "South", 1850, "W"), ("runtime", "Battery time remaining", 28800, "s")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POWER)
async def test_power(name: str) -> None:
    object_id, rows, facts, sensors = POWER[name]
    reading = await told(rows, b"Linux box 5.4" if object_id == LINUX else b"", object_id)
    assert (reading.vendor, reading.model, reading.os_version if facts[2] else None) == facts
    assert reading.role == ("solar" if reading.vendor in {"Victron", "Morningstar"} else "ups")
    assert figures(reading) == sensors


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("netagent", {"on_battery": True, "input_voltage": 224.1}),
        ("powerwalker", {"on_battery": True, "charge_percent": 88, "runtime_s": 1500, "load_percent": 31, "input_voltage": 226.9}),
        ("eaton of its own MIB", {"on_battery": True, "load_percent": 40, "input_voltage": 231}),
        ("huawei site power behind net-snmp", {"on_battery": True}),
        ("emerson energy systems", {"on_battery": True, "charge_percent": 97, "input_voltage": 229.4}),
        ("algcom", {"on_battery": True, "input_voltage": 229}),
        ("victron behind net-snmp", {"charge_percent": 85, "runtime_s": 28800, "input_voltage": 230.5}),
        ("socomec", {"input_voltage": 231.2}),
        ("delta of its own MIB", {"on_battery": True, "charge_percent": 71, "runtime_s": 720, "load_percent": 35, "input_voltage": 227.4}),
    ],
)  # fmt: skip
async def test_what_the_judge_asks_of_power(name: str, expected: dict[str, float]) -> None:
    object_id, rows, _, _ = POWER[name]
    ups = (await told(rows, object_id=object_id)).ups
    assert ups is not None
    fields = ("on_battery", "charge_percent", "runtime_s", "load_percent", "input_voltage")
    assert {field: getattr(ups, field) for field in fields if getattr(ups, field) is not None} == expected


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("Lexmark T640 version NS.NP.N118 kernel 2.4", ("Lexmark", "T640", "NS.NP.N118", None)),
        ("Samsung Samsung CLP-510 Series; V1.23.00; S/N BH1234567", ("Samsung", "CLP-510", "1.23.00", "BH1234567")),
        (
            "OKI OkiLAN 8100e Rev.02.56 Ethernet PrintServer: Attached to C5450 Rev.N1.03",
            ("OKI", "C5450", "N1.03", None),
        ),
        ("TOSHIBA e-STUDIO5506AC", ("Toshiba", "e-STUDIO5506AC", None, None)),
        ("Xerox Phaser 6600DN; Net 51.003.05, ESS 201408050", ("Xerox", "Phaser 6600DN", None, None)),
        (
            "Xerox WorkCentre 7845 v1; System Software 072.040.004.09100",
            ("Xerox", "WorkCentre 7845", "072.040.004.09100", None),
        ),
        ("RICOH Aficio MP C2551 1.23 / RICOH Network Printer C model", ("Ricoh", "Aficio MP C2551", "1.23", None)),
        ("FX ApeosPort-V C3375 ;ESS1.5.7,IOT 40.15.0", ("Fuji Xerox", "ApeosPort-V C3375", None, None)),
        ("Dell 3130cn Color Laser; Net 11.74", ("Dell", "3130cn Color Laser", None, None)),
    ],
)
async def test_what_printers_say_of_themselves(description: str, expected: tuple[str | None, ...]) -> None:
    reading = await told({}, description.encode())
    assert reading.role == "printer"
    assert (reading.vendor, reading.model, reading.os_version, reading.serial) == expected


@pytest.mark.parametrize(
    ("object_id", "oid", "identity", "expected"),
    [
        ("1.3.6.1.4.1.11.2.3.9.1", "11.2.3.9.1.1.7.0", b"MFG:Hewlett-Packard;CMD:PJL;MDL:HP LaserJet 400 M401dn;CLS:PRINTER;", ("HP", "LaserJet 400 M401dn")),
        ("1.3.6.1.4.1.641.1", "641.2.1.2.1.3.1", b"COMMAND SET:;MODEL:Dell Laser Printer 1700n", ("Dell", "Laser Printer 1700n")),
        ("1.3.6.1.4.1.674.10898.100", "674.10898.100.2.1.2.1.3.1", b"COMMAND SET:;MODEL:Dell Laser Printer 5310n", ("Dell", "Laser Printer 5310n")),
        ("1.3.6.1.4.1.2435.2.3.9.1", "2435.2.3.9.1.1.7.0", b"MFG:Brother;CMD:HBP;MDL:MFC-8440;CLS:PRINTER;", ("Brother", "MFC-8440")),
        ("1.3.6.1.4.1.1347.41", "1347.43.5.1.1.1.1", b"FS-1030D", ("Kyocera", "FS-1030D")),
    ],
)  # fmt: skip
async def test_printers_by_their_ieee_1284_identity(
    object_id: str, oid: str, identity: bytes, expected: tuple[str, str]
) -> None:
    reading = await told({oid: identity}, b"print server", object_id)
    assert (reading.vendor, reading.model) == expected


async def test_the_software_of_an_apc_card_is_two_objects() -> None:
    reading = await told(
        {"318.1.4.2.4.1.4.1": b"v6.4.1", "318.1.4.2.4.1.4.2": b"v6.4.0"}, b"APC Web", "1.3.6.1.4.1.318.1.3.27"
    )
    assert (reading.os, reading.os_version) == ("AOS", "AOS v6.4.1 / App v6.4.0")


async def test_a_supply_in_percent_needs_no_capacity() -> None:
    rows = table("1.3.6.1.2.1.43.11.1.1", {6: (b"Black", b"Drum"), 7: (19, 7), 8: (-2, -2), 9: (40, 40)})
    printer = (await told(rows, b"KYOCERA Document Solutions Printing System")).printer
    assert printer is not None
    assert [(one.name, one.percent) for one in printer.supplies or ()] == [("Black", 40), ("Drum", None)]


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ("OpenBSD gw 6.6 GENERIC#353 amd64", ("OpenBSD", "6.6")),
        ("SunOS host 5.11 11.3 sun4v", ("SunOS", "5.11")),
        ("VMware ESXi 6.7.0 build-8169922 VMware, Inc. x86_64", ("ESXi", "6.7.0")),
        ("IBM PowerPC CHRP Computer Machine Type: 0x0 Base Operating System Runtime AIX version: 07.02.0004.0015", ("AIX", "07.02.0004.0015")),
    ],
)  # fmt: skip
async def test_hosts_by_what_they_say(description: str, expected: tuple[str, str]) -> None:
    reading = await told({}, description.encode())
    assert (reading.role, reading.os, reading.os_version) == ("pc", *expected)


@pytest.mark.parametrize(
    ("machine", "model"),
    [
        ("#1 SMP Debian x86_64", "Generic x86 64-bit"),
        ("#1 armv7l", "Generic ARMv7"),
        ("#1 armv5tejl", "Generic ARMv5"),
        ("#1 mips64", "Generic MIPS"),
        ("#1 aarch64 GNU/Linux", "Generic ARMv8 64-bit"),
        ("#1 e2k", None),
    ],
)
async def test_the_processor_is_the_model_of_a_host_that_tells_no_other(machine: str, model: str | None) -> None:
    assert (await told({}, f"Linux box 6.1.0 {machine}".encode(), LINUX)).model == model


async def test_the_machine_of_a_host_is_told_by_its_makers_agent() -> None:
    dell = await told(
        {"674.10892.1.300.10.1.9.1": b"OptiPlex 3070", "674.10892.1.300.10.1.11.1": b"7ABC123"},
        b"Linux pc 6.1.0",
        LINUX,
    )
    assert (dell.profile, dell.vendor, dell.model, dell.serial) == ("host", "Dell", "OptiPlex 3070", "7ABC123")
    disks: dict[str, Value] = {"6574.1.5.1.0": b"DS218", "6574.1.5.2.0": b"1870PEN", "6574.1.5.3.0": b"DSM 6.2-25556",
                               "6574.2.1.1.2.0": b"Disk 1", "6574.2.1.1.6.0": 34}  # fmt: skip
    station = await told(disks, b"Linux nas 3.10.105", LINUX)
    assert (station.vendor, station.model, station.os, station.os_version) == ("Synology", "DS218", "DSM", "6.2-25556")
    assert figures(station) == {("temperature", "Disk 1", 34, "°C")}


async def test_net_snmps_own_sysobjectid_yields_to_objects_of_another_kind() -> None:
    """UPS cards, power plants and gateways run Linux; of these only their objects tell what they are."""
    card: dict[str, Value] = {"1.3.6.1.2.1.33.1.1.1.0": b"HUAWEI"}
    for object_id in (LINUX, ""):
        assert (await told(card, b"Linux GSE200M", object_id)).profile == "ups"
        assert (await told({}, b"Linux pc", object_id)).profile == "host"
    assert (await told(card, b"x", "1.3.6.1.4.1.311.1.1.3.1.1")).profile == "host"  # Windows is no weak sign
    assert yields(PROFILES["host"], LINUX)
    assert not yields(PROFILES["host"], "1.3.6.1.4.1.311.1.1.3.1.1")
    assert not yields(PROFILES["ups"], "1.3.6.1.4.1.534.1")


async def test_several_makers_groups_are_for_one_profile_and_only_the_one_there_names_it() -> None:
    reading = await told({"1.3.6.1.2.1.33.1.1.1.0": b"Borri", "1.3.6.1.2.1.33.1.1.2.0": b"UPSaver"})
    assert (reading.profile, reading.vendor, reading.model) == ("ups", "Borri", "UPSaver")


async def test_monitors_of_rooms() -> None:
    probe = await told(
        table("3854.1.2.2.1.16.1", {1: (b"Rack", b"Door", b"Roof"), 3: (27, 99, 77), 5: (1, 2, 1), 12: (1, 1, 0)})
        | {"3854.1.1.2.0": 3},
        b"sensorProbe2",
        "1.3.6.1.4.1.3854.1",
    )
    assert (probe.vendor, figures(probe)) == (
        "AKCP",
        {("temperature", "Rack", 27, "°C"), ("temperature", "Roof", 25, "°C"), ("state", "Probe", 3, "warning")},
    )
    ste = await told(
        table("21796.4.1.3.1", {2: (b"Room", b"Air"), 3: (1, 5), 5: (274, 431), 7: (1, 4)}),
        b"HWg-STE",
        "1.3.6.1.4.1.21796.4.1",
    )
    has = {("temperature", "Room", 27.4, "°C"), ("humidity", "Air", 43.1, "%")}
    states = {("state", "Room", 1, "normal"), ("state", "Air", 5, "alarmHi")}
    assert (ste.vendor, figures(ste)) == ("HW group", has | states)


async def test_a_raspberry_pi_tells_its_temperature_by_a_script() -> None:
    line = "8072.1.3.2.4.1.2.9.114.97.115.112.98.101.114.114.121.1"
    told_by_it = await told({line: b"48.3"}, b"Linux pi 6.1.0-rpi7 aarch64", LINUX)
    assert (told_by_it.model, figures(told_by_it)) == ("Raspberry Pi", {("temperature", "Processor", 48.3, "°C")})


async def test_a_setting_of_the_plant_says_how_its_currents_and_temperatures_are_told() -> None:
    plant: dict[str, Value] = {"12148.10.10.6.5.0": -125, "12148.10.10.7.5.0": 77, "12148.10.10.18.4.1.3.1.1": b"Bank 1",
                               "12148.10.10.18.4.1.6.1.1": -40, "12148.10.5.6.1.3.2": 155}  # fmt: skip
    module = ("current", "Rectifier 2", 15.5, "A")
    for settings, amperes, degrees in (({}, 1, 77), ({"15": 0, "16": 0}, 1, 77), ({"15": 1, "16": 1}, 0.1, 25)):
        set_so: dict[str, Value] = {f"12148.10.2.{number}.0": value for number, value in settings.items()}
        has = figures(await told({**plant, **set_so}, object_id="1.3.6.1.4.1.12148.10"))
        battery = {("current", "Battery", -125 * amperes, "A"), ("current", "Bank 1", -40 * amperes, "A")}
        assert has == {module, ("temperature", "Battery", degrees, "°C")} | battery


async def test_the_phases_that_a_ups_of_mge_does_not_have_are_none() -> None:
    volts = table("705.1.6.2.1", {2: (2291, 0, 0)})
    one = await told({"705.1.6.1.0": 1, **volts}, object_id="1.3.6.1.4.1.705.1")
    assert figures(one) == {("voltage", "Input phase 1, by MGE's MIB", 229.1, "V")}
    three = await told({"705.1.6.1.0": 3, **volts}, object_id="1.3.6.1.4.1.705.1")
    assert len(figures(three)) == 3


@pytest.mark.parametrize("end", ["", ".0"])
async def test_what_a_ups_of_mge_lasts_carries_and_gets(end: str) -> None:
    rows: dict[str, Value] = {
        "705.1.5.1.0": 7260, "705.1.6.1.0": 3, "705.1.7.1.0": 3, f"705.1.6.2.1.2.1{end}": 4080, f"705.1.6.2.1.2.2{end}": 4090,
        f"705.1.7.2.1.4.1{end}": 10, f"705.1.7.2.1.4.2{end}": 7,
    }  # fmt: skip
    ups = (await told(rows, object_id="1.3.6.1.4.1.705.1")).ups
    assert ups is not None
    assert (ups.runtime_s, ups.load_percent, ups.input_voltage) == (7260, 10, 408)


ROOMS: Mapping[str, tuple[dict[str, Value], bytes, tuple[str, str | None, str | None], set[tuple[str, str, float, str]]]] = {
    "1.3.6.1.4.1.21796.4.9": (
        {"21796.4.9.1.1.3.1": b"Input 1", "21796.4.9.1.1.2.1": 0, "21796.4.9.3.1.2.1": b"Room", "21796.4.9.3.1.5.1": 203,
         "21796.4.9.3.1.7.1": 1, "21796.4.9.3.1.2.2": b"Air", "21796.4.9.3.1.5.2": 412, "21796.4.9.3.1.7.2": 4},
        b"STE2 r2, fw:1.5.5_2394",
        ("HW group", "STE2 r2", "1.5.5_2394"),
        {("temperature", "Room", 20.3, "°C"), ("humidity", "Air", 41.2, "%"), ("state", "Input 1", 0, "off")},
    ),
    "1.3.6.1.4.1.38783": (
        {"38783.3.1.2.0": b"TCW241-v1.252", "38783.3.3.1.1.1.0": 74524, "38783.3.3.2.1.0": 51534},
        b"Teracom WEB Controller SNMP Agent",
        ("Teracom", "TCW241", "1.252"),
        {("voltage", "Analogue input 1", 51.534, "V")},
    ),
    "1.3.6.1.4.1.32050.1.1": (
        {"32050.2.1.27.2.0": b"Temperature", "32050.2.1.27.2.2": b"Power 1", "32050.2.1.27.5.0": 316, "32050.2.1.27.5.1": -28,
         "32050.2.1.27.5.2": 469, "32050.2.1.27.5.7": 12},
        b"PacketFlux SiteMonitor Base II",
        ("PacketFlux", "SiteMonitor Base II", None),
        {("temperature", "Temperature", 31.6, "°C"), ("voltage", "Power 1", 46.9, "V")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("object_id", ROOMS)
async def test_small_monitors_of_rooms_and_masts(object_id: str) -> None:
    rows, description, system, sensors = ROOMS[object_id]
    reading = await told(rows, description, object_id)
    assert (reading.vendor, reading.model, reading.os_version) == system
    assert figures(reading) == sensors


async def test_a_speed_at_the_end_of_its_bits_is_none() -> None:
    most = 2**32 - 1
    names = table("1.3.6.1.2.1.2.2.1", {2: (b"eth0", b"eth1"), 5: (10**9, most)})
    reading = await told(names | table("1.3.6.1.2.1.31.1.1.1", {15: (most, most)}))
    assert [port.speed_bps for port in reading.interfaces or ()] == [10**9, None]


@pytest.mark.parametrize(
    ("hertz", "volts", "degrees", "expected"),
    [
        (499, 231, 25, (49.9, 231, 25)),
        (50, 2312, 254, (50, 231.2, 25.4)),
        (4998, 231, 25, (49.98, 231, 25)),
        (0, 0, 0, (0, 0, 0)),  # no mains
        (7777, 99999, 2000, (None, None, None)),
    ],
)
async def test_firmware_that_scales_ups_mib_in_its_own_way(
    hertz: int, volts: int, degrees: int, expected: tuple[float | None, ...]
) -> None:
    ups = "1.3.6.1.2.1.33.1"
    rows: dict[str, Value] = {f"{ups}.3.3.1.2.1": hertz, f"{ups}.3.3.1.3.1": volts, f"{ups}.2.7.0": degrees}
    reading = await told(rows, b"Some UPS")
    has = {one.kind: one.value for one in reading.sensors or ()}
    assert len(reading.sensors or ()) == len(has)
    assert (has.get("frequency"), has.get("voltage"), has.get("temperature")) == expected
    assert (reading.ups.input_voltage if reading.ups else None) == expected[1]


async def test_disks_of_a_linux_machine_without_host_resources() -> None:
    disks = table("2021.9.1", {2: (b"/", b"/var"), 6: (41152736, 10255636), 8: (20576368, 1025563)})
    host = (await told(disks, b"Linux pc 5.10.0", LINUX)).host
    assert host is not None
    assert [(one.name, one.total, one.used) for one in host.disks or ()] == [
        ("/", 41152736 * 1024, 20576368 * 1024),
        ("/var", 10255636 * 1024, 1025563 * 1024),
    ]


@pytest.mark.parametrize(
    ("kind", "software", "version"),
    [
        (1, "Windows Version 6.1 (Build 7601 Multiprocessor Free)", "7 SP1 (NT 6.1)"),
        (1, "Windows 2000 Version 5.1 (Build Number: 2600 Uniprocessor Free)", "XP (NT 5.1)"),
        (1, "Windows Version 6.3 (Build 22631 Multiprocessor Free)", "11 (23H2)"),
        (2, "Windows Version 6.3 (Build 9600 Multiprocessor Free)", "Server 2012 R2 (NT 6.3)"),
        (3, "Windows Version 6.3 (Build 20348 Multiprocessor Free)", "Server 2022 (21H2)"),
        (1, "Windows Version 6.3 (Build 99999 Multiprocessor Free)", "6.3"),  # of a build that nobody knows yet
    ],
)
async def test_windows_by_its_build(kind: int, software: str, version: str) -> None:
    description = f"Hardware: Intel64 Family 6 Model 158 Stepping 10 AT/AT COMPATIBLE - Software: {software}"
    reading = await told({}, description.encode(), f"1.3.6.1.4.1.311.1.1.3.1.{kind}")
    assert (reading.vendor, reading.model, reading.os, reading.os_version) == (
        "Microsoft",
        "Intel x64",
        "Windows",
        version,
    )


@pytest.mark.parametrize("object_id", ["476.1.42", "12148.9", "7309.5", "39145.11"])
async def test_agents_that_do_not_bear_getbulk_are_never_asked_with_it(object_id: str) -> None:
    reading = await told({}, object_id=f"1.3.6.1.4.1.{object_id}")
    assert reading.profile
    profile = PROFILES[reading.profile]
    assert (reading.role, profile.max_repetitions) == ("ups", 0)
    assert {one.metric for one in profile.scalars} >= {"ups_on_battery"}
