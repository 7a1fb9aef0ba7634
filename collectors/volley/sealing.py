"""Requests sealed for the engines of devices, and what comes back opened: SNMPv3 with its User-based Security Model.

A device's engine is discovered by its Report to a first request (RFC 3414 section 4). Only a signed message
tells the time of an engine that is known; an unsigned Report does no more than name another engine.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from collectors.snmp.backend import Usm
from collectors.volley.ber import INTEGER, OCTET_STRING, SEQUENCE, SLACK, Cursor, Mask, Positions, windows
from collectors.volley.ciphers import BLOCK
from collectors.volley.engines import LEAST_ENGINE, MOST_ENGINE, Engines
from collectors.volley.request import Templates, object_name
from collectors.volley.sealed import Asked, Messages, Sealer, vectors
from collectors.volley.secured import SecuredHeads, same_octets
from collectors.volley.usm import AUTH, PRIV, SALT, User, in_columns

_RESPONSE, _REPORT = 0xA2, 0xA8
_WIDEST_USER = 32  # RFC 3414 section 5: SnmpAdminString (SIZE(1..32))
_NOT_IN_TIME_WINDOWS, _UNKNOWN_ENGINE_IDS = (object_name(f"1.3.6.1.6.3.15.1.1.{stat}.0") for stat in (2, 4))


class Outcome(IntEnum):
    """What a message is to its request."""

    NOTHING = 0  # not from whom it should be
    RESPONSE = 1
    AGAIN = 2  # the engine is known now, or its time: ask again
    REFUSED = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """n messages, columns of shape (n,). `body` is behind the request-id, and good where it is a RESPONSE."""

    outcome: NDArray[np.int8]
    body: Cursor


class Sealing:
    """Users by number, and the engines that know them. Keys are kept in memory, by device."""

    def __init__(self) -> None:
        self.users: list[User] = []
        self.engines = Engines()
        self._numbers: dict[Usm, int] = {}
        self._sealer = Sealer(self.users, self.engines)

    def __bool__(self) -> bool:
        return bool(self.users)

    def number(self, usm: Usm) -> int | None:
        """The user's number; None for one that isn't asked for here: without authentication, of rare protocols, or with too long a name."""
        if usm not in self._numbers:
            if not usm.auth or not in_columns(usm) or len(usm.user.encode()) > _WIDEST_USER:
                return None
            self.users.append(User(usm))
            self._numbers[usm] = len(self.users) - 1
        return self._numbers[usm]

    def seal(
        self, templates: Templates, number: NDArray[np.int64], ids: NDArray[np.int64], asked: Asked, now: float
    ) -> Messages:
        """As Sealer.seal."""
        return self._sealer.seal(templates, number, ids, asked, now)

    def open(self, heads: SecuredHeads, begin: Positions, asked: Asked, now: float) -> Opened:
        """Messages that begin at `begin` and answer by their number the requests `asked`; decrypts them in place."""
        outcome = np.zeros(len(begin), np.int8)
        signed = np.flatnonzero(self._fits(heads, begin, asked))
        signed = signed[self._authentic(heads, begin, asked, signed)]
        signed = signed[_first(asked.device[signed])]
        signed = signed[self.engines.in_window(asked.device[signed], heads.boots[signed], heads.seconds[signed], now)]
        self._decrypt(heads, asked, signed)
        kind, body = self._body(heads)
        response = signed[(kind[signed] == _RESPONSE) & self._at_level(heads, asked)[signed]]
        outcome[response] = Outcome.RESPONSE
        unsigned = np.flatnonzero(heads.good & (heads.flags & (AUTH | PRIV) == 0))
        for row in (*signed[kind[signed] == _REPORT], *unsigned[kind[unsigned] == _REPORT]):
            outcome[row] = self._report(heads, body, asked, int(row), now)
        body.good &= outcome == Outcome.RESPONSE
        return Opened(outcome, body)

    def _fits(self, heads: SecuredHeads, begin: Positions, asked: Asked) -> Mask:
        """Which messages are signed, by who was asked and for who asks; all of that is yet to be proved.

        A longer head than such a message can have is refused: whole blocks are decrypted, so some are written behind it.
        """
        octets = heads.data.octets
        names = np.array([np.frombuffer(u.name.ljust(_WIDEST_USER, b"\0"), np.uint8) for u in self.users])
        size = np.array([len(user.name) for user in self.users])
        mac = np.array([user.mac for user in self.users])
        engine, engine_size = self.engines.identity(asked.device)
        fits = heads.good & (heads.flags & AUTH != 0) & (heads.mac_size == mac[asked.user])
        fits &= heads.data.at - begin <= SLACK - BLOCK
        fits &= self.engines.known(asked.device, asked.user, asked.address, asked.port)
        fits &= (heads.engine_size == engine_size) & (heads.user_size == size[asked.user])
        fits &= same_octets(octets, heads.engine, heads.engine_size, engine)
        fits &= same_octets(octets, heads.user, heads.user_size, names[asked.user])
        return np.asarray(fits, np.bool_)

    def _authentic(self, heads: SecuredHeads, begin: Positions, asked: Asked, rows: Positions) -> Mask:
        """Which of `rows` bear the right signature; it is made zeros."""
        octets, size = heads.data.octets, heads.data.end - begin
        proved = np.zeros(len(rows), np.bool_)
        for number, user in enumerate(self.users):
            own = np.flatnonzero(asked.user[rows] == number)
            mine = rows[own]
            told = windows(octets, user.mac)[heads.mac[mine]]
            windows(octets, user.mac)[heads.mac[mine]] = 0
            texts = windows(octets, int(size[mine].max(initial=0)))[begin[mine]]
            right = user.signatures(self.engines.signing_keys(asked.device[mine]), texts, size[mine])
            proved[own] = np.bitwise_or.reduce(told ^ right, axis=1) == 0  # takes as long wherever they differ
        return proved

    def _decrypt(self, heads: SecuredHeads, asked: Asked, rows: Positions) -> None:
        """Put the scoped PDU where it was sealed, and the cursors in front of it; others' data stays what it is."""
        data = heads.data
        sealed = rows[(heads.flags[rows] & PRIV != 0) & (heads.salt_size[rows] == SALT)]
        inside = data.only(sealed)
        length = inside.enter(OCTET_STRING)
        by = vectors(heads.boots[sealed], heads.seconds[sealed], windows(data.octets, SALT)[heads.salt[sealed]])
        texts = windows(data.octets, -(-int(length.max(initial=0)) // BLOCK) * BLOCK)
        texts[inside.at] = self.engines.ciphers.decrypt(asked.device[sealed], by, texts[inside.at])
        data.at[sealed], data.end[sealed] = inside.at, inside.at + length
        data.good[sealed] &= inside.good

    def _body(self, heads: SecuredHeads) -> tuple[NDArray[np.uint8], Cursor]:
        """(tag of the PDU, a cursor behind its request-id, good where that is the message's number or it is a Report)."""
        body = heads.data.only(slice(None))
        body.enter(SEQUENCE)
        engine_size = body.enter(OCTET_STRING)
        body.good &= engine_size == heads.engine_size
        body.skip(engine_size)
        body.good &= body.enter(OCTET_STRING) == 0  # contextName
        kind, length = body.header()
        body.end = np.minimum(body.at + length, body.end)
        own = body.number() == heads.number
        body.good &= own | (kind == _REPORT)
        return np.where(body.good, kind, 0).astype(np.uint8), body

    def _at_level(self, heads: SecuredHeads, asked: Asked) -> Mask:
        level = np.array([user.level for user in self.users], np.uint8)
        fits: Mask = heads.flags & (AUTH | PRIV) == level[asked.user]
        return fits

    def _report(self, heads: SecuredHeads, body: Cursor, asked: Asked, row: int, now: float) -> Outcome:
        """What a Report means; one that is signed was timely, so that its time has been learnt."""
        signed, stat = bool(heads.flags[row] & AUTH), _reported(body, row)
        if stat == _NOT_IN_TIME_WINDOWS and signed:
            return Outcome.AGAIN
        known = self._is_known(heads, asked, row)
        if stat == _UNKNOWN_ENGINE_IDS and not signed:
            return Outcome.NOTHING if known else self._meet(heads, asked, row, now)
        return Outcome.REFUSED if known else Outcome.NOTHING

    def _meet(self, heads: SecuredHeads, asked: Asked, row: int, now: float) -> Outcome:
        """An engine that is new to us says its name; its keys are made here, once."""
        begin, size = int(heads.engine[row]), int(heads.engine_size[row])
        if not LEAST_ENGINE <= size <= MOST_ENGINE:
            return Outcome.NOTHING
        engine = heads.data.octets[begin : begin + size].tobytes()
        device, user = int(asked.device[row]), int(asked.user[row])
        auth, priv = self.users[user].keys(engine)
        self.engines.meet(device, user, int(asked.address[row]), int(asked.port[row]), (engine, auth, priv))
        self.engines.hint(device, int(heads.boots[row]), int(heads.seconds[row]), now)
        return Outcome.AGAIN

    def _is_known(self, heads: SecuredHeads, asked: Asked, row: int) -> bool:
        """Whether a message is from the very engine that we know at its device."""
        begin, size = int(heads.engine[row]), int(heads.engine_size[row])
        one = asked.only(np.array([row]))
        if not self.engines.known(one.device, one.user, one.address, one.port)[0]:
            return False
        engine, ours = self.engines.identity(one.device)
        return heads.data.octets[begin : begin + size].tobytes() == engine[0, : ours[0]].tobytes()


def _reported(body: Cursor, row: int) -> bytes:
    """The name of the first object in a Report, with tag and length."""
    one = body.only(slice(row, row + 1))
    for _ in range(2):  # error-status, error-index
        one.skip(one.enter(INTEGER))
    one.enter(SEQUENCE)
    one.enter(SEQUENCE)
    return one.octets[one.at[0] : one.at[0] + len(_UNKNOWN_ENGINE_IDS)].tobytes() if one.good[0] else b""


def _first(device: NDArray[np.int32]) -> Positions:
    first: Positions = np.unique(device, return_index=True)[1]
    return first
