"""What the InfluxDB sink sends, and what it does with what the store does not take."""

import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote
from urllib.request import urlopen

import pytest

from collectors.sinks.influx import InfluxSink, pause_s
from collectors.sinks.labels import labels_of
from collectors.sinks.lines import LineProtocol
from inventory.model import Inventory
from storage.segments import FolderInUseError
from storage.settings import InfluxSettings, SecretUnavailableError
from tests.batches import Sample, batch
from tests.servers import free_port, victoria_metrics

DEVICES = ("gp1", "gp2", "olt1")
AT = 1_795_255_200.25
HOSTILE = 'GE 0,0=1\\"\n#'


def settings(url: str, folder: Path) -> InfluxSettings:
    return InfluxSettings(url=url, token="t", spool_folder=folder / "spool")


Answer = Callable[[list[str]], Awaitable[int]]
"""Lines of a request -> status."""

LOST = 0
"""Not a status: the lines are taken, and the connection breaks before the answer."""


@dataclass
class Store:
    """A store's write API that answers as it is told, and keeps the lines it took."""

    url: str
    answer: Answer
    lines: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@asynccontextmanager
async def store(answer: Answer, port: int = 0) -> AsyncIterator[Store]:
    found = Store("", answer)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found.requests.append(head)
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        assert length is not None
        lines = gzip.decompress(await reader.readexactly(int(length[1]))).decode().splitlines()
        status = await found.answer(lines)
        if status in {204, LOST}:
            found.lines += lines
        if status == LOST:
            writer.close()
            return
        writer.write(
            f"HTTP/1.1 {status} x\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", port) as server:
        found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield found


def always(status: int) -> Answer:
    async def answer(_: list[str]) -> int:
        return status

    return answer


takes_all = always(204)


