"""Platforms: real command line outputs, replayed over SSH, and what is understood of them."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from collectors.cli import probe
from collectors.model import Failure
from collectors.reading.model import Ont, Reading
from collectors.ssh.parse import Row, parse
from collectors.ssh.platform import Command, Platform, PlatformError, load_platforms
from collectors.ssh.read import read_over_ssh
from collectors.ssh.reading import reading_of
from collectors.ssh.talk import SshTarget, talk_over_ssh
from collectors.ssh.values import duration, number, octets, rate
from tests.ssh_replay import PROMPTS, Player, Script, playing
from tests.sshd import known_hosts, new_keys

PLATFORMS = load_platforms()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the key pairs `host` and `client`."""
    return new_keys(tmp_path_factory, "host", "client")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(12) as pool:
        yield pool


def target(player: Player, platform: str, keys: Path) -> SshTarget:
    known = known_hosts(keys / f"known-{player.port}", player.port, keys / "host")
    kind = PLATFORMS[platform].device_type
    return SshTarget(
        "127.0.0.1", "u", keys / "client", known, player.port, kind, timeout_s=30, silence_s=30, deadline_s=90
    )


def recorded(recordings: Path, platform: str) -> dict[str, list[Path]]:
    """Recordings of a platform by their command."""
    found: dict[str, list[Path]] = {}
    for path in sorted((recordings / "cli" / platform).rglob("*.raw")):
        found.setdefault(path.parent.name.replace("_", " "), []).append(path)
    return found


def script(recordings: Path, platform: str) -> Script:
    outputs = {
        command: [path.read_text() for path in paths] for command, paths in recorded(recordings, platform).items()
    }
    return Script(PROMPTS[platform], outputs)


async def test_every_recording_parses_as_its_yml_says(recordings: Path, keys: Path, pool: ThreadPoolExecutor) -> None:
    names = sorted(path.name for path in (recordings / "cli").iterdir())
    found = await asyncio.gather(*(_parsed(recordings, name, keys, pool) for name in names))
    told = [(path, rows) for some in found for path, rows in some]
    assert len(told) == len(list((recordings / "cli").rglob("*.raw")))
    for path, rows in told:
        assert rows == yaml.safe_load(path.with_suffix(".yml").read_text())["parsed_sample"], path


async def _parsed(
    recordings: Path, name: str, keys: Path, pool: ThreadPoolExecutor
) -> list[tuple[Path, Sequence[Row]]]:
    """Every recording of a platform with the rows that are understood of it, in one talk."""
    files = [(command, path) for command, paths in recorded(recordings, name).items() for path in paths]
    async with playing(script(recordings, name), keys / "host") as player:
        outputs = await talk_over_ssh(
            target(player, name, keys), lambda run: [run(command) for command, _ in files], pool
        )
    assert not isinstance(outputs, Failure), (name, outputs)
    return [
        (path, parse(PLATFORMS[name], Command((command,)), output))
        for (command, path), output in zip(files, outputs, strict=True)
    ]


@pytest.fixture(scope="module")
def readings(recordings: Path, keys: Path) -> Mapping[str, Reading]:
    """Every platform of the recordings but one, read over SSH: netmiko waits 5 s for a ProCurve's banner."""
    return asyncio.run(_read_all(recordings, keys))


async def _read_all(recordings: Path, keys: Path) -> Mapping[str, Reading]:
    names = sorted(path.name for path in (recordings / "cli").iterdir() if path.name not in {"linux", "hp_procurve"})
    found: dict[str, Reading] = {}
    threads = ThreadPoolExecutor(len(names))

    async def read(name: str) -> None:
        async with playing(script(recordings, name), keys / "host") as player:
            told = await read_over_ssh(target(player, name, keys), PLATFORMS[name], threads)
        assert isinstance(told, Reading), (name, told)
        found[name] = told

    with threads:
        await asyncio.gather(*map(read, names))
    return found


