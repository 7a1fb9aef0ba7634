"""What is known of the SNMPv3 engines of devices, in columns by device: keys, boots and time. Pure.

Some 110 octets a device. A device that is asked by another user or at another address is a stranger again.
"""

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ciphers import Ciphers
from collectors.volley.roomy import roomy
from collectors.volley.usm import KEY

LEAST_ENGINE, MOST_ENGINE = 5, 32
"""Octets of a snmpEngineID (RFC 3411 section 5)."""

_WINDOW_S = 150  # RFC 3414 section 2.2.3
_MOST_BOOTS = 2**31 - 1  # an engine that has booted so often has to be given new keys
_UNKNOWN = -1

Devices = NDArray[np.int32]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Engines:
    """Columns by device number. (As one structured array each look would copy whole records, a microsecond a device.)"""

    def __init__(self) -> None:
        self.ciphers = Ciphers()
        self._user = np.zeros(0, np.int32)
        self._address = np.zeros(0, np.uint32)
        self._port = np.zeros(0, np.uint16)
        self._trusted = np.zeros(0, np.bool_)  # boots and time are from a signed message
        self._doubted = np.zeros(0, np.bool_)  # it was silent when it was asked last
        self._size = np.zeros(0, np.uint8)
        self._engine = np.zeros((0, MOST_ENGINE), np.uint8)
        self._auth = np.zeros((0, KEY), np.uint8)
        self._boots = np.zeros(0, np.int32)
        self._latest = np.zeros(0, np.int32)  # the greatest time that a signed message told
        self._offset = np.zeros(0)  # seconds from the forward clock to the engine's

    def known(self, device: Devices, user: Numbers, address: NDArray[np.uint32], port: NDArray[np.uint16]) -> Mask:
        """Which of the devices, shape (n,), have an engine known for their user and address."""
        self._grow(int(device.max(initial=-1)) + 1)
        same: Mask = (self._user[device] == user) & (self._address[device] == address) & (self._port[device] == port)
        return same

    def meet(self, device: int, user: int, address: int, port: int, identity: tuple[bytes, bytes, bytes]) -> None:
        """An engine with its id and the user's keys there (signing, encrypting); its time isn't known yet."""
        self._grow(device + 1)
        engine, auth, priv = identity
        self._user[device], self._address[device], self._port[device] = user, address, port
        self._trusted[device] = self._doubted[device] = False
        self._size[device], self._engine[device] = len(engine), _padded(engine, MOST_ENGINE)
        self._auth[device] = _padded(auth, KEY)
        self.ciphers.meet(device, priv)
        self._boots[device] = self._latest[device] = self._offset[device] = 0

    def hint(self, device: int, boots: int, seconds: int, now: float) -> None:
        """What an engine that was just met says of its time, unsigned: enough to ask by, not to believe by."""
        self._boots[device], self._offset[device] = boots, seconds - now

    def doubt(self, device: Devices) -> None:
        """Devices that are silent: a second time in a row their engines are forgotten, and discovered anew.

        So is one found again whose boots went back or whose name changed without a word. Once is chance.
        """
        silent = device[device < len(self._user)]
        self._user[silent[self._doubted[silent]]] = _UNKNOWN
        self._doubted[silent] = True

    def identity(self, device: Devices) -> tuple[NDArray[np.uint8], Numbers]:
        """(engine ids, shape (n, MOST_ENGINE), 0 behind their end; their sizes)."""
        return self._engine[device], self._size[device].astype(np.int64)

    def signing_keys(self, device: Devices) -> NDArray[np.uint8]:
        """Of each device, shape (n, KEY), 0 behind its end."""
        return self._auth[device]

    def time(self, device: Devices, now: float) -> tuple[Numbers, Numbers]:
        """(boots, seconds since) as each engine's own clock should have it at `now` of the forward clock."""
        seconds = np.clip(np.floor(self._offset[device] + now), 0, _MOST_BOOTS)
        return self._boots[device].astype(np.int64), seconds.astype(np.int64)

    def in_window(self, device: Devices, boots: Numbers, seconds: Numbers, now: float) -> Mask:
        """Which signed messages are timely, each from another device (RFC 3414 section 3.2, 7b); learns from them."""
        known = self._boots[device]
        later = (boots == known) & (seconds > self._latest[device])
        newer = ~self._trusted[device] | (boots > known) | later
        learnt = device[newer]
        self._boots[learnt], self._latest[learnt] = boots[newer], seconds[newer]
        self._offset[learnt], self._trusted[learnt] = seconds[newer] - now, True
        late = seconds < self._offset[device] + now - _WINDOW_S
        timely: Mask = (boots == self._boots[device]) & (boots < _MOST_BOOTS) & ~late
        self._doubted[device[timely]] = False
        return timely

    def _grow(self, devices: int) -> None:
        if devices <= len(self._user):
            return
        self._user = roomy(self._user, devices, fill=_UNKNOWN)
        for name in ("address", "port", "trusted", "doubted", "size", "engine", "auth", "boots", "latest"):
            setattr(self, f"_{name}", roomy(getattr(self, f"_{name}"), devices))
        self._offset = roomy(self._offset, devices)


def _padded(octets: bytes, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(octets.ljust(size, b"\0"), np.uint8)
