"""The present statuses of a map, in the order of its view."""

from dataclasses import dataclass

import numpy as np

from api.context import Context
from api.standing import Now
from inventory.scope import Scope


@dataclass(frozen=True, slots=True)
class Statuses:
    """Letters of maps.letters. `order` names the order of villages and sites, `last` is where the
    event stream goes on.
    """

    order: str
    last: int
    villages: str
    layers: str
    sites: str


def statuses(here: Context, scope: Scope, now: Now | None = None) -> Statuses:
    """Where nobody watches, what was known is unknown."""
    view, now = here.maps.view(scope.area), now or here.standing.now()
    villages, layers = now.villages[view.village_numbers], now.layers[view.village_numbers]
    sites = now.sites[view.site_numbers]
    if here.blind_since() is not None:
        layers = np.where(villages == ord("?"), layers, ord("-")).astype(np.uint8)
        villages, sites = np.full_like(villages, ord("?")), np.full_like(sites, ord("?"))
    told = (column.tobytes().decode("ascii") for column in (villages, layers, sites))
    return Statuses(view.order, now.last, *told)
