"""The address that agents check in at: bounded, signed, stored before it is answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_network
from secrets import token_hex
from urllib.parse import unquote

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message

from collectors.checkin import intake
from collectors.checkin.intake import CheckIn, FullError, Replayed, Taken
from collectors.checkin.keys import references
from collectors.checkin.message import LEAST_KEY, PATH, UnreadableError, is_signed, read
from inventory.model import Endpoint, Inventory
from storage.settings import SecretUnavailableError, resolve_secret

MOST_OCTETS = 512 << 10
_LOOK_S = 1.0  # how soon a body that nothing comes of is asked whether its time is over
_SAID_AGAIN_S = 3_600.0
_AT_ONCE = 200  # requests in one transaction
_MOST_WAITING = 2_000
_NOBODY = token_hex()  # a key that no kendra has: unknown names take as long as known ones

_log = structlog.get_logger()


@dataclass
class Allowance:
    """Requests of one kendra: `burst` at once, then one each `every_s`."""

    burst: float = 60.0
    every_s: float = 5.0
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def takes(self, site: str, now: float) -> bool:
        """Whether one more may come at the forward clock's `now`; it is counted then."""
        left, at = self._left.get(site, (self.burst, now))
        left = min(self.burst, left + (now - at) / self.every_s)
        taken = left >= 1
        self._left[site] = left - taken, now
        return taken


class _NoRoomError(Exception):
    """Too much is held already."""


@dataclass
class Room:
    """Octets of bodies that are held at once: whoever sends them has proved nothing yet.

    One address holds no more than its share, which is enough for several kendras behind one NAT; and the less room
    there is, the less time all bodies get.
    """

    left: int = 32 << 20
    share: int = 8 * MOST_OCTETS
    most_s: float = 60.0  # a kendra's line is slow
    least_s: float = 5.0  # a heartbeat takes two packets
    _whole: int = field(init=False)
    _held: Counter[str] = field(default_factory=Counter)  # octets by address

    def __post_init__(self) -> None:
        self._whole = self.left

    @property
    def patience_s(self) -> float:
        """How long a body may take now: the most while half of the room is free, then in proportion less."""
        return max(self.least_s, self.most_s * min(1.0, 2 * self.left / self._whole))

    @contextmanager
    def held(self, address: str) -> Iterator[Callable[[int], None]]:
        """What is taken is given back at the end of the block; _NoRoomError where there is no more for this address."""
        taken = 0

        def take(octets: int) -> None:
            nonlocal taken
            if octets > min(self.left, self.share - self._held[address]):
                raise _NoRoomError
            taken, self.left = taken + octets, self.left - octets
            self._held[address] += octets

        try:
            yield take
        finally:
            self.left += taken
            self._held[address] -= taken
            if not self._held[address]:
                del self._held[address]


class Writer:
    """Stores requests in few transactions: each waits for a disk, and many kendras come back at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: list[tuple[CheckIn, asyncio.Future[Taken | Replayed]]] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= _MOST_WAITING

    async def store(self, one: CheckIn) -> Taken | Replayed:
        """Returns when it is stored; raises SQLAlchemyError or FullError when it isn't."""
        stored = asyncio.get_running_loop().create_future()
        self._waiting.append((one, stored))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write())
        found: Taken | Replayed = await stored
        return found

    async def _write(self) -> None:
        while self._waiting:
            lot, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
            try:
                outcomes = await asyncio.to_thread(intake.store, self._engine, [one for one, _ in lot])
            except (SQLAlchemyError, FullError) as error:
                _log.error("check-ins not stored", error=type(error).__name__)
                for _, stored in lot:
                    if not stored.done():  # whoever asked may be gone
                        stored.set_exception(error)
                continue
            for (_, stored), outcome in zip(lot, outcomes, strict=True):
                if not stored.done():
                    stored.set_result(outcome)


