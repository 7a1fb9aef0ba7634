"""Listening for the fleet's notifications: each is kept as a sample, and its device is polled at once."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Never

import structlog

from collectors.beside import Cell, offer, without_polls
from collectors.columns import Texts
from collectors.figures import Figures
from collectors.http.addresses import Network
from collectors.metrics import NUMBER
from collectors.model import Batch
from collectors.snmp.backend import Target
from collectors.traps.damping import Soon
from collectors.traps.meanings import MEANINGS, load_notifications
from collectors.traps.receiver import Event, Known, Receiver, open_socket
from collectors.watch import Fleet
from storage.settings import TrapSettings

Hasten = Callable[[int], bool]
"""Poll this device now; False where a poll of it is under way."""

_TICK_S = 0.2
_MOST_INSTANCES = 100_000
_METRIC = NUMBER["notification"]

_log = structlog.get_logger()


async def watch_traps(
    fleet: Fleet, settings: TrapSettings, ready: deque[Batch], hasten: Hasten, figures: Figures
) -> Never:
    """Hear notifications until cancelled; their samples go to `ready`. OSError where the address cannot be listened at.

    Nothing is opened unless `settings` names an address.
    """
    if not settings.listen:
        await asyncio.Event().wait()
    events: list[Event] = []
    opened = open_socket(settings.listen, settings.port)
    receiver = Receiver(opened, known(fleet, settings.relays), load_notifications(), events.append)
    try:
        async with asyncio.TaskGroup() as both:  # either's fault ends both: nobody may be deaf without saying so
            both.create_task(receiver.work())
            hand_over = partial(offer, ready, figures=figures)
            both.create_task(_hand_on(fleet, events, hand_over, hasten, receiver))
    finally:
        receiver.close()
    raise AssertionError("it runs for ever")


def known(fleet: Fleet, relays: Sequence[Network]) -> Known:
    """The polled devices of the fleet, by address."""
    devices: dict[str, list[int]] = {}
    for number in fleet.polled.tolist():
        devices.setdefault(str(fleet.facts.address[number].as_py()), []).append(number)

    def access(number: int) -> Target:
        """Without what two devices of one credential differ in."""
        found = fleet.facts.accesses[fleet.facts.access[number]]
        if not isinstance(found, Target):
            raise TypeError(f"{fleet.names[number]} is not polled")
        return found

    return Known(devices, access, relays, len(fleet.names))


async def _hand_on(
    fleet: Fleet, events: list[Event], hand_over: Callable[[Batch], None], hasten: Hasten, receiver: Receiver
) -> Never:
    soon, texts = Soon(), Texts(_MOST_INSTANCES)
    damped = 0
    while True:
        await asyncio.sleep(_TICK_S)
        now = time.monotonic()
        for event in events:
            soon.heard(event.device, now)
            _log.info(
                "notification", device=fleet.names[event.device], means=event.meaning, of=event.instance, oid=event.oid
            )
        if events:
            cells = _cells(events, texts)
            hand_over(without_polls(fleet.names, texts.all(), cells, time.time()))
            events.clear()
        for device in list(soon.take(now)):
            if not hasten(device):
                soon.heard(device, now)
        if receiver.heard.damped > damped:
            _log.warning("notifications left out: too many", of_them=receiver.heard.damped - damped)
            damped = receiver.heard.damped


def _cells(events: Sequence[Event], texts: Texts) -> list[Cell]:
    return [
        Cell(event.device, event.at, _METRIC, max(0, texts.number(event.instance)), 1.0 + MEANINGS.index(event.meaning))
        for event in events
    ]
