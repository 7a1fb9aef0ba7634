"""The pages that Prometheus scrapes: areas, endpoints, http_sd; and a real Prometheus that finds them."""

import asyncio
import gzip
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collectors.figures import Figures
from collectors.http.batch import Columns
from collectors.http.look import NOC, Look
from collectors.metrics import METRICS
from collectors.model import Failure, Reason
from collectors.sinks.exposition import expose
from collectors.sinks.names import EXPOSED
from collectors.sinks.prometheus import PrometheusSink
from inventory.model import Area, Endpoint, Inventory, Level, Names
from tests.batches import batch
from tests.scrapes import HOSTILE, got, scrape, value
from tests.servers import prometheus, wait_until

DEVICES = ("gp1", "gp2", "olt1")
DASHBOARDS = Path(__file__).parents[1] / "dashboards"


@pytest.fixture
def sink(small: Inventory) -> PrometheusSink:
    return PrometheusSink(small, 60, Figures())


async def test_an_area_shows_its_devices_and_no_others(small: Inventory) -> None:
    other = Area(Level.DISTRICT, "400", Names('Else"where'), "state:22")
    areas = {**small.areas, other.key: other}
    sites = {
        **small.sites,
        "noc": replace(small.sites["noc"], area="state:22"),
        "gp2": replace(small.sites["gp2"], area=other.key),
    }
    split = replace(small, areas=areas, sites=sites)
    sink = PrometheusSink(split, 60, Figures(), [])
    devices = ("noc-r1", "gp1", "gp2", "olt1")
    for turn in range(2):
        await sink(batch([(device, "in_bps", f"p{turn}", 8.0) for device in devices], devices=devices))
        for area, here in (("district:387", {"gp1", "olt1"}), ("district:400", {"gp2"}), ("elsewhere", {"noc-r1"})):
            families = list(text_string_to_metric_families(scrape(sink, f"/metrics/area/{area}", split)))
            assert {family.name for family in families} == {"pahunch_in_bytes_per_second", "pahunch_device_up"}
            assert {sample.labels["device"] for family in families for sample in family.samples} == here
            assert len(families[0].samples) == len(here) * (turn + 1)
    groups = json.loads(got(sink, "/sd", split).body)
    assert [group["targets"] for group in groups] == [["127.0.0.1:9700"]] * 3
    assert [group["labels"] for group in groups] == [
        {"__metrics_path__": "/metrics/area/district:387", "__meta_pahunch_area": "district:387",
         "__meta_pahunch_district": "Raipur", "__meta_pahunch_state": "state:22"},
        {"__metrics_path__": "/metrics/area/district:400", "__meta_pahunch_area": "district:400",
         "__meta_pahunch_district": 'Else"where', "__meta_pahunch_state": "state:22"},
        {"__metrics_path__": "/metrics/area/elsewhere", "__meta_pahunch_area": "elsewhere"},
    ]  # fmt: skip


async def test_the_areas_and_the_collector_make_up_the_whole(sink: PrometheusSink, small: Inventory) -> None:
    await sink(batch([(device, "in_bps", "x", 8.0) for device in DEVICES], devices=DEVICES))
    parts = [group["labels"]["__metrics_path__"] for group in json.loads(got(sink, "/sd", small).body)]
    seen = [line for path in [*parts, "/metrics/collector"] for line in scrape(sink, path).splitlines()]
    assert sorted(seen) == sorted(scrape(sink).splitlines())


async def test_looks_at_endpoints_tell_whose_eyes_they_were(small: Inventory) -> None:
    looked = replace(small, endpoints={"portal": Endpoint("portal", Names("Portal"), "https://portal.test/")})
    sink = PrometheusSink(looked, 60, Figures())
    now = time.time()
    columns = Columns((NOC, "pc1", "pc2"), ("portal", 'we"ird'))
    down = Failure(Reason.TIMEOUT)
    await sink(columns.batch([(NOC, Look("portal", now, 0.25)), (NOC, Look('we"ird', now - 7201, 1.0))], now))
    await sink(batch([("gp1", "in_bps", "x", 8.0)], devices=DEVICES))
    await sink(columns.batch([("pc1", Look("portal", now, 8.0, down)), ("pc2", Look("portal", now, 0.5))], now))
    text = scrape(sink, "/metrics/endpoints", looked)
    up = {
        eyes: value(text, "pahunch_endpoint_up", endpoint="portal", eyes=eyes) for eyes in (NOC, "kendra1", "kendra2")
    }
    assert up == {NOC: 1, "kendra1": 0, "kendra2": 1}
    assert value(text, "pahunch_endpoint_total_seconds", eyes="kendra1") == 8
    assert value(text, "pahunch_endpoint_failure", eyes=NOC) == 0
    assert value(text, "pahunch_endpoint_failure", eyes="kendra1") is None
    assert "ird" not in text
    assert text in scrape(sink, "/metrics", looked)
    assert "endpoint" not in scrape(sink, "/metrics/area/district:387", looked)
    assert json.loads(got(sink, "/sd", looked).body)[-1] == {
        "targets": ["127.0.0.1:9700"],
        "labels": {"__metrics_path__": "/metrics/endpoints", "__meta_pahunch_area": "endpoints"},
    }


