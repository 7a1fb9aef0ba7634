#!/usr/bin/env python3
"""Pahunch check-in: tells the network centre that this kendra's PC works, what is connected to it and what it reaches.

One file, standard library only, Python 3.8 or newer, Windows and Linux. It runs every five minutes, as a
scheduled task or systemd timer (`--once`), or by itself for ever. docs/checkin.md says how to set it up.

Each run makes one heartbeat and puts it into a queue on disk; then what waits is sent, the oldest first, signed
with this kendra's key. While the line is down heartbeats wait, and carry their own times when they go.
A heartbeat's age is taken from a clock that counts since the machine started: setting the wall clock
changes nothing. Only what an earlier start of the machine left behind has to rely on wall clocks.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import ctypes
import errno
import hashlib
import hmac
import http.client
import io
import json
import os
import re
import secrets
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple  # noqa: UP035 - Python 3.8
from urllib.parse import quote, urljoin, urlsplit

VERSION = "1"
PATH = "/api/v1/checkin"
SIGNED = b"pahunch-checkin-v1\n"

Found = Dict[str, Any]  # noqa: UP006 - what goes into a heartbeat, as JSON has it

_AT_ONCE = 100  # heartbeats in one request
_REQUEST_OCTETS = 200_000
_REPLY_OCTETS = 262_144
_QUEUED = 4_032  # heartbeats: two weeks of one each five minutes
_IN_MEMORY = 288  # where the disk takes none
_BODY_OCTETS = 65_536  # of a portal's page that are read
_REDIRECTS = 3
_LOOK_S = 10.0
_SEND_S = 60.0
_COMMAND_S = 60.0
_STEP_S = 120.0  # a wall clock that moves that much against the forward one was set, or the machine restarted
_MOST_PERIPHERALS = 64
_RESYNCS = 3
_LAST_SEQUENCE = 1 << 56  # of requests
_MOST_COUNTED = 1 << 53  # of what is counted: more the server doesn't read


# Clocks


class Moment(NamedTuple):
    """Now: which start of the machine, seconds since then with sleep, and what the wall clock says."""

    boot: str  # "" where the system doesn't tell starts apart
    clock: float
    wall: float


def moment() -> Moment:
    if sys.platform == "win32":
        ticks = ctypes.windll.kernel32.GetTickCount64
        ticks.restype = ctypes.c_uint64
        return Moment(_windows_boot(), ticks() / 1000, time.time())
    boot = _text(Path("/proc/sys/kernel/random/boot_id"))
    return Moment(boot, time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


def _windows_boot() -> str:
    """A number that Windows raises at each start."""
    if sys.platform != "win32":
        return ""
    import winreg

    place = r"SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place) as key:
            return str(winreg.QueryValueEx(key, "BootId")[0])
    except OSError:
        return ""


def continues(before: Moment, now: Moment) -> bool:
    """Whether the machine was not restarted between the two moments, as far as one can be sure."""
    if before.boot != now.boot or now.clock < before.clock:
        return False
    agreed = abs((now.wall - before.wall) - (now.clock - before.clock)) < _STEP_S
    return bool(now.boot) or agreed


# Peripherals

# Vendors that make nothing else. IDEMIA's from its MSO installation guide, the others from usb.ids.
_FINGERPRINT_VENDORS = frozenset({"225d", "079b", "1162", "05ba", "08ff", "138a", "147e", "1c7a", "27c6"})
_UPS_VENDORS = frozenset({"051d", "0463", "0764", "09ae", "0665", "06da"})
_FINGERPRINT_WORDS = re.compile(
    r"finger|biometric|\bmfs ?\d|\bmso ?\d|\bfm ?220|\bpb ?\d{3}|\bhamster\b", re.IGNORECASE
)
_UPS_WORDS = re.compile(r"\bups\b", re.IGNORECASE)
# bInterfaceClass (USB-IF), and the setup classes of Windows.
_KIND_OF_INTERFACE = {"07": "printer", "06": "scanner", "0e": "camera"}
_KIND_OF_CLASS = {"printer": "printer", "camera": "camera", "image": "scanner", "biometric": "fingerprint"}
_HARDWARE = re.compile(r"^(?:USB|HID)\\VID_([0-9A-F]{4})&PID_([0-9A-F]{4})", re.IGNORECASE)


def kind_of(vendor: str, text: str, kinds: Iterable[str]) -> str:
    """What a USB device is, from its vendor's number, its names, and what its interfaces say; "" for anything else."""
    if vendor in _FINGERPRINT_VENDORS or _FINGERPRINT_WORDS.search(text):
        return "fingerprint"
    if vendor in _UPS_VENDORS or _UPS_WORDS.search(text):
        return "ups"
    return next((kind for kind in kinds if kind), "")


