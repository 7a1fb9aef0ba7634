"""`simulate fleet`, `simulate scenario`, `simulate replay`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from inventory import store
from inventory.model import Inventory
from simulator import compare as compared
from simulator import process, replay
from simulator.compare import Verdict
from simulator.fleet import Weather
from simulator.process import Plan, Ports
from simulator.scenario import ScenarioError, read_scenario
from simulator.transport import UnheldError
from storage.engine import open_engine
from storage.settings import SecretUnavailableError, Settings

app = typer.Typer(no_args_is_help=True, help="Simulated devices on loopback, for demonstrations and tests.")

_WRONG_USE = 2
_console = Console(stderr=True)
_Port = Annotated[int, typer.Option(help="UDP port on every device's address")]
_Loss = Annotated[float, typer.Option(help="Percent of exchanges that get no answer", min=0, max=100)]
_Delay = Annotated[float | None, typer.Option(help="Milliseconds of each exchange; default: by distance", min=0)]
_Spread = Annotated[float, typer.Option(help="How far devices' delay and loss differ: sigma of their logarithm", min=0)]
_Truth = Annotated[Path | None, typer.Option(help="File for the log of what is truly wrong")]
_After = Annotated[float, typer.Option(help="Seconds before the scenario starts", min=0)]
_PortalsPort = Annotated[int | None, typer.Option(help="TCP port of the services' endpoints over HTTP", min=0)]
DEFAULT_PORT = 16100


@app.command()
def fleet(
    *,
    port: _Port = DEFAULT_PORT,
    loss: _Loss = 0,
    delay: _Delay = None,
    scenario: Annotated[Path | None, typer.Option(help="Scenario in TOML")] = None,
    truth: _Truth = None,
    after: _After = 0,
    spread: _Spread = 0,
    stop_with_parent: Annotated[bool, typer.Option(help="End with the process that started this one")] = False,
    portals_port: _PortalsPort = None,
) -> None:
    """Answer SNMP for every device of the inventory that has an address, until Ctrl-C."""
    weather = Weather(None if delay is None else delay / 1000, loss / 100, spread=spread)
    try:
        told = read_scenario(scenario) if scenario else None
        answered = process.serve(
            Plan(Settings().storage, port, weather, told, truth, after, stop_with_parent, portals_port),
            ready=_say_ready,
        )
    except (ScenarioError, ValueError, OSError, UnheldError, SecretUnavailableError) as error:
        _console.print(f"simulate: {error}", markup=False, soft_wrap=True)
        sys.exit(_WRONG_USE)
    _console.print(f"{answered} answers sent")


@app.command()
def scenario(
    file: Annotated[Path, typer.Argument(help="Scenario in TOML")],
    *,
    truth: Annotated[Path, typer.Option(help="File for the log of what is truly wrong")],
    port: _Port = DEFAULT_PORT,
    loss: _Loss = 0,
    delay: _Delay = None,
    spread: _Spread = 0,
    after: _After = 0,
    portals_port: _PortalsPort = None,
) -> None:
    """The fleet with faults as FILE tells them, and the truth about them in a file."""
    fleet(
        port=port, loss=loss, delay=delay, spread=spread, scenario=file, truth=truth, after=after, portals_port=portals_port
    )  # fmt: skip


@app.command(name="replay")
def replay_command(
    folder: Annotated[Path, typer.Argument(help="Folder of .snmprec recordings")], port: _Port = DEFAULT_PORT
) -> None:
    """Answer from recordings on every loopback address; the community is the file's name."""
    try:
        replay.serve(folder, port, ready=lambda bound: _console.print(f"answering on UDP port {bound}; Ctrl-C ends"))
    except (ValueError, OSError, UnheldError) as error:
        _console.print(f"simulate: {error}", markup=False, soft_wrap=True)
        sys.exit(_WRONG_USE)


@app.command()
def compare(
    truth: Annotated[Path, typer.Argument(help="Truth log of a scenario", exists=True, dir_okay=False)],
    said: Annotated[Path, typer.Argument(help="What `outages --json` printed", exists=True, dir_okay=False)],
    *,
    most: Annotated[int, typer.Option(help="Rows shown of one kind, cause and verdict", min=0)] = 3,
) -> None:
    """The truth and what was said of it side by side, as Markdown; code 1 where something was wrong or invented."""
    site_of = {device.name: device.site for device in _inventory().devices.values()}
    found = compared.compare(_rows(truth), _rows(said), site_of)
    print(*compared.markdown(found, most), sep="\n")
    raise typer.Exit(int(any(one.verdict in {Verdict.WRONG, Verdict.INVENTED} for one in found)))


def _rows(file: Path) -> list[compared.Row]:
    rows = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            rows.append(compared.row(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _console.print(f"simulate: {file}:{number}: no row of a log: {error!r}", markup=False, soft_wrap=True)
            raise typer.Exit(_WRONG_USE) from error
    return rows


def _say_ready(ports: Ports) -> None:
    portals = "" if ports.portals is None else f", endpoints on http://127.0.0.1:{ports.portals}/"
    _console.print(f"answering on UDP port {ports.snmp}{portals}; Ctrl-C ends", soft_wrap=True)


def _inventory() -> Inventory:
    settings = Settings().storage
    return store.load(open_engine(settings.url, settings.cache))
