"""dashboards/: the files are right in themselves, and a real Prometheus answers what they ask."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from collectors.metrics import NUMBER
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan
from tests.e2e.grafana import Dashboard, filled, problems
from tests.e2e.product import Product, in_force
from tests.servers import program, prometheus, victoria_metrics, wait_until
from tests.small import small_inventory

pytestmark = pytest.mark.server

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / "dashboards"
_STATE = _FOLDER / "grafana" / "dashboards" / "state.json"
_RULES = _FOLDER / "rules.yml"
_PAGE = _ROOT / "docs" / "metrics.md"

Json = dict[str, Any]


def _dashboard() -> Dashboard:
    return Dashboard.model_validate_json(_STATE.read_text(encoding="utf-8"))


def _sources() -> frozenset[tuple[str, str]]:
    path = _FOLDER / "grafana" / "provisioning" / "datasources" / "pahunch.yml"
    return frozenset((each["type"], each["uid"]) for each in yaml.safe_load(path.read_text())["datasources"])


def _promql() -> list[tuple[str, str]]:
    """(panel, query) of every question to Prometheus, as Grafana sends it."""
    return [(panel.title, filled(target.expr, every="10s")) for panel, target in _dashboard().asking() if target.expr]


def _rules() -> list[dict[str, str]]:
    return [rule for group in yaml.safe_load(_RULES.read_text())["groups"] for rule in group["rules"]]


# The files in themselves


def test_the_dashboard_is_as_grafana_wants_it() -> None:
    assert list(problems(_dashboard(), _sources())) == []


def _second_panel(raw: Json) -> Json:
    panel: Json = raw["panels"][2]
    return panel


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda raw: _second_panel(raw).update(id=2), "two panels have id 2"),
        (lambda raw: _second_panel(raw)["gridPos"].update(x=3), "'Devices that answer' lies over 'Devices silent'"),
        (lambda raw: raw["panels"][-1]["gridPos"].update(w=24), "is wider than the page"),
        (lambda raw: _second_panel(raw)["targets"][0]["datasource"].update(uid="x"), "asks an unknown data source"),
        (lambda raw: _second_panel(raw)["targets"][0].update(expr="up{a='$x'}"), "the unknown variable $x"),
        (lambda raw: _second_panel(raw)["fieldConfig"]["defaults"].update(unit="m/s"), "has an unknown unit"),
    ],
)
def test_a_spoilt_dashboard_is_noticed(spoil: Callable[[Json], None], said: str) -> None:
    raw = json.loads(_STATE.read_text(encoding="utf-8"))
    spoil(raw)
    assert any(said in problem for problem in problems(Dashboard.model_validate(raw), _sources()))


def test_only_metrics_of_the_page_are_asked_for() -> None:
    """A query such as `sum(unknown) or vector(0)` would give data and mean nothing."""
    known = set(re.findall(r"\| `(pahunch_\w+)`", _PAGE.read_text(encoding="utf-8")))
    asked = [target.expr for _, target in _dashboard().asking()]
    asked += [variable.asked for variable in _dashboard().templating.list]
    asked += [rule["expr"] for rule in _rules()]
    for query in asked:
        for name in re.findall(r"(?<![:\w])pahunch_\w+", query):
            assert name.removesuffix("_bucket") in known, query


def test_recorded_series_that_are_asked_for_are_recorded() -> None:
    recorded = {rule["record"] for rule in _rules() if "record" in rule}
    asked = {name for _, query in _promql() for name in re.findall(r"\w+:\w+:\w+", query)}
    assert asked
    assert asked <= recorded


def test_flux_asks_for_what_the_sink_writes() -> None:
    queries = [target.query for _, target in _dashboard().asking() if target.query]
    assert queries
    for query in queries:
        first, *steps = query.splitlines()
        assert first == "from(bucket: v.defaultBucket)"
        assert all(re.fullmatch(r"  \|> \w+\(.*\)", step) for step in steps)
        assert {query.count("(") - query.count(")"), query.count('"') % 2} == {0}
        assert 'r._measurement == "pahunch"' in query
        assert set(re.findall(r'r\._field == "(\w+)"', query)) <= NUMBER.keys()
        columns = set(re.findall(r"r\.(\w+)", query)) | set(re.findall(r'columns: \["(\w+)"\]', query))
        assert columns <= {"_measurement", "_field", "device", "site", "role", "district", "port"}


def test_every_yaml_file_loads() -> None:
    files = sorted(_FOLDER.rglob("*.yml"))
    assert len(files) >= 5
    for path in files:
        assert isinstance(yaml.safe_load(path.read_text(encoding="utf-8")), dict), path


@pytest.mark.parametrize(
    "argv",
    [
        ("promtool", "check", "config", str(_FOLDER / "prometheus.yml")),
        ("promtool", "check", "rules", str(_RULES)),
        ("promtool", "test", "rules", str(Path(__file__).with_name("rules_test.yml"))),
        ("amtool", "check-config", str(_FOLDER / "alertmanager.yml")),
    ],
    ids=lambda argv: " ".join(argv[:3]),
)
def test_the_servers_own_tools_agree(argv: Sequence[str]) -> None:
    done = subprocess.run([program(argv[0]), *argv[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_is_right_and_mounts_what_is_there(tmp_path: Path) -> None:
    secrets = tmp_path / "env"
    secrets.write_text("PAHUNCH_DB_PASSWORD=a\nPAHUNCH_INFLUX_TOKEN=b\nPAHUNCH_GRAFANA_PASSWORD=c\n")
    argv = [program("docker-compose"), "--env-file", str(secrets), "config"]
    done = subprocess.run(argv, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    volumes = [volume for service in services.values() for volume in service.get("volumes", [])]
    bound = [Path(volume.split(":")[0]) for volume in volumes if volume.startswith("/")]
    assert _RULES in bound
    assert [path for path in bound if not path.exists()] == []


# Against a running product


@dataclass(frozen=True)
class Scraped:
    product: Product
    fleet: FleetProcess
    prometheus: str

    def ask(self, path: str, **options: str) -> Any:
        with urlopen(f"{self.prometheus}/api/v1/{path}?{urlencode(options)}", timeout=60) as response:  # noqa: S310 - on 127.0.0.1
            return json.load(response)["data"]

    def query(self, promql: str) -> list[tuple[Mapping[str, str], float]]:
        """(labels, value) of each series."""
        return [(each["metric"], float(each["value"][1])) for each in self.ask("query", query=promql)["result"]]

    def panel(self, title: str) -> float:
        """What a panel with one figure shows; -1 where it has none."""
        (query,) = (query for name, query in _promql() if name == title)
        return next((value for _, value in self.query(query)), -1.0)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A running product over the small inventory, and Prometheus with our configuration, only faster."""
    folder = tmp_path_factory.mktemp("scraped")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
        influx = stack.enter_context(victoria_metrics(folder))
        fleet = stack.enter_context(FleetProcess(Plan(small_inventory(), weather=Weather(delay_s=0.02))))
        product = Product(
            folder, fleet.port, {"PAHUNCH_INFLUX__URL": influx, "PAHUNCH_INFLUX__TOKEN": "unused"}
        )  # fmt: skip
        product.install(small_inventory())
        product.start()
        stack.callback(lambda: product.process and product.process.poll() is None and product.stop())
        scraped = Scraped(product, fleet, stack.enter_context(prometheus(_faster(product, folder), folder)))
        wait_until(lambda: _addressed() == _up(scraped), saying="every device is up in Prometheus")
        yield scraped


