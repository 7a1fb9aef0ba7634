"""Command `poll`: one round over the inventory."""

import asyncio
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from collectors.model import PollResult
from inventory.model import Inventory
from storage.settings import Settings

_ERR = Console(stderr=True)


def poll(
    *,
    once: Annotated[bool, typer.Option("--once", help="One round, then end; `collect` polls for ever")] = False,
    area: Annotated[str, typer.Option(metavar="CODE", help="Only devices in this area: district:387")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a device and line, nothing else")] = False,
    fail: Annotated[bool, typer.Option("--fail", help="Exit with 1 when a device was not reached")] = False,
) -> None:
    """Poll every device of the inventory once, over SNMP, as soon as there is room."""
    from inventory.scope import UnknownAreaError
    from inventory.store import load
    from storage.engine import open_engine

    if not once:
        raise typer.BadParameter("poll knows one round only: add --once, or use `collect`")
    settings = Settings()
    inventory = load(open_engine(settings.storage.url, settings.storage.cache))
    try:
        reached = asyncio.run(_poll(inventory, settings, area, as_json=as_json))
    except UnknownAreaError as error:
        raise typer.BadParameter(str(error), param_hint="--area") from error
    if fail and not reached:
        raise typer.Exit(1)


async def _poll(inventory: Inventory, settings: Settings, area: str, *, as_json: bool) -> bool:
    """Whether every device was reached."""
    from collectors.catalogue import load_profiles
    from collectors.once import Round, poll_round
    from collectors.snmp.open import open_backend
    from collectors.watch import fleet
    from inventory.scope import checked, devices_in

    names = {device.name for device in devices_in(inventory, checked(inventory, area))}
    devices = fleet(inventory, settings).only(names)
    backend = open_backend(settings.collect.backend)
    reached = True
    try:
        with Progress(console=_ERR, transient=True) as progress:
            task = progress.add_task("polling", total=len(devices.polled) + len(devices.refused))
            async for result in poll_round(Round(devices, backend, load_profiles(), settings.collect)):
                progress.advance(task)
                print(_json(result) if as_json else _line(result), flush=True)
                reached &= result.reached
    finally:
        await backend.close()
    return reached


def _json(result: PollResult) -> str:
    failure = result.failure
    return json.dumps(
        {
            "device": result.device,
            "at": result.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "reached": result.reached,
            "took_ms": round(result.took_ms, 1),
            "samples": result.samples,
            "failure": {"reason": failure.reason, "permanent": failure.permanent} if failure else None,
        }
    )


def _line(result: PollResult) -> str:
    count = sum(len(instances) for instances in result.samples.values())
    said = f"{result.failure.reason}: {result.failure.detail}" if result.failure else f"{count} values"
    return f"{result.device}\t{'reached' if result.reached else 'silent'}\t{result.took_ms:.0f} ms\t{said}"
