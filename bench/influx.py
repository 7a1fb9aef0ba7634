"""What the InfluxDB sink costs: line protocol, compression, the spool; and how fast a spool drains.

The store is a socket in this process that answers 204 and looks at nothing.
"""

import asyncio
import re
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.batches import SAMPLES, names, round_of
from bench.fleet import routers
from collectors.model import Batch
from collectors.sinks.influx import InfluxSink
from collectors.sinks.influx_store import packed
from collectors.sinks.labels import labels_of
from collectors.sinks.lines import LineProtocol
from storage.settings import InfluxSettings

_NOBODY = "http://127.0.0.1:9"  # the port of the discard service, where nothing listens


def run(quick: bool) -> dict[str, float]:
    """CPU of this process, all threads, by sample."""
    devices, rounds = (200, 3) if quick else (2_000, 40)
    random = np.random.default_rng(1)
    batches = [round_of(names(devices), random) for _ in range(rounds)]
    with tempfile.TemporaryDirectory() as folder:
        return {
            "samples": rounds * devices * SAMPLES,
            **_lines(batches),
            **asyncio.run(_spool(batches, Path(folder))),
        }


def _lines(batches: list[Batch]) -> dict[str, float]:
    protocol = LineProtocol(labels_of(routers(2)))
    protocol.encode(batches[0])
    began = time.process_time()
    texts = [protocol.encode(batch) for batch in batches]
    made = time.process_time()
    octets = sum(len(packed(text)) for text in texts)
    samples = sum(len(batch.sample_value) for batch in batches)
    return {
        "cpu_us_per_sample_lines": round((made - began) / samples * 1e6, 3),
        "cpu_us_per_sample_packed": round((time.process_time() - made) / samples * 1e6, 3),
        "octets_per_sample_lines": round(sum(map(len, texts)) / samples, 1),
        "octets_per_sample_packed": round(octets / samples, 1),
    }


async def _spool(batches: list[Batch], folder: Path) -> dict[str, float]:
    """A store that is away while all arrives, then comes back."""
    samples = sum(len(batch.sample_value) for batch in batches)
    sink = InfluxSink(_settings(_NOBODY, folder), routers(2))
    cpu, began = time.process_time(), time.monotonic()
    for batch in batches:
        await sink(batch)
    cpu, took_s = time.process_time() - cpu, time.monotonic() - began
    await sink.close()
    async with await asyncio.start_server(_taken, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        draining = time.monotonic()
        sink = InfluxSink(_settings(f"http://{host}:{port}", folder), routers(2))
        while sink.waiting:  # noqa: ASYNC110 - the sink sets no event
            await asyncio.sleep(0.01)
        drained_s = time.monotonic() - draining
        await sink.close()
    return {
        "cpu_us_per_sample_accepted": round(cpu / samples * 1e6, 3),
        "ms_per_batch_accepted": round(took_s / len(batches) * 1000, 2),
        "drained_samples_per_second": round(samples / drained_s),
        "samples_lost": samples - sink.written,
    }


def _settings(url: str, folder: Path) -> InfluxSettings:
    return InfluxSettings(url=url, token="none", spool_folder=folder)  # noqa: S106 - none is needed


async def _taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