class Receiver:
    """Answers 200 stored, 400 unreadable, 401 not signed with the kendra's key, 409 replayed, 413, 429, 503 store away."""

    def __init__(
        self,
        engine: Engine,
        inventory: Inventory,
        clock: Callable[[], float] = time.time,
        allowance: Allowance | None = None,
        room: Room | None = None,
    ) -> None:
        self._references = references(inventory)
        self._endpoints = [_told(endpoint) for endpoint in inventory.endpoints.values()]
        self._writer = Writer(engine)
        self._allowance = allowance or Allowance()
        self._clock = clock
        self._room = room or Room()
        self._said: dict[str, float] = {}  # site -> when its key was last complained about

    async def check_in(self, request: Request) -> Response:
        with self._room.held(_block_of(request)) as take:
            try:
                return await self._answered(request, take)
            except _NoRoomError:
                return _refused(503, "busy", {"Retry-After": "60"})

    async def _answered(self, request: Request, take: Callable[[int], None]) -> Response:
        body = await _body(request, take, self._room)
        if body is None:
            return _refused(413, "too large")
        received_at = self._clock()
        site = unquote(request.headers.get("x-pahunch-kendra", "")[:1000])
        key = self._key(site)
        signed = is_signed(key or _NOBODY, site, body, request.headers.get("x-pahunch-signature", ""))
        if not (signed and key):
            return _refused(401, "not signed with the key of a kendra that checks in here")
        if not self._allowance.takes(site, time.monotonic()):
            return _refused(429, "too many requests", {"Retry-After": "60"})
        try:
            envelope = read(body)
        except UnreadableError as error:
            return _refused(400, str(error))
        return await self._stored(CheckIn(site, envelope, received_at))

    def _key(self, site: str) -> str | None:
        """The kendra's key; None where it has none, or the reference leads nowhere."""
        if site not in self._references:
            return None
        try:
            key = resolve_secret(self._references[site])
        except SecretUnavailableError as error:
            self._complain(site, "key of a kendra is missing", str(error))
            return None
        if len(key) < LEAST_KEY:
            self._complain(site, "key of a kendra is too short", f"less than {LEAST_KEY} characters")
            return None
        return key

    def _complain(self, site: str, what: str, reason: str) -> None:
        """Once an hour for a kendra: anybody may name it."""
        now = time.monotonic()
        if now - self._said.get(site, float("-inf")) >= _SAID_AGAIN_S:
            self._said[site] = now
            _log.error(what, site=site, reason=reason)

    async def _stored(self, one: CheckIn) -> Response:
        if self._writer.is_full:
            return _refused(503, "busy", {"Retry-After": "60"})
        try:
            outcome = await self._writer.store(one)
        except SQLAlchemyError:
            return _refused(503, "the store is away", {"Retry-After": "60"})
        except FullError:
            return _refused(503, "collect is away", {"Retry-After": "600"})
        if isinstance(outcome, Replayed):
            return JSONResponse({"error": "replayed", "sequence": outcome.sequence}, 409)
        if outcome.refused:
            _log.warning("heartbeats refused", site=one.site, count=outcome.refused)
        return JSONResponse({"received_at": one.received_at, "refused": outcome.refused, "endpoints": self._endpoints})


def receiving(receiver: Receiver) -> Starlette:
    return Starlette(routes=[Route(PATH, receiver.check_in, methods=["POST"])])


def _block_of(request: Request) -> str:
    """The address that it came from; of IPv6 the /64, in which one host has as many as it likes."""
    host = request.client.host.partition("%")[0] if request.client else ""
    return str(ip_network(f"{host}/64", strict=False)) if ":" in host else host


async def _body(request: Request, take: Callable[[int], None], room: Room) -> bytes | None:
    """The whole body, each part of which `take` is told of; None where it is too large, or doesn't end in time.

    Raises _NoRoomError where it would have had more time if there were more room.
    """
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 9 or int(length) > MOST_OCTETS:
        return None
    parts: list[bytes] = []
    left = MOST_OCTETS
    begun, more = time.monotonic(), True
    while more:
        message = await _message(request, begun, room)
        if message is None or message["type"] == "http.disconnect":
            return None
        part, more = message.get("body", b""), message.get("more_body", False)
        take(len(part))
        parts.append(part)
        left -= len(part)
        if left < 0:
            return None
    return b"".join(parts)


async def _message(request: Request, begun: float, room: Room) -> Message | None:
    """What comes next; None where the body's time is over. Raises _NoRoomError where only want of room makes it so."""
    while True:
        patience_s = room.patience_s
        left_s = begun + patience_s - time.monotonic()
        if left_s <= 0:
            if patience_s < room.most_s:
                raise _NoRoomError
            return None
        with suppress(TimeoutError):
            async with asyncio.timeout(min(left_s, _LOOK_S)):
                return await request.receive()


def _refused(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": error}, status, headers)


def _told(endpoint: Endpoint) -> dict[str, str | float | None]:
    """What an agent has to know of an endpoint."""
    return {
        "code": endpoint.code,
        "url": endpoint.url,
        "method": endpoint.method,
        "expect_status": endpoint.expect_status,
        "expect_text": endpoint.expect_text,
        "timeout_s": endpoint.timeout_s,
    }
