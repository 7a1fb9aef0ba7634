"""Kept sums of closed months: a report says the same with and without them, whatever is told afterwards."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Engine, insert, update

from collectors.checkin.tables import checkin_span
from inventory import store
from inventory.holidays import Holidays
from inventory.model import Inventory, Level
from inventory.scope import Scope
from readiness import summed
from readiness.archive import close_months
from readiness.late import first_late, note_seen
from readiness.model import SubjectKind
from readiness.months import opened
from readiness.months_in_india import starts
from readiness.sum_months import FOLDER
from readiness.summed import Question, keep_sums
from readiness.tables import outage, transition
from reports.availability import By, Of, counted
from reports.read import Wanted, availability_report
from reports.sums import add_up
from storage.engine import snapshot
from storage.monthly import Month
from storage.types import to_millis
from tests.judged import add_outage, change_outage

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
AUGUST, SEPTEMBER, OCTOBER = (Month(2026, month) for month in (8, 9, 10))
FIRST = datetime(2026, 8, 3, tzinfo=UTC)
NOW = datetime(2026, 11, 10, tzinfo=UTC)
EVERY = [OCTOBER, SEPTEMBER, AUGUST]
WHOLE = (starts(AUGUST), NOW)
ODD = (FIRST + 11 * HOUR, starts(OCTOBER) + 9 * DAY)
_WORDS = {"site": ("up", "down", "degraded", "unknown"), "village": ("ready", "blocked", "degraded", "unknown")}
_WORDS |= dict.fromkeys(("device", "link"), _WORDS["site"])


class World:
    """A store of three closed months and a little more, and reports on it."""

    def __init__(self, engine: Engine, folder: Path, inventory: Inventory) -> None:
        self.engine, self.folder, self.inventory, self.holidays = engine, folder, inventory, Holidays()
        store.apply(engine, inventory, FIRST)
        chance = Random(5)
        subjects = {
            "site": list(inventory.sites), "device": list(inventory.devices), "link": list(inventory.links),
            "village": [key for key, area in inventory.areas.items() if area.level is Level.VILLAGE],
        }  # fmt: skip
        told = [
            self._told(chance, kind, chance.choice(subjects[kind]), FIRST + hour * HOUR)
            for kind in subjects for hour in sorted(chance.randrange(97 * 24) for _ in range(120))
        ]  # fmt: skip
        told += [  # so that what comes late holds no longer than some days
            self._told(Random(seed), "site", "gp1", starts(month) + 20 * DAY + seed * HOUR)
            for month in (AUGUST, SEPTEMBER) for seed in range(8)
        ]  # fmt: skip
        told.sort(key=lambda row: row["at"])
        was: dict[tuple[object, object], object] = {}
        for row in told:
            row["from_status"] = was.get((row["subject_kind"], row["subject"]), "unknown")
            was[row["subject_kind"], row["subject"]] = row["to_status"]
        told = [row for row in told if row["from_status"] != row["to_status"]]
        devices = ["gp1", "gp2", "gp3", "gp4", "ont5", "ont6", "olt1", "pc1", "pc2", "radio8"]
        links = list(inventory.links)
        with engine.begin() as connection:
            connection.execute(insert(transition), told)
            rows = [self._outage(chance, "link", chance.choice(links)) for _ in range(12)]
            rows += [self._outage(chance, "device", chance.choice(devices)) for _ in range(70)]
            for number, row in enumerate(rows):
                row["explained_by"] = chance.choice([None, chance.randrange(1, 13)]) if number >= 12 else None
                connection.execute(insert(outage).values(row))

    @staticmethod
    def _told(chance: Random, kind: str, subject: str, at: datetime) -> dict[str, Any]:
        word = chance.choices(_WORDS[kind], (4, 4, 1, 1))[0]
        return {"subject_kind": kind, "subject": subject, "at": at, "recorded_at": at, "to_status": word, "reason": ""}

    @staticmethod
    def _outage(chance: Random, kind: str, subject: str) -> dict[str, Any]:
        start = FIRST + chance.randrange(90 * 24) * HOUR
        return {
            "subject_kind": kind, "subject": subject, "status": "down", "from_at": start,
            "to_at": start + chance.choice([3, 30, 300, 1000]) * HOUR, "confidence": 0.9, "evidence": "[]", "root": True,
            "cause": chance.choice(["power", "fibre", "upstream", "planned", "equipment"]), "villages": 1,
            "responsible": chance.choice(["agency", "power_utility", "none"]),
        }  # fmt: skip

    def wanted(self, period: tuple[datetime, datetime] = WHOLE, area: str | None = None) -> Wanted:
        return Wanted(
            self.engine, self.folder, self.inventory, Scope(area), Scope(area), *period, now=NOW, holidays=self.holidays
        )

    def table(self, of: Of, period: tuple[datetime, datetime] = WHOLE, area: str | None = None) -> pa.Table:
        by = By.VILLAGE if of is Of.VILLAGE else By(of)
        return availability_report(self.wanted(period, area), by, of, lambda _text, _over: None).table

    def same(self, of: Of, period: tuple[datetime, datetime] = WHOLE, area: str | None = None) -> bool:
        """Whether a report says the same with and without the sums that are kept."""
        return bool(self.table(of, period, area).equals(self.from_transitions(of, period, area)))

    def from_transitions(self, of: Of, period: tuple[datetime, datetime] = WHOLE, area: str | None = None) -> pa.Table:
        away = (self.folder / FOLDER).rename(self.folder / "away")
        found = self.table(of, period, area)
        away.rename(self.folder / FOLDER)
        assert found.num_rows > 0
        return found

    def add_up(self) -> dict[SubjectKind, list[Month]]:
        found: dict[SubjectKind, list[Month]] = {}
        for kind, month in add_up(self.engine, self.folder, self.inventory, self.holidays):
            found.setdefault(kind, []).append(month)
        return found

    def add_up_sites(self) -> list[Month]:
        subjects = counted(self.inventory, Scope(), Of.SITE, self.holidays)
        asked = self.wanted().asked(subjects.kind, subjects.names)
        return list(keep_sums(Question(self.engine, self.folder, self.inventory, asked, subjects.parsed_hours())))

    def note(self) -> None:
        with snapshot(self.engine) as connection:
            note_seen(connection, self.folder, NOW)

    def close(self) -> None:
        close_months(self.engine, self.folder, NOW)


one_store = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def stored(engine: Engine, small: Inventory, tmp_path: Path) -> World:
    """Its months are closed, and not added up."""
    found = World(engine, tmp_path, small)
    found.close()
    return found


@pytest.fixture
def world(stored: World) -> World:
    assert stored.add_up_sites() == EVERY
    return stored


def never(*_: object, **__: object) -> None:
    raise AssertionError("transitions were read")


@one_store
def test_kept_months_say_what_was_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rest = (SubjectKind.VILLAGE, SubjectKind.DEVICE, SubjectKind.LINK)
    assert world.add_up() == dict.fromkeys(rest, EVERY)
    for of in (Of.SITE, Of.VILLAGE, Of.DEVICE, Of.LINK):
        assert world.same(of)
    assert world.same(Of.SITE, ODD)
    assert world.same(Of.SITE, area="gp:G2")
    assert world.same(Of.SITE, (starts(AUGUST) - 40 * DAY, NOW))
    quarter = world.table(Of.SITE, (starts(AUGUST), starts(OCTOBER.next)))
    monkeypatch.setattr("readiness.summed.ledger", never)
    assert world.table(Of.SITE, (starts(AUGUST), starts(OCTOBER.next))).equals(quarter)
    with pytest.raises(AssertionError, match="transitions were read"):
        world.table(Of.SITE)  # November isn't over


def late_transition(world: World, at: datetime) -> None:
    row = {
        "subject_kind": "site", "subject": "gp1", "at": at, "recorded_at": NOW, "from_status": "up", "to_status": "down",
        "reason": "",
    }  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(insert(transition).values(row))


def in_september(world: World) -> None:
    late_transition(world, starts(SEPTEMBER) + 9 * DAY)
    assert world.same(Of.SITE)
    assert world.add_up_sites() == []  # until it is in its month's file nothing is kept of that time
    world.note()
    world.close()
    world.note()


def in_august(world: World) -> None:
    late_transition(world, starts(AUGUST) + 9 * DAY)
    world.close()


def open_since_august(world: World) -> None:
    add_outage(world.engine, "gp4", "device", from_at=FIRST + 10 * DAY, cause="power")


def root_in_august(world: World) -> None:
    """A link that failed in August explains what its device lacked in September."""
    root = add_outage(world.engine, "ring-1-2", "link", from_at=FIRST, to_at=FIRST + HOUR)
    start = starts(SEPTEMBER) + DAY
    add_outage(world.engine, "gp3", "device", from_at=start, to_at=start + DAY, cause="upstream", explained_by=root)
    world.close()
    world.add_up_sites()
    change_outage(world.engine, root, cause="equipment")


def proof(world: World) -> None:
    start = starts(SEPTEMBER) + 3 * DAY
    with world.engine.begin() as connection:
        connection.execute(insert(checkin_span).values(site="kendra2", from_at=start, to_at=start + 5 * DAY))


def holiday(world: World) -> None:
    world.holidays = Holidays({"": frozenset({date(2026, 9, 7), date(2026, 12, 25)})})


def other_hours(world: World) -> None:
    sites = world.inventory.sites
    kendra = replace(sites["kendra1"], hours="Mo-Fr 09:00-18:00")
    world.inventory = replace(world.inventory, sites={**sites, "kendra1": kendra})


def other_way(world: World) -> None:
    other_hours(world)
    devices = world.inventory.devices
    ont = replace(devices["ont5"], seen_through="pop-r1")
    world.inventory = replace(world.inventory, devices={**devices, "ont5": ont})


def ends(world: World) -> None:
    """What was open when the months ended ends in November, and another begins."""
    number = add_outage(world.engine, "gp2", "device", from_at=FIRST + 40 * DAY)
    world.add_up_sites()
    change_outage(world.engine, number, to_at=NOW - DAY)
    add_outage(world.engine, "gp1", "device", from_at=NOW - DAY)


def change(number: int, **fields: object) -> Callable[[World], None]:
    return lambda world: change_outage(world.engine, number, **fields)


CHANGES: list[tuple[Callable[[World], None], list[Month]]] = [
    # A file touches two months of India.
    (in_september, [OCTOBER, SEPTEMBER]),
    (in_august, [SEPTEMBER, AUGUST]),
    (open_since_august, EVERY),
    (root_in_august, [SEPTEMBER, AUGUST]),
    (proof, [SEPTEMBER]),
    (holiday, [SEPTEMBER]),
    (other_way, EVERY),
    (ends, []),
]


@one_store
def test_whatever_is_told_afterwards_is_in_the_report_at_once(world: World) -> None:
    for told, stale in CHANGES:
        told(world)
        expected = world.from_transitions(Of.SITE)
        assert world.table(Of.SITE).equals(expected), told
        assert world.add_up_sites() == stale, told
        assert world.table(Of.SITE).equals(expected), told
    assert world.add_up_sites() == []


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_what_does_not_hold_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    blind = replace(world.wanted((starts(AUGUST), starts(OCTOBER.next))), blind_since=starts(OCTOBER) - HOUR)

    def made() -> pa.Table:
        return availability_report(blind, By.SITE, Of.SITE, lambda _text, _over: None).table

    found = made()
    assert min(found["unknown_ms"].to_pylist()) >= (31 * DAY + HOUR) // timedelta(milliseconds=1)
    (world.folder / FOLDER).rename(world.folder / "away")
    assert made().equals(found)  # from when nobody watched nothing kept counts
    (world.folder / "away").rename(world.folder / FOLDER)

    file = world.folder / FOLDER / "site" / "2026-09.parquet"
    file.write_bytes(b"PAR1 and then the power failed")
    assert world.same(Of.SITE)
    told = summed._told

    def meanwhile(*arguments: Any, **named: Any) -> Any:
        proof(world)
        monkeypatch.setattr("readiness.summed._told", told)
        return told(*arguments, **named)

    monkeypatch.setattr("readiness.summed._told", meanwhile)
    world.note()
    assert world.add_up_sites() == []  # what was told while it was added up may be missing in it
    assert world.add_up_sites() == [SEPTEMBER]


@one_store
def test_what_comes_late_is_found_with_and_without_a_note(stored: World) -> None:
    note = stored.folder / FOLDER / "seen.json"

    def late() -> int | None:
        with snapshot(stored.engine) as connection:
            files = opened(stored.folder, FIRST - 400 * DAY, NOW)
            found = first_late(connection, stored.folder, files)
            kept = note.read_bytes()
            for damaged in (b"", b"[3, 18", b"{}", b"[]", b"[9223372036854775808, 1, 1]", b'["3", 1, 1]', b"\xff"):
                note.write_bytes(damaged)
                assert first_late(connection, stored.folder, files) == found
            note.write_bytes(kept)
            note.rename(stored.folder / "away")
            assert first_late(connection, stored.folder, files) == found
            (stored.folder / "away").rename(note)
            return found

    stored.note()
    assert late() is None
    late_transition(stored, starts(OCTOBER) + DAY)
    late_transition(stored, NOW - DAY)  # in no month that is over
    assert late() == to_millis(starts(OCTOBER) + DAY)
    stored.note()  # not while anything is late
    late_transition(stored, starts(AUGUST) - 40 * DAY)
    assert late() == to_millis(starts(AUGUST) - 40 * DAY)
    stored.close()
    assert late() is None
    stored.note()
    with stored.engine.begin() as connection:  # a store that was put back and went on otherwise
        [newest] = json.loads(note.read_bytes())[:1]
        connection.execute(update(transition).where(transition.c.id == newest).values(recorded_at=NOW + DAY))
        connection.execute(update(transition).where(transition.c.id == newest).values(at=starts(SEPTEMBER)))
        connection.execute(update(transition).where(transition.c.id == newest - 1).values(id=newest + 9, at=FIRST))
    assert late() == to_millis(FIRST)
