"""What Prometheus sees."""

import asyncio
import subprocess
import time

import numpy as np
import pytest

from collectors.figures import Figures, Reading
from collectors.metrics import METRICS, Kind
from collectors.model import Reason
from collectors.sinks.latest import EMPTY, Latest, keys, updated
from collectors.sinks.names import EXPOSED, exposed
from collectors.sinks.prometheus import PrometheusSink
from inventory.model import Inventory
from tests.batches import batch
from tests.scrapes import HOSTILE, scrape, value
from tests.servers import program

DEVICES = ("gp1", "gp2", "olt1")


@pytest.fixture
def sink(small: Inventory) -> PrometheusSink:
    return PrometheusSink(small, 60, Figures(), [Reading("history_bytes", "Size of the history", lambda: 42.0)])


async def test_values_carry_where_the_device_stands(sink: PrometheusSink) -> None:
    samples = [
        ("gp1", "in_bps", "GE0/0/1", 5e6),
        ("gp1", "ups_charge_percent", "", 80.0),
        ("olt1", "ont_state", "0/1/3:5", 1.0),
    ]
    await sink(batch(samples, devices=DEVICES))
    text = scrape(sink)
    found = {"device": "gp1", "site": "gp1", "role": "router", "district": "district:387"}
    assert value(text, "pahunch_in_bytes_per_second", port="GE0/0/1", **found) == 625_000
    assert value(text, "pahunch_ups_charge_ratio", **found) == pytest.approx(0.8)
    assert value(text, "pahunch_ont_state", device="olt1", port="0/1/3:5") == 1
    assert 'pahunch_ups_charge_ratio{device="gp1",district="district:387",role="router",site="gp1"} ' in text


async def test_the_newest_value_counts(sink: PrometheusSink) -> None:
    for speed in (8.0, 16.0, 24.0):
        await sink(batch([("gp1", "in_bps", "GE0/0/1", speed)], devices=DEVICES))
    assert value(scrape(sink), "pahunch_in_bytes_per_second") == 3


async def test_up_follows_the_last_poll_and_a_burst_answer_counts(sink: PrometheusSink) -> None:
    await sink(batch([("gp1", "in_bps", "x", 8.0)], devices=DEVICES, failed=[("gp2", Reason.TIMEOUT)]))
    text = scrape(sink)
    assert (value(text, "pahunch_device_up", device="gp1"), value(text, "pahunch_device_up", device="gp2")) == (1, 0)
    assert value(text, "pahunch_device_up", device="olt1") is None
    await sink(batch(devices=DEVICES, failed=[("gp2", Reason.TIMEOUT)], burst=(20, 1)))
    await sink(batch(devices=DEVICES, failed=[("gp1", Reason.NO_ROUTE)]))
    text = scrape(sink)
    assert (value(text, "pahunch_device_up", device="gp1"), value(text, "pahunch_device_up", device="gp2")) == (1, 1)
    assert value(text, "pahunch_polls_total", outcome="answered") == 1
    assert value(text, "pahunch_polls_total", outcome="timeout") == 2
    assert value(text, "pahunch_poll_duration_seconds_count") == 4


async def test_series_of_silent_devices_and_ports_vanish(sink: PrometheusSink) -> None:
    await sink(batch([("gp1", "in_bps", "x", 8.0)], devices=DEVICES, at=time.time() - 301))
    await sink(batch([("gp2", "in_bps", "old", 8.0)], devices=DEVICES, at=time.time() - 7201))
    await sink(batch([("gp2", "in_bps", "x", 8.0)], devices=DEVICES))
    text = scrape(sink)
    assert value(text, "pahunch_in_bytes_per_second", device="gp1") is None
    assert value(text, "pahunch_in_bytes_per_second", device="gp2", port="x") == 1
    assert value(text, "pahunch_in_bytes_per_second", device="gp2", port="old") is None


async def test_batches_of_several_makers_keep_apart(sink: PrometheusSink) -> None:
    for devices, speed in ((("gp1", "gp2"), 8.0), (("gp2", "gp1"), 16.0), (("stranger", "olt1", "gp1"), 24.0)):
        await sink(batch([(devices[1], "in_bps", "x", speed)], devices=devices))
    await sink(batch([("stranger", "in_bps", "x", 32.0)], devices=("stranger", "olt1", "gp1")))
    text = scrape(sink)
    found = {device: value(text, "pahunch_in_bytes_per_second", device=device) for device in ("gp2", "gp1", "olt1")}
    assert found == {"gp2": 1, "gp1": 2, "olt1": 3}
    assert "stranger" not in text


async def test_a_hostile_port_name_stays_a_label(sink: PrometheusSink) -> None:
    await sink(batch([("gp1", "in_bps", HOSTILE, 8.0)], devices=DEVICES))
    assert value(scrape(sink), "pahunch_in_bytes_per_second", port=HOSTILE) == 1
    assert value(scrape(sink), "pahunch_device_up", device="gp2") is None


async def test_own_figures_are_there(sink: PrometheusSink, small: Inventory) -> None:
    figures = Figures(missed=3)
    figures.delayed(0.02)
    figures.sink_seconds["HistorySink"] = 1.5
    figures.sink_failures["HistorySink"] = 2
    text = scrape(PrometheusSink(small, 60, figures))
    assert value(text, "pahunch_polls_missed_total") == 3
    assert value(text, "pahunch_event_loop_delay_seconds_bucket", le="0.01") == 0
    assert value(text, "pahunch_event_loop_delay_seconds_bucket", le="0.025") == 1
    assert value(text, "pahunch_event_loop_delay_seconds_bucket", le="+Inf") == 1
    assert value(text, "pahunch_sink_failures_total", sink="HistorySink") == 2
    assert value(scrape(sink), "pahunch_history_bytes") == 42


@pytest.mark.server
async def test_promtool_finds_nothing_to_say(sink: PrometheusSink) -> None:
    everything = [("gp1", metric.name, "", 1.0) for metric in METRICS]
    await sink(batch(everything, devices=DEVICES))
    argv = [program("promtool"), "check", "metrics"]
    said = await asyncio.to_thread(
        subprocess.run, argv, input=scrape(sink), text=True, capture_output=True, check=False
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_every_metric_has_its_own_name_and_counters_end_in_total() -> None:
    assert len({shown.name for shown in EXPOSED}) == len(METRICS)
    for metric in METRICS:
        assert exposed(metric).name.endswith("_total") == (metric.kind is Kind.COUNTER)


def test_updated_keeps_the_last_value_of_each_series() -> None:
    random = np.random.default_rng(4)
    names = tuple(f"d{n}" for n in range(7))
    latest: Latest = EMPTY
    expected: dict[tuple[str, str, str], float] = {}
    for turn in range(50):
        series = {(names[random.integers(7)], METRICS[random.integers(5)].name) for _ in range(6)}
        samples = [(device, metric, "", float(random.random())) for device, metric in series]
        made = batch(samples, devices=names, at=1e9 + turn)
        new = Latest(
            keys(made.sample_metric, made.sample_device, made.sample_instance), made.sample_value, made.sample_at
        )
        expected |= {(device, metric, ""): number for device, metric, _, number in samples}
        latest = updated(latest, new, made.closed_at)
    found = zip(latest.device.tolist(), latest.metric.tolist(), latest.value.tolist(), strict=True)
    assert {(names[device], METRICS[metric].name, ""): number for device, metric, number in found} == expected
