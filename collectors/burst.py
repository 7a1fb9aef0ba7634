"""The burst of probes that tells loss from silence."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

from collectors.icmp.ping import IcmpUnavailableError
from collectors.model import ANSWERED, Failure, Reason
from collectors.plan import SYS_UP_TIME
from collectors.silence import Burst
from collectors.snmp.backend import SnmpBackend, Target

_Probe = asyncio.Task[bool | None]
Echo = Callable[[str], Awaitable[float | None]]
"""Sends an echo request to an address: its round trip, None where nothing came. Raises IcmpUnavailableError."""


async def burst(
    backend: SnmpBackend, target: Target, probes: int, spacing_s: float, *, echo: Echo | None = None
) -> Burst:
    """Send up to `probes` requests, `spacing_s` apart without waiting for answers; the first answer ends it.

    With `echo` every second one is an echo request. The others are answered in time until the last one's time is over:
    a device whose answers all come later than a timeout lives.
    """
    sent: set[_Probe] = set()
    now = asyncio.get_running_loop().time
    until = now() + probes * spacing_s + target.attempts * target.timeout_s
    try:
        for number in range(probes):
            patient = replace(target, timeout_s=max(target.timeout_s, (until - now()) / target.attempts))
            asked = _echoes(echo, target) if echo and number % 2 else _answers(backend, patient)
            sent.add(asyncio.create_task(asked))
            await asyncio.sleep(spacing_s)
            if _decided(sent):
                return _count(sent)
        for probe in asyncio.as_completed(sent):
            await probe
            if _decided(sent):
                break
        return _count(sent)
    finally:
        for probe in sent:
            probe.cancel()


async def _answers(backend: SnmpBackend, target: Target) -> bool | None:
    """Whether the device answered; None where this machine could not ask."""
    answer = await backend.get(target, (SYS_UP_TIME,))
    if isinstance(answer, Failure):
        return None if answer.reason is Reason.NO_ROUTE else answer.reason in ANSWERED
    return True


async def _echoes(echo: Echo, target: Target) -> bool:
    """Whether the device answered; that this machine could not ask is seen by the other requests."""
    try:
        return await echo(target.address) is not None
    except IcmpUnavailableError:
        return False


def _decided(probes: Iterable[_Probe]) -> bool:
    return any(probe.done() and probe.result() is not False for probe in probes)


def _count(probes: set[_Probe]) -> Burst:
    results = [probe.result() for probe in probes if probe.done()]
    return Burst(sent=len(probes), answered=results.count(True), blind=None in results)
