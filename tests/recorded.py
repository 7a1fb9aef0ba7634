"""A recording of a device (.snmprec) in memory, as an SnmpBackend: quick, without a socket.

The file is read here on our own account, so that its figures can prove profiles and readers wrong.
"""

import bisect
from collections.abc import Mapping, Sequence
from pathlib import Path

from collectors.model import Failure
from collectors.snmp.backend import Limits, Target, Value
from collectors.snmp.guard import Walk, only_asked


def read_recording(path: Path) -> dict[str, Value]:
    """Object identifier -> value, in the agent's order; NULLs and moving values left out."""
    rows = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        oid, tag, value = line.split("|", 2)
        read = None if ":" in tag else _value(tag, value)  # snmpsim's variations move: no figure to compare
        if read is not None:
            rows[oid] = read
    return dict(sorted(rows.items(), key=lambda row: _numbers(row[0])))


def _value(tag: str, value: str) -> Value | None:
    match tag:
        case "5":
            return None
        case "2" | "65" | "66" | "67" | "70":
            return int(value)
        case "6" | "64":
            return value.lstrip(".")
    if tag.endswith("x"):
        return bytes.fromhex(value)
    raw = value.encode("latin-1")
    return raw.decode("unicode_escape").encode("latin-1") if tag.endswith("e") else raw


def _numbers(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))


class Recorded:
    """SnmpBackend over one recording."""

    def __init__(self, rows: Mapping[str, Value]) -> None:
        self.rows = rows
        self.asked: list[str] = []
        self._order = [(_numbers(oid), oid) for oid in rows]

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        self.asked += oids
        return only_asked(oids, self.rows.items())

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        self.asked.append(column)
        walk = Walk(column, limits)
        start = bisect.bisect_right(self._order, (_numbers(column), "~"))
        failure = walk.take((oid, self.rows[oid]) for _, oid in self._order[start:])
        return failure or walk.rows

    async def close(self) -> None:
        pass
