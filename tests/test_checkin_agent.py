"""The agent on a kendra's PC, run as it runs there: its queue, its clocks, its signature, and what it reads of a PC."""

import ast
import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from collectors.checkin import pahunch_checkin as agent
from collectors.checkin.message import Heartbeat, dated
from collectors.checkin.pahunch_checkin import Agent, Moment, Queue
from collectors.checkin.receive import Receiver
from collectors.checkin.tables import checkin_agent, checkin_heartbeat
from storage.settings import CheckinSettings
from tests.checkins import KEY, Clock, checking_in, config, kendra, received
from tests.servers import free_port, wait_until
from tests.stores import Schema, store_with
from tests.webserver import authority, page, web

FILE = Path(agent.__file__)
T = 1_800_000_000.0
OLDEST = sorted(Path.home().glob(".pyenv/versions/3.8.*/bin/python"))[:1]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    engine = store_with(Schema.TABLES, tmp_path / "store.db")
    yield engine
    engine.dispose()


def run(file: Path, *arguments: str, python: str = sys.executable, octets: str = "unlimited") -> tuple[int, str]:
    """Exit code and standard error of one run; no file may become larger than `octets` (in KiB)."""
    script = f'ulimit -f {octets}; exec "$@"'
    argv = ["bash", "-c", script, "bash", python, str(FILE), "--config", str(file), "--once", *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def stored(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(checkin_heartbeat).order_by(checkin_heartbeat.c.id)))


def times(engine: Engine) -> list[float]:
    return [round(row.at.timestamp() - T) for row in stored(engine)]


def queued(folder: Path) -> int:
    with sqlite3.connect(folder / "queue.db") as queue:
        return int(queue.execute("SELECT count(*) FROM heartbeat").fetchone()[0])


@pytest.mark.parametrize("python", [sys.executable, *map(str, OLDEST)])
async def test_a_run_tells_what_it_is_told_to_look_at(store: Engine, tmp_path: Path, python: str) -> None:
    async with web({"/": page(200, b"Welcome")}) as portal:
        inventory = checking_in(tmp_path, url=f"http://127.0.0.1:{portal.port}/")
        with kendra(store, inventory) as served:
            file = config(tmp_path, served.url)
            for _ in range(2):
                assert await asyncio.to_thread(run, file, python=python) == (0, "")
    first, second = (json.loads(row.body) for row in stored(store))
    assert first["looks"] == []  # it did not know of any yet
    (look,) = second["looks"]
    assert (look["code"], look["failure"], look["status"]) == ("portal", None, 200)
    steps = [look[name] for name in ("name_s", "connect_s", "first_byte_s")]
    assert all(step >= 0 for step in steps)
    assert sum(steps) <= look["total_s"] + 0.001
    assert queued(tmp_path) == 0


def test_what_a_line_held_back_comes_later_with_its_own_times(store: Engine, tmp_path: Path) -> None:
    port = free_port()
    file = config(tmp_path, f"http://127.0.0.1:{port}")
    for _ in range(3):
        code, said = run(file)
        assert code == 1
        assert "not delivered" in said
    assert queued(tmp_path) == 3
    with kendra(store, checking_in(tmp_path), port=port):
        assert run(file)[0] == 0
    assert queued(tmp_path) == 0
    rows = stored(store)
    assert len(rows) == 4
    assert [row.at for row in rows] == sorted({row.at for row in rows})
    assert all(row.received_at >= row.at for row in rows)
    assert (rows[3].at - rows[0].at).total_seconds() > 0.2  # each run takes longer than that


