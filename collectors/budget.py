"""Read budgets: how often a device may be asked for an object, also over restarts of ours. Pure."""

from math import floor

from collectors.schedule import phase

GENTLE_S = 300.0  # budgets up to this may be read out of turn for a reason: they spare effort, not the device
_APART_S = 20.0  # but not more often than this
_WAITS_S = 900.0  # budgets above this are for what hurts a device: a fresh start must not read it out of turn


class Budget:
    """When each costly object of one device may be read again.

    Time is cut into slots of the budget's length, placed by a hash of the device's name: at most
    one read a slot, so a collector that restarts again and again reads no oftener.
    """

    __slots__ = ("_device", "_hastened_at", "_interval_s", "_next", "_short")

    def __init__(self, device: str, interval_s: float) -> None:
        self._device = device
        self._interval_s = interval_s
        self._next: dict[str, float] = {}
        self._short: set[str] = set()  # what has a budget that `hasten` may pass over
        self._hastened_at = float("-inf")

    def due(self, what: str, every_s: float, now: float) -> bool:
        """Whether `what` may be read at `now` (UTC epoch seconds); if so it counts as read."""
        if every_s <= self._interval_s:
            return True
        until = self._next.get(what)
        if until is None or until - now > 2 * every_s:  # new, or the clock was set back
            until = now if every_s <= _WAITS_S else self._slot_after(every_s, now)
            self._next[what] = until
            if every_s <= GENTLE_S:
                self._short.add(what)
        if now < until:
            return False
        # A read a little late in its slot must not push the next one a whole slot further.
        self._next[what] = self._slot_after(every_s, now + every_s - 2 * self._interval_s)
        return True

    def hasten(self, now: float) -> bool:
        """Bring forward what has a short budget; whether that is due at once, or a moment after the last such read."""
        at = now if now < self._hastened_at else max(now, self._hastened_at + _APART_S)
        self._next.update({what: min(self._next[what], at) for what in self._short})
        if at == now:
            self._hastened_at = now
        return at == now

    def _slot_after(self, every_s: float, now: float) -> float:
        offset = phase(self._device, every_s)
        return offset + (floor((now - offset) / every_s) + 1) * every_s
