"""What every answer must pass, whichever library decoded it. Pure: no socket and no clock here.

Neither gufo-snmp nor pysnmp checks that an answer is about the objects asked for, that a walk
advances or that a table ends; a broken or hostile agent could otherwise feed wrong values or hold
a poll for ever.
"""

import errno
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, Value

Row = tuple[str, Value | None]
"""Object identifier and value; None for NULL, noSuchObject and noSuchInstance."""

END: Row = ("", None)
"""Stands for endOfMibView."""


def numbers(oid: str) -> tuple[int, ...]:
    """The parts of a dotted identifier, in the form that sorts as agents do."""
    return tuple(map(int, oid.split(".")))


def icmp_error(number: int) -> OSError:
    """The exception for an error that came in at a socket.

    ECONNREFUSED is the device's own "port unreachable". Others (a host that a router cannot reach, a
    firewall's refusal) are somebody else's word: for us the device gave no answer.
    """
    if number == errno.ECONNREFUSED:
        return ConnectionRefusedError(number, os.strerror(number))
    return TimeoutError(number, os.strerror(number))


def only_asked(asked: Collection[str], rows: Iterable[Row]) -> dict[str, Value]:
    """The values among `rows` that belong to objects asked for; absent ones have no key."""
    wanted = frozenset(asked)
    return {oid: value for oid, value in rows if value is not None and oid in wanted}


@dataclass(slots=True)
class Walk:
    """A walk below `column` as it grows."""

    column: str
    limits: Limits
    rows: dict[str, Value] = field(default_factory=dict)
    taken: int = 0  # rows received, those without a value too
    octets: int = 0
    position: str = ""  # the last object received, where the next request starts
    ended: bool = False

    def __post_init__(self) -> None:
        self.position = self.column

    def take(self, rows: Iterable[Row]) -> Failure | None:
        """Add the rows of one answer; a Failure where the agent doesn't advance or never ends.

        The walk has ended with the first row behind the column, or with END. One before it, as agents send that begin
        anew, says nothing of what is between.
        """
        for oid, value in rows:
            if self._is_over(oid, value):
                self.ended = True
                return None
            if numbers(oid) <= numbers(self.position):
                return self.failure(Reason.PROTOCOL, f"order does not increase at {oid}")
            self._add(oid, value)
            if self.taken == self.limits.rows and not self.limits.whole:
                self.ended = True
                return None
            if self.taken > self.limits.rows or self.octets > self.limits.octets:
                return self.failure(Reason.PROTOCOL, "more than the limit")
        return None

    def failure(self, reason: Reason, why: str) -> Failure:
        """`reason` with how far the walk came: half a table is no table."""
        return Failure(reason, detail=f"walk of {self.column} stopped after {self.taken} rows: {why}")

    def _is_over(self, oid: str, value: Value | None) -> bool:
        """Some agents say that a whole column is absent by the name that was asked for."""
        if oid == END[0] or (oid == self.column and value is None):
            return True
        return not oid.startswith(f"{self.column}.") and numbers(oid) > numbers(self.position)

    def _add(self, oid: str, value: Value | None) -> None:
        if value is not None:
            self.rows[oid[len(self.column) + 1 :]] = value
        self.taken += 1
        self.octets += len(oid) + (len(value) if isinstance(value, (bytes, str)) else 8)
        self.position = oid


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """error-status and error-index of a response (RFC 3416 section 3); `index` counts from 1."""

    status: int
    index: int


TOO_BIG, NO_SUCH_NAME, AUTHORIZATION = 1, 2, 16


def narrower(oids: tuple[str, ...], error: ErrorStatus) -> tuple[tuple[str, ...], ...]:
    """What to ask instead of `oids` after `error`: without the object it names, else in halves.

    Nothing once a single object has been refused: it is absent.
    """
    if len(oids) == 1:
        return ()
    if error.status != TOO_BIG and 0 < error.index <= len(oids):
        return (oids[: error.index - 1] + oids[error.index :],)
    middle = len(oids) // 2
    return oids[:middle], oids[middle:]
