"""Readiness of services by what their endpoints do, by tables."""

from typing import Any

import pytest

from api.pages.services import offered
from inventory.model import Names, Service
from readiness.model import Layer, Readiness, Responsible, Status
from readiness.rules.services import Ready, lack, needs_at_kendra, of_service
from readiness.rules.village import Result
from readiness.services import Instead, ServiceRow

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN
READY, WORSE, BLOCKED = Readiness.READY, Readiness.DEGRADED, Readiness.BLOCKED
INCOME, AADHAAR, FORM = frozenset({"portal"}), frozenset({"portal", "auth"}), frozenset[str]()


def seen(**statuses: Status) -> dict[str, tuple[Status, float]]:
    return {code: (status, 100.0) for code, status in statuses.items()}


@pytest.mark.parametrize(
    ("village", "statuses", "status", "endpoint", "reason"),
    [
        (READY, {"portal": UP, "auth": UP}, None, "", ""),
        (READY, {"portal": UNKNOWN, "auth": UNKNOWN}, None, "", ""),
        (READY, {}, None, "", ""),
        (READY, {"portal": UP, "auth": DOWN}, WORSE, "auth", "1 of 2 services need auth, which is down"),
        (READY, {"portal": DOWN, "auth": UP}, BLOCKED, "portal", "2 of 2 services need portal, which is down"),
        (READY, {"portal": DOWN, "auth": DOWN}, BLOCKED, "portal", "2 of 2 services need portal, which is down"),
        (READY, {"portal": DEGRADED, "auth": UP}, WORSE, "portal", "2 of 2 services need portal, which is degraded"),
        (READY, {"portal": DEGRADED, "auth": DOWN}, WORSE, "auth", "1 of 2 services need auth, which is down"),
        (WORSE, {"portal": UP, "auth": DOWN}, None, "", ""),  # the first failing layer stays
        (WORSE, {"portal": DOWN, "auth": UP}, BLOCKED, "portal", "2 of 2 services need portal, which is down"),
        (BLOCKED, {"portal": DOWN}, None, "", ""),
        (Readiness.UNKNOWN, {"portal": DOWN}, None, "", ""),
    ],
)
def test_what_endpoints_take_from_villages(
    village: Readiness, statuses: dict[str, Status], status: Readiness | None, endpoint: str, reason: str
) -> None:
    found = lack(Result(village, "as it is", Layer.BACKHAUL), (INCOME, AADHAAR), seen(**statuses))
    if status is None:
        assert found is None
    else:
        assert found is not None
        assert (found.result.status, found.result.layer, found.result.reason) == (status, Layer.ENDPOINT, reason)
        assert (found.endpoint, found.since) == (endpoint, 100.0)


def test_a_service_that_needs_no_endpoint_keeps_the_village_from_being_blocked() -> None:
    found = lack(Result(READY, ""), (INCOME, FORM), seen(portal=DOWN))
    assert found is not None
    assert found.result.status is WORSE
    assert lack(Result(READY, ""), (), seen(portal=DOWN)) is None


def test_services_of_the_counter() -> None:
    services = [
        Service("a", Names("A"), channels=("kendra", "portal"), endpoints=("portal",)),
        Service("b", Names("B"), channels=("mobile",), endpoints=("auth",)),
        Service("c", Names("C"), endpoints=("portal", "auth")),
    ]
    assert needs_at_kendra(services) == (frozenset({"portal"}), frozenset({"portal", "auth"}))


