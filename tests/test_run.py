"""The loop over a fleet: what is asked, when a burst follows, what the batches say."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from collectors import run
from collectors.catalogue import load_profiles
from collectors.figures import Figures
from collectors.http.batch import Columns
from collectors.metrics import METRICS
from collectors.model import REASONS, Batch, Failure, Reason
from collectors.run import observe
from inventory.model import Credential, Device, Inventory, Lifecycle, Link, Role
from storage.settings import CollectSettings, Settings
from tests.fake_snmp import IF_NAME, IF_OPER, IN_OCTETS, UPTIME, FakeBackend, FakeDevice, router

FAST = CollectSettings(
    interval_s=0.1, timeout_s=0.05, deadline_s=0.5, batch_s=0.02, burst_probes=5, burst_spacing_s=0.01, concurrency=50
)


def inventory(devices: Mapping[str, FakeDevice], *more: Device, links: tuple[Link, ...] = ()) -> Inventory:
    """One router an address of `devices`, named as the address."""
    known = [Device(address, Role.ROUTER, "pop", primary_ip=address, credential="net") for address in devices]
    return Inventory(
        devices={device.name: device for device in (*known, *more)},
        links={link.name: link for link in links},
        credentials={
            "net": Credential("net", "snmp-v2c", community="public"),
            "lost": Credential("lost", "snmp-v2c", community="env:PAHUNCH_NO_SUCH"),
        },
    )


class Seen:
    """A sink that keeps the batches."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    async def __call__(self, batch: Batch) -> None:
        self.batches.append(batch)

    def polls(self, device: str) -> list[tuple[bool, str, int, int]]:
        """(reached, reason, burst sent, burst answered) of each poll of `device`."""
        return [
            (bool(reached), REASONS[reason] if reason >= 0 else "", int(sent), int(answered))
            for batch in self.batches
            for number, reached, reason, sent, answered in zip(
                batch.poll_device,
                batch.poll_reached,
                batch.poll_reason,
                batch.burst_sent,
                batch.burst_answered,
                strict=True,
            )
            if batch.devices[number] == device
        ]

    def at(self, device: str) -> list[float]:
        """When each poll of `device` began, UTC epoch seconds."""
        return [
            float(at)
            for batch in self.batches
            for number, at in zip(batch.poll_device, batch.poll_at, strict=True)
            if batch.devices[number] == device
        ]

    def values(self, device: str, metric: str, instance: str) -> list[float]:
        return [
            float(value)
            for batch in self.batches
            for number, kind, place, value in zip(
                batch.sample_device, batch.sample_metric, batch.sample_instance, batch.sample_value, strict=True
            )
            if (batch.devices[number], METRICS[kind].name, batch.instances[place]) == (device, metric, instance)
        ]


async def watch(
    places: Inventory,
    backend: FakeBackend,
    until: Callable[[], bool],
    *sinks: Callable[[Batch], Awaitable[None]],
    collect: CollectSettings = FAST,
) -> Figures:
    figures, stop = Figures(), asyncio.Event()
    settings = Settings(collect=collect)
    running = asyncio.create_task(
        observe(places, backend, load_profiles(), settings, sinks=sinks, stop=stop, figures=figures)
    )
    async with asyncio.timeout(10):
        while not until() and not running.done():  # noqa: ASYNC110 - `until` may look at anything
            await asyncio.sleep(0.01)
    stop.set()
    await running
    return figures