def test_killed_at_any_moment_it_loses_nothing_and_tells_nothing_twice(store: Engine, tmp_path: Path) -> None:
    port = free_port()
    file = config(tmp_path, f"http://127.0.0.1:{port}", interval_s=0.05)
    argv = [sys.executable, str(FILE), "--config", str(file)]
    for more in (1, 4, 9):
        with _killed_afterwards(argv):
            wait_until(partial(_has, tmp_path, more), every=0.01, saying="heartbeats are queued")
    waiting = queued(tmp_path)
    assert waiting >= 9
    with kendra(store, checking_in(tmp_path), port=port):
        with _killed_afterwards(argv):
            wait_until(lambda: len(stored(store)) >= waiting, every=0.02, saying="heartbeats arrive")
        assert run(file)[0] == 0
        with store.connect() as connection:
            known = connection.execute(select(checkin_agent)).one()
    rows = stored(store)
    # Numbers grow by one: as many arrived as the newest says, whatever was sent twice.
    assert len(rows) == known.number
    assert len({row.at for row in rows}) == len(rows)
    assert known.refused == known.dropped == 0


@contextmanager
def _killed_afterwards(argv: list[str]) -> Iterator[None]:
    """A process until the end of the block, which it doesn't see coming."""
    process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(30)


def _has(folder: Path, count: int) -> bool:
    try:
        return queued(folder) >= count
    except sqlite3.OperationalError:
        return False


def test_with_a_wrong_key_nothing_is_taken_and_nothing_lost(store: Engine, tmp_path: Path) -> None:
    with kendra(store, checking_in(tmp_path)) as served:
        code, said = run(config(tmp_path, served.url, key="f" * 64))
        assert code == 1
        assert "status 401" in said
        assert KEY not in said
        assert queued(tmp_path) == 1
        assert stored(store) == []
        assert run(config(tmp_path, served.url))[0] == 0
    assert len(stored(store)) == 2


def test_a_heartbeat_that_nobody_can_read_holds_up_no_other(store: Engine, tmp_path: Path) -> None:
    with kendra(store, checking_in(tmp_path)) as served:
        file = config(tmp_path, "http://127.0.0.1:1")
        for _ in range(3):
            run(file)
        with sqlite3.connect(tmp_path / "queue.db") as queue:  # half a letter, as PowerShell may name a device
            half = json.dumps([{"kind": "ups", "id": "x", "name": "\ud800"}])
            queue.execute(
                "UPDATE heartbeat SET body = replace(body, '\"looks\": []', '\"looks\": ' || ?) WHERE n = 2", (half,)
            )
        run(config(tmp_path, served.url))
        assert queued(tmp_path) == 0
    assert len(stored(store)) == 3
    with store.connect() as connection:
        assert connection.execute(select(checkin_agent.c.dropped)).scalar_one() == 1


def test_the_certificate_is_checked_before_anything_is_sent(store: Engine, tmp_path: Path) -> None:
    trusted = authority(tmp_path)
    trusted.serving("127.0.0.1", timedelta(days=1))
    settings = CheckinSettings(certificate=str(tmp_path / "127.0.0.1.pem"))
    with received(Receiver(store, checking_in(tmp_path)), settings=settings) as served:
        code, said = run(config(tmp_path, served.url))
        assert code == 1
        assert "CERTIFICATE_VERIFY_FAILED" in said
        assert stored(store) == []
        assert run(config(tmp_path, served.url, ca_file=str(trusted.file))) == (0, "")
    assert len(stored(store)) == 2


def test_a_disk_that_takes_nothing_does_not_silence_the_kendra(store: Engine, tmp_path: Path) -> None:
    with kendra(store, checking_in(tmp_path)) as served:
        file = config(tmp_path, served.url)
        code, said = run(file, octets="0")
        assert (code, "disk" in said) == (0, True)
        assert len(stored(store)) == 1
        assert run(file) == (0, "")  # there is room again
        code, said = run(file, octets="1")
        assert code == 0
        assert run(file)[0] == 0
    assert len(stored(store)) == 4


def test_a_damaged_queue_is_put_aside(store: Engine, tmp_path: Path) -> None:
    (tmp_path / "queue.db").write_bytes(b"not a database at all" * 100)
    with kendra(store, checking_in(tmp_path)) as served:
        code, said = run(config(tmp_path, served.url))
    assert (code, "begun anew" in said) == (0, True)
    assert (tmp_path / "queue.damaged").is_file()
    assert len(stored(store)) == 1


