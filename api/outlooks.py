"""Likely next trouble for the routes: worked out once an hour for each area that is asked about.

It is made of whole days, and takes seconds of a state; what history brings late is told within the hour.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from api.kept import Kept
from inventory.model import Inventory
from inventory.scope import Scope
from readiness.trends import Trend, trends

AT_ONCE = 6
"""Requests that work one out or wait for one: each holds a thread of the 40 that all pages are drawn by."""

_OCTETS = 64 << 20
_A_ROW, _AN_AREA = 600, 1000  # octets, about

_Asked = tuple[str | None, datetime]


class Outlooks:
    def __init__(self, engine: Engine, history: Path, inventory: Inventory) -> None:
        self._engine, self._history, self._inventory = engine, history, inventory
        self._kept: Kept[_Asked, Sequence[Trend]] = Kept(
            self._made, lambda rows: _AN_AREA + _A_ROW * len(rows), _OCTETS, AT_ONCE
        )

    def of(self, scope: Scope, now: datetime) -> Sequence[Trend]:
        """As readiness.trends.trends, as of this hour's beginning; raises BusyError."""
        return self._kept((scope.area, now.replace(minute=0, second=0, microsecond=0)))

    def _made(self, asked: _Asked) -> Sequence[Trend]:
        area, now = asked
        return trends(self._engine, self._history, self._inventory, Scope(area), now)