async def until(what: Callable[[], bool], *, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not what():  # noqa: ASYNC110 - neither sink nor server sets an event
            await asyncio.sleep(0.02)


def one(device: str, number: float) -> list[Sample]:
    return [(device, "in_bps", "x", number)]


def test_values_of_one_port_and_time_share_a_line(small: Inventory) -> None:
    samples = [("gp1", "in_bps", "GE0/0/1", 1.5), ("gp2", "temperature", "", -3.0), ("gp1", "out_bps", "GE0/0/1", 2e9)]
    made = LineProtocol(labels_of(small)).encode(batch(samples, devices=DEVICES, at=AT)).decode().splitlines()
    assert made == [
        "pahunch,device=gp1,district=district:387,port=GE0/0/1,role=router,site=gp1 in_bps=1.5,out_bps=2000000000 1795255200250",
        "pahunch,device=gp2,district=district:387,role=router,site=gp2 temperature=-3 1795255200250",
    ]


def test_a_number_that_is_none_is_left_out(small: Inventory) -> None:
    samples = [("gp1", "in_bps", "x", float("nan")), ("gp1", "out_bps", "x", float("inf")), *one("gp2", 1.0)]
    protocol = LineProtocol(labels_of(small))
    assert protocol.encode(batch(samples, devices=DEVICES, at=AT)).decode().splitlines() == [
        "pahunch,device=gp2,district=district:387,port=x,role=router,site=gp2 in_bps=1 1795255200250"
    ]
    assert protocol.encode(batch(samples[:2], devices=DEVICES, at=AT)) == b""


def test_batches_of_several_fleets_keep_apart(small: Inventory) -> None:
    protocol = LineProtocol(labels_of(small))
    fleets = (("gp1",), ("gp2", "gp1"), ("olt1", "gp2"), ("gp3",), ("gp4",), ("gp1", "gp5"))
    for devices, port in [*zip(fleets, "abcdef", strict=True), *zip(fleets, "aaacdz", strict=True)]:
        made = protocol.encode(batch([(devices[0], "in_bps", port, 1.0)], devices=devices, at=AT)).decode()
        assert f"device={devices[0]},district=district:387,port={port},role=" in made


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
        told = settings(url, tmp_path).model_copy(update={"token": "env:PAHUNCH_TEST_TOKEN"})
        sink = InfluxSink(told, small)
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


async def test_a_server_that_comes_back_gets_what_waited(tmp_path: Path, small: Inventory) -> None:
    port = free_port()
    sink = InfluxSink(settings(f"http://127.0.0.1:{port}", tmp_path), small)
    await sink(batch(one("gp1", 1.0), devices=DEVICES, at=AT))
    await sink(batch(one("gp2", 2.0), devices=DEVICES, at=AT))
    await asyncio.sleep(0.3)
    assert sink.waiting == 2
    async with store(takes_all, port) as there:
        await until(lambda: not sink.waiting)
    await sink.close()
    assert (sink.written, sink.dropped) == (2, 0)
    assert len(there.lines) == 2
    assert all(
        head.startswith("POST /api/v2/write?org=pahunch&bucket=pahunch&precision=ms ") for head in there.requests
    )
    assert all("Authorization: Token t\r\n" in head for head in there.requests)


async def test_what_waits_outlives_the_process(tmp_path: Path, small: Inventory) -> None:
    away = settings(f"http://127.0.0.1:{free_port()}", tmp_path)
    sink = InfluxSink(away, small)
    for turn in range(3):
        await sink(batch(one("gp1", turn), devices=DEVICES, at=AT + turn))
    await sink.close()
    async with store(takes_all) as there:
        again = InfluxSink(settings(there.url, tmp_path), small)
        assert again.waiting == 3
        await again(batch(one("gp1", 9.0), devices=DEVICES, at=AT + 9))
        await until(lambda: not again.waiting)
        await again.close()
    assert sorted(re.findall(r"in_bps=(\d+)", line)[0] for line in there.lines) == ["0", "1", "2", "9"]
    assert (again.written, again.drained) == (4, 3)
    assert not list((tmp_path / "spool").glob("*.spool"))


async def test_each_new_batch_goes_before_the_rest_of_the_backlog(
    tmp_path: Path, small: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.sinks.influx._MOST_AT_ONCE", 1)
    old = InfluxSink(settings(f"http://127.0.0.1:{free_port()}", tmp_path), small)
    for turn in range(20):
        await old(batch(one("gp1", turn), devices=DEVICES, at=AT + turn))
    await old.close()
    order: list[str] = []
    newer = iter(range(10))

    async def answer(lines: list[str]) -> int:
        order.append("old" if "device=gp1" in lines[0] else "new")
        if order[-1] == "old" and (number := next(newer, None)) is not None:  # arrives while the backlog is on the wire
            await sink(batch(one("gp2", number), devices=DEVICES, at=AT + 100 + number))
        return 204

    async with store(answer) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await until(lambda: not sink.waiting)
        await sink.close()
    assert order == ["old", "new"] * 10 + ["old"] * 10


async def test_lines_on_which_the_store_fails_hold_up_no_others(tmp_path: Path, small: Inventory) -> None:
    async def answer(lines: list[str]) -> int:
        return 500 if any("in_bps=0 " in line for line in lines) else 204

    old = InfluxSink(settings(f"http://127.0.0.1:{free_port()}", tmp_path), small)
    for turn in range(5):
        await old(batch(one("gp1", turn), devices=DEVICES, at=AT + 20 * turn))  # each a file of its own
    await old.close()
    async with store(answer) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await until(lambda: sink.waiting == 1)
        await sink(batch(one("gp2", 7.0), devices=DEVICES, at=AT + 200))
        await until(lambda: sink.waiting == 1)
        there.answer = takes_all
        await until(lambda: not sink.waiting)
        await sink.close()
    assert sorted(re.findall(r"in_bps=(\d)", line)[0] for line in there.lines) == ["0", "1", "2", "3", "4", "7"]


async def test_a_bad_line_blocks_nothing_and_takes_none_with_it(tmp_path: Path, small: Inventory) -> None:
    async def answer(lines: list[str]) -> int:
        return 400 if any("temperature" in line for line in lines) else 204

    samples = [(device, "in_bps", f"p{n}", 1.0) for device in DEVICES for n in range(200)]
    bad = [("gp1", "temperature", "", 1.0), ("olt1", "temperature", "", 1.0)]
    async with store(answer) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await sink(batch([*samples, *bad], devices=DEVICES, at=AT))
        await sink(batch(one("gp2", 7.0), devices=DEVICES, at=AT + 1))
        await until(lambda: not sink.waiting)
        await sink.close()
    assert (sink.written, sink.refused, sink.dropped) == (len(samples) + 1, 2, 0)
    assert len(there.lines) == len(set(there.lines)) == len(samples) + 1


async def test_a_store_that_refuses_everything_is_not_asked_for_ever(tmp_path: Path, small: Inventory) -> None:
    samples = [("gp1", "in_bps", f"p{n}", 1.0) for n in range(2000)]
    async with store(always(422)) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await sink(batch(samples, devices=DEVICES, at=AT))
        await until(lambda: not sink.waiting)
        await sink.close()
    assert (sink.written, sink.refused) == (0, 2000)
    assert len(there.requests) < 300


@pytest.mark.parametrize("status", [401, 404, 429, 503])
async def test_what_an_operator_can_mend_loses_nothing(tmp_path: Path, small: Inventory, status: int) -> None:
    async with store(always(status)) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await sink(batch(one("gp1", 1.0), devices=DEVICES, at=AT))
        await until(lambda: bool(there.requests))
        there.answer = takes_all
        await until(lambda: not sink.waiting)
        await sink.close()
    assert (sink.written, sink.refused, sink.dropped) == (1, 0, 0)


async def test_a_lost_answer_sends_the_same_points_again(tmp_path: Path, small: Inventory) -> None:
    statuses = iter((LOST,))

    async def answer(_: list[str]) -> int:
        return next(statuses, 204)

    async with store(answer) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await sink(batch([*one("gp1", 1.0), *one("gp2", 2.0)], devices=DEVICES, at=AT))
        await until(lambda: not sink.waiting)
        await sink.close()
    assert sorted(there.lines) == sorted(2 * [*dict.fromkeys(there.lines)])
    assert len(set(there.lines)) == 2
    assert (sink.written, sink.dropped) == (2, 0)


async def test_closing_waits_for_no_store_that_is_away(tmp_path: Path, small: Inventory) -> None:
    async with store(always(503)) as there:
        sink = InfluxSink(settings(there.url, tmp_path), small)
        await sink(batch(one("gp1", 1.0), devices=DEVICES, at=AT))
        await until(lambda: bool(there.requests))
        before = len(there.requests)
        await sink.close()
    assert len(there.requests) <= before + 1
    assert sink.waiting == 1


def test_pauses_grow_to_a_bound_and_differ() -> None:
    assert [pause_s(failures, 1.0) for failures in (1, 2, 3, 4, 5, 6, 1000)] == [1, 2, 4, 8, 16, 20, 20]
    assert [pause_s(failures, 0.0) for failures in (1, 2, 1000)] == [0.5, 1, 10]


async def test_one_process_a_folder(tmp_path: Path, small: Inventory) -> None:
    sink = InfluxSink(settings("http://127.0.0.1:9", tmp_path), small)
    with pytest.raises(FolderInUseError):
        InfluxSink(settings("http://127.0.0.1:9", tmp_path), small)
    await sink.close()


async def test_a_token_that_cannot_be_resolved_is_said_at_once(tmp_path: Path, small: Inventory) -> None:
    with pytest.raises(SecretUnavailableError, match="PAHUNCH_NO_SUCH"):
        InfluxSink(InfluxSettings(url="http://127.0.0.1:1", token="env:PAHUNCH_NO_SUCH", spool_folder=tmp_path), small)
