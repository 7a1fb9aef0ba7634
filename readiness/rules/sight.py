"""The collector's own sight, proved by its reference targets. Pure; times are UTC epoch seconds."""

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class Sight:
    """What the references proved so far.

    `answering` holds the references whose newest poll was answered. While it is empty the
    collector may be blind, and nothing that was silent then counts against a device.
    """

    seen_at: float = -inf  # newest answer of any reference
    clear_since: float = inf  # since when at least one reference was answering at every look
    answering: frozenset[int] = frozenset()
    looked: bool = False

    def covers(self, since: float, confirmed_at: float, now: float, sight_s: float) -> bool:
        """Whether a silence from `since`, confirmed by the poll of `confirmed_at`, was seen with open eyes."""
        return self.clear_since <= confirmed_at and self.seen_at > since and not self.lost(now, sight_s)

    def lost(self, now: float, sight_s: float) -> bool:
        return self.seen_at < now - sight_s


def look(sight: Sight, reference: int, at: float, answered: bool) -> Sight:
    """One poll of a reference. The first look of all has nothing to say against the time before it."""
    if not answered:
        answering = sight.answering - {reference}
        return replace(sight, answering=answering, looked=True, clear_since=sight.clear_since if answering else inf)
    clear = sight.clear_since if sight.answering else (at if sight.looked else -inf)
    return Sight(max(sight.seen_at, at), clear, sight.answering | {reference}, looked=True)
