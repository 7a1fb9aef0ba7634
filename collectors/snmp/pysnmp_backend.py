"""The portable backend: pysnmp 7, below its high-level calls.

Those don't say from which address an answer came, and write a row for each target into engine
tables; so requests go through the same command generators with our own callback.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pyasn1.type import univ
from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity import config
from pysnmp.entity.rfc3413 import cmdgen
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC192_SHA256,
    USM_PRIV_CFB128_AES,
    CommunityData,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
)
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind
from pysnmp.proto.rfc1902 import IpAddress, ObjectName
from pysnmp.proto.rfc1905 import EndOfMibView

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, Target, Usm, Value
from collectors.snmp.guard import (
    AUTHORIZATION,
    END,
    NO_SUCH_NAME,
    TOO_BIG,
    ErrorStatus,
    Row,
    Walk,
    narrower,
    only_asked,
)
from collectors.snmp.peers import Peers

Reply = list[Row] | ErrorStatus | Failure
_Send = Callable[..., int]

AUTH = {"SHA-256": USM_AUTH_HMAC192_SHA256, "SHA": USM_AUTH_HMAC96_SHA}
PRIV = {"AES": USM_PRIV_CFB128_AES}
_FORGET_S = 60.0  # after which the engine forgets a request; our own clock ends it sooner
_AUTHENTICATION = (
    errind.WrongDigest,
    errind.UnknownUserName,
    errind.UnknownSecurityName,
    errind.UnsupportedSecurityLevel,
    errind.DecryptionError,
    errind.AuthenticationFailure,
    errind.AuthenticationError,
    errind.NotInTimeWindow,
)
_AGAIN = frozenset({Reason.TIMEOUT, Reason.DEADLINE, Reason.PROTOCOL})
_NOT_ALLOWED = Failure(Reason.AUTHENTICATION, detail="authorizationError")


class PysnmpBackend:
    """SnmpBackend over pysnmp: one engine for each credential, made at its first use."""

    def __init__(self) -> None:
        self._engines: dict[tuple[int, str, Usm | None], _Engine] = {}

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        engine = self._engine(target)  # before the clock starts: making one takes a tenth of a second
        deadline = asyncio.get_running_loop().time() + target.attempts * target.timeout_s
        values: dict[str, Value] = {}
        waiting = [tuple(oids)]
        while waiting:
            part = waiting.pop()
            reply = await engine.ask(target, deadline, _get(part))
            if isinstance(reply, Failure):
                return reply
            if isinstance(reply, ErrorStatus):
                if reply.status == AUTHORIZATION:
                    return _NOT_ALLOWED
                waiting.extend(narrower(part, reply))
            else:
                values.update(only_asked(part, reply))
        return values

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        self._engine(target)  # before the clock starts
        deadline = asyncio.get_running_loop().time() + limits.seconds
        return await self.resume(target, Walk(column, limits), deadline)

    async def resume(self, target: Target, walk: Walk, deadline: float) -> Mapping[str, Value] | Failure:
        """Go on from where `walk` stands until its end; `deadline` is of the loop's clock."""
        engine = self._engine(target)
        repetitions = target.max_repetitions if target.version != 1 else 0
        while not walk.ended:
            reply = await engine.ask(target, deadline, _next(walk.position, repetitions))
            if isinstance(reply, ErrorStatus) and reply.status == TOO_BIG and repetitions > 1:
                repetitions //= 2
                continue
            failure = _take(walk, reply)
            if failure:
                return failure
        return walk.rows

    async def close(self) -> None:
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()

    def _engine(self, target: Target) -> "_Engine":
        key = (target.version, target.community, target.usm)
        if key not in self._engines:
            self._engines[key] = _Engine(_credential(target))
        return self._engines[key]


class _Engine:
    """A pysnmp engine with the one credential it asks with."""

    def __init__(self, credential: CommunityData | UsmUserData) -> None:
        self._credential = credential
        self._engine = SnmpEngine()
        self._lcd = CommandGeneratorLcdConfigurator()
        self._peers = {False: Peers(), True: Peers()}  # IPv4, IPv6
        config.add_transport(self._engine, udp.DOMAIN_NAME, self._peers[False])
        config.add_transport(self._engine, udp6.DOMAIN_NAME, self._peers[True])

    async def ask(self, target: Target, deadline: float, send: _Send) -> Reply:
        """One request, and again where no answer came; `deadline` is of the loop's clock."""
        loop = asyncio.get_running_loop()
        failure = Failure(Reason.TIMEOUT)
        for _ in range(target.attempts):
            until = min(loop.time() + target.timeout_s, deadline)
            if until <= loop.time():
                break
            reply = await self._once(target, until, send)
            if not isinstance(reply, Failure) or reply.reason not in _AGAIN:
                return reply
            if reply.reason is not Reason.TIMEOUT:
                failure = reply
        return failure

    async def _once(self, target: Target, until: float, send: _Send) -> Reply:
        """`send` once, and its answer if it comes before `until` (loop's clock)."""
        peers = self._peers[":" in target.address]
        try:
            peer = await peers.connect((target.address, target.port))
        except OSError as error:
            return Failure(Reason.NO_ROUTE, detail=str(error))
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        peer.waiting.add(future)
        messages = peer.messages
        try:
            async with asyncio.timeout_at(until):
                send(self._engine, await self._name(target), None, b"", _callback, (future, peer.address))
                return await future
        except TimeoutError:
            if peer.garbage:
                return Failure(Reason.PROTOCOL, detail=peer.garbage)
            # an SNMPv3 engine that told its name is there, though it has no answer for us
            return Failure(Reason.DEADLINE if target.version == 3 and peer.messages > messages else Reason.TIMEOUT)
        except ConnectionRefusedError:
            return Failure(Reason.REFUSED)
        except (OSError, PySnmpError) as error:
            return Failure(Reason.NO_ROUTE, detail=str(error))
        finally:
            peer.waiting.discard(future)
            peers.release(peer)

    def close(self) -> None:
        self._engine.close_dispatcher()

    async def _name(self, target: Target) -> str:
        """pysnmp's name for this target, which it makes once and keeps."""
        kind = Udp6TransportTarget if ":" in target.address else UdpTransportTarget
        destination = await kind.create((target.address, target.port), timeout=_FORGET_S, retries=0)
        name, _ = self._lcd.configure(self._engine, self._credential, destination)
        return str(name)


