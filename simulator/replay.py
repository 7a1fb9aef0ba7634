"""Answering from recordings: .snmprec files as snmpsim defines them, one `OID|tag|value` a line."""

import signal
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from simulator import ber
from simulator.agent import Agent, Responder
from simulator.ber import Oid
from simulator.desk import one_by_one
from simulator.transport import Server, open_socket
from simulator.view import Cell


class RecordedView:
    """Objects of a recording. It can't tell an unknown object from a missing instance: both are noSuchInstance."""

    def __init__(self, objects: Mapping[Oid, bytes]) -> None:
        self._oids = sorted(objects)
        self._values = [objects[oid] for oid in self._oids]

    def __len__(self) -> int:
        return len(self._oids)

    def get(self, oid: Oid) -> Cell:
        at = bisect_left(self._oids, oid)
        found = at < len(self._oids) and self._oids[at] == oid
        return self._values[at] if found else ber.NO_SUCH_INSTANCE

    def follow(self, oid: Oid) -> Iterator[tuple[Oid, Cell]]:
        for at in range(bisect_right(self._oids, oid), len(self._oids)):
            yield self._oids[at], self._values[at]


def read_recording(path: Path) -> RecordedView:
    """Raises ValueError, naming file and line, for a line that isn't understood. The first of equal OIDs counts."""
    objects: dict[Oid, bytes] = {}
    for number, line in enumerate(path.read_text(encoding="latin-1").split("\n"), start=1):
        text = line.rstrip("\r")
        if not text.strip() or text.startswith("#"):
            continue
        try:
            oid, tag, value = text.split("|", 2)
            objects.setdefault(ber.parse_oid(oid), _encode(tag, value))
        except ValueError as error:
            raise ValueError(f"{path}:{number}: {error}") from None
    return RecordedView(objects)


def _encode(tag: str, value: str) -> bytes:
    # "65:numeric|cumulative=1": a value that snmpsim's variation module would make up; it stands at its start
    kind, _, variation = tag.partition(":")
    if variation:
        value = _setting(value, "initial", "0")
    if kind.endswith("x"):
        return ber.tlv(int(kind[:-1]), bytes.fromhex(value))
    if kind.endswith("e"):
        return ber.tlv(int(kind[:-1]), _unescaped(value))
    return _ENCODERS[int(kind)](value) if int(kind) in _ENCODERS else _unknown(kind)


def _unknown(kind: str) -> bytes:
    raise ValueError(f"tag {kind!r} is none of snmpsim's")


def _setting(settings: str, name: str, default: str) -> str:
    pairs = dict(part.split("=", 1) for part in settings.split(",") if "=" in part)
    return pairs.get(name, default)


def _unescaped(value: str) -> bytes:
    return value.encode("latin-1").decode("unicode_escape").encode("latin-1")


def _octets(tag: int, value: str) -> bytes:
    return ber.tlv(tag, value.encode("latin-1"))


def _number(tag: int, value: str) -> bytes:
    return ber.integer(int(value), tag)


def _object_id(value: str) -> bytes:
    return ber.object_id(ber.parse_oid(value.lstrip(".")))


def _address(value: str) -> bytes:
    # Recordings write "192.168.42.051", which ipaddress refuses; snmpsim reads it as decimal.
    octets = bytes(map(int, value.split(".")))
    if len(octets) != 4:
        raise ValueError(f"{value!r} is no IPv4 address")
    return ber.tlv(ber.IP_ADDRESS, octets)


_ENCODERS: dict[int, Callable[[str], bytes]] = {
    ber.OCTETS: partial(_octets, ber.OCTETS),
    ber.OPAQUE: partial(_octets, ber.OPAQUE),
    ber.NULL: lambda _: ber.NULL_VALUE,
    ber.OBJECT_ID: _object_id,
    ber.IP_ADDRESS: _address,
    **{tag: partial(_number, tag) for tag in (ber.INTEGER, ber.COUNTER32, ber.GAUGE32, ber.TIMETICKS, ber.COUNTER64)},
}


def agents_of(paths: Iterable[Path]) -> dict[bytes, Agent]:
    """An agent for each recording, by its community."""
    agents = {}
    for path in paths:
        view, community = read_recording(path), path.stem.encode()
        agents[community] = Agent(partial(_same, view), community)
    return agents


def _same(view: RecordedView) -> RecordedView:
    return view


def serve(folder: Path, port: int, *, ready: Callable[[int], None]) -> None:
    """Answer until SIGINT or SIGTERM; raises ValueError for a folder without a recording, or a bad one."""
    agents = agents_of(sorted(folder.glob("*.snmprec")))
    if not agents:
        raise ValueError(f"no .snmprec files in {folder}")
    responder = Responder(lambda _, community: agents.get(community))
    server = Server(open_socket(port), partial(one_by_one, responder))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: server.stop())
    ready(server.port)
    server.run()
