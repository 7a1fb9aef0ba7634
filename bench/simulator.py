"""How fast the simulated fleet answers: GETs of 12 objects from another process, one core."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from bench.fleet import routers
from simulator import ber
from simulator.fleet import Weather
from simulator.message import Pdu
from simulator.process import FleetProcess, Plan

_SYSTEM = "1.3.6.1.2.1.1.3.0"
# Columns for two ports (ifIndex 3 and 4): with sysUpTime and sysName 12 objects, seven of them moving.
_PORT_COLUMNS = ("31.1.1.1.6", "31.1.1.1.10", "2.2.1.8", "2.2.1.14", "2.2.1.7")
_OBJECTS = (
    _SYSTEM,
    "1.3.6.1.2.1.1.5.0",
    *(f"1.3.6.1.2.1.{column}.{port}" for column in _PORT_COLUMNS for port in (3, 4)),
)
_NEARLY = 0.99
_WINDOW = 128  # requests under way


def run(quick: bool) -> dict[str, float]:
    """Answers a second of wall time and of the fleet's own CPU time, after every device has answered once."""
    devices, seconds = (200, 0.5) if quick else (8000, 5.0)
    os.environ["PAHUNCH_BENCH_COMMUNITY"] = "bench"
    places = routers(devices)
    begun = time.monotonic()
    with FleetProcess(Plan(places, weather=Weather(delay_s=0.0))) as fleet:
        start_s = time.monotonic() - begun
        addresses = [(device.primary_ip, fleet.port) for device in places.devices.values()]
        packets = _requests()
        idle = _cpu_s(fleet.pid or 0)
        _exchange(packets, addresses, len(addresses))
        first = _cpu_s(fleet.pid or 0) - idle
        while _exchange(packets, addresses, len(addresses)) < len(addresses) * _NEARLY:
            continue  # those that weren't heard in time are asked again
        memory = _resident_mb(fleet.pid or 0)
        before, started = _cpu_s(fleet.pid or 0), time.monotonic()
        answered = 0
        while time.monotonic() - started < seconds:
            answered += _exchange(packets, addresses, 10_000)
        wall, cpu = time.monotonic() - started, _cpu_s(fleet.pid or 0) - before
    return {
        "devices": devices,
        "objects": len(_OBJECTS),
        "answers": answered,
        "answers_per_s": round(answered / wall),
        "answers_per_cpu_s": round(answered / cpu),
        "cpu_us_per_answer": round(cpu / answered * 1e6, 1),
        "first_answer_cpu_us": round(first / devices * 1e6, 1),
        "start_s": round(start_s, 1),
        "resident_mb": memory,
    }


def _requests() -> Iterator[bytes]:
    """The same GET with ever new request-ids of four octets."""
    varbinds = b"".join(ber.tlv(ber.SEQUENCE, ber.object_id(ber.parse_oid(oid)) + ber.NULL_VALUE) for oid in _OBJECTS)
    rest = ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, varbinds)
    number = 0x01000000
    while True:
        number += 1
        pdu = ber.tlv(Pdu.GET, ber.integer(number) + rest)
        yield ber.tlv(ber.SEQUENCE, ber.integer(1) + ber.tlv(ber.OCTETS, b"bench") + pdu)


def _exchange(requests: Iterator[bytes], addresses: list[tuple[str, int]], count: int) -> int:
    """Ask `count` times with a window; returns the answers. A datagram lost on the way is not asked for again."""
    asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    asker.settimeout(0.2)
    sent = answered = 0
    while sent < count:
        for _ in range(_WINDOW):
            asker.sendto(next(requests), addresses[sent % len(addresses)])
            sent += 1
        try:
            for _ in range(_WINDOW):
                asker.recv(2048)
                answered += 1
        except TimeoutError:
            continue
    asker.close()
    return answered


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
