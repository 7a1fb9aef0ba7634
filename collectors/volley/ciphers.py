"""AES-128 in CFB mode (RFC 3826 section 3.1) of many messages by as many keys.

To give OpenSSL a key costs ten times what encrypting a message by it does. So what it makes of a key is kept, and
CFB mode, which wants a message's vector together with the key, is made of two modes that don't, by XOR. With plain
text P, sealed text C, E for the cipher under the key and C[0] for the vector: C[i] = P[i] ^ E(C[i-1]).
To open, all C are known, and ECB mode gives E of each. To seal, CBC mode over C[0], P[1], P[2], ... gives
X[i+1] = E(P[i] ^ X[i]) = E(C[i]). Its context goes on from message to message: the last block that it made is
XORed to what comes first, so that is taken out beforehand.
"""

from typing import cast

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB
from numpy.typing import NDArray

from collectors.volley.roomy import roomy
from collectors.volley.usm import rows

BLOCK = 16
"""Octets of a key, of a vector and of what AES takes at once."""

MOST_KEPT = 1 << 16
"""Devices whose contexts are kept, the addressed ones of a state: 1,950 octets each, 128 MB. Others' are made each time."""

Devices = NDArray[np.int32]
Octets = NDArray[np.uint8]
_Kept = dict[int, CipherContext]
_CHAINED = CBC(bytes(BLOCK))
_EACH = ECB()  # noqa: S305 - of blocks that CFB mode tells apart


class Ciphers:
    """Encrypts and decrypts n texts, shape (n, size) of whole blocks, by devices' keys and vectors of shape (n, BLOCK)."""

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._key = np.zeros((0, BLOCK), np.uint8)  # by device
        self._last = np.zeros((0, BLOCK), np.uint8)  # that the device's sealing context made, 0 of a new one
        self._sealing: _Kept = {}
        self._opening: _Kept = {}

    def meet(self, device: int, key: bytes) -> None:
        """The device's key from now on; less than BLOCK octets for one that encrypts nothing."""
        self._key, self._last = (roomy(column, device + 1, BLOCK) for column in (self._key, self._last))
        self._key[device], self._last[device] = np.frombuffer(key.ljust(BLOCK, b"\0"), np.uint8), 0
        self._sealing.pop(device, None)
        self._opening.pop(device, None)

    def encrypt(self, device: Devices, vectors: Octets, plain: Octets) -> Octets:
        """`plain` sealed."""
        again = _again(device)
        if again.any():
            sealed = np.empty_like(plain)
            for part in (~again, again):
                sealed[part] = self.encrypt(device[part], vectors[part], plain[part])
            return sealed
        contexts, passing = self._contexts(self._sealing, _CHAINED, device)
        made = _through(contexts, vectors ^ self._last[device], plain)
        self._last[device] = made[:, -BLOCK:]
        self._last[device[passing]] = 0
        return plain ^ made

    def decrypt(self, device: Devices, vectors: Octets, sealed: Octets) -> Octets:
        """The reverse of `encrypt`."""
        contexts, _ = self._contexts(self._opening, _EACH, device)
        return sealed ^ _through(contexts, vectors, sealed)

    def _contexts(self, kept: _Kept, mode: CBC | ECB, device: Devices) -> tuple[list[CipherContext], list[int]]:
        """(one for each, rows of those that are made for now only)."""
        found = list(map(kept.get, device.tolist()))
        passing = list[int]()
        for row in [row for row, context in enumerate(found) if context is None] if None in found else ():
            found[row] = made = Cipher(AES(self._key[device[row]].tobytes()), mode).encryptor()
            if len(kept) < self._most_kept:
                kept[int(device[row])] = made
            else:
                passing.append(row)
        return cast(list[CipherContext], found), passing


def _through(contexts: list[CipherContext], first: Octets, others: Octets) -> Octets:
    """What the contexts make of a first block, shape (n, BLOCK), and of all others but the last."""
    texts = rows(np.concatenate([first, others[:, :-BLOCK]], axis=1))
    made = b"".join([context.update(text) for context, text in zip(contexts, texts, strict=True)])
    return np.frombuffer(made, np.uint8).reshape(others.shape)


def _again(device: Devices) -> NDArray[np.bool_]:
    """Which positions have a device that stands before, too."""
    again = np.ones(len(device), np.bool_)
    again[np.unique(device, return_index=True)[1]] = False
    return again
