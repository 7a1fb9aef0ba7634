"""Likely next trouble."""

from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query

from api import models
from api.context import Here, InScope
from api.paging import Limit
from readiness.trends import TROUBLE, Outlook

router = APIRouter(prefix="/api/v1", tags=["trend"], responses={404: {"model": models.Error}})


@router.get("/trend")
def trend(
    here: Here,
    scope: InScope,
    *,
    outlook: Annotated[Outlook | None, Query(description="Only this outlook")] = None,
    limit: Limit = 1000,
) -> models.Trends:
    """Where light falls, batteries hold less, or mains fail more often than chance explains; the soonest first.

    Without `outlook` only trouble is listed; `not_enough` lists what has too few days of figures to say anything.
    `counts` count everything, also what is beyond `limit`.
    """
    found = here.outlooks.of(scope, here.clock())
    wanted = TROUBLE if outlook is None else {outlook}
    counts = {each: sum(row.outlook is each for row in found) for each in Outlook}
    rows = islice((row for row in found if row.outlook in wanted), limit)
    return models.Trends(counts=counts, items=[models.Trend.model_validate(row) for row in rows])