def _addressed() -> set[str]:
    return {device.name for device in small_inventory().devices.values() if device.primary_ip}


def _up(scraped: Scraped) -> set[str]:
    return {labels["device"] for labels, _ in scraped.query("pahunch_device_up == 1")}


def _faster(product: Product, folder: Path) -> Path:
    """Our prometheus.yml and rules.yml with the test's port, and a second where they say 30."""
    text = (_FOLDER / "prometheus.yml").read_text()
    for ours, here in (
        ("127.0.0.1:9700", f"127.0.0.1:{product.metrics_port}"),
        ("_interval: 30s", "_interval: 1s"),
        ("scrape_timeout: 20s", "scrape_timeout: 1s"),
        ("refresh_interval: 1m", "refresh_interval: 1s"),
    ):
        assert ours in text
        text = text.replace(ours, here)
    (folder / "rules.yml").write_text(_RULES.read_text())
    (folder / "prometheus.yml").write_text(text)
    return folder / "prometheus.yml"


def test_every_query_of_the_dashboard_has_data(scraped: Scraped) -> None:
    queries = _promql()
    assert len(queries) > 30
    silent = list(queries)

    def all_answered() -> bool:
        silent[:] = [(panel, query) for panel, query in silent if not _has_data(scraped, query)]
        return not silent

    wait_until(all_answered, every=1, saying=str(silent))


