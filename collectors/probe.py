"""One probe of one device, and how its result is printed: the work behind the command."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from rich.console import Console

from collectors.asked import Asked
from collectors.catalogue import ProfileError, load_profiles, load_vendors
from collectors.model import Failure, PollResult
from collectors.probes import PROBES, Tools
from collectors.reading.model import Absent, Reading, as_json
from collectors.show import show
from collectors.snmp.open import open_backend
from storage.settings import Settings

_WIDE = 160  # where the output goes into a file


async def ask(asked: Asked, settings: Settings, backend_name: str, *, ping: bool = False) -> PollResult:
    """Probe by SSH where the credential is for that, else by SNMP; `ping` the device besides. Raises ProfileError."""
    profiles = load_profiles()
    kind = "ssh" if asked.credential and asked.credential.kind == "ssh" else "snmp"
    if kind == "snmp" and asked.kind and asked.kind not in profiles:
        raise ProfileError(f"{asked.kind!r} is not one of {', '.join(sorted(profiles))}")
    backend = open_backend(backend_name)
    try:
        with ThreadPoolExecutor(settings.collect.ssh_workers) as pool:
            tools = Tools(settings, backend, profiles, load_vendors(), pool)
            result = await PROBES[kind](asked, tools)
            return beside(result, await PROBES["icmp"](asked, tools)) if ping else result
    finally:
        await backend.close()


def beside(result: PollResult, pinged: PollResult) -> PollResult:
    """`result` with what echo requests to the same device found; they don't make a silent device a reached one."""
    found = pinged.facts.sensors if pinged.facts and pinged.facts.sensors else ()
    errors = (Absent(what="icmp", reason=pinged.failure.reason),) if pinged.failure else ()
    told = result.facts or _unreached(result.device, result.failure)
    facts = replace(told, sensors=(*(told.sensors or ()), *found) or None, errors=(*told.errors, *errors))
    return replace(result, facts=facts, samples={**result.samples, **pinged.samples})


def tell(address: str, result: PollResult, as_json_: bool) -> None:
    """Print the reading on standard output; a failure for people goes to standard error."""
    reading = result.facts or _unreached(address, result.failure)
    if as_json_:
        print(json.dumps(as_json(reading), ensure_ascii=False))
    elif result.failure:
        why = f"{address}: {result.failure.reason} {result.failure.detail}".rstrip()
        Console(stderr=True).print(why, markup=False)
    if not as_json_ and (result.facts or not result.failure):
        show(reading, Console(width=None if sys.stdout.isatty() else _WIDE))


def _unreached(address: str, failure: Failure | None) -> Reading:
    why = (Absent(what=failure.detail or "device", reason=failure.reason),) if failure else ()
    return Reading(address=address, reached=False, errors=why)