def _credential(target: Target) -> CommunityData | UsmUserData:
    usm = target.usm
    if usm is None:
        return CommunityData(target.community, mpModel=0 if target.version == 1 else 1)
    return UsmUserData(
        usm.user,
        authKey=usm.auth or None,
        privKey=usm.priv or None,
        authProtocol=AUTH[usm.auth_protocol] if usm.auth_protocol else None,
        privProtocol=PRIV[usm.priv_protocol] if usm.priv_protocol else None,
    )


def _get(oids: tuple[str, ...]) -> _Send:
    binds = [_unset(oid) for oid in oids]

    def send(engine: SnmpEngine, name: str, context: None, context_name: bytes, *callback: object) -> int:
        return int(cmdgen.GetCommandGenerator().send_varbinds(engine, name, context, context_name, binds, *callback))

    return send


def _next(oid: str, repetitions: int) -> _Send:
    """GETBULK of what follows `oid`, or GETNEXT where `repetitions` is 0."""
    binds = [_unset(oid)]

    def send(engine: SnmpEngine, name: str, context: None, context_name: bytes, *callback: object) -> int:
        if not repetitions:
            generator = cmdgen.NextCommandGeneratorSingleRun()
            return int(generator.send_varbinds(engine, name, context, context_name, binds, *callback))
        bulk = cmdgen.BulkCommandGeneratorSingleRun()
        return int(bulk.send_varbinds(engine, name, context, context_name, 0, repetitions, binds, *callback))

    return send


def _unset(oid: str) -> tuple[ObjectName, univ.Null]:
    return ObjectName(oid), univ.Null("")


def _callback(  # noqa: PLR0917 - pysnmp's signature
    engine: SnmpEngine,
    _handle: int,
    indication: Any,  # pysnmp gives an ErrorIndication or a text
    status: int,
    index: int,
    binds: Sequence[tuple[ObjectName, univ.Any]],
    request: "tuple[asyncio.Future[Reply], tuple[str, int]]",
) -> None:
    """pysnmp's answer, an error of its engine, or an answer from somewhere else."""
    future, address = request
    if future.done():
        return
    if indication:
        future.set_result(_indicated(indication))
        return
    context = engine.observer.get_execution_context("rfc3412.receiveMessage:response")
    if tuple(context["transportAddress"]) != address:
        return
    future.set_result(ErrorStatus(int(status), int(index)) if status else list(_rows(binds)))


def _indicated(indication: Any) -> Failure:
    if isinstance(indication, errind.RequestTimedOut):
        return Failure(Reason.TIMEOUT)
    reason = Reason.AUTHENTICATION if isinstance(indication, _AUTHENTICATION) else Reason.PROTOCOL
    return Failure(reason, detail=str(indication))


def _rows(binds: Sequence[tuple[ObjectName, univ.Any]]) -> Iterator[Row]:
    for name, value in binds:
        yield END if isinstance(value, EndOfMibView) else (str(name), value_of(value))


def value_of(value: univ.Any) -> Value | None:
    """A value of pysnmp's as ours; None for NULL, noSuchObject, noSuchInstance and types that SNMP hasn't."""
    if isinstance(value, univ.Null):  # an OctetString to pyasn1; noSuchObject and noSuchInstance are Nulls
        return None
    if isinstance(value, univ.Integer):
        return int(value)
    if isinstance(value, IpAddress):
        return ".".join(map(str, bytes(value)))
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return str(value) if isinstance(value, univ.ObjectIdentifier) else None


def _take(walk: Walk, reply: Reply) -> Failure | None:
    """Add one answer to `walk`."""
    if isinstance(reply, Failure):
        return walk.failure(Reason.DEADLINE, "no more answers") if walk.taken else reply
    if isinstance(reply, ErrorStatus):
        if reply.status == AUTHORIZATION:
            return _NOT_ALLOWED
        if reply.status != NO_SUCH_NAME:
            return walk.failure(Reason.PROTOCOL, f"error-status {reply.status}")
        walk.ended = True  # SNMPv1's word for the end of the view
        return None
    return walk.take(reply) if reply else walk.failure(Reason.PROTOCOL, "empty answer")
