"""What was made is kept as long as it fits: by what it weighs, not by how many there are."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BusyError(Exception):
    """So many wait for what is being made that one more would only hold a thread."""


@dataclass(slots=True)
class _Turn:
    """Of those who ask for one answer that isn't there yet: one makes it, the others wait for the lock."""

    lock: Lock = field(default_factory=Lock)
    asking: int = 0


class Kept(Generic[K, V]):
    """A function's answers; when they take more than `most` octets, those go that were used longest ago, but the last one."""

    def __init__(
        self, make: Callable[[K], V], octets: Callable[[V], int], most: int, at_once: int | None = None
    ) -> None:
        """What several threads ask for at once is made by one of them.

        At most `at_once` threads make answers or wait for one, None: any number. What is kept is answered always.
        """
        self._make, self._octets, self._most, self._at_once = make, octets, most, at_once
        self._answers: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._turns: dict[K, _Turn] = {}
        self._held = 0
        self._lock = Lock()

    def __call__(self, key: K) -> V:
        """The answer; raises BusyError, and what making it raises."""
        with self._lock:
            if key in self._answers:
                return self._known(key)
            turn = self._joined(key)
        try:
            with turn.lock:
                return self._found(key)
        finally:
            with self._lock:
                turn.asking -= 1
                if not turn.asking:
                    del self._turns[key]

    def _joined(self, key: K) -> _Turn:
        if self._at_once is not None and sum(each.asking for each in self._turns.values()) >= self._at_once:
            raise BusyError
        turn = self._turns.setdefault(key, _Turn())
        turn.asking += 1
        return turn

    def _found(self, key: K) -> V:
        with self._lock:
            if key in self._answers:  # made by who had the turn before
                return self._known(key)
        made = self._make(key)
        with self._lock:
            self._put(key, made)
        return made

    def _known(self, key: K) -> V:
        self._answers.move_to_end(key)
        return self._answers[key][0]

    def _put(self, key: K, made: V) -> None:
        weight = self._octets(made)
        self._answers[key] = made, weight
        self._held += weight
        while self._held > self._most and len(self._answers) > 1:
            _, (_, lighter) = self._answers.popitem(last=False)
            self._held -= lighter