ROTTEN = {
    "flipped": "UPDATE heartbeat SET body = replace(body, '{\"at', 'y\"at') WHERE n = 2",
    "list": "UPDATE heartbeat SET body = '[]' WHERE n = 2",
    "no text": "UPDATE heartbeat SET body = CAST(x'ff7b' AS TEXT) WHERE n = 2",
    "no clock": "UPDATE heartbeat SET clock = NULL WHERE n = 2",
    "no start": "UPDATE heartbeat SET start = NULL WHERE n = 2",
}
REMEMBERED = {
    "half": "UPDATE kept SET value = substr(value, 2)",
    "numbers": "UPDATE kept SET value = '7'",
    "lists": "UPDATE kept SET value = '[\"a\", null]'",
    "objects": "UPDATE kept SET value = '{}'",
}


@pytest.mark.parametrize("damage", ROTTEN.values(), ids=list(ROTTEN))
def test_a_queued_heartbeat_that_rots_silences_no_kendra(store: Engine, tmp_path: Path, damage: str) -> None:
    with kendra(store, checking_in(tmp_path)) as served:
        beating = _with_queue(tmp_path, served.url, damage)
        beating.beat()
        assert beating.deliver()
        assert queued(tmp_path) == 0
    with store.connect() as connection:
        assert connection.execute(select(checkin_agent.c.dropped)).scalar_one() == 1
    assert len(stored(store)) == 3  # the two good ones of before, and now's


@pytest.mark.parametrize("damage", REMEMBERED.values(), ids=list(REMEMBERED))
def test_what_it_remembered_may_rot(store: Engine, tmp_path: Path, damage: str) -> None:
    with kendra(store, checking_in(tmp_path)) as served:
        beating = _with_queue(tmp_path, served.url, damage)
        beating.beat()
        assert beating.deliver()
    assert len(stored(store)) == 4


def _with_queue(folder: Path, url: str, damage: str) -> Agent:
    """An agent that finds three heartbeats in its queue, after the `damage`."""
    settings = agent.read_config(config(folder, url))
    before = Agent(settings)
    for _ in range(3):
        before.beat()
    with sqlite3.connect(folder / "queue.db") as queue:
        queue.execute(damage)
    return Agent(settings)


@pytest.mark.parametrize("rotten", [1 << 53, 1 << 57, (1 << 40) + 1])
def test_a_number_that_rots_locks_no_kendra_out(store: Engine, tmp_path: Path, rotten: int) -> None:
    with kendra(store, checking_in(tmp_path)) as served:
        beating = Agent(agent.read_config(config(tmp_path, served.url)))
        beating.beat()
        assert beating.deliver()
        with sqlite3.connect(tmp_path / "queue.db") as queue:
            queue.execute("UPDATE kept SET value = ? WHERE name = 'sequence'", (str(rotten),))
        again = Agent(agent.read_config(config(tmp_path, served.url)))
        again.beat()
        assert again.deliver()
    with store.connect() as connection:
        assert connection.execute(select(checkin_agent.c.sequence)).scalar_one() < 10


def test_a_damaged_lock_is_no_other_agent(store: Engine, tmp_path: Path) -> None:
    (tmp_path / "lock.db").write_bytes(b"not a database at all" * 100)
    with kendra(store, checking_in(tmp_path)) as served:
        assert run(config(tmp_path, served.url))[0] == 0
    assert len(stored(store)) == 1


def test_two_agents_do_not_share_a_queue(tmp_path: Path) -> None:
    file = config(tmp_path, f"http://127.0.0.1:{free_port()}")
    with _killed_afterwards([sys.executable, str(FILE), "--config", str(file)]):
        wait_until(lambda: _has(tmp_path, 1), every=0.02)
        code, said = run(file)
    assert (code, "another agent" in said) == (0, True)
    assert queued(tmp_path) == 1


@pytest.mark.parametrize("server", ["http://checkin.example", "ftp://127.0.0.1.example", "checkin.example"])
def test_a_key_is_used_over_https_only(tmp_path: Path, server: str) -> None:
    code, said = run(config(tmp_path, server))
    assert (code, "https://" in said) == (2, True)


