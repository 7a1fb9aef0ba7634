"""The fast backend: gufo-snmp, one connected socket a call.

gufo's public session hides what we need to know: whether a timeout was one or an ICMP "port
unreachable", whether another packet follows one that doesn't decode, and whether a walk ended
inside the agent's view. So this drives the sockets below that session; pyproject holds gufo to one
minor version.

gufo also believes too much of a packet, and goes on to the next by itself. So it doesn't read from the network: its
descriptor leads into a pair of sockets, and what came in is handed to it one by one, once collectors/snmp/shape.py
has found it to be a response, and collectors/snmp/proof.py to be from whom it should be.

gufo throws away the error-status of a response too: tooBig, genErr and "all of it is absent" look
alike. An answer with nothing of what was asked is therefore asked again through pysnmp, which tells.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, TypeVar

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    DesKey,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    SnmpAuthError,
    SnmpDecodeError,
    SnmpError,
    User,
)
from gufo.snmp._fast import GetIter, SnmpV1ClientSocket, SnmpV2cClientSocket, SnmpV3ClientSocket
from gufo.snmp.typing import ValueType
from gufo.snmp.user import BaseAuthKey, BasePrivKey, KeyType
from gufo.snmp.utils import format_sock_addr

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, Target, Usm, Value
from collectors.snmp.guard import Row, Walk, icmp_error, only_asked
from collectors.snmp.proof import Proof
from collectors.snmp.pysnmp_backend import AGAIN, PysnmpBackend
from collectors.snmp.shape import MalformedError, error_status, message_number

T = TypeVar("T")
_Socket = SnmpV1ClientSocket | SnmpV2cClientSocket | SnmpV3ClientSocket
_AUTH: dict[str, type[BaseAuthKey]] = {
    "SHA-256": Sha256Key,
    "SHA": Sha1Key,
    "SHA-224": Sha224Key,
    "SHA-384": Sha384Key,
    "SHA-512": Sha512Key,
    "MD5": Md5Key,
}
_PRIV: dict[str, type[BasePrivKey]] = {
    "AES": Aes128Key,
    "AES-192": Aes192Key,
    "AES-256": Aes256Key,
    "DES": DesKey,
}
_LONGEST = 65_535  # octets of a datagram
_MOST_READ = 4096  # octets that gufo reads of one


class GufoBackend:
    """SnmpBackend over gufo-snmp. `exact` answers what gufo cannot: see the module."""

    def __init__(self, exact: PysnmpBackend) -> None:
        self._exact = exact
        self._masters: dict[tuple[str, str], bytes] = {}
        # One pair for all calls: what gufo says is taken, and what it is told is read, before anybody else's turn.
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        for end in (self._ours, self._theirs):
            end.setblocking(False)

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        wanted = list(oids)
        deadline = asyncio.get_running_loop().time() + target.attempts * target.timeout_s
        answer = await self._guarded(target, deadline, lambda call: call.get(wanted))
        if isinstance(answer, Failure):
            return answer
        values = only_asked(wanted, _rows(answer.items()))
        return values or await self._exact.get(_until(target, deadline), oids)

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        repetitions = self._exact.repetitions(target)
        if not repetitions:
            return await self._exact.walk(target, column, limits)
        walk = Walk(column, limits)
        deadline = asyncio.get_running_loop().time() + limits.seconds
        answer = await self._guarded(target, deadline, lambda call: _walk(call, walk, repetitions))
        if isinstance(answer, _Wrong):
            return answer.failure
        if isinstance(answer, Failure) and answer.reason not in AGAIN:
            return answer
        if walk.ended:
            return walk.rows
        return await self._exact.resume(target, walk, deadline, failing=isinstance(answer, Failure))

    async def close(self) -> None:
        self._ours.close()
        self._theirs.close()
        await self._exact.close()

    async def _guarded(self, target: Target, deadline: float, ask: "Callable[[_Call], Awaitable[T]]") -> T | Failure:
        """What `ask` gives over a socket to `target`, with everything that can happen as a Failure."""
        try:
            sock = _open(target)
            wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, fileno=os.dup(sock.get_fd()))
            os.dup2(self._theirs.fileno(), sock.get_fd())
            call = _Call(sock, wire, self._ours, target, deadline)
        except (OSError, ValueError) as error:
            return Failure(Reason.NO_ROUTE, detail=str(error))
        try:
            if target.usm is not None:
                await self._introduce(call, target.usm)
            return await ask(call)
        except (SnmpError, OSError) as error:
            return _failure(error, call)
        finally:
            call.close()

    async def _introduce(self, call: "_Call", usm: Usm) -> None:
        """Engine discovery, then boots and time (RFC 3414 section 4): two exchanges before the first."""
        user = self._user(usm)
        await call.refresh()
        call.set_keys(user)
        if user.require_auth():
            await call.refresh()

    def _user(self, usm: Usm) -> User:
        """`usm` with its passphrases as master keys: hashing one takes longer than a whole poll."""
        auth = _AUTH[usm.auth_protocol] if usm.auth_protocol else None
        if auth is None:
            return User(usm.user)
        priv = _PRIV[usm.priv_protocol] if usm.priv_protocol else None
        return User(
            usm.user,
            auth_key=auth(self._master(auth, usm.auth), KeyType.Master),
            priv_key=priv(self._master(auth, usm.priv), KeyType.Master) if priv else None,
        )

    def _master(self, auth: type[BaseAuthKey], passphrase: str) -> bytes:
        key = (auth.__name__, passphrase)
        if key not in self._masters:
            self._masters[key] = auth.get_master_key(passphrase.encode())
        return self._masters[key]


class _Call:
    """One socket to a device, and what came over it. `sock` is gufo's, whose other end is `ours`."""

    def __init__(
        self, sock: _Socket, wire: socket.socket, ours: socket.socket, target: Target, deadline: float
    ) -> None:
        self._sock = sock
        self._wire = wire
        self._ours = ours
        self._timeout_s = target.timeout_s
        self._attempts = target.attempts
        self._deadline = deadline  # of the loop's clock
        self._loop = asyncio.get_running_loop()
        self.proof = Proof(target.usm) if target.usm else None
        self._asked = 0
        self._answer = b""
        self.answers = 0
        self.garbage = ""

    def close(self) -> None:
        self._wire.close()

    async def get(self, oids: list[str]) -> dict[str, ValueType]:
        return await self._exchange(lambda: self._sock.send_get_many(oids), self._sock.recv_get_many, {})

    async def bulk(self, position: GetIter, column: str) -> list[tuple[str, ValueType]]:
        """One GETBULK; nothing at the end of the agent's view, but also after an error-status."""

        def receive() -> list[tuple[str, ValueType]]:
            try:
                rows = self._sock.recv_get_bulk(position)
            except StopAsyncIteration:
                return []
            return [row or self._behind(column) for row in rows]

        return await self._exchange(lambda: self._sock.send_get_bulk(position), receive, [])

    def _behind(self, column: str) -> tuple[str, ValueType]:
        """The first row outside `column`, which a walk hides: the same answer read as one to a GET."""
        self._ours.send(self._answer)
        rows = self._sock.recv_get_many().items()
        return next((row for row in rows if not row[0].startswith(f"{column}.")), ("", 0))

    async def refresh(self) -> None:
        if isinstance(self._sock, SnmpV3ClientSocket):
            await self._exchange(self._sock.send_refresh, self._sock.recv_refresh, None)

    def set_keys(self, user: User) -> None:
        if isinstance(self._sock, SnmpV3ClientSocket):
            if self.proof is not None:
                self.proof.meet(self._sock.get_engine_id())
            self._sock.set_keys(
                user.name, user.get_auth_alg(), user.get_auth_key(), user.get_priv_alg(), user.get_priv_key()
            )

    async def _exchange(self, send: Callable[[], None], receive: Callable[[], T], nothing: T) -> T:
        """Send, and wait for the answer; again where none came. `nothing`: for one that reports an error.

        Every attempt sends the same octets: the answer to any of them counts, however late it is.
        """
        request = b""
        for _ in range(self._attempts):
            until = min(self._loop.time() + self._timeout_s, self._deadline)
            if until <= self._loop.time():
                break
            request = request or self._request(send)
            self._wire.send(request)
            with suppress(TimeoutError):
                answer = await self._receive(receive, nothing, until)
                self.answers += 1
                return answer
        raise TimeoutError

    def _request(self, send: Callable[[], None]) -> bytes:
        """What gufo would send."""
        send()
        request = self._ours.recv(_LONGEST)
        self._asked = message_number(request)
        return request

    async def _receive(self, receive: Callable[[], T], nothing: T, until: float) -> T:
        done: asyncio.Future[T] = self._loop.create_future()
        descriptor = self._wire.fileno()
        timer = self._loop.call_at(until, self._expire, receive, nothing, done)
        self._loop.add_reader(descriptor, self._readable, receive, nothing, done)
        try:
            return await done
        finally:
            timer.cancel()
            self._loop.remove_reader(descriptor)

    def _expire(self, receive: Callable[[], T], nothing: T, done: "asyncio.Future[T]") -> None:
        """No answer in time; but a loop that is late itself runs timers before it looks at sockets."""
        self._readable(receive, nothing, done)
        if not done.done():
            done.set_exception(TimeoutError())

    def _readable(self, receive: Callable[[], T], nothing: T, done: "asyncio.Future[T]") -> None:
        """Take one packet; others than the answer are passed over, for the answer may follow."""
        if done.done():
            return
        try:
            datagram = self._wire.recv(_LONGEST)
            status = error_status(datagram)
            if self.proof is not None:
                self.proof.check(datagram, self._asked)
            if len(datagram) > _MOST_READ:
                self._give_up(datagram, nothing, done)
                return
        except BlockingIOError:
            return
        except MalformedError as error:
            self.garbage = str(error)
            return
        except OSError as error:  # an ICMP error, which gufo would call a timeout
            done.set_exception(icmp_error(error.errno or 0))
            return
        self._answer = datagram
        self._ours.send(datagram)
        self._take(receive, nothing if status else None, done)

    def _give_up(self, datagram: bytes, nothing: T, done: "asyncio.Future[T]") -> None:
        """An answer that gufo can't read is like one that reports an error: it is asked for otherwise."""
        if nothing is None or message_number(datagram) != self._asked:
            raise MalformedError("too long")
        done.set_result(nothing)

    def _take(self, receive: Callable[[], T], instead: T | None, done: "asyncio.Future[T]") -> None:
        """Let gufo read the packet; `instead` of what it says, where that is given."""
        try:
            answer = receive()
        except BlockingIOError:  # it answers no request of gufo's
            return
        except (SnmpDecodeError, RuntimeError) as error:  # its decoder's own error is a RuntimeError
            self.garbage = str(error)
        except SnmpError as error:
            done.set_exception(error)
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            self.garbage = str(error)  # gufo's decoder panics on some packets, which PyO3 raises outside Exception
        else:
            done.set_result(answer if instead is None else instead)


