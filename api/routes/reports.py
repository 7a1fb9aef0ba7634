"""Claimed against observed and likely next trouble: as pages, as files, and the first over the programming interface."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response

from api import models, report_models
from api.context import Allowed, Context, Here, InScope, language_of
from api.pages.overview import trail
from api.pages.render import page
from api.pages.reported import counted, of_sorts, reported
from api.paging import Limit
from api.reporting import Asked, Kind, Name
from inventory.hours import INDIA
from inventory.scope import Scope
from readiness.rules.claims import FINDINGS, LEAST_DAYS, OPERATES_PERCENT, Finding
from readiness.trends import OUTLOOKS, TROUBLE

if TYPE_CHECKING:
    from reports.report import Report

router = APIRouter(responses={404: {"model": models.Error}, 503: {"model": models.Error}})

Language = Annotated[str, Depends(language_of)]

CONTRADICTED = (Finding.NEVER_OPERATED, Finding.RARELY_OPERATED, Finding.OPERATES_UNCLAIMED)
_MEDIA: Mapping[Kind, str] = {
    Kind.CSV: "text/csv; charset=utf-8",
    Kind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Kind.PDF: "application/pdf",
    Kind.ABOUT: "text/plain; charset=utf-8",
}


@router.get("/api/v1/discrepancy", tags=["rollout"])
def discrepancy(
    here: Here,
    scope: InScope,
    *,
    finding: Annotated[Finding | None, Query(description="Only this finding")] = None,
    limit: Limit = 1000,
) -> report_models.Discrepancies:
    """What is claimed of gram panchayats against what was seen of them in the last 30 days, the gravest first.

    Without `finding` only what contradicts its claim is listed. `counts` count everything, also what is beyond `limit`.
    """
    report = _report(here, scope, Name.DISCREPANCY)
    wanted = CONTRADICTED if finding is None else (finding,)
    counts = counted(report.table, "finding")
    rows = of_sorts(report.table, "finding", wanted).slice(0, limit).to_pylist()
    return report_models.Discrepancies(
        area=scope.area,
        start=report.start,
        end=report.end,
        operates_percent=OPERATES_PERCENT,
        least_days=LEAST_DAYS,
        counts={each: counts[each] for each in FINDINGS},
        items=[_discrepancy(row) for row in rows],
    )


def _discrepancy(row: dict[str, str | None]) -> report_models.Discrepancy:
    pending = row["pending_with"]
    return report_models.Discrepancy.model_validate({**row, "pending_with": pending.split("; ") if pending else []})


@router.get("/api/v1/reports/{name}", tags=["reports"], response_class=Response)
def file(
    here: Here,
    scope: InScope,
    name: Name,
    *,
    kind: Annotated[Kind, Query(alias="format")] = Kind.CSV,
    language: Annotated[str, Query(description="Of the words beside codes, and of a PDF")] = "en",
) -> Response:
    """The report as a file, as of this hour's beginning; `txt` says what the columns of the CSV mean, and of when it is."""
    found = here.reporting.file(_asked(here, scope, name), kind, language_of(language))
    headers = {"Content-Disposition": f'attachment; filename="{_named(name, scope, found.as_of)}.{kind}"'}
    if kind is Kind.CSV:
        about = urlencode({"format": Kind.ABOUT.value, "language": language, **_area(scope)})
        headers["Link"] = f'</api/v1/reports/{name}?{about}>; rel="describedby"'
    return Response(found.content, media_type=_MEDIA[kind], headers=headers)


def _named(name: Name, scope: Scope, as_of: datetime) -> str:
    """Without an ending; the day is India's, and letters that a file's name may not have are left out."""
    area = re.sub(r"[^A-Za-z0-9]+", "-", scope.area) if scope.area else ""
    return "-".join(part for part in (name.value, area, f"{as_of.astimezone(INDIA):%Y-%m-%d}") if part)


def _area(scope: Scope) -> dict[str, str]:
    return {"area": scope.area} if scope.area else {}


@router.get("/{language}/discrepancy", include_in_schema=False)
def claims(here: Here, allowed: Allowed, scope: InScope, language: Language) -> Response:
    """Gram panchayats whose claim is contradicted by what was seen of them."""
    around = _around(here, allowed, scope, language, Name.DISCREPANCY)
    if here.reporting.too_many(scope):
        return page(here, language, "discrepancy.html", found=None, **around)
    report = _report(here, scope, Name.DISCREPANCY)
    found = reported(here.inventory, report, "finding", FINDINGS, CONTRADICTED)
    return page(here, language, "discrepancy.html", found=found, **around)


@router.get("/{language}/trend", include_in_schema=False)
def troubles(here: Here, allowed: Allowed, scope: InScope, language: Language) -> Response:
    """What is likely to fail next."""
    report = _report(here, scope, Name.TREND)
    found = reported(here.inventory, report, "outlook", OUTLOOKS, TROUBLE)
    return page(here, language, "trend.html", found=found, **_around(here, allowed, scope, language, report.name))


def _around(here: Context, allowed: Scope, scope: Scope, language: str, name: str) -> dict[str, Any]:
    """What the pages of reports have in common: where one is, and the files."""
    area = here.inventory.areas[scope.area] if scope.area else None
    asked = _area(scope)
    files = {kind: urlencode({"format": kind.value, "language": language, **asked}) for kind in Kind}
    return {
        "scope": scope,
        "area": area,
        "trail": trail(here.inventory, area, allowed.area),
        "name": name,
        "files": [(kind.upper(), files[kind]) for kind in (Kind.CSV, Kind.XLSX, Kind.PDF)],
        "about": files[Kind.ABOUT],
        "address": f"{name}?{urlencode(asked)}" if asked else name,
    }


def _report(here: Context, scope: Scope, name: Name) -> "Report":
    return here.reporting.report(_asked(here, scope, name))


def _asked(here: Context, scope: Scope, name: Name) -> Asked:
    return Asked(name, scope.area, here.clock(), here.blind_since())
