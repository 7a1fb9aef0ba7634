"""Readiness of villages, and the chain behind one of them."""

from typing import Annotated

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, Query

from api import models
from api.context import Allowed, Here, InScope, not_found
from api.paging import After, Limit, page_of
from api.routes.inventory import area_in
from api.statuses import statuses
from inventory.model import Area
from maps.letters import READINESS
from readiness import explain, present, services
from readiness.model import Readiness, SubjectKind
from readiness.read import StateRow

router = APIRouter(prefix="/api/v1", tags=["readiness"], responses={404: {"model": models.Error}})


@router.get("/readiness")
def villages(
    here: Here,
    scope: InScope,
    *,
    status: Annotated[Readiness | None, Query(description="Only villages in this state")] = None,
    after: After = "",
    limit: Limit = 1000,
) -> models.Page[models.VillageReadiness]:
    """Every village of the scope; one that nothing is known of yet is unknown since null."""
    keys = here.maps.view(scope.area).villages.keys
    if status is not None:
        told = np.frombuffer(statuses(here, scope).villages.encode("ascii"), np.uint8)
        keys = keys.filter(pa.array(told == ord(READINESS[status])))
    found, more = page_of(keys, after, limit)
    known = present.named(here.engine, SubjectKind.VILLAGE, found, blind_since=here.blind_since())
    rows = [_row(here.inventory.areas[key], known.get(key)) for key in found]
    return models.Page(items=rows, next=more)


def _row(village: Area, state: StateRow | None) -> models.VillageReadiness:
    return models.VillageReadiness(
        village=village.key,
        names=models.Names.model_validate(village.names),
        status=Readiness(state.status) if state else Readiness.UNKNOWN,
        layer=state.layer if state else None,
        since=state.since if state else None,
        reason=state.reason if state else "",
    )


@router.get("/readiness/{village}")
def village(here: Here, allowed: Allowed, village: str) -> models.Chain:
    """Power, equipment, backhaul, kendra and endpoints of one village, with what was seen of each; its services."""
    area_in(here, allowed, village)
    chain = explain.explain(here.engine, allowed, village, blind_since=here.blind_since())
    if chain is None:
        raise not_found("observation of", village)
    rows = services.endpoints(here.engine, chain.kendra or "", blind_since=here.blind_since())
    ready = services.services(here.inventory, chain.readiness, chain.layer, rows)
    return models.Chain.model_validate(chain).model_copy(
        update={
            "endpoints": [models.Endpoint.model_validate(row) for row in rows],
            "services": [models.ServiceReadiness.model_validate(row) for row in ready],
        }
    )


@router.get("/endpoints")
def endpoints(here: Here) -> list[models.Endpoint]:
    """Portals and gateways as they stand for everybody; they serve all areas, so all may see them."""
    rows = services.endpoints(here.engine, blind_since=here.blind_since())
    return [models.Endpoint.model_validate(row) for row in rows]
