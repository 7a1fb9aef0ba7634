"""What a page says of one site: how it stands and what is in it."""

from dataclasses import dataclass

import pyarrow.compute as pc

from api.context import Context
from inventory.columnar import column, keys
from inventory.model import Device, Inventory, Site
from inventory.scope import Scope
from inventory.texts import texts
from readiness import read
from readiness.maintenance import MaintenanceRow, at_site
from readiness.model import SubjectKind
from readiness.read import StateRow


@dataclass(frozen=True, slots=True)
class SiteDetail:
    """`state` is None while nothing is known, and so for each device."""

    site: Site
    state: StateRow | None
    devices: tuple[tuple[Device, StateRow | None], ...]
    works: tuple[MaintenanceRow, ...] = ()


def devices_at(inventory: Inventory, site: str) -> list[Device]:
    there = pc.indices_nonzero(pc.equal(texts(column(inventory.devices, "site")), site))
    names = keys(inventory.devices).take(there)
    return [inventory.devices[name] for name in names.to_pylist()]


def site_detail(here: Context, scope: Scope, site: Site) -> SiteDetail:
    devices = devices_at(here.inventory, site.name)
    blind = here.blind_since()

    def state(kind: SubjectKind, name: str) -> StateRow | None:
        return read.state_of(here.engine, scope, kind, name, blind_since=blind)

    return SiteDetail(
        site,
        state(SubjectKind.SITE, site.name),
        tuple((d, state(SubjectKind.DEVICE, d.name)) for d in devices),
        tuple(at_site(here.engine, here.inventory, site, here.clock())),
    )
