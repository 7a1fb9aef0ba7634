"""docs/metrics.md says what the code does."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

import pytest
from prometheus_client.metrics_core import Metric

from collectors.catalogue import load_profiles
from collectors.figures import Figures
from collectors.metrics import METRICS
from collectors.profile import Profile
from collectors.rates import FROM_COUNTER
from collectors.sinks.history import HistorySink
from collectors.sinks.influx import InfluxSink
from collectors.sinks.labels import labels_of
from collectors.sinks.lines import LineProtocol
from collectors.sinks.names import EXPOSED
from collectors.sinks.prometheus import PrometheusSink
from inventory.model import Inventory
from storage.segments import Writer
from storage.settings import InfluxSettings
from tests.batches import batch

_PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
_OF_DEVICES = {shown.name.removesuffix("_total") for shown in EXPOSED}


@pytest.fixture
async def own(small: Inventory, tmp_path: Path) -> AsyncIterator[list[Metric]]:
    """What the collector exposes about itself with every sink there is."""
    figures = Figures()
    figures.sink_seconds["HistorySink"] = 1.0
    history = HistorySink(Writer(tmp_path))
    influx = InfluxSink(
        InfluxSettings(url="http://127.0.0.1:9", token="unused", spool_folder=tmp_path / "spool"), small
    )
    sink = PrometheusSink(small, 60, figures, [*history.readings(), *influx.readings()])
    await sink(batch([("gp1", "in_bps", "GE0/0/1", 8.0)], devices=("gp1",)))
    yield [family for family in sink.collect() if family.name not in _OF_DEVICES]
    await history.close()
    await influx.close()


def own_table(families: Iterable[Metric]) -> str:
    rows = ["| name | kind | labels | meaning |", "|---|---|---|---|"]
    for family in families:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
        shown = ", ".join(f"`{label}`" for label in labels) or "-"
        rows.append(f"| `{name}` | {family.type} | {shown} | {family.documentation} |")
    return "\n".join(rows) + "\n"


async def test_the_collectors_own_figures_are_all_on_the_page(own: list[Metric]) -> None:
    expected = own_table(own)
    assert expected in _PAGE.read_text(encoding="utf-8"), expected


_PLACES = {
    "port": "name of a port",
    "huawei_ont": "place of an ONT",
    "huawei_pon": "name of a PON port",
    "hr_disk": "name of a disk",
    "supply": "name of a supply",
    "first": "not there",
    "mean": "not there",
    "hr_memory": "not there",
    "": "not there",
}
"""How profiles tell an instance, and how the page puts it."""


def _read(profile: Profile) -> Iterator[tuple[str, str]]:
    """(metric, what its instance is)"""
    yield from ((read.metric, _PLACES[""]) for read in profile.scalars)
    yield from ((read.metric, _PLACES["port"]) for read in profile.ports)
    yield from ((read.metric, _PLACES[table.index]) for table in profile.tables for read in table.columns)


def test_the_page_says_what_port_is() -> None:
    rows = [line.split("|")[1:3] for line in _PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    said = {(metric, what.strip()) for what, metrics in rows for metric in re.findall(r"`(\w+)`", metrics)}
    for profile in load_profiles().values():
        for metric, place in _read(profile):
            assert (metric, place) in said


def test_metrics_that_no_profile_reads_are_named() -> None:
    """A name may be in the table for a profile to come; the page says which."""
    derived = {METRICS[rate.metric].name for rate in FROM_COUNTER.values()}
    read = {metric for profile in load_profiles().values() for metric, _ in _read(profile)}
    idle = sorted({metric.name for metric in METRICS} - read - derived)
    expected = f"No profile reads these yet: {', '.join(f'`{name}`' for name in idle)}."
    assert expected in _PAGE.read_text(encoding="utf-8"), expected


def test_the_line_protocol_on_the_page_is_the_sinks(small: Inventory) -> None:
    samples = [
        ("gp1", "sysUpTime", "", 86400.0),
        ("gp1", "ifOperStatus", "GE0/0/1", 1.0),
        ("gp1", "in_bps", "GE0/0/1", 5.25e6),
        ("olt1", "ont_state", "0/1/3:12", 2.0),
    ]
    written = (
        LineProtocol(labels_of(small)).encode(batch(samples, devices=("gp1", "olt1"), at=1_795_000_000.0)).decode()
    )
    assert f"```\n{written}```" in _PAGE.read_text(encoding="utf-8"), written