def _has_data(scraped: Scraped, query: str) -> bool:
    """A series whose value is a number."""
    return any(value == value for _, value in scraped.query(query))  # noqa: PLR0124 - NaN is no data


def test_every_choice_of_the_dashboard_offers_something(scraped: Scraped) -> None:
    offered = {}
    for variable in _dashboard().templating.list:
        if found := re.fullmatch(r"label_values\((.+), (\w+)\)", variable.asked):
            series, label = found.groups()
            offered[variable.name] = scraped.ask(f"label/{label}/values", **{"match[]": filled(series, every="")})
    assert offered["district"] == ["district:387"]
    assert set(offered["role"]) == {"router", "olt", "radio", "pc", "ups"}


def test_every_rule_is_evaluated_and_no_alert_fires(scraped: Scraped) -> None:
    def evaluated() -> dict[str, Json]:
        groups = scraped.ask("rules")["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"] if rule["health"] == "ok"}

    wait_until(lambda: len(evaluated()) == len(_rules()), saying="every rule is evaluated")
    rules = evaluated()
    assert {rule.get("record") or rule["alert"] for rule in _rules()} == rules.keys()
    recorded = [name for name, rule in rules.items() if rule["type"] == "recording"]
    wait_until(lambda: all(_has_data(scraped, name) for name in recorded), saying=str(recorded))
    assert [alert for alert in scraped.ask("alerts")["alerts"] if alert["state"] == "firing"] == []


def test_what_an_alert_looks_at_is_there(scraped: Scraped) -> None:
    """An alert on a series that nobody exposes never fires."""
    for rule in _rules():
        if "alert" in rule:
            for selector in re.findall(r"\b(?:pahunch_\w+|up)(?:\{[^}]*\})?", rule["expr"]):
                assert _has_data(scraped, selector), (rule["alert"], selector)


def test_device_metrics_are_answered(scraped: Scraped) -> None:
    wait_until(lambda: _has_data(scraped, 'rate(pahunch_if_hc_in_bytes_total{device="gp1"}[20s]) > 0'))
    speeds = scraped.query('pahunch_if_speed_bytes_per_second{device="gp1", port="GE0/0/1"} * 8')
    assert [value for _, value in speeds] == [1e9]
    ((labels, _),) = scraped.query('pahunch_sys_up_time_seconds{device="gp1"} > 0')
    assert (labels["site"], labels["role"], labels["district"]) == ("gp1", "router", "district:387")


def test_all_that_is_exposed_is_on_the_page_of_metrics(scraped: Scraped) -> None:
    page = _PAGE.read_text(encoding="utf-8")
    with urlopen(f"http://127.0.0.1:{scraped.product.metrics_port}/metrics", timeout=60) as response:
        families = list(text_string_to_metric_families(response.read().decode()))
    assert len(families) > 40
    names = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert {name for name in names if f"| `{name}` " not in page} == set()


def test_the_panels_show_faults_as_they_are(scraped: Scraped) -> None:
    titles = ("ONTs offline", "UPSs on battery", "Kendra PCs silent", "Devices silent")
    wait_until(lambda: [scraped.panel(title) for title in titles] == [0, 0, 0, 0], every=0.5, saying="none yet")
    cut = Fault(Kind.FIBRE_CUT, Where(link="olt1:0/1/3"))  # three ONTs; PCs 5 and 6 behind them
    power = Fault(Kind.POWER_CUT, Where(site="gp2"))  # its UPS carries it for 30 minutes
    with in_force(scraped.fleet, cut, power):
        wait_until(lambda: [scraped.panel(title) for title in titles] == [3, 1, 2, 2], every=0.5, saying="faults")
        (cause,) = (target.expr for _, target in _dashboard().asking() if target.legend_format == "loss of signal")
        assert [value for _, value in scraped.query(filled(cause, every=""))] == [3]


def test_a_stopped_collector_is_seen_as_stopped(scraped: Scraped) -> None:
    assert scraped.panel("Collector") == 1
    scraped.product.stop()
    wait_until(lambda: scraped.panel("Collector") == 0, saying="up is 0")
    wait_until(
        lambda: "PahunchCollectorStopped" in {a["labels"]["alertname"] for a in scraped.ask("alerts")["alerts"]},
        saying="the alert is pending",
    )
