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
    USM_AUTH_HMAC96_MD5,
    USM_AUTH_HMAC96_SHA,
    USM_AUTH_HMAC128_SHA224,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC256_SHA384,
    USM_AUTH_HMAC384_SHA512,
    USM_PRIV_CBC56_DES,
    USM_PRIV_CFB128_AES,
    USM_PRIV_CFB192_AES_BLUMENTHAL,
    USM_PRIV_CFB256_AES_BLUMENTHAL,
    CommunityData,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
)
from pysnmp.hlapi.v3arch.asyncio.lcd import CommandGeneratorLcdConfigurator
from pysnmp.proto import errind
from pysnmp.proto.rfc1902 import IpAddress, ObjectName, Opaque
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
from collectors.snmp.manners import Devices
from collectors.snmp.peers import Peers
from collectors.snmp.shape import counter64_in

Reply = list[Row] | ErrorStatus | Failure
_Send = Callable[..., int]

AUTH = {
    "SHA-256": USM_AUTH_HMAC192_SHA256,
    "SHA": USM_AUTH_HMAC96_SHA,
    "SHA-224": USM_AUTH_HMAC128_SHA224,
    "SHA-384": USM_AUTH_HMAC256_SHA384,
    "SHA-512": USM_AUTH_HMAC384_SHA512,
    "MD5": USM_AUTH_HMAC96_MD5,
}
PRIV = {
    "AES": USM_PRIV_CFB128_AES,
    "AES-192": USM_PRIV_CFB192_AES_BLUMENTHAL,
    "AES-256": USM_PRIV_CFB256_AES_BLUMENTHAL,
    "DES": USM_PRIV_CBC56_DES,
}
_FORGET_S = 60.0  # after which the engine forgets a request; our own clock ends it sooner
_LOOK_S = 0.001  # a turn of the loop
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
AGAIN = frozenset({Reason.TIMEOUT, Reason.DEADLINE, Reason.PROTOCOL})
"""A request that came to this may be answered when it is made once more, or otherwise."""
_NOT_ALLOWED = Failure(Reason.AUTHENTICATION, detail="authorizationError")


class PysnmpBackend:
    """SnmpBackend over pysnmp: one engine for each credential, made at its first use."""

    def __init__(self) -> None:
        self._engines: dict[tuple[int, str, Usm | None], _Engine] = {}
        self._by_next = Devices()

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        engine = self._engine(target)  # before the clock starts: making one takes a tenth of a second
        deadline = asyncio.get_running_loop().time() + target.attempts * target.timeout_s
        values: dict[str, Value] = {}
        waiting, heard = [tuple(oids)], False
        while waiting:
            part = waiting.pop()
            reply = await engine.ask(target, deadline, _get(part))
            if isinstance(reply, Failure):
                return _cut_short(reply) if heard else reply
            heard = True
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

    async def resume(
        self, target: Target, walk: Walk, deadline: float, *, failing: bool = False
    ) -> Mapping[str, Value] | Failure:
        """Go on from where `walk` stands until its end; `deadline` is of the loop's clock.

        What fails by GETBULK, as it may have been `failing` already, is asked by GETNEXT, and for a while all that the
        device is asked for where it answers that.
        """
        engine = self._engine(target)
        repetitions = 0 if failing else self.repetitions(target)
        while not walk.ended:
            reply = await engine.ask(target, deadline, _next(walk.position, repetitions))
            if repetitions and _fails(reply):
                repetitions, failing = _fewer(reply, repetitions), True
                continue
            failure = _take(walk, reply, repetitions)
            if failure:
                return failure
            if failing and not repetitions:
                self._by_next.add(target)
        return walk.rows

    def repetitions(self, target: Target) -> int:
        """How many rows a request of a walk asks for; 0: GETNEXT."""
        return 0 if target.version == 1 or target in self._by_next else target.max_repetitions

    async def close(self) -> None:
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()

    def _engine(self, target: Target) -> "_Engine":
        key = (target.version, target.community, target.usm)
        if key not in self._engines:
            self._engines[key] = _Engine(_credential(target))
        return self._engines[key]


def _cut_short(failure: Failure) -> Failure:
    """Silence after an answer isn't silence: the device lives."""
    return Failure(Reason.DEADLINE, detail="answers stopped") if failure.reason is Reason.TIMEOUT else failure


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
            if deadline <= loop.time():
                break
            reply = await self._once(target, deadline, send)
            if not isinstance(reply, Failure) or reply.reason not in AGAIN:
                return reply
            if reply.reason is not Reason.TIMEOUT:
                failure = reply
        return failure

    async def _once(self, target: Target, deadline: float, send: _Send) -> Reply:
        """`send` once, and its answer if it comes within the timeout and before `deadline` (loop's clock)."""
        peers = self._peers[":" in target.address]
        try:
            peer = await peers.connect((target.address, target.port))
        except OSError as error:
            return Failure(Reason.NO_ROUTE, detail=str(error))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        peer.waiting.add(future)
        messages = peer.messages
        timer = None
        try:
            send(self._engine, await self._name(target), None, b"", _callback, (future, peer.address))
            timer = loop.call_at(min(loop.time() + target.timeout_s, deadline), _expire, loop, future)
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
            if timer is not None:
                timer.cancel()
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


def _expire(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[Reply]") -> None:
    """No answer in time; but a loop that is late itself runs timers before it looks at sockets: one look more."""
    loop.call_later(_LOOK_S, _give_up, future)


def _give_up(future: "asyncio.Future[Reply]") -> None:
    if not future.done():
        future.set_exception(TimeoutError())


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
    if isinstance(value, Opaque) and (counted := counter64_in(bytes(value))) is not None:
        return counted
    if isinstance(value, univ.OctetString):
        return bytes(value)
    return str(value) if isinstance(value, univ.ObjectIdentifier) else None


def _fails(reply: Reply) -> bool:
    """Whether GETNEXT may do where a GETBULK was answered so."""
    if isinstance(reply, Failure):
        return reply.reason in AGAIN
    if isinstance(reply, ErrorStatus):
        return reply.status not in {AUTHORIZATION, NO_SUCH_NAME}
    return not reply


def _fewer(reply: Reply, repetitions: int) -> int:
    return repetitions // 2 if isinstance(reply, ErrorStatus) and reply.status == TOO_BIG else 0


def _take(walk: Walk, reply: Reply, repetitions: int) -> Failure | None:
    """Add to `walk` what one answer says of the rows that were asked for."""
    if isinstance(reply, Failure):
        return walk.failure(Reason.DEADLINE, "no more answers") if walk.taken else reply
    if isinstance(reply, ErrorStatus):
        if reply.status == AUTHORIZATION:
            return _NOT_ALLOWED
        if reply.status != NO_SUCH_NAME:
            return walk.failure(Reason.PROTOCOL, f"error-status {reply.status}")
        walk.ended = True  # SNMPv1's word for the end of the view
        return None
    return walk.take(reply[: max(repetitions, 1)]) if reply else walk.failure(Reason.PROTOCOL, "empty answer")
