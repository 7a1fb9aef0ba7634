"""Requests that are told apart by their octets without the request-id, a lot at a time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datagrams import WIDEST, Lot, Octets, Rows

ID_OCTETS = 4
"""Only request-ids of this many octets are looked for: managers take large ones, so that none is guessed."""

_MOST = 8192
_INTEGER = 0x02
_Words = NDArray[np.uint64]
_WEIGHTS = np.random.default_rng(20).integers(1, 2**63, WIDEST // 8).astype(np.uint64) * np.uint64(2) + np.uint64(1)


@dataclass(frozen=True, slots=True)
class _Size:
    """Known requests of one size, by their hash: shapes (requests,) and (requests, words)."""

    hash: _Words
    number: NDArray[np.int32]
    words: _Words


class Known:
    """Numbers of requests that were asked before."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._sizes: dict[int, _Size] = {}

    def number(self, data: bytes, start: int) -> int | None:
        """The number of a request whose request-id begins at `start`, a new one where it isn't known.

        None where no more are remembered: whoever asks ever new things isn't helped by it.
        """
        key = data[:start] + bytes(ID_OCTETS) + data[start + ID_OCTETS :]
        number = self._numbers.get(key)
        if number is None and len(self._numbers) < _MOST and len(key) <= WIDEST:
            number = self._numbers[key] = len(self._numbers)
            self._learn(key, number)
        return number

    def read(self, lot: Lot) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
        """(the number of each datagram's request, -1 where it isn't known; its request-id), shape (n,)."""
        at, fits = _places(lot.octets, lot.size)
        rows = np.arange(len(at))
        windows = np.ndarray((len(at), WIDEST - 3), ">u4", lot.octets, strides=(WIDEST, 1))
        identifiers = windows[rows, at].astype(np.uint32)
        windows[rows, at] = 0
        numbers = np.full(len(at), -1, np.int32)
        for size in np.flatnonzero(np.bincount(lot.size[fits])).tolist():
            if known := self._sizes.get(size):
                some = np.flatnonzero(fits & (lot.size == size))
                numbers[some] = _find(known, _words(lot.octets[some, : known.words.shape[1] * 8], size))
        windows[rows, at] = identifiers
        return numbers, identifiers

    def _learn(self, key: bytes, number: int) -> None:
        words = _words(np.frombuffer(key.ljust(-(-len(key) // 8) * 8, b"\0"), np.uint8)[None].copy(), len(key))
        before = self._sizes.get(len(key), _Size(_hash(words[:0]), np.zeros(0, np.int32), words[:0]))
        hashes = np.append(before.hash, _hash(words))
        order = np.argsort(hashes, kind="stable")
        numbers = np.append(before.number, np.int32(number))
        self._sizes[len(key)] = _Size(hashes[order], numbers[order], np.concatenate([before.words, words])[order])


def _places(octets: Octets, size: Rows) -> tuple[Rows, NDArray[np.bool_]]:
    """(where the request-id's content begins, whether it can be there and takes ID_OCTETS), as `message.locate_id`."""
    rows = np.arange(len(size))
    at = 5 + _more(octets[:, 1])
    at += 2 + octets[rows, at + 1]
    at += 2 + _more(octets[rows, at + 1])
    fits = (octets[rows, at] == _INTEGER) & (octets[rows, at + 1] == ID_OCTETS) & (at + 2 + ID_OCTETS <= size)
    return at + 2, fits


def _more(first: Octets) -> Rows:
    """Octets of a length behind its first one (X.690 section 8.1.3)."""
    return np.where(first < 0x80, 0, first & 0x7F).astype(np.int64)


def _words(octets: Octets, size: int) -> _Words:
    """`octets` of shape (n, 8 x words) as words; what lies behind `size` is cleared."""
    octets[:, size:] = 0
    return octets.view(np.uint64)


def _hash(words: _Words) -> _Words:
    found: _Words = words @ _WEIGHTS[: words.shape[1]]
    return found


def _find(known: _Size, words: _Words) -> NDArray[np.int32]:
    hashes = _hash(words)
    at = np.minimum(np.searchsorted(known.hash, hashes), len(known.hash) - 1)
    same = (known.hash[at] == hashes) & (known.words[at] == words).all(axis=1)
    return np.where(same, known.number[at], np.int32(-1))