async def test_every_device_is_polled_by_plan_and_traffic_becomes_a_rate() -> None:
    devices = {f"127.0.0.{n}": router({1: "GE0/0/1", 2: "GE0/0/2"}) for n in range(1, 30)}
    seen, backend = Seen(), FakeBackend(devices)
    link = Link("a", "127.0.0.1", "GE0/0/2", "127.0.0.2", "ge0/0/1")
    places = inventory(devices, links=(link,))

    def grow_and_look() -> bool:
        for device in devices.values():
            device.objects[f"{IN_OCTETS}.2"] = int(device.objects[f"{IN_OCTETS}.2"]) + 1000
        return min(len(seen.polls(name)) for name in devices) > 3

    await watch(places, backend, grow_and_look, seen)
    assert all(set(seen.polls(name)) == {(True, "", 0, 0)} for name in devices)
    assert seen.values("127.0.0.1", "ifOperStatus", "GE0/0/2") == [1] * len(seen.polls("127.0.0.1"))
    assert seen.values("127.0.0.1", "ifOperStatus", "GE0/0/1") == []  # no link names it
    assert seen.values("127.0.0.2", "ifOperStatus", "ge0/0/1")  # as the link spells it
    assert seen.values("127.0.0.3", "ifOperStatus", "GE0/0/1")  # no link: all ports
    rates = seen.values("127.0.0.1", "in_bps", "GE0/0/2")
    apart_s = np.diff(seen.at("127.0.0.1"))  # beyond three intervals there is no rate, and a loaded machine may be late
    assert (apart_s < 2.5 * FAST.interval_s).sum() <= len(rates) <= (apart_s < 3.5 * FAST.interval_s).sum()
    assert len(rates) > 0
    assert all(rate > 0 for rate in rates)
    assert seen.values("127.0.0.3", "in_bps", "GE0/0/1")[-1] == 0


async def test_references_are_asked_at_once() -> None:
    devices = {f"127.0.0.{n}": router({1: "GE0/0/1"}) for n in range(1, 6)}
    seen, slow = Seen(), FAST.model_copy(update={"interval_s": 600.0})
    places = inventory(devices)
    proof = {"127.0.0.3": replace(places.devices["127.0.0.3"], reference=True)}
    places = replace(places, devices={**places.devices, **proof})
    await watch(places, FakeBackend(devices), lambda: bool(seen.batches), seen, collect=slow)
    assert len(seen.polls("127.0.0.3")) == 1  # its own place in ten minutes comes within the test's second hardly ever


async def test_the_second_silent_poll_brings_one_burst_and_no_other_until_an_answer() -> None:
    device, other = router({1: "eth0"}), router({1: "eth0"})
    devices = {"127.0.0.1": device, "127.0.0.2": other}
    seen, backend = Seen(), FakeBackend(devices)
    device.drop = 10_000
    await watch(inventory(devices), backend, lambda: len(seen.polls("127.0.0.1")) >= 4, seen)
    polls = seen.polls("127.0.0.1")
    assert [poll[2:] for poll in polls[:4]] == [(0, 0), (5, 0), (0, 0), (0, 0)]
    assert {poll[:2] for poll in polls} == {(False, "timeout")}
    assert len(seen.polls("127.0.0.2")) >= len(polls)  # the burst held nobody else up


async def test_what_a_burst_found_while_the_reference_was_silent_is_checked_again() -> None:
    device, reference = router({1: "eth0"}), router({1: "eth0"})
    places = inventory({"127.0.0.1": device, "127.0.0.2": reference})
    proof = {"127.0.0.2": replace(places.devices["127.0.0.2"], reference=True)}
    seen, device.drop, reference.drop = Seen(), 10_000, 10_000

    def bursts(name: str) -> int:
        return sum(sent > 0 for _, _, sent, _ in seen.polls(name))

    def see_again() -> bool:
        if bursts("127.0.0.1") and bursts("127.0.0.2"):
            reference.drop = 0
        return bursts("127.0.0.1") >= 2 and len(seen.polls("127.0.0.1")) >= 8

    backend = FakeBackend({"127.0.0.1": device, "127.0.0.2": reference})
    await watch(replace(places, devices={**places.devices, **proof}), backend, see_again, seen)
    assert bursts("127.0.0.1") == 2
    assert bursts("127.0.0.2") == 1


async def test_a_burst_stops_at_its_first_answer_and_the_next_silence_gets_its_own() -> None:
    device = router({1: "eth0"})
    seen, backend = Seen(), FakeBackend({"127.0.0.1": device})

    def lose_polls() -> bool:
        # Of each device's requests the burst's third is the first to be answered.
        if not device.drop and len(seen.polls("127.0.0.1")) % 3 == 0:
            device.drop = 4
        return len(seen.polls("127.0.0.1")) >= 2

    device.drop = 4  # two polls, two probes
    await watch(inventory({"127.0.0.1": device}), backend, lose_polls, seen)
    assert seen.polls("127.0.0.1")[0] == (False, "timeout", 0, 0)
    reached, reason, sent, answered = seen.polls("127.0.0.1")[1]
    assert (reached, reason, answered) == (False, "timeout", 1)
    assert 3 <= sent <= 5


