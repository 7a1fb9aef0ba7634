"""The simulator as a process, asked by Debian's net-snmp over UDP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import simulator as simulator_bench
from inventory import store
from inventory.model import Inventory
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Weather
from simulator.process import FleetError, FleetProcess, Plan
from simulator.replay import RecordedView, read_recording
from tests.servers import alive, free_port, program, wait_until
from tests.simulated import net_snmp
from tests.small import small_inventory
from tests.stores import Schema, store_with

_ROOT = Path(__file__).parents[1]
_UPTIME = ".1.3.6.1.2.1.1.3.0"


@pytest.fixture(scope="module")
def fleet() -> Iterator[FleetProcess]:
    program("snmpget")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
        with FleetProcess(Plan(small_inventory(), weather=Weather(delay_s=0.0))) as process:
            yield process


def test_every_device_with_an_address_answers_from_it(fleet: FleetProcess) -> None:
    for device in small_inventory().devices.values():
        if device.primary_ip:
            (line,) = net_snmp("snmpget", device.primary_ip, fleet.port, ".1.3.6.1.2.1.1.5.0")
            assert line == f'.1.3.6.1.2.1.1.5.0 = STRING: "{device.name}"'


@pytest.mark.parametrize("version", ["1", "2c"])
def test_net_snmp_walks_it(fleet: FleetProcess, version: str) -> None:
    lines = net_snmp("snmpwalk", "127.1.1.3", fleet.port, ".1", version=version)
    assert '.1.3.6.1.2.1.31.1.1.1.1.4194312960 = STRING: "GPON 0/1/3"' in lines
    assert any(" = Counter64: " in line for line in lines) is (version == "2c")
    assert len(lines) > 100
    assert not [line for line in lines if "Error" in line or "not increasing" in line]


def test_types_are_those_of_the_mib(fleet: FleetProcess) -> None:
    base = ".1.3.6.1.2.1"
    wanted = {
        f"{base}.1.2.0": "OID",
        f"{base}.1.3.0": "Timeticks",
        f"{base}.2.2.1.5.3": "Gauge32",
        f"{base}.2.2.1.6.3": "Hex-STRING",
        f"{base}.2.2.1.8.3": "INTEGER",
        f"{base}.2.2.1.10.3": "Counter32",
        f"{base}.31.1.1.1.6.3": "Counter64",
        f"{base}.31.1.1.1.15.3": "Gauge32",
        f"{base}.31.1.1.1.18.3": "STRING",
    }
    lines = net_snmp("snmpget", "127.1.1.1", fleet.port, *wanted)
    assert {line.split(" = ")[0]: line.split(" = ")[1].split(":")[0] for line in lines} == wanted


def test_counters_move(fleet: FleetProcess) -> None:
    oid = ".1.3.6.1.2.1.31.1.1.1.6.3"

    def counted() -> int:
        (line,) = net_snmp("snmpget", "127.1.1.1", fleet.port, oid)
        return int(line.rpartition("Counter64: ")[2])

    first = counted()
    wait_until(lambda: counted() > first)


def test_a_fault_is_in_force_when_apply_returns(fleet: FleetProcess) -> None:
    number = fleet.apply(Fault(Kind.SWITCHED_OFF, Where(device="pc1")))
    assert "No Response" in net_snmp("snmpget", "127.1.3.1", fleet.port, _UPTIME)[0]
    fleet.clear(number)
    assert "Timeticks" in net_snmp("snmpget", "127.1.3.1", fleet.port, _UPTIME)[0]
    with pytest.raises(FleetError, match="no device 'nobody'"):
        fleet.apply(Fault(Kind.SWITCHED_OFF, Where(device="nobody")))


def test_it_cannot_be_reached_from_outside(fleet: FleetProcess) -> None:
    own = subprocess.run([program("hostname"), "-I"], capture_output=True, text=True, check=True).stdout.split()
    if not own:
        pytest.skip("this machine has no address but loopback")
    # Even to the machine's own outer address, over loopback, a device has no voice there.
    assert "No Response" in net_snmp("snmpget", own[0], fleet.port, _UPTIME)[0]
    held = subprocess.run(
        [program("ss"), "-ulnH", f"sport = :{fleet.port}"], capture_output=True, text=True, check=True
    ).stdout
    assert "%lo:" in held


def test_delay_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    with FleetProcess(Plan(small_inventory(), weather=Weather(delay_s=0.3))) as slow:
        took = []
        for _ in range(4):
            started = time.monotonic()
            assert "Timeticks" in net_snmp("snmpget", "127.1.1.1", slow.port, _UPTIME)[0]
            took.append(time.monotonic() - started)
    assert 0.3 <= min(took) < 0.6  # the quickest: a busy machine makes single ones longer


def test_a_missing_secret_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAHUNCH_TEST_COMMUNITY", raising=False)
    with pytest.raises(FleetError, match="env:PAHUNCH_TEST_COMMUNITY"), FleetProcess(Plan(small_inventory())):
        pass


_SCENARIO = """
name = "test"
[[fault]]
lasts = "PT1S"
kind = "fibre_cut"
where = {link = "olt1:0/1/3"}
[[fault]]
at = "PT1.2S"
kind = "power_cut"
where = {site = "gp2"}
with = {battery_minutes = 0.01}
"""


@pytest.fixture
def stored(tmp_path: Path, small: Inventory) -> dict[str, str]:
    """The environment of a command whose store holds the small inventory."""
    from datetime import UTC, datetime

    engine = store_with(Schema.MIGRATED, tmp_path / "pahunch.db")
    store.apply(engine, small, datetime.now(UTC))
    engine.dispose()
    return os.environ | {
        "PAHUNCH_STORAGE__URL": str(engine.url),
        "PAHUNCH_TEST_COMMUNITY": "public",
        "PYTHONPATH": str(_ROOT),
    }


def _simulate(environment: dict[str, str], *argv: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from simulator.cli import app; app()", *map(str, argv)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def _await_ready(process: subprocess.Popen[str]) -> None:
    assert process.stderr
    assert "answering on UDP port" in process.stderr.readline()


def test_the_command_plays_a_scenario_and_logs_the_truth(stored: dict[str, str], tmp_path: Path) -> None:
    scenario, told, port = tmp_path / "s.toml", tmp_path / "truth.jsonl", free_port(socket.SOCK_DGRAM)
    scenario.write_text(_SCENARIO)
    process = _simulate(stored, "scenario", scenario, "--truth", told, "--port", str(port), "--delay", "0")
    _await_ready(process)
    wait_until(lambda: "No Response" in net_snmp("snmpget", "127.1.2.2", port, _UPTIME)[0])
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    rows = [json.loads(line) for line in told.read_text().splitlines()]
    roots = [(row["subject"], row["status"], row["cause"], row["to"] is None) for row in rows if row["root"]]
    assert roots == [
        ("olt1:0/1/3", "down", "fibre", False),
        ("gp2", "degraded", "power", False),
        ("gp2", "down", "power", True),
    ]


def test_a_wrong_scenario_is_wrong_use(stored: dict[str, str], tmp_path: Path) -> None:
    scenario = tmp_path / "s.toml"
    scenario.write_text(_SCENARIO.replace("lasts", "last"))
    process = _simulate(stored, "fleet", "--scenario", scenario)
    assert process.wait(60) == 2
    assert process.stderr
    assert f"{scenario}: fault[1].last: unknown key" in process.stderr.read()


def test_the_command_serves_the_endpoints_where_told(stored: dict[str, str]) -> None:
    port, portals = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    process = _simulate(stored, "fleet", "--port", str(port), "--portals-port", str(portals))
    assert process.stderr
    assert f"http://127.0.0.1:{portals}/" in process.stderr.readline()
    with socket.create_connection(("127.0.0.1", portals), timeout=10) as asking:
        asking.sendall(b"GET /none HTTP/1.1\r\n\r\n")
        assert asking.recv(12) == b"HTTP/1.1 404"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0


def test_a_taken_port_is_told(stored: dict[str, str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        process = _simulate(stored, "fleet", "--port", str(taken.getsockname()[1]))
        assert process.wait(60) == 2


def test_it_ends_with_its_parent(stored: dict[str, str]) -> None:
    port = free_port(socket.SOCK_DGRAM)
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'from simulator.cli import app; app()', 'fleet',"
        f" '--port', '{port}', '--delay', '0', '--stop-with-parent'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=stored, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    wait_until(lambda: "Timeticks" in net_snmp("snmpget", "127.1.1.1", port, _UPTIME)[0])
    parent.kill()
    parent.wait()
    wait_until(lambda: not alive(child))


def test_a_fleet_process_ends_when_its_user_is_killed() -> None:
    code = (
        "import os, time\n"
        "os.environ['PAHUNCH_TEST_COMMUNITY'] = 'public'\n"
        "from simulator.process import FleetProcess, Plan\n"
        "from tests.small import small_inventory\n"
        "if __name__ == '__main__':\n"
        "    with FleetProcess(Plan(small_inventory())) as fleet:\n"
        "        print(fleet.pid, flush=True)\n"
        "        time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(_ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.wait()
    wait_until(lambda: not alive(child))


# Recordings


@pytest.fixture(scope="module")
def replayed(recordings: Path) -> Iterator[int]:
    port = free_port(socket.SOCK_DGRAM)
    process = _simulate(os.environ | {"PYTHONPATH": str(_ROOT)}, "replay", recordings / "snmp", "--port", str(port))
    _await_ready(process)
    yield port
    process.terminate()
    assert process.wait(60) == 0


def test_every_recording_walks_back_whole(replayed: int, recordings: Path) -> None:
    files = sorted((recordings / "snmp").glob("*.snmprec"))
    assert len(files) == 68
    for file in files:
        lines = net_snmp("snmpbulkwalk", "127.0.0.1", replayed, ".1", community=file.stem)
        walked = [line.split(" = ")[0] for line in lines if line.startswith(".1") and " = " in line]
        expected = [f".{line.split('|')[0]}" for line in file.read_text(encoding="latin-1").splitlines()]
        assert walked == expected, file.stem


_SHOWN = {"2": "INTEGER", "65": "Counter32", "66": "Gauge32", "67": "Timeticks", "70": "Counter64", "64": "IpAddress"}


@pytest.mark.parametrize("name", ["mikrotik-rb750gr3", "huawei-smartax-ma5603t", "windows-xp", "upsmib-huawei-ups2000"])
def test_values_are_the_recordings(replayed: int, recordings: Path, name: str) -> None:
    recorded = {}
    for line in (recordings / "snmp" / f"{name}.snmprec").read_text(encoding="latin-1").splitlines():
        oid, tag, value = line.split("|", 2)
        if tag in _SHOWN:
            recorded[f".{oid}"] = f"{_SHOWN[tag]}: {value}"
    shown = {}
    for line in net_snmp("snmpbulkwalk", "127.0.0.1", replayed, "-Ot", ".1", community=name):
        oid, _, value = line.partition(" = ")
        shown[oid] = f"Timeticks: {value}" if value.isdigit() else value
    assert {oid: shown[oid] for oid in recorded} == recorded


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.snmprec"
    file.write_text("1.3.6.1.2.1.1.1.0|4|fine\n1.3.6.1.2.1.1.3.0|99|5\n")
    with pytest.raises(ValueError, match=r"bad\.snmprec:2: tag '99' is none of snmpsim's"):
        read_recording(file)


def test_forms_of_values(tmp_path: Path) -> None:
    file = tmp_path / "forms.snmprec"
    rows = [
        "4|a|b:c",
        "4x|00ff",
        "4e|\\x01A\\n",
        "64|10.0.0.051",
        "64x|0a000001",
        "65:numeric|cumulative=1,initial=9",
        "5|",
    ]
    file.write_text("\n".join(f"1.3.{place}|{row}" for place, row in enumerate(rows)))
    view: RecordedView = read_recording(file)
    found = [view.get((1, 3, place)) for place in range(len(rows))]
    assert found == [
        b"\x04\x05a|b:c",
        b"\x04\x02\x00\xff",
        b"\x04\x03\x01A\n",
        b"\x40\x04\x0a\x00\x00\x33",
        b"\x40\x04\x0a\x00\x00\x01",
        b"\x41\x01\x09",
        b"\x05\x00",
    ]


def test_the_benchmark_measures() -> None:
    measured = simulator_bench.run(quick=True)
    assert measured["answers"] >= 10_000 * 0.99
    assert measured["answers_per_cpu_s"] > 0
