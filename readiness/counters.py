"""What is seen of kendras' counters beside their villages' readiness: peripherals, lines, and endpoints by their own eyes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, and_, select

from inventory.model import Inventory, Role
from inventory.scope import Scope
from inventory.tables import device
from readiness import read
from readiness.model import Status, SubjectKind
from readiness.rules.endpoint import NOC
from readiness.rules.matrix import Eyes
from readiness.tables import endpoint_view, state
from storage.history import figures

_LATELY = timedelta(minutes=15)
_NAMED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Line:
    """Means of the last quarter of an hour; NaN where nothing was measured."""

    latency_ms: float
    loss_percent: float


@dataclass(frozen=True, slots=True)
class Counters:
    """By site. `absent` are peripherals that were observed absent; of `only_printer` a PC answers as it should."""

    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    only_printer: Mapping[str, None] = field(default_factory=dict)
    lines: Mapping[str, Line] = field(default_factory=dict)


def counters(engine: Engine, peripherals: Sequence[str], lines: Mapping[str, Line]) -> Counters:
    """A peripheral is a device of that role at the kendra; it is absent when all of them there are down."""
    told: dict[tuple[str, str], bool] = {}
    for site, role, status in _devices(engine, peripherals):
        told[site, role] = told.get((site, role), True) and status == Status.DOWN
    absent: dict[str, frozenset[str]] = {}
    for (site, role), every in told.items():
        if every:
            absent[site] = absent.get(site, frozenset()) | {role}
    without = [site for site, names in absent.items() if Role.PRINTER in names]
    works = [site for site, _, status in _devices(engine, [Role.PC], without) if status == Status.UP]
    return Counters(absent, dict.fromkeys(works), lines)


def _devices(engine: Engine, roles: Sequence[str], sites: Sequence[str] | None = None) -> list[tuple[str, str, str]]:
    """Site, role and status of the devices of these roles at sites where one is down, or at `sites`."""
    query = select(device.c.site, device.c.role, state.c.status).join_from(
        device, state, and_(state.c.subject == device.c.name, state.c.subject_kind == SubjectKind.DEVICE)
    )
    query = query.where(device.c.role.in_(list(roles)))
    if sites is None:
        down = query.where(state.c.status == Status.DOWN).with_only_columns(device.c.site)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(query.where(device.c.site.in_(down)))]
    lots = [sites[first : first + _NAMED_AT_ONCE] for first in range(0, len(sites), _NAMED_AT_ONCE)]
    with engine.connect() as connection:
        return [tuple(row) for lot in lots for row in connection.execute(query.where(device.c.site.in_(lot)))]


def sights(engine: Engine, kendras: Mapping[str, int]) -> Eyes:
    """How endpoints stand for everybody, and for those of `kendras` (site -> number) that look themselves."""
    for_all = {row.subject: Status(row.status) for row in read.states(engine, Scope(), SubjectKind.ENDPOINT)}
    query = select(endpoint_view.c.endpoint, endpoint_view.c.eyes, endpoint_view.c.status).where(
        endpoint_view.c.eyes != NOC, endpoint_view.c.status != Status.UNKNOWN
    )
    own: dict[int, dict[str, Status]] = {}
    with engine.connect() as connection:
        for code, eyes, status in connection.execute(query):
            if eyes in kendras:
                own.setdefault(kendras[eyes], dict(for_all))[code] = Status(status)
    return Eyes(for_all, own)


def lines(history: Path, inventory: Inventory, now: datetime) -> dict[str, Line]:
    """By kendra what echo requests to its PCs measured lately; the best of several PCs."""
    pcs = {one.name: one.site for one in inventory.devices.values() if one.role is Role.PC}
    latency, loss = (_means(history, list(pcs), metric, now) for metric in ("icmp_rtt_avg_s", "icmp_loss_percent"))
    found: dict[str, Line] = {}
    for pc in loss:
        line = Line(1000 * latency.get(pc, float("nan")), loss[pc])
        before = found.get(pcs[pc])
        if before is None or line.loss_percent < before.loss_percent:
            found[pcs[pc]] = line
    return found


def _means(history: Path, devices: Sequence[str], metric: str, now: datetime) -> dict[str, float]:
    found = figures(history, devices, [metric], start=now - _LATELY, end=now, step=_LATELY)
    sums: dict[str, tuple[float, int]] = {}
    for name, mean, count in zip(*(found[name].to_pylist() for name in ("device", "mean", "count")), strict=True):
        total, number = sums.get(name, (0.0, 0))
        sums[name] = total + mean * count, number + count
    return {name: total / number for name, (total, number) in sums.items()}
