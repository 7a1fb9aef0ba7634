"""`bench judge`: the real judge before a scenario whose truth is known, in simulated time and without sockets.

The simulator's world is the truth. What a collector would hear of it, poll by poll with every loss, goes to the judge
as batches of columns; what the judge stores is laid beside the truth.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import Told, figures, told, write_lines
from bench.page import add
from bench.tried import Played, Trial, play
from inventory.files import read_folder
from inventory.model import Inventory
from inventory.pack.facts import PackError
from inventory.pack.post_offices import build
from inventory.subset import subset
from readiness.cli import outage_line
from readiness.read import TransitionRow
from simulator.scenario import read_scenario

_STATE = "chhattisgarh"
_SCENARIOS = Path(__file__).parents[1] / "simulator" / "scenarios"
_QUICK_GPS, _QUICK_DAYS = 100, 1.5 / 24


class TrialError(ValueError):
    """What was asked for can't be played; the message says why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Options of the command. `seed` None is the scenario's own; `inventory` None the pack of Chhattisgarh; `gps` takes
    its smallest districts with so many gram panchayats.
    """

    scenario: Path = _SCENARIOS / "month.toml"
    seed: int | None = None
    days: float = 1.0
    out: Path | None = None
    inventory: Path | None = None
    gps: int | None = None
    page: Path | None = None  # to which the tables are added, as Markdown
    interval_s: float = 60.0
    loss_percent: float = 1.0


def run(quick: bool) -> Mapping[str, object]:
    """A day of the month scenario; `quick`: an hour and a half of a small part under every kind of fault."""
    return tried(Asked(_SCENARIOS / "every-kind.toml", days=_QUICK_DAYS, gps=_QUICK_GPS) if quick else Asked())


def tried(asked: Asked) -> Mapping[str, object]:
    """One trial. Raises TrialError and ScenarioError."""
    scenario = read_scenario(asked.scenario)
    if asked.seed is not None:
        scenario = replace(scenario, seed=asked.seed)
    trial = Trial(_inventory(asked), scenario, asked.days, asked.interval_s, asked.loss_percent / 100)
    with tempfile.TemporaryDirectory() as folder:
        out = asked.out or Path(folder)
        out.mkdir(parents=True, exist_ok=True)
        found = _tried(trial, out)
    if asked.page:
        add(asked.page, found)
    return found


def _tried(trial: Trial, out: Path) -> Mapping[str, object]:
    try:
        played = asyncio.run(play(trial, out))
    except ValueError as error:
        raise TrialError(str(error)) from error
    said = told(played)
    write_lines(out / "transitions.jsonl", map(transition_line, said.transitions))
    roots = {row.id: row.subject for row in said.outages}
    write_lines(out / "outages.jsonl", (outage_line(row, roots) for row in said.outages))
    played.engine.dispose()
    found = {**_of(trial), **_speed(trial, played, said), **figures(trial, played, said, out)}
    (out / "judged.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def _inventory(asked: Asked) -> Inventory:
    whole = _given(asked.inventory) if asked.inventory else _packed()
    return whole if asked.gps is None else subset(whole, asked.gps)


def _given(folder: Path) -> Inventory:
    loaded = read_folder([folder])
    for problem in loaded.problems:
        print(problem, file=sys.stderr)
    if loaded.problems:
        raise TrialError(f"{folder}: {len(loaded.problems)} problems in the inventory")
    return loaded.inventory


def _packed() -> Inventory:
    try:
        return build(_STATE, lambda *_: None)
    except PackError as error:
        raise TrialError(str(error)) from error


def _of(trial: Trial) -> dict[str, Any]:
    return {
        "scenario": trial.scenario.name, "seed": trial.scenario.seed, "days": trial.days,
        "interval_s": trial.interval_s, "loss_percent": round(100 * trial.loss, 3),
        "devices": len(trial.inventory.devices), "links": len(trial.inventory.links),
    }  # fmt: skip


def _speed(trial: Trial, played: Played, said: Told) -> dict[str, float]:
    return {
        "polls": played.polls,
        "cpu_s": round(played.cpu_s, 1),
        "cpu_s_a_day": round(played.cpu_s / trial.days, 1),
        "wall_s": round(played.wall_s, 1),
        "polls_per_cpu_s": round(played.polls / played.cpu_s),
        "transitions": len(said.transitions),
        "outages": len(said.outages),
    }


def transition_line(row: TransitionRow) -> dict[str, object]:
    return {
        "id": row.id, "subject": row.subject, "subject_kind": row.kind, "at": _utc(row.at),
        "recorded_at": _utc(row.recorded_at), "from": row.before, "to": row.after, "reason": row.reason,
        "layer": row.layer, "evidence": list(row.evidence),
    }  # fmt: skip


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
