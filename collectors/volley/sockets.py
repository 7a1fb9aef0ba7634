"""Many datagrams a system call: Linux' sendmmsg(2) and recvmmsg(2) over columns.

Python has neither. The structures are laid out as on 64-bit Linux (both x86-64 and AArch64), once;
a call then only fills in sizes and addresses. All sockets share them: one Inbox, one Outbox.
"""

import ctypes
import socket
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collectors.volley.ber import SLACK
from collectors.volley.request import WIDEST

LONGEST = 2048
"""Octets of the longest answer that is taken whole; a longer one is cut, and so no answer."""

_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35  # asm-generic/socket.h
_BUFFER = 4 << 20

_ADDRESS = np.dtype([("family", "<u2"), ("port", ">u2"), ("address", ">u4"), ("zero", "<u8")])
_PIECE = np.dtype([("base", "<u8"), ("size", "<u8")])
_MESSAGE = np.dtype(
    {
        "names": ["name", "name_size", "pieces", "pieces_count", "control", "control_size", "flags", "size"],
        "formats": ["<u8", "<u4", "<u8", "<u8", "<u8", "<u8", "<i4", "<u4"],
        "offsets": [0, 8, 16, 24, 32, 40, 48, 56],
        "itemsize": 64,
    }
)
_STAMP = np.dtype([("size", "<u8"), ("level", "<i4"), ("type", "<i4"), ("seconds", "<i8"), ("nanoseconds", "<i8")])

_libc = ctypes.CDLL(None, use_errno=True)


def open_socket() -> socket.socket:
    """An unconnected UDP socket over IPv4 whose datagrams the kernel stamps."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    opened.bind(("", 0))
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    with suppress(PermissionError):  # more than net.core.rmem_max is for CAP_NET_ADMIN
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    return opened


class _Rows:
    """Rows of `width` octets for datagrams of up to `longest`, and the structures that point there."""

    def __init__(self, rows: int, width: int, longest: int) -> None:
        self.flat = np.zeros(rows * width, np.uint8)
        self.octets = self.flat.reshape(rows, width)
        self.address = np.zeros(rows, _ADDRESS)
        self.address["family"] = socket.AF_INET
        self.pieces = np.zeros(rows, _PIECE)
        self.pieces["base"] = self.flat.ctypes.data + width * np.arange(rows)
        self.pieces["size"] = longest
        self.messages = np.zeros(rows, _MESSAGE)
        self.messages["name"] = self.address.ctypes.data + _ADDRESS.itemsize * np.arange(rows)
        self.messages["name_size"] = _ADDRESS.itemsize
        self.messages["pieces"] = self.pieces.ctypes.data + _PIECE.itemsize * np.arange(rows)
        self.messages["pieces_count"] = 1
        self._first = self.messages.ctypes.data

    def place(self, row: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._first + row * _MESSAGE.itemsize)


class Outbox:
    """Datagrams to be sent: write each into a row of `octets`, shape (rows, WIDEST)."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._box = _Rows(rows, WIDEST, WIDEST)
        self.octets = self._box.octets

    def send(
        self,
        opened: socket.socket,
        rows: slice,
        size: NDArray[np.int64],
        address: NDArray[np.uint32],
        port: NDArray[np.uint16],
    ) -> NDArray[np.bool_]:
        """Send the n `rows`, columns of shape (n,); which of them the kernel took."""
        box, first, count = self._box, rows.start, len(size)
        box.address["address"][rows], box.address["port"][rows] = address, port
        box.pieces["size"][rows] = size
        taken = np.ones(count, np.bool_)
        row = 0
        while row < count:
            sent = _libc.sendmmsg(opened.fileno(), box.place(first + row), count - row, 0)
            if sent < 0:  # about the first one: no route, not permitted, buffer full
                taken[row] = False
            row += max(sent, 1)
        return taken


@dataclass(frozen=True, slots=True)
class Received:
    """n datagrams as they came: columns of shape (n,). `at` is the kernel's time of arrival, UTC epoch seconds.

    `octets` is flat; a datagram begins at its `start`, and the SLACK octets behind it are nobody's.
    """

    octets: NDArray[np.uint8]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    address: NDArray[np.uint32]
    port: NDArray[np.uint16]
    at: NDArray[np.float64]


class Inbox:
    """Datagrams that came, and weren't read yet; when it is full the rest waits in the kernel."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._box = _Rows(rows, LONGEST + SLACK, LONGEST)
        self._stamp = np.zeros(rows, _STAMP)
        self._box.messages["control"] = self._stamp.ctypes.data + _STAMP.itemsize * np.arange(rows)
        self._box.messages["control_size"] = _STAMP.itemsize
        self.filled = 0

    @property
    def full(self) -> bool:
        return self.filled == self._rows

    def take(self, opened: socket.socket) -> None:
        """What waits at a socket, as far as there is room."""
        count = _libc.recvmmsg(opened.fileno(), self._box.place(self.filled), self._rows - self.filled, 0, None)
        self.filled += max(0, count)

    def read(self) -> Received:
        """What is in the box, where it lies: it stays only until the next `take` after this."""
        count, self.filled = self.filled, 0
        message, stamp, sender = self._box.messages[:count], self._stamp[:count], self._box.address[:count]
        message["control_size"], message["name_size"] = _STAMP.itemsize, _ADDRESS.itemsize
        return Received(
            octets=self._box.flat,
            start=(LONGEST + SLACK) * np.arange(count),
            size=message["size"].astype(np.int64),
            address=sender["address"].astype(np.uint32),
            port=sender["port"].astype(np.uint16),
            at=stamp["seconds"] + stamp["nanoseconds"] * 1e-9,
        )