def usb_of_linux(root: Path) -> list[Found] | None:
    """The peripherals under /sys/bus/usb/devices; None where there is no such folder."""
    if not root.is_dir():
        return None
    return [_peripheral(*one) for one in sorted(set(_usb_devices(root)))]


def _usb_devices(root: Path) -> Iterator[tuple[str, str, str]]:
    for folder in root.iterdir():
        vendor, product = _text(folder / "idVendor").lower(), _text(folder / "idProduct").lower()
        if vendor and product:
            name = f"{_text(folder / 'manufacturer')} {_text(folder / 'product')}".strip()
            classes = sorted(_text(each) for each in root.glob(f"{folder.name}:*/bInterfaceClass"))
            if kind := kind_of(vendor, name, (_KIND_OF_INTERFACE.get(one, "") for one in classes)):
                yield kind, f"usb:{vendor}:{product}", name


def _peripheral(kind: str, number: str, name: str) -> Found:
    return {"kind": kind, "id": number, "name": name[:100]}


def queues_of(lpstat: str) -> list[Found]:
    """The print queues that `lpstat -p` names and that aren't stopped."""
    found = re.findall(r"^printer (\S+) (?!disabled)", lpstat, re.MULTILINE)
    return [_peripheral("queue", f"queue:{name[:60]}", name) for name in found]


def pnp_of_json(told: str) -> list[Found]:
    """What `Get-PnpDevice -PresentOnly | ConvertTo-Json` names; ValueError where that is no JSON."""
    rows = json.loads(told or "[]")
    return _pnp(rows if isinstance(rows, list) else [rows])


def pnp_of_csv(told: str) -> list[Found] | None:
    """What `wmic path Win32_PnPEntity get DeviceID,Name,Status /format:csv` names; None of a lone header: it failed."""
    lines = [line for line in told.replace("\r", "\n").split("\n") if line.strip()]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    if not rows:
        return None
    return _pnp(
        {"InstanceId": row.get("DeviceID"), "FriendlyName": row.get("Name"), "Status": row.get("Status")}
        for row in rows
    )


def _pnp(rows: Iterable[Any]) -> list[Found]:
    found = set()
    for row in rows:
        if not isinstance(row, dict) or str(row.get("Status") or "OK") == "Unknown":
            continue
        place, name = str(row.get("InstanceId") or ""), str(row.get("FriendlyName") or "")
        hardware = _HARDWARE.match(place)
        printing = place.upper().startswith("USBPRINT\\") or (hardware and "printing support" in name.lower())
        if hardware is None and not printing:
            continue  # print queues and the like stay when their hardware is gone
        vendor = hardware.group(1).lower() if hardware else ""
        kinds = ("printer" if printing else "", _KIND_OF_CLASS.get(str(row.get("Class") or "").lower(), ""))
        if kind := kind_of(vendor, name, kinds):
            number = f"usb:{vendor}:{hardware.group(2).lower()}" if hardware else f"usbprint:{place.split(chr(92))[1]}"
            found.add((kind, number[:60], name))
    return [_peripheral(*one) for one in sorted(found)]


def peripherals() -> list[Found] | None:
    """What is connected now; None where nobody could tell."""
    if sys.platform == "win32":
        found = _peripherals_of_windows()
    else:
        found = _with_queues(usb_of_linux(Path("/sys/bus/usb/devices")))
    return None if found is None else found[:_MOST_PERIPHERALS]


