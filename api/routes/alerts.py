"""Alerts, and that somebody has seen one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from alerts import store
from api import models
from api.context import Allowed, Here, InScope, not_found, same_site
from api.paging import Limit
from api.params import LINE, RowId

router = APIRouter(prefix="/api/v1", tags=["alerts"], responses={404: {"model": models.Error}})


class Acknowledgement(BaseModel):
    by: str = Field(min_length=1, max_length=100, pattern=LINE, description="Who has seen the alert")


@router.get("/alerts")
def alerts(
    here: Here,
    scope: InScope,
    *,
    open_only: Annotated[bool, Query(alias="open")] = False,
    before: Annotated[RowId | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 1000,
) -> models.Page[models.Alert]:
    """Newest first."""
    rows = store.alerts(here.engine, scope, open_only=open_only, before_id=before, limit=limit)
    more = str(rows[-1].id) if len(rows) == limit else None
    return models.Page(items=[models.Alert.model_validate(row) for row in rows], next=more)


@router.post("/alerts/{number}/acknowledge", dependencies=[Depends(same_site)])
def acknowledge(here: Here, allowed: Allowed, number: RowId, body: Acknowledgement) -> models.Alert:
    """Note who saw it first; a later acknowledgement changes nothing."""
    found = store.acknowledge(here.engine, number, body.by, here.clock(), allowed)
    if found is None:
        raise not_found("alert", str(number))
    return models.Alert.model_validate(found)
