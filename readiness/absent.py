"""Where the roll-out has not arrived: gram panchayats that are stated to have no network yet.

Their devices may stand in the inventory already. Until one of them was heard its silence proves nothing; from its
first answer on it is judged like any other, for observation outranks what is stated.
"""

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from inventory import rollout
from inventory.columnar import column, keys, rows_with
from inventory.hours import INDIA
from inventory.model import Inventory, Level
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.rules import services
from readiness.rules.columns import Mask
from readiness.rules.graph import Graph, Nodes
from readiness.rules.village import Result

STATED = "no network has been commissioned here yet, as is stated"


def devices(graph: Graph, inventory: Inventory, now: float) -> Mask:
    """Which nodes stand in a gram panchayat that is stated on the day of `now` to have no network yet."""
    at = np.zeros(len(graph.sites), np.bool_)
    at[_sites(inventory, now)] = True
    return at[graph.site]


def places(inventory: Inventory, now: float) -> list[tuple[SubjectKind, Nodes, Result]]:
    """The sites there and the villages that kendras there serve, by their positions, and how they stand unobserved."""
    sites = _sites(inventory, now)
    villages = rows_with(inventory.areas, "level", pa.array([Level.VILLAGE.value]))
    served = column(inventory.areas, "served_by").cast(pa.string()).take(pa.array(villages))
    there = pc.is_in(served, value_set=keys(inventory.sites).cast(pa.string()).take(pa.array(sites)))
    return [
        (SubjectKind.SITE, sites, Result(Status.UNKNOWN, STATED, Layer.NOT_COMMISSIONED)),
        (SubjectKind.VILLAGE, np.flatnonzero(there), Result(Readiness.UNKNOWN, STATED, Layer.NOT_COMMISSIONED)),
    ]


def needs(inventory: Inventory, now: float) -> tuple[frozenset[str], ...]:
    """The endpoints of each service at counters that the state gives on the day of `now`: others lack nothing."""
    waiting = rollout.not_online(inventory, day(now))
    return services.needs_at_kendra(one for one in inventory.services.values() if one.code not in waiting)


def _sites(inventory: Inventory, now: float) -> Nodes:
    """Positions of the sites in such gram panchayats."""
    stated = sorted(rollout.uncommissioned(inventory, day(now)))
    return rows_with(inventory.sites, "area", pa.array(stated, pa.string()))


def day(now: float) -> date:
    """The day in India."""
    return datetime.fromtimestamp(now, UTC).astimezone(INDIA).date()
