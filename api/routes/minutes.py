"""One minute of one village explained."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from api import minute_models, models
from api.context import Allowed, Context, Here, not_found
from api.pages.overview import trail
from api.pages.render import page
from api.params import Moment
from api.routes.inventory import area_in
from api.routes.pages import Language
from inventory.model import Area, Level
from inventory.scope import Scope
from readiness.minute import Asked, Minute
from readiness.notice_files import moment_of
from readiness.notices import NoticeError

router = APIRouter(responses={404: {"model": models.Error}})

At = Annotated[Moment | None, Query(description="Default: now")]


@router.get("/api/v1/readiness/{village}/minute", tags=["readiness"])
def explained(here: Here, allowed: Allowed, village: str, at: At = None) -> minute_models.Minute:
    """Which polls, transitions, outages and causes made a village what it was at one minute, and by which rules."""
    area_in(here, allowed, village)
    return minute_models.Minute.model_validate(_minute(here, allowed, village, at or here.clock()))


@router.get("/{language}/village/{key}/minute", include_in_schema=False)
def minute_page(
    here: Here, allowed: Allowed, language: Language, key: str, at: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    found = _village(here, allowed, key)
    moment = _moment(at) if at else here.clock()
    return page(
        here,
        language,
        "minute.html",
        scope=Scope(key),
        area=found,
        trail=trail(here.inventory, found, here.settings.serve.area or None),
        minute=_minute(here, allowed, key, moment),
        address=f"village/{key}/minute",
    )


def _village(here: Context, scope: Scope, key: str) -> Area:
    found = area_in(here, scope, key)
    if found.level is not Level.VILLAGE:
        raise not_found("village", key)
    return found


def _moment(text: str) -> datetime:
    """A time of the page's form, Indian time without a zone."""
    try:
        return moment_of("at", text)
    except NoticeError as error:
        raise HTTPException(422, str(error)) from error


def _minute(here: Context, scope: Scope, village: str, at: datetime) -> Minute:
    from readiness.minute import minute  # reads Parquet: memory for whoever asks this, not for every server

    now = here.clock()
    if not datetime.fromtimestamp(0, now.tzinfo) <= at <= now:
        raise HTTPException(422, "at has to lie between 1970 and now")
    storage = here.settings.storage
    found = minute(here.engine, scope, Asked(village, at, now, storage.history, storage.raw_days, here.blind_since()))
    if found is None:
        raise not_found("village", village)
    return found
