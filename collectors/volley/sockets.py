"""Many datagrams a system call: Linux' sendmmsg(2) and recvmmsg(2) over columns.

Python has neither. The structures are laid out as on 64-bit Linux (both x86-64 and AArch64), once;
a call then only fills in sizes and addresses.
"""

import ctypes
import socket
from collections.abc import Sequence
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


class _Rows:
    """Room for a number of datagrams of up to `width` octets, and the structures that point there."""

    def __init__(self, rows: int, width: int, *, stamped: bool) -> None:
        self.octets = np.zeros(rows * width + SLACK, np.uint8)
        self.address = np.zeros(rows, _ADDRESS)
        self.address["family"] = socket.AF_INET
        self.stamp = np.zeros(rows, _STAMP)
        self._pieces = np.zeros(rows, _PIECE)
        self._pieces["base"] = self.octets.ctypes.data + width * np.arange(rows)
        self._pieces["size"] = width
        self.messages = np.zeros(rows, _MESSAGE)
        self.messages["name"] = self.address.ctypes.data + _ADDRESS.itemsize * np.arange(rows)
        self.messages["pieces"] = self._pieces.ctypes.data + _PIECE.itemsize * np.arange(rows)
        self.messages["pieces_count"] = 1
        self.messages["name_size"] = _ADDRESS.itemsize
        if stamped:
            self.messages["control"] = self.stamp.ctypes.data + _STAMP.itemsize * np.arange(rows)

    def resize(self, size: NDArray[np.int64]) -> None:
        self._pieces["size"][: len(size)] = size

    def place(self, row: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.messages.ctypes.data + row * _MESSAGE.itemsize)


@dataclass(frozen=True, slots=True)
class Received:
    """n datagrams as they came: columns of shape (n,). `at` is the kernel's time of arrival, UTC epoch seconds.

    `octets` is flat and ends with SLACK octets that belong to none; a datagram begins at its `start`.
    """

    octets: NDArray[np.uint8]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    address: NDArray[np.uint32]
    port: NDArray[np.uint16]
    at: NDArray[np.float64]


def joined(parts: Sequence[Received]) -> Received:
    """All of `parts`, which aren't empty, as one."""
    starts = np.cumsum([0, *(len(part.octets) for part in parts[:-1])])
    return Received(
        octets=np.concatenate([part.octets for part in parts]),
        start=np.concatenate([part.start + start for part, start in zip(parts, starts, strict=True)]),
        size=np.concatenate([part.size for part in parts]),
        address=np.concatenate([part.address for part in parts]),
        port=np.concatenate([part.port for part in parts]),
        at=np.concatenate([part.at for part in parts]),
    )


class BatchSocket:
    """An unconnected UDP socket over IPv4; `most` datagrams a call."""

    def __init__(self, most: int = 512) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(("", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        with suppress(PermissionError):  # more than net.core.rmem_max is for CAP_NET_ADMIN
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._most = most
        self._out = _Rows(most, WIDEST, stamped=False)
        self._in = _Rows(most, LONGEST, stamped=True)

    def send(
        self,
        octets: NDArray[np.uint8],
        size: NDArray[np.int64],
        address: NDArray[np.uint32],
        port: NDArray[np.uint16],
    ) -> NDArray[np.bool_]:
        """Send n datagrams, `octets` of shape (n, WIDEST); which of them the kernel took."""
        taken = np.zeros(len(size), np.bool_)
        for start in range(0, len(size), self._most):
            part = slice(start, start + self._most)
            taken[part] = self._send(octets[part], size[part], address[part], port[part])
        return taken

    def _send(
        self,
        octets: NDArray[np.uint8],
        size: NDArray[np.int64],
        address: NDArray[np.uint32],
        port: NDArray[np.uint16],
    ) -> NDArray[np.bool_]:
        count, out = len(size), self._out
        out.octets[: count * WIDEST] = octets.reshape(-1)
        out.address["address"][:count], out.address["port"][:count] = address, port
        out.resize(size)
        taken = np.ones(count, np.bool_)
        row = 0
        while row < count:
            sent = _libc.sendmmsg(self._socket.fileno(), out.place(row), count - row, 0)
            if sent < 0:  # about the first one: no route, not permitted, buffer full
                taken[row] = False
            row += max(sent, 1)
        return taken

    def receive(self) -> Received:
        """What waits at the socket, at most `most` datagrams."""
        box = self._in
        box.messages["control_size"] = _STAMP.itemsize
        count = max(0, _libc.recvmmsg(self._socket.fileno(), box.place(0), self._most, 0, None))
        message, stamp, sender = box.messages[:count], box.stamp[:count], box.address[:count]
        return Received(
            octets=box.octets[: count * LONGEST + SLACK].copy(),
            start=LONGEST * np.arange(count),
            size=message["size"].astype(np.int64),
            address=sender["address"].astype(np.uint32),
            port=sender["port"].astype(np.uint16),
            at=stamp["seconds"] + stamp["nanoseconds"] * 1e-9,
        )

    def close(self) -> None:
        self._socket.close()
