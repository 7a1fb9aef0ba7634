"""One probe of one device, and how its result is printed: the work behind the command."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

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


async def ask(asked: Asked, settings: Settings, backend_name: str) -> PollResult:
    """Probe by SSH where the credential is for that, else by SNMP. Raises ProfileError."""
    profiles = load_profiles()
    kind = "ssh" if asked.credential and asked.credential.kind == "ssh" else "snmp"
    if kind == "snmp" and asked.kind and asked.kind not in profiles:
        raise ProfileError(f"{asked.kind!r} is not one of {', '.join(sorted(profiles))}")
    backend = open_backend(backend_name)
    try:
        with ThreadPoolExecutor(settings.collect.ssh_workers) as pool:
            return await PROBES[kind](asked, Tools(settings, backend, profiles, load_vendors(), pool))
    finally:
        await backend.close()


def tell(address: str, result: PollResult, as_json_: bool) -> None:
    """Print the reading on standard output; a failure for people goes to standard error."""
    reading = result.facts or _unreached(address, result.failure)
    if as_json_:
        print(json.dumps(as_json(reading), ensure_ascii=False))
    elif result.failure:
        why = f"{address}: {result.failure.reason} {result.failure.detail}".rstrip()
        Console(stderr=True).print(why, markup=False)
    else:
        show(reading, Console(width=None if sys.stdout.isatty() else _WIDE))


def _unreached(address: str, failure: Failure | None) -> Reading:
    why = (Absent(what=failure.detail or "device", reason=failure.reason),) if failure else ()
    return Reading(address=address, reached=False, errors=why)
