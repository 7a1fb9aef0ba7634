"""Why a village stands as it does: the chain from mains to kendra, link by link."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, case, or_, select

from inventory.model import Role
from inventory.scope import Scope
from inventory.tables import area, device, link
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.rules.graph import BOXES
from readiness.rules.watch import NOBODY_WATCHED
from readiness.subjects import within
from readiness.tables import outage, state
from storage.engine import snapshot


@dataclass(frozen=True, slots=True)
class Step:
    """One layer of the chain. `device` is empty where no device was found for it."""

    layer: Layer
    status: Status
    device: str
    since: datetime | None
    reason: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    village: str
    kendra: str | None
    readiness: Readiness
    since: datetime
    reason: str
    layer: Layer | None  # the first that fails
    outage: int | None
    steps: tuple[Step, ...]  # power, gp_equipment, backhaul, kendra_hardware


@dataclass(frozen=True, slots=True)
class _Standing:
    device: str = ""
    status: Status = Status.UNKNOWN
    since: datetime | None = None
    reason: str = "not in the inventory"
    evidence: tuple[str, ...] = ()


def _standing(connection: Connection, name: str | None) -> _Standing:
    """State of a device with the evidence of the outage that explains it."""
    query = (
        select(state.c.status, state.c.since, state.c.reason, outage.c.evidence)
        .outerjoin_from(state, outage, outage.c.id == state.c.outage)
        .where(state.c.subject_kind == SubjectKind.DEVICE, state.c.subject == name)
    )
    row = connection.execute(query).one_or_none() if name else None
    if row is None:
        return _Standing(name or "")
    return _Standing(name or "", Status(row.status), row.since, row.reason, tuple(json.loads(row.evidence or "[]")))


def pc_of(connection: Connection, kendra: str | None) -> str | None:
    """The first PC of a kendra."""
    query = select(device.c.name).where(device.c.site == kendra, device.c.role == Role.PC).order_by(device.c.name)
    return connection.execute(query.limit(1)).scalar()


def box_of(connection: Connection, pc: str | None) -> str | None:
    """The box at the other end of the PC's link."""
    other = case((link.c.a_device == pc, link.c.b_device), else_=link.c.a_device)
    query = (
        select(device.c.name)
        .join_from(link, device, device.c.name == other)
        .where(or_(link.c.a_device == pc, link.c.b_device == pc), device.c.role.in_(BOXES))
        .order_by(link.c.name)
    )
    return connection.execute(query.limit(1)).scalar()


def _steps(box: _Standing, pc: _Standing, layer: Layer | None, evidence: tuple[str, ...]) -> tuple[Step, ...]:
    """The chain, given the first failing layer and its evidence.

    A box that answers proves power and backhaul as far as itself; one that does not says nothing
    of the layers that were not found to fail.
    """
    seen = box.status if box.status in {Status.UP, Status.DEGRADED} else Status.UNKNOWN
    proof = "the equipment at the panchayat answers" if seen is not Status.UNKNOWN else "not observed"

    def inferred(which: Layer) -> Step:
        if layer is which:
            return Step(which, Status.DOWN, box.device, box.since, box.reason, evidence)
        return Step(which, Status.UP if seen is not Status.UNKNOWN else seen, box.device, None, proof, ())

    def observed(which: Layer, of: _Standing) -> Step:
        return Step(which, of.status, of.device, of.since, of.reason, of.evidence)

    return (
        inferred(Layer.POWER),
        observed(Layer.GP_EQUIPMENT, box),
        inferred(Layer.BACKHAUL),
        observed(Layer.KENDRA_HARDWARE, pc),
    )


def _unseen(chain: Chain, since: datetime) -> Chain:
    """The chain while nobody watches: its devices are known, none of their states."""
    steps = tuple(Step(step.layer, Status.UNKNOWN, step.device, since, NOBODY_WATCHED, ()) for step in chain.steps)
    if chain.readiness is Readiness.UNKNOWN:
        return replace(chain, steps=steps)
    return replace(
        chain, readiness=Readiness.UNKNOWN, since=since, reason=NOBODY_WATCHED, layer=None, outage=None, steps=steps
    )


def explain(engine: Engine, scope: Scope, village: str, *, blind_since: datetime | None = None) -> Chain | None:
    """The chain behind a village (an area key); None where it isn't in the scope or not known yet.

    From `blind_since` on nobody watched: then everything in it is unknown.
    """
    query = (
        select(state, outage.c.evidence, area.c.served_by)
        .join_from(state, area, area.c.key == state.c.subject)
        .outerjoin(outage, outage.c.id == state.c.outage)
        .where(state.c.subject_kind == SubjectKind.VILLAGE, state.c.subject == village, within(state, scope))
    )
    with snapshot(engine) as connection:
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        pc_name = pc_of(connection, row.served_by)
        pc, box = _standing(connection, pc_name), _standing(connection, box_of(connection, pc_name))
    layer = Layer(row.layer) if row.layer else None
    evidence = tuple(json.loads(row.evidence or "[]"))
    chain = Chain(
        village, row.served_by, Readiness(row.status), row.since, row.reason, layer, row.outage,
        _steps(box, pc, layer, evidence),
    )  # fmt: skip
    return chain if blind_since is None else _unseen(chain, blind_since)
