"""Requests of SNMPv3 written in columns: those of one size in one step, whatever they ask and whomever."""

from collections.abc import Iterator
from secrets import randbits
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import Octets, Positions
from collectors.volley.engines import Engines
from collectors.volley.request import ID, MOST_AROUND, Templates, get_request
from collectors.volley.secured import Frame, Layout, frame, whole_size
from collectors.volley.usm import PRIV, REPORTABLE, SALT, User, encrypt, rows

_MOST_FRAMES = 1024
_PDU_OF_NOTHING = get_request(())
_HELLO = frame(_PDU_OF_NOTHING, b"", REPORTABLE, (0, 0), Layout(0, 1, 1))
"""Whom we don't know answers this by a Report with its engine's id."""


class Asked(NamedTuple):
    """n requests, columns of shape (n,); `user` is a number of ours."""

    device: NDArray[np.int32]
    user: NDArray[np.int64]
    address: NDArray[np.uint32]
    port: NDArray[np.uint16]

    def only(self, rows: Positions) -> "Asked":
        return Asked(self.device[rows], self.user[rows], self.address[rows], self.port[rows])


class Messages(NamedTuple):
    """n messages: octets of shape (n, widest), how many of them count, shape (n,)."""

    octets: Octets
    size: NDArray[np.int64]


class Sealer:
    """Writes, encrypts and signs requests of `users` to `engines`."""

    def __init__(self, users: list[User], engines: Engines) -> None:
        self._users, self._engines = users, engines
        self._frames: dict[tuple[int, int, Layout], Frame] = {}
        self._salt = randbits(64)

    def seal(
        self, templates: Templates, number: NDArray[np.int64], ids: NDArray[np.int64], asked: Asked, now: float
    ) -> Messages:
        """Requests of the templates `number` with the ids `ids`; to a stranger goes a greeting instead."""
        known = self._engines.known(asked.device, asked.user, asked.address, asked.port)
        made = _empty(len(ids), templates.size[number])
        made.octets[~known, : len(_HELLO.octets)] = _numbered(_HELLO, ids[~known])
        made.size[~known] = len(_HELLO.octets)
        if known.any():
            sealed = self._sealed(templates, number[known], ids[known], asked.only(np.flatnonzero(known)), now)
            made.octets[known, : sealed.octets.shape[1]] = sealed.octets
            made.size[known] = sealed.size
        return made

    def _sealed(
        self, templates: Templates, number: NDArray[np.int64], ids: NDArray[np.int64], asked: Asked, now: float
    ) -> Messages:
        """To engines that are known."""
        made = _empty(len(ids), templates.size[number])
        boots, seconds = self._engines.time(asked.device, now)
        engine, engine_size = self._engines.identity(asked.device)
        salts, boots_octets, seconds_octets = self._salts(len(ids)), _big(boots), _big(seconds)
        mac, plain = np.zeros((2, len(ids)), np.int64)
        sizes = (templates.size[number], engine_size, whole_size(boots), whole_size(seconds))
        for same in _groups(asked.user, *sizes):
            layout = Layout(*(int(size[same[0]]) for size in sizes[1:]))
            pdus = templates.octets[number[same], : sizes[0][same[0]]]
            form = self._frame(pdus[0].tobytes(), int(asked.user[same[0]]), layout)
            one = _tiled(form, len(same))
            one[:, form.pdu :] = pdus
            for at in form.engine:
                one[:, at : at + layout.engine] = engine[same, : layout.engine]
            one[:, form.boots : form.boots + layout.boots] = boots_octets[same, 8 - layout.boots :]
            one[:, form.seconds : form.seconds + layout.seconds] = seconds_octets[same, 8 - layout.seconds :]
            one[:, form.salt : form.salt + form.salt_size] = salts[same, : form.salt_size]
            made.octets[same, : one.shape[1]] = _number(one, form, ids[same])
            made.size[same], mac[same], plain[same] = one.shape[1], form.mac, form.plain
        self._encrypt(made, plain, asked, vectors(boots, seconds, salts))
        self._sign(made, mac, asked)
        return made

    def _frame(self, pdu: bytes, number: int, layout: Layout) -> Frame:
        """One for all PDUs of this size."""
        key = (number, len(pdu), layout)
        if key not in self._frames:
            if len(self._frames) >= _MOST_FRAMES:
                self._frames.clear()
            user = self._users[number]
            sizes = (user.mac, SALT if user.level & PRIV else 0)
            self._frames[key] = frame(pdu, user.name, user.level | REPORTABLE, sizes, layout)
        return self._frames[key]

    def _salts(self, count: int) -> Octets:
        """Salts that no message had before, shape (count, SALT)."""
        self._salt = (self._salt + count) % 2**64
        return _big((np.uint64(self._salt) - np.arange(count, dtype=np.uint64)).view(np.int64))

    def _encrypt(self, made: Messages, plain: Positions, asked: Asked, by: list[bytes]) -> None:
        """What begins at `plain` of each message, where its user has privacy."""
        private = np.array([bool(user.level & PRIV) for user in self._users])
        own = np.flatnonzero(private[asked.user])
        keys = rows(self._engines.keys(asked.device[own])[1])
        octets, ends = made.octets.reshape(-1).data, _starts(made)[own] + made.size[own]
        begins = _starts(made)[own] + plain[own]
        for row, key, begin, end in zip(own.tolist(), keys, begins.tolist(), ends.tolist(), strict=True):
            octets[begin:end] = encrypt(key, by[row], octets[begin:end])

    def _sign(self, made: Messages, mac: Positions, asked: Asked) -> None:
        for number, user in enumerate(self._users):
            own = np.flatnonzero(asked.user == number)
            octets, begins = made.octets.reshape(-1).data, _starts(made)[own]
            spans = zip(begins.tolist(), (begins + made.size[own]).tolist(), strict=True)
            keys = self._engines.keys(asked.device[own])[0]
            signed = b"".join(user.signatures(keys, [octets[begin:end] for begin, end in spans]))
            place = mac[own][:, None] + np.arange(user.mac)
            made.octets[own[:, None], place] = np.frombuffer(signed, np.uint8).reshape(-1, user.mac)