async def test_no_route_is_neither_answer_nor_silence() -> None:
    device = router({1: "eth0"})
    device.failure = Failure(Reason.NO_ROUTE)
    seen = Seen()
    await watch(inventory({"a": device}), FakeBackend({"a": device}), lambda: len(seen.polls("a")) >= 4, seen)
    assert set(seen.polls("a")) == {(False, "no_route", 0, 0)}


async def test_a_missing_secret_is_said_once_and_the_device_never_asked() -> None:
    devices = {"127.0.0.1": router({1: "eth0"})}
    lost = Device("lost", Role.ROUTER, "pop", primary_ip="127.0.0.9", credential="lost")
    seen = Seen()
    figures = await watch(
        inventory(devices, lost), FakeBackend(devices), lambda: len(seen.polls("127.0.0.1")) >= 3, seen
    )
    assert seen.polls("lost") == [(False, "secret", 0, 0)]
    assert figures.unresolved == 1


async def test_planned_devices_and_those_without_address_are_not_polled() -> None:
    devices = {"127.0.0.1": router({1: "eth0"})}
    planned = Device("p", Role.ROUTER, "pop", status=Lifecycle.PLANNED, primary_ip="127.0.0.8", credential="net")
    finger = Device("f", Role.BIOMETRIC, "pop")
    seen = Seen()
    await watch(inventory(devices, planned, finger), FakeBackend(devices), lambda: len(seen.batches) > 2, seen)
    assert seen.batches[0].devices == ("127.0.0.1", "f", "p")
    assert seen.polls("p") == seen.polls("f") == []


async def test_a_failing_sink_is_counted_and_the_next_one_gets_the_batch() -> None:
    devices = {"127.0.0.1": router({1: "eth0"})}
    seen = Seen()

    async def broken(batch: Batch) -> None:
        raise ValueError("disk full")

    figures = await watch(inventory(devices), FakeBackend(devices), lambda: len(seen.batches) >= 2, broken, seen)
    assert sum(figures.sink_failures.values()) == figures.batches >= 2


async def test_neither_polls_nor_what_lies_beside_wait_for_all_of_the_other() -> None:
    devices = {f"127.0.0.{n}": router({1: "eth0"}) for n in range(1, 20)}
    seen, stop = Seen(), asyncio.Event()
    beside = deque(Columns((), ()).batch((), time.time()) for _ in range(15))

    async def slow(_batch: Batch) -> None:
        await asyncio.sleep(2 * FAST.batch_s)  # polls always wait
        if len(seen.batches) >= 40:
            stop.set()

    async with asyncio.timeout(20):
        await observe(
            inventory(devices), FakeBackend(devices), load_profiles(), Settings(collect=FAST),
            sinks=(seen, slow), stop=stop, beside=beside,
        )  # fmt: skip
    assert sum(len(batch.poll_device) == 0 for batch in seen.batches[:40]) == 15


async def test_a_device_that_hangs_delays_nobody_and_is_not_polled_twice_at_once() -> None:
    devices = {"127.0.0.1": router({1: "eth0"}), "127.0.0.2": router({1: "eth0"})}
    devices["127.0.0.1"].late_s = 0.3
    seen = Seen()
    figures = await watch(inventory(devices), FakeBackend(devices), lambda: len(seen.polls("127.0.0.2")) >= 8, seen)
    assert len(seen.polls("127.0.0.1")) <= 4
    assert figures.missed >= 2


async def test_no_more_polls_at_once_than_allowed() -> None:
    devices = {f"127.0.0.{n}": router({1: "eth0"}) for n in range(1, 60)}
    for device in devices.values():
        device.late_s = 0.02
    seen, backend = Seen(), FakeBackend(devices)
    collect = FAST.model_copy(update={"concurrency": 4})
    figures = await watch(inventory(devices), backend, lambda: len(seen.batches) > 20, seen, collect=collect)
    assert backend.most_under_way <= 4
    assert figures.missed > 0  # there was more to do than four at once can