IDENTITY = {
    "cisco_ios": ("Cisco", "WS-C4948E", "IOS", "12.2(54)SG1", "CAT1451S15C"),
    "hp_procurve": ("HP", None, "ProCurve", "K.15.06.0017", "AB12CDE3FG"),
    "huawei": ("Huawei", "NE40E-X2-M8A", "VRP", "8.180 (NE40E V800R011C00SPC200)", None),
    "huawei_ont": ("Huawei", "HG8310M", None, None, "2102311BVH6RG7310915"),
    "huawei_smartax": ("Huawei", "MA5608T", "SmartAX", "AB1234C342A123D23", None),
    "juniper_junos": ("Juniper", "mx240", "Junos", "13.3R1.4", "qfsn-0123456789"),
    "mikrotik_routeros": ("MikroTik", "RB750Gr3", "RouterOS", "6.48.6", "CC210E592C82"),
    "nokia_sros": ("Nokia", None, "SR OS", None, None),
    "ubiquiti_edgerouter": ("Ubiquiti", "EdgeRouter 6P", "EdgeOS", "2.0.6", "FCECDA47BF8A"),
    "zte_zxros": ("ZTE", "6120H-S", "ZXROS", "V5.10.00.50", None),
}
INTERFACES = {  # name, admin, oper, speed, octets in, of one that the recording shows
    "cisco_ios": ("GigabitEthernet0/1", "up", "up", 1_000_000_000, 14855),
    "huawei": ("GigabitEthernet0/0/00", "up", "up", 2_500_000_000, 0),
    "juniper_junos": ("ge-0/0/0", "up", "up", None, None),
    "mikrotik_routeros": ("ether3", "up", "up", None, None),
    "nokia_sros": ("1/1/c3", "down", "down", None, None),
    "ubiquiti_edgerouter": ("eth2", "up", "down", None, None),
    "zte_zxros": ("xxvgei-1/1/0/24", "up", "up", 10_000_000_000, 9284060783182),
}
UPTIME = {
    "cisco_ios": ((2 * 365 + 31 * 7 + 6) * 24 + 9) * 3600 + 55 * 60, "hp_procurve": 15 * 86400,
    "huawei": 161 * 86400 + 20 * 60, "huawei_ont": 6265, "huawei_smartax": (11 * 24 + 22) * 3600 + 5 * 60 + 17,
    "mikrotik_routeros": (47 * 24 + 11) * 3600 + 55 * 60 + 45, "ubiquiti_edgerouter": 11 * 86400 + 6 * 3600 + 15 * 60,
    "zte_zxros": (23 * 24 + 10) * 3600 + 59 * 60,
}  # fmt: skip


def test_a_platforms_commands_make_one_reading(recordings: Path, readings: Mapping[str, Reading]) -> None:
    readings = {**readings, "hp_procurve": _procurve(recordings)}
    assert {n: (r.vendor, r.model, r.os, r.os_version, r.serial) for n, r in readings.items()} == IDENTITY
    uptimes = {name: read.system.uptime_s for name, read in readings.items() if read.system and read.system.uptime_s}
    assert uptimes == UPTIME
    for name, expected in INTERFACES.items():
        rows = {row.name: row for row in readings[name].interfaces or ()}
        row = rows[expected[0]]
        assert (row.name, row.admin, row.oper, row.speed_bps, row.in_octets) == expected, name
    assert {name: read.errors for name, read in readings.items() if read.errors} == {}


def _procurve(recordings: Path) -> Reading:
    platform = PLATFORMS["hp_procurve"]
    text = (recordings / "cli/hp_procurve/show_system/hp_procurve_show_system.raw").read_text()
    system = platform.commands[0]
    return reading_of(platform, "a", {system.key: parse(platform, system, text)})


def test_what_each_kind_tells_beside(readings: Mapping[str, Reading]) -> None:
    onts = readings["huawei_smartax"].onts or ()
    assert Ont(index="0/1/0:0", name="AB12", serial="1234567890ABCDEF", state="online", last_down_cause="los",
               rx_dbm=-10.12, distance_m=100.0) in onts  # fmt: skip
    sensors = {(s.kind, s.index, s.name): (s.value, s.unit) for s in readings["cisco_ios"].sensors or ()}
    assert sensors["dbm", "Te1/49", "Received optical power"] == (-3.0, "dBm")
    assert ("temperature", "4", "H805GPFD", 57.0) in {
        (s.kind, s.index, s.name, s.value) for s in readings["huawei_smartax"].sensors or ()
    }
    ont = {(s.kind, s.name): s.value for s in readings["huawei_ont"].sensors or ()}
    assert ont == {
        ("temperature", "Transceiver"): 31.0,
        ("voltage", "Transceiver"): 3.216,
        ("current", "Transceiver"): 0,
    }
    neighbours = {name: len(read.neighbours or ()) for name, read in readings.items() if read.neighbours}
    assert neighbours == {"cisco_ios": 3, "huawei": 1, "juniper_junos": 2, "mikrotik_routeros": 1}
    assert [read.host.cpu_percent for name in ("cisco_ios", "nokia_sros") if (read := readings[name]).host] == [5, 13.6]


