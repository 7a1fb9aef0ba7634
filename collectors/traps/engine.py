"""A pysnmp engine that hears notifications of one credential, and answers informs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.type import univ
from pysnmp.carrier.asyncio.base import AbstractAsyncioTransport
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.carrier.asyncio.dgram.udp import UdpTransportAddress
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.proto.rfc1902 import ObjectName, OctetString

from collectors.snmp.backend import Target, Value
from collectors.snmp.peers import UNDECODABLE
from collectors.snmp.pysnmp_backend import AUTH, PRIV, value_of
from collectors.traps.meanings import Binds

Address = tuple[str, int]
Send = Callable[[bytes, Address], None]

_UP_TIME = "1.3.6.1.2.1.1.3.0"
_TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"  # SNMPv2-MIB::snmpTrapOID.0
_SHORTEST_ENGINE, _LONGEST_ENGINE = 5, 32  # octets: RFC 3411 section 5


@dataclass(frozen=True, slots=True)
class Told:
    """An authentic notification: its identifier and what was sent along."""

    oid: str
    binds: Binds


class Engine:
    """Hears what bears the credential of `access`: community or user, at the user's own level of security or above."""

    def __init__(self, access: Target, own: bytes, send: Send) -> None:
        """`own`: the SNMPv3 engine ID by which informs are sent to us; `send` is how answers go out."""
        self._access = access
        self._own = own
        self._told: list[Told] = []
        self._senders: dict[int, bytes] = {}  # SNMPv3 engine ID by device
        self._keys = _keys(access)
        self._engine = SnmpEngine(snmpEngineID=OctetString(own))
        self._door = _Door(send)
        config.add_transport(self._engine, udp.DOMAIN_NAME, self._door)
        if access.usm is None:
            config.add_v1_system(self._engine, "known", access.community)
        else:
            self._know(None)
        ntfrcv.NotificationReceiver(self._engine, self._heard)

    def hear(self, datagram: bytes, sender: Address, device: int, engine: bytes) -> Sequence[Told]:
        """The notification in `datagram`, if it is authentic; `engine` is the authoritative one that it names."""
        if self._access.usm is not None and engine not in (b"", self._own):
            self._meet(device, engine)
        self._told = []
        try:
            self._door.hand_in(datagram, sender)
        except UNDECODABLE:
            return ()
        return self._told

    def close(self) -> None:
        self._engine.close_dispatcher()

    def _meet(self, device: int, engine: bytes) -> None:
        """Of SNMPv3 traps the sender's engine is the authoritative one: keys are made for it, one engine a device."""
        if not _SHORTEST_ENGINE <= len(engine) <= _LONGEST_ENGINE or self._senders.get(device) == engine:
            return
        before = self._senders.pop(device, None)
        if before is not None and before not in self._senders.values() and self._access.usm is not None:
            config.delete_v3_user(self._engine, self._access.usm.user, OctetString(before))
        if engine not in self._senders.values():
            self._know(engine)
        self._senders[device] = engine

    def _know(self, engine: bytes | None) -> None:
        """The user, at this SNMPv3 engine; None: at ours."""
        usm = self._access.usm
        if usm is None:
            return
        config.add_v3_user(
            self._engine,
            usm.user,
            AUTH.get(usm.auth_protocol, config.USM_AUTH_NONE),
            self._keys[0],
            PRIV.get(usm.priv_protocol, config.USM_PRIV_NONE),
            self._keys[1],
            securityEngineId=None if engine is None else OctetString(engine),
            authKeyType=config.USM_KEY_TYPE_MASTER,
            privKeyType=config.USM_KEY_TYPE_MASTER,
        )

    def _heard(
        self,
        engine: SnmpEngine,
        _reference: int,
        _context_engine: bytes,
        _context: bytes,
        binds: Sequence[tuple[ObjectName, univ.Any]],
        _: None,
    ) -> None:
        level = int(engine.observer.get_execution_context("rfc3412.receiveMessage:request")["securityLevel"])
        if level < _level(self._access):
            return  # pysnmp lets a user speak below the level at which it is known
        values = [(str(name), value_of(value)) for name, value in binds]
        said: list[tuple[str, Value]] = [(name, value) for name, value in values if value is not None]
        oid = next((str(value) for name, value in said if name == _TRAP_OID), "")
        self._told.append(Told(oid, [bind for bind in said if bind[0] not in (_TRAP_OID, _UP_TIME)]))


def _keys(access: Target) -> tuple[OctetString | None, OctetString | None]:
    """Passphrases as master keys: these are made keys for one engine at once, passphrases in some milliseconds."""
    usm = access.usm
    if usm is None or not usm.auth_protocol:
        return None, None
    hashed = config.AUTH_SERVICES[AUTH[usm.auth_protocol]].hash_passphrase
    return hashed(usm.auth.encode()), hashed(usm.priv.encode()) if usm.priv_protocol else None


def _level(access: Target) -> int:
    """securityLevel (RFC 3411 section 5): 1 noAuthNoPriv, 2 authNoPriv, 3 authPriv."""
    usm = access.usm
    return 1 if usm is None else 1 + bool(usm.auth_protocol) + bool(usm.priv_protocol)


class _Door(AbstractAsyncioTransport):  # type: ignore[misc]  # pysnmp has no types
    """Stands for the socket, which all engines share."""

    ADDRESS_TYPE = UdpTransportAddress

    def __init__(self, send: Send) -> None:
        self._send = send

    def hand_in(self, datagram: bytes, sender: Address) -> None:
        self._callback_function(self, UdpTransportAddress(sender), datagram)

    def send_message(self, message: bytes, address: Any) -> None:
        """pysnmp's hook."""
        self._send(message, (address[0], address[1]))
