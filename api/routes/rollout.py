"""What is claimed of the roll-out, and the catalogue of services."""

from fastapi import APIRouter

from api import models
from api.context import Here, InScope
from api.paging import After, Limit, page_of
from inventory import rollout
from inventory.hours import INDIA
from inventory.model import Level, Service, ServiceRollout

router = APIRouter(prefix="/api/v1", tags=["inventory"], responses={404: {"model": models.Error}})


@router.get("/rollout")
def gps(here: Here, scope: InScope, *, after: After = "", limit: Limit = 1000) -> models.Page[models.GpRollout]:
    """The state of roll-out that is claimed today of each gram panchayat of the scope of which anything is."""
    found, more = page_of(here.maps.ground.of_level(Level.GP, scope.area).keys, after, limit)
    claims = rollout.gps(here.inventory, here.clock().astimezone(INDIA).date())
    rows = [models.GpRollout.model_validate(claims[key]) for key in found if key in claims]
    return models.Page(items=rows, next=more)


@router.get("/services")
def services(here: Here) -> list[models.Service]:
    """Every service with what it needs and the state of its roll-out today; they are the same everywhere."""
    states = rollout.services(here.inventory, here.clock().astimezone(INDIA).date())
    return [_service(each, states.get(each.code)) for each in here.inventory.services.values()]


def _service(service: Service, state: ServiceRollout | None) -> models.Service:
    told = models.ServiceRollout.model_validate(state) if state else None
    return models.Service.model_validate(service).model_copy(update={"rollout": told})
