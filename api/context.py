"""What every route works with, built once by `create_app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Query, Request
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine

from api.assets import Assets
from api.feed import Feed
from api.i18n import LANGUAGES
from api.kept import Kept
from api.offering import Offering
from api.outlooks import Outlooks
from api.reporting import Reporting
from api.ringed import Ringed
from api.standing import Standing
from api.telling import Telling
from api.tiles import Tiles
from inventory.model import Inventory
from inventory.scope import Scope
from maps.ground import Ground
from maps.numbers import Numbers, numbers
from maps.view import MapView, view_of
from readiness.network import Network
from readiness.queue import Repairs
from storage.settings import Settings

_VIEWS_OCTETS = 64 << 20  # a district's view takes 40 KB in Rajasthan: those of all 800 take 32 MB


class Maps:
    """Views of the inventory, each made at its first use; those that were used last are kept."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.ground = Ground(inventory)
        self.view: Kept[str | None, MapView] = Kept(self._made, lambda view: view.octets, _VIEWS_OCTETS)

    @cached_property
    def network(self) -> Network:
        """The links of the inventory, for what they hang on; half a second of a state."""
        return Network(self._inventory)

    def numbers(self, whole: str | None, area: str | None) -> Numbers:
        """Where the features of the area's map lie in the archive of `whole`."""
        return numbers(self.view(whole), self.view(area))

    def _made(self, area: str | None) -> MapView:
        return view_of(self.ground, area)


@dataclass(frozen=True)
class Context:
    engine: Engine
    inventory: Inventory
    settings: Settings
    registry: CollectorRegistry | None
    feed: Feed
    telling: Telling
    maps: Maps
    standing: Standing
    repairs: Repairs
    offering: Offering
    outlooks: Outlooks
    reporting: Reporting
    ringed: Ringed
    tiles: Tiles
    assets: Assets
    clock: Callable[[], datetime]
    blind_since: Callable[[], datetime | None]
    """Since when nobody watches; None while somebody does."""


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


Here = Annotated[Context, Depends(_context)]


def allowed(here: Here) -> Scope:
    """All that this user may see; today the area of the settings."""
    return Scope(here.settings.serve.area or None)


Allowed = Annotated[Scope, Depends(allowed)]


def _asked(
    here: Here,
    limits: Allowed,
    area: Annotated[
        str | None, Query(description="Key of an area, such as district:387; default: all you may see")
    ] = None,
) -> Scope:
    return narrowed(here, limits, area)


InScope = Annotated[Scope, Depends(_asked)]


def narrowed(here: Context, limits: Scope, area: str | None) -> Scope:
    """The scope of `area`; raises 404 where it doesn't exist or lies outside `limits`, which look the same."""
    if area is None:
        return limits
    if area not in here.inventory.areas or not lies_within(here.inventory, area, limits):
        raise not_found("area", area)
    return Scope(area)


def seen_by(here: Context, limits: Scope) -> Callable[[str], bool]:
    """Whether a site of that name lies within `limits`."""
    return lambda site: lies_within(here.inventory, here.inventory.sites[site].area, limits)


def lies_within(inventory: Inventory, area: str, limits: Scope) -> bool:
    """Whether the area is the scope's own or below it."""
    at: str | None = area
    while at is not None and at != limits.area:
        at = inventory.areas[at].parent
    return at == limits.area


def language_of(language: str) -> str:
    """The language in the address; raises 404 for one that has no catalogue."""
    if language not in LANGUAGES:
        raise not_found("page in", language)
    return language


def same_site(request: Request) -> None:
    """Until sign-in exists, at least no page of another site may press a button."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HTTPException(403, "asked by another site")


def not_found(what: str, key: str) -> HTTPException:
    return HTTPException(404, f"no {what} {key!r} here")
