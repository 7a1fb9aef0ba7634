"""What devices are configured to do, without secrets, how that changed, and events of devices beside their status."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from api import models
from api.context import Allowed, Context, Here, InScope
from api.paging import Limit
from api.params import LINE, Moment, RowId
from api.routes.inventory import device_in
from collectors.config.diff import unified
from collectors.config.store import Version, events, text_of, versions
from inventory.scope import Scope

router = APIRouter(prefix="/api/v1", tags=["configurations"], responses={404: {"model": models.Error}})


@router.get("/device-events")
def device_events(
    here: Here,
    scope: InScope,
    *,
    device: Annotated[str, Query(pattern=LINE)] = "",
    since: Annotated[Moment | None, Query(alias="from")] = None,
    before: Annotated[RowId | None, Query(description="Only events with a lower id: the next page")] = None,
    limit: Limit = 1000,
) -> list[models.DeviceEvent]:
    """Changed configurations and SSH host keys, newest first."""
    found = events(here.engine, scope, since=since, device=device, before=before, limit=limit)
    return [models.DeviceEvent.model_validate(event) for event in found]


@router.get("/devices/{name}/configurations")
def configurations(here: Here, allowed: Allowed, name: str) -> list[models.Configuration]:
    """Versions of a device's configuration, newest first: when each was first and last read."""
    return [models.Configuration.model_validate(version) for version in _versions(here, allowed, name)]


@router.get("/devices/{name}/configurations/diff")
def configuration_diff(
    here: Here,
    allowed: Allowed,
    name: str,
    old: Annotated[
        RowId | None, Query(alias="from", description="Id of a version; default: the one before `to`")
    ] = None,
    new: Annotated[RowId | None, Query(alias="to", description="Id of a version; default: the newest")] = None,
) -> models.ConfigurationDiff:
    """What changed between two versions, as a unified diff. A secret that was exchanged for another one is not visible."""
    found = _versions(here, allowed, name)
    after = _one(found, new) if new is not None else next(iter(found), None)
    earlier = [version for version in found if after is not None and version.id < after.id]
    before = _one(found, old) if old is not None else next(iter(earlier), None)
    if after is None or before is None:
        raise HTTPException(404, "there are no two versions of this device's configuration")
    names = f"{name} {before.id}", f"{name} {after.id}"
    diff = unified(text_of(here.engine, before), text_of(here.engine, after), names)
    return models.ConfigurationDiff(device=name, before=before.id, after=after.id, diff=diff)


def _versions(here: Context, allowed: Scope, name: str) -> list[Version]:
    device_in(here, allowed, name)
    return versions(here.engine, name, allowed)


def _one(found: list[Version], number: int) -> Version:
    for version in found:
        if version.id == number:
            return version
    raise HTTPException(404, f"this device has no version {number} of its configuration")
