"""The pages: complete without scripts, in every language at its own address."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.context import Allowed, Context, Here, InScope, language_of, narrowed, not_found
from api.i18n import preferred
from api.pages.detail import detail
from api.pages.overview import drawing, overview, trail
from api.pages.render import page
from api.pages.site import site_detail
from api.pages.speaker import Speaker
from api.pages.strip import draw
from api.routes.inventory import area_in
from api.statuses import statuses
from inventory.model import Level
from inventory.scope import Scope

router = APIRouter(include_in_schema=False)

Language = Annotated[str, Depends(language_of)]
_A_YEAR_S = 365 * 86400
REPAIRS_SHOWN = 100
"""In a page; the programming interface has all."""


@router.get("/")
def root(request: Request) -> Response:
    """To the pages in the reader's language."""
    language = preferred(request.headers.get("accept-language", ""), request.cookies.get("language", ""))
    return RedirectResponse(f"/{language}/", headers={"Vary": "Accept-Language, Cookie"})


@router.get("/static/{name}")
def static(request: Request, here: Here, name: str) -> Response:
    return here.assets.response(request, name)


@router.get("/{language}/")
def home(here: Here, allowed: Allowed, language: Language) -> Response:
    return _remembering(language, _area_page(here, allowed, allowed, language))


@router.get("/{language}/area/{key}")
def area(here: Here, allowed: Allowed, language: Language, key: str) -> Response:
    return _remembering(language, _area_page(here, narrowed(here, allowed, key), allowed, language))


@router.get("/{language}/village/{key}")
def village(here: Here, allowed: Allowed, language: Language, key: str) -> Response:
    return _remembering(language, _village(here, allowed, language, key, "village.html"))


@router.get("/{language}/queue")
def restoration_queue(here: Here, allowed: Allowed, scope: InScope, language: Language) -> Response:
    """Which repair brings most citizens of an area back."""
    found = here.repairs.queue(here.engine, scope, here.clock(), blind_since=here.blind_since())
    area = here.inventory.areas[scope.area] if scope.area else None
    shown = page(
        here,
        language,
        "queue.html",
        scope=scope,
        area=area,
        trail=trail(here.inventory, area, allowed.area),
        queue=found,
        shown=REPAIRS_SHOWN,
        address=f"queue?{urlencode({'area': scope.area})}" if scope.area else "queue",
    )
    return _remembering(language, shown)


@router.get("/{language}/fragment/tables")
def tables(here: Here, scope: InScope, language: Language) -> Response:
    """What the map page says in words, for a page that is already open."""
    seen = overview(here, scope, statuses(here, scope))
    return page(here, language, "tables.html", overview=seen)


@router.get("/{language}/fragment/drawing")
def drawing_fragment(here: Here, scope: InScope, language: Language) -> Response:
    """The drawn map, for a page that is already open."""
    view = here.maps.view(scope.area)
    return HTMLResponse(drawing(view, statuses(here, scope), Speaker(language)))


@router.get("/{language}/fragment/village/{number}")
def village_fragment(
    here: Here, scope: InScope, language: Language, number: int, order: Annotated[str, Query()]
) -> Response:
    """The detail of the village of that number in the order of the map."""
    _same_order(here, scope, order)
    villages = here.maps.view(scope.area).villages
    if not 0 <= number < len(villages):
        raise not_found("village", str(number))
    return _village(here, scope, language, villages[number].key, "village_panel.html")


@router.get("/{language}/fragment/site/{number}")
def site_fragment(
    here: Here, scope: InScope, language: Language, number: int, order: Annotated[str, Query()]
) -> Response:
    """The detail of the site of that number in the order of the map."""
    _same_order(here, scope, order)
    sites = here.maps.view(scope.area).sites
    if not 0 <= number < len(sites):
        raise not_found("site", str(number))
    return page(here, language, "site_panel.html", site=site_detail(here, scope, sites[number]))


def _same_order(here: Context, scope: Scope, order: str) -> None:
    if here.maps.view(scope.area).order != order:
        raise not_found("order", order)


def _area_page(here: Context, scope: Scope, allowed: Scope, language: str) -> Response:
    view, status = here.maps.view(scope.area), statuses(here, scope)
    focus = view.area
    return page(
        here,
        language,
        "area.html",
        scope=scope,
        area=focus,
        trail=trail(here.inventory, focus, allowed.area),
        status=status,
        overview=overview(here, scope, status),
        approximate=view.approximate,
        drawing=drawing(view, status, Speaker(language)),
        address=f"area/{scope.area}" if scope.area else "",
    )


def _village(here: Context, scope: Scope, language: str, key: str, template: str) -> Response:
    found = area_in(here, scope, key)
    if found.level is not Level.VILLAGE:
        raise not_found("village", key)
    known = detail(here, scope, found)
    return page(
        here,
        language,
        template,
        scope=Scope(key),
        area=found,
        trail=trail(here.inventory, found, here.settings.serve.area or None),
        detail=known,
        strip=draw(known.strip, Speaker(language)),
        address=f"village/{key}",
    )


def _remembering(language: str, response: Response) -> Response:
    response.set_cookie("language", language, max_age=_A_YEAR_S, httponly=True, samesite="lax")
    return response