def test_the_queue_is_bounded_and_counts_what_it_drops(tmp_path: Path) -> None:
    queue = Queue(str(tmp_path / "queue.db"), 5)
    for n in range(8):
        queue.add("start", float(n), {"at": n})
    assert [row[3]["at"] for row in queue.oldest(100)] == [3, 4, 5, 6, 7]
    assert queue.kept("dropped") == 3
    queue.delivered(6)
    queue.close()
    again = Queue(str(tmp_path / "queue.db"), 5)
    assert [row[0] for row in again.oldest(1)] == [7]
    assert again.kept("dropped") == 3


def test_it_is_written_for_python_3_8() -> None:
    ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 8))


# Clocks


class Machine:
    """A PC whose clocks a test turns, and the server that hears it; `passed` is the true time."""

    def __init__(self, folder: Path, url: str, server: Clock) -> None:
        self.agent = Agent(agent.read_config(config(folder, url)), self.moment)
        self.server = server
        self.boot, self.since, self.wrong_s = "boot-1", server.now - 1000, 0.0

    def moment(self) -> Moment:
        return Moment(self.boot, self.server.now - self.since, self.server.now + self.wrong_s)

    def restart(self, after_s: float) -> None:
        self.server.now += after_s
        self.boot, self.since = self.boot + "+", self.server.now - 30

    def beat(self, after_s: float) -> None:
        self.server.now += after_s
        self.agent.beat()


@pytest.mark.parametrize("wrong_s", [0.0, 5 * 3600.0, -9 * 3600.0])
def test_a_wrong_clock_changes_no_time(store: Engine, tmp_path: Path, wrong_s: float) -> None:
    clock = Clock(T)
    with kendra(store, checking_in(tmp_path), clock) as served:
        machine = Machine(tmp_path, served.url, clock)
        machine.wrong_s = wrong_s
        for _ in range(3):
            machine.beat(300)
        assert machine.agent.deliver()
        machine.beat(300)
        machine.wrong_s = 0.0  # somebody sets it
        machine.beat(300)
        assert machine.agent.deliver()
    assert times(store) == [300, 600, 900, 1200, 1500]


def test_over_a_restart_the_servers_time_holds(store: Engine, tmp_path: Path) -> None:
    clock = Clock(T)
    with kendra(store, checking_in(tmp_path), clock) as served:
        machine = Machine(tmp_path, served.url, clock)
        machine.wrong_s = 5 * 3600.0
        machine.beat(300)
        assert machine.agent.deliver()
        machine.beat(300)  # the line is down from here on
        machine.restart(after_s=7200)
        machine.wrong_s = -1e9  # the clock's battery is empty
        machine.beat(60)
        machine.beat(300)
        assert machine.agent.deliver()
    assert times(store) == [300, 600, 7860, 8160]


def test_without_any_trustworthy_clock_nothing_is_claimed(store: Engine, tmp_path: Path) -> None:
    clock = Clock(T)
    with kendra(store, checking_in(tmp_path), clock) as served:
        machine = Machine(tmp_path, served.url, clock)
        machine.wrong_s = -1e9
        machine.beat(300)
        machine.restart(after_s=7200)
        machine.beat(60)
        assert machine.agent.deliver()
        with store.connect() as connection:
            known = connection.execute(select(checkin_agent)).one()
    assert times(store) == [7560]
    assert known.refused == 1
    assert round(known.clock_error_s) == -1e9


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        (Moment("a", 100, 5000), Moment("a", 400, 5300), True),
        (Moment("a", 100, 5000), Moment("a", 400, 9), True),  # the wall clock was set
        (Moment("a", 100, 5000), Moment("b", 400, 5300), False),
        (Moment("a", 100, 5000), Moment("a", 90, 5300), False),
        (Moment("", 100, 5000), Moment("", 400, 5300), True),
        (Moment("", 100, 5000), Moment("", 400, 99_000), False),  # restarted, or set: nobody can tell
        (Moment("", 100, 5000), Moment("", 40, 5040), False),
    ],
)
def test_starts_of_a_machine_are_told_apart(before: Moment, now: Moment, same: bool) -> None:
    assert agent.continues(before, now) is same


