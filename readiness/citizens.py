"""How many citizens live where services are had and where not, and what outages cost them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, func

from inventory.model import Inventory
from inventory.scope import Scope, villages_in
from inventory.tables import area
from readiness.ledger import Asked, past
from readiness.model import Readiness, SubjectKind
from readiness.read import of_villages
from readiness.rules.lost import lost


@dataclass(frozen=True, slots=True)
class HoursLost:
    """Citizen-hours in [start, end): `low` if all unobserved time was served, `high` if none was.

    `villages_without` are left out: nobody knows how many live there. None: of no village anybody knows.
    """

    low: float | None
    high: float | None
    villages: int
    villages_without: int


@dataclass(frozen=True, slots=True)
class People:
    """By the state of villages: their citizens, None where there are villages and no population of any is known.

    `villages_without` counts the villages whose population isn't known: their citizens are left out.
    """

    citizens: Mapping[Readiness, int | None]
    villages_without: Mapping[Readiness, int]


def by_readiness(engine: Engine, scope: Scope, *, blind_since: datetime | None = None) -> People:
    """Of all villages in scope, as in `read.counts`."""
    unfigured = func.count() - func.count(area.c.population)
    citizens: dict[Readiness, int | None] = dict.fromkeys(Readiness, 0)
    without = dict.fromkeys(Readiness, 0)
    with engine.connect() as connection:
        rows = connection.execute(of_villages(scope, func.sum(area.c.population), unfigured)).all()
    if blind_since is not None:
        known = [int(people) for _, people, _ in rows if people is not None]
        citizens[Readiness.UNKNOWN] = sum(known) if known or not rows else None
        without[Readiness.UNKNOWN] = sum(int(some) for *_, some in rows)
        return People(citizens, without)
    for status, people, some in rows:
        citizens[Readiness(status)] = None if people is None else int(people)
        without[Readiness(status)] = int(some)
    return People(citizens, without)


def hours_lost(
    engine: Engine,
    history: Path,
    inventory: Inventory,
    scope: Scope,
    period: tuple[datetime, datetime],
    *,
    blind_since: datetime | None = None,
) -> HoursLost:
    """Over the villages of the scope in [start, end). Raises UnknownAreaError, MonthMissingError."""
    villages = list(villages_in(inventory, scope))
    names = tuple(village.key for village in villages)
    asked = Asked(SubjectKind.VILLAGE, names, *period, scope, blind_since)
    whole, _ = past(engine, history, inventory, asked)
    citizens = [village.population for village in villages]
    found = lost(whole, np.array([people or 0 for people in citizens], np.int64))
    without = citizens.count(None)
    if without and without == len(citizens):
        return HoursLost(None, None, len(citizens), without)
    return HoursLost(round(float(found.low.sum()), 1), round(float(found.high.sum()), 1), len(citizens), without)