def _with_queues(found: list[Found] | None) -> list[Found] | None:
    """With the print queues too; None where CUPS is there but hangs: a queue that nobody could ask for isn't absent."""
    try:
        printing = _output("lpstat", "-p")
    except subprocess.TimeoutExpired:
        return None
    except (OSError, subprocess.SubprocessError):  # no CUPS, or no queue at all
        return found
    return [*(found or ()), *queues_of(printing)] if printing else found


def _peripherals_of_windows() -> list[Found] | None:
    script = (
        "[Console]::OutputEncoding = [Text.Encoding]::UTF8; Get-PnpDevice -PresentOnly |"
        " Select-Object Class, FriendlyName, InstanceId, Status | ConvertTo-Json -Compress"
    )
    with contextlib.suppress(ValueError):
        if told := _told("powershell", "-NoProfile", "-NonInteractive", "-Command", script):
            return pnp_of_json(told)
    told = _told("wmic", "path", "Win32_PnPEntity", "get", "DeviceID,Name,Status", "/format:csv")
    return pnp_of_csv(told)


# Power


def power_of_linux(root: Path) -> Found | None:
    """What the entries under /sys/class/power_supply say of mains and battery; None where there are none."""
    kinds = {folder: _text(folder / "type") for folder in root.glob("*")}
    # Of peripherals (a mouse's battery) the kernel says that their scope is the device.
    own = [folder for folder in kinds if _text(folder / "scope") != "Device"]
    mains = [_text(folder / "online") for folder in own if kinds[folder] in {"Mains", "USB"}]
    charge = [_number(_text(folder / "capacity")) for folder in own if kinds[folder] == "Battery"]
    draining = any(_text(folder / "status") == "Discharging" for folder in own if kinds[folder] == "Battery")
    if not mains and not charge:
        return None
    battery = draining if not mains else "1" not in mains
    return {"on_battery": battery, "charge_percent": next((one for one in charge if one is not None), None)}


def power_of_upsc(told: str) -> Found | None:
    """What Network UPS Tools' `upsc` says of a UPS (its variables: docs/nut-names.txt there)."""
    said = dict(re.findall(r"^([\w.]+): (.*?)\r?$", told, re.MULTILINE))
    words = said.get("ups.status", "").split()
    if not {"OL", "OB"} & set(words):
        return None
    numbers = {
        "charge_percent": "battery.charge",
        "runtime_s": "battery.runtime",
        "load_percent": "ups.load",
        "input_voltage": "input.voltage",
    }
    return {"on_battery": "OB" in words, **{name: _number(said.get(key, "")) for name, key in numbers.items()}}


def power_of_windows(line: int, flags: int, percent: int, seconds: int) -> Found | None:
    """From SYSTEM_POWER_STATUS: ACLineStatus, BatteryFlag, BatteryLifePercent, BatteryLifeTime."""
    if line not in {0, 1} or (flags & 128 and line == 1):  # 128: no battery, so "on line" says nothing
        return None
    charge = float(percent) if percent <= 100 else None
    lasts = float(seconds) if line == 0 and 0 <= seconds < 0x7FFFFFFF else None
    return {"on_battery": line == 0, "charge_percent": charge, "runtime_s": lasts}


class _PowerStatus(ctypes.Structure):
    _fields_ = [
        ("line", ctypes.c_ubyte),
        ("flags", ctypes.c_ubyte),
        ("percent", ctypes.c_ubyte),
        ("system", ctypes.c_ubyte),
        ("seconds", ctypes.c_uint32),
        ("full_seconds", ctypes.c_uint32),
    ]


def power() -> Found | None:
    """Mains or battery; None where this machine can't tell."""
    if sys.platform == "win32":
        status = _PowerStatus()
        if not ctypes.windll.kernel32.GetSystemPowerStatus(ctypes.byref(status)):
            return None
        return power_of_windows(status.line, status.flags, status.percent, status.seconds)
    for name in _told("upsc", "-l").split()[:4]:
        if found := power_of_upsc(_told("upsc", name)):
            return found
    return power_of_linux(Path("/sys/class/power_supply"))


def _told(*command: str) -> str:
    """What a program of this machine prints; "" where it is missing, fails or takes too long."""
    try:
        return _output(*command)
    except (OSError, subprocess.SubprocessError):
        return ""