def test_of_an_ont_that_is_down(recordings: Path) -> None:
    platform = PLATFORMS["huawei_smartax"]
    summary = next(each for each in platform.commands if each.onts)
    text = (recordings / "cli/huawei_smartax/display_ont_info_summary_ont"
            / "huawei_smartax_display_ont_info_summary_ont_3.raw").read_text()  # fmt: skip
    read = reading_of(platform, "a", {summary.key: parse(platform, summary, text)})
    assert read.onts is not None
    assert read.onts[1] == Ont(
        index="0/1/0:1", name="P871E", serial="AAAAAAAAAAAAAAAA", state="offline", last_down_cause="los"
    )


@pytest.mark.parametrize(("said", "cause"), [("dying-gasp", "power"), ("LOFi", "los"), ("ONT is reset", "other")])
def test_last_down_causes(said: str, cause: str) -> None:
    platform = PLATFORMS["huawei_smartax"]
    summary = next(each for each in platform.commands if each.onts)
    row: Row = {"port": "0/1/0", "ont_id": "1", "last_downcause": said}
    assert reading_of(platform, "a", {summary.key: [row]}).onts == (Ont(index="0/1/0:1", last_down_cause=cause),)


async def test_what_is_not_understood_is_an_error_of_the_reading(keys: Path, pool: ThreadPoolExecutor) -> None:
    versions = "ZXCTN 6120H-S\nZTE ZXCTN Software, Version: 6120H-S V5.10.00.50, Release software\n"
    async with playing(Script(PROMPTS["zte_zxros"], {"show version": [versions]}), keys / "host") as player:
        read = await read_over_ssh(target(player, "zte_zxros", keys), PLATFORMS["zte_zxros"], pool)
    assert isinstance(read, Reading), read
    assert (read.vendor, read.os_version, read.interfaces) == ("ZTE", "V5.10.00.50", None)
    named = {(one.what, one.reason) for one in read.errors}
    assert named == {("show interface", "not understood"), ("show interface brief", "not understood")}


async def test_a_command_for_each_row_takes_no_words_of_the_device(keys: Path, pool: ThreadPoolExecutor) -> None:
    rows = ['name="sfp1" type="ether"', 'name="sfp2;/reset" type="ether"', 'name="ether1" type="ether"']
    flags = "Flags: D - dynamic, X - disabled, R - running, S - slave\n"
    ports = flags + "\n\n".join(f" {number}  R  {row} mtu=1500 link-downs=0" for number, row in enumerate(rows))
    light = "      name: sfp1\n    status: link-ok\n  sfp-rx-power: -7.5dBm\n"
    outputs = {"interface print detail": [ports + "\n"], "interface ethernet monitor sfp1 once": [light]}
    played = Script(PROMPTS["mikrotik_routeros"], outputs)
    async with playing(played, keys / "host") as player:
        read = await read_over_ssh(target(player, "mikrotik_routeros", keys), PLATFORMS["mikrotik_routeros"], pool)
    assert isinstance(read, Reading), read
    assert [command for command in played.asked if "monitor" in command] == ["interface ethernet monitor sfp1 once"]
    assert [(s.index, s.value) for s in read.sensors or ()] == [("sfp1", -7.5)]


