"""Reading the running configuration of a device and taking it up into the history."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Engine

from collectors.config.clean import NoConfigError, cleaned
from collectors.config.keys import note_key
from collectors.config.store import Kept, keep
from collectors.model import Failure, Reason
from collectors.ssh.platform import Config, Platform, load_platforms
from collectors.ssh.talk import Run, SshTarget, talk_over_ssh, target_of
from inventory.model import Device, Inventory, Lifecycle
from inventory.scope import checked, devices_in
from storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """A device whose configuration is kept."""

    device: str
    platform: str
    how: Config
    target: SshTarget


def jobs(inventory: Inventory, settings: Settings, area: str = "") -> Iterator[Job]:
    """Every active device with an address, a credential for SSH and a platform whose configuration can be read.

    Only those in `area`, where that is given; raises UnknownAreaError.
    """
    platforms = load_platforms()
    for device in devices_in(inventory, checked(inventory, area)):
        credential = inventory.credentials.get(device.ssh_credential) or inventory.credentials.get(device.credential)
        if not (credential and credential.kind == "ssh" and device.status is Lifecycle.ACTIVE and device.primary_ip):
            continue
        platform = platform_of(device, platforms)
        if platform and platform.config:
            # Old devices think long before they print a configuration: their silence has no end of its own.
            most_s = settings.collect.ssh_deadline_s
            target = target_of(credential, device.primary_ip, settings.collect, device_type=platform.device_type)
            target = replace(target, silence_s=most_s, deadline_s=most_s)
            yield Job(device.name, platform.name, platform.config, target)


def platform_of(device: Device, platforms: Mapping[str, Platform]) -> Platform | None:
    """What the inventory says of the device tells its platform: its profile, where that is one, or what matches."""
    if device.profile in platforms:
        return platforms[device.profile]
    said = f"{device.profile} {device.manufacturer} {device.device_type} {device.role}".lower()
    return next((one for one in platforms.values() if any(re.search(each, said) for each in one.matches)), None)


async def back_up(job: Job, engine: Engine, pool: ThreadPoolExecutor) -> Kept | Failure:
    """Read and keep one configuration. A host key that changed is an event, and nothing was sent."""
    text = await talk_over_ssh(job.target, lambda run: _read(job.how, run), pool)
    now = datetime.now(UTC)
    if isinstance(text, Failure):
        if text.reason is Reason.HOST_KEY_CHANGED:
            await asyncio.to_thread(note_key, engine, job.device, text.detail, now)
        return text
    await asyncio.to_thread(note_key, engine, job.device, None, now)
    return await asyncio.to_thread(keep, engine, job.device, job.platform, text, now)


def _read(how: Config, run: Run) -> str | Failure:
    """Cleaned within the talk: what the device printed leaves this thread only without its secrets."""
    try:
        return cleaned(run(how.command), how)
    except NoConfigError as error:
        return Failure(Reason.PROTOCOL, detail=str(error))