def _output(*command: str) -> str:
    """What a program of this machine prints; raises OSError or SubprocessError."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_COMMAND_S,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stdout.decode("utf-8", "replace")


def _text(path: Path) -> str:
    """The file's first line without its end; "" where it can't be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(200).strip()
    except OSError:
        return ""


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if abs(found) < 1e9 else None


# Portals


def look(endpoint: Found) -> Found:
    """Ask a portal for its page: how long each step took, its status, and what was wrong."""
    found: Found = {"code": str(endpoint.get("code", ""))}
    sockets: List[socket.socket] = []  # noqa: UP006
    limit = min(float(endpoint.get("timeout_s") or _LOOK_S), 60.0)
    begun = time.monotonic()
    # A name server and a page that drips have no deadlines of their own: the thread is left behind then.
    worker = threading.Thread(target=_look_and_tell, args=(endpoint, found, sockets, limit), daemon=True)
    worker.start()
    worker.join(limit)
    told = dict(found)
    told["total_s"] = round(min(time.monotonic() - begun, limit), 4)
    if "failure" not in told:
        told["failure"] = "deadline" if "first_byte_s" in told else "timeout"
        for each in sockets:
            with contextlib.suppress(OSError):
                each.close()
    return told


def _look_and_tell(endpoint: Found, found: Found, sockets: list[socket.socket], limit: float) -> None:
    try:
        found["failure"] = _looked(endpoint, found, sockets, limit)
    except socket.gaierror:
        found["failure"] = "name"
    except ssl.SSLError:
        found["failure"] = "tls"
    except (http.client.HTTPException, ValueError, LookupError):
        found["failure"] = "protocol"
    except OSError as error:
        found["failure"] = _failure_of(error)


def _failure_of(error: OSError) -> str:
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "no_route" if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH} else "protocol"


def _looked(endpoint: Found, found: Found, sockets: list[socket.socket], limit: float) -> str | None:
    """What was wrong with the answer after redirects within the host, None: nothing."""
    url, first = str(endpoint["url"]), ""
    for _ in range(_REDIRECTS + 1):
        status, body, further = _answer(url, str(endpoint.get("method") or "GET"), found, sockets, limit)
        found["status"] = status
        first = first or urlsplit(url).netloc
        further = urljoin(url, further) if further else ""
        if not (further and _leads_on(endpoint, status) and urlsplit(further).netloc == first):
            break
        url = further
    if not _expects(endpoint, status):
        return "status"
    text = str(endpoint.get("expect_text") or "")
    return "text" if text and text.encode() not in body else None


def _expects(endpoint: Found, status: int) -> bool:
    low, _, high = str(endpoint.get("expect_status") or "200-399").partition("-")
    return int(low) <= status <= int(high or low)


def _leads_on(endpoint: Found, status: int) -> bool:
    return 300 <= status < 400 and (_expects(endpoint, 200) or not _expects(endpoint, status))