class _Wrong(NamedTuple):
    """What came is no table."""

    failure: Failure


async def _walk(call: _Call, walk: Walk, repetitions: int) -> _Wrong | None:
    """Fill `walk`; it isn't `ended` afterwards where gufo cannot say why nothing more came."""
    position = GetIter(walk.column, repetitions)
    while not walk.ended:
        rows = await call.bulk(position, walk.column)
        if not rows:
            return None
        failure = walk.take(_rows(rows[:repetitions]))
        if failure:
            return _Wrong(failure)
    return None


def _open(target: Target) -> _Socket:
    address = format_sock_addr(target.address, target.port)
    if target.version == 1:
        return SnmpV1ClientSocket(address, target.community, 0, 0, 0, 0)
    if target.version == 2:
        return SnmpV2cClientSocket(address, target.community, 0, 0, 0, 0)
    return SnmpV3ClientSocket(address, b"", "", 0, b"", 0, b"", 0, 0, 0, 0)


def _until(target: Target, deadline: float) -> Target:
    """`target` with what is left of its time."""
    left = max(deadline - asyncio.get_running_loop().time(), 0.0)
    return replace(target, timeout_s=left / target.attempts)


def _failure(error: SnmpError | OSError, call: _Call) -> Failure:
    """What an exception of a request means; TimeoutError and ConnectionRefusedError are OSErrors."""
    match error:
        case SnmpAuthError():
            return Failure(Reason.AUTHENTICATION, detail=str(error))
        case ConnectionRefusedError():
            return Failure(Reason.REFUSED)
        case TimeoutError() if call.garbage:
            return Failure(Reason.PROTOCOL, detail=call.garbage)
        case TimeoutError():
            return Failure(Reason.DEADLINE if call.answers else Reason.TIMEOUT)
    return Failure(Reason.PROTOCOL if isinstance(error, SnmpError) else Reason.NO_ROUTE, detail=str(error))


def _rows(pairs: Iterable[tuple[str, ValueType]]) -> Iterator[Row]:
    """The types that SNMP has; gufo's own type has a float, which no SMI type decodes to."""
    for oid, value in pairs:
        if not isinstance(value, float):
            yield oid, value