ages = st.one_of(st.none(), st.floats(0, 90 * 86_400))
beats = st.lists(
    st.builds(
        Heartbeat, n=st.just(1), at=st.floats(0, 2 * T), by=st.sampled_from(["wall", "server"]), age_s=ages
    ),
    max_size=8,
)  # fmt: skip


@given(beats, st.floats(-1e9, 1e9), st.one_of(st.none(), st.floats(T - 1e6, T)))
def test_times_grow_and_never_lie_ahead(some: list[Heartbeat], error_s: float, after: float | None) -> None:
    found = [at for at in dated(some, T, error_s, after) if at is not None]
    assert found == sorted(found)
    assert all(at <= T + 0.001 * len(some) for at in found)
    assert after is None or all(at > after for at in found)


# What it reads of a PC: recorded outputs


WINDOWS = json.dumps(
    [
        {"Class": "Printer", "FriendlyName": "Microsoft Print to PDF", "InstanceId": r"SWD\PRINTENUM\{A1}", "Status": "OK"},
        {"Class": "Printer", "FriendlyName": "HP LaserJet M1005", "InstanceId": r"USBPRINT\HEWLETT-PACKARDHP_LA3F1C\7&1B&0&USB001", "Status": "OK"},
        {"Class": "USB", "FriendlyName": "USB Printing Support", "InstanceId": r"USB\VID_03F0&PID_3B17&MI_01\6&2D&0&0001", "Status": "OK"},
        {"Class": "Biometric", "FriendlyName": "Mantra MFS100", "InstanceId": r"USB\VID_2C0F&PID_1005\5&3A", "Status": "OK"},
        {"Class": "Ports", "FriendlyName": "Morpho MSO1300 (COM5)", "InstanceId": r"USB\VID_225D&PID_000A\1234", "Status": "OK"},
        {"Class": "Camera", "FriendlyName": "HD WebCam", "InstanceId": r"USB\VID_0C45&PID_6366&MI_00\7&9", "Status": "OK"},
        {"Class": "Image", "FriendlyName": "CanoScan LiDE 120", "InstanceId": r"USB\VID_04A9&PID_190E\K1", "Status": "OK"},
        {"Class": "Battery", "FriendlyName": "American Power Conversion USB UPS", "InstanceId": r"HID\VID_051D&PID_0002\8&1", "Status": "OK"},
        {"Class": "Biometric", "FriendlyName": "gone", "InstanceId": r"USB\VID_225D&PID_000B\9", "Status": "Unknown"},
        {"Class": "Mouse", "FriendlyName": None, "InstanceId": r"HID\VID_046D&PID_C077\8&2", "Status": "OK"},
        {"Class": None, "FriendlyName": "<script>", "InstanceId": None, "Status": None},
        "nonsense",
    ]
)  # fmt: skip


def kinds(found: list[dict[str, Any]] | None) -> set[tuple[str, str]]:
    return {(each["kind"], each["id"]) for each in found or ()}


def test_windows_devices_by_powershell() -> None:
    assert kinds(agent.pnp_of_json(WINDOWS)) == {
        ("printer", "usbprint:HEWLETT-PACKARDHP_LA3F1C"),
        ("printer", "usb:03f0:3b17"),
        ("fingerprint", "usb:2c0f:1005"),
        ("fingerprint", "usb:225d:000a"),
        ("camera", "usb:0c45:6366"),
        ("scanner", "usb:04a9:190e"),
        ("ups", "usb:051d:0002"),
    }
    single = json.dumps(json.loads(WINDOWS)[3])  # ConvertTo-Json of one is no list
    assert kinds(agent.pnp_of_json(single)) == {("fingerprint", "usb:2c0f:1005")}
    assert agent.pnp_of_json("") == []
    with pytest.raises(ValueError, match="Expecting"):
        agent.pnp_of_json("Get-PnpDevice : The term is not recognized")


