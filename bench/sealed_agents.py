"""Agents of SNMPv3 that are quick enough for those who are measured by asking them: the simulator's engines, each object
told by one value.

The simulator's own devices make each sealed answer anew, 600 us each, most of them for its objects.
"""

import multiprocessing
import random
from collections.abc import Mapping
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

import numpy as np

from simulator import ber, secured
from simulator.datagrams import WIDEST, Lot, Outbox
from simulator.engine import Engine, engine_id
from simulator.fleet import Weather
from simulator.message import Pdu
from simulator.process import end
from simulator.traffic import Moment
from simulator.transport import Server, open_socket
from simulator.usm import User


class Agents:
    """One at every address. `values`: by object identifier, encoded."""

    def __init__(self, user: User, values: Mapping[str, bytes], weather: Weather) -> None:
        self._user = user
        self._values = {ber.object_id(tuple(map(int, oid.split(".")))): value for oid, value in values.items()}
        self._engines: dict[bytes, Engine] = {}
        self._bodies: dict[bytes, bytes] = {}
        self._weather, self._luck = weather, random.Random(weather.seed)

    def answer(self, lot: Lot, at: Moment, out: Outbox) -> int:
        """Put the answers to a lot into the outbox; how many it was."""
        heard = [row for row in range(len(lot.size)) if self._luck.random() >= self._weather.loss]
        said = [(row, one) for row in heard if (one := self._respond(lot, row, at.now))]
        if said:
            octets = np.frombuffer(b"".join(one.ljust(WIDEST, b"\0") for _, one in said), np.uint8)
            size, rows = np.array([len(one) for _, one in said]), np.array([row for row, _ in said])
            due = np.full(len(said), lot.now + (self._weather.delay_s or 0.0))
            out.put(octets.reshape(-1, WIDEST), size, lot, rows, due)
        return len(lot.size)

    def _respond(self, lot: Lot, row: int, now: float) -> bytes | None:
        """Raises ValueError for what is no message of SNMPv3: nobody here sends such."""
        address = int(lot.address[row]).to_bytes(4)
        if address not in self._engines:
            self._engines[address] = Engine(engine_id(address), self._user, lambda at: (3, int(at) % 2**24))
        return self._engines[address].respond(secured.parse(lot.datagram(row)), now, self._response)

    def _response(self, pdu: bytes, _: int) -> bytes:
        _, begin, _ = ber.read_header(pdu, 0)
        _, end = ber.read_integer(pdu, begin)
        asked = pdu[end:]
        if asked not in self._bodies:
            self._bodies[asked] = self._body(asked)
        return ber.tlv(Pdu.RESPONSE, pdu[begin:end] + self._bodies[asked])

    def _body(self, asked: bytes) -> bytes:
        """What is behind the request-id."""
        at = 0
        for _ in ("error-status", "error-index"):
            _, at = ber.read_integer(asked, at)
        _, at, end = ber.read_header(asked, at)
        told = b""
        while at < end:
            _, name, at = ber.read_header(asked, at)
            _, _, behind = ber.read_header(asked, name)
            told += ber.tlv(ber.SEQUENCE, asked[name:behind] + self._values[asked[name:behind]])
        return ber.integer(0) * 2 + ber.tlv(ber.SEQUENCE, told)


class SealedAgents:
    """`with SealedAgents(...) as agents:` runs them in a process of their own until the block ends, or this process does."""

    def __init__(self, user: User, values: Mapping[str, bytes], weather: Weather) -> None:
        context = multiprocessing.get_context("spawn")
        self._control, self._theirs = context.Pipe()
        what = (user, values, weather, self._theirs)
        self._process = context.Process(target=_serve, args=what, name="agents", daemon=True)
        self.port = 0

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self.port = self._control.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end(self._control, self._process)


def _serve(user: User, values: Mapping[str, bytes], weather: Weather, control: Connection) -> None:
    server = Server(open_socket(0), Agents(user, values, weather).answer)
    server.watch(control, server.stop)  # nothing is sent to us: it is the end of who started us
    control.send(server.port)
    server.run()
