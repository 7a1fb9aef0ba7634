"""The stream of changes that keeps open pages up to date."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api import models
from api.context import Here, InScope
from readiness import read

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
    view = await asyncio.to_thread(here.maps.view, scope.area)  # and kept: the stream needs it as long as it is open
    lost = lost or order not in ("", await asyncio.to_thread(lambda: view.order))
    sight = here.feed.sight
    yield ServerSentEvent(retry=_RETRY_MS, event="sight", data=models.Sight(blind_since=sight.blind_since))
    while not here.feed.closed:
        before, sight = sight, here.feed.sight
        if sight.blind_since != before.blind_since:
            yield ServerSentEvent(event="sight", data=models.Sight(blind_since=sight.blind_since))
        # Who is judged for the first time has no transition.
        tidings = None if lost or sight.renewals != before.renewals else here.telling.since(view, place)
        if tidings is None:
            lost, place = False, here.feed.last
            yield ServerSentEvent(event="reset", id=str(place), data={})
        else:
            place = tidings.place
            if tidings.data:
                yield ServerSentEvent(event="changes", id=str(place), raw_data=tidings.data)
        await here.feed.wait(place, sight)
