"""Commands: `config backup`, `list`, `show`, `diff`."""

import asyncio
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import Engine

from collectors.config.diff import unified
from collectors.config.store import Kept, Version, at, text_of, versions
from collectors.model import Failure
from inventory.hours import INDIA
from storage.engine import open_engine
from storage.settings import Settings

if TYPE_CHECKING:
    from collectors.config.backup import Job

app = typer.Typer(no_args_is_help=True, help="Running configurations of devices: read over SSH, kept without secrets.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output")]
Name = Annotated[str, typer.Argument(metavar="DEVICE", help="Name of the device in the inventory")]
_NOTHING = "no active device with an address, a credential for SSH and a platform whose configuration can be read"
_NOT_TOLD = "(a secret that was exchanged for another one is not visible here: secrets are not kept in any form)"


@app.command()
def backup(
    device: Annotated[str, typer.Option(metavar="NAME", help="Only this device")] = "",
    area: Annotated[str, typer.Option(metavar="CODE", help="Only devices in this area: district:387")] = "",
    as_json: Json = False,
) -> None:
    """Read configurations now. Exit code 1 where one could not be read."""
    from collectors.config.backup import jobs
    from inventory.scope import UnknownAreaError
    from inventory.store import load

    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    try:
        wanted = [job for job in jobs(load(engine), settings, area) if device in {"", job.device}]
    except UnknownAreaError as error:
        raise typer.BadParameter(str(error), param_hint="--area") from error
    if not wanted:
        raise typer.BadParameter(_NOTHING)
    if asyncio.run(_back_up(wanted, engine, settings.collect.ssh_workers, as_json=as_json)):
        raise typer.Exit(1)


@app.command("list")
def list_(device: Name, as_json: Json = False) -> None:
    """Versions of a device's configuration, newest first."""
    found = _versions(_store(), device)
    if as_json:
        print(json.dumps([_told(version) for version in found]))
        return
    for version in found:
        print(f"{version.id}  {_local(version.from_at)} to {_local(version.seen_at)} IST  {version.platform}")


@app.command()
def show(
    device: Name,
    when: Annotated[
        str, typer.Option("--at", help="Date or time, Indian time without a zone, or a version's number")
    ] = "",
) -> None:
    """A device's configuration, without secrets: the newest, or the one that was in force at a time."""
    engine = _store()
    print(text_of(engine, _chosen(_versions(engine, device), when, "--at")), end="")


@app.command()
def diff(
    device: Name,
    start: Annotated[str, typer.Option("--from", help="As --to; default: the version before it")] = "",
    end: Annotated[str, typer.Option("--to", help="Date or time, or a version's number; default: the newest")] = "",
) -> None:
    """What changed in a device's configuration. Exit code 1 where something did."""
    engine = _store()
    found = _versions(engine, device)
    to = _chosen(found, end, "--to")
    older = [version for version in found if version.id < to.id]
    before = _chosen(found, start, "--from") if start else older[0] if older else to
    names = tuple(f"{device} {_local(version.from_at)} IST" for version in (before, to))
    text = unified(text_of(engine, before), text_of(engine, to), (names[0], names[1]))
    print(text, end="")
    print(_NOT_TOLD, file=sys.stderr)
    if text:
        raise typer.Exit(1)


async def _back_up(wanted: Sequence["Job"], engine: Engine, workers: int, *, as_json: bool) -> int:
    """How many failed; each is told when it is done."""
    from collectors.config.backup import back_up

    async def one(job: "Job") -> bool:
        kept = await back_up(job, engine, pool)
        print(json.dumps(_result(job.device, kept)) if as_json else _line(job.device, kept), flush=True)
        return isinstance(kept, Failure)

    with ThreadPoolExecutor(workers) as pool:
        return sum(await asyncio.gather(*map(one, wanted)))


def _result(device: str, kept: Kept | Failure) -> dict[str, object]:
    if isinstance(kept, Failure):
        return {"device": device, "failure": {"reason": kept.reason, "detail": kept.detail}}
    counted: dict[str, object] = {"added": kept.counts.added, "removed": kept.counts.removed}
    return {"device": device, "changed": kept.changed, "version": _told(kept.version)} | counted


def _line(device: str, kept: Kept | Failure) -> str:
    if isinstance(kept, Failure):
        return f"{device}\t{kept.reason}: {kept.detail}"
    if kept.changed:
        return f"{device}\tchanged: {kept.counts.added} lines more, {kept.counts.removed} fewer"
    first = kept.version.from_at == kept.version.seen_at
    return f"{device}\t{'kept for the first time' if first else 'as before'}"


def _told(version: Version) -> dict[str, str | int]:
    return {
        "id": version.id,
        "platform": version.platform,
        "sha256": version.sha256,
        "from": _utc(version.from_at),
        "seen": _utc(version.seen_at),
    }


def _store() -> Engine:
    settings = Settings()
    return open_engine(settings.storage.url, settings.storage.cache)


def _versions(engine: Engine, device: str) -> list[Version]:
    found = versions(engine, device)
    if not found:
        raise typer.BadParameter(f"no configuration of {device!r} has been kept", param_hint="DEVICE")
    return found


def _chosen(found: Sequence[Version], said: str, option: str) -> Version:
    """The version of that number, or in force at that time; the newest where nothing is said."""
    if not said:
        return found[0]
    if said.isdigit():
        chosen = next((version for version in found if version.id == int(said)), None)
    else:
        chosen = at(found, _moment(said, option))
    if chosen is None:
        raise typer.BadParameter(f"no version of the configuration {said!r}", param_hint=option)
    return chosen


def _moment(text: str, option: str) -> datetime:
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is neither a number nor an ISO 8601 date or time", param_hint=option
        ) from error
    return given if given.tzinfo else given.replace(tzinfo=INDIA)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(INDIA):%Y-%m-%d %H:%M:%S}"
