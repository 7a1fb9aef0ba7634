"""The running of alerts: evaluate each second, deliver in threads, one task a channel."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from alerts.channels.notice import DeliveryError, Notice
from alerts.channels.registry import REPEAT_EVERY, REPEAT_RESOLVED_FOR, REPEATERS, SENDERS
from alerts.deliveries import Claim, claim_due, finish
from alerts.evaluate import evaluate
from alerts.messages import render
from alerts.model import Alert, Event, Opening
from alerts.store import told
from inventory.model import Inventory
from storage.damage import MISHAPS
from storage.settings import AlertSettings, ChannelSettings, SecretUnavailableError, resolve_secret

_EVERY_S = 1.0
_THREADS = 8
_log = structlog.get_logger("alerts")


def deliver(claim: Claim, channel: ChannelSettings, page_url: str, now: datetime) -> str | None:
    """Send one delivery; returns why it failed, or None when the other side has it."""
    notice = _notice(claim.alert, claim.event, channel, page_url, now)
    return _attempt(channel, lambda url: SENDERS[channel.kind](url, notice))


def repeat(engine: Engine, channel: ChannelSettings, page_url: str, now: datetime) -> str | None:
    """Tell a channel that forgets once more what it was told; returns why it failed, or None."""
    alerts = told(engine, channel.name, now - REPEAT_RESOLVED_FOR)
    if not alerts:
        return None
    notices = [
        _notice(alert, Event.RESOLVED if alert.resolved_at else Event.FIRING, channel, page_url, now)
        for alert in alerts
    ]
    return _attempt(channel, lambda url: REPEATERS[channel.kind](url, notices))


async def run(engine: Engine, inventory: Inventory, settings: AlertSettings, stop: asyncio.Event) -> None:
    """Evaluate and deliver until `stop` is set; what is under way then is finished first.

    A slow or failing channel holds up no other one, and what cannot be read of the store ends nothing: it is told, and
    tried again.
    """
    worker = uuid4().hex
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_evaluating(engine, inventory, settings, stop))
        for channel in settings.channels:
            tasks.create_task(_delivering(_Worker(engine, channel, settings.page_url, worker), stop))


async def _evaluating(engine: Engine, inventory: Inventory, settings: AlertSettings, stop: asyncio.Event) -> None:
    while not stop.is_set():
        with _whatever_the_store_gives():
            for decision in await asyncio.to_thread(evaluate, engine, inventory, settings, datetime.now(UTC)):
                about = decision if isinstance(decision, Opening) else decision.alert
                _log.info("alert", reason=decision.reason, rule=about.rule, subject=about.subject)
        await _pause(stop)


@contextmanager
def _whatever_the_store_gives() -> Iterator[None]:
    """Whatever comes next tries again: observation goes on meanwhile, and what is due stays stored."""
    try:
        yield
    except SQLAlchemyError as error:
        _log.error("store is away: alerts wait", error=type(error).__name__)
    except MISHAPS as error:
        _log.error("alerts wait", error=type(error).__name__, said=str(error).partition("\n")[0])


@dataclass(frozen=True, slots=True)
class _Worker:
    """One channel's deliveries in this process."""

    engine: Engine
    channel: ChannelSettings
    page_url: str
    token: str

    def claim(self) -> tuple[Claim, ...]:
        return claim_due(self.engine, datetime.now(UTC), self.token, channel=self.channel.name, limit=_THREADS)

    def make(self, claim: Claim) -> None:
        error = deliver(claim, self.channel, self.page_url, datetime.now(UTC))
        if error is not None:
            _log.warning("delivery_failed", delivery=claim.id, channel=claim.channel, error=error, tries=claim.attempts)
        if not finish(self.engine, claim, error, datetime.now(UTC)):
            _log.warning("delivery_taken_over", delivery=claim.id, channel=claim.channel)

    def repeat(self) -> None:
        error = repeat(self.engine, self.channel, self.page_url, datetime.now(UTC))
        if error is not None:
            _log.warning("repetition_failed", channel=self.channel.name, error=error)


async def _delivering(worker: _Worker, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    next_repetition = loop.time()
    # Its own threads: apprise may wait for as long as its service does.
    with ThreadPoolExecutor(_THREADS, worker.channel.name) as threads:
        while not stop.is_set():
            claims: tuple[Claim, ...] = ()
            with _whatever_the_store_gives():
                claims = await loop.run_in_executor(threads, worker.claim)
                await asyncio.gather(*(loop.run_in_executor(threads, worker.make, claim) for claim in claims))
                if worker.channel.kind in REPEATERS and loop.time() >= next_repetition:
                    await loop.run_in_executor(threads, worker.repeat)
                    next_repetition = loop.time() + REPEAT_EVERY.total_seconds()
            if not claims:
                await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), _EVERY_S)


def _attempt(channel: ChannelSettings, send: Callable[[str], None]) -> str | None:
    try:
        send(resolve_secret(channel.url))
    except (DeliveryError, SecretUnavailableError) as error:
        return str(error)
    return None


def _notice(alert: Alert, event: Event, channel: ChannelSettings, page_url: str, now: datetime) -> Notice:
    return Notice(alert, event, render(alert, event, channel.language, page_url), now)
