"""The services' endpoints over HTTP: pages, troubles, and hostile requests."""

import http.client
import socket
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from inventory.model import Endpoint, Inventory, Names
from simulator.faults import Fault, Kind, Where
from simulator.portals import Portals, Trouble
from simulator.process import FleetProcess, Plan
from tests.small import small_inventory

_PORTAL = Endpoint("e-district", Names("e-District <CG>"), "https://portal.example/")
_GATEWAY = Endpoint("aadhaar-auth", Names("Aadhaar authentication"), "https://auth.example/")


@pytest.fixture
def portals() -> Iterator[Portals]:
    with Portals((_PORTAL, _GATEWAY), 0) as serving:
        yield serving


def _get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asking.request(method, path)
        answer = asking.getresponse()
        return answer.status, answer.read().decode()
    finally:
        asking.close()


def _with_endpoints(inventory: Inventory) -> Inventory:
    return replace(inventory, endpoints={endpoint.code: endpoint for endpoint in (_PORTAL, _GATEWAY)})


@pytest.mark.parametrize("path", ["/e-district", "/e-district/", "/e-district/login?next=%2F", "/e%2Ddistrict"])
def test_every_endpoint_has_its_page(portals: Portals, path: str) -> None:
    status, page = _get(portals.port, path)
    assert status == 200
    assert "<title>e-District &lt;CG&gt;</title>" in page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/nothing", 404), ("HEAD", "/aadhaar-auth", 200), ("POST", "/aadhaar-auth", 405)],
)
def test_what_else_is_asked(portals: Portals, method: str, path: str, status: int) -> None:
    answered, body = _get(portals.port, path, method)
    assert answered == status
    assert method != "HEAD" or body == ""


def test_a_status_is_answered_until_the_trouble_is_over(portals: Portals) -> None:
    portals.troubles = {"e-district": Trouble(status=503)}
    assert _get(portals.port, "/e-district")[0] == 503
    assert _get(portals.port, "/aadhaar-auth")[0] == 200
    portals.troubles = {}
    assert _get(portals.port, "/e-district")[0] == 200


def test_slow_is_late_and_holds_nobody_else_up(portals: Portals) -> None:
    portals.troubles = {"e-district": Trouble(slow_s=0.5)}
    with socket.create_connection(("127.0.0.1", portals.port), timeout=10) as slow:
        started = time.monotonic()
        slow.sendall(b"GET /e-district HTTP/1.1\r\nHost: x\r\n\r\n")
        assert _get(portals.port, "/aadhaar-auth")[0] == 200
        assert slow.recv(12) == b"HTTP/1.1 200"
        assert time.monotonic() - started >= 0.4


def test_refused_is_reset_and_silent_says_nothing(portals: Portals) -> None:
    portals.troubles = {"e-district": Trouble(refuse=True), "aadhaar-auth": Trouble(silent=True)}
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        _get(portals.port, "/e-district")
    with socket.create_connection(("127.0.0.1", portals.port), timeout=0.3) as silent:
        silent.sendall(b"GET /aadhaar-auth HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            silent.recv(1)


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\xff\xfe\r\n\r\n", b"GET", b"GET /" + b"a" * 40_000 + b"\r\n\r\n"]
)
def test_nonsense_ends_nothing(portals: Portals, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", portals.port), timeout=10) as asking:
        asking.sendall(data)
        asking.shutdown(socket.SHUT_WR)
    assert _get(portals.port, "/e-district")[0] == 200


def test_a_fault_acts_on_the_fleets_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    with FleetProcess(Plan(_with_endpoints(small_inventory()), portals_port=0)) as fleet:
        assert fleet.portals_port
        assert _get(fleet.portals_port, "/e-district")[0] == 200
        fault = fleet.apply(Fault(Kind.ENDPOINT_OUTAGE, Where(endpoint="e-district"), status=502))
        assert _get(fleet.portals_port, "/e-district")[0] == 502
        fleet.clear(fault)
        assert _get(fleet.portals_port, "/e-district")[0] == 200


def test_without_a_port_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "public")
    with FleetProcess(Plan(small_inventory())) as fleet:
        assert fleet.portals_port is None