def _answer(url: str, method: str, found: Found, sockets: list[socket.socket], limit: float) -> tuple[int, bytes, str]:
    """Status, beginning of the body and redirect of one answer; the times of its steps are put into `found`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("no web address")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    proxy = _proxy_for(parts.scheme, parts.hostname)
    begun = time.monotonic()
    near = urlsplit(proxy) if proxy else parts
    near_port = (near.port or 80) if proxy else port
    addresses = socket.getaddrinfo(near.hostname, near_port, type=socket.SOCK_STREAM)
    named = _step(found, "name_s", begun)
    connection = _connected(addresses, sockets, limit)
    connected = _step(found, "connect_s", named)
    talk = http.client.HTTPConnection(parts.hostname, port, timeout=limit)
    talk.sock = connection
    if secure:
        if proxy:
            _tunnel(connection, f"{parts.hostname}:{port}")
        talk.sock = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname)
        sockets.append(talk.sock)
        connected = _step(found, "tls_s", connected)
    target = url if proxy and not secure else (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "User-Agent": f"Pahunch/{VERSION} (endpoint probe)",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    talk.request("HEAD" if method == "HEAD" else "GET", target, headers=headers)
    with contextlib.closing(talk):
        reply = talk.getresponse()
        _step(found, "first_byte_s", connected)
        return reply.status, reply.read(_BODY_OCTETS), reply.getheader("Location") or ""


def _connected(addresses: list[Any], sockets: list[socket.socket], limit: float) -> socket.socket:
    """A connection to the first address that takes one; raises what the last one failed with."""
    failed: OSError = socket.gaierror("no address")
    for family, kind, _, _, place in addresses:
        connection = socket.socket(family, kind)
        sockets.append(connection)
        connection.settimeout(limit)
        try:
            connection.connect(place)
        except OSError as error:
            failed = error
        else:
            return connection
    raise failed


def _step(found: Found, name: str, since: float) -> float:
    now = time.monotonic()
    found[name] = round(now - since, 4)
    return now


def _proxy_for(scheme: str, host: str) -> str:
    """The proxy that the environment (on Windows also the system) names; "" for none."""
    return "" if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(scheme, "")


def _tunnel(connection: socket.socket, to: str) -> None:
    connection.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode("ascii"))
    head = b""
    while b"\r\n\r\n" not in head and len(head) < 16_384:
        part = connection.recv(1)  # no octet of what follows may be taken
        if not part:
            break
        head += part
    if not re.match(rb"HTTP/1\.[01] 2\d\d", head):
        raise http.client.HTTPException("the proxy makes no way")


# The queue

Row = Tuple[int, str, float, Found]  # noqa: UP006 - number, start of the machine, forward clock, heartbeat


class Queue:
    """Heartbeats that wait, and what has to be remembered between runs; `file` may be ":memory:".

    Every change is one transaction of SQLite: kill and loss of power leave the queue as it was before or after it.
    Methods raise sqlite3.Error where the disk refuses.
    """

    def __init__(self, file: str, most: int) -> None:
        self._most = most
        self._sent = 0  # up to which number all was delivered, also where the disk did not let it be removed
        self._db = sqlite3.connect(file, timeout=5, isolation_level=None)
        self._db.text_factory = _as_text
        try:
            self._prepare()
        except sqlite3.Error:
            self.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS heartbeat"
            " (n INTEGER PRIMARY KEY AUTOINCREMENT, start TEXT, clock REAL, body TEXT)"
        )
        self._db.execute("CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT)")
        if not re.fullmatch("[0-9a-f]{16}", str(self.kept("install"))):
            self.keep("install", secrets.token_hex(8))

    def kept(self, name: str) -> Any:
        """What was kept under the name; None of nothing, and of what a disk that rots left of it."""
        row = self._db.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return _read(row[0]) if row else None

    def counted(self, name: str) -> int:
        return _count(self.kept(name))

    def keep(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, json.dumps(value)))

    def add(self, start: str, clock: float, heartbeat: Found) -> None:
        """Put in a heartbeat; what is too much goes, the oldest first, and is counted."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.execute(
                "INSERT INTO heartbeat (start, clock, body) VALUES (?, ?, ?)", (start, clock, json.dumps(heartbeat))
            )
            over = self.waiting() - self._most
            if over > 0:
                self._db.execute(
                    "DELETE FROM heartbeat WHERE n IN (SELECT n FROM heartbeat ORDER BY n LIMIT ?)", (over,)
                )
                self.keep("dropped", self.counted("dropped") + over)
            self._db.execute("COMMIT")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            raise

    def waiting(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM heartbeat WHERE n > ?", (self._sent,)).fetchone()[0])

    def oldest(self, most: int) -> list[Row]:
        """As many of the oldest as make one request. One that can't be read is given up: it holds up no other."""
        rows: List[Row] = []  # noqa: UP006
        unreadable: List[Tuple[int]] = []  # noqa: UP006
        octets = 0
        for raw in self._db.execute(
            "SELECT n, start, clock, body FROM heartbeat WHERE n > ? ORDER BY n", (self._sent,)
        ):
            row = _row(*raw)
            if row is None:
                unreadable.append((raw[0],))
                continue
            octets += len(raw[3])
            if len(rows) >= most or (rows and octets > _REQUEST_OCTETS):
                break
            rows.append(row)
        if unreadable:
            self._drop(unreadable)
        return rows

    def _drop(self, numbers: list[tuple[int]]) -> None:
        _say(f"{len(numbers)} heartbeats in the queue can't be read")
        with contextlib.suppress(sqlite3.Error):
            self._db.executemany("DELETE FROM heartbeat WHERE n = ?", numbers)
            self.keep("dropped", self.counted("dropped") + len(numbers))

    def give_up(self, n: int) -> None:
        """Remove a heartbeat, the oldest, that nobody takes; it is counted."""
        self.delivered(n)
        with contextlib.suppress(sqlite3.Error):
            self.keep("dropped", self.counted("dropped") + 1)

    def delivered(self, last: int) -> None:
        """Remove what is stored at the other end."""
        self._sent = max(self._sent, last)
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("DELETE FROM heartbeat WHERE n <= ?", (last,))

    def close(self) -> None:
        self._db.close()


def _as_text(raw: bytes) -> str:
    """Where an octet was damaged only its row may become unreadable, not the query."""
    return raw.decode("utf-8", "replace")


def _read(raw: Any) -> Any:
    """The JSON; None where it is none."""
    try:
        return json.loads(raw)
    except (TypeError, ValueError, RecursionError):
        return None


def _row(n: int, start: Any, clock: Any, body: Any) -> Row | None:
    """A queued heartbeat; None where it isn't one (any more)."""
    heartbeat = _read(body)
    if isinstance(start, str) and _is_number(clock) and isinstance(heartbeat, dict):
        return n, start, clock, heartbeat
    return None


def _is_number(told: Any) -> bool:
    return isinstance(told, (int, float)) and abs(told) < 1e18


def _count(told: Any) -> int:
    """What was counted; 0 where it can't have been."""
    return told if isinstance(told, int) and 0 <= told < _MOST_COUNTED else 0


def _is_kept(told: Any, texts: int, numbers: int) -> bool:
    """Whether it is a list of so many texts, then so many numbers."""
    return (
        isinstance(told, list)
        and len(told) == texts + numbers
        and all(isinstance(one, str) for one in told[:texts])
        and all(map(_is_number, told[texts:]))
    )


class Queues:
    """The queue on disk, and one in memory for the time in which the disk refuses: full, or gone."""

    def __init__(self, folder: Path, most: int) -> None:
        self.memory = Queue(":memory:", _IN_MEMORY)
        self.disk = _opened(folder / "queue.db", most)

    def add(self, start: str, clock: float, heartbeat: Found) -> None:
        # Not back to the disk while older ones wait in memory: they go in their order.
        if self.disk is not None and not self.memory.waiting():
            try:
                self.disk.add(start, clock, heartbeat)
            except sqlite3.Error as error:
                _say(f"the disk takes no heartbeat: {error}")
            else:
                return
        self.memory.add(start, clock, heartbeat)

    def in_turn(self) -> list[Queue]:
        return [queue for queue in (self.disk, self.memory) if queue is not None]

    def waiting(self) -> int:
        return sum(queue.waiting() for queue in self.in_turn())

    def kept(self, name: str) -> Any:
        """The newest of what either remembers."""
        held = self.memory.kept(name)
        return held if held is not None or self.disk is None else self.disk.kept(name)

    def keep(self, name: str, value: Any) -> None:
        self.memory.keep(name, value)
        with contextlib.suppress(sqlite3.Error):
            if self.disk is not None:
                self.disk.keep(name, value)

    def dropped(self) -> int:
        return sum(queue.counted("dropped") for queue in self.in_turn())


def _opened(path: Path, most: int) -> Queue | None:
    """The queue on disk; a damaged one is put aside. None where the disk gives none at all."""
    for _ in range(2):
        try:
            return Queue(str(path), most)
        except sqlite3.OperationalError as error:
            _say(f"no queue on disk: {error}")
            return None
        except sqlite3.DatabaseError as error:
            _put_aside(path, error)
    return None


def _put_aside(path: Path, error: Exception) -> None:
    _say(f"the queue is damaged and begun anew: {error}")
    with contextlib.suppress(OSError):
        path.replace(path.with_name("queue.damaged"))


# Sending


class Config(NamedTuple):
    server: str
    kendra: str
    key: str
    interval_s: float
    folder: Path
    ca_file: Optional[str]  # noqa: UP045
    queued: int


def read_config(path: Path) -> Config:
    """Raises OSError, ValueError with what is wrong."""
    told = json.loads(path.read_text(encoding="utf-8-sig"))
    missing = [name for name in ("server", "kendra", "key") if not isinstance(told.get(name), str) or not told[name]]
    if missing:
        raise ValueError(f"{path}: {', '.join(missing)} is missing")
    server = told["server"].rstrip("/")
    parts = urlsplit(server)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError(f"{path}: server has to begin with https://")
    folder = Path(told.get("folder") or path.parent)
    interval = float(told.get("interval_s", 300))
    return Config(
        server, told["kendra"], told["key"], interval, folder, told.get("ca_file"), int(told.get("queued", _QUEUED))
    )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A check-in goes to the address of the configuration and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def signature(key: str, kendra: str, body: bytes) -> str:
    return hmac.new(key.encode(), SIGNED + kendra.encode() + b"\n" + body, hashlib.sha256).hexdigest()


class Link:
    """The way to the server: HTTPS with its certificate checked, through the proxy that the environment names."""

    def __init__(self, config: Config) -> None:
        self._config = config
        context = ssl.create_default_context(cafile=config.ca_file)
        self._opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))

    def post(self, body: bytes) -> tuple[int, Found]:
        """Status and answer; raises OSError, http.client.HTTPException where none came."""
        config = self._config
        request = urllib.request.Request(  # noqa: S310 - read_config has looked at the scheme
            config.server + PATH,
            body,
            {
                "Content-Type": "application/json",
                "X-Pahunch-Kendra": quote(config.kendra, safe=""),
                "X-Pahunch-Signature": signature(config.key, config.kendra, body),
                "User-Agent": f"pahunch-checkin/{VERSION}",
            },
        )
        try:
            with self._opener.open(request, timeout=_SEND_S) as reply:
                return int(reply.status), _json(reply.read(_REPLY_OCTETS))
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _json(error.read(_REPLY_OCTETS))


