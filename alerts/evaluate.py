"""Bringing the stored alerts and their deliveries in line with the rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, or_, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from alerts.decide import decide
from alerts.model import Decision, DeliveryState, Event, Opening, Reason
from alerts.situation import read_situation
from alerts.summary import to_json
from alerts.tables import alert, delivery
from inventory.model import Inventory
from storage.engine import at_one_moment, for_writing, lost_a_race, snapshot
from storage.settings import AlertSettings

_log = structlog.get_logger("alerts")
_TOLD = (DeliveryState.SENT, DeliveryState.CLAIMED)


def evaluate(engine: Engine, inventory: Inventory, settings: AlertSettings, now: datetime) -> tuple[Decision, ...]:
    """Open, change and end alerts, with their deliveries, in one transaction; returns what was done.

    Running it again, after a restart or in a second process, adds nothing: the decisions come from
    what is stored, and the tables admit one alert for a subject and start, one delivery for an
    alert, event and channel.
    """
    configs_since = now - timedelta(seconds=settings.config_changed_s)
    with snapshot(engine) as connection:  # most seconds nothing changes: no write lock for that
        if not decide(read_situation(connection, configs_since), inventory, settings, now):
            return ()
    try:
        with for_writing(at_one_moment(engine)).begin() as connection:
            decisions = decide(read_situation(connection, configs_since), inventory, settings, now)
            for decision in decisions:
                _carry_out(connection, decision, settings, now)
            return decisions
    except DBAPIError as error:
        # On PostgreSQL another process did the same at the same moment; the next evaluation sees
        # what it left undone.
        if not (isinstance(error, IntegrityError) or lost_a_race(error)):
            raise
        _log.warning("alerts_already_changed", error=str(error.orig))
        return ()


def _carry_out(connection: Connection, decision: Decision, settings: AlertSettings, now: datetime) -> None:
    if isinstance(decision, Opening):
        _open(connection, decision, settings, now)
        return
    number, values = decision.alert.id, {"summary": to_json(decision.summary)}
    match decision.reason:
        case Reason.CHANGED:
            _update(connection, number, values)
        case Reason.RETURNED:
            _update(connection, number, values | {"resolved_at": None})
            _revive(connection, number, now)
        case _:
            _update(connection, number, values | {"resolved_at": decision.at})
            _cancel_untold(connection, number)
            if decision.reason is Reason.ENDED:
                _tell_end(connection, number, now)


def _open(connection: Connection, opening: Opening, settings: AlertSettings, now: datetime) -> None:
    same = and_(
        alert.c.rule == opening.rule,
        alert.c.subject_kind == opening.subject_kind,
        alert.c.subject == opening.subject,
        alert.c.opened_at == opening.opened_at,
    )
    before = connection.execute(select(alert.c.id).where(same)).scalar()
    if before is not None:  # the judge recorded the same trouble anew: one alert, told once
        values = {"summary": to_json(opening.summary), "outage": opening.outage, "resolved_at": None}
        _update(connection, before, values)
        _revive(connection, before, now)
        return
    row = {
        "rule": opening.rule,
        "subject_kind": opening.subject_kind,
        "subject": opening.subject,
        "area": opening.area,
        "outage": opening.outage,
        "severity": opening.severity,
        "summary": to_json(opening.summary),
        "opened_at": opening.opened_at,
    }
    number = connection.execute(insert(alert).values(row).returning(alert.c.id)).scalar_one()
    _enqueue(connection, number, Event.FIRING, [channel.name for channel in settings.channels], now)


def _update(connection: Connection, number: int, values: Mapping[str, object]) -> None:
    connection.execute(update(alert).where(alert.c.id == number).values(values))


def _revive(connection: Connection, number: int, now: datetime) -> None:
    """It fires anew: told to whom nobody told before it ended, and to whom its end was told, or may just be being told."""
    ended = select(delivery.c.channel).where(*_of(number, Event.RESOLVED), delivery.c.state.in_(_TOLD))
    untold = or_(delivery.c.state == DeliveryState.CANCELLED, delivery.c.channel.in_(ended))
    connection.execute(update(delivery).where(*_of(number, Event.FIRING), untold).values(_anew(now)))
    # Kept for when it ends again; an end that wasn't told yet is none.
    connection.execute(update(delivery).where(*_of(number, Event.RESOLVED)).values(state=DeliveryState.CANCELLED))


def _cancel_untold(connection: Connection, number: int) -> None:
    untold = and_(*_of(number, Event.FIRING), delivery.c.state == DeliveryState.PENDING)
    connection.execute(update(delivery).where(untold).values(state=DeliveryState.CANCELLED))


def _tell_end(connection: Connection, number: int, now: datetime) -> None:
    """A resolved notice for each channel that was told, or may just be being told, that it fires."""
    told = and_(*_of(number, Event.FIRING), delivery.c.state.in_(_TOLD))
    channels = set(connection.execute(select(delivery.c.channel).where(told)).scalars())
    before = set(connection.execute(select(delivery.c.channel).where(*_of(number, Event.RESOLVED))).scalars())
    again = and_(
        *_of(number, Event.RESOLVED), delivery.c.state == DeliveryState.CANCELLED, delivery.c.channel.in_(channels)
    )
    connection.execute(update(delivery).where(again).values(_anew(now)))
    _enqueue(connection, number, Event.RESOLVED, sorted(channels - before), now)


def _anew(now: datetime) -> dict[str, object]:
    return {"state": DeliveryState.PENDING, "attempts": 0, "next_at": now, "last_error": ""}


def _enqueue(connection: Connection, number: int, event: Event, channels: Sequence[str], now: datetime) -> None:
    rows = [
        {
            "alert": number,
            "event": event,
            "channel": channel,
            "state": DeliveryState.PENDING,
            "attempts": 0,
            "next_at": now,
        }
        for channel in channels
    ]
    if rows:
        connection.execute(insert(delivery), rows)


def _of(number: int, event: Event) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return delivery.c.alert == number, delivery.c.event == event
