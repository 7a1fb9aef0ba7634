"""Requests of SNMPv3 written in columns: those of one size in one step, whatever they ask and whomever."""

from itertools import pairwise
from secrets import randbits
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import Octets, Positions, windows
from collectors.volley.ciphers import BLOCK
from collectors.volley.engines import Engines
from collectors.volley.request import ID, MOST_AROUND, Templates, get_request
from collectors.volley.secured import Frame, Layout, frame, whole_size
from collectors.volley.usm import PRIV, REPORTABLE, SALT, User

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
        if known.all():
            return self._sealed(templates, number, ids, asked, now)
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
        boots, seconds = self._engines.time(asked.device, now)
        engine, engine_size = self._engines.identity(asked.device)
        sizes = np.array([asked.user, templates.size[number], engine_size, whole_size(boots), whole_size(seconds)])
        order, groups = _alike(sizes)
        number, ids, asked, engine = number[order], ids[order], asked.only(order), engine[order]
        by = vectors(boots[order], seconds[order], self._salts(len(ids)))
        made = _empty(len(ids), templates.size[number])
        mac, plain = np.zeros((2, len(ids)), np.int64)
        for same in groups:
            user, pdu_size, *rest = sizes[:, order[same.start]].tolist()
            layout, pdus = Layout(*rest), templates.octets[number[same], :pdu_size]
            form = self._frame(pdus[0].tobytes(), user, layout)
            made.size[same], mac[same], plain[same] = len(form.octets), form.mac, form.plain
            one = made.octets[same, : len(form.octets)]
            one[:, : form.pdu], one[:, form.pdu :] = np.frombuffer(form.octets[: form.pdu], np.uint8), pdus
            _fill(one, form, layout, engine[same], by[same])
            _number(one, form, ids[same])
        self._encrypt(made, plain, asked, by)
        self._sign(made, mac, asked)
        if len(groups) == 1:  # then the order is that in which they were asked
            return made
        back = np.argsort(order)
        return Messages(made.octets[back], made.size[back])

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

    def _encrypt(self, made: Messages, plain: Positions, asked: Asked, by: Octets) -> None:
        """What begins at `plain` of each message, where its user has privacy; and what is behind it, up to a block."""
        private = np.array([bool(user.level & PRIV) for user in self._users])
        own = np.flatnonzero(private[asked.user])
        if not len(own):
            return
        widest = int((made.size[own] - plain[own]).max())
        texts, begins = windows(made.octets.reshape(-1), -(-widest // BLOCK) * BLOCK), _starts(made)[own] + plain[own]
        texts[begins] = self._engines.ciphers.encrypt(asked.device[own], by[own], texts[begins])

    def _sign(self, made: Messages, mac: Positions, asked: Asked) -> None:
        for number, user in enumerate(self._users):
            own = np.flatnonzero(asked.user == number)
            keys = self._engines.signing_keys(asked.device[own])
            texts = made.octets[own, : made.size[own].max(initial=0)]
            places = windows(made.octets.reshape(-1), user.mac)
            places[(_starts(made) + mac)[own]] = user.signatures(keys, texts, made.size[own])


def vectors(boots: NDArray[np.int64], seconds: NDArray[np.int64], salts: Octets) -> Octets:
    """By which messages of an engine's time are encrypted, shape (n, BLOCK): RFC 3826 section 3.1.2.1."""
    return np.concatenate([_big(boots)[:, 4:], _big(seconds)[:, 4:], salts], axis=1)


def _empty(count: int, pdu_size: NDArray[np.int64]) -> Messages:
    """Room for so many messages around PDUs of these sizes, and for a block behind each."""
    widest = int(pdu_size.max(initial=0)) + MOST_AROUND + BLOCK
    return Messages(np.zeros((count, widest), np.uint8), np.zeros(count, np.int64))


def _starts(made: Messages) -> Positions:
    """Of each row in all octets."""
    starts: Positions = made.octets.shape[1] * np.arange(len(made.size))
    return starts


def _alike(columns: NDArray[np.int64]) -> tuple[Positions, list[slice]]:
    """(an order of n in which those that are alike in all columns, shape (columns, n), stand together, where they do)."""
    order = np.lexsort(columns)
    sorted_ = columns[:, order]
    cuts = np.flatnonzero((sorted_[:, 1:] != sorted_[:, :-1]).any(axis=0)) + 1
    edges = [0, *cuts.tolist(), len(order)]
    return order, [slice(begin, end) for begin, end in pairwise(edges)]


def _fill(made: Octets, form: Frame, layout: Layout, engine: Octets, by: Octets) -> None:
    """Write engine ids and `vectors` into the messages of one form; numbers stand right in the latter's fields."""
    for at in form.engine:
        made[:, at : at + layout.engine] = engine[:, : layout.engine]
    made[:, form.boots : form.boots + layout.boots] = by[:, 4 - layout.boots : 4]
    made[:, form.seconds : form.seconds + layout.seconds] = by[:, 8 - layout.seconds : 8]
    made[:, form.salt : form.salt + form.salt_size] = by[:, 8 : 8 + form.salt_size]


def _numbered(form: Frame, ids: NDArray[np.int64]) -> Octets:
    """A message for each id, shape (n, size)."""
    made = np.tile(np.frombuffer(form.octets, np.uint8), (len(ids), 1))
    _number(made, form, ids)
    return made


def _number(made: Octets, form: Frame, ids: NDArray[np.int64]) -> None:
    """Write its id into each message."""
    for at in (form.number, form.request_id):
        made[:, at : at + len(ID) - 2] = _big(ids)[:, 4:]


def _big(number: NDArray[np.int64]) -> Octets:
    """The eight octets of each, shape (n, 8)."""
    return number.astype(">i8").view(np.uint8).reshape(-1, 8)
