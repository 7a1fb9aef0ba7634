"""Whether the judge found what the simulator broke: the truth log beside the stored transitions of devices."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from inventory.scope import Scope
from readiness.model import Status, SubjectKind
from readiness.read import TransitionRow, transitions
from storage.engine import open_engine

_MOST = 10_000_000
_NO_PAUSE = timedelta(seconds=1)  # faults of one place are mended one after another
_SLACK = timedelta(seconds=5)
_CUT = timedelta(milliseconds=1)  # the log's moments are cut to whole ones: a fault's may lie that much before it
_LOST = frozenset({Status.DOWN, Status.DEGRADED, Status.UNKNOWN})


class _Fault(NamedTuple):
    device: str
    start: datetime
    end: datetime | None


def judged(url: str, truth: Path, began: datetime, since: datetime, within_s: float) -> dict[str, float]:
    """Devices that were down in truth after `since`, and what was said of devices; nothing had failed before.

    `within_s` is how long a fault may take to be found. What was told of a device that was never lost is false, by
    the status told; one told lost more or less often than it was is a transition invented or lost.
    """
    faults = _faults(truth, since)
    said: dict[str, list[TransitionRow]] = defaultdict(list)
    early: dict[str, list[TransitionRow]] = defaultdict(list)
    for row in transitions(open_engine(url), Scope(), kind=SubjectKind.DEVICE, start=began, limit=_MOST):
        if row.after in _LOST:
            (said if row.at >= since else early)[row.subject].append(row)
    took = [found for fault in faults if (found := _took_s(fault, said[fault.device])) is not None]
    truly = {fault.device for fault in faults}
    times = {device: sum(fault.device == device for fault in faults) for device in truly}
    return {
        "faults": len(faults),
        "faults_found": len(took),
        "faults_found_in_time": sum(seconds <= within_s for seconds in took),
        "slowest_found_s": round(max(took, default=0.0), 1),
        **{f"false_{status}": _false(said, truly, status) for status in sorted(_LOST)},
        **{f"start_false_{status}": _false(early, (), status) for status in sorted(_LOST)},
        "transitions_invented": sum(max(0, len(said[device]) - count) for device, count in times.items()),
        "transitions_lost": sum(max(0, count - len(said[device])) for device, count in times.items()),
    }


def _false(said: Mapping[str, Sequence[TransitionRow]], truly: Collection[str], status: Status) -> int:
    return sum(row.after is status for device, rows in said.items() if device not in truly for row in rows)


def _faults(truth: Path, since: datetime) -> list[_Fault]:
    """Outages of devices, those that only lie behind one too; what goes on for another reason is the same outage."""
    lines = [json.loads(line) for line in truth.read_text(encoding="utf-8").splitlines()]
    told = sorted(
        _Fault(line["subject"], start, datetime.fromisoformat(line["to"]) if line["to"] else None)
        for line in lines
        if line["subject_kind"] == "device" and line["status"] == Status.DOWN
        and (start := datetime.fromisoformat(line["from"])) > since - _CUT
    )  # fmt: skip
    found: list[_Fault] = []
    for one in told:
        before = found[-1] if found and found[-1].device == one.device else None
        if before and before.end is not None and one.start - before.end <= _NO_PAUSE:
            found[-1] = before._replace(end=one.end)
        else:
            found.append(one)
    return found


def _took_s(fault: _Fault, said: Sequence[TransitionRow]) -> float | None:
    """From the fault to the moment at which it was recorded; None where nobody said so while it lasted."""
    fitting = [
        row.recorded_at for row in said
        if row.recorded_at >= fault.start - _SLACK and (fault.end is None or row.at <= fault.end + _SLACK)
    ]  # fmt: skip
    return (min(fitting) - fault.start).total_seconds() if fitting else None
