"""What `bench country` counts as a fault, from the simulator's truth log."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.found import judged
from storage.engine import open_engine
from storage.migrate import upgrade

SINCE = datetime(2026, 11, 22, 6, 0, 0, 774_900, UTC)


def line(device: str, start: datetime, end: datetime) -> str:
    moments = {"from": start.isoformat(timespec="milliseconds"), "to": end.isoformat(timespec="milliseconds")}
    return json.dumps({"subject": device, "subject_kind": "device", "status": "down", "cause": "fibre", **moments})


def test_a_fault_begun_in_the_same_millisecond_counts_and_one_mended_in_two_steps_is_one(tmp_path: Path) -> None:
    """The log cuts moments to milliseconds: a fault put in force at once seems to have begun before."""
    begun, mended = SINCE + timedelta(microseconds=50), SINCE + timedelta(seconds=40)
    lines = [
        line("router1", begun, mended),
        line("router1", mended, mended + timedelta(seconds=0.2)),
        line("router3", begun, mended),
        line("router2", SINCE - timedelta(seconds=1), mended),
    ]
    (tmp_path / "truth.jsonl").write_text("\n".join(lines), encoding="utf-8")
    url = f"sqlite:///{tmp_path / 'pahunch.db'}"
    upgrade(open_engine(url))
    found = judged(url, tmp_path / "truth.jsonl", SINCE, SINCE, 10.0)
    assert (found["faults"], found["faults_found"]) == (2, 0)
