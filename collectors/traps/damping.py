"""How many notifications are listened to, and when the device that sent one is polled. Pure."""

from collections.abc import Iterator

import numpy as np

BURST = 20.0  # notifications of one device at once: a switch with all its ports
REFILL_S = 2.0  # after which it may send one more
_SETTLE_S = 0.5  # from a notification to the poll: what it tells of has happened by then
_APART_S = 5.0  # at least between two such polls of one device


class Buckets:
    """Tokens of n devices. One that sends without end is heard once in REFILL_S, and takes nothing from others."""

    def __init__(self, devices: int) -> None:
        self._tokens = np.full(devices, BURST, np.float32)
        self._at = np.zeros(devices)

    def take(self, device: int, now: float) -> bool:
        """Whether this one is listened to; `now` is in seconds of a clock that only runs forward."""
        gained = max(0.0, now - float(self._at[device])) / REFILL_S
        tokens = min(BURST, float(self._tokens[device]) + gained)
        self._at[device] = now
        self._tokens[device] = tokens - 1 if tokens >= 1 else tokens
        return tokens >= 1


class Soon:
    """Devices to be polled because they said something. Many notifications make one poll, and one after the last."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}
        self._polled: dict[int, float] = {}

    def heard(self, device: int, now: float) -> None:
        at = max(now + _SETTLE_S, self._polled.get(device, float("-inf")) + _APART_S)
        self._due[device] = min(at, self._due.get(device, at))

    def take(self, now: float) -> Iterator[int]:
        """The devices to poll at `now`; what could not be polled is to be `heard` again."""
        for device in [device for device, at in self._due.items() if at <= now]:
            del self._due[device]
            self._polled[device] = now
            yield device
        self._polled = {device: at for device, at in self._polled.items() if at + _APART_S > now}
