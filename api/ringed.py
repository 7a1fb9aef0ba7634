"""How the rings of an area stand, for pages: read from the store at most every few seconds for each area."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine

from api.kept import Kept
from inventory.model import Inventory
from inventory.scope import Scope
from readiness.network import Network, RingRow, of_rings

REST = timedelta(seconds=10)
"""A ring is one-armed for hours: it need not be read for every page that is drawn meanwhile."""

MOST_LINKS = 20_000
"""Of rings with more links than most states have, a page says to choose a district: it reads what has changed, not all."""

_OCTETS = 32 << 20
_A_BOX, _A_RING, _AN_AREA = 500, 400, 1000  # octets, about

_Asked = tuple[str | None, datetime, datetime | None]


class Ringed:
    def __init__(self, engine: Engine, inventory: Inventory) -> None:
        self._engine, self._inventory = engine, inventory
        self._networks: Kept[str | None, Network | None] = Kept(self._made, _weight, _OCTETS)
        self._rows: Kept[_Asked, Sequence[RingRow] | None] = Kept(
            self._read, lambda rows: _AN_AREA + _A_RING * len(rows or ()), _OCTETS
        )

    def of(self, scope: Scope, now: datetime, blind_since: datetime | None) -> Sequence[RingRow] | None:
        """The rings with a box in scope as they stood up to REST before; None: they have more than MOST_LINKS."""
        return self._rows((scope.area, now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % REST, blind_since))

    def _read(self, asked: _Asked) -> Sequence[RingRow] | None:
        area, _, blind_since = asked
        network = self._networks(area)
        return None if network is None else network.rings(self._engine, Scope(area), blind_since=blind_since)

    def _made(self, area: str | None) -> Network | None:
        return of_rings(self._inventory, Scope(area), MOST_LINKS)


def _weight(network: Network | None) -> int:
    return _AN_AREA + (0 if network is None else _A_BOX * len(network.graph.names))
