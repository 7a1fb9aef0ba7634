"""What each pair of eyes sees of the endpoints, as rows of the store."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite

from sqlalchemy import Connection, Engine, select
from sqlalchemy import Row as Found

from readiness.model import Status
from readiness.rules.endpoint import NOC, View
from readiness.tables import endpoint_view
from storage.bulk import Row
from storage.types import to_millis
from storage.understood import understood

Eyes = tuple[str, str]
"""Code of an endpoint, and who looks at it: "noc" or the site of a kendra."""

_CONFIRMED = 3  # a failure that was stored needs no second proof


@dataclass(frozen=True, slots=True)
class ViewRow:
    endpoint: str
    eyes: str
    status: Status
    since: datetime
    looked_at: datetime
    reason: str


COLUMNS = ("endpoint", "eyes", "status", "since", "looked_at", "reason")


def values(views: Mapping[Eyes, View]) -> list[Row]:
    """Rows of COLUMNS as they are stored; what was never looked at has none."""
    return [
        (endpoint, eyes, view.status.value, _millis(view.since), _millis(view.at), view.reason)
        for (endpoint, eyes), view in views.items() if isfinite(view.at)
    ]  # fmt: skip


def _millis(at: float) -> int:
    return to_millis(datetime.fromtimestamp(at, UTC))


def load(connection: Connection) -> dict[Eyes, View]:
    """The stored views, as the judge goes on from them."""
    return {(row.endpoint, row.eyes): _view(row) for row in _rows(connection)}


def _view(row: ViewRow) -> View:
    since, at = row.since.timestamp(), row.looked_at.timestamp()
    if row.status is Status.DOWN:
        return View(row.status, since, row.reason, at, first_bad=since, bad=_CONFIRMED)
    return View(row.status, since, row.reason, at)


def seen(engine: Engine, eyes: Iterable[str] = ()) -> list[ViewRow]:
    """The views of the network centre and of these other eyes, by endpoint."""
    with engine.connect() as connection:
        return _rows(connection, (NOC, *eyes))


def _rows(connection: Connection, eyes: Iterable[str] | None = None) -> list[ViewRow]:
    query = select(endpoint_view).order_by(endpoint_view.c.endpoint, endpoint_view.c.eyes)
    if eyes is not None:
        query = query.where(endpoint_view.c.eyes.in_(list(eyes)))
    return list(understood(connection.execute(query), _row, "endpoint_view"))


def _row(row: Found[tuple[object, ...]]) -> ViewRow:
    return ViewRow(row.endpoint, row.eyes, Status(row.status), row.since, row.looked_at, row.reason)
