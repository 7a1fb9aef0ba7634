"""The fast way to ask many devices at once: GETs of SNMPv2c and SNMPv3 in columns over shared sockets.

What it cannot do, or what doesn't come out as asked, it hands back: then a backend asks that device
by itself (collectors/snmp). So nothing here knows an error-status or an ICMP error.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.snmp.backend import Usm
from collectors.volley.ber import Cursor
from collectors.volley.pending import LAST_PLACE, MOST_ATTEMPTS, MOST_SENDINGS, Pending, first_of_each
from collectors.volley.request import NO_USER, Template, Templates, secured_template, template
from collectors.volley.response import Bodies, Heads, authentic, bodies, heads
from collectors.volley.sealed import Asked
from collectors.volley.sealing import Outcome, Sealing
from collectors.volley.secured import secured_heads
from collectors.volley.sockets import Inbox, Outbox, Received, open_socket

_SOCKETS = 8  # the kernel keeps a few hundred answers a socket until they are read
_SENT_AT_ONCE = 128  # and so much is sent from one before it is the next one's turn
_MADE_AT_ONCE = 1024  # requests: more are too many octets for a core's own cache
_MOST_UNREAD = 4096  # packets; the rest waits in the kernel
_MOST_TEMPLATES = 1 << 14  # some 1,000 octets each; what would need more is asked by a backend
_LOT = 1000  # packets that are read at once: by the packet a third of what a hundred cost
_LONGEST_WAIT_S = 0.2  # for so many


class Requests(NamedTuple):
    """n GETs to send, columns of shape (n,). `device` comes back with the answer; `template` is a number of ours."""

    device: NDArray[np.int32]
    template: NDArray[np.int64]
    address: NDArray[np.uint32]
    port: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Answers:
    """n requests that are over: columns of shape (n,), values as in Bodies by row.

    Where `values.good` is False the device answered something else, and is to be asked by a backend.
    `sent_at` and `at` are UTC epoch seconds, `clock` the moment of arrival on the forward clock.
    """

    device: NDArray[np.int32]
    template: NDArray[np.int64]
    sent_at: NDArray[np.float64]
    at: NDArray[np.float64]
    clock: NDArray[np.float64]
    values: Bodies


class Volley:
    """Sends requests and reads their answers; every request comes back once, from `answers` or `silent`.

    A request is sent up to `attempts` times, each `timeout_s` after the one before; an answer to any counts.
    Answers are read in lots, for which the first of them waits up to `wait_s`.
    """

    def __init__(self, timeout_s: float, attempts: int = 2, *, wait_s: float = _LONGEST_WAIT_S) -> None:
        if not 0 < attempts <= MOST_ATTEMPTS:
            raise ValueError(f"{attempts} attempts: 1 to {MOST_ATTEMPTS} are possible")
        self.timeout_s = timeout_s
        self._attempts = attempts
        self._wait_s = wait_s
        self._sockets = deque(open_socket() for _ in range(_SOCKETS))
        self._outbox, self._inbox = Outbox(_MADE_AT_ONCE), Inbox(_MOST_UNREAD)
        self._pending = Pending(np.random.default_rng())
        self._sealing = Sealing()
        self._templates = Templates()
        self._waits_since = 0.0  # forward clock: when the first came that wasn't read

    @property
    def room(self) -> int:
        """How many requests may still be sent."""
        return self._pending.free

    @property
    def unread(self) -> int:
        """How many packets were taken and not read yet."""
        return self._inbox.filled

    def template(self, secret: str | Usm, oids: tuple[str, ...]) -> int | None:
        """A number for this request, by a community or a user: one that nothing else has until it is forgotten.

        None where a volley cannot make it: too long, a user without authentication, or one template too many.
        """
        made = self._made(secret, oids)
        if made is None or not made.fits or len(self._templates) >= _MOST_TEMPLATES:
            return None
        return self._templates.add(made)

    def forget(self, templates: Iterable[int]) -> None:
        """These are not asked for any more, and no request by them waits; their numbers are for others."""
        for number in templates:
            self._templates.forget(number)

    def _made(self, secret: str | Usm, oids: tuple[str, ...]) -> Template | None:
        if isinstance(secret, str):
            return template(secret, oids)
        user = self._sealing.number(secret)
        return None if user is None else secured_template(user, oids)

    def send(self, requests: Requests) -> NDArray[np.int32]:
        """Send at most `room` requests; the devices that this machine could not send to."""
        pending = self._pending
        places = pending.take(len(requests.device))
        pending.device[places], pending.template[places] = requests.device, requests.template
        pending.address[places], pending.port[places] = requests.address, requests.port
        pending.sent_at[places], pending.sent[places] = time.time(), time.monotonic()
        taken = self._attempt(places)
        pending.give_back(places[~taken])
        return requests.device[~taken]

    def receive(self) -> None:
        """Take what waits at the sockets, up to a bound; `answers` reads it. Cheap, so that it can be done often."""
        box = self._inbox
        if not box.filled:
            self._waits_since = time.monotonic()
        for sock in self._sockets:
            if not box.full:
                box.take(sock)

    def answers(self) -> Answers | None:
        """What has been answered since the last call, None for nothing; packets that answer nothing are dropped.

        Also None while a lot is waited for.
        """
        box = self._inbox
        if not box.filled or (box.filled < _LOT and time.monotonic() < self._waits_since + self._wait_s):
            return None
        received = box.read()
        head = heads(received.octets, received.start, received.size)
        rows = self._ours(head, received)
        if self._sealing:
            rows = np.concatenate([rows, self._opened(head, received)])
        rows = self._in_order(head, rows)
        return self._read(received, head, rows) if len(rows) else None

    def silent(self, now: float) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """(devices that answered no attempt in time, when they were asked first in UTC epoch seconds).

        What can be asked once more is asked. `now` is of the forward clock, taken before the last
        `receive`: what came in time was read, or else nobody is silent yet.
        """
        pending = self._pending
        if self._inbox.filled:
            return np.zeros(0, np.int32), np.zeros(0)
        places = pending.expired(now)
        again = pending.attempts[places] < self._attempts
        if again.any():
            self._attempt(places[again])  # what the kernel doesn't take now was refused for the moment: it is silence
        over = places[~again]
        if self._sealing:
            self._sealing.engines.doubt(pending.device[over])
        pending.give_back(over)
        return pending.device[over], pending.sent_at[over]

    def close(self) -> None:
        for sock in self._sockets:
            sock.close()

    def _attempt(self, places: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Send the requests at `places` once more, each to be answered in time; which of them the kernel took."""
        self._pending.attempts[places] += 1
        return self._repeat(places)

    def _repeat(self, places: NDArray[np.int32]) -> NDArray[np.bool_]:
        """The same, without counting it as an attempt."""
        self._pending.deadline[places] = time.monotonic() + self.timeout_s
        taken = [self._send(places[start : start + _MADE_AT_ONCE]) for start in range(0, len(places), _MADE_AT_ONCE)]
        return np.concatenate([*taken, np.zeros(0, np.bool_)])

    def _send(self, places: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Send what fits into the outbox, in parts over the next sockets."""
        size, taken = self._write(places), np.zeros(len(places), np.bool_)
        for start in range(0, len(places), _SENT_AT_ONCE):
            part = slice(start, min(start + _SENT_AT_ONCE, len(places)))
            self._sockets.rotate()
            address, port = self._pending.address[places[part]], self._pending.port[places[part]]
            taken[part] = self._outbox.send(self._sockets[0], part, size[part], address, port)
        return taken

    def _write(self, places: NDArray[np.int32]) -> NDArray[np.int64]:
        """Write the requests at `places` into the outbox, one more sending of each; their sizes."""
        pending, templates = self._pending, self._templates
        template_of, ids = pending.template[places], pending.next_ids(places)
        size = templates.size[template_of]
        secured = np.flatnonzero(templates.user[template_of] != NO_USER)
        if len(secured) < len(places):
            octets = templates.messages(template_of, ids)
            self._outbox.octets[: len(places), : octets.shape[1]] = octets
        if len(secured):
            size[secured] = self._seal(places[secured], ids[secured], secured)
        return size

    def _seal(self, places: NDArray[np.int32], ids: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write the requests at `places` into `rows` of the outbox; their sizes."""
        number = self._pending.template[places]
        sealed = self._sealing.seal(self._templates, number, ids, self._asked(places), time.monotonic())
        widest = int(sealed.size.max())
        self._outbox.octets[rows, :widest] = sealed.octets[:, :widest]
        return sealed.size

    def _asked(self, places: NDArray[np.int32]) -> Asked:
        pending = self._pending
        user = self._templates.user[pending.template[places]]
        return Asked(pending.device[places], user, pending.address[places], pending.port[places])

    def _opened(self, head: Heads, received: Received) -> NDArray[np.int64]:
        """The SNMPv3 messages that end a request; `head` has then what they say. Others are asked again."""
        rows = np.flatnonzero(head.request_id < 0)
        found = secured_heads(received.octets, received.start[rows], received.start[rows] + received.size[rows])
        own = self._pending.match(found.number, received.address[rows], received.port[rows])
        own[own] = self._asked((found.number[own] & LAST_PLACE).astype(np.int32)).user != NO_USER
        rows, found = rows[own], found.only(own)
        places = (found.number & LAST_PLACE).astype(np.int32)
        opened = self._sealing.open(found, received.start[rows], self._asked(places), time.monotonic())
        self._ask_again(places[opened.outcome == Outcome.AGAIN])
        over = np.flatnonzero((opened.outcome == Outcome.RESPONSE) | (opened.outcome == Outcome.REFUSED))
        head.request_id[rows[over]] = found.number[over]
        for column, told in zip(_columns(head.body), _columns(opened.body), strict=True):
            column[rows[over]] = told[over]
        return rows[over]

    def _ask_again(self, places: NDArray[np.int32]) -> None:
        """Those who have not wanted it too often: what goes on for ever is silence."""
        again = places[self._pending.repeats(places) < MOST_SENDINGS - MOST_ATTEMPTS]
        if len(again):
            self._repeat(again)

    def _read(self, received: Received, head: Heads, rows: NDArray[np.int64]) -> Answers:
        pending = self._pending
        places = head.request_id[rows] & LAST_PLACE
        template_of, at = pending.template[places], received.at[rows]
        values = bodies(head, rows, self._templates, template_of)
        now = time.monotonic()
        # The kernel stamps by the wall clock, which may have been set since: no answer comes before its request.
        clock = np.clip(at - (time.time() - now), pending.sent[places], now)
        pending.give_back(places)
        return Answers(pending.device[places], template_of, pending.sent_at[places], at, clock, values)

    def _ours(self, head: Heads, received: Received) -> NDArray[np.int64]:
        """The packets that answer a waiting request by its community."""
        rows = np.flatnonzero(self._pending.match(head.request_id, received.address, received.port))
        if not len(rows):  # a stranger may send before there is any template
            return rows
        template_of = self._pending.template[head.request_id[rows] & LAST_PLACE]
        own: NDArray[np.bool_] = self._templates.user[template_of] == NO_USER
        return rows[own & authentic(head, rows, self._templates, template_of)]

    def _in_order(self, head: Heads, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first answers to each request, those that were asked most before others."""
        if not len(rows):
            return rows
        rows = rows[first_of_each(head.request_id[rows])]
        asked = self._templates.count[self._pending.template[head.request_id[rows] & LAST_PLACE]]
        return rows[np.argsort(-asked, kind="stable")]


def _columns(cursor: Cursor) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    return cursor.at, cursor.end, cursor.good
