"""Readiness of villages, and the chain behind one of them."""

from typing import Annotated

import numpy as np
import pyarrow as pa
from fastapi import APIRouter, HTTPException, Query

from api import models
from api.context import Allowed, Context, Here, InScope, not_found, seen_by
from api.paging import After, Limit, page_of
from api.params import LINE
from api.routes.inventory import area_in
from api.statuses import statuses
from inventory.hours import INDIA
from inventory.model import Area, Level
from inventory.scope import Scope
from maps.letters import READINESS
from readiness import explain, present, read, services
from readiness.model import Readiness, SubjectKind
from readiness.offer import Offer
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
    # The outage may lie elsewhere: who has to act on it is this village's business.
    outage = read.outage_by_id(here.engine, Scope(), chain.outage) if chain.outage else None
    at = here.offering.now(here.blind_since()).at(village, seen_by(here, allowed))
    day = here.clock().astimezone(INDIA).date()
    ready = services.services(here.inventory, at, rows, outage.responsible if outage else None, day)
    return models.Chain.model_validate(chain).model_copy(
        update={
            "endpoints": [models.Endpoint.model_validate(row) for row in rows],
            "services": [models.ServiceReadiness.model_validate(row) for row in ready],
        }
    )


@router.get("/services/readiness")
def offered(here: Here, scope: InScope) -> list[models.ServiceCounts]:
    """For each service of the counters how many villages of the scope get it, where, and what is in the way."""
    keys = None if scope.area is None else here.maps.view(scope.area).villages.keys
    return [models.ServiceCounts.of(one) for one in here.offering.now(here.blind_since()).counts(keys)]


@router.get("/nearest")
def nearest(
    here: Here,
    allowed: Allowed,
    service: Annotated[str, Query(pattern=LINE, description="Code of a service that kendras give")],
    *,
    village: Annotated[str | None, Query(pattern=LINE, description="Key of a village, instead of lat and lon")] = None,
    lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
    limit: Annotated[int, Query(ge=1, le=50, description="Most kendras")] = 5,
) -> models.NearestKendras:
    """The nearest kendras that give a service now; where none lies within the travel limit, those beyond it."""
    offer = here.offering.now(here.blind_since())
    try:
        at = _point(here, allowed, offer, village=village, lat=lat, lon=lon)
        found = offer.nearest(service, *at, limit, seen_by(here, allowed))
    except KeyError:
        raise not_found("service at kendras", service) from None
    travel = here.settings.readiness
    return models.NearestKendras(
        service=service,
        lon=at[0],
        lat=at[1],
        travel_km=travel.travel_km,
        road_factor=travel.road_factor,
        kendras=[models.KendraInReach.model_validate(one) for one in found],
    )


def _point(
    here: Context, allowed: Scope, offer: Offer, *, village: str | None, lat: float | None, lon: float | None
) -> tuple[float, float]:
    """Longitude and latitude of what was asked about."""
    if village is None and lat is not None and lon is not None:
        return lon, lat
    if village is None or lat is not None or lon is not None:
        raise HTTPException(422, "give lat and lon, or village")
    if area_in(here, allowed, village).level is not Level.VILLAGE:
        raise not_found("village", village)
    at = offer.place(village)
    if at is None:
        raise HTTPException(422, "nobody has located that village: give lat and lon")
    return at


@router.get("/endpoints")
def endpoints(here: Here) -> list[models.Endpoint]:
    """Portals and gateways as they stand for everybody; they serve all areas, so all may see them."""
    rows = services.endpoints(here.engine, blind_since=here.blind_since())
    return [models.Endpoint.model_validate(row) for row in rows]
