"""Requests that wait for their answers, in columns; a request's id says where it stands. Pure but for chance."""

import numpy as np
from numpy.typing import NDArray

from collectors.volley.request import FIRST_ID

ROOM = 1 << 16
"""Most requests that can wait at once: the lower half of an id is the place."""

LAST_PLACE = ROOM - 1
_HIGH_BITS = 0x8000 - (FIRST_ID >> 16)


class Pending:
    """Columns of shape (ROOM,). An id is used once: a late answer to an older request at its place has another."""

    def __init__(self, chance: np.random.Generator) -> None:
        self._chance = chance
        self._free = np.arange(ROOM)
        self.free = ROOM
        self.request_id = np.zeros(ROOM, np.int64)  # 0: nothing waits here
        self.device = np.zeros(ROOM, np.int32)
        self.template = np.zeros(ROOM, np.int64)
        self.address = np.zeros(ROOM, np.uint32)
        self.port = np.zeros(ROOM, np.uint16)
        self.sent_at = np.zeros(ROOM)  # UTC epoch seconds
        self.deadline = np.full(ROOM, np.inf)  # of the forward clock

    def take(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(places, request-ids) for `count` requests; there must be so many free."""
        self.free -= count
        places = self._free[self.free : self.free + count].copy()
        high = (FIRST_ID >> 16) + self._chance.integers(0, _HIGH_BITS, count)
        self.request_id[places] = (high << 16) | places
        return places, self.request_id[places]

    def give_back(self, places: NDArray[np.int64]) -> None:
        self.request_id[places] = 0
        self.deadline[places] = np.inf
        self._free[self.free : self.free + len(places)] = places
        self.free += len(places)

    def match(
        self, request_id: NDArray[np.int64], address: NDArray[np.uint32], port: NDArray[np.uint16]
    ) -> NDArray[np.bool_]:
        """Which packets, shape (n,), come from where a waiting request with their id was sent."""
        place = request_id & LAST_PLACE
        same = (self.address[place] == address) & (self.port[place] == port)
        own: NDArray[np.bool_] = (self.request_id[place] == request_id) & same & (request_id > 0)
        return own

    def first(self, request_id: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of the first packet with each id: a device may send its answer twice."""
        return np.unique(request_id, return_index=True)[1]

    def expired(self, now: float) -> NDArray[np.int64]:
        """Places of the requests whose deadline has passed."""
        return np.flatnonzero(self.deadline < now)