def vectors(boots: NDArray[np.int64], seconds: NDArray[np.int64], salts: Octets) -> list[bytes]:
    """By which messages of an engine's time are encrypted: RFC 3826 section 3.1.2.1."""
    return rows(np.concatenate([_big(boots)[:, 4:], _big(seconds)[:, 4:], salts], axis=1))


def _empty(count: int, pdu_size: NDArray[np.int64]) -> Messages:
    """Room for so many messages around PDUs of these sizes."""
    widest = int(pdu_size.max(initial=0)) + MOST_AROUND
    return Messages(np.zeros((count, widest), np.uint8), np.zeros(count, np.int64))


def _starts(made: Messages) -> Positions:
    """Of each row in all octets."""
    starts: Positions = made.octets.shape[1] * np.arange(len(made.size))
    return starts


def _groups(*columns: NDArray[np.int64]) -> Iterator[Positions]:
    """Positions in columns of shape (n,), those together that are alike in all of them."""
    order = np.lexsort(columns)
    unlike = np.zeros(max(len(order) - 1, 0), np.bool_)
    for column in columns:
        unlike |= np.diff(column[order]) != 0
    yield from np.split(order, np.flatnonzero(unlike) + 1)


def _tiled(form: Frame, count: int) -> Octets:
    return np.tile(np.frombuffer(form.octets, np.uint8), (count, 1))


def _numbered(form: Frame, ids: NDArray[np.int64]) -> Octets:
    """A message for each id, shape (n, size)."""
    return _number(_tiled(form, len(ids)), form, ids)


def _number(made: Octets, form: Frame, ids: NDArray[np.int64]) -> Octets:
    """The messages with their ids."""
    for at in (form.number, form.request_id):
        made[:, at : at + len(ID) - 2] = _big(ids)[:, 4:]
    return made


def _big(number: NDArray[np.int64]) -> Octets:
    """The eight octets of each, shape (n, 8)."""
    return number.astype(">i8").view(np.uint8).reshape(-1, 8)
