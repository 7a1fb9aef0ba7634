"""Readiness of services for the routes: made when it is first asked for, and taken up anew every few seconds at most."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from threading import Lock

from sqlalchemy import Engine

from inventory.hours import INDIA
from inventory.model import Inventory
from readiness import read
from readiness.offer import Offer, offer_of
from storage.settings import Settings

REST = timedelta(seconds=3)
"""Taking up what is stored reads the counters of all kendras: it is not done for every page."""

_Mark = tuple[object, ...]


class Offering:
    def __init__(self, engine: Engine, inventory: Inventory, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._engine, self._inventory, self._settings, self._clock = engine, inventory, settings, clock
        self._lock = Lock()
        self._asked_at: datetime | None = None
        self._blind: bool | None = None
        self._mark: _Mark = ()

    @cached_property
    def _offer(self) -> Offer:
        return offer_of(self._inventory, self._settings)

    def now(self, blind_since: datetime | None) -> Offer:
        """As stored, or as it was up to REST before; that nobody watches is told at once."""
        with self._lock:
            now, blind = self._clock(), blind_since is not None
            if blind != self._blind or not self._rests(now):
                # Read first: what is stored between the two reads is told twice, never lost.
                mark = self._newest(now)
                if (blind, mark) != (self._blind, self._mark):
                    self._offer.refresh(self._engine, now, blind_since)
                self._asked_at, self._blind, self._mark = now, blind, mark
            return self._offer

    def _rests(self, now: datetime) -> bool:
        return self._asked_at is not None and timedelta() <= now - self._asked_at < REST

    def _newest(self, now: datetime) -> _Mark:
        """What moves with all that an offer is made of: services come online by the day, lines are measured by polls."""
        day = now.astimezone(INDIA).date()
        return read.latest_transition_id(self._engine), read.observed_until(self._engine), day
