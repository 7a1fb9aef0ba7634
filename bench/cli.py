"""`bench NAME`: each measurement prints one JSON object, with the machine it ran on."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Annotated

import typer

BENCHES = ("availability", "country", "exposition", "history", "influx", "observe", "simulator", "snmp", "state")


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHES)}, or all")],
    quick: Annotated[bool, typer.Option("--quick", help="Only whether it works; its figures say nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Only JSON on standard output, an object a line")] = False,
) -> None:
    """Measure a part of the product on this machine."""
    if name not in (*BENCHES, "all"):
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BENCHES)}, all")
    for each in BENCHES if name == "all" else (name,):
        run: Callable[[bool], Mapping[str, float]] = import_module(f"bench.{each}").run
        figures = {"bench": each, **run(quick), "machine": _machine()}
        print(json.dumps(figures) if as_json else "\n".join(f"{key}: {value}" for key, value in figures.items()))


def _machine() -> dict[str, str | int | float]:
    return {
        "cpus": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
