"""The address that agents check in at: bounded, signed, stored before it is answered."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from urllib.parse import unquote

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from collectors.checkin import intake
from collectors.checkin.intake import CheckIn, Replayed, Taken
from collectors.checkin.keys import references
from collectors.checkin.message import LEAST_KEY, PATH, UnreadableError, is_signed, read
from inventory.model import Endpoint, Inventory
from storage.settings import SecretUnavailableError, resolve_secret

MOST_OCTETS = 512 << 10
_BODY_S = 60.0  # a kendra's line is slow
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
        """Returns when it is stored; raises SQLAlchemyError when it isn't."""
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
            except SQLAlchemyError as error:
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
    ) -> None:
        self._references = references(inventory)
        self._endpoints = [_told(endpoint) for endpoint in inventory.endpoints.values()]
        self._writer = Writer(engine)
        self._allowance = allowance or Allowance()
        self._clock = clock

    async def check_in(self, request: Request) -> Response:
        body = await _body(request)
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
            _log.error("key of a kendra is missing", site=site, reason=str(error))
            return None
        if len(key) < LEAST_KEY:
            _log.error("key of a kendra is too short", site=site, least=LEAST_KEY)
            return None
        return key

    async def _stored(self, one: CheckIn) -> Response:
        if self._writer.is_full:
            return _refused(503, "busy", {"Retry-After": "60"})
        try:
            outcome = await self._writer.store(one)
        except SQLAlchemyError:
            return _refused(503, "the store is away", {"Retry-After": "60"})
        if isinstance(outcome, Replayed):
            return JSONResponse({"error": "replayed", "sequence": outcome.sequence}, 409)
        if outcome.refused:
            _log.warning("heartbeats refused", site=one.site, count=outcome.refused)
        return JSONResponse({"received_at": one.received_at, "refused": outcome.refused, "endpoints": self._endpoints})


def receiving(receiver: Receiver) -> Starlette:
    return Starlette(routes=[Route(PATH, receiver.check_in, methods=["POST"])])


async def _body(request: Request) -> bytes | None:
    """The whole body; None where it is too large, or doesn't end in time."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 9 or int(length) > MOST_OCTETS:
        return None
    parts: list[bytes] = []
    left = MOST_OCTETS
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_BODY_S):
            async for part in request.stream():
                parts.append(part)
                left -= len(part)
                if left < 0:
                    return None
            return b"".join(parts)
    return None


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
