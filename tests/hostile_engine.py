"""An SNMPv3 engine that lies before it tells the truth: other engines, other times, signatures of strangers, reports."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator import ber, secured
from simulator.engine import Engine, Stat
from simulator.message import Pdu
from simulator.secured import AUTH, PRIV, Secured
from simulator.usm import User
from tests.hostile import POISON, Asked, Hostile, Row, binding, integer, mangled, oid_of, parts, tlv
from tests.secured_device import ENGINE, FULL

_OTHER = b"\x80\x00\x7f\x88\x04other!"
_STRANGER = User(b"full", "SHA-256", "no such authentication", "AES", "no such privacy")
_END = 2**31 - 1  # of boots and seconds (RFC 3414 section 2.2.2)
_KEPT = 20


def _clock(boots: int, seconds: int) -> Callable[[float], tuple[int, int]]:
    return lambda _: (boots, seconds)


_STRANGE = Engine(ENGINE, _STRANGER, _clock(3, 100_000))
_ANOTHER = Engine(_OTHER, _STRANGER, _clock(3, 100_000))
_EARLIER = Engine(ENGINE, FULL, _clock(2, 100_000))
_AT_THE_END = Engine(ENGINE, _STRANGER, _clock(_END, _END))


@dataclass
class HostileEngine(Hostile):
    """As Hostile, over SNMPv3 with authentication and privacy. Without `honest` it tells nothing but lies."""

    burst: int = 10
    honest: bool = True
    told: Sequence["SealedLie"] = ()
    engine: Engine = field(default_factory=lambda: Engine(ENGINE, FULL, _clock(3, 100_000)))
    before: list[bytes] = field(default_factory=list)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        asked = secured.parse(data)
        good = self.engine.respond(asked, 0.0, lambda pdu, _: response(pdu, self.answer(read(pdu)))) or b""
        for _ in range(self.burst):
            self.sent += 1
            self._send(self.luck.choice(self.told)(self, asked, good), addr)
        if self.honest:
            self._send(good, addr)
            self._send(good, addr)
            self.sent += 1
        self.before = [*self.before, good][-_KEPT:]

    def pdu(self, asked: Secured) -> bytes | None:
        """What is asked of this engine, in the plain."""
        if (asked.engine, asked.user) != (self.engine.identifier, self.engine.user.name):
            return None
        return secured.scoped(self.engine._plain(asked))[2]


def read(pdu: bytes) -> Asked:
    ((kind, body),) = parts(pdu)
    (_, number), _, (_, repetitions), (_, bindings) = parts(body)
    oids = tuple(oid_of(parts(each)[0][1]) for _, each in parts(bindings))
    more = int.from_bytes(repetitions) if kind == Pdu.GETBULK else 1
    return Asked(3, kind, int.from_bytes(number, signed=True), b"", oids, more)


def response(pdu: bytes, rows: Sequence[Row]) -> bytes:
    told = b"".join(binding(oid, integer(value)) for oid, value in rows)
    return tlv(Pdu.RESPONSE, integer(read(pdu).request_id) + integer(0) * 2 + tlv(0x30, told))


SealedLie = Callable[[HostileEngine, Secured, bytes], bytes]
"""What is sent before the honest answer to a request."""


def _poisoned(by: Engine, level: int) -> SealedLie:
    """The answer to what is asked, with POISON for each value, as `by` seals it."""

    def lie(agent: HostileEngine, asked: Secured, good: bytes) -> bytes:
        pdu = agent.pdu(asked)
        if pdu is None:  # nobody is asked for anything yet, or another engine is
            return _report(by, Stat.UNKNOWN_ENGINE_IDS, level & AUTH)(agent, asked, good)
        return by._seal(asked, level, response(pdu, [(oid, POISON) for oid in read(pdu).oids]), 0.0)

    return lie


def _report(by: Engine, stat: Stat, level: int = 0) -> SealedLie:
    def lie(agent: HostileEngine, asked: Secured, good: bytes) -> bytes:
        counter = ber.tlv(ber.SEQUENCE, ber.object_id((1, 3, 6, 1, 6, 3, 15, 1, 1, stat, 0)) + ber.integer(1, 0x41))
        body = ber.integer(agent.luck.choice((0, 1, 2**31 - 1))) + ber.integer(0) * 2 + ber.tlv(ber.SEQUENCE, counter)
        return by._seal(asked, level, ber.tlv(Pdu.REPORT, body), 0.0)

    return lie


def _again(agent: HostileEngine, asked: Secured, good: bytes) -> bytes:
    """An honest answer of before."""
    return agent.luck.choice(agent.before or [b"\x30\x00"])


def _mangled(agent: HostileEngine, asked: Secured, good: bytes) -> bytes:
    return mangled(good or b"\x30\x00", agent.luck)


def _noise(agent: HostileEngine, asked: Secured, good: bytes) -> bytes:
    return agent.luck.randbytes(agent.luck.choice((1, 7, 60, 600)))


SEALED_LIES: tuple[SealedLie, ...] = (
    _poisoned(_STRANGE, AUTH | PRIV), _poisoned(_STRANGE, AUTH), _poisoned(_STRANGE, 0), _poisoned(_ANOTHER, AUTH | PRIV),
    _poisoned(_ANOTHER, 0), _poisoned(_AT_THE_END, AUTH | PRIV), _again, _mangled, _noise,
)  # fmt: skip
"""Wrong digests, levels, engines and times, answers of before, and no messages at all."""

REPORTS: tuple[SealedLie, ...] = tuple(
    _report(by, stat, level)
    for by, level in ((_STRANGE, 0), (_STRANGE, AUTH), (_ANOTHER, 0), (_EARLIER, AUTH), (_AT_THE_END, 0), (_AT_THE_END, AUTH))
    for stat in Stat
)  # fmt: skip
"""Of every kind, of this engine and another one, signed and not."""


def liar(luck: random.Random) -> HostileEngine:
    return HostileEngine(luck, told=SEALED_LIES)


def reporter(luck: random.Random) -> HostileEngine:
    """Its reports never end, and nothing else comes."""
    return HostileEngine(luck, told=REPORTS, honest=False)
