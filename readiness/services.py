"""Where endpoints and services stand, and by whose eyes: for everybody, or for the villages of one kendra."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine, select

from inventory import rollout
from inventory.model import Inventory, Names
from inventory.scope import Scope
from inventory.tables import endpoint
from readiness import read, views
from readiness.model import Layer, Readiness, Responsible, Status, SubjectKind
from readiness.read import StateRow
from readiness.rules.endpoint import KENDRAS, NOC
from readiness.rules.services import KENDRA, NOT_ONLINE, Counter, of_service, who_acts
from readiness.rules.village import Result
from readiness.views import ViewRow


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """`eyes`: "noc", "kendras" (most of those that look), the site of the kendra that was asked for, or nobody's."""

    endpoint: str
    names: Names
    status: Status
    since: datetime | None
    looked_at: datetime | None
    reason: str
    eyes: str
    outage: int | None


@dataclass(frozen=True, slots=True)
class Instead:
    """Another kendra within reach that gives a service; `site` is empty where it lies outside of what may be seen.

    `km` is estimated: a straight line times the road factor.
    """

    site: str
    names: Names
    km: float
    hours: str
    status: Readiness


@dataclass(frozen=True, slots=True)
class At:
    """How a village stands for services but for their endpoints; `instead` by service, where its own kendra can't give it."""

    village: Result
    counter: Counter
    instead: Mapping[str, Instead]


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service in one channel, as the village's own kendra gives it.

    `endpoint` or `peripheral` is what decided, empty where none did. `online` is whether the state gives it
    yet. `instead` is the nearest other kendra that gives it while the own one doesn't.
    """

    service: str
    names: Names
    channel: str
    status: Readiness
    layer: Layer | None
    endpoint: str
    peripheral: str
    responsible: Responsible
    online: bool
    instead: Instead | None


def endpoints(engine: Engine, kendra: str = "", *, blind_since: datetime | None = None) -> tuple[EndpointRow, ...]:
    """Every endpoint as it stands for the villages of `kendra` (empty: for everybody).

    From `blind_since` on nobody watched: then none is known.
    """
    states = {row.subject: row for row in read.states(engine, Scope(), SubjectKind.ENDPOINT, blind_since=blind_since)}
    seen = {(row.endpoint, row.eyes): row for row in views.seen(engine, [kendra] if kendra else [])}
    return tuple(
        _row(code, names, states.get(code), seen.get((code, NOC)), None if blind_since else seen.get((code, kendra)))
        for code, names in _names(engine).items()
    )


def _names(engine: Engine) -> dict[str, Names]:
    query = select(endpoint.c.code, endpoint.c.name_en, endpoint.c.name_hi, endpoint.c.name_pa)
    with engine.connect() as connection:
        return {code: Names(*names) for code, *names in connection.execute(query.order_by(endpoint.c.code))}


def _row(code: str, names: Names, state: StateRow | None, noc: ViewRow | None, own: ViewRow | None) -> EndpointRow:
    outage = state.outage if state else None
    if own and own.status is not Status.UNKNOWN and own.eyes != NOC:
        return EndpointRow(code, names, own.status, own.since, own.looked_at, own.reason, own.eyes, outage)
    if state is None:
        return EndpointRow(code, names, Status.UNKNOWN, None, None, "not observed yet", "", None)
    status = Status(state.status)
    by_noc = noc is not None and noc.status is status
    eyes = "" if status is Status.UNKNOWN else NOC if by_noc else KENDRAS
    looked_at = noc.looked_at if noc and by_noc else None
    return EndpointRow(code, names, status, state.since, looked_at, state.reason, eyes, outage)


def services(
    inventory: Inventory, at: At, rows: Iterable[EndpointRow], of_outage: Responsible | None, day: date
) -> tuple[ServiceRow, ...]:
    """Every service in every channel; `of_outage` is responsible for the outage behind the village, `day` that of India."""
    seen: Mapping[str, tuple[Status, float]] = {row.endpoint: (row.status, 0.0) for row in rows}
    waiting = rollout.not_online(inventory, day)
    found = []
    for service in inventory.services.values():
        online = service.code not in waiting
        for channel in service.channels or (KENDRA,):
            ready = of_service(service, channel, at.village, seen, at.counter) if online else NOT_ONLINE
            at_kendra = channel == KENDRA
            acts = who_acts(ready, of_outage if at_kendra else None) if online else Responsible.SERVICE_OWNER
            found.append(
                ServiceRow(
                    service.code, service.names, channel, ready.status, ready.layer, ready.endpoint, ready.peripheral, acts,
                    online, at.instead.get(service.code) if at_kendra else None,
                )
            )  # fmt: skip
    return tuple(found)
