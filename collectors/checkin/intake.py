"""Storing what agents sent. What was acknowledged is in the store; a request that comes twice is refused the second time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, func, insert, select

from collectors.checkin.message import Envelope, Said, dated
from collectors.checkin.tables import checkin_agent, checkin_heartbeat
from storage.bulk import put
from storage.engine import for_writing
from storage.types import from_millis, to_millis

MOST_QUEUED = 2_000_000
"""Heartbeats that wait for `collect`: a day of 8,000 kendras. About as many octets as these times 500."""


LONGEST_JUMP = 1 << 32
"""Requests that may be missing before one. A number beyond is a disk's fault or a forger's: were it stored, none could follow."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """A request whose signature was right; UTC epoch seconds."""

    site: str
    envelope: Envelope
    received_at: float


@dataclass(frozen=True, slots=True)
class Taken:
    """All of it is stored. `refused` heartbeats could not be read or dated."""

    refused: int


@dataclass(frozen=True, slots=True)
class Replayed:
    """Nothing of it was stored: the newest one before has `sequence`, and this doesn't follow on it."""

    sequence: int


class FullError(Exception):
    """`collect` has taken up nothing for so long that no more is queued: agents keep what they have."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store holds of an agent."""

    sequence: int = 0
    install: str = ""
    number: int = -1
    newest_at: datetime | None = None
    refused: int = 0


def store(engine: Engine, lot: Sequence[CheckIn], most: int = MOST_QUEUED) -> list[Taken | Replayed]:
    """Store requests in one transaction, in their order; raises SQLAlchemyError, FullError, and then nothing is stored."""
    with for_writing(engine).begin() as connection:
        if _queued(connection) > most:
            raise FullError
        return [_store(connection, one) for one in lot]


def _queued(connection: Connection) -> int:
    """Heartbeats on their way, or a few more: they leave in the order in which they came."""
    number = checkin_heartbeat.c.id
    oldest, newest = connection.execute(select(func.min(number), func.max(number))).one()
    return 0 if oldest is None else int(newest - oldest)


def _store(connection: Connection, one: CheckIn) -> Taken | Replayed:
    known, told = _known(connection, one.site), one.envelope
    if not known.sequence < told.sequence <= known.sequence + LONGEST_JUMP:
        return Replayed(known.sequence)
    beats = list(told.readable())
    # An answer that was lost on its way makes the agent send again what is stored.
    last = known.number if told.install == known.install else -1
    news = [beat for beat in beats if beat.n > last]
    error_s = told.sent_at - one.received_at
    times = dated(news, one.received_at, error_s, known.newest_at.timestamp() if known.newest_at else None)
    common = {"site": one.site, "received_at": _moment(one.received_at)}
    rows = [
        common | {"at": _moment(at), "body": Said.model_validate(beat, from_attributes=True).model_dump_json()}
        for beat, at in zip(news, times, strict=True)
        if at is not None
    ]
    if rows:
        connection.execute(insert(checkin_heartbeat), rows)
    refused = len(told.heartbeats) - len(beats) + sum(at is None for at in times)
    newest = max((at for at in times if at is not None), default=None)
    newest_at = known.newest_at if newest is None else _moment(newest)
    number = max([last, *(beat.n for beat in beats)])
    _note(connection, one, known.refused + refused, number, newest_at)
    return Taken(refused)


def _known(connection: Connection, site: str) -> _Known:
    column = checkin_agent.c
    query = select(column.sequence, column.install, column.number, column.newest_at, column.refused)
    row = connection.execute(query.where(column.site == site).with_for_update()).one_or_none()
    return _Known(*row) if row else _Known()


_COLUMNS = (
    "site", "sequence", "install", "number", "received_at", "newest_at", "clock_error_s", "waiting", "dropped",
    "refused", "agent",
)  # fmt: skip


def _note(connection: Connection, one: CheckIn, refused: int, number: int, newest_at: datetime | None) -> None:
    told = one.envelope
    row = (
        one.site, told.sequence, told.install, number, to_millis(_moment(one.received_at)),
        None if newest_at is None else to_millis(newest_at), told.sent_at - one.received_at, told.waiting,
        told.dropped, refused, told.agent,
    )  # fmt: skip
    put(connection, checkin_agent, ["site"], _COLUMNS, [row])


def _moment(at: float) -> datetime:
    """Rounded to what is stored: a later comparison is with the stored time."""
    return from_millis(round(at * 1000)).astimezone(UTC)