def test_windows_devices_by_wmic() -> None:
    told = (
        "\r\r\nNode,DeviceID,Name,Status\r\r\n"
        "KENDRA1,USB\\VID_1162&amp;PID_0320\\5,Broken,OK\r\r\n"
        "KENDRA1,USB\\VID_1162&PID_0320\\5&1,SecuGen USB Hamster Pro 20,OK\r\r\n"
        'KENDRA1,USB\\VID_04F9&PID_0054\\6&2,"USB Printing Support",OK\r\r\n'
        "KENDRA1,ACPI\\PNP0C0A\\1,Microsoft ACPI-Compliant Control Method Battery,OK\r\r\n"
        "KENDRA1\r\r\n"
    )
    assert kinds(agent.pnp_of_csv(told)) == {("fingerprint", "usb:1162:0320"), ("printer", "usb:04f9:0054")}
    assert agent.pnp_of_csv("\r\r\nNode,DeviceID,Name,Status\r\r\nKENDRA1,ACPI\\PNP0C0A\\1,Battery,OK\r\r\n") == []
    for failed in ("", "\r\r\nNode,DeviceID,Name,Status\r\r\n"):  # every PC has devices: nothing was unplugged
        assert agent.pnp_of_csv(failed) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ((1, 1, 100, 0xFFFFFFFF), {"on_battery": False, "charge_percent": 100.0, "runtime_s": None}),
        ((0, 2, 31, 2400), {"on_battery": True, "charge_percent": 31.0, "runtime_s": 2400.0}),
        ((0, 0, 255, 0xFFFFFFFF), {"on_battery": True, "charge_percent": None, "runtime_s": None}),
        ((1, 128, 255, 0xFFFFFFFF), None),  # a desktop without a battery is "on line" always
        ((255, 255, 255, 0xFFFFFFFF), None),
    ],
)
def test_windows_power(status: tuple[int, int, int, int], expected: dict[str, Any] | None) -> None:
    assert agent.power_of_windows(*status) == expected


def _tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def test_linux_devices(tmp_path: Path) -> None:
    root = _tree(
        tmp_path,
        {
            "usb1/idVendor": "1d6b", "usb1/idProduct": "0002", "usb1/product": "xHCI Host Controller",
            "1-1/idVendor": "03f0", "1-1/idProduct": "1d17", "1-1/product": "HP LaserJet 1320", "1-1:1.0/bInterfaceClass": "07",
            "1-2/idVendor": "225d", "1-2/idProduct": "000a", "1-2:1.0/bInterfaceClass": "02",
            "1-3/idVendor": "2c0f", "1-3/idProduct": "1005", "1-3/manufacturer": "Mantra", "1-3/product": "MFS100",
            "1-4/idVendor": "0c45", "1-4/idProduct": "6366", "1-4:1.0/bInterfaceClass": "0e", "1-4:1.1/bInterfaceClass": "0e",
            "1-5/idVendor": "046d", "1-5/idProduct": "c077", "1-5:1.0/bInterfaceClass": "03",
            "1-6/idVendor": "0463", "1-6/idProduct": "ffff", "1-6/product": "Ellipse", "1-6:1.0/bInterfaceClass": "03",
            "1-7/product": "half there",
        },
    )  # fmt: skip
    assert kinds(agent.usb_of_linux(root)) == {
        ("printer", "usb:03f0:1d17"),
        ("fingerprint", "usb:225d:000a"),
        ("fingerprint", "usb:2c0f:1005"),
        ("camera", "usb:0c45:6366"),
        ("ups", "usb:0463:ffff"),
    }
    assert agent.usb_of_linux(tmp_path / "none") is None


