"""Many datagrams a system call, each with the address it came to: Linux' recvmmsg(2) and sendmmsg(2) over columns.

Python has neither. The structures are laid out as on 64-bit Linux (both x86-64 and AArch64), once;
a call then only fills in sizes and addresses.
"""

import ctypes
import socket
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IP_PKTINFO = 8  # linux/in.h; Python names it from 3.14 on
MOST = 512
"""Datagrams taken at once."""

WIDEST = 2048
"""Octets of the longest request that is taken whole, and of the longest answer that is sent."""

_ROOM = 1 << 16  # answers that can wait at once; more are lost, as a full queue on the way would lose them

_SHORT = 1024

_PEER = np.dtype([("family", "<u2"), ("port", ">u2"), ("address", ">u4"), ("zero", "<u8")])
_PIECE = np.dtype([("base", "<u8"), ("size", "<u8")])
_MESSAGE = np.dtype(
    {
        "names": ["name", "name_size", "pieces", "pieces_count", "control", "control_size", "flags", "size"],
        "formats": ["<u8", "<u4", "<u8", "<u8", "<u8", "<u8", "<i4", "<u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
# in_pktinfo(7): `own` is the address to send from, `address` the one a datagram came to
_INFO = np.dtype(
    {
        "names": ["size", "level", "type", "interface", "own", "address"],
        "formats": ["<u8", "<i4", "<i4", "<i4", ">u4", ">u4"],
        "offsets": [0, 8, 12, 16, 20, 24],
        "itemsize": 32,
    }
)
_INFO_SIZE = 28

_libc = ctypes.CDLL(None, use_errno=True)
Octets = NDArray[np.uint8]
Rows = NDArray[np.int64]


class _Table:
    """Room for a number of datagrams, and the structures that point there. Only rows in use take memory."""

    def __init__(self, rows: int) -> None:
        self.octets = np.zeros((rows, WIDEST), np.uint8)
        self.peer = np.zeros(rows, _PEER)
        self.info = np.zeros(rows, _INFO)
        self.pieces = np.zeros(rows, _PIECE)
        self.messages = np.zeros(rows, _MESSAGE)
        self.pieces["base"] = self.octets.ctypes.data + WIDEST * np.arange(rows)
        self.pieces["size"] = WIDEST
        self.messages["name"] = self.peer.ctypes.data + _PEER.itemsize * np.arange(rows)
        self.messages["name_size"] = _PEER.itemsize
        self.messages["pieces"] = self.pieces.ctypes.data + _PIECE.itemsize * np.arange(rows)
        self.messages["pieces_count"] = 1
        self.messages["control"] = self.info.ctypes.data + _INFO.itemsize * np.arange(rows)
        self.messages["control_size"] = _INFO.itemsize


@dataclass(frozen=True, slots=True)
class Lot:
    """n datagrams as they came by `now`, columns of shape (n,); `octets` of shape (n, WIDEST) hold until the next lot."""

    now: float  # UTC epoch seconds
    octets: Octets
    size: Rows
    address: NDArray[np.uint32]  # that was asked
    peer: NDArray[np.void]  # that asked

    def datagram(self, row: int) -> bytes:
        return self.octets[row, : self.size[row]].tobytes()


class Inbox:
    """What comes to a socket that tells the address asked by IP_PKTINFO."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._table = _Table(MOST)

    def receive(self, now: float, most: int = MOST) -> Lot:
        """What waits at the socket, at most `most` datagrams; a longer one than WIDEST is cut, and so no request."""
        table = self._table
        table.messages["control_size"] = _INFO.itemsize
        place = ctypes.c_void_p(table.messages.ctypes.data)
        count = max(0, _libc.recvmmsg(self._socket.fileno(), place, most, socket.MSG_DONTWAIT, None))
        return Lot(
            now,
            table.octets[:count],
            table.messages["size"][:count].astype(np.int64),
            table.info["address"][:count].astype(np.uint32),
            table.peer[:count],
        )


class Outbox:
    """Answers until they are due, and how they leave; times are UTC epoch seconds."""

    def __init__(self, sock: socket.socket, room: int = _ROOM) -> None:
        self._socket = sock
        self._table = _Table(room)
        self._table.info["size"], self._table.info["type"] = _INFO_SIZE, IP_PKTINFO
        self._due = np.full(room, np.inf)
        self._free = np.arange(room)[::-1].copy()
        self._used = 0
        self._reach = 0  # rows that were in use since it was empty
        self.sent = 0
        self.unsent = 0

    def put(self, octets: Octets, size: Rows, lot: Lot, rows: Rows, due: NDArray[np.float64]) -> None:
        """Answers to the datagrams `rows` of the lot: `octets` of shape (n, any), of which `size` count."""
        places = self._take(len(rows))
        rows = rows[: len(places)]
        table = self._table
        table.octets[places, : octets.shape[1]] = octets[: len(places)]
        table.pieces["size"][places] = size[: len(places)]
        table.peer[places] = lot.peer[rows]
        table.info["own"][places] = lot.address[rows]
        self._due[places] = due[: len(places)]

    def send(self, now: float) -> None:
        """Send what is due; what the kernel doesn't take is lost, as on a network."""
        places = np.flatnonzero(self._due[: self._reach] <= now)
        if not len(places):
            return
        messages = self._table.messages[places]
        at, one = messages.ctypes.data, _MESSAGE.itemsize
        row = taken = 0
        while row < len(places):
            sent = _libc.sendmmsg(self._socket.fileno(), ctypes.c_void_p(at + row * one), len(places) - row, 0)
            taken += max(sent, 0)
            row += max(sent, 1)  # an error is about the first one
        self.sent += taken
        self.unsent += len(places) - taken
        self._give_back(places)

    def next_due(self) -> float:
        """When the next answer is due; infinity where none waits."""
        return float(self._due[: self._reach].min(initial=np.inf))

    def _take(self, count: int) -> Rows:
        taken = min(count, len(self._free) - self._used)
        self.unsent += count - taken
        stop = len(self._free) - self._used
        places = self._free[stop - taken : stop]
        self._used += taken
        self._reach = max(self._reach, int(places.max(initial=-1)) + 1)
        return places.copy()

    def _give_back(self, places: Rows) -> None:
        self._due[places] = np.inf
        stop = len(self._free) - self._used
        self._free[stop : stop + len(places)] = places
        self._used -= len(places)
        if not self._used and self._reach > _SHORT:  # use the first rows again, and look at no others
            self._free = np.sort(self._free)[::-1].copy()
            self._reach = 0
