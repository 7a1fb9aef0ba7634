"""The User-based Security Model's cryptography (RFC 3414, RFC 3826, RFC 7860). Pure."""

import hmac
from collections.abc import Callable
from functools import lru_cache
from hashlib import md5, new, sha1, sha224, sha256, sha384, sha512
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from collectors.snmp.backend import Usm

AUTH, PRIV, REPORTABLE = 1, 2, 4
"""Bits of msgFlags (RFC 3412 section 6.4)."""

KEY, PRIV_KEY, SALT = 32, 16, 8
"""Octets of the longest key that signs, of one that encrypts, of a salt."""

_EXPANDED = 1 << 20  # RFC 3414 A.2: a passphrase is repeated to a megabyte
_MOST_KEPT = 256  # master keys of passphrases


Octets = NDArray[np.uint8]


class _Hash(Protocol):
    def digest(self) -> bytes: ...


class _Protocol(NamedTuple):
    digest: str
    hash: Callable[[bytes], _Hash]
    key: int  # octets
    mac: int  # octets of a signature


_PROTOCOLS = {
    "SHA-256": _Protocol("sha256", sha256, 32, 24),
    "SHA": _Protocol("sha1", sha1, 20, 12),
    "SHA-224": _Protocol("sha224", sha224, 28, 16),
    "SHA-384": _Protocol("sha384", sha384, 48, 32),
    "SHA-512": _Protocol("sha512", sha512, 64, 48),
    "MD5": _Protocol("md5", md5, 16, 12),
}
_IN_COLUMNS = frozenset({"SHA-256", "SHA"})
_BLOCK = 64  # octets that either hash takes at once
_INNER, _OUTER = 0x36, 0x5C  # RFC 2104 section 2


def in_columns(usm: Usm) -> bool:
    """Whether volleys speak the user's protocols."""
    return usm.auth_protocol in _IN_COLUMNS and usm.priv_protocol in {"", "AES"}


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

    def signature(self, key: bytes, message: bytes) -> bytes:
        """Of one message that has zeros where it belongs."""
        return hmac.digest(key, message, self._protocol.digest)[: self.mac]

    def signatures(self, keys: Octets, texts: Octets, size: NDArray[np.int64]) -> Octets:
        """Of n messages, the first `size` octets of `texts`, that have zeros where these belong; shape (n, mac).

        HMAC (RFC 2104) by `keys`, shape (n, KEY), with two hashes. OpenSSL's own takes twice as long for messages of
        this size, for it makes a context for each.
        """
        one = self._protocol.hash
        padded = np.concatenate([_blocks(keys, _INNER), texts], axis=1)
        whole, width = padded.tobytes(), padded.shape[1]
        begins = range(0, padded.size, width)
        ends = (size + _BLOCK + width * np.arange(len(size))).tolist()
        outer = rows(_blocks(keys, _OUTER))
        made = [
            one(key + one(whole[begin:end]).digest()).digest()
            for key, begin, end in zip(outer, begins, ends, strict=True)
        ]
        return np.frombuffer(b"".join(made), np.uint8).reshape(len(size), self._protocol.key)[:, : self.mac]


def rows(octets: Octets) -> list[bytes]:
    """Each row of shape (n, size), which lie together in memory, by itself."""
    found: list[bytes] = octets.view(f"V{octets.shape[1]}")[:, 0].tolist()
    return found


def _blocks(keys: Octets, padding: int) -> Octets:
    made = np.full((len(keys), _BLOCK), padding, np.uint8)
    made[:, : keys.shape[1]] ^= keys
    return made


@lru_cache(_MOST_KEPT)
def _master(digest: str, passphrase: str) -> bytes:
    octets = passphrase.encode()
    return new(digest, (octets * (_EXPANDED // len(octets) + 1))[:_EXPANDED]).digest()
