"""What the network hangs on: single points of failure, and rings that have lost their second way."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query

from api import models
from api.context import Here, InScope
from api.paging import Limit
from readiness.rules.rings import RingStatus

router = APIRouter(prefix="/api/v1", tags=["network"], responses={404: {"model": models.Error}})


@router.get("/single-points")
def single_points(
    here: Here,
    scope: InScope,
    least: Annotated[int, Query(ge=1, description="Only what carries so many villages alone")] = 2,
    limit: Limit = 1000,
) -> list[models.SinglePoint]:
    """Boxes, fibres and trunks whose failure alone would cut villages off now, most citizens first."""
    found = here.maps.network.single_points(here.engine, scope, blind_since=here.blind_since())
    rows = [row for row in found if row.villages >= least]
    return [models.SinglePoint.model_validate(row) for row in rows[:limit]]


@router.get("/rings")
def rings(
    here: Here,
    scope: InScope,
    status: Annotated[RingStatus | None, Query(description="Only rings in this state")] = None,
    limit: Limit = 1000,
) -> list[models.Ring]:
    """Rings by name: whole, one-armed (a link is down and every box is seen to work), broken, unknown."""
    rows = here.maps.network.rings(here.engine, scope, blind_since=here.blind_since())
    wanted = islice((row for row in rows if status in (None, row.status)), limit)
    return [models.Ring.model_validate(row) for row in wanted]