def test_queues_that_nobody_could_ask_for_are_not_absent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """CUPS that hangs says nothing of its queues, CUPS that isn't there has none."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(agent, "_COMMAND_S", 0.2)
    camera = [agent._peripheral("camera", "usb:046d:0825", "")]
    program = tmp_path / "lpstat"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    assert agent._with_queues(camera) is None
    program.write_text("#!/bin/sh\nexit 1\n")
    assert agent._with_queues(camera) == camera


def test_print_queues() -> None:
    told = (
        "printer Canon_LBP is idle.  enabled since Sat Nov 21 10:00:00 2026\n"
        "printer HP now printing HP-17.  enabled since Sat Nov 21 10:00:00 2026\n"
        "printer Old disabled since Sat Nov 21 10:00:00 2026 -\n\treason unknown\n"
    )
    assert kinds(agent.queues_of(told)) == {("queue", "queue:Canon_LBP"), ("queue", "queue:HP")}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "AC/type": "Mains",
                "AC/online": "1",
                "BAT0/type": "Battery",
                "BAT0/status": "Full",
                "BAT0/capacity": "99",
            },
            (False, 99.0),
        ),
        ({"AC/type": "Mains", "AC/online": "0", "BAT0/type": "Battery", "BAT0/status": "Discharging"}, (True, None)),
        ({"BAT0/type": "Battery", "BAT0/status": "Discharging", "BAT0/capacity": "12"}, (True, 12.0)),
        ({"hid/type": "Battery", "hid/scope": "Device", "hid/status": "Discharging"}, None),
        ({}, None),
    ],
)
def test_linux_power(tmp_path: Path, files: dict[str, str], expected: tuple[bool, float | None] | None) -> None:
    found = agent.power_of_linux(_tree(tmp_path, files))
    assert (found and (found["on_battery"], found["charge_percent"])) == expected


def test_power_by_network_ups_tools() -> None:
    told = "battery.charge: 62\nbattery.runtime: 1260\ndevice.mfr: EATON\ninput.voltage: 0.0\nups.load: 23\nups.status: OB DISCHRG\n"
    assert agent.power_of_upsc(told) == {
        "on_battery": True, "charge_percent": 62.0, "runtime_s": 1260.0, "load_percent": 23.0, "input_voltage": 0.0,
    }  # fmt: skip
    assert agent.power_of_upsc("ups.status: OL CHRG\n")["on_battery"] is False  # type: ignore[index]
    assert agent.power_of_upsc("Error: Driver not connected\n") is None


async def test_what_is_wrong_with_a_portal_has_its_name(tmp_path: Path) -> None:
    trusted = authority(tmp_path)
    pages = {"/": page(200, b"Welcome"), "/busy": page(503), "/on": page(302, headers="Location: /\r\n")}
    async with web(pages) as portal, web(pages, trusted.serving("127.0.0.1", timedelta(days=1))) as unknown:
        here = f"http://127.0.0.1:{portal.port}"
        asked: list[tuple[dict[str, Any], str | None]] = [
            ({"url": f"{here}/", "expect_text": "Welcome"}, None),
            ({"url": f"{here}/", "expect_text": "Closed"}, "text"),
            ({"url": f"{here}/busy"}, "status"),
            ({"url": f"{here}/on", "expect_status": "200"}, None),
            ({"url": f"{here}/nothing-here"}, "protocol"),
            ({"url": f"https://127.0.0.1:{unknown.port}/"}, "tls"),
            ({"url": f"http://127.0.0.1:{free_port()}/"}, "refused"),
            ({"url": "http://no-such-name.invalid/"}, "name"),
            ({"url": "file:///etc/passwd"}, "protocol"),
        ]
        for endpoint, failure in asked:
            seen = await asyncio.to_thread(agent.look, {"code": "x", "timeout_s": 20, **endpoint})
            assert seen["failure"] == failure, endpoint


async def test_a_portal_that_drips_ends_in_its_time() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with web({"/": drip}) as portal:
        endpoint = {"code": "x", "url": f"http://127.0.0.1:{portal.port}/", "timeout_s": 0.4}
        seen = await asyncio.wait_for(asyncio.to_thread(agent.look, endpoint), 20)
    assert seen["failure"] == "timeout"
    assert seen["total_s"] == 0.4
