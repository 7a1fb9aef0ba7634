"""What was made is kept as long as it fits: by what it weighs, not by how many there are."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A function's answers; when they take more than `most` octets, those go that were used longest ago, but the last one."""

    def __init__(self, make: Callable[[K], V], octets: Callable[[V], int], most: int) -> None:
        """What two threads ask for at once may be made twice."""
        self._make, self._octets, self._most = make, octets, most
        self._answers: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def __call__(self, key: K) -> V:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key][0]
        made = self._make(key)
        with self._lock:
            self._put(key, made)
        return made

    def _put(self, key: K, made: V) -> None:
        if key in self._answers:
            self._held -= self._answers.pop(key)[1]
        weight = self._octets(made)
        self._answers[key] = made, weight
        self._held += weight
        while self._held > self._most and len(self._answers) > 1:
            _, (_, lighter) = self._answers.popitem(last=False)
            self._held -= lighter
