"""The ways to ask a device, by name. A new one is one function in one file, and one line here."""

import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from collectors.asked import Asked
from collectors.catalogue import load_groups
from collectors.group import Group
from collectors.icmp.probe import ping_device
from collectors.model import ANSWERED, Failure, PollResult, Reason
from collectors.profile import Profile
from collectors.read import read_device
from collectors.reading.kinds import Samples
from collectors.reading.model import Reading
from collectors.reading.samples import samples_of
from collectors.snmp.backend import SnmpBackend
from collectors.ssh.platform import load_platforms
from collectors.ssh.read import LINUX, read_over_ssh
from collectors.ssh.talk import target_of
from collectors.targets import target_at
from storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """What the probes share."""

    settings: Settings
    backend: SnmpBackend
    catalogue: Mapping[str, Profile]
    vendors: Mapping[int, str]
    ssh_pool: ThreadPoolExecutor
    groups: tuple[Group, ...] = field(default_factory=load_groups)


Probe = Callable[[Asked, Tools], Awaitable[PollResult]]
"""Asks one device once. Whatever a device does ends in a PollResult; no probe raises for it."""


async def probe_snmp(asked: Asked, tools: Tools) -> PollResult:
    """Recognise the device and read everything that its profile names."""
    watch = _Watch(asked.name)
    target = target_at(asked.address, asked.port, asked.credential, tools.settings)
    if isinstance(target, Failure):
        return watch.failed(target)
    read = await read_device(
        tools.backend, target, tools.catalogue, tools.vendors, groups=tools.groups, profile=asked.kind
    )
    return watch.failed(read) if isinstance(read, Failure) else watch.told(*read)


async def probe_ssh(asked: Asked, tools: Tools) -> PollResult:
    """Log in and read what the platform's commands print."""
    watch, credential = _Watch(asked.name), asked.credential
    if credential is None or credential.kind != "ssh":
        return watch.failed(Failure(Reason.SECRET, permanent=True, detail="no SSH credential"))
    platform = load_platforms().get(asked.kind or LINUX)
    if platform is None:
        return watch.failed(Failure(Reason.PROTOCOL, permanent=True, detail=f"no platform {asked.kind!r}"))
    collect = tools.settings.collect
    target = target_of(credential, asked.address, collect, port=asked.port, device_type=platform.device_type)
    read = await read_over_ssh(replace(target, deadline_s=collect.ssh_deadline_s), platform, tools.ssh_pool)
    return watch.failed(read) if isinstance(read, Failure) else watch.told(read, samples_of(read))


async def probe_icmp(asked: Asked, tools: Tools) -> PollResult:
    """Send some echo requests."""
    return await ping_device(asked, tools.settings.icmp)


PROBES: Mapping[str, Probe] = {"snmp": probe_snmp, "ssh": probe_ssh, "icmp": probe_icmp}


class _Watch:
    """When a probe began, and how its result looks."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._at = datetime.now(UTC)
        self._start = time.perf_counter()

    def told(self, reading: Reading, samples: Samples) -> PollResult:
        errors = tuple((one.what, one.reason) for one in reading.errors)
        return PollResult(self._device, self._at, self._took(), True, samples, errors=errors, facts=reading)

    def failed(self, failure: Failure) -> PollResult:
        return PollResult(self._device, self._at, self._took(), failure.reason in ANSWERED, failure=failure)

    def _took(self) -> float:
        return (time.perf_counter() - self._start) * 1000
