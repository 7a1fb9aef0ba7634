"""The newest values of devices as Prometheus' text, whole or of one area, piece by piece."""

import threading
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from collectors.model import REASONS, Batch, Reason
from collectors.sinks.families import family, head, label, labelled
from collectors.sinks.labels import Labels, labels_of
from collectors.sinks.names import PREFIX
from collectors.sinks.shapes import codes
from collectors.sinks.slots import Slots
from collectors.sinks.texts import Names, Texts, beside, whole, written
from inventory.columnar import column
from inventory.model import Inventory

DEVICE_UP = f"{PREFIX}device_up"
DEVICE_UP_HELP = "1 where the device answered its last poll, else 0"
ELSEWHERE = "elsewhere"
"""The area of devices whose site lies in no district."""

_GONE_INTERVALS = 5  # a device silent this long has no values any more
_GONE_S = 7200.0  # nor has a port or ONT; slow objects are read hourly
_NOT_ASKED = np.array([REASONS.index(Reason.NO_ROUTE), REASONS.index(Reason.SECRET)], np.int8)
_AT_ONCE = 5_000  # devices whose lines are made in one piece: no step holds the interpreter for long
_NOT_POLLED = -1


class Series:
    """`take` is called by one thread at a time; `text` may be called from others meanwhile.

    Devices that the inventory does not have are left out.
    """

    def __init__(self, inventory: Inventory, interval_s: float) -> None:
        """`interval_s`: of devices without their own."""
        labels = labels_of(inventory)
        self._devices, self._instances = Names(labels.device), Names()
        district = labels.district_text()
        self._before_port = beside("{", labelled("device", labels.device), ",", labelled("district", district))
        self._ports = Texts(self._instances, lambda port: label(",port", port) if port else "")
        self._after_port = beside(",", labelled("role", labels.role), ",", labelled("site", labels.site), "} ")
        self._by_area = _by_area(labels)
        self.areas = tuple(self._by_area)
        own = column(inventory.devices, "interval_s").cast(pa.float32()).fill_null(interval_s)
        self._gone_s = _GONE_INTERVALS * own.to_numpy(zero_copy_only=False)
        self._reached_at = np.zeros(len(labels.device))
        self._up = np.full(len(labels.device), _NOT_POLLED, np.int8)
        self._slots = Slots(len(labels.device))
        self._lock = threading.Lock()
        pa.default_memory_pool().release_unused()  # of a country 50 MB, from making the columns

    def take(self, batch: Batch) -> None:
        device = self._devices.numbers(batch.devices)
        port = self._instances.numbers(batch.instances)[batch.sample_instance]
        owner, code = device[batch.sample_device], codes(batch.sample_metric, port)
        value, at = batch.sample_value, batch.sample_at
        if not (ours := owner < len(self._up)).all():
            owner, code, value, at = owner[ours], code[ours], value[ours], at[ours]
        with self._lock:
            self._take_polls(batch, device[batch.poll_device])
            if len(owner):
                self._slots.take(owner, code, value, at)

    @property
    def refused(self) -> int:
        """Samples left out because their device has too many series."""
        return self._slots.refused

    def text(self, now: float, area: str | None = None) -> Iterator[bytes]:
        """All that is known of the devices, or of those of an area; KeyError for an area that has none."""
        devices = self._by_area[area] if area is not None else np.arange(len(self._up))
        some = [devices[begin : begin + _AT_ONCE] for begin in range(0, len(devices), _AT_ONCE)]
        with self._lock:
            metrics = self._slots.shapes.metrics()
        for metric in metrics:
            yield from family(metric, (self._lines(metric, each, now) for each in some))
        yield from self._devices_up(some)

    def _take_polls(self, batch: Batch, device: NDArray[np.int32]) -> None:
        known = device < len(self._up)
        alive = batch.poll_reached | (batch.burst_answered > 0)
        asked = known & ~np.isin(batch.poll_reason, _NOT_ASKED)
        self._reached_at[device[known & alive]] = batch.poll_at[known & alive]
        self._up[device[asked]] = alive[asked]

    def _lines(
        self, metric: int, device: NDArray[np.int64], now: float
    ) -> tuple[NDArray[np.float64], Sequence[pa.StringArray]]:
        """The values of a metric that are there, and the columns of their labels."""
        with self._lock:
            found = self._slots.newest(metric, device)
            shown = (now - self._reached_at[found.device] <= self._gone_s[found.device]) & (now - found.at <= _GONE_S)
            ports = self._ports.of(found.instance[shown])
        return found.value[shown], self._where(found.device[shown], ports)

    def _devices_up(self, some: Sequence[NDArray[np.int64]]) -> Iterator[bytes]:
        first = head(DEVICE_UP, "gauge", DEVICE_UP_HELP).encode()
        for each in some:
            polled = each[self._up[each] != _NOT_POLLED]
            if len(polled):
                where = self._where(polled, pa.array([""] * len(polled)))
                yield first + whole(beside(DEVICE_UP, *where, written(self._up[polled].astype(np.int64)), "\n"))
                first = b""

    def _where(self, device: NDArray[np.int64], ports: pa.StringArray) -> Sequence[pa.StringArray]:
        """The labels in the order of their names, and the space behind them."""
        numbers = pa.array(device)
        return self._before_port.take(numbers), ports, self._after_port.take(numbers)


def _by_area(labels: Labels) -> dict[str, NDArray[np.int64]]:
    """The devices of each area that has any, in the order of the areas' names."""
    order = np.argsort(labels.district, kind="stable")
    found, count = np.unique(labels.district, return_counts=True)
    names = [ELSEWHERE if number < 0 else labels.districts[number].as_py() for number in found.tolist()]
    ends = np.cumsum(count).tolist()
    return {name: order[end - size : end] for name, end, size in sorted(zip(names, ends, count.tolist(), strict=True))}
