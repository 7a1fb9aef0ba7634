"""Judgement as the API tells it: status, transitions, outages."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, HTTPException, Query

from api import models
from api.context import Here, InScope
from api.paging import After, Limit
from api.params import LINE, Moment, RowId
from readiness import citizens, present, read
from readiness.model import Readiness, Status, SubjectKind

router = APIRouter(prefix="/api/v1", tags=["status"], responses={404: {"model": models.Error}})

_LONGEST = timedelta(days=400)

Word = TypeVar("Word", Status, Readiness)
Start = Annotated[Moment | None, Query(alias="from", description="Only what lasted until or happened after this")]
End = Annotated[Moment | None, Query(alias="to", description="Only what began before this")]


@router.get("/status")
def status(
    here: Here, scope: InScope, kind: SubjectKind = SubjectKind.SITE, after: After = "", limit: Limit = 1000
) -> models.StatusAnswer:
    """Counts of the scope, and where each subject of one kind stands now."""
    blind = here.blind_since()
    counts = read.counts(here.engine, scope, blind_since=blind)
    view, people = here.maps.view(scope.area), citizens.by_readiness(here.engine, scope, blind_since=blind)
    rows = present.page(here.engine, scope, kind, after=after, limit=limit + 1, blind_since=blind)
    return models.StatusAnswer(
        as_of=here.clock(),
        observed_until=read.observed_until(here.engine),
        area=scope.area,
        sites=_filled(counts.sites, Status.UNKNOWN, len(view.sites)),
        villages=_filled(counts.villages, Readiness.UNKNOWN, len(view.villages)),
        citizens=dict(people.citizens),
        villages_without=dict(people.villages_without),
        rows=[models.State.model_validate(row) for row in rows[:limit]],
        next=rows[limit - 1].subject if len(rows) > limit else None,
    )


def _filled(counts: Mapping[Word, int], unknown: Word, total: int) -> dict[Word, int]:
    """The counts with everything that was never judged as unknown, so that they add up to `total`."""
    return {**counts, unknown: counts[unknown] + total - sum(counts.values())}


@router.get("/citizen-hours")
def citizen_hours(
    here: Here,
    scope: InScope,
    *,
    start: Annotated[Moment | None, Query(alias="from", description="Default: a day before the end")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Default: now")] = None,
) -> models.HoursLost:
    """What the time without services cost the citizens of the scope."""
    until = min(end or here.clock(), here.clock())
    since = start or until - timedelta(days=1)
    if since >= until:
        raise HTTPException(422, "the period is empty")
    if until - since > _LONGEST:
        raise HTTPException(422, f"the period is longer than {_LONGEST.days} days: ask for one year at a time")
    lost = citizens.hours_lost(
        here.engine,
        here.settings.storage.history,
        here.inventory,
        scope,
        (since, until),
        blind_since=here.blind_since(),
    )
    return models.HoursLost(start=since, end=until, **asdict(lost))


@router.get("/transitions")
def transitions(
    here: Here,
    scope: InScope,
    *,
    kind: SubjectKind | None = None,
    subject: Annotated[str | None, Query(pattern=LINE)] = None,
    after: RowId = 0,
    start: Start = None,
    end: End = None,
    limit: Limit = 1000,
) -> models.Page[models.Transition]:
    """Stored changes of status in the order in which they were recorded."""
    from readiness.recorded import recorded  # brings DuckDB: 30 MB for whoever asks this, not for every server

    rows = recorded(
        here.engine, here.settings.storage.history, scope,
        kind=kind, subject=subject, after_id=after, start=start, end=end, limit=limit,
    )  # fmt: skip
    more = str(rows[-1].id) if len(rows) == limit else None
    return models.Page(items=[models.Transition.model_validate(row) for row in rows], next=more)


@router.get("/outages")
def outages(
    here: Here,
    scope: InScope,
    *,
    start: Start = None,
    end: End = None,
    after: RowId = 0,
    limit: Limit = 1000,
) -> models.Page[models.Outage]:
    """Down intervals that touch the period, in the order in which they were recorded."""
    page = read.outage_page(here.engine, scope, start, end, after=after, limit=limit)
    more = None if page.next is None else str(page.next)
    return models.Page(items=[models.Outage.model_validate(row) for row in page.rows], next=more)
