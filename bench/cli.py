"""`bench NAME`: each measurement prints one JSON object, with the machine it ran on."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

BENCHES = (
    "availability",
    "country",
    "exposition",
    "history",
    "influx",
    "judge",
    "ledger",
    "observe",
    "readiness",
    "simulator",
    "snmp",
    "state",
)
_WRONG_USE = 2
_Object = Mapping[str, object]


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHES)}, or all")],
    *,
    quick: Annotated[bool, typer.Option("--quick", help="Only whether it works; its figures say nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Only JSON on standard output, an object a line")] = False,
    scenario: Annotated[Path | None, typer.Option(help="judge: scenario in TOML", exists=True, dir_okay=False)] = None,
    seed: Annotated[int | None, typer.Option(help="judge: instead of the scenario's own", min=0)] = None,
    days: Annotated[float | None, typer.Option(help="judge: days of simulated time", min=0.001)] = None,
    out: Annotated[Path | None, typer.Option(help="judge: folder for truth, transitions and outages")] = None,
    inventory: Annotated[
        Path | None, typer.Option(help="judge: folder of an inventory; default: Chhattisgarh's pack", exists=True)
    ] = None,
    gps: Annotated[int | None, typer.Option(help="judge: the smallest districts with so many GPs", min=1)] = None,
    page: Annotated[Path | None, typer.Option(help="judge: Markdown file to which its tables are added")] = None,
    interval: Annotated[float | None, typer.Option(help="judge: seconds between two polls", min=1)] = None,
    loss: Annotated[float | None, typer.Option(help="judge: percent of all exchanges lost", min=0, max=99)] = None,
) -> None:
    """Measure a part of the product on this machine."""
    if name not in (*BENCHES, "all"):
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BENCHES)}, all")
    asked = {
        "scenario": scenario, "seed": seed, "days": days, "out": out, "inventory": inventory, "gps": gps,
        "page": page, "interval_s": interval, "loss_percent": loss,
    }  # fmt: skip
    given = {key: value for key, value in asked.items() if value is not None}
    if given and (name != "judge" or quick):
        raise typer.BadParameter(
            "scenario, seed, days, out, inventory, gps, page, interval and loss belong to `bench judge`"
        )
    for each in BENCHES if name == "all" else (name,):
        found = _judged(given) if given else import_module(f"bench.{each}").run(quick)
        figures = {"bench": each, **found, "machine": _machine()}
        print(json.dumps(figures) if as_json else "\n".join(f"{key}: {value}" for key, value in figures.items()))


def _judged(given: Mapping[str, object]) -> _Object:
    from bench.judge import Asked, TrialError, tried
    from simulator.scenario import ScenarioError

    try:
        return tried(Asked(**given))  # type: ignore[arg-type]  # typer has read each by its type
    except (ScenarioError, TrialError) as error:
        print(f"bench judge: {error}", file=sys.stderr)
        raise typer.Exit(_WRONG_USE) from error


def _machine() -> dict[str, str | int | float]:
    return {
        "cpus": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
