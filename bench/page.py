"""docs/judged.md: what `bench judge` found, as tables. Made from its JSON: `bench judge ... --page docs/judged.md`."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.confusion import SAID, TRUE

_INTRO = """# The judge before a scenario whose truth is known

Made by `manage.py bench judge --page`, do not edit. The simulator's world is the truth; polls of it, with every loss, burst and blind
minute, go to the real judge as columns in simulated time; what it stored is laid beside the truth (`bench/visible.py` says what of the
truth could be seen, and where there was evidence of its cause; `bench/verdicts.py` what counts as found)."""
_ASKED = (
    "scenario",
    "seed",
    "days",
    "interval_s",
    "loss_percent",
    "devices",
    "links",
    "polls",
    "cpu_s_a_day",
    "transitions",
    "outages",
)
_FIGURES = {
    "roots": "roots that were down, could be seen, and lasted long enough to be confirmed",
    "roots_too_short_or_hidden": "others: shorter than two polls and a burst, or between things that were dark themselves",
    "roots_found_percent": "of the roots: told as a root, at that place (%)",
    "roots_exact_percent": "by its very name or its two ports (%)",
    "roots_invented": "told as a root where nothing true failed",
    "invented_sure": "of these: with a cause that was called sure",
    "starts_early": "outages of devices that were told to begin more than an interval and a poll before they did",
    "with_evidence": "found roots with evidence of their cause",
    "cause_right_percent": "of these: cause right (%)",
    "without_evidence": "found roots without evidence of their cause",
    "undetermined_percent": "of these: undetermined (%)",
    "wrong_and_sure_percent": "of all found, and told where nothing failed: a wrong cause that was called sure (%)",
}


def add(file: Path, found: Mapping[str, Any]) -> None:
    """Add a trial's tables to the page, which is begun where there is none."""
    before = file.read_text(encoding="utf-8") if file.exists() else f"{_INTRO}\n"
    file.write_text(before + "".join(f"{line}\n" for line in markdown(found)), encoding="utf-8")


def markdown(found: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one trial."""
    yield from ("", f"## {found['scenario']}, seed {found['seed']}, {found['loss_percent']} % of exchanges lost", "")
    yield ", ".join(f"{key} {found[key]}" for key in _ASKED)
    yield from (
        "",
        "### Status",
        "",
        "Hours of what was true (rows) by what was said (columns), of all subjects together.",
    )
    for kind, table in found["status_seconds"].items():
        yield from _statuses(kind, table, found["false_downs"][kind])
    yield from ("", "### Roots and causes", "", "| figure | |", "| --- | ---: |")
    yield from (f"| {text} | {found[key]} |" for key, text in _FIGURES.items())
    yield from ("", "| what failed, and why | evidence | said of it |", "| --- | --- | --- |")
    for what, by_evidence in found["causes"].items():
        for evidence, said in by_evidence.items():
            yield f"| {what} | {evidence} | {', '.join(f'{cause} {count}' for cause, count in sorted(said.items()))} |"


def _statuses(kind: str, table: Mapping[str, Mapping[str, float]], false: int) -> Iterator[str]:
    yield from ("", f"| {kind}, truly | {' | '.join(SAID)} |", f"| --- |{' ---: |' * len(SAID)}")
    for true in TRUE:
        yield f"| {true} | {' | '.join(f'{table[true][said] / 3600:,.1f}' for said in SAID)} |"
    yield from ("", f"False downs: {false}.")