@pytest.mark.parametrize(
    ("channel", "village", "statuses", "ready"),
    [
        ("kendra", Result(READY, ""), {"portal": UP, "auth": UP}, Ready(READY, None)),
        ("kendra", Result(READY, ""), {"portal": UP, "auth": DOWN}, Ready(BLOCKED, Layer.ENDPOINT, "auth")),
        ("kendra", Result(READY, ""), {"portal": UNKNOWN, "auth": DOWN}, Ready(BLOCKED, Layer.ENDPOINT, "auth")),
        ("kendra", Result(READY, ""), {"portal": UP}, Ready(Readiness.UNKNOWN, Layer.ENDPOINT, "auth")),
        ("kendra", Result(READY, ""), {"portal": DEGRADED, "auth": UP}, Ready(WORSE, Layer.ENDPOINT, "portal")),
        ("kendra", Result(BLOCKED, "", Layer.POWER), {"portal": DOWN}, Ready(BLOCKED, Layer.POWER)),
        ("kendra", Result(Readiness.UNKNOWN, ""), {"portal": DOWN}, Ready(Readiness.UNKNOWN, None)),
        (
            "kendra", Result(WORSE, "", Layer.KENDRA_HARDWARE), {"portal": DEGRADED, "auth": UP},
            Ready(WORSE, Layer.KENDRA_HARDWARE),
        ),
        (
            "kendra", Result(WORSE, "", Layer.KENDRA_HARDWARE), {"portal": DOWN, "auth": UP},
            Ready(BLOCKED, Layer.ENDPOINT, "portal"),
        ),
        ("portal", Result(BLOCKED, "", Layer.POWER), {"portal": UP, "auth": UP}, Ready(READY, None)),
        ("mobile", Result(BLOCKED, "", Layer.POWER), {"portal": UP, "auth": DOWN}, Ready(BLOCKED, Layer.ENDPOINT, "auth")),
    ],
)  # fmt: skip
def test_one_service_in_one_channel(channel: str, village: Result, statuses: dict[str, Status], ready: Ready) -> None:
    service = Service("aadhaar", Names("Aadhaar"), channels=("kendra", "portal"), endpoints=("portal", "auth"))
    assert of_service(service, channel, village, seen(**statuses)) == ready


def row(service: str, channel: str, status: Readiness, **more: Any) -> ServiceRow:
    given = {
        "layer": None,
        "endpoint": "",
        "peripheral": "",
        "responsible": Responsible.NONE,
        "online": True,
        "instead": None,
    }
    return ServiceRow(service, Names(service), channel, status, **(given | more))


def test_each_service_is_listed_once_and_those_that_stand_alike_together() -> None:
    near, far = (Instead(site, Names(site), km, "", READY) for site, km in (("near", 3.0), ("far", 9.0)))
    dark = {"layer": Layer.POWER, "responsible": Responsible.POWER_UTILITY}
    found = offered([
        row("a", "kendra", BLOCKED, instead=near, **dark), row("a", "portal", READY), row("a", "mobile", READY),
        row("b", "kendra", BLOCKED, instead=near, **dark), row("b", "portal", READY), row("b", "mobile", READY),
        row("c", "kendra", BLOCKED, instead=far, **dark),
        row("d", "kendra", READY), row("d", "portal", BLOCKED, layer=Layer.ENDPOINT, endpoint="p"),
        row("e", "kendra", READY), row("f", "mobile", READY), row("g", "kendra", Readiness.UNKNOWN, online=False),
    ])  # fmt: skip
    listed = [([name.en for name in group.names], [way.channels for way in group.ways]) for group in found.alike]
    assert listed == [
        (["a", "b"], [("kendra",), ("portal", "mobile")]), (["c"], [("kendra",)]), (["g"], [("kendra",)]),
        (["d"], [("kendra",), ("portal",)]), (["e"], [("kendra",)]), (["f"], [("mobile",)]),
    ]  # fmt: skip
    assert [[name.en for name in group.names] for group in found.working] == [["e"], ["f"]]
    assert [group.status for group in found.alike] == [BLOCKED, BLOCKED, Readiness.UNKNOWN, READY, READY, READY]
    assert (found.at_counter, found.had, found.unknown) == (5, 2, 0)  # nobody waits for what the state doesn't give
    assert found.nearest is not None
    assert (found.nearest.instead.site, found.nearest.services) == ("near", 2)
    assert found.from_home
    assert offered([]).nearest is None
