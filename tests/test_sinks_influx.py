"""Writes through influxdb-client, read back from a real VictoriaMetrics."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from collectors.sinks.influx import InfluxSink, lines
from collectors.sinks.labels import labels_of
from inventory.model import Inventory
from storage.settings import InfluxSettings, SecretUnavailableError
from tests.batches import batch
from tests.servers import free_port, victoria_metrics

DEVICES = ("gp1", "gp2", "olt1")
AT = 1_795_255_200.25
HOSTILE = 'GE 0,0=1\\"\n#'


def test_values_of_one_port_and_time_share_a_line(small: Inventory) -> None:
    samples = [("gp1", "in_bps", "GE0/0/1", 1.5), ("gp2", "temperature", "", -3.0), ("gp1", "out_bps", "GE0/0/1", 2e9)]
    made = lines([batch(samples, devices=DEVICES, at=AT)], labels_of(small)).decode().splitlines()
    assert made == [
        "pahunch,device=gp1,district=district:387,port=GE0/0/1,role=router,site=gp1 in_bps=1.5,out_bps=2000000000.0 1795255200250",
        "pahunch,device=gp2,district=district:387,role=router,site=gp2 temperature=-3.0 1795255200250",
    ]


def exported(url: str) -> dict[tuple[str, str, str], tuple[list[float], list[int]]]:
    """(name, device, port) -> values and times of everything stored."""
    found = {}
    everything = quote('{device!=""}')
    with urlopen(f"{url}/api/v1/export?match[]={everything}") as response:  # noqa: S310 - on 127.0.0.1
        for line in response:
            row = json.loads(line)
            labels = row["metric"]
            found[labels["__name__"], labels["device"], labels.get("port", "")] = (row["values"], row["timestamps"])
    return found


@pytest.mark.server
async def test_what_is_written_reads_back_equal(
    tmp_path: Path, small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_TOKEN", "secret-token")
    samples = [(device, "in_bps", f"GE0/0/{n}", 1e9 + 0.125 + n) for device in DEVICES for n in range(300)]
    samples.append(("gp1", "temperature", HOSTILE, -12.25))
    with victoria_metrics(tmp_path) as url:
        sink = InfluxSink(InfluxSettings(url=url, token="env:PAHUNCH_TEST_TOKEN"), small)
        await sink(batch(samples, devices=DEVICES, at=AT))
        await sink(batch([("gp1", "in_bps", "GE0/0/1", 5.0)], devices=DEVICES, at=AT + 60))
        await sink.close()
        async with asyncio.timeout(20):
            while len(found := await asyncio.to_thread(exported, url)) < len(samples):  # noqa: ASYNC110 - a server's state
                await asyncio.sleep(0.2)
    assert (sink.written, sink.dropped, sink.waiting) == (len(samples) + 1, 0, 0)
    millis = round(AT * 1000)
    for device, metric, port, number in samples[:-1]:
        expected = (
            ([number, 5.0], [millis, millis + 60_000]) if (device, port) == ("gp1", "GE0/0/1") else ([number], [millis])
        )
        assert found[f"pahunch_{metric}", device, port] == expected
    assert found["pahunch_temperature", "gp1", HOSTILE.replace("\n", " ")] == ([-12.25], [millis])


@pytest.mark.server
async def test_a_server_that_comes_back_gets_what_waited(tmp_path: Path, small: Inventory) -> None:
    port = free_port()
    sink = InfluxSink(InfluxSettings(url=f"http://127.0.0.1:{port}", token="t"), small)
    await sink(batch([("gp1", "in_bps", "x", 1.0)], devices=DEVICES, at=AT))
    await asyncio.sleep(0.3)
    assert sink.waiting == 1
    await sink(batch([("gp2", "in_bps", "x", 2.0)], devices=DEVICES, at=AT))
    received: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port), asyncio.timeout(15):
        while sink.waiting:  # noqa: ASYNC110 - the sink sets no event
            await asyncio.sleep(0.05)
    await sink.close()
    assert (sink.written, sink.dropped) == (2, 0)
    assert all(line.startswith(b"POST /api/v2/write?") for line in received)


async def test_what_waits_is_bounded_and_the_oldest_goes(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.sinks.influx._MOST_WAITING", 10)
    monkeypatch.setattr("collectors.sinks.influx._CLOSE_S", 0.1)
    sink = InfluxSink(InfluxSettings(url=f"http://127.0.0.1:{free_port()}", token="t"), small)
    for turn in range(30):
        await sink(batch([("gp1", "in_bps", "x", float(turn))], devices=DEVICES, at=AT + turn))
    assert sink.waiting == 10
    assert sink.dropped == 20
    await sink.close()
    assert sink.dropped == 30


async def test_a_token_that_cannot_be_resolved_is_said_at_once(small: Inventory) -> None:
    with pytest.raises(SecretUnavailableError, match="PAHUNCH_NO_SUCH"):
        InfluxSink(InfluxSettings(url="http://127.0.0.1:1", token="env:PAHUNCH_NO_SUCH"), small)
