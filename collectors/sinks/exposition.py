"""The HTTP server that Prometheus asks. On 127.0.0.1 only:

/metrics              everything
/metrics/collector    the collector's own figures
/metrics/area/AREA    devices of a district
/metrics/endpoints    the newest looks at endpoints
/sd                   areas and endpoints as targets, for Prometheus' http_sd
"""

import json
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from prometheus_client import CollectorRegistry, generate_latest, make_wsgi_app
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, ThreadingWSGIServer, gzip_accepted

from collectors.sinks.prometheus import PrometheusSink
from collectors.sinks.series import ELSEWHERE
from inventory.model import Inventory

_AREA = "/metrics/area/"
_ENDPOINTS = "/metrics/endpoints"
_NOT_HERE = b"not here: /metrics, /metrics/collector, /metrics/area/AREA, /metrics/endpoints, /sd\n"
_GZIP = 31


def expose(port: int, sink: PrometheusSink, inventory: Inventory) -> WSGIServer:
    """Answer in threads of their own until `shutdown`; OSError where the port is taken."""
    server = make_server("127.0.0.1", port, exposition(sink, inventory), ThreadingWSGIServer, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="exposition", daemon=True).start()
    return server


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """No line for each scrape."""


def exposition(sink: PrometheusSink, inventory: Inventory) -> WSGIApplication:
    own = CollectorRegistry()
    own.register(sink)
    figures: WSGIApplication = make_wsgi_app(own)
    targets = list(_targets(sink.series.areas, inventory))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET", "/metrics/collector":
                return figures(environ, start_response)
            case "GET", "/metrics":
                answer = _Answer(_everything(sink, own))
            case "GET", path if path == _ENDPOINTS:
                answer = _Answer([sink.looks.text(time.time())])
            case "GET", path if path.removeprefix(_AREA) in sink.series.areas:
                answer = _Answer(sink.series.text(time.time(), path.removeprefix(_AREA)))
            case "GET", "/sd":
                answer = _Answer([_groups(targets, environ["SERVER_PORT"])], "application/json")
            case "GET", _:
                answer = _Answer([_NOT_HERE], "text/plain", "404 Not Found")
            case _:
                answer = _Answer([b"GET only\n"], "text/plain", "405 Method Not Allowed")
        return answer.given(environ, start_response)

    return app


def _everything(sink: PrometheusSink, own: CollectorRegistry) -> Iterator[bytes]:
    now = time.time()
    yield from sink.series.text(now)
    yield sink.looks.text(now)
    yield generate_latest(own)


@dataclass(frozen=True, slots=True)
class _Answer:
    """`body` is made while it is sent: a country's would be 700 MB in one piece."""

    body: Iterable[bytes]
    kind: str = CONTENT_TYPE_PLAIN_0_0_4
    status: str = "200 OK"

    def given(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Compressed where that is asked for."""
        headers, body = [("Content-Type", self.kind)], self.body
        if gzip_accepted(environ.get("HTTP_ACCEPT_ENCODING", "")):
            headers.append(("Content-Encoding", "gzip"))
            body = compressed(body)
        start_response(self.status, headers)
        return body


def compressed(body: Iterable[bytes]) -> Iterator[bytes]:
    """As gzip, piece by piece."""
    packing = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    for piece in body:
        yield packing.compress(piece)
    yield packing.flush()


def _groups(targets: Sequence[Mapping[str, str]], port: str) -> bytes:
    """Target groups as Prometheus' http_sd wants them; `targets` are their labels."""
    return json.dumps([{"targets": [f"127.0.0.1:{port}"], "labels": each} for each in targets]).encode()


def _targets(areas: Iterable[str], inventory: Inventory) -> Iterator[Mapping[str, str]]:
    for area in areas:
        labels = {"__metrics_path__": _AREA + area, "__meta_pahunch_area": area}
        if area != ELSEWHERE:
            labels["__meta_pahunch_district"] = inventory.areas[area].names.en
            labels["__meta_pahunch_state"] = _state(inventory, area)
        yield labels
    if inventory.endpoints:
        yield {"__metrics_path__": _ENDPOINTS, "__meta_pahunch_area": "endpoints"}


def _state(inventory: Inventory, area: str) -> str:
    """Key of the topmost area around `area`."""
    while parent := inventory.areas[area].parent:
        area = parent
    return area
