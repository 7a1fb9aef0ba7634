"""The figures and tables of `bench judge`: from the truth and what was stored to one JSON object."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import NamedTuple

from bench import confusion, verdicts
from bench.confusion import Span
from bench.tried import Played, Trial
from bench.verdicts import UNDETERMINED, Ends, Said, Verdict
from bench.visible import Seen
from inventory.model import Lifecycle
from inventory.scope import Scope
from readiness import read
from readiness.read import OutageRow, TransitionRow

_MOST = 1_000_000_000
_AS_STATUS = {"ready": confusion.UP, "blocked": confusion.DOWN}
_POLL_S = 15.0  # that a poll may take
_CONFIRM_S = 25.0  # two polls, their timeouts and a burst: no silence is confirmed sooner than that after two intervals


class Told(NamedTuple):
    """What the judge stored."""

    transitions: Sequence[TransitionRow]
    outages: Sequence[OutageRow]


def told(played: Played) -> Told:
    return Told(read.transitions(played.engine, Scope(), limit=_MOST), read.outages(played.engine, Scope()))


def figures(trial: Trial, played: Played, said: Told, out: Path) -> dict[str, object]:
    start = trial.begin + trial.warm_up_s
    true = _truth(out / "truth.jsonl", trial.end)
    changes: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for row in said.transitions:
        status = _AS_STATUS.get(row.after, str(row.after))
        changes[row.kind, row.subject].append((row.at.timestamp(), status))
    for some in changes.values():
        some.sort(key=lambda change: change[0])
    every = {
        kind: _spells(subjects, kind, true, changes, (start, trial.end))
        for kind, subjects in _subjects(trial).items()
    }  # fmt: skip
    slack_s = trial.interval_s / 2
    false = {
        kind: [(name, one) for name, (was, told) in some.items() for one in confusion.false_downs(was, told, slack_s)]
        for kind, some in every.items()
    }
    tables = {kind: confusion.table(_added(some)) for kind, some in every.items()}
    return {
        "false_downs": {kind: len(some) for kind, some in false.items()},
        "false_down_examples": [f"{kind} {name}" for kind, some in false.items() for name, _ in some[:5]],
        "status_seconds": tables,
        **_starts(trial, true, said.outages),
        **_causes(trial, played.seen, said.outages, out),
    }


def _added(spells: Mapping[str, tuple[list[Span], list[Span]]]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = defaultdict(float)
    for was, told in spells.values():
        for pair, seconds in confusion.overlay(was, told).items():
            found[pair] += seconds
    return found


def _subjects(trial: Trial) -> dict[str, Sequence[str]]:
    """Those that anybody can observe: what has an address, ONTs, the links, sites and villages with such."""
    inventory = trial.inventory
    devices = [
        device for device in inventory.devices.values()
        if device.status is Lifecycle.ACTIVE and (device.primary_ip or device.role == "ont")
    ]  # fmt: skip
    sites = {device.site for device in devices}
    villages = [
        area.key for area in inventory.areas.values() if area.level == "village" and area.served_by in sites
    ]  # fmt: skip
    names = {device.name for device in devices}
    links = [link.name for link in inventory.links.values() if link.a_device in names and link.b_device in names]
    return {"device": sorted(names), "link": links, "site": sorted(sites), "village": villages}


_Spells = dict[str, tuple[list[Span], list[Span]]]
_True = Mapping[tuple[str, str], list[Span]]


_Changes = Mapping[tuple[str, str], list[tuple[float, str]]]


def _spells(names: Iterable[str], kind: str, true: _True, changes: _Changes, span: tuple[float, float]) -> _Spells:
    """What was true and what was said of each of these subjects within `span`."""
    found = {}
    for name in names:
        told = confusion.history(changes.get((kind, name), ()), *span, first=confusion.UNKNOWN)
        found[name] = confusion.truth(true.get((kind, name), ()), *span), told
    return found


def _truth(file: Path, end: float) -> dict[tuple[str, str], list[Span]]:
    found: dict[tuple[str, str], list[Span]] = defaultdict(list)
    with file.open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            until = end if line["to"] is None else datetime.fromisoformat(line["to"]).timestamp()
            span = Span(datetime.fromisoformat(line["from"]).timestamp(), until, line["status"])
            found[line["subject_kind"], line["subject"]].append(span)
    return found


def _said(rows: Iterable[OutageRow]) -> list[Said]:
    return [
        Said(
            row.id, row.kind, row.subject, row.status, row.cause, row.confidence, row.root, row.explained_by,
            row.segment, row.evidence, row.start.timestamp(), inf if row.end is None else row.end.timestamp(),
        )
        for row in rows
    ]  # fmt: skip


def _starts(trial: Trial, true: _True, outages: Iterable[OutageRow]) -> dict[str, object]:
    """Outages of devices that were told to begin more than an interval and a poll before the device was truly lost."""
    lost = {
        name: sorted((one.start, one.end) for one in spans if one.status == confusion.DOWN)
        for (kind, name), spans in true.items() if kind == "device"
    }  # fmt: skip
    found = verdicts.early(lost, _said(outages), trial.interval_s + _POLL_S)
    return {"starts_early": len(found), "starts_early_worst_s": round(max(found, default=0.0), 1)}


def _causes(trial: Trial, seen: Sequence[Seen], outages: Sequence[OutageRow], out: Path) -> dict[str, object]:
    """What was found of the roots that were down, that could be seen, and long enough to be confirmed.

    Each of them is left in verdicts.jsonl, and what was called a root without being one in invented.jsonl.
    """
    said, ends = _said(outages), Ends(trial.inventory)
    enough_s = 2 * trial.interval_s + _CONFIRM_S
    down = [one for one in seen if one.status == "down"]
    long_enough = {id(one) for one in down if one.visible_s >= enough_s}
    judged = [one for one in verdicts.verdicts(down, said, ends) if id(one.true) in long_enough]
    found = [one for one in judged if one.root]
    evident = [one for one in found if one.true.evidence]
    plain = [one for one in found if not one.true.evidence]
    wrong = [one for one in found if _cause(one) not in {one.true.cause, UNDETERMINED}]
    false = verdicts.invented(seen, said, ends)
    sure = [one for one in false if one.cause != UNDETERMINED]
    write_lines(out / "verdicts.jsonl", map(_verdict_line, judged))
    write_lines(out / "invented.jsonl", map(_said_line, false))
    return {
        "roots": len(judged),
        "roots_too_short_or_hidden": len(down) - len(judged),
        "roots_found_percent": _percent(len(found), len(judged)),
        "roots_exact_percent": _percent(sum(one.exact for one in found), len(judged)),
        "roots_invented": len(false),
        "invented_sure": len(sure),
        "with_evidence": len(evident),
        "cause_right_percent": _percent(sum(_cause(one) == one.true.cause for one in evident), len(evident)),
        "without_evidence": len(plain),
        "undetermined_percent": _percent(sum(_cause(one) == UNDETERMINED for one in plain), len(plain)),
        "wrong_and_sure": len(wrong),
        "wrong_and_sure_percent": _percent(len(wrong) + len(sure), len(found) + len(false)),
        "causes": _table(judged),
    }


def _cause(one: Verdict) -> str:
    return one.said.cause if one.said else ""


def _table(judged: Iterable[Verdict]) -> dict[str, dict[str, dict[str, int]]]:
    """Kind and true cause -> with or without evidence -> cause that was said -> how many."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for one in judged:
        evidence = "evidence" if one.true.evidence else "no evidence"
        found[f"{one.true.subject_kind} {one.true.cause}"][evidence][_cause(one) if one.root else "not found"] += 1
    return {key: {which: dict(counts) for which, counts in some.items()} for key, some in sorted(found.items())}


def _verdict_line(one: Verdict) -> dict[str, object]:
    true = one.true
    truly = {
        "subject_kind": true.subject_kind, "subject": true.subject, "cause": true.cause, "evidence": true.evidence,
        "from": _iso(true.start), "to": _iso(true.end), "visible_s": round(true.visible_s, 1),
    }  # fmt: skip
    return {**truly, "exact": one.exact, "found": one.root is not None, "said": one.said and _said_line(one.said)}


def _said_line(one: Said) -> dict[str, object]:
    return {
        "subject_kind": one.subject_kind, "subject": one.subject, "cause": one.cause, "confidence": one.confidence,
        "root": one.root, "from": _iso(one.start), "to": None if one.end == inf else _iso(one.end),
        "evidence": list(one.evidence),
    }  # fmt: skip


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def write_lines(file: Path, lines: Iterable[Mapping[str, object]]) -> None:
    """A JSON object a line."""
    with file.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _percent(some: int, of: int) -> float | None:
    """None where there was nothing to find."""
    return round(100 * some / of, 2) if of else None
