"""Polls that wait to be made by themselves: who is next. Pure."""

from collections import deque
from enum import IntEnum

from collectors.poller import recognises
from collectors.volleys import Turn
from collectors.watch import Watched


class Urgency(IntEnum):
    """The first of these goes first."""

    PROOF = 0  # a reference, without which silence proves nothing, or who knows why a device fell silent
    CHECK = 1  # a silence that isn't confirmed
    ORDINARY = 2
    RECOGNITION = 3  # walks tables, takes long, and there may be very many at a start


def urgency(watched: Watched, now: float) -> Urgency:
    """How urgent a poll of this device is at `now` (UTC epoch seconds)."""
    if watched.reference:
        return Urgency.PROOF
    silence = watched.silence
    if silence.polls and not silence.confirmed:
        return Urgency.CHECK
    return Urgency.RECOGNITION if recognises(watched, now) else Urgency.ORDINARY


class Queue:
    """Turns in the order of their urgency, within one as they came."""

    def __init__(self) -> None:
        self._turns: tuple[deque[Turn], ...] = tuple(deque() for _ in Urgency)

    def __len__(self) -> int:
        return sum(map(len, self._turns))

    @property
    def checks(self) -> int:
        """Silences that wait to be checked."""
        return len(self._turns[Urgency.CHECK])

    def add(self, how: Urgency, turn: Turn) -> None:
        self._turns[how].append(turn)

    def next(self, *, recognitions: bool) -> tuple[Urgency, Turn] | None:
        """The next one, gone from here; None where nobody waits but, unless they may begin, `recognitions`."""
        for how, turns in zip(Urgency, self._turns, strict=True):
            if turns and (recognitions or how is not Urgency.RECOGNITION):
                return how, turns.popleft()
        return None

    def clear(self) -> None:
        for turns in self._turns:
            turns.clear()
