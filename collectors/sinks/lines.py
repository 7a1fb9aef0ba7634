"""Batches in InfluxDB's line protocol, made in columns.

One measurement, `pahunch`; tags device, site, role, district and port (the instance: a port, an
ONT, a disk); fields named as in collectors/metrics.py, all floats; times in milliseconds. Values
of one device, instance and time share a line.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from collectors.metrics import METRICS
from collectors.model import Batch
from collectors.sinks.labels import Labels
from collectors.sinks.texts import Names, Texts, beside, column, runs, whole, written

_MEASUREMENT = "pahunch"
_FIELDS = column([f"{metric.name}=" for metric in METRICS])
_ESCAPED = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\\": r"\\", "\n": r"\ ", "\r": r"\ ", "\t": r"\ "})


class LineProtocol:
    """Keeps the texts of devices and instances from batch to batch; for one thread at a time."""

    def __init__(self, labels: Mapping[str, Labels]) -> None:
        self._labels = labels
        self._devices, self._instances = Names(), Names()
        self._before_port = Texts(self._devices, self._head)
        self._ports = Texts(self._instances, lambda instance: _tags(port=instance))
        self._after_port = Texts(self._devices, self._tail)

    def encode(self, batch: Batch) -> bytes:
        """The samples of `batch`, a line for each device, instance and time; numbers that are none are left out."""
        place = batch.sample_device.astype(np.int64) << 32 | batch.sample_instance
        at = np.round(batch.sample_at * 1000).astype(np.int64)
        order = np.lexsort((at, place))
        order = order[np.isfinite(batch.sample_value[order])]
        if not len(order):
            return b""
        place, at = place[order], at[order]
        starts = np.append(0, np.flatnonzero((np.diff(place) != 0) | (np.diff(at) != 0)) + 1)
        fields = beside(_FIELDS.take(pa.array(batch.sample_metric[order])), written(batch.sample_value[order]))
        first = order[starts]
        device = self._devices.numbers(batch.devices)[batch.sample_device[first]]
        instance = self._instances.numbers(batch.instances)[batch.sample_instance[first]]
        return whole(
            beside(
                self._before_port.of(device),
                self._ports.of(instance),
                self._after_port.of(device),
                runs(fields, starts, ","),
                " ",
                written(at[starts]),
                "\n",
            )
        )

    def _head(self, device: str) -> str:
        labels = self._of(device)
        return _MEASUREMENT + _tags(device=labels.device, district=labels.district)

    def _tail(self, device: str) -> str:
        labels = self._of(device)
        return _tags(role=labels.role, site=labels.site) + " "

    def _of(self, device: str) -> Labels:
        return self._labels.get(device, Labels(device, "", "", ""))


def _tags(**tags: str) -> str:
    return "".join(f",{name}={value.translate(_ESCAPED)}" for name, value in tags.items() if value)


def samples_in(line: bytes) -> int:
    """Samples of one line: its fields are all numbers, so only commas part them."""
    return line.rsplit(b" ", 2)[1].count(b",") + 1
