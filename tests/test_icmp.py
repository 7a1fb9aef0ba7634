"""Echo requests to this machine itself, which answers for all of 127.0.0.0/8."""

import asyncio
import json
import socket
from collections import deque
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.beside import MOST_WAITING, without_polls
from collectors.burst import burst
from collectors.figures import Figures
from collectors.icmp.figures import Pinged
from collectors.icmp.ping import IcmpUnavailableError, Pinger, open_pinger
from collectors.icmp.watch import devices, watch_icmp
from collectors.metrics import METRICS
from collectors.model import Batch
from collectors.silence import Burst
from collectors.snmp.backend import Target
from inventory.model import Device, Inventory, Lifecycle, Role
from storage.settings import IcmpSettings
from tests.fake_snmp import FakeBackend, FakeDevice
from tests.servers import free_port
from tests.test_probe_cli import run, told

SILENT = "240.0.0.1"  # reserved: nobody has it (RFC 1112 section 4)


def _may_ping() -> bool:
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP).close()
        except PermissionError:
            continue
        return True
    return False


pings = pytest.mark.skipif(not _may_ping(), reason="needs CAP_NET_RAW or net.ipv4.ping_group_range")


@pytest.mark.parametrize(
    ("rtts", "samples"),
    [
        ((), {}),
        ((None, None), {"icmp_loss_percent": 100}),
        ((0.5,), {"icmp_loss_percent": 0, "icmp_rtt_min_s": 0.5, "icmp_rtt_avg_s": 0.5, "icmp_rtt_max_s": 0.5}),
        (
            (1.0, None, 3.0, 2.0),
            {
                "icmp_loss_percent": 25,
                "icmp_rtt_min_s": 1,
                "icmp_rtt_avg_s": 2,
                "icmp_rtt_max_s": 3,
                "icmp_jitter_s": 1.5,
            },
        ),
    ],
)
def test_what_echo_requests_say(rtts: tuple[float | None, ...], samples: dict[str, float]) -> None:
    assert Pinged(rtts).samples() == samples


@given(st.lists(st.none() | st.floats(0, 10), min_size=1, max_size=20))
def test_figures_stay_in_their_bounds(rtts: list[float | None]) -> None:
    found = Pinged(tuple(rtts)).samples()
    assert 0 <= found["icmp_loss_percent"] <= 100
    if "icmp_rtt_avg_s" in found:
        assert found["icmp_rtt_min_s"] <= found["icmp_rtt_avg_s"] * (1 + 1e-9) <= found["icmp_rtt_max_s"] * (1 + 2e-9)
    if "icmp_jitter_s" in found:
        assert 0 <= found["icmp_jitter_s"] <= found["icmp_rtt_max_s"] - found["icmp_rtt_min_s"] + 1e-9


@pings
async def test_this_machine_answers_and_nobody_does_not() -> None:
    pinger = await open_pinger(0.2)
    here, nobody = await asyncio.gather(pinger.ping("127.0.0.9", 4, 0.01), pinger.ping(SILENT, 2, 0.01))
    assert (len(here.answered), len(nobody.answered)) == (4, 0)
    assert all(0 < rtt < 1 for rtt in here.answered)


@pings
async def test_who_no_longer_waits_takes_nobody_elses_answer() -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    pinger = await open_pinger(0.2)
    for _ in range(20):
        gone = asyncio.create_task(pinger.echo(SILENT))
        await asyncio.sleep(0)
        gone.cancel()
    echoes = await asyncio.gather(*(pinger.echo(f"127.0.1.{number}") for number in range(1, 50)), pinger.echo(SILENT))
    assert [echo is None for echo in echoes] == [*[False] * 49, True]
    assert not complaints


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (PermissionError("permission denied"), "CAP_NET_RAW"),
        (OSError(97, "Address family not supported by protocol"), "127.0.0.1: .*family not supported"),
    ],
)
async def test_that_it_is_not_allowed_is_said(monkeypatch: pytest.MonkeyPatch, why: OSError, said: str) -> None:
    async def refused(*_: object) -> float:
        raise why

    pinger = Pinger(0.2)
    monkeypatch.setattr(pinger, "_ping", type("Refused", (), {"ping": refused})())
    with pytest.raises(IcmpUnavailableError, match=said):
        await pinger.echo("127.0.0.1")


