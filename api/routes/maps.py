"""The map's data: geometry, which browsers keep, and statuses, which travel apart from it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from api import models
from api.context import Context, Here, InScope, language_of
from inventory.scope import Scope
from maps import letters
from maps.geometry import Document
from readiness import read
from readiness.model import SubjectKind

router = APIRouter(prefix="/api/v1/map", tags=["map"], responses={404: {"model": models.Error}})


@router.get("/geometry", response_class=Response)
def geometry(request: Request, here: Here, scope: InScope) -> Response:
    """Outlines, villages and sites as columns (maps.geometry)."""
    return cached(request, here.maps.geometry(scope.area))


@router.get("/names/{language}", response_class=Response)
def names(request: Request, here: Here, scope: InScope, language: Annotated[str, Depends(language_of)]) -> Response:
    """Names in the order of the geometry."""
    return cached(request, here.maps.names(scope.area, language))


@router.get("/status")
def status(here: Here, scope: InScope) -> models.MapStatus:
    """One letter for each village and site in the order of the geometry."""
    return map_status(here, scope)


def map_status(here: Context, scope: Scope) -> models.MapStatus:
    # The id is read first: what is stored between the two reads is told twice, never lost.
    last = read.latest_transition_id(here.engine)
    view = here.maps.view(scope.area)
    blind = here.blind_since()
    villages = read.words(here.engine, scope, SubjectKind.VILLAGE, blind_since=blind)
    sites = read.words(here.engine, scope, SubjectKind.SITE, blind_since=blind)
    keys = [village.key for village in view.villages]
    return models.MapStatus(
        geometry=here.maps.geometry(scope.area).etag,
        id=last,
        villages=letters.readiness(keys, villages),
        layers=letters.layers(keys, villages),
        sites=letters.statuses((site.name for site in view.sites), sites),
    )


def cached(request: Request, document: Document) -> Response:
    """The document with its tag; 304 to one who has it. Kept by the browser, not by proxies.

    An address that carries the tag as `v` names this content and no other: it is kept for good.
    """
    tag = f'"{document.etag}"'
    named = request.query_params.get("v") == document.etag
    keeping = "private, max-age=31536000, immutable" if named else "private, no-cache"
    headers = {"ETag": tag, "Cache-Control": keeping, "Vary": "Accept-Encoding"}
    asked = {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}
    if tag in asked:
        return Response(status_code=304, headers=headers)
    return Response(document.body, media_type="application/json", headers=headers)
