"""Batches to InfluxDB 2 (or VictoriaMetrics), through a queue on disk.

A batch is on disk before the sink has taken it. The newest goes out first; after each such request
one of the backlog follows, so neither starves the other. A request whose answer was lost is sent
again: InfluxDB keeps one value for a series and time, so that changes nothing there.
"""

import asyncio
import random
import time
from contextlib import suppress

import numpy as np
import structlog

from collectors.figures import Reading
from collectors.model import Batch
from collectors.sinks.influx_store import AwayError, InfluxStore, RefusedError, packed, write_what_fits
from collectors.sinks.labels import labels_of
from collectors.sinks.lines import LineProtocol
from collectors.sinks.segment import Portion
from collectors.sinks.spool import Spool
from inventory.model import Inventory
from storage.settings import InfluxSettings

_MOST_AT_ONCE = 50_000  # samples in one request
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 20.0

_log = structlog.get_logger()


class InfluxSink:
    """A sink; start it inside a running loop, and `close` it. It is the only user of its spool's folder.

    Raises SecretUnavailableError where the token's reference leads nowhere, FolderInUseError where
    another process spools to the same folder.
    """

    def __init__(self, settings: InfluxSettings, inventory: Inventory) -> None:
        self._store = InfluxStore(settings)
        self._spool = Spool(settings.spool_folder, settings.spool_bytes)
        self._lines = LineProtocol(labels_of(inventory))
        self._arrived = asyncio.Event()
        self._closing = asyncio.Event()
        self.written = 0  # samples, and so the four below
        self.drained = 0  # of these, from the backlog
        self.refused = 0  # by InfluxDB for good
        self._refused_by_disk = 0
        self.live_delay_s = 0.0
        self._sending = asyncio.create_task(self._keep_sending())

    async def __call__(self, batch: Batch) -> None:
        """On disk when this returns; OSError where the disk refused, and the batch is lost to InfluxDB."""
        await asyncio.to_thread(self._accept, batch)
        if self._sending.done():
            self._sending.result()  # a fault of ours ended it: be loud, batch after batch
        self._arrived.set()

    async def close(self) -> None:
        """Let the request under way end, and send what is newest if InfluxDB is there; the rest stays spooled."""
        self._closing.set()
        self._arrived.set()
        await self._sending
        self._spool.close()
        self._store.close()

    def readings(self) -> tuple[Reading, ...]:
        return (
            Reading("influx_written_samples", "Samples written to InfluxDB", lambda: self.written, counter=True),
            Reading("influx_drained_samples", "Samples of these that came from the backlog", lambda: self.drained, counter=True),
            Reading("influx_waiting_samples", "Samples spooled for InfluxDB", lambda: self.waiting),
            Reading("influx_spool_bytes", "Size of the spool on disk", lambda: self._spool.octets),
            Reading("influx_spool_limit_bytes", "Size that the spool may have", lambda: self._spool.most_bytes),
            Reading("influx_oldest_age_seconds", "Age of the oldest samples in the spool", self._oldest_age_s),
            Reading("influx_live_delay_seconds", "Age at which the newest samples were written", lambda: self.live_delay_s),
            Reading("influx_dropped_samples", "Samples lost to a full spool or a disk that refused", lambda: self.dropped, counter=True),
            Reading("influx_refused_samples", "Samples that InfluxDB refused for good", lambda: self.refused, counter=True),
        )  # fmt: skip

    @property
    def waiting(self) -> int:
        """Samples that are not written yet."""
        return self._spool.samples

    @property
    def dropped(self) -> int:
        """Samples that no longer wait and were not sent."""
        return self._spool.dropped + self._refused_by_disk

    def _oldest_age_s(self) -> float:
        oldest = self._spool.closed_at
        return 0.0 if oldest is None else max(0.0, time.time() - oldest)

    def _accept(self, batch: Batch) -> None:
        samples = int(np.isfinite(batch.sample_value).sum())
        if not samples:
            return
        body = packed(self._lines.encode(batch))
        try:
            self._spool.append(body, samples, batch.closed_at)
        except OSError:
            self._refused_by_disk += samples
            raise

    async def _keep_sending(self) -> None:
        failures = 0
        while not self._closing.is_set():
            try:
                sent = await self._turn()
            except (AwayError, OSError) as error:
                failures += 1
                _log.warning("InfluxDB away", error=repr(error), failures=failures, waiting=self.waiting)
                asked_s = error.ask_again_s if isinstance(error, AwayError) else 0.0
                await self._pause(max(asked_s, pause_s(failures, random.random())))  # noqa: S311 - no secret
            else:
                failures = 0
                if not sent:
                    await self._arrived.wait()
        if not failures:
            await self._send_the_newest()

    async def _turn(self) -> bool:
        """Send the newest, then as much of the backlog; whether there was any."""
        self._arrived.clear()
        live = await asyncio.to_thread(self._send_live)
        return await asyncio.to_thread(self._send_backlog) or live

    async def _send_the_newest(self) -> None:
        try:
            while await asyncio.to_thread(self._send_live):
                pass
        except (AwayError, OSError) as error:
            _log.warning("InfluxDB away", error=repr(error), waiting=self.waiting)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    def _send_live(self) -> bool:
        portion = self._spool.live(_MOST_AT_ONCE)
        if portion is None:
            return False
        self._send(portion)
        self.live_delay_s = time.time() - portion.closed_at
        return True

    def _send_backlog(self) -> bool:
        portion = self._spool.backlog(_MOST_AT_ONCE)
        if portion is None:
            return False
        try:
            self.drained += self._send(portion)
        except AwayError:
            self._spool.put_off(portion)  # a store may fail on these lines and take others
            raise
        return True

    def _send(self, portion: Portion) -> int:
        """Samples written. AwayError: the portion stays in the spool."""
        refused = self._write(portion.body)
        written = portion.samples - refused
        self.written += written
        self.refused += refused
        self._spool.delivered(portion)
        return written

    def _write(self, body: bytes) -> int:
        """Samples that were refused."""
        try:
            self._store.write(body)
        except RefusedError:
            refused = write_what_fits(self._store, body)
            _log.error("InfluxDB refused samples", samples=refused.samples, why=refused.why, line=refused.line)
            return refused.samples
        return 0


def pause_s(failures: int, luck: float) -> float:
    """How long to wait after so many failures in a row. `luck` from 0 to 1 keeps collectors from coming all at once."""
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 10)) * (0.5 + luck / 2)
