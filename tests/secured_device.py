"""A device that speaks SNMPv3 over a test's socket: the simulator's engine, which the test can have lie."""

import socket
import time
from dataclasses import dataclass, field

from simulator import ber, secured
from simulator.engine import Engine
from simulator.usm import User

AUTH, PRIV = "authentication words", "privacy words"
ENGINE = b"\x80\x00\x7f\x88\x04engine"
FULL = User(b"full", "SHA-256", AUTH, "AES", PRIV)


@dataclass
class SecuredDevice:
    """Answers each object by `ticks`; its engine has booted `boots` times, the last `up_s` ago."""

    sock: socket.socket
    user: User = FULL
    identifier: bytes = ENGINE
    boots: int = 3
    up_s: int = 100_000
    ticks: int = 7
    heard: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = Engine(self.identifier, self.user, lambda _: (self.boots, self.up_s))

    @property
    def port(self) -> int:
        return int(self.sock.getsockname()[1])

    def take(self) -> tuple[bytes, tuple[str, int]]:
        """The next request, and who sent it."""
        request, sender = self.sock.recvfrom(2048)
        self.heard.append(request)
        return request, sender

    def sealed(self, request: bytes) -> bytes:
        """What an honest engine says."""
        said = self.engine.respond(secured.parse(request), time.time(), lambda pdu, _: self._response(pdu))
        assert said is not None
        return said

    def answer(self) -> bytes:
        """Take a request and answer it honestly; the answer."""
        request, sender = self.take()
        said = self.sealed(request)
        self.sock.sendto(said, sender)
        return said

    def _response(self, pdu: bytes) -> bytes:
        _, at, _ = ber.read_header(pdu, 0)
        number, at = ber.read_integer(pdu, at)
        for _ in range(2):
            _, at = ber.read_integer(pdu, at)
        _, bindings, end = ber.read_header(pdu, at)
        told = b""
        while bindings < end:
            _, name, bindings = ber.read_header(pdu, bindings)
            _, _, behind = ber.read_header(pdu, name)
            told += ber.tlv(ber.SEQUENCE, pdu[name:behind] + ber.integer(self.ticks, 0x43))
        return ber.tlv(0xA2, ber.integer(number) + ber.integer(0) * 2 + ber.tlv(ber.SEQUENCE, told))