def _json(raw: bytes) -> Found:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


class Agent:
    """`clock` tells the moment; only another machine's would be another."""

    def __init__(self, config: Config, clock: Callable[[], Moment] = moment) -> None:
        self._clock = clock
        self._link = Link(config)
        self._queues = Queues(config.folder, config.queued)

    def beat(self) -> None:
        """Make one heartbeat and queue it."""
        now = self._clock()
        start = self._start(now)
        by, at = self._dated(start, now)
        endpoints = self._queues.kept("endpoints")
        heartbeat = {
            "at": at,
            "by": by,
            "peripherals": peripherals(),
            "power": power(),
            "looks": [look(each) for each in _endpoints(endpoints)],
        }
        self._queues.add(start, now.clock, heartbeat)

    def _start(self, now: Moment) -> str:
        """A name for this start of the machine."""
        before = self._queues.kept("moment")
        known = _is_kept(before, texts=2, numbers=2) and continues(Moment(*before[1:]), now)
        start = before[0] if known else secrets.token_hex(8)
        self._queues.keep("moment", [start, *now])
        return str(start)

    def _dated(self, start: str, now: Moment) -> tuple[str, float]:
        """The time by the server's clock, where it was heard since the machine started; else by the wall clock."""
        anchor = self._queues.kept("anchor")
        if _is_kept(anchor, texts=1, numbers=2) and anchor[0] == start and now.clock >= anchor[1]:
            return "server", anchor[2] + now.clock - anchor[1]
        return "wall", now.wall

    def deliver(self) -> bool:
        """Send all that waits, oldest first; whether nothing waits any more."""
        return all(self._emptied(queue) for queue in self._queues.in_turn())

    def _emptied(self, queue: Queue) -> bool:
        most, resyncs = _AT_ONCE, 0
        while rows := queue.oldest(most):
            try:
                status, reply = self._link.post(self._request(queue, rows))
                if status == 400 and len(rows) == 1 and self._takes_none(queue):
                    queue.give_up(rows[0][0])
                    most = _AT_ONCE
                    continue
            except (OSError, http.client.HTTPException) as error:
                _say(f"not delivered: {error}")
                return False
            if status == 200:
                self._note(reply)
                queue.delivered(rows[-1][0])
            elif status == 409 and resyncs < _RESYNCS:
                resyncs += 1
                self._queues.keep("sequence", _sequence(reply.get("sequence")))
            elif status == 413:
                if len(rows) == 1:
                    queue.delivered(rows[0][0])
                most = max(1, len(rows) // 2)
            elif status == 400 and len(rows) > 1:
                most = len(rows) // 2  # one of them may be what cannot be read
            else:
                _say(f"not taken: status {status} {str(reply.get('error', ''))[:200]}")
                return False
        return True

    def _takes_none(self, queue: Queue) -> bool:
        """Whether a request without heartbeats is taken: then it is a heartbeat that can't be read, and not all we say."""
        return self._link.post(self._request(queue, []))[0] == 200

    def _request(self, queue: Queue, rows: list[Row]) -> bytes:
        sequence = _sequence(self._queues.kept("sequence")) + 1
        self._queues.keep("sequence", sequence)
        now = self._clock()
        start = self._start(now)
        told = {
            "agent": VERSION,
            "install": queue.kept("install"),
            "sequence": sequence,
            "sent_at": now.wall,
            "dropped": self._queues.dropped(),
            "waiting": self._queues.waiting() - len(rows),
            "heartbeats": [
                {**heartbeat, "n": n, "age_s": round(now.clock - clock, 3) if began == start else None}
                for n, began, clock, heartbeat in rows
            ],
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":")).encode()

    def _note(self, reply: Found) -> None:
        """What the server says: its time, and which portals to look at."""
        now = self._clock()
        if isinstance(reply.get("received_at"), (int, float)):
            self._queues.keep("anchor", [self._start(now), now.clock, float(reply["received_at"])])
        if isinstance(reply.get("endpoints"), list):
            self._queues.keep("endpoints", reply["endpoints"])


