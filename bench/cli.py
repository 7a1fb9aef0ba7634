"""`bench NAME`: each measurement prints one JSON object, with the machine it ran on."""

import json
import os
import platform
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from bench import observe, simulator

BENCHES: Mapping[str, Callable[[bool], Mapping[str, float]]] = {"observe": observe.run, "simulator": simulator.run}


def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHES)}, or all")],
    quick: Annotated[bool, typer.Option("--quick", help="Only whether it works; its figures say nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Only JSON on standard output, an object a line")] = False,
) -> None:
    """Measure a part of the product on this machine."""
    chosen = BENCHES if name == "all" else {name: BENCHES[name]} if name in BENCHES else {}
    if not chosen:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BENCHES)}, all")
    for each, run in chosen.items():
        figures = {"bench": each, **run(quick), "machine": _machine()}
        print(json.dumps(figures) if as_json else "\n".join(f"{key}: {value}" for key, value in figures.items()))


def _machine() -> dict[str, str | int | float]:
    return {
        "cpus": os.cpu_count() or 0,
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
