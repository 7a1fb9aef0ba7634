"""What is claimed of the roll-out on a day: of gram panchayats and of services. Claims, not observations."""

from collections.abc import Mapping
from datetime import date
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import at_rows, column, rows_with
from inventory.model import GpRollout, GpState, Inventory, ServiceRollout, ServiceState

R = TypeVar("R")

STATES = tuple(GpState)
"""In the order in which the roll-out goes."""
UNCOMMISSIONED = frozenset({GpState.PLANNED, GpState.RIGHT_OF_WAY, GpState.LAID})
"""A gram panchayat in one of these has no network yet: that nothing answers there is no outage."""
READY = frozenset({GpState.SERVICE_READY, GpState.OPERATIONAL})
"""A gram panchayat in one of these is claimed to be able to give services."""


def gps(inventory: Inventory, day: date) -> dict[str, GpRollout]:
    """Gram panchayat -> the row of gp_rollout.csv in force on `day`; without one its state was never stated."""
    rows = _in_force(inventory.gp_rollout, "area", day)
    return {row.area: row for row in at_rows(inventory.gp_rollout, rows)}


def gp(inventory: Inventory, area: str, day: date) -> GpRollout | None:
    """The row of one gram panchayat in force on `day`."""
    rows = at_rows(inventory.gp_rollout, rows_with(inventory.gp_rollout, "area", pa.array([area])))
    begun = [row for row in rows if row.valid_from <= day]
    return max(begun, key=lambda row: row.valid_from, default=None)


def uncommissioned(inventory: Inventory, day: date) -> frozenset[str]:
    """The gram panchayats that were stated to have no network yet on `day`."""
    rows = _in_force(inventory.gp_rollout, "area", day)
    state = column(inventory.gp_rollout, "state").cast(pa.string()).take(pa.array(rows))
    wanted = pc.is_in(state, value_set=pa.array([str(each) for each in UNCOMMISSIONED], pa.string()))
    areas = column(inventory.gp_rollout, "area").cast(pa.string()).take(pa.array(rows))
    return frozenset(areas.filter(wanted).to_pylist())


def services(inventory: Inventory, day: date) -> dict[str, ServiceRollout]:
    """Service -> the row of service_rollout.csv in force on `day`; a service without one is taken to be online."""
    rows = _in_force(inventory.service_rollout, "service", day)
    return {row.service: row for row in at_rows(inventory.service_rollout, rows)}


def not_online(inventory: Inventory, day: date) -> frozenset[str]:
    """The services that were stated to be offline or still being onboarded on `day`: nobody gets them anywhere."""
    return frozenset(code for code, row in services(inventory, day).items() if row.state is not ServiceState.ONLINE)


def _in_force(records: Mapping[str, R], subject: str, day: date) -> NDArray[np.int64]:
    """Places of the rows in force on `day`, ascending: of each subject the last that had begun."""
    if not records:
        return np.zeros(0, np.int64)
    begins = column(records, "valid_from").cast(pa.date32()).cast(pa.int32()).to_numpy()
    who = column(records, subject).cast(pa.string()).dictionary_encode().indices.to_numpy()
    begun = np.flatnonzero(begins <= (day - date(1970, 1, 1)).days)
    order = begun[np.lexsort((begins[begun], who[begun]))]
    last = np.ones(len(order), np.bool_)
    last[:-1] = who[order][1:] != who[order][:-1]
    return np.sort(order[last])
