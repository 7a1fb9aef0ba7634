"""The newest looks at endpoints as a Prometheus exposition: labels `endpoint` and `eyes`.

`eyes` is "noc" for the collector's own, else the kendra's site. Of kendras, which are many, only whether
the endpoint answered and how long that took is shown.
"""

import time
from collections.abc import Iterator

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample

from collectors.http.look import NOC
from collectors.metrics import METRICS, NUMBER
from collectors.model import Batch
from collectors.sinks.names import EXPOSED
from inventory.model import Inventory

_GONE_S = 7200.0
_SHOWN = tuple(number for name, number in NUMBER.items() if name.startswith("endpoint_"))
_OF_KENDRAS = frozenset({NUMBER["endpoint_up"], NUMBER["endpoint_total_s"]})


class EndpointsSink(Collector):
    """A sink for the looks among the batches, and the collector that shows them."""

    def __init__(self, inventory: Inventory) -> None:
        self._site = {device.name: device.site for device in inventory.devices.values()}
        # (metric, endpoint, eyes) -> value and when it was read
        self._newest: dict[tuple[int, str, str], tuple[float, float]] = {}

    def register(self, registry: CollectorRegistry) -> None:
        registry.register(self)

    async def __call__(self, batch: Batch) -> None:
        if len(batch.poll_device):
            return
        rows = zip(
            batch.sample_metric.tolist(), batch.sample_instance.tolist(), batch.sample_device.tolist(),
            batch.sample_value.tolist(), batch.sample_at.tolist(), strict=True,
        )  # fmt: skip
        told = {
            (metric, batch.instances[endpoint], self._eyes(batch.devices[device])): (value, at)
            for metric, endpoint, device, value, at in rows
        }
        self._newest |= {key: seen for key, seen in told.items() if key[2] == NOC or key[0] in _OF_KENDRAS}

    def _eyes(self, device: str) -> str:
        return NOC if device == NOC else self._site.get(device, device)

    def collect(self) -> Iterator[Metric]:
        oldest = time.time() - _GONE_S
        # `collect` runs in another thread than the sink: a list is made at one go.
        newest = [(key, value) for key, (value, at) in list(self._newest.items()) if at >= oldest]
        for number in _SHOWN:
            family = Metric(EXPOSED[number].name, METRICS[number].help, "gauge")
            family.samples = [
                Sample(family.name, {"endpoint": endpoint, "eyes": eyes}, value * EXPOSED[number].factor)
                for (metric, endpoint, eyes), value in newest if metric == number
            ]  # fmt: skip
            if family.samples:
                yield family

    def describe(self) -> Iterator[Metric]:
        """Nothing: registering must not render everything once."""
        return iter(())
