"""What pages and commands read of alerts, and the one thing they change: acknowledgement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, and_, or_, select, update

from alerts.model import Alert, DeliveryState, Event, Rule
from alerts.rows import alert_of
from alerts.tables import alert, delivery
from inventory.scope import Scope
from readiness.model import SubjectKind
from readiness.subjects import within
from storage.engine import for_writing
from storage.understood import first, understood


@dataclass(frozen=True, slots=True)
class Delivery:
    """`last_error` is why the last try failed; it holds no URL and no secret."""

    id: int
    alert: int
    event: Event
    channel: str
    state: DeliveryState
    attempts: int
    next_at: datetime
    last_error: str
    sent_at: datetime | None


def alerts(engine: Engine, scope: Scope, *, open_only: bool = False, before_id: int | None = None, limit: int = 1000) -> list[Alert]:  # fmt: skip
    """Alerts in scope, newest first; the next page begins with `before_id` = the last one's id."""
    conditions = [_in_scope(scope)]
    if open_only:
        conditions.append(alert.c.resolved_at.is_(None))
    if before_id is not None:
        conditions.append(alert.c.id < before_id)
    query = select(alert).where(*conditions).order_by(alert.c.id.desc())
    with engine.connect() as connection:
        return first(connection, query, alert_of, "alert", limit)


def alert_by_id(engine: Engine, scope: Scope, number: int) -> Alert | None:
    with engine.connect() as connection:
        one = select(alert).where(alert.c.id == number, _in_scope(scope))
        return next(understood(connection.execute(one), alert_of, "alert"), None)


def acknowledge(engine: Engine, number: int, by: str, now: datetime, scope: Scope) -> Alert | None:
    """Note who has seen an alert first, and when; a later acknowledgement changes nothing.

    Returns the alert as it then stands, None where the scope has none that it may change: one of a portal, which every
    district sees, is acknowledged by those whose area it is told for.
    """
    one = and_(alert.c.id == number, _of_scope(scope))
    with for_writing(engine).begin() as connection:
        unseen = update(alert).where(one, alert.c.acknowledged_at.is_(None))
        connection.execute(unseen.values(acknowledged_at=now, acknowledged_by=by))
        return next(understood(connection.execute(select(alert).where(one)), alert_of, "alert"), None)


def deliveries(engine: Engine, scope: Scope, *, states: Iterable[DeliveryState] = tuple(DeliveryState), alert_id: int | None = None, limit: int = 1000) -> list[Delivery]:  # fmt: skip
    """Deliveries of alerts in scope, newest first: the failed ones are those nobody was told of."""
    conditions = [_in_scope(scope), delivery.c.state.in_(list(states))]
    if alert_id is not None:
        conditions.append(delivery.c.alert == alert_id)
    query = (
        select(delivery)
        .join(alert, alert.c.id == delivery.c.alert)
        .where(*conditions)
        .order_by(delivery.c.id.desc())
        .limit(limit)
    )
    with engine.connect() as connection:
        return [
            Delivery(
                row.id, row.alert, Event(row.event), row.channel, DeliveryState(row.state), row.attempts, row.next_at,
                row.last_error, row.sent_at,
            )
            for row in connection.execute(query)
        ]  # fmt: skip


def told(engine: Engine, channel: str, resolved_after: datetime) -> list[Alert]:
    """What `channel` was told and that is open or ended after `resolved_after`; the newest of a subject.

    No area scope: a channel is told of the whole inventory.
    """
    sent = select(delivery.c.alert).where(
        delivery.c.channel == channel, delivery.c.event == Event.FIRING, delivery.c.state == DeliveryState.SENT
    )
    lasting = or_(alert.c.resolved_at.is_(None), alert.c.resolved_at > resolved_after)
    query = select(alert).where(alert.c.id.in_(sent), lasting).order_by(alert.c.id)
    with engine.connect() as connection:
        found = list(understood(connection.execute(query), alert_of, "alert"))
    newest: Mapping[tuple[Rule, SubjectKind, str], Alert] = {(a.rule, a.subject_kind, a.subject): a for a in found}
    return list(newest.values())


def _of_scope(scope: Scope) -> ColumnElement[bool]:
    """That what an alert is about is the scope's own."""
    own = and_(alert.c.subject_kind != SubjectKind.ENDPOINT, within(alert, scope))
    return or_(scope.where_area(alert.c.area), own)


def _in_scope(scope: Scope) -> ColumnElement[bool]:
    """An alert is in scope by its area, or, like an outage, with either end of its link."""
    return or_(scope.where_area(alert.c.area), within(alert, scope))
