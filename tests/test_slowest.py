"""The slowest devices, from a history of polls."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner

from collectors.slowest import Slow, SlowArea, areas_of, by_area, judged, slowest
from inventory.model import Inventory, Level
from inventory.scope import UnknownAreaError
from inventory.store import apply
from storage.polls import Taken, taken
from storage.segments import POLLS, Writer
from tests.small import DISTRICT

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def poll(at: datetime, device: str, took_ms: float, *, reached: bool = True) -> dict[str, object]:
    return {"at": at, "device": device, "took_ms": took_ms, "reached": reached, "reason": "" if reached else "timeout",
            "burst_sent": 0, "burst_answered": 0}  # fmt: skip


def write(folder: Path, end: datetime) -> None:
    """Twenty hours of polls before `end`, one each six minutes."""
    writer = Writer(folder)
    for hour in range(20):
        moments = [end - timedelta(hours=hour, minutes=6 * n + 1) for n in range(10)]
        rows = [poll(at, "gp1", 40.0 + n) for n, at in enumerate(moments)]
        rows += [poll(at, "gp2", 3000.0 if n < 5 else 100.0) for n, at in enumerate(moments)]
        rows += [poll(at, "gp3", 8000.0, reached=False) for at in moments]
        writer.write({"polls": pa.Table.from_pylist(rows, POLLS)})
    writer.close()


def test_the_history_tells_how_long_devices_took(tmp_path: Path) -> None:
    assert taken(tmp_path, NOW - timedelta(hours=1), NOW) == ()
    write(tmp_path, NOW)
    one, two, three = taken(tmp_path, NOW - timedelta(hours=2), NOW)
    assert (one.device, one.polls, one.answered) == ("gp1", 20, 20)
    assert one.median_ms == pytest.approx(44.5, abs=1)
    assert one.p95_ms == pytest.approx(49, abs=1)
    assert two.p95_ms == pytest.approx(3000, rel=0.01)
    assert three == Taken("gp3", 20, 0, None, None)
    assert [each.polls for each in taken(tmp_path, NOW - timedelta(hours=20), NOW)] == [200] * 3


FOUND = [
    Taken("quick", 100, 100, 40.0, 60.0),
    Taken("late", 100, 100, 80.0, 2500.04),
    Taken("lossy", 100, 90, 40.0, 70.0),
    Taken("silent", 100, 0, None, None),
    Taken("elsewhere", 100, 100, 9000.0, 9000.0),
]
AREAS = {"quick": "a", "late": "a", "lossy": "b", "silent": "b"}


def test_the_slowest_come_first_and_what_struggles_is_named() -> None:
    rows = judged(FOUND, AREAS, 2.0)
    assert [(row.device, row.slow) for row in rows] == [
        ("late", True), ("lossy", True), ("quick", False), ("silent", False),  # it is down, not slow
    ]  # fmt: skip
    assert rows[0] == Slow("late", "a", 100, 0, 80.0, 2500.0, slow=True)


def test_areas_are_summed_up() -> None:
    assert by_area(judged(FOUND, AREAS, 2.0)) == [
        SlowArea("a", 2, 1, 200, 0, 60.0, 2500.0),
        SlowArea("b", 2, 1, 200, 110, 40.0, 70.0),
    ]


def test_devices_stand_in_areas_of_the_level_that_is_asked_for(small: Inventory) -> None:
    assert areas_of(small, "", Level.DISTRICT)["gp1"] == DISTRICT
    assert areas_of(small, "block:3591", Level.BLOCK)["gp1"] == "block:3591"
    assert set(areas_of(small, "gp:G1", Level.GP)) < set(areas_of(small, "", Level.GP))
    with pytest.raises(UnknownAreaError):
        areas_of(small, "district:1", Level.GP)


def test_the_command(engine: Engine, small: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(engine, small, NOW)
    write(tmp_path / "history", datetime.now(UTC))
    monkeypatch.setenv("PAHUNCH_STORAGE__URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("PAHUNCH_STORAGE__HISTORY", str(tmp_path / "history"))
    app = typer.Typer()
    app.command()(slowest)
    done = CliRunner().invoke(app, ["--json", "--most", "2", "--hours", "5"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [(row["device"], row["slow"], row["timeouts"]) for row in told["devices"]] == [
        ("gp2", True, 0), ("gp1", False, 0),
    ]  # fmt: skip
    assert [(row["area"], row["devices"], row["slow"], row["timeouts"]) for row in told["areas"]] == [
        (DISTRICT, 3, 1, 50)
    ]
    plain = CliRunner().invoke(app, ["--area", "gp:G1"])
    assert plain.exit_code == 0
    assert "gp2" not in plain.stdout
    assert CliRunner().invoke(app, ["--area", "district:1"]).exit_code == 2
