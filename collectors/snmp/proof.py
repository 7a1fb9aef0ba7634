"""Whether a message of SNMPv3 is from whom it should be, before a library takes it for an answer. Pure.

gufo compares neither signature, engine nor level: it would keep what anybody on the way makes up. An unsigned Report
(RFC 3414 section 3.2) can't be proved; it says no more than that there is no answer.
"""

import hmac
from typing import Final, NamedTuple

from collectors.snmp.backend import Usm
from collectors.snmp.shape import OCTETS, SEQUENCE, MalformedError, enter, header, number
from collectors.volley.usm import AUTH, PRIV, User

_REPORT: Final = 0xA8
_USM: Final = 3
_LEVEL = AUTH | PRIV


class _Message(NamedTuple):
    """`mac` is where the signature begins and ends, `data` where the scoped PDU begins."""

    number: int
    flags: int
    engine: bytes
    user: bytes
    mac: tuple[int, int]
    data: int
    end: int


class Proof:
    """What messages to a user must bear. Before `meet` nobody is known, and only Reports of strangers count."""

    def __init__(self, usm: Usm) -> None:
        self._user = User(usm) if usm.auth_protocol else None
        self._engine: bytes | None = None
        self._key = b""

    def meet(self, engine: bytes) -> None:
        """From now on only this engine is believed."""
        self._engine = engine
        self._key = self._user.keys(engine)[0] if self._user else b""

    def bears(self, datagram: bytes) -> bool:
        """Whether it is signed by the user, at whatever engine it names."""
        try:
            told = _read(datagram)
        except MalformedError:
            return False
        key = self._user.keys(told.engine)[0] if self._user else b""
        return bool(told.flags & AUTH) and self._is_signed(datagram, told, key)

    def check(self, datagram: bytes, asked: int) -> None:
        """Raise MalformedError where this can't be what answers the message numbered `asked`."""
        told = _read(datagram)
        if told.number != asked:
            raise MalformedError("the answer to another message")
        if self._engine is not None and told.engine != self._engine:
            raise MalformedError("an answer of another engine")
        level = told.flags & _LEVEL
        if level & AUTH and not self._is_signed(datagram, told, self._key):
            raise MalformedError("a signature that is wrong")
        wanted = self._user.level if self._user and self._engine is not None else 0
        if (level != wanted or self._engine is None) and not _is_report(datagram, told):
            raise MalformedError("an answer that isn't secured as it should be")

    def _is_signed(self, datagram: bytes, told: _Message, key: bytes) -> bool:
        if self._user is None or not key or told.user != self._user.name:
            return False
        begin, end = told.mac
        unsigned = b"".join((datagram[:begin], bytes(end - begin), datagram[end : told.end]))
        return hmac.compare_digest(self._user.signature(key, unsigned), datagram[begin:end])


def _read(datagram: bytes) -> _Message:
    at, end = enter(datagram, 0, len(datagram), SEQUENCE)
    _, at = number(datagram, at, end)
    at, security = enter(datagram, at, end, SEQUENCE)
    message, at = number(datagram, at, security)
    _, at = number(datagram, at, security)
    flags, at = _text(datagram, at, security)
    model, _ = number(datagram, at, security)
    if len(flags) != 1 or model != _USM:
        raise MalformedError("no message with USM")
    at, data = enter(datagram, security, end, OCTETS)
    at, last = enter(datagram, at, data, SEQUENCE)
    engine, at = _text(datagram, at, last)
    for _ in ("boots", "time"):
        _, at = number(datagram, at, last)
    user, at = _text(datagram, at, last)
    return _Message(message, flags[0], engine, user, enter(datagram, at, last, OCTETS), data, end)


def _text(datagram: bytes, at: int, end: int) -> tuple[bytes, int]:
    """(what an OCTET STRING holds, where it ends)."""
    begin, stop = enter(datagram, at, end, OCTETS)
    return datagram[begin:stop], stop


def _is_report(datagram: bytes, told: _Message) -> bool:
    """Whether it is one in the plain."""
    if told.flags & PRIV:
        return False
    at, end = enter(datagram, told.data, told.end, SEQUENCE)
    for _ in ("contextEngineID", "contextName"):
        _, at = enter(datagram, at, end, OCTETS)
    return header(datagram, at, end)[0] == _REPORT
