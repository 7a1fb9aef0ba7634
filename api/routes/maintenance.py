"""Announced work: listed, declared, called off."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from pydantic import BaseModel, Field

from api import models
from api.context import Allowed, Here, InScope, not_found, same_site
from api.params import LINE, Moment, RowId
from readiness import maintenance as store
from readiness.maintenance import Announced, MaintenanceError
from readiness.rules.planned import Scene

router = APIRouter(prefix="/api/v1", tags=["maintenance"], responses={404: {"model": models.Error}})


class Declaration(BaseModel):
    kind: Scene
    subject: str = Field(
        min_length=1, max_length=200, pattern=LINE, description="Name of a device or site, key of an area"
    )
    start: Moment
    end: Moment
    by: str = Field(min_length=1, max_length=100, pattern=LINE, description="Who does it, or answers for it")
    reason: str = Field(min_length=1, max_length=300, pattern=LINE, description="What is done")


class CallOff(BaseModel):
    by: str = Field(min_length=1, max_length=100, pattern=LINE, description="Who calls it off")


@router.get("/maintenance")
def maintenance(
    here: Here,
    scope: InScope,
    *,
    since: Annotated[Moment | None, Query(description="Also what ended after this; default: what isn't over")] = None,
) -> models.Page[models.Maintenance]:
    """Announced work in the area, by when it begins; at most 1000."""
    now = here.clock()
    rows = store.listed(here.engine, scope, since=max(since or now, now - timedelta(days=400)))
    return models.Page(items=[models.Maintenance.model_validate(row) for row in rows])


@router.post("/maintenance", dependencies=[Depends(same_site)], status_code=201)
def declare(here: Here, allowed: Allowed, body: Declaration) -> models.Maintenance:
    """Announce work. Whatever began before this moment stays an outage."""
    if not store.is_in_scope(here.inventory, allowed, body.kind, body.subject):
        raise not_found(body.kind, body.subject)
    announced = Announced(body.kind, body.subject, body.start, body.end, body.by, body.reason)
    try:
        row = store.declare(here.engine, here.inventory, announced, here.clock())
    except MaintenanceError as error:
        raise HTTPException(422, str(error)) from error
    return models.Maintenance.model_validate(row)


@router.post("/maintenance/{number}/cancel", dependencies=[Depends(same_site)])
def cancel(here: Here, allowed: Allowed, number: RowId, body: CallOff) -> models.Maintenance:
    """Call work off, or end it now; doing so again changes nothing."""
    row = store.cancel(here.engine, allowed, number, body.by, here.clock())
    if row is None:
        raise not_found("maintenance", str(number))
    return models.Maintenance.model_validate(row)
