"""The User-based Security Model's cryptography (RFC 3414, RFC 3826, RFC 7860). Pure."""

import hmac
from dataclasses import dataclass
from functools import lru_cache
from hashlib import new

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

_EXPANDED_OCTETS = 1 << 20  # RFC 3414 A.2: a passphrase is repeated to a megabyte
_AES_OCTETS = 16
_DIGESTS = {"SHA": ("sha1", 12), "SHA-256": ("sha256", 24)}  # HMAC-SHA-96, HMAC-SHA-256-192
AUTH_PROTOCOLS = tuple(_DIGESTS)
PRIV_PROTOCOLS = ("AES",)


@dataclass(frozen=True, slots=True)
class User:
    """Passphrases are resolved secrets; an empty protocol means that the service isn't used."""

    name: bytes
    auth_protocol: str = ""  # one of AUTH_PROTOCOLS
    auth: str = ""
    priv_protocol: str = ""  # one of PRIV_PROTOCOLS
    priv: str = ""

    def __repr__(self) -> str:
        return f"User({self.name!r})"

    def __post_init__(self) -> None:
        """Raises ValueError for a protocol that isn't known, and for privacy without authentication."""
        if self.auth_protocol not in {"", *AUTH_PROTOCOLS} or self.priv_protocol not in {"", *PRIV_PROTOCOLS}:
            known = ", ".join((*AUTH_PROTOCOLS, *PRIV_PROTOCOLS))
            raise ValueError(f"{self.auth_protocol} with {self.priv_protocol or 'no privacy'}: known are {known}")
        if self.priv_protocol and not self.auth_protocol:
            raise ValueError("privacy needs authentication")


@dataclass(frozen=True, slots=True)
class Keys:
    """A user's keys at one engine. `octets` is the length of a signature, 0 without authentication."""

    digest: str
    octets: int
    auth: bytes
    priv: bytes  # empty without privacy


def keys_of(user: User, engine: bytes) -> Keys:
    """The user's passphrases localised to an engine (RFC 3414 section 2.6)."""
    if not user.auth_protocol:
        return Keys("", 0, b"", b"")
    digest, octets = _DIGESTS[user.auth_protocol]
    priv = _localised(digest, user.priv, engine)[:_AES_OCTETS] if user.priv_protocol else b""
    return Keys(digest, octets, _localised(digest, user.auth, engine), priv)


def _localised(digest: str, passphrase: str, engine: bytes) -> bytes:
    master = _master(digest, passphrase)
    return new(digest, master + engine + master).digest()


@lru_cache(256)
def _master(digest: str, passphrase: str) -> bytes:
    octets = passphrase.encode() or b"\0"
    return new(digest, (octets * (_EXPANDED_OCTETS // len(octets) + 1))[:_EXPANDED_OCTETS]).digest()


def sign(keys: Keys, message: bytes) -> bytes:
    """The authentication parameters of a message in which they are zeros."""
    return hmac.digest(keys.auth, message, keys.digest)[: keys.octets]


def encrypt(keys: Keys, boots: int, seconds: int, salt: bytes, plain: bytes) -> bytes:
    encryptor = _cipher(keys, boots, seconds, salt).encryptor()
    return encryptor.update(plain) + encryptor.finalize()


def decrypt(keys: Keys, boots: int, seconds: int, salt: bytes, sealed: bytes) -> bytes:
    """Raises ValueError where the salt hasn't 8 octets."""
    decryptor = _cipher(keys, boots, seconds, salt).decryptor()
    return decryptor.update(sealed) + decryptor.finalize()


def _cipher(keys: Keys, boots: int, seconds: int, salt: bytes) -> "Cipher[CFB]":
    if len(salt) != 8:
        raise ValueError("privacy parameters of 8 octets are needed")
    vector = boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt  # RFC 3826 section 3.1.2.1
    return Cipher(algorithms.AES(keys.priv), CFB(vector))
