"""Batches in InfluxDB's line protocol, made in columns.

One measurement, `pahunch`; tags device, site, role, district and port (the instance: a port, an
ONT, a disk); fields named as in collectors/metrics.py, all floats; times in milliseconds. Values
of one device, instance and time share a line.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from collectors.metrics import METRICS
from collectors.model import Batch
from collectors.sinks.labels import Labels
from collectors.sinks.texts import Names, Texts, beside, column, runs, whole, written

_MEASUREMENT = "pahunch"
_FIELDS = column([f"{metric.name}=" for metric in METRICS])


class LineProtocol:
    """Keeps the texts of devices and instances from batch to batch; for one thread at a time."""

    def __init__(self, labels: Labels) -> None:
        self._devices, self._instances = Names(labels.device), Names()
        head = beside(_MEASUREMENT, _tagged("device", labels.device), _tagged("district", labels.district_text()))
        tail = beside(_tagged("role", labels.role), _tagged("site", labels.site), " ")
        self._before_port = Texts(self._devices, lambda stranger: _MEASUREMENT + _tag("device", stranger), head)
        self._ports = Texts(self._instances, lambda instance: _tag("port", instance))
        self._after_port = Texts(self._devices, lambda _: " ", tail)

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


def _tag(name: str, value: str) -> str:
    return str(_tagged(name, column([value]))[0])


def _tagged(name: str, values: pa.StringArray) -> pa.StringArray:
    """The tag of each value; none where it is empty."""
    plain = pc.replace_substring_regex(values, r"[\n\r\t]", " ")
    escaped = pc.replace_substring_regex(plain, r"([\\,= ])", r"\\\1")
    return pc.if_else(pc.equal(values, ""), "", beside(f",{name}=", escaped))


def samples_in(line: bytes) -> int:
    """Samples of one line: its fields are all numbers, so only commas part them."""
    return line.rsplit(b" ", 2)[1].count(b",") + 1
