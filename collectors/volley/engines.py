"""What is known of the SNMPv3 engines of devices, in columns by device: keys, boots and time. Pure.

Some 110 octets a device. A device that is asked by another user or at another address is a stranger again.
"""

import numpy as np
from numpy.typing import NDArray

from collectors.volley.usm import KEY, PRIV_KEY

LEAST_ENGINE, MOST_ENGINE = 5, 32
"""Octets of a snmpEngineID (RFC 3411 section 5)."""

_WINDOW_S = 150  # RFC 3414 section 2.2.3
_MOST_BOOTS = 2**31 - 1  # an engine that has booted so often has to be given new keys
_UNKNOWN = -1

_ENGINE = np.dtype(
    [
        ("user", "<i4"),
        ("address", "<u4"),
        ("port", "<u2"),
        ("trusted", "?"),  # boots and time are from a signed message
        ("doubted", "?"),  # it was silent when it was asked last
        ("size", "u1"),
        ("engine", "u1", MOST_ENGINE),
        ("auth", "u1", KEY),
        ("priv", "u1", PRIV_KEY),
        ("boots", "<i4"),
        ("latest", "<i4"),  # the greatest time that a signed message told
        ("offset", "<f8"),  # seconds from the forward clock to the engine's
    ]
)

Devices = NDArray[np.int32]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Engines:
    """Columns by device number."""

    def __init__(self) -> None:
        self._known = np.zeros(0, _ENGINE)

    def known(self, device: Devices, user: Numbers, address: NDArray[np.uint32], port: NDArray[np.uint16]) -> Mask:
        """Which of the devices, shape (n,), have an engine known for their user and address."""
        self._grow(int(device.max(initial=-1)) + 1)
        found = self._known[device]
        same: Mask = (found["user"] == user) & (found["address"] == address) & (found["port"] == port)
        return same

    def meet(self, device: int, user: int, address: int, port: int, identity: tuple[bytes, bytes, bytes]) -> None:
        """An engine with its id and the user's keys there (signing, encrypting); its time isn't known yet."""
        self._grow(device + 1)
        engine, auth, priv = identity
        self._known[device] = (
            user, address, port, False, False, len(engine), _padded(engine, MOST_ENGINE), _padded(auth, KEY),
            _padded(priv, PRIV_KEY), 0, 0, 0.0,
        )  # fmt: skip

    def hint(self, device: int, boots: int, seconds: int, now: float) -> None:
        """What an engine that was just met says of its time, unsigned: enough to ask by, not to believe by."""
        one = self._known[device : device + 1]
        one["boots"], one["offset"] = boots, seconds - now

    def doubt(self, device: Devices) -> None:
        """Devices that are silent: a second time in a row their engines are forgotten, and discovered anew.

        So is one found again whose boots went back or whose name changed without a word. Once is chance.
        """
        silent = self._known[device[device < len(self._known)]]
        silent["user"][silent["doubted"]] = _UNKNOWN
        silent["doubted"] = True
        self._known[device[device < len(self._known)]] = silent

    def identity(self, device: Devices) -> tuple[NDArray[np.uint8], Numbers]:
        """(engine ids, shape (n, MOST_ENGINE), 0 behind their end; their sizes)."""
        return self._known["engine"][device], self._known["size"][device].astype(np.int64)

    def keys(self, device: Devices) -> tuple[list[bytes], list[bytes]]:
        """(what signs, KEY octets each; what encrypts) for each device."""
        return _rows(self._known["auth"][device]), _rows(self._known["priv"][device])

    def time(self, device: Devices, now: float) -> tuple[Numbers, Numbers]:
        """(boots, seconds since) as each engine's own clock should have it at `now` of the forward clock."""
        seconds = np.clip(np.floor(self._known["offset"][device] + now), 0, _MOST_BOOTS)
        return self._known["boots"][device].astype(np.int64), seconds.astype(np.int64)

    def in_window(self, device: Devices, boots: Numbers, seconds: Numbers, now: float) -> Mask:
        """Which signed messages are timely, each from another device (RFC 3414 section 3.2, 7b); learns from them."""
        found = self._known[device]
        later = (boots == found["boots"]) & (seconds > found["latest"])
        newer = ~found["trusted"] | (boots > found["boots"]) | later
        found["boots"][newer], found["latest"][newer] = boots[newer], seconds[newer]
        found["offset"][newer] = seconds[newer] - now
        found["trusted"] |= newer
        late = seconds < found["offset"] + now - _WINDOW_S
        timely: Mask = (boots == found["boots"]) & (boots < _MOST_BOOTS) & ~late
        found["doubted"] &= ~timely
        self._known[device] = found
        return timely

    def _grow(self, devices: int) -> None:
        if devices > len(self._known):
            more = np.zeros(max(devices, 2 * len(self._known)) - len(self._known), _ENGINE)
            more["user"] = _UNKNOWN
            self._known = np.concatenate([self._known, more])


def _padded(octets: bytes, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(octets.ljust(size, b"\0"), np.uint8)


def _rows(octets: NDArray[np.uint8]) -> list[bytes]:
    """Each row of shape (n, size) by itself."""
    size, flat = octets.shape[1], octets.tobytes()
    return [flat[at : at + size] for at in range(0, len(flat), size)]
