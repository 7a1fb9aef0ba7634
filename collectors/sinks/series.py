"""The newest values of devices as Prometheus' text, whole or of one area."""

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.model import REASONS, Batch, Reason
from collectors.sinks.families import families, head, label
from collectors.sinks.labels import Labels, labels_of
from collectors.sinks.latest import EMPTY, Latest, keys, updated
from collectors.sinks.names import PREFIX
from collectors.sinks.texts import Names, Texts, beside, whole, written
from inventory.model import Inventory

DEVICE_UP = f"{PREFIX}device_up"
DEVICE_UP_HELP = "1 where the device answered its last poll, else 0"
ELSEWHERE = "elsewhere"
"""The area of devices whose site lies in no district."""

_GONE_INTERVALS = 5  # a device silent this long has no values any more
_GONE_S = 7200.0  # nor has a port or ONT; slow objects are read hourly
_NOT_ASKED = np.array([REASONS.index(Reason.NO_ROUTE), REASONS.index(Reason.SECRET)], np.int8)


class _ByArea(NamedTuple):
    """Rows of a table of newest values, ordered by area; of area n: rows[starts[n]:starts[n + 1]]."""

    key: NDArray[np.int64]  # of that table
    rows: NDArray[np.intp]
    starts: NDArray[np.intp]


class Series:
    """`take` belongs to one thread; `text` may be called from others meanwhile.

    Devices that the inventory does not have are left out.
    """

    def __init__(self, inventory: Inventory, interval_s: float) -> None:
        """`interval_s`: of devices without their own."""
        self._labels = labels_of(inventory)
        devices = tuple(self._labels)
        self._devices, self._instances = Names(), Names()
        self._devices.numbers(devices)
        self._before_port = Texts(self._devices, self._before)
        self._ports = Texts(self._instances, lambda port: label(",port", port) if port else "")
        self._after_port = Texts(self._devices, self._after)
        of_device = [labels.district or ELSEWHERE for labels in self._labels.values()]
        self.areas = tuple(sorted(set(of_device)))
        self._area = np.array([self.areas.index(area) for area in of_device], np.int16)
        self._gone_s = np.array(
            [_GONE_INTERVALS * float(d.interval_s or interval_s) for d in inventory.devices.values()]
        )
        self._reached_at = np.zeros(len(devices))
        self._up = np.full(len(devices), np.nan)  # NaN: not polled yet
        self._latest = EMPTY
        self._by_area = _ByArea(EMPTY.key, np.zeros(0, np.intp), np.zeros(len(self.areas) + 1, np.intp))
        self._lock = threading.Lock()

    def take(self, batch: Batch) -> None:
        device = self._devices.numbers(batch.devices)
        self._take_polls(batch, device[batch.poll_device])
        ours = device[batch.sample_device]
        port = self._instances.numbers(batch.instances)[batch.sample_instance]
        new = Latest(keys(batch.sample_metric, ours, port), batch.sample_value, batch.sample_at)
        self._latest = updated(self._latest, new.chosen(ours < len(self._up)), batch.closed_at)

    def text(self, now: float, area: str | None = None) -> bytes:
        """All that is known of the devices, or of those of an area; ValueError for an area that has none."""
        number = None if area is None else self.areas.index(area)
        with self._lock:
            latest = self._latest
            part = latest if number is None else latest.chosen(self._rows(latest, number))
            there = now - self._reached_at[part.device] <= self._gone_s[part.device]
            shown = part.chosen(there & (now - part.at <= _GONE_S))
            return families(shown, self._where(shown.device, shown.instance)) + self._devices_up(number)

    def _take_polls(self, batch: Batch, device: NDArray[np.int32]) -> None:
        known = device < len(self._up)
        alive = batch.poll_reached | (batch.burst_answered > 0)
        asked = known & ~np.isin(batch.poll_reason, _NOT_ASKED)
        self._reached_at[device[known & alive]] = batch.poll_at[known & alive]
        self._up[device[asked]] = alive[asked]

    def _rows(self, latest: Latest, area: int) -> NDArray[np.intp]:
        if self._by_area.key is not latest.key:
            areas = self._area[latest.device]
            rows = np.argsort(areas, kind="stable")
            starts = np.searchsorted(areas[rows], np.arange(len(self.areas) + 1))
            self._by_area = _ByArea(latest.key, rows, starts)
        return self._by_area.rows[self._by_area.starts[area] : self._by_area.starts[area + 1]]

    def _devices_up(self, area: int | None) -> bytes:
        polled = ~np.isnan(self._up)
        device = np.flatnonzero(polled if area is None else polled & (self._area == area))
        if not len(device):
            return b""
        lines = beside(DEVICE_UP, *self._where(device, np.zeros_like(device)), written(self._up[device]), "\n")
        return head(DEVICE_UP, "gauge", DEVICE_UP_HELP).encode() + whole(lines)

    def _where(self, device: NDArray[np.intp], instance: NDArray[np.intp]) -> Sequence[pa.StringArray]:
        """The labels in the order of their names, and the space behind them."""
        return self._before_port.of(device), self._ports.of(instance), self._after_port.of(device)

    def _before(self, device: str) -> str:
        labels = self._labels.get(device, Labels(device, "", "", ""))
        return f"{{{label('device', labels.device)}{label(',district', labels.district)}"

    def _after(self, device: str) -> str:
        labels = self._labels.get(device, Labels(device, "", "", ""))
        return f"{label(',role', labels.role)}{label(',site', labels.site)}}} "
