"""The present statuses of a map, in the order of its view."""

from dataclasses import dataclass

from api.context import Context
from inventory.scope import Scope
from maps import letters
from readiness import read
from readiness.model import SubjectKind


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


def statuses(here: Context, scope: Scope) -> Statuses:
    # The id is read first: what is stored between the two reads is told twice, never lost.
    last = read.latest_transition_id(here.engine)
    view = here.maps.view(scope.area)
    blind = here.blind_since()
    villages = read.words(here.engine, scope, SubjectKind.VILLAGE, blind_since=blind)
    sites = read.words(here.engine, scope, SubjectKind.SITE, blind_since=blind)
    return Statuses(
        order=view.order,
        last=last,
        villages=letters.readiness(view.village_index, villages),
        layers=letters.layers(view.village_index, villages),
        sites=letters.statuses(view.site_index, sites),
    )