async def test_the_command(keys: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = typer.Typer()
    app.command()(probe)
    async with playing(script(recordings, "huawei_smartax"), keys / "host") as player:
        known = known_hosts(keys / "known", player.port, keys / "host")
        monkeypatch.setenv("PAHUNCH_COLLECT__KNOWN_HOSTS", str(known))
        how = ["--ssh-user", "u", "--ssh-key", str(keys / "client"), "--ssh-platform", "huawei_smartax", "--json"]
        result = await asyncio.to_thread(CliRunner().invoke, app, [f"127.0.0.1:{player.port}", *how])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["role"], told["model"], len(told["onts"])) == ("olt", "MA5608T", 31)
    wrong = CliRunner().invoke(app, ["127.0.0.1", "--ssh-user", "u", "--ssh-key", "k", "--ssh-platform", "cisco"])
    assert wrong.exit_code == 2
    assert "cisco_ios" in wrong.output


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x = 1", "x"),
        ('device_type = "nothing"', "netmiko has no"),
        ('device_type = "linux"\n[[commands]]\nrun = ["a"]\ntemplate = "b"', "no template"),
        ('device_type = "linux"\n[[commands]]\nrun = ["a"]\n[commands.onts]\nname = "b"', "'index' is missing"),
        ('device_type = "linux"\n[[commands]]\nrun = ["a"]\n[commands.device]\ncolour = "b"', "no field 'colour'"),
        ('device_type = "linux"\n[[commands]]\nrun = ["a"]\neach = {rows = "b"}', "no command 'b'"),
        ('device_type = "linux"\n[[commands]]\nrun = ["a"]\n[[commands.sensors]]\nclass = "x"', "sensors"),
        ('device_type = "linux"\n[[commands]]\nrun = ["a"]\nwhere = {x = "("}', "regular expression"),
        (
            'device_type = "linux"\n[[commands]]\nrun = ["a"]\n[commands.host]\nprocesses = {of = "a", form = "b"}',
            "form",
        ),
        ("device_type", "platform.toml"),
    ],
)
def test_a_wrong_platform_is_named(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "platform.toml").write_text(text)
    with pytest.raises(PlatformError, match=complaint):
        load_platforms(tmp_path)


def test_a_new_platform_is_only_a_file(tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text(
        'device_type = "cisco_ios"\nvendor = "New"\n[[commands]]\nrun = ["show version"]\n'
        '[commands.device]\nos_version = { of = "{version}", pattern = "^([0-9.]+)" }\n'
    )
    platform: Platform = load_platforms(tmp_path)["new"]
    read = reading_of(platform, "a", {platform.commands[0].key: [{"version": "12.2(54)SG1"}]})
    assert (read.vendor, read.os_version) == ("New", "12.2")


def test_numbers_beyond_all_bounds_are_none(tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text(
        'device_type = "cisco_ios"\nvendor = "New"\n[[commands]]\nrun = ["show"]\n[commands.system]\nname = "{name}"\n'
        'uptime_s = { of = "{up}", form = "duration" }\n[commands.host]\nmemory_total = { of = "{mem}", form = "octets" }\n'
    )
    platform = load_platforms(tmp_path)["new"]
    for digits in ("9" * 400, "9" * 5000):
        row = {"name": "r1", "up": f"{digits} days", "mem": digits}
        read = reading_of(platform, "a", {platform.commands[0].key: [row]})
        assert read.system is not None
        assert (read.system.name, read.system.uptime_s, read.host) == ("r1", None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 years, 31 weeks, 6 days, 9 hours, 55 minutes", ((2 * 365 + 31 * 7 + 6) * 24 + 9) * 3600 + 55 * 60),
        ("6w5d11h55m45s", (47 * 24 + 11) * 3600 + 55 * 60 + 45),
        ("11 days,  6:15", 11 * 86400 + 6 * 3600 + 15 * 60),
        ("0 day(s) 01:44:25", 6265),
        ("9 min", 540),
        ("never", None),
        ("", None),
    ],
)
def test_durations(text: str, expected: float | None) -> None:
    assert duration(text) == expected


def test_quantities() -> None:
    assert [rate(each) for each in ("1Gbps", "1000000 Kbit", "10 Gbit/s", "100G", "800mbps", "auto")] == [
        1e9, 1e9, 1e10, 1e11, 8e8, None]  # fmt: skip
    assert [octets(each) for each in ("40.2MiB", "512 K bytes", "1024")] == [40.2 * 2**20, 512 * 1024, 1024]
    assert [number(each) for each in ("61,999,280", "-24.68 dBm", "22%", "--")] == [61999280, -24.68, 22, None]
