"""Readiness of villages and status of sites, as tables."""

import pytest

from inventory.model import SiteKind
from readiness.model import Layer, Readiness, Status
from readiness.rules.village import Standing, of_site, of_village

UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


def standing(status: Status, layer: Layer | None = None, *, cut_off: bool = False, since: float = 0.0, last_ok: float = 0.0) -> Standing:  # fmt: skip
    return Standing(1, status, since, "as seen", status is DOWN or cut_off, layer, last_ok)


up, degraded, down, unknown = standing(UP), standing(DEGRADED), standing(DOWN), standing(UNKNOWN)
heard = standing(UP, last_ok=1.0)  # after everything that is down here went down

VILLAGES = [
    ([up], up, [], Readiness.READY, None),
    ([up], None, [], Readiness.READY, None),
    ([up], unknown, [], Readiness.READY, None),  # a PC that answers proves what lies between
    ([up], degraded, [], Readiness.DEGRADED, Layer.GP_EQUIPMENT),
    ([degraded], up, [], Readiness.DEGRADED, Layer.KENDRA_HARDWARE),
    ([up], up, [down], Readiness.DEGRADED, Layer.KENDRA_HARDWARE),
    ([up], up, [unknown], Readiness.READY, None),
    ([down], heard, [], Readiness.BLOCKED, Layer.KENDRA_HARDWARE),
    ([down], None, [], Readiness.BLOCKED, Layer.KENDRA_HARDWARE),
    ([down], up, [], Readiness.BLOCKED, None),  # the box may be lost as well: nobody has heard of it since
    ([down, up], up, [], Readiness.READY, None),
    ([standing(DOWN, Layer.POWER)], up, [], Readiness.BLOCKED, Layer.POWER),
    ([down], down, [], Readiness.BLOCKED, Layer.GP_EQUIPMENT),
    ([up], standing(DOWN, Layer.BACKHAUL), [], Readiness.BLOCKED, Layer.BACKHAUL),
    ([down], standing(DOWN, Layer.POWER), [], Readiness.BLOCKED, Layer.POWER),
    ([unknown], standing(UNKNOWN, Layer.BACKHAUL, cut_off=True), [], Readiness.BLOCKED, Layer.BACKHAUL),
    ([unknown], up, [], Readiness.UNKNOWN, None),
    ([unknown], unknown, [], Readiness.UNKNOWN, None),
    ([down], unknown, [], Readiness.BLOCKED, None),
    ([], up, [], Readiness.UNKNOWN, Layer.NOT_COMMISSIONED),
]


@pytest.mark.parametrize(("pcs", "box", "printers", "readiness", "layer"), VILLAGES)
def test_village(
    pcs: list[Standing], box: Standing | None, printers: list[Standing], readiness: Readiness, layer: Layer | None
) -> None:
    result = of_village(pcs, box, printers)
    assert (result.status, result.layer) == (readiness, layer)


def test_a_pc_that_answered_after_its_box_fell_silent_keeps_the_village() -> None:
    result = of_village([standing(UP, last_ok=200.0)], standing(DOWN, since=100.0), [])
    assert (result.status, result.layer) == (Readiness.DEGRADED, Layer.GP_EQUIPMENT)


SITES = [
    ([up], UP, None),
    ([up, up], UP, None),
    ([up, down], DEGRADED, Layer.GP_EQUIPMENT),
    ([down, down], DOWN, Layer.GP_EQUIPMENT),
    ([standing(DOWN, Layer.POWER)], DOWN, Layer.POWER),
    ([standing(UNKNOWN, Layer.BACKHAUL, cut_off=True)], DOWN, Layer.BACKHAUL),
    ([up, degraded], DEGRADED, Layer.GP_EQUIPMENT),
    ([up, unknown], UNKNOWN, None),
    ([unknown], UNKNOWN, None),
    ([], UNKNOWN, None),
]


@pytest.mark.parametrize(("devices", "status", "layer"), SITES)
def test_site(devices: list[Standing], status: Status, layer: Layer | None) -> None:
    result = of_site(devices, SiteKind.GP)
    assert (result.status, result.layer) == (status, layer)


@pytest.mark.parametrize(
    ("kind", "layer"),
    [(SiteKind.KENDRA, Layer.KENDRA_HARDWARE), (SiteKind.BLOCK_POP, Layer.BACKHAUL), (SiteKind.NOC, Layer.BACKHAUL)],
)
def test_own_layer_of_each_kind_of_site(kind: SiteKind, layer: Layer) -> None:
    assert of_site([down], kind).layer is layer