async def test_a_burst_asks_both_ways_and_any_answer_ends_it() -> None:
    backend = FakeBackend({"a": FakeDevice(drop=1000)}, timeout_s=0.001)
    echoed: list[str] = []

    async def echo(address: str) -> float | None:
        echoed.append(address)
        return 0.01 if len(echoed) == 3 else None

    target = Target("a")
    assert await burst(backend, target, 20, 0.001, echo=echo) == Burst(sent=6, answered=1)
    assert len(backend.devices["a"].gets) == 3
    assert await burst(backend, target, 4, 0.001) == Burst(sent=4)


@pytest.mark.parametrize(("drop", "found"), [(1000, Burst(sent=6)), (0, Burst(sent=1, answered=1))])
async def test_a_burst_goes_on_where_no_echo_may_be_sent(drop: int, found: Burst) -> None:
    async def refused(_address: str) -> float | None:
        raise IcmpUnavailableError("no socket of that kind")

    backend = FakeBackend({"a": FakeDevice(drop=drop)}, timeout_s=0.001)
    assert await burst(backend, Target("a"), 6, 0.01, echo=refused) == found


ACTIVE = Device("a", Role.CAMERA, "s", primary_ip="127.0.0.5")
GONE = replace(ACTIVE, name="b", status=Lifecycle.OFFLINE)
INVENTORY = Inventory(devices={one.name: one for one in (ACTIVE, GONE, replace(ACTIVE, name="c", primary_ip=""))})


def test_active_devices_with_an_address_are_pinged() -> None:
    assert devices(INVENTORY) == (("a",), ("127.0.0.5",))


@pings
async def test_pings_become_samples() -> None:
    ready: deque[Batch] = deque()
    settings = IcmpSettings(interval_s=0.2, probes=3, spacing_s=0.01, timeout_s=0.2)
    watching = asyncio.create_task(watch_icmp(INVENTORY, settings, await open_pinger(0.2), ready, Figures()))
    async with asyncio.timeout(20):
        while not ready:  # noqa: ASYNC110 - filled from elsewhere
            await asyncio.sleep(0.02)
    watching.cancel()
    batch = ready[0]
    found = dict(zip((METRICS[kind].name for kind in batch.sample_metric), batch.sample_value, strict=True))
    assert found["icmp_loss_percent"] == 0
    assert 0 < found["icmp_rtt_min_s"] <= found["icmp_rtt_avg_s"] <= found["icmp_rtt_max_s"] < 1
    assert not len(batch.poll_device)


class Near(Pinger):
    """Every address answers, without a socket."""

    async def ping(self, address: str, probes: int, spacing_s: float) -> Pinged:
        return Pinged((0.01,) * probes)


async def test_what_the_sinks_are_too_slow_for_is_left_out_and_counted() -> None:
    ready, figures = deque([without_polls((), (), (), 0.0)] * MOST_WAITING), Figures()
    settings = IcmpSettings(interval_s=0.2, probes=1)
    watching = asyncio.create_task(watch_icmp(INVENTORY, settings, Near(0.2), ready, figures))
    async with asyncio.timeout(20):
        while not figures.left_out:  # noqa: ASYNC110 - counted elsewhere
            await asyncio.sleep(0.02)
    watching.cancel()
    assert len(ready) == MOST_WAITING


@pings
def test_probe_pings_a_device_whose_agent_is_silent() -> None:
    """It stays unreached; that it answers echo requests is told."""
    result = run(f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}", "--ping", "--json")
    found = told(result)
    assert (result.exit_code, found["reached"]) == (1, False)
    assert json.dumps(found["sensors"]).count("echo") == 1
    assert {one["class"] for one in found["sensors"]} == {"loss", "delay"}
