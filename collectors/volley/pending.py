"""Requests that wait for their answers, in columns; a request's id says where it stands. Pure but for chance.

An id is, from its highest bit: the turn of its place, which begins by chance, which sending of the request it is,
the place. So an id comes back only after thousands of requests: a late or doubled answer fits none of those between.
"""

import numpy as np
from numpy.typing import NDArray

from collectors.volley.request import FIRST_ID

ROOM = 1 << 16
"""Most requests that can wait at once: the lower half of an id is the place."""

MOST_SENDINGS = 8
"""Of one request: each has an id of its own, and an answer to any of them counts."""

MOST_ATTEMPTS = 4
"""Of these; the others are for what a device wants to be asked again."""

LAST_PLACE = ROOM - 1
_LATEST = (MOST_SENDINGS - 1) << 16
_STEP = ROOM * MOST_SENDINGS
_LEAST_TURN = FIRST_ID // _STEP
_TURNS = (1 << 31) // _STEP - _LEAST_TURN


class Pending:
    """Columns of shape (ROOM,). A late answer to an older request at its place has another id."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._turn = chance.integers(0, _TURNS, ROOM)
        self._free = np.arange(ROOM, dtype=np.int32)
        self.free = ROOM
        self._first_id = np.zeros(ROOM, np.int32)  # 0: nothing waits here
        self._sendings = np.zeros(ROOM, np.int8)
        self.attempts = np.zeros(ROOM, np.int8)
        self.device = np.zeros(ROOM, np.int32)
        self.template = np.zeros(ROOM, np.int64)
        self.address = np.zeros(ROOM, np.uint32)
        self.port = np.zeros(ROOM, np.uint16)
        self.sent_at = np.zeros(ROOM)  # UTC epoch seconds, of the first sending
        self.sent = np.zeros(ROOM)  # the same moment on the forward clock
        self.deadline = np.full(ROOM, np.inf)  # of the latest sending, on the forward clock

    def take(self, count: int) -> NDArray[np.int32]:
        """Places for `count` requests; there must be so many free."""
        self.free -= count
        places = self._free[self.free : self.free + count].copy()
        self._turn[places] = (self._turn[places] + 1) % _TURNS
        self._first_id[places] = (_LEAST_TURN + self._turn[places]) * _STEP | places
        self._sendings[places] = self.attempts[places] = 0
        return places

    def next_ids(self, places: NDArray[np.int32]) -> NDArray[np.int64]:
        """The ids of a further sending of the requests at `places`, which have had less than MOST_SENDINGS."""
        ids = self._first_id[places] | self._sendings[places].astype(np.int64) << 16
        self._sendings[places] += 1
        return ids

    def repeats(self, places: NDArray[np.int32]) -> NDArray[np.int8]:
        """How often each was sent beside its attempts."""
        extra: NDArray[np.int8] = self._sendings[places] - self.attempts[places]
        return extra

    def give_back(self, places: NDArray[np.int32]) -> None:
        self._first_id[places] = 0
        self.deadline[places] = np.inf
        self._free[self.free : self.free + len(places)] = places
        self.free += len(places)

    def match(
        self, request_id: NDArray[np.int64], address: NDArray[np.uint32], port: NDArray[np.uint16]
    ) -> NDArray[np.bool_]:
        """Which packets, shape (n,), come from where a waiting request with their id was sent."""
        place = request_id & LAST_PLACE
        same = (self.address[place] == address) & (self.port[place] == port)
        sent = (request_id & _LATEST) >> 16 < self._sendings[place]
        own: NDArray[np.bool_] = (self._first_id[place] == request_id & ~_LATEST) & sent & same & (request_id > 0)
        return own

    def expired(self, now: float) -> NDArray[np.int32]:
        """Places of the requests whose deadline has passed."""
        return np.flatnonzero(self.deadline < now).astype(np.int32)


def first_of_each(request_id: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of the first answer to each request: a device may answer twice, and to each sending."""
    first: NDArray[np.int64] = np.unique(request_id & LAST_PLACE, return_index=True)[1]
    return first
