"""Batches to InfluxDB 2 (or VictoriaMetrics), through influxdb-client.

One measurement, `pahunch`; tags device, site, role, district and port (the instance: a port, an
ONT, a disk); fields named as in collectors/metrics.py, all floats; times in milliseconds. Values
of one device, instance and time share a line.

While the server is away, batches wait in memory up to a bound; beyond it the oldest are dropped
and counted. A queue on disk comes with the sinks' reliability work; the history loses nothing.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import structlog
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from collectors.figures import Reading
from collectors.metrics import METRICS
from collectors.model import Batch
from collectors.sinks.labels import Labels, labels_of
from inventory.model import Inventory
from storage.settings import InfluxSettings, resolve_secret

_MEASUREMENT = "pahunch"
_MOST_WAITING = 2_000_000  # samples
_MOST_AT_ONCE = 50_000  # samples in one request
_TIMEOUT_MS = 10_000
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_CLOSE_S = 5.0
_UNWANTED = frozenset({400, 404, 413, 422})  # asking again with the same lines cannot help

_ESCAPED = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\\": r"\\", "\n": r"\ ", "\r": r"\ ", "\t": r"\ "})

_log = structlog.get_logger()


class InfluxSink:
    """A sink that writes behind; start it inside a running loop, and `close` it.

    Raises SecretUnavailableError where the token's reference leads nowhere.
    """

    def __init__(self, settings: InfluxSettings, inventory: Inventory) -> None:
        self._labels = labels_of(inventory)
        self._bucket = settings.bucket
        self._client = InfluxDBClient(
            settings.url, resolve_secret(settings.token), org=settings.org, timeout=_TIMEOUT_MS, enable_gzip=True
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)
        self._waiting: deque[Batch] = deque()
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()
        self._writing = asyncio.create_task(self._keep_writing())
        self._sending = 0  # samples
        self.written = 0  # samples
        self.dropped = 0  # samples

    async def __call__(self, batch: Batch) -> None:
        if self._writing.done():
            self._writing.result()  # a fault of ours ended it: be loud, batch after batch
        self._waiting.append(batch)
        while self._waiting and self.waiting > _MOST_WAITING:
            self.dropped += len(self._waiting.popleft().sample_value)
        self._arrived.set()

    async def close(self) -> None:
        """Give what waits a few seconds to go out."""
        self._closing.set()
        self._arrived.set()
        await asyncio.wait({self._writing}, timeout=_CLOSE_S)
        self._writing.cancel()
        self.dropped += self.waiting
        self._client.close()  # type: ignore[no-untyped-call] # the library leaves it untyped

    def readings(self) -> tuple[Reading, ...]:
        return (
            Reading("influx_written_samples", "Samples written to InfluxDB", lambda: self.written, counter=True),
            Reading("influx_waiting_samples", "Samples waiting for InfluxDB", lambda: self.waiting),
            Reading("influx_dropped_samples", "Samples that InfluxDB never got", lambda: self.dropped, counter=True),
        )

    @property
    def waiting(self) -> int:
        """Samples that are not written yet."""
        return self._sending + sum(len(batch.sample_value) for batch in self._waiting)

    async def _keep_writing(self) -> None:
        while not (self._closing.is_set() and not self._waiting):
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._write(self._next())

    def _send(self, body: bytes) -> None:
        precision = WritePrecision.MS
        self._api.write(self._bucket, record=body, write_precision=precision)  # type: ignore[arg-type] # a str there

    def _next(self) -> list[Batch]:
        batches = [self._waiting.popleft()]
        count = len(batches[0].sample_value)
        while self._waiting and count + len(self._waiting[0].sample_value) <= _MOST_AT_ONCE:
            batches.append(self._waiting.popleft())
            count += len(batches[-1].sample_value)
        return batches

    async def _write(self, batches: Sequence[Batch]) -> None:
        """Send until the server takes it; what it refuses for good is dropped."""
        self._sending = sum(len(batch.sample_value) for batch in batches)
        body = await asyncio.to_thread(lines, batches, self._labels)
        pause_s = _FIRST_PAUSE_S
        while self._sending:
            try:
                await asyncio.to_thread(self._send, body)
            except ApiException as error:
                if error.status in _UNWANTED:
                    self.dropped, self._sending = self.dropped + self._sending, 0
                    _log.error(
                        "InfluxDB refused samples", status=error.status, reason=error.reason, dropped=self.dropped
                    )
                    return
                _log.warning("InfluxDB not ready", status=error.status, waiting=self.waiting)
            except (HTTPError, OSError) as error:
                _log.warning("InfluxDB away", error=type(error).__name__, waiting=self.waiting, dropped=self.dropped)
            else:
                self.written, self._sending = self.written + self._sending, 0
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def lines(batches: Sequence[Batch], labels: Mapping[str, Labels]) -> bytes:
    """The samples of `batches` in line protocol."""
    return "\n".join(line for batch in batches for line in _lines(batch, labels)).encode()


def _lines(batch: Batch, labels: Mapping[str, Labels]) -> Iterator[str]:
    @cache
    def head(device: int, instance: int) -> str:
        name = batch.devices[device]
        return _head(labels.get(name, Labels(name, "", "", "")), batch.instances[instance])

    order = np.lexsort((batch.sample_at, batch.sample_instance, batch.sample_device))
    device, instance = batch.sample_device[order], batch.sample_instance[order]
    at, metric = np.round(batch.sample_at[order] * 1000).astype(np.int64), batch.sample_metric[order]
    value = batch.sample_value[order].tolist()
    new = (np.diff(device) != 0) | (np.diff(instance) != 0) | (np.diff(at) != 0)
    starts = [0, *(np.flatnonzero(new) + 1).tolist(), len(order)]
    fields = [f"{METRICS[m].name}={v!r}" for m, v in zip(metric.tolist(), value, strict=True)]
    for start, end in pairwise(starts):
        if end > start:
            yield f"{head(int(device[start]), int(instance[start]))} {','.join(fields[start:end])} {at[start]}"


def _head(labels: Labels, instance: str) -> str:
    tags = (
        ("device", labels.device),
        ("district", labels.district),
        ("port", instance),
        ("role", labels.role),
        ("site", labels.site),
    )
    return ",".join((_MEASUREMENT, *(f"{name}={value.translate(_ESCAPED)}" for name, value in tags if value)))
