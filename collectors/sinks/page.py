"""`make metrics`: the parts of docs/metrics.md that the code decides, from what it declares and exposes.

A part stands between `<!-- make metrics: NAME -->` and `<!-- end -->`; the rest of the page is written by hand.
"""

import asyncio
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client.metrics_core import Metric

from collectors.catalogue import load_profiles
from collectors.figures import Figures
from collectors.metrics import METRICS
from collectors.profile import Profile
from collectors.rates import FROM_COUNTER
from collectors.sinks.history import HistorySink
from collectors.sinks.influx import InfluxSink
from collectors.sinks.names import EXPOSED
from collectors.sinks.prometheus import PrometheusSink
from collectors.sinks.series import DEVICE_UP, DEVICE_UP_HELP
from inventory.model import Inventory
from storage.segments import Writer
from storage.settings import InfluxSettings

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

_PART = re.compile(r"(?<=<!-- make metrics: )(\w+)( -->\n).*?(?=\n<!-- end -->)", re.DOTALL)
_NOWHERE = "not there"
_ONT = "place of an ONT as its OLT's maker numbers them, mostly frame/slot/port:ONT; the device is its OLT"
_PLACES: Mapping[str, str] = {
    "huawei_ont": _ONT,
    "huawei_pon": "name of a PON port",
    "hr_disk": "name of a disk",
    "supply": "name of a supply",
    "first": _NOWHERE,
    "mean": _NOWHERE,
    "hr_memory": _NOWHERE,
    "row": _ONT,
    "plain": "link, chain or radio port as the radio numbers them; often none",
}
"""By the decoder of a profile's table."""
_PORT = "name of a port"
_NOTIFICATION = "port or ONT that the notification names; often none"
_ENDPOINT = "code of an endpoint; the device is who looked: `noc`, or a kendra's PC"


def filled(page: str) -> str:
    """`page` with its parts made anew; KeyError for a part that is not known."""
    parts = {"devices": _devices(), "ports": _ports(), "unread": _unread(), "own": asyncio.run(_own())}
    return _PART.sub(lambda found: f"{found[1]}{found[2]}{parts[found[1]]}", page)


def _devices() -> str:
    rows = []
    for metric, shown in zip(METRICS, EXPOSED, strict=True):
        times = f" (x {shown.factor:g})" if shown.factor != 1 else ""
        unit = metric.unit or "-"
        rows.append((f"`{metric.name}`", unit, metric.kind, f"`{shown.name}`{times}", metric.help))
    return _table(("metric", "unit", "kind", "in Prometheus", "meaning"), rows)


def _ports() -> str:
    places = dict(_places())
    of: dict[str, list[str]] = {}
    for metric in METRICS:
        if metric.name in places:
            of.setdefault(places[metric.name], []).append(f"`{metric.name}`")
    return _table(("`port`", "of"), ((place, ", ".join(names)) for place, names in of.items()))


def _unread() -> str:
    read = {name for name, _ in _places()}
    names = sorted({metric.name for metric in METRICS} - read)
    return f"No profile reads these yet: {', '.join(f'`{name}`' for name in names)}." if names else ""


def _places() -> Iterator[tuple[str, str]]:
    """(metric, what its instance is) of all that is read or derived."""
    for profile in load_profiles().values():
        yield from _of_profile(profile)
    yield from ((METRICS[rate.metric].name, _PORT) for rate in FROM_COUNTER.values())
    yield "notification", _NOTIFICATION
    yield from ((metric.name, _NOWHERE) for metric in METRICS if metric.name.startswith("icmp_"))
    yield from ((metric.name, _ENDPOINT) for metric in METRICS if metric.name.startswith("endpoint_"))


def _of_profile(profile: Profile) -> Iterator[tuple[str, str]]:
    yield from ((read.metric, _NOWHERE) for read in profile.scalars)
    yield from ((read.metric, _PORT) for read in profile.ports)
    yield from ((read.metric, _PLACES[table.index]) for table in profile.tables for read in table.columns)


async def _own() -> str:
    """What the collector exposes about itself with every sink there is."""
    figures = Figures()
    figures.sink_seconds["any"] = 0.0
    with tempfile.TemporaryDirectory() as folder:
        history = HistorySink(Writer(Path(folder) / "history"))
        influx = InfluxSink(InfluxSettings(url="http://127.0.0.1:9", spool_folder=Path(folder) / "spool"), Inventory())
        sink = PrometheusSink(Inventory(), 60, figures, [*history.readings(), *influx.readings()])
        rows: list[tuple[str, ...]] = [
            (f"`{DEVICE_UP}`", "gauge", "`device`, `district`, `role`, `site`", DEVICE_UP_HELP)
        ]
        rows += [_own_row(family) for family in sink.collect()]
        await history.close()
        await influx.close()
    return _table(("name", "kind", "labels", "meaning"), rows)


def _own_row(family: Metric) -> tuple[str, ...]:
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
    return f"`{name}`", family.type, ", ".join(f"`{label}`" for label in labels) or "-", family.documentation


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" if row else "|" + "---|" * len(head) for row in (head, (), *rows))


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
