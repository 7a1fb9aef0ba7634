"""Asking what Prometheus asks, without a socket."""

from collections.abc import Callable
from typing import NamedTuple
from wsgiref.util import setup_testing_defaults

from prometheus_client.parser import text_string_to_metric_families

from collectors.sinks.exposition import exposition
from collectors.sinks.prometheus import PrometheusSink
from inventory.model import Inventory
from tests.small import small_inventory

HOSTILE = 'x"} 1\npahunch_device_up{device="gp2"} 1 #\\'
"""A port's name."""


class Got(NamedTuple):
    status: str
    headers: dict[str, str]
    body: bytes


def got(sink: PrometheusSink, path: str, inventory: Inventory, **extra: str) -> Got:
    """The answer to a GET."""
    environ = {"SERVER_PORT": "9700", **extra}
    setup_testing_defaults(environ)
    environ["PATH_INFO"] = path
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _: None

    body = b"".join(exposition(sink, inventory)(environ, start))
    ((status, headers),) = started
    return Got(status, dict(headers), body)


def scrape(sink: PrometheusSink, path: str = "/metrics", inventory: Inventory | None = None) -> str:
    answer = got(sink, path, inventory or small_inventory())
    assert answer.status == "200 OK"
    return answer.body.decode()


def value(text: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return float(sample.value)
    return None
