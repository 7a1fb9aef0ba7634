"""The one way in which the product speaks SNMP; gufo.py and pysnmp_backend.py implement it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from collectors.model import Failure

Value = int | bytes | str
"""An integer type or TimeTicks as int, OCTET STRING and Opaque as bytes, an OBJECT IDENTIFIER or
IpAddress as dotted text. NULL, noSuchObject and noSuchInstance are absent, never a value."""


AUTH_PROTOCOLS = ("SHA-256", "SHA", "SHA-224", "SHA-384", "SHA-512", "MD5")
"""RFC 7860 and RFC 3414. Volleys speak the first two, which is nearly everybody's; the others are asked singly."""

PRIV_PROTOCOLS = ("AES", "AES-192", "AES-256", "DES")
"""RFC 3826, draft-blumenthal-aes-usm-04 (a key that is too short is lengthened as net-snmp does it), RFC 3414."""


@dataclass(frozen=True, slots=True)
class Usm:
    """SNMPv3 user (RFC 3414): passphrases here are resolved secrets, so `repr` hides them."""

    user: str
    auth_protocol: str = ""  # of AUTH_PROTOCOLS; empty: noAuthNoPriv
    auth: str = ""
    priv_protocol: str = ""  # of PRIV_PROTOCOLS; empty: authNoPriv
    priv: str = ""

    def __repr__(self) -> str:
        return f"Usm(user={self.user!r}, auth={self.auth_protocol or 'none'}, priv={self.priv_protocol or 'none'})"


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to ask one device."""

    address: str
    port: int = 161
    version: int = 2  # 1, 2 (for 2c) or 3
    community: str = ""
    usm: Usm | None = None
    timeout_s: float = 2.0
    max_repetitions: int = 25  # 0: no GETBULK, GETNEXT instead
    attempts: int = 2  # one retry: DESIGN §4

    def __repr__(self) -> str:
        return f"Target({self.address}:{self.port}, v{self.version})"


@dataclass(frozen=True, slots=True)
class Limits:
    """What ends a walk even if the agent doesn't."""

    rows: int = 20_000
    octets: int = 8_000_000
    seconds: float = 8.0
    whole: bool = True  # False: `rows` of them are all that is wanted, so reaching that is no failure


class SnmpBackend(Protocol):
    """Asks a device; a device that is down, strange or hostile gives a Failure, never an exception.

    Both methods accept only what was asked for: a value for another object is dropped, an order
    that does not increase ends a walk. `attempts` of a request, inside `timeout_s` each.
    """

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        """Values by object identifier (dotted, no leading dot); an absent object has no key."""
        ...

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        """Everything below `column`, keyed by the index after it ("4194304256.3"), in agent order.

        A walk that hits a limit or an agent that doesn't advance returns a Failure of reason
        PROTOCOL or DEADLINE whose detail says how far it came: half a table is no table.
        """
        ...

    async def close(self) -> None:
        """Give back sockets and engines."""
        ...
