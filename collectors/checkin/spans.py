"""What heartbeats prove of the time between them. Pure; times are whole milliseconds since 1970 UTC."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GAP_INTERVALS = 3
"""Two heartbeats farther apart than this many intervals say nothing of the time between them."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A heartbeat as a proof. `reached`: services could be got; `late`: judgement did not know it in its time."""

    at: int
    reached: bool
    late: bool


def between(before: Sign | None, after: Sign, gap_ms: int) -> tuple[int, int] | None:
    """The time that two consecutive heartbeats prove and judgement could not know."""
    if before is None or not (before.reached and after.reached) or not (before.late or after.late):
        return None
    return (before.at, after.at) if 0 < after.at - before.at <= gap_ms else None


def told(before: Sign | None, signs: Iterable[Sign], gap_ms: int) -> Iterator[tuple[int, int]]:
    """The spans that consecutive heartbeats prove, those that touch as one."""
    start = end = -1
    for sign in signs:
        found = between(before, sign, gap_ms)
        if found and found[0] == end:
            end = found[1]
        elif found:
            if start >= 0:
                yield start, end
            start, end = found
        before = sign
    if start >= 0:
        yield start, end