async def test_answers_are_compressed_where_asked(sink: PrometheusSink, small: Inventory) -> None:
    await sink(batch([("gp1", "in_bps", "x", 8.0)], devices=DEVICES))
    for path in ("/metrics", "/metrics/area/district:387", "/metrics/collector", "/sd"):
        plain, small_one = got(sink, path, small), got(sink, path, small, HTTP_ACCEPT_ENCODING="gzip;q=1.0, identity")
        assert "Content-Encoding" not in plain.headers
        assert small_one.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small_one.body) == plain.body
        assert small_one.headers["Content-Type"] == plain.headers["Content-Type"]


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/metrics/area/", "GET", 404),
        ("/metrics/area/district:1", "GET", 404),
        ("/metrics/area/../..", "GET", 404),
        ("/metrics", "POST", 405),
        ("/sd", "DELETE", 405),
    ],
)
def test_nothing_else_is_answered(sink: PrometheusSink, small: Inventory, path: str, method: str, status: int) -> None:
    assert got(sink, path, small, REQUEST_METHOD=method).status.startswith(str(status))


def test_before_the_first_poll_there_are_no_series(sink: PrometheusSink) -> None:
    assert scrape(sink, "/metrics/area/district:387") == ""


@pytest.mark.server
async def test_prometheus_finds_the_areas_and_gets_every_series(tmp_path: Path, small: Inventory) -> None:
    """Through the product's own prometheus.yml, with another port and shorter intervals."""
    sites = {**small.sites, "noc": replace(small.sites["noc"], area="state:22")}
    sink = PrometheusSink(replace(small, sites=sites), 60, Figures())
    polled = [device.name for device in small.devices.values() if device.primary_ip]
    samples = [(device, metric.name, port, 1.0) for device in polled for metric in METRICS for port in ("a", HOSTILE)]
    await sink(batch(samples, devices=tuple(polled)))
    server = expose(0, sink, small)
    config = tmp_path / "prometheus.yml"
    config.write_text(_faster((DASHBOARDS / "prometheus.yml").read_text(), server.server_port))
    try:
        with prometheus(config, tmp_path) as url:
            found = await asyncio.to_thread(_scraped, url, len(samples), instances=3)
    finally:
        server.shutdown()
    assert found["up"] == {"district:387": "1", "elsewhere": "1", f"127.0.0.1:{server.server_port}": "1"}
    assert found["series"] == {
        (device, shown.name, port) for device in polled for shown in EXPOSED for port in ("a", HOSTILE)
    }


def _faster(config: str, port: int) -> str:
    for ours, here in (
        ("127.0.0.1:9700", f"127.0.0.1:{port}"),
        ("_interval: 30s", "_interval: 1s"),
        ("refresh_interval: 1m", "refresh_interval: 1s"),
        ("scrape_timeout: 20s", "scrape_timeout: 1s"),
        ("  - rules.yml\n", ""),
    ):
        assert ours in config
        config = config.replace(ours, here)
    return config.replace("rule_files:", "rule_files: []")


def _scraped(url: str, series: int, *, instances: int) -> dict[str, Any]:
    """What a Prometheus knows: `up` by instance, and the series with a port, once all of them are there.

    Each target is scraped at a moment of its own, so having the one does not tell of the other.
    """
    wait_until(lambda: len(_asked(url, '{port!=""}')) >= series, seconds=120, every=0.5, saying="every series")
    wait_until(lambda: len(_asked(url, "up == 1")) >= instances, seconds=120, every=0.5, saying="every instance")
    return {
        "up": {each["metric"]["instance"]: each["value"][1] for each in _asked(url, "up")},
        "series": {
            (each["metric"]["device"], each["metric"]["__name__"], each["metric"]["port"])
            for each in _asked(url, '{port!=""}')
        },
    }


def _asked(url: str, promql: str) -> list[dict[str, Any]]:
    with urlopen(f"{url}/api/v1/query?{urlencode({'query': promql})}", timeout=30) as response:  # noqa: S310 - on 127.0.0.1
        found: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return found
