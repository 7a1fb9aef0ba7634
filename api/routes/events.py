"""The stream of changes that keeps open pages up to date."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api import models
from api.context import Context, Here, InScope
from inventory.scope import Scope
from maps import letters
from readiness import read
from readiness.model import SubjectKind
from readiness.present import Change

router = APIRouter(prefix="/api/v1", tags=["map"], responses={404: {"model": models.Error}})

_RETRY_MS = 2000


@router.get("/events", response_class=EventSourceResponse)
async def events(
    here: Here,
    scope: InScope,
    after: Annotated[int, Query(ge=0, description="`id` of the map status that the page shows")] = 0,
    order: Annotated[str, Query(description="`Pahunch-Order` of the map status that the page shows")] = "",
    last_event_id: Annotated[int | None, Header(ge=0, description="Sent by a browser that reconnects")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """Events `changes` with letters by number in the order of the area's map, `reset`: fetch the status anew,
    and `sight`, at first and when it changes: since when nobody watches.
    """
    place = after if last_event_id is None else last_event_id
    # A place beyond the newest change is one in another store: the page outlived it. So it did another inventory.
    lost = place > await asyncio.to_thread(read.latest_transition_id, here.engine)
    lost = lost or order not in ("", here.maps.view(scope.area).order)
    blind = here.feed.blind_since
    yield ServerSentEvent(retry=_RETRY_MS, event="sight", data=models.Sight(blind_since=blind))
    while not here.feed.closed:
        if here.feed.blind_since != blind:
            blind = here.feed.blind_since
            yield ServerSentEvent(event="sight", data=models.Sight(blind_since=blind))
        changes = None if lost else here.feed.since(place)
        if changes is None:
            lost, place = False, here.feed.last
            yield ServerSentEvent(event="reset", id=str(place), data={})
        elif changes:
            place = changes[-1].id
            told = _told(here, scope, changes)
            if told.villages or told.sites:
                yield ServerSentEvent(event="changes", id=str(place), data=told)
        await here.feed.wait(place, blind)


def _told(here: Context, scope: Scope, changes: Sequence[Change]) -> models.Changes:
    """The latest letter of each village and site in the scope."""
    view = here.maps.view(scope.area)
    villages: dict[int, tuple[int, str, str]] = {}
    sites: dict[int, tuple[int, str]] = {}
    for change in changes:
        if change.kind == SubjectKind.VILLAGE and (n := view.village_number(change.subject)) is not None:
            villages[n] = (n, letters.READINESS[change.status], letters.LAYER[change.layer])
        elif change.kind == SubjectKind.SITE and (n := view.site_number(change.subject)) is not None:
            sites[n] = (n, letters.STATUS[change.status])
    return models.Changes(villages=list(villages.values()), sites=list(sites.values()))
