"""Readiness of a kendra's villages, and the status of sites, from the devices behind them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.model import Role, SiteKind
from readiness.model import Layer, Readiness, Status

ESSENTIAL: dict[SiteKind, frozenset[Role]] = {
    SiteKind.GP: frozenset({Role.ROUTER, Role.ONT, Role.RADIO, Role.SWITCH}),
    SiteKind.BLOCK_POP: frozenset({Role.ROUTER, Role.OLT, Role.SWITCH}),
    SiteKind.DISTRICT_POP: frozenset({Role.ROUTER, Role.OLT, Role.SWITCH}),
    SiteKind.NOC: frozenset({Role.ROUTER, Role.SWITCH}),
    SiteKind.KENDRA: frozenset({Role.PC}),
}
"""The devices without which a site does not do its work."""

ALL_ANSWER = "all essential devices answer"

OWN_LAYER = {SiteKind.GP: Layer.GP_EQUIPMENT, SiteKind.KENDRA: Layer.KENDRA_HARDWARE}
"""The layer that a site's own devices are to its villages; those of every other kind are backhaul."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One device as its site or village sees it.

    `dark` is confirmed down or cut off; `layer` is then what failed for it: POWER, BACKHAUL
    (something on the way), or None where the device itself did.
    """

    node: int
    status: Status
    since: float
    reason: str
    dark: bool = False
    layer: Layer | None = None
    last_ok: float = 0.0

    @property
    def works(self) -> bool:
        return not self.dark and self.status in {Status.UP, Status.DEGRADED}


@dataclass(frozen=True, slots=True)
class Result:
    """Where a village or site stands. `node` is the device that decided it, -1: none did."""

    status: Readiness | Status
    reason: str
    layer: Layer | None = None
    node: int = -1


def of_village(pcs: Sequence[Standing], box: Standing | None, printers: Sequence[Standing]) -> Result:
    """Readiness through the serving kendra: its PCs, the box that their link leads to, its printers.

    A PC that answers proves all that lies between; so a silent box with a PC behind it that
    answered later is a fault of the box, but not a blocked village. While nobody has heard of the box
    since the PC fell silent, the layer is left open.
    """
    if not pcs:
        return Result(
            Readiness.UNKNOWN, "no kendra with a PC that can be observed serves this village", Layer.NOT_COMMISSIONED
        )
    pc = min(pcs, key=_worth)
    if box and box.dark:
        if pc.works and pc.last_ok > box.since:
            return _by(Readiness.DEGRADED, box, Layer.GP_EQUIPMENT, "silent, but what lies behind it answers")
        return _by(Readiness.BLOCKED, box, box.layer or Layer.GP_EQUIPMENT)
    if pc.dark:
        return _without_pc(pc, box)
    if pc.status is Status.UNKNOWN:
        return _by(Readiness.UNKNOWN, pc, None)
    return _while_working(pc, box, printers)


def _without_pc(pc: Standing, box: Standing | None) -> Result:
    if pc.layer is None and box and box.last_ok <= pc.since:
        return Result(Readiness.BLOCKED, f"{pc.reason}, and what it hangs on was not heard since", None, pc.node)
    return _by(Readiness.BLOCKED, pc, pc.layer or Layer.KENDRA_HARDWARE)


def _while_working(pc: Standing, box: Standing | None, printers: Sequence[Standing]) -> Result:
    if box and box.status is Status.DEGRADED:
        return _by(Readiness.DEGRADED, box, Layer.GP_EQUIPMENT)
    if pc.status is Status.DEGRADED:
        return _by(Readiness.DEGRADED, pc, Layer.KENDRA_HARDWARE)
    for printer in printers:
        if printer.dark:
            return _by(Readiness.DEGRADED, printer, Layer.KENDRA_HARDWARE)
    return Result(Readiness.READY, "the kendra's PC answers", None, pc.node)


def of_site(devices: Sequence[Standing], kind: SiteKind) -> Result:
    """Status of a site from its essential devices (ESSENTIAL), and the first layer that fails for it."""
    own = OWN_LAYER.get(kind, Layer.BACKHAUL)
    if not devices:
        return Result(Status.UNKNOWN, "no device of it can be observed")
    dark = [device for device in devices if device.dark]
    if len(dark) == len(devices):
        last = max(dark, key=lambda device: device.since)
        return _by(Status.DOWN, last, last.layer or own)
    if dark:
        return _by(Status.DEGRADED, dark[0], dark[0].layer or own)
    for status, layer in ((Status.UNKNOWN, None), (Status.DEGRADED, own)):
        for device in devices:
            if device.status is status:
                return _by(status, device, layer)
    return Result(Status.UP, ALL_ANSWER)


def _by(status: Readiness | Status, device: Standing, layer: Layer | None, reason: str = "") -> Result:
    return Result(status, reason or device.reason, layer, device.node)


def _worth(device: Standing) -> tuple[bool, int]:
    """Order from the best to the worst of several PCs."""
    order = (Status.UP, Status.DEGRADED, Status.UNKNOWN, Status.DOWN)
    return device.dark, order.index(device.status)
