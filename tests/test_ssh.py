"""Reading over SSH: a real sshd, its host key, and what Linux commands print."""

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from collectors.asked import Asked
from collectors.catalogue import load_profiles, load_vendors
from collectors.cli import probe
from collectors.model import Failure, PollResult, Reason
from collectors.probes import PROBES, Tools
from collectors.reading.linux import COMMANDS, links, linux, peripherals, printer, ups
from collectors.reading.model import Interface, Peripheral, Printer, Reading, Ups
from collectors.snmp.open import open_backend
from collectors.ssh.platform import load_platforms
from collectors.ssh.read import read_over_ssh
from collectors.ssh.talk import SshTarget
from inventory.model import Credential
from storage.settings import CollectSettings, Settings
from tests.servers import free_port
from tests.sshd import Sshd, known_hosts, new_key, sshd

LINUX = load_platforms()["linux"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def target(server: Sshd) -> SshTarget:
    return SshTarget("127.0.0.1", server.user, server.key, server.known_hosts, server.port, silence_s=30, deadline_s=60)


def reason(read: Reading | Failure) -> Reason:
    assert isinstance(read, Failure), read
    return read.reason


@pytest.mark.server
async def test_a_first_read_equals_what_the_machine_says_here(server: Sshd, pool: ThreadPoolExecutor) -> None:
    read = await read_over_ssh(target(server), LINUX, pool)
    assert isinstance(read, Reading), read
    here = os.uname()
    assert (read.os, read.os_version) == (here.sysname, here.release)
    assert read.system is not None
    assert read.system.name == here.nodename
    uptime = float(Path("/proc/uptime").read_text().split()[0])  # noqa: ASYNC240 - a line of the kernel's
    assert read.system.uptime_s == pytest.approx(uptime, abs=60)
    assert read.interfaces is not None
    assert {(row.index, row.name) for row in read.interfaces} == set(socket.if_nameindex())
    loopback = next(row for row in read.interfaces if row.name == "lo")
    octets = int(Path("/sys/class/net/lo/statistics/rx_bytes").read_text())  # noqa: ASYNC240
    assert loopback.in_octets is not None
    assert 0 < loopback.in_octets <= octets


@pytest.mark.server
@pytest.mark.parametrize("known", ["changed", "unknown", "missing file"])
async def test_no_credential_goes_to_a_host_with_a_wrong_key(
    server: Sshd, pool: ThreadPoolExecutor, tmp_path: Path, known: str
) -> None:
    other = tmp_path / "known_hosts"
    if known == "changed":
        known_hosts(other, server.port, new_key(tmp_path / "imposter"))
    elif known == "unknown":
        known_hosts(other, server.port + 1, server.known_hosts.parent / "host")
    before = server.log.read_text()
    read = await read_over_ssh(replace(target(server), known_hosts=other), LINUX, pool)
    assert reason(read) is (Reason.HOST_KEY_CHANGED if known == "changed" else Reason.HOST_KEY)
    assert isinstance(read, Failure)
    assert read.permanent
    said = server.log.read_text()[len(before) :]
    assert "Connection from" in said
    assert "Accepted" not in said
    assert "publickey" not in said  # it was not even offered


@pytest.mark.server
async def test_a_key_that_is_not_let_in(server: Sshd, pool: ThreadPoolExecutor) -> None:
    read = await read_over_ssh(replace(target(server), key_file=server.other_key), LINUX, pool)
    assert reason(read) is Reason.AUTHENTICATION


async def test_a_key_file_that_is_none(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    (tmp_path / "key").write_text("no key")
    for name in ("key", "missing"):
        asked = SshTarget("127.0.0.1", "u", tmp_path / name, tmp_path / "known", free_port())
        assert reason(await read_over_ssh(asked, LINUX, pool)) is Reason.SECRET


@pytest.mark.server
async def test_nobody_listens(server: Sshd, pool: ThreadPoolExecutor) -> None:
    assert reason(await read_over_ssh(replace(target(server), port=free_port()), LINUX, pool)) is Reason.REFUSED


@pytest.mark.server
@pytest.mark.parametrize("says", [b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 100_000])
async def test_something_else_listens(server: Sshd, pool: ThreadPoolExecutor, says: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with listening.accept()[0] as peer:
                try:
                    peer.sendall(says)
                    peer.settimeout(5)
                    while peer.recv(4096):
                        pass
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        asked = replace(target(server), port=listening.getsockname()[1], timeout_s=0.5)
        read = await read_over_ssh(asked, LINUX, pool)
        thread.join(10)
    assert reason(read) in {Reason.PROTOCOL, Reason.DEADLINE, Reason.TIMEOUT}


@pytest.mark.server
async def test_a_session_ends_at_its_deadline(server: Sshd, pool: ThreadPoolExecutor) -> None:
    assert reason(await read_over_ssh(replace(target(server), deadline_s=0.01), LINUX, pool)) is Reason.DEADLINE


@pytest.mark.server
async def test_output_is_bounded(server: Sshd, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.ssh.session.MOST_OCTETS", 200)
    assert reason(await read_over_ssh(target(server), LINUX, pool)) is Reason.DEADLINE


def tools(server: Sshd, pool: ThreadPoolExecutor) -> Tools:
    settings = Settings(collect=CollectSettings(known_hosts=server.known_hosts))
    return Tools(settings, open_backend("gufo"), load_profiles(), load_vendors(), pool)


@pytest.mark.server
async def test_the_probe_gives_samples_and_facts(server: Sshd, pool: ThreadPoolExecutor) -> None:
    credential = Credential("c", "ssh", user=server.user, key_file=str(server.key))
    result = await PROBES["ssh"](Asked("pc1", "127.0.0.1", server.port, credential), tools(server, pool))
    assert isinstance(result, PollResult)
    assert (result.device, result.reached, result.failure) == ("pc1", True, None)
    assert result.samples["ifAdminStatus"]["lo"] == 1
    assert result.samples["ifHCInOctets"]["lo"] > 0
    assert result.samples["sysUpTime"][""] > 0
    assert result.facts is not None
    assert result.facts.os == "Linux"


@pytest.mark.server
@pytest.mark.parametrize("kind", ["snmp", "ssh"])
async def test_a_probe_without_a_credential_is_a_failure(server: Sshd, pool: ThreadPoolExecutor, kind: str) -> None:
    result = await PROBES[kind](Asked("pc1", "127.0.0.1", server.port, None), tools(server, pool))
    assert (result.reached, result.failure and result.failure.reason) == (False, Reason.SECRET)


@pytest.mark.server
def test_the_command(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_COLLECT__KNOWN_HOSTS", str(server.known_hosts))
    app = typer.Typer()
    app.command()(probe)
    how = ["--ssh-user", server.user, "--ssh-key", str(server.key), "--ssh-platform", "linux", "--json"]
    result = CliRunner().invoke(app, [f"127.0.0.1:{server.port}", *how])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["reached"], told["os"]) == (True, "Linux")
    assert told["interfaces"][0]["name"] == "lo"


TEXT = """1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    RX:  bytes packets errors dropped  missed   mcast
        844726    9361      0       0       0       0
    TX:  bytes packets errors dropped carrier collsns
        844726    9361      0       0       0       0
7: eth0@if8: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN mode DEFAULT group default
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff
    RX: bytes  packets  errors  dropped overrun mcast
    10         1        2       3       0       0
    TX: bytes  packets  errors  dropped carrier collsns
    20         1        4       5       0       0
"""


def test_links_as_text() -> None:
    assert list(links(TEXT)) == [
        Interface(index=1, name="lo", admin="up", oper="unknown", in_octets=844726, out_octets=844726,
                  in_errors=0, out_errors=0, in_discards=0, out_discards=0),
        Interface(index=7, name="eth0", admin="down", oper="down", in_octets=10, out_octets=20,
                  in_errors=2, out_errors=4, in_discards=3, out_discards=5),
    ]  # fmt: skip


def test_links_as_json() -> None:
    counters = {"rx": {"bytes": 10, "errors": 2, "dropped": 3}, "tx": {"bytes": 2**40, "errors": 4, "dropped": 5}}
    rows = [{"ifindex": 7, "ifname": "eth0", "flags": ["UP"], "operstate": "UP", "stats64": counters}]
    assert list(links(json.dumps(rows))) == [
        Interface(index=7, name="eth0", admin="up", oper="up", in_octets=10, out_octets=2**40,
                  in_errors=2, out_errors=4, in_discards=3, out_discards=5)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "output",
    [
        "",
        "[",
        "[1, null, {}]",
        '[{"ifindex": "x", "ifname": 5}]',
        "sh: ip: not found",
        "1: lo: <UP>",
        "{}",
        '[{"ifindex": 1, "ifname": "a", "flags": 5, "operstate": [], "stats64": [1]}]',
        '[{"ifindex": 1, "ifname": "a", "stats64": {"rx": 7, "tx": {"bytes": "9"}}}]',
    ],
)
def test_strange_output_gives_no_figures(output: str) -> None:
    assert all(row.in_octets is None for row in links(output))


def test_busybox_as_recorded(recordings: Path) -> None:
    """`ip link show` without -s: names and states, no figures."""
    recorded = (recordings / "cli/linux/ip_link_show/busybox_ip_link_show.raw").read_text()
    found = list(links(recorded))
    assert found
    assert all(row.name and row.admin and row.in_octets is None for row in found)


def test_usb() -> None:
    output = (
        "Bus 001 Device 004: ID 2c0f:1205 Mantra MFS100 Biometric Fingerprint Reader\n"
        "Bus 001 Device 001: ID 1d6b:0002 \nsomething else\n"
    )
    assert list(peripherals(output)) == [
        Peripheral(bus="usb", id="2c0f:1205", name="Mantra MFS100 Biometric Fingerprint Reader"),
        Peripheral(bus="usb", id="1d6b:0002", name=""),
    ]


UPSC = """battery.charge: 87
battery.runtime: 1320
battery.voltage: 13.60
device.mfr: American Power Conversion
input.voltage: 228.0
ups.load: 23
ups.status: OB DISCHRG
"""


def test_a_ups_on_usb() -> None:
    expected = Ups(on_battery=True, charge_percent=87, runtime_s=1320, load_percent=23, input_voltage=228.0)
    assert ups(UPSC) == expected
    assert ups("ups.status: OL CHRG") == Ups(on_battery=False)
    for nothing in ("", "Error: Data stale", "ups.status: ", "battery.charge: NaN", "upsc: not found"):
        assert ups(nothing) is None


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ("printer HP_LaserJet is idle.  enabled since Sat 21 Nov 2026 10:00:00 AM IST\n", "idle"),
        ("printer HP now printing HP-17.  enabled since Sat 21 Nov 2026\n", "printing"),
        ("printer HP disabled since Sat 21 Nov 2026 -\n\tPaper jam\n", "other"),
        ("printer A disabled since today -\n\tgone\nprinter B is idle.  enabled since today\n", "idle"),
    ],
)
def test_a_printer_on_usb(output: str, status: str) -> None:
    assert printer(output) == Printer(status=status)


def test_no_printer() -> None:
    for nothing in ("", "lpstat: No destinations added.\n", "sh: lpstat: not found\n"):
        assert printer(nothing) is None


def test_a_machine_without_the_programs(tmp_path: Path) -> None:
    """As BusyBox has it: no lsusb, lpstat and upsc. What the shell then prints is no peripheral."""
    for name in ("cat", "head", "echo", "sh"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    done = {
        name: subprocess.run(
            [tmp_path / "sh", "-c", command], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )
        for name, command in COMMANDS.items()
        if name in {"usb", "queues", "ups"}
    }
    read = linux("a", {name: one.stdout + one.stderr for name, one in done.items()})
    assert (read.ups, read.printer) == (None, None)
    there = {path.parent.name for path in Path("/sys/bus/usb/devices").glob("*/idVendor")}
    assert len(read.peripherals or ()) == len(there)


def test_nothing_printed_is_a_reading_without_facts() -> None:
    read = linux("127.0.0.1:22", {})
    assert read == Reading(address="127.0.0.1:22", reached=True, system=read.system)
    assert linux("a", {"uptime": "soon", "uname": "\x1b[31mLinux"}).system is not None
