"""The newest looks at endpoints as Prometheus' text: labels `endpoint` and `eyes`.

`eyes` is "noc" for the collector's own, else the kendra's site. Of kendras, which are many, only whether
the endpoint answered and how long that took is shown.
"""

import threading

import numpy as np

from collectors.http.look import NOC
from collectors.metrics import NUMBER
from collectors.model import Batch
from collectors.sinks.families import families, label
from collectors.sinks.latest import EMPTY, Latest, keys, updated
from collectors.sinks.texts import Names, Texts
from inventory.model import Inventory

_GONE_S = 7200.0
_OF_KENDRAS = np.array([NUMBER["endpoint_up"], NUMBER["endpoint_total_s"]], np.int16)


class Looks:
    """`take` belongs to one thread; `text` may be called from others meanwhile."""

    def __init__(self, inventory: Inventory) -> None:
        self._devices = inventory.devices
        self._eyes, self._endpoints = Names(), Names()
        self._noc = int(self._eyes.numbers((NOC,))[0])
        self._endpoint_texts = Texts(self._endpoints, lambda code: f"{{{label('endpoint', code)}")
        self._eyes_texts = Texts(self._eyes, lambda device: f"{label(',eyes', self._seen_by(device))}}} ")
        self._latest = EMPTY
        self._lock = threading.Lock()

    def take(self, batch: Batch) -> None:
        eyes = self._eyes.numbers(batch.devices)[batch.sample_device]
        endpoint = self._endpoints.numbers(batch.instances)[batch.sample_instance]
        new = Latest(keys(batch.sample_metric, eyes, endpoint), batch.sample_value, batch.sample_at)
        shown = (eyes == self._noc) | np.isin(batch.sample_metric, _OF_KENDRAS)
        self._latest = updated(self._latest, new.chosen(shown), batch.closed_at)

    def _seen_by(self, device: str) -> str:
        known = self._devices.get(device)
        return known.site if known else device

    def text(self, now: float) -> bytes:
        with self._lock:
            latest = self._latest
            shown = latest.chosen(now - latest.at <= _GONE_S)
            return families(shown, (self._endpoint_texts.of(shown.instance), self._eyes_texts.of(shown.device)))
