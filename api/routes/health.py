"""For whoever watches this process: does it live, can it answer, what does it count."""

from fastapi import APIRouter, HTTPException, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from api import models
from api.context import Here, not_found
from storage.migrate import is_current

router = APIRouter(tags=["health"])


@router.get("/-/healthy")
async def healthy() -> models.Health:
    """The process answers."""
    return models.Health()


@router.get("/-/ready", responses={503: {"model": models.Error}})
def ready(here: Here) -> models.Health:
    """The store can be reached and has the newest schema."""
    try:
        current = is_current(here.engine)
    except SQLAlchemyError as error:
        raise HTTPException(503, "the store cannot be reached") from error
    if not current:
        raise HTTPException(503, "the store's schema is old: run `manage.py db upgrade`")
    return models.Health()


@router.get("/metrics", response_class=Response)
def metrics(here: Here) -> Response:
    """Figures for Prometheus."""
    if here.registry is None:
        raise not_found("page", "/metrics")
    return Response(generate_latest(here.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
