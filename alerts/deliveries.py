"""The queue of deliveries: claimed and finished by compare-and-set, at least once.

`attempts` counts claims, so it is also the version of a row: who claims names the number it has
read, and only one claimant finds it unchanged.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, exists, or_, select, update

from alerts.model import Alert, DeliveryState, Event
from alerts.rows import alert_of
from alerts.tables import alert, delivery
from storage.engine import for_writing
from storage.understood import understood

CLAIM_LASTS = timedelta(seconds=120)  # well above the longest a channel may take
MAX_ATTEMPTS = 60  # with the pauses below: given up after about a day
_LONGEST_PAUSE = timedelta(minutes=30)
_LATEST = timedelta(hours=1)  # nothing waits so long: what seems to was told while the clock was ahead, and is due
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Claim:
    """One delivery that this worker may now make."""

    id: int
    alert: Alert
    event: Event
    channel: str
    attempts: int  # this one included
    token: str


def pause(attempts: int) -> timedelta:
    """How long after the failure of the `attempts`-th try the next one comes: 5 s, doubling."""
    return min(timedelta(seconds=5 << min(attempts - 1, 20)), _LONGEST_PAUSE)


def claim_due(
    engine: Engine, now: datetime, worker: str, *, channel: str | None = None, limit: int = _AT_ONCE
) -> tuple[Claim, ...]:
    """Deliveries that are due, oldest first, now held by `worker` for CLAIM_LASTS.

    A resolved notice becomes due only once its firing has been sent. A claim whose worker did not
    report in time, because it was killed, is due again.
    """
    due = _due(now) if channel is None else and_(_due(now), delivery.c.channel == channel)
    with engine.connect() as connection:  # no write lock for an empty queue
        if connection.execute(select(delivery.c.id).where(due).limit(1)).first() is None:
            return ()
    with for_writing(engine).begin() as connection:
        found = connection.execute(select(delivery).where(due).order_by(delivery.c.id).limit(limit)).all()
        claims = (_claim(connection, row, now, worker) for row in found)
        return tuple(claim for claim in claims if claim is not None)


def finish(engine: Engine, claim: Claim, error: str | None, now: datetime) -> bool:
    """Record how a delivery went: sent where `error` is None, else tried again later or given up.

    False where another worker holds the claim by now, because this one took longer than CLAIM_LASTS.
    """
    with for_writing(engine).begin() as connection:
        values = {"state": DeliveryState.SENT, "sent_at": now, "last_error": ""}
        if error is not None:
            values = _after_failure(connection, claim, error, now)
        held = and_(
            delivery.c.id == claim.id, delivery.c.state == DeliveryState.CLAIMED, delivery.c.claim == claim.token
        )
        changed = connection.execute(update(delivery).where(held).values(claimed_until=None, **values))
        return changed.rowcount == 1


def _due(now: datetime) -> ColumnElement[bool]:
    firing = delivery.alias("firing")
    told = exists().where(
        firing.c.alert == delivery.c.alert,
        firing.c.channel == delivery.c.channel,
        firing.c.event == Event.FIRING,
        firing.c.state == DeliveryState.SENT,
    )
    next_at, until = delivery.c.next_at, delivery.c.claimed_until
    waiting = and_(delivery.c.state == DeliveryState.PENDING, or_(next_at <= now, next_at > now + _LATEST))
    abandoned = and_(delivery.c.state == DeliveryState.CLAIMED, or_(until <= now, until > now + _LATEST))
    return and_(or_(waiting, abandoned), or_(delivery.c.event == Event.FIRING, told))


def _claim(connection: Connection, row: Row[tuple[object, ...]], now: datetime, worker: str) -> Claim | None:
    unchanged = and_(delivery.c.id == row.id, delivery.c.state == row.state, delivery.c.attempts == row.attempts)
    if row.attempts >= MAX_ATTEMPTS:  # every worker that took it died before it could report
        connection.execute(update(delivery).where(unchanged).values(_failed("no worker reported back")))
        return None
    subject = connection.execute(select(alert).where(alert.c.id == row.alert))
    told = next(understood(subject, alert_of, "alert"), None)
    if told is None:  # others are told all the same
        connection.execute(update(delivery).where(unchanged).values(_failed("its alert is not understood")))
        return None
    token = f"{worker}#{row.attempts + 1}"
    values: dict[str, object] = {
        "state": DeliveryState.CLAIMED,
        "claim": token,
        "claimed_until": now + CLAIM_LASTS,
        "attempts": row.attempts + 1,
    }
    if connection.execute(update(delivery).where(unchanged).values(values)).rowcount != 1:
        return None
    return Claim(row.id, told, Event(row.event), row.channel, row.attempts + 1, token)


def _failed(why: str) -> dict[str, object]:
    return {"state": DeliveryState.FAILED, "last_error": why}


def _after_failure(connection: Connection, claim: Claim, error: str, now: datetime) -> dict[str, object]:
    last_error = error[:500]
    if claim.attempts >= MAX_ATTEMPTS:
        return {"state": DeliveryState.FAILED, "last_error": last_error}
    over = connection.execute(select(alert.c.resolved_at).where(alert.c.id == claim.alert.id)).scalar()
    if claim.event is Event.FIRING and over is not None:
        return {"state": DeliveryState.CANCELLED, "last_error": last_error}
    return {"state": DeliveryState.PENDING, "last_error": last_error, "next_at": now + pause(claim.attempts)}
