"""The map's data: tiles, which browsers keep, and statuses, which travel apart from them."""

from math import cos, radians
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from api import models
from api.context import Allowed, Here, InScope, not_found
from api.statuses import statuses
from maps.letters import packed

router = APIRouter(prefix="/api/v1/map", tags=["map"], responses={404: {"model": models.Error}})

_KEPT = "private, max-age=31536000, immutable"  # by the browser, not by proxies


@router.get("/tiles")
def tiles(here: Here, limits: Allowed, scope: InScope) -> models.MapTiles:
    """Where the tiles are, and which of their features are the area's."""
    view, found = here.maps.view(scope.area), here.maps.numbers(limits.area, scope.area)
    archive = here.tiles.archive(limits.area)
    return models.MapTiles(
        order=view.order,
        archive=f"/api/v1/map/tiles/{archive.name}" if archive else None,
        bounds=view.bounds,
        spans=found.own,
        villages={"district": found.districts, "block": found.blocks},
    )


@router.get("/tiles/{name}", response_class=FileResponse)
def archive(here: Here, limits: Allowed, name: str) -> Response:
    """The PMTiles archive of all that this user may see, whole or by ranges."""
    made = here.tiles.archive(limits.area)
    if made is None or made.name != name or not made.is_file():
        raise not_found("archive", name)
    # Its tiles are compressed already.
    headers = {"Cache-Control": _KEPT, "ETag": f'"{made.stem}"'}
    return FileResponse(made, media_type="application/vnd.pmtiles", headers=headers)


@router.get("/status", response_class=Response)
def status(request: Request, here: Here, scope: InScope) -> Response:
    """One byte for each village and then each site in the order of the area's map (maps.letters.packed)."""
    blind, now = here.blind_since(), here.standing.now()
    since = blind.isoformat() if blind else ""
    tag = f'"{now.last}.{now.judged}-{here.maps.view(scope.area).order}-{since}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    told = statuses(here, scope, now)
    headers = {
        "ETag": tag,
        "Cache-Control": "private, no-cache",
        "Pahunch-Order": told.order,
        "Pahunch-Last": str(told.last),
        "Pahunch-Villages": str(len(told.villages)),
        "Pahunch-Blind-Since": since,
    }
    content = packed(told.villages, told.layers, told.sites)
    return Response(content, media_type="application/octet-stream", headers=headers)


@router.get("/nearest")
def nearest(
    here: Here,
    scope: InScope,
    lon: Annotated[float, Query(ge=-180, le=180)],
    lat: Annotated[float, Query(ge=-90, le=90)],
) -> models.Nearest:
    """The area's village nearest to a place; 404 where none has one."""
    view = here.maps.view(scope.area)
    places = view.village_at
    if not places.known.any():
        raise not_found("village near", f"{lon} {lat}")
    east, north = ((places.degrees - (lon, lat)) * (cos(radians(lat)), 1)).T
    number = int(np.nanargmin(np.hypot(east, north)))
    lon, lat = places.degrees[number].tolist()
    return models.Nearest(order=view.order, village=number, lon=lon, lat=lat)
