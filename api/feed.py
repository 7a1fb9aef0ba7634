"""New transitions, whether anybody watches at all, and who is judged for the first time, for every open page: one task
reads the store, all clients share what it found.

Clients keep their own place in the shared list. A slow one gets its changes later and merged; one
that has fallen behind the list is told to start afresh. Nothing queues up per client.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from readiness.model import SubjectKind

log = structlog.get_logger()

T = TypeVar("T")


class Told(NamedTuple):
    """A village's or site's new letters (maps.letters); `number` is that of the ground, `id` the transition's."""

    id: int
    kind: SubjectKind
    number: int
    letters: tuple[str, ...]


class Sight(NamedTuple):
    """What holds for all pages: since when nobody watches, and Standing.renewals."""

    blind_since: datetime | None
    renewals: int


@dataclass(frozen=True, slots=True)
class News:
    """What one look at the store found, and the id up to which it looked."""

    changes: Sequence[Told]
    last: int


class Feed:
    def __init__(
        self,
        read: Callable[[int], News],
        latest: Callable[[], int],
        sight: Callable[[], Sight],
        *,
        every_s: float = 0.3,
        look_s: float = 2,
        keep: int = 50_000,
    ) -> None:
        """`read(after)` finds changes with a larger id, in order; `latest()` is the newest id. All may block."""
        self._read, self._latest, self._look = read, latest, sight
        self._every_s, self._look_s, self._keep = every_s, look_s, keep
        self._changes: deque[Told] = deque()
        self._floor = 0  # changes up to this id are not in the list
        self._news = asyncio.Event()
        self.last = 0
        self.sight = Sight(None, 0)
        self.closed = False

    async def run(self) -> None:
        """Follow the store until cancelled. A store that is away is asked again and again."""
        self._floor = self.last = await self._patiently(self._latest)
        self.sight = await self._patiently(self._look)
        async with asyncio.TaskGroup() as looking:
            looking.create_task(self._watch())
            while True:
                self._take(await self._patiently(lambda: self._read(self.last)))
                await asyncio.sleep(self._every_s)

    async def _watch(self) -> None:
        while True:
            sight = await self._patiently(self._look)
            if sight != self.sight:
                self.sight = sight
                self._tell()
            await asyncio.sleep(self._look_s)

    def since(self, after: int) -> list[Told] | None:
        """Changes after that id, oldest first; None where they are no longer all known."""
        if after < self._floor:
            return None
        found = list(takewhile(lambda change: change.id > after, reversed(self._changes)))
        return found[::-1]

    @property
    def newest(self) -> int:
        """The id of the newest change in the list."""
        return self._changes[-1].id if self._changes else self._floor

    async def wait(self, after: int, sight: Sight) -> None:
        """Return when there is a change after `after`, or sight isn't as given, or the feed has closed."""
        while not self.closed and self.sight == sight and self.newest <= after:
            await self._news.wait()

    def close(self) -> None:
        """Let every waiting client end; without this a server waits for its open streams."""
        self.closed = True
        self._news.set()

    async def _patiently(self, ask: Callable[[], T]) -> T:
        while True:
            try:
                return await asyncio.to_thread(ask)
            except SQLAlchemyError as error:  # also one that waited in vain for a connection
                log.warning("feed cannot read the store", error=type(error).__name__)
                await asyncio.sleep(1)

    def _take(self, news: News) -> None:
        self._changes.extend(news.changes)
        while len(self._changes) > self._keep:
            self._floor = self._changes.popleft().id
        self.last = news.last
        if news.changes:
            self._tell()

    def _tell(self) -> None:
        told, self._news = self._news, asyncio.Event()
        told.set()