async def test_a_reboot_makes_no_rate_and_renumbered_ports_keep_their_names() -> None:
    device = router({1: "GE1", 2: "GE2"})
    seen, backend = Seen(), FakeBackend({"a": device})
    running = asyncio.create_task(watch(inventory({"a": device}), backend, lambda: len(seen.polls("a")) >= 6, seen))
    while len(seen.polls("a")) < 3:  # noqa: ASYNC110 - the sink sets no event
        await asyncio.sleep(0.005)
    device.objects.clear()
    device.objects |= router({7: "GE2", 8: "GE1"}, uptime=50).objects
    device.objects[f"{IF_OPER}.7"] = 2
    await running
    assert all(rate == 0 for rate in seen.values("a", "in_bps", "GE1"))
    assert seen.values("a", "ifOperStatus", "GE2")[-1] == 2
    assert seen.values("a", "ifOperStatus", "GE1")[-1] == 1
    assert seen.values("a", "ifHCInOctets", "GE2")[-1] == 7000


async def test_ports_that_are_swapped_without_a_reboot_keep_their_names() -> None:
    device = router({1: "GE1", 2: "GE2"})
    device.objects |= {f"{IN_OCTETS}.1": 10**12, f"{IN_OCTETS}.2": 7}
    seen, backend = Seen(), FakeBackend({"a": device})
    running = asyncio.create_task(watch(inventory({"a": device}), backend, lambda: len(seen.polls("a")) >= 6, seen))
    while len(seen.polls("a")) < 3:  # noqa: ASYNC110 - the sink sets no event
        await asyncio.sleep(0.005)
    device.objects |= {f"{IF_NAME}.1": b"GE2", f"{IF_NAME}.2": b"GE1"}
    device.objects |= {f"{IN_OCTETS}.1": 7, f"{IN_OCTETS}.2": 10**12}
    await running
    assert set(seen.values("a", "ifHCInOctets", "GE1")) == {10**12}
    assert set(seen.values("a", "ifHCInOctets", "GE2")) == {7}


async def test_a_fault_of_ours_ends_one_poll_only() -> None:
    devices = {"127.0.0.1": router({1: "eth0"}), "127.0.0.2": router({1: "eth0"})}
    lacking = {address: device for address, device in devices.items() if address != "127.0.0.1"}
    seen, backend = Seen(), FakeBackend(lacking)  # which raises KeyError for the one it lacks
    figures = await watch(
        inventory({**devices, "127.0.0.1": router({})}), backend, lambda: len(seen.polls("127.0.0.2")) >= 3, seen
    )
    assert figures.crashed >= 1


async def test_what_was_polled_before_the_stop_reaches_the_sinks() -> None:
    devices = {"127.0.0.1": router({1: "eth0"})}
    seen = Seen()
    collect = FAST.model_copy(update={"batch_s": 60.0})
    backend = FakeBackend(devices)
    await watch(inventory(devices), backend, lambda: len(devices["127.0.0.1"].gets) > 4, seen, collect=collect)
    assert len(seen.polls("127.0.0.1")) >= 2
    assert UPTIME in devices["127.0.0.1"].gets[-1]
    assert np.all(np.diff(seen.batches[0].poll_at) > 0)


async def test_a_poll_that_ends_while_looks_are_handed_on_at_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    device, seen, began = router({1: "GE0/0/1"}), Seen(), 0.0
    backend, stop = FakeBackend({"127.0.0.1": device}), asyncio.Event()

    async def look_once(
        _inventory: Inventory, _settings: Settings, ready: deque[Batch], *_told: object, **_named: object
    ) -> None:
        while not seen.polls("127.0.0.1"):  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.01)
        ready.append(Columns((), ()).batch((), time.time()))
        await asyncio.Event().wait()

    async def stop_in_the_middle(batch: Batch) -> None:
        nonlocal began
        if not len(batch.poll_device):
            began, asked = time.time(), len(device.gets)
            while len(device.gets) < asked + 2:  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.01)
            stop.set()
            await asyncio.sleep(0.05)

    monkeypatch.setattr(run, "watch_endpoints", look_once)
    async with asyncio.timeout(20):
        await observe(
            inventory({"127.0.0.1": device}), backend, load_profiles(), Settings(collect=FAST),
            sinks=(seen, stop_in_the_middle), stop=stop,
        )  # fmt: skip
    assert max(at for batch in seen.batches for at in batch.poll_at.tolist()) >= began > 0
