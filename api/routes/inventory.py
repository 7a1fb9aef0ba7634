"""Areas, sites and devices."""

from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
from fastapi import APIRouter, Query

from api import models
from api.context import Allowed, Context, Here, InScope, lies_within, not_found
from api.paging import After, Limit, page_of
from inventory.columnar import column, keys
from inventory.model import Area, Device, Level, Role, Site, SiteKind
from inventory.scope import Scope
from inventory.texts import texts

router = APIRouter(prefix="/api/v1", tags=["inventory"], responses={404: {"model": models.Error}})


@router.get("/areas")
def areas(
    here: Here, scope: InScope, level: Annotated[Level | None, Query()] = None, after: After = "", limit: Limit = 1000
) -> models.Page[models.Area]:
    """Areas of the scope, from the Local Government Directory or what stands in for it."""
    found, more = page_of(here.maps.ground.of_level(level, scope.area).keys, after, limit)
    return models.Page(items=[models.Area.model_validate(here.inventory.areas[key]) for key in found], next=more)


@router.get("/areas/{key}")
def area(here: Here, allowed: Allowed, key: str) -> models.Area:
    return models.Area.model_validate(area_in(here, allowed, key))


@router.get("/sites")
def sites(
    here: Here, scope: InScope, kind: Annotated[SiteKind | None, Query()] = None, after: After = "", limit: Limit = 1000
) -> models.Page[models.Site]:
    view = here.maps.view(scope.area)
    names = view.sites.keys if kind is None else view.sites.keys.filter(pa.array(view.sites_of(kind)))
    found, more = page_of(names, after, limit)
    return models.Page(items=[models.Site.model_validate(here.inventory.sites[name]) for name in found], next=more)


@router.get("/sites/{name}")
def site(here: Here, allowed: Allowed, name: str) -> models.Site:
    return models.Site.model_validate(site_in(here, allowed, name))


@router.get("/devices")
def devices(
    here: Here, scope: InScope, role: Annotated[Role | None, Query()] = None, after: After = "", limit: Limit = 1000
) -> models.Page[models.Device]:
    """Boxes at the sites of the scope."""
    found, more = page_of(devices_of(here, scope, role), after, limit)
    return models.Page(items=[models.Device.model_validate(here.inventory.devices[name]) for name in found], next=more)


@router.get("/devices/{name}")
def device(here: Here, allowed: Allowed, name: str) -> models.Device:
    return models.Device.model_validate(device_in(here, allowed, name))


def devices_of(here: Context, scope: Scope, role: Role | None = None) -> pa.StringArray:
    """Names of the devices at the sites of the scope."""
    here_are = pc.is_in(texts(column(here.inventory.devices, "site")), here.maps.view(scope.area).sites.keys)
    if role is not None:
        here_are = pc.and_(here_are, pc.equal(texts(column(here.inventory.devices, "role")), role.value))
    return keys(here.inventory.devices).filter(here_are)


def area_in(here: Context, scope: Scope, key: str) -> Area:
    """The area; raises 404 where it doesn't exist or isn't in the scope."""
    found = here.inventory.areas.get(key)
    if found is None or not _inside(here, key, scope):
        raise not_found("area", key)
    return found


def site_in(here: Context, scope: Scope, name: str) -> Site:
    """The site; raises 404 where it doesn't exist or isn't in the scope."""
    found = here.inventory.sites.get(name)
    if found is None or not _inside(here, found.area, scope):
        raise not_found("site", name)
    return found


def device_in(here: Context, scope: Scope, name: str) -> Device:
    """The device; raises 404 where it doesn't exist or isn't in the scope."""
    found = here.inventory.devices.get(name)
    if found is None or not _inside(here, here.inventory.sites[found.site].area, scope):
        raise not_found("device", name)
    return found


def _inside(here: Context, area: str, scope: Scope) -> bool:
    return lies_within(here.inventory, area, scope)
