"""The restoration queue."""

from fastapi import APIRouter

from api import models
from api.context import Here, InScope
from api.paging import Limit
from readiness import read

router = APIRouter(prefix="/api/v1", tags=["readiness"], responses={404: {"model": models.Error}})


@router.get("/queue")
def queue(here: Here, scope: InScope, limit: Limit = 100) -> models.Queue:
    """Open repairs, those first that bring most citizens of the scope back by themselves."""
    found = here.repairs.queue(here.engine, scope, here.clock(), blind_since=here.blind_since())
    return models.Queue(
        as_of=here.clock(),
        observed_until=read.observed_until(here.engine),
        area=scope.area,
        repairs=len(found.rows),
        unexplained=models.People.model_validate(found.unexplained),
        rows=[models.Repair.model_validate(row) for row in found.rows[:limit]],
    )
