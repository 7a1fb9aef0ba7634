"""Commands `checkin`: enrol a kendra, list those that check in."""

import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from collectors.checkin.keys import KIND, agents_of, reference_of
from collectors.checkin.listing import Agent, agents
from inventory.hours import INDIA
from storage.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Kendras' PCs that tell of themselves: docs/checkin.md")

AGENT = Path(__file__).with_name("pahunch_checkin.py")


@app.command()
def enrol(
    site: Annotated[str, typer.Argument(help="Name of the kendra's site in the inventory")],
    server: Annotated[
        str, typer.Option(help="Address at which agents reach this machine: https://checkin.state.example")
    ],
) -> None:
    """Print the configuration of a kendra's agent with a new key, and how to store that key here."""
    from inventory.store import load
    from storage.engine import open_engine

    settings = Settings()
    inventory = load(open_engine(settings.storage.url, settings.storage.cache))
    pc = agents_of(inventory).get(site)
    if site not in inventory.sites:
        raise typer.BadParameter(f"no site {site!r} in the inventory", param_hint="SITE")
    if pc is None:
        raise typer.BadParameter(
            f"{site!r} has no active device of the role pc whose credential is of the kind {KIND}", param_hint="SITE"
        )
    key = token_hex(32)
    told = {"server": server, "kendra": site, "key": key, "interval_s": settings.checkin.interval_s}
    print(json.dumps(told, ensure_ascii=False, indent=2))
    say = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    say.print(f"The lines above are checkin.json for the kendra's PC, beside {AGENT.name} ({AGENT}).")
    say.print("They hold the key and are shown once. Store the key here too, readable for the product only:")
    for line in _how_to_store(reference_of(inventory, pc), key):
        say.print(f"  {line}")
    say.print("A key that was stored there before is no longer valid then.")


def _how_to_store(reference: str, key: str) -> list[str]:
    kind, _, rest = reference.partition(":")
    if kind == "env":
        return [f"export {rest}={key}     # in the environment of `manage.py receive`, which is started anew then"]
    path = shlex.quote(rest)
    return [f"(umask 077; mkdir -p \"$(dirname {path})\"; printf '%s\\n' {key} > {path})"]


@app.command("list")
def list_agents(
    *, as_json: Annotated[bool, typer.Option("--json", help="One JSON object a kendra and line, nothing else")] = False
) -> None:
    """Every kendra that is to check in: when it last did, its clock, and what its queue lost."""
    from inventory.store import load
    from storage.engine import open_engine

    settings = Settings()
    engine = open_engine(settings.storage.url, settings.storage.cache)
    found = agents(engine, load(engine), datetime.now(UTC), settings.checkin.interval_s)
    if as_json:
        for agent in found:
            sys.stdout.write(json.dumps(agent.as_object(), ensure_ascii=False) + "\n")
        return
    Console().print(_table(found))


def _table(found: list[Agent]) -> Table:
    table = Table(
        "Kendra", "PC", "Last check-in (IST)", "Newest heartbeat", "Clock error", "Waiting", "Dropped", "Refused"
    )
    for agent in found:
        table.add_row(
            escape(agent.site), escape(agent.pc), _local(agent.received_at), _local(agent.newest_at),
            _error(agent.clock_error_s), str(agent.waiting), str(agent.dropped), str(agent.refused),
            style="" if agent.is_current else "red",
        )  # fmt: skip
    return table


def _local(at: datetime | None) -> str:
    return at.astimezone(INDIA).strftime("%Y-%m-%d %H:%M:%S") if at else "never"


def _error(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:+.0f} s"
