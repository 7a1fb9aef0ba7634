"""The User-based Security Model's cryptography (RFC 3414, RFC 3826, RFC 7860). Pure."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from hashlib import new, sha1, sha256
from typing import NamedTuple, Protocol

import numpy as np
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from numpy.typing import NDArray

from collectors.snmp.backend import Usm

AUTH, PRIV, REPORTABLE = 1, 2, 4
"""Bits of msgFlags (RFC 3412 section 6.4)."""

KEY, PRIV_KEY, SALT = 32, 16, 8
"""Octets of the longest key that signs, of one that encrypts, of a salt."""

_EXPANDED = 1 << 20  # RFC 3414 A.2: a passphrase is repeated to a megabyte
_MOST_KEPT = 256  # master keys of passphrases


class _Hash(Protocol):
    def digest(self) -> bytes: ...


class _Protocol(NamedTuple):
    digest: str
    hash: Callable[[bytes], _Hash]
    key: int  # octets
    mac: int  # octets of a signature


_PROTOCOLS = {"SHA-256": _Protocol("sha256", sha256, 32, 24), "SHA": _Protocol("sha1", sha1, 20, 12)}
_BLOCK = 64  # octets that either hash takes at once
_INNER, _OUTER = 0x36, 0x5C  # RFC 2104 section 2


class User:
    """A user whose messages are signed, and encrypted where it has privacy; holds keys, and shows none."""

    __slots__ = ("_auth", "_priv", "_protocol", "level", "mac", "name")

    def __init__(self, usm: Usm) -> None:
        """Raises ValueError for a user without authentication."""
        if not usm.auth_protocol or not usm.auth or bool(usm.priv_protocol) != bool(usm.priv):
            raise ValueError("a user with a passphrase for each protocol is needed")
        self.name = usm.user.encode()
        self._protocol = _PROTOCOLS[usm.auth_protocol]
        self.mac = self._protocol.mac
        self.level = AUTH | (PRIV if usm.priv_protocol else 0)
        self._auth = _master(self._protocol.digest, usm.auth)
        self._priv = _master(self._protocol.digest, usm.priv) if usm.priv_protocol else b""

    def __repr__(self) -> str:
        return f"User({self.name!r})"

    def keys(self, engine: bytes) -> tuple[bytes, bytes]:
        """(what signs, what encrypts: empty without privacy) at an engine: RFC 3414 section 2.6."""
        digest, _, octets, _ = self._protocol
        localised = [
            new(digest, key + engine + key).digest()[:octets] if key else b"" for key in (self._auth, self._priv)
        ]
        return localised[0], localised[1][:PRIV_KEY]

    def signatures(self, keys: NDArray[np.uint8], messages: Iterable[bytes | memoryview]) -> list[bytes]:
        """Of n messages that have zeros where these belong, by `keys`, shape (n, KEY): HMAC (RFC 2104) with all keys at once.

        OpenSSL's own takes twice as long for messages of this size, for it makes a context for each.
        """
        one, size = self._protocol.hash, self.mac
        blocks = zip(_blocks(keys, _INNER), _blocks(keys, _OUTER), messages, strict=True)
        return [one(outer + one(inner + message).digest()).digest()[:size] for inner, outer, message in blocks]


def rows(octets: NDArray[np.uint8]) -> list[bytes]:
    """Each row of shape (n, size) by itself."""
    size, flat = octets.shape[1], octets.tobytes()
    return [flat[at : at + size] for at in range(0, len(flat), size)]


def _blocks(keys: NDArray[np.uint8], padding: int) -> list[bytes]:
    made = np.full((len(keys), _BLOCK), padding, np.uint8)
    made[:, : keys.shape[1]] ^= keys
    return rows(made)


@lru_cache(_MOST_KEPT)
def _master(digest: str, passphrase: str) -> bytes:
    octets = passphrase.encode()
    return new(digest, (octets * (_EXPANDED // len(octets) + 1))[:_EXPANDED]).digest()


def encrypt(key: bytes, vector: bytes, plain: bytes | memoryview) -> bytes:
    """AES-128 in CFB mode; `vector` is engine boots, engine time and the salt (RFC 3826 section 3.1.2.1)."""
    return Cipher(AES(key), CFB(vector)).encryptor().update(plain)


def decrypt(key: bytes, vector: bytes, sealed: bytes | memoryview) -> bytes:
    """The reverse of `encrypt`."""
    return Cipher(AES(key), CFB(vector)).decryptor().update(sealed)
