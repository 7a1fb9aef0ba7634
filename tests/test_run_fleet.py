"""The run loop over gufo against the simulated fleet: a real exchange for everything, losses included."""

import asyncio
from collections.abc import Iterator

import pytest

from collectors.catalogue import load_profiles
from collectors.metrics import METRICS
from collectors.model import Batch
from collectors.run import observe
from collectors.snmp.open import open_backend
from collectors.volley.volley import Volley
from inventory.model import Inventory
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from storage.settings import CollectSettings, Settings

COLLECT = CollectSettings(
    interval_s=1.0, timeout_s=0.1, deadline_s=3.0, burst_probes=10, burst_spacing_s=0.03, batch_s=0.05
)


class Watching:
    """A sink that keeps what tests ask for."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str, str], float] = {}
        self.bursts: list[tuple[str, int, int]] = []
        self.reached: set[str] = set()

    async def __call__(self, batch: Batch) -> None:
        columns = (batch.sample_device, batch.sample_metric, batch.sample_instance, batch.sample_value)
        for device, metric, instance, value in zip(*(column.tolist() for column in columns), strict=True):
            self.values[batch.devices[device], METRICS[metric].name, batch.instances[instance]] = value
        for position in range(len(batch.poll_device)):
            name = batch.devices[batch.poll_device[position]]
            self.reached |= {name} if batch.poll_reached[position] else set()
            if batch.burst_sent[position]:
                self.bursts.append((name, int(batch.burst_sent[position]), int(batch.burst_answered[position])))


@pytest.fixture
def places(small: Inventory, monkeypatch: pytest.MonkeyPatch) -> Inventory:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "sim")
    return small


@pytest.fixture(params=["by itself", "in volleys"])
def volley(request: pytest.FixtureRequest) -> Iterator[Volley | None]:
    opened = Volley(COLLECT.timeout_s) if request.param == "in volleys" else None
    yield opened
    if opened:
        opened.close()


async def watch(places: Inventory, port: int, volley: Volley | None, seen: Watching, seconds: float) -> None:
    backend, stop = open_backend("gufo"), asyncio.Event()
    settings = Settings(collect=COLLECT.model_copy(update={"snmp_port": port}))
    running = asyncio.create_task(
        observe(places, backend, load_profiles(), settings, sinks=[seen], stop=stop, volley=volley)
    )
    await asyncio.sleep(seconds)
    stop.set()
    await running
    await backend.close()


def test_every_kind_of_device_says_what_judgement_needs(places: Inventory, volley: Volley | None) -> None:
    seen = Watching()
    with FleetProcess(Plan(places, weather=Weather(delay_s=0.01))) as fleet:
        asyncio.run(watch(places, fleet.port, volley, seen, 4.0))
    assert seen.reached == {device.name for device in places.devices.values() if device.primary_ip}
    assert [seen.values["olt1", "ont_state", f"0/1/3:{n}"] for n in (5, 6, 7)] == [1, 1, 1]
    assert seen.values["ups2", "ups_on_battery", ""] == 0
    assert seen.values["gp1", "ifOperStatus", "GE0/0/1"] == 1
    assert seen.values["pop-r1", "in_bps", "GE0/0/3"] > 0
    assert 0 < seen.values["pc1", "host_memory_used", ""] <= seen.values["pc1", "host_memory_total", ""]
    linked = {
        port
        for link in places.links.values()
        for device, port in ((link.a_device, link.a_port), (link.b_device, link.b_port))
        if device == "gp2"
    }
    assert {port for device, metric, port in seen.values if (device, metric) == ("gp2", "ifOperStatus")} == linked
    assert seen.bursts == []


def test_a_dead_device_gets_one_burst_and_a_lossy_one_answers_it(places: Inventory, volley: Volley | None) -> None:
    seen = Watching()
    with FleetProcess(Plan(places, weather=Weather(delay_s=0.0))) as fleet:
        fleet.apply(Fault(Kind.DEVICE_FAILURE, Where(device="gp2")))
        fleet.apply(Fault(Kind.LOSS, Where(device="radio8"), percent=60))
        asyncio.run(watch(places, fleet.port, volley, seen, 9.0))
    assert [burst for burst in seen.bursts if burst[0] == "gp2"] == [("gp2", 10, 0)]
    lossy = [burst for burst in seen.bursts if burst[0] == "radio8"]
    assert all(answered for _, _, answered in lossy)
    assert {name for name, _, _ in seen.bursts} <= {"gp2", "radio8", "ups2", "pc2"}  # what hangs on gp2's LAN