def _endpoints(told: Any) -> list[Found]:
    found = told if isinstance(told, list) else []
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("url"), str)][:32]


def _sequence(told: Any) -> int:
    """The number of the last request; 0 of what can't be one: then the server tells what it knows."""
    return told if isinstance(told, int) and 0 <= told < _LAST_SEQUENCE else 0


# Running


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other agent works in the folder; it is held until the end of the block, or of the process."""
    try:
        lock = sqlite3.connect(str(folder / "lock.db"), timeout=0, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        # A disk that is full, read-only or rots must not silence the kendra: only another agent's lock does.
        yield "locked" not in str(error)
        return
    try:
        yield True
    finally:
        lock.close()


def run(agent: Agent, interval_s: float, wait: Callable[[float], object] = time.sleep) -> None:
    """A heartbeat every `interval_s`, and another attempt at delivering each minute while some wait."""
    due = time.monotonic()
    while True:
        if time.monotonic() >= due:
            due = max(due + interval_s, time.monotonic())
            agent.beat()
        empty = agent.deliver()
        again = min(60.0, interval_s) if not empty else interval_s
        wait(max(0.1, min(due - time.monotonic(), again)))


def _say(line: str) -> None:
    print(time.strftime("%Y-%m-%dT%H:%M:%S"), line, file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Check in at the network centre.")
    parser.add_argument("--config", type=Path, default=Path(__file__).resolve().with_name("checkin.json"))
    parser.add_argument("--once", action="store_true", help="one heartbeat, deliver, end: for timers and tasks")
    parser.add_argument("--spread", type=float, default=0, help="begin within so many seconds, chosen by chance")
    chosen = parser.parse_args(arguments)
    try:
        config = read_config(chosen.config)
        with _alone(config.folder) as alone:
            if not alone:
                _say("another agent runs already")
                return 0
            agent = Agent(config)
            time.sleep(secrets.randbelow(1 + int(chosen.spread * 1000)) / 1000)
            if not chosen.once:
                run(agent, config.interval_s)
            agent.beat()
            return 0 if agent.deliver() else 1
    except (OSError, ValueError) as error:
        _say(str(error))
        return 2
    except sqlite3.DatabaseError as error:
        _put_aside(config.folder / "queue.db", error)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
