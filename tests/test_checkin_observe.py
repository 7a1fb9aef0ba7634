"""Heartbeats become observation: news is judged, what comes late corrects the past and raises nothing."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, update
from structlog.testing import capture_logs

from collectors.checkin import intake
from collectors.checkin.intake import CheckIn
from collectors.checkin.message import Said, read
from collectors.checkin.observe import Eyes, Follower, Waiting
from collectors.checkin.spans import Sign, told
from collectors.checkin.tables import checkin_heartbeat, checkin_span
from collectors.model import REASONS, Batch
from inventory.model import Credential, Inventory
from inventory.scope import Scope
from inventory.store import apply
from readiness import read as readiness
from readiness.judge import Judge
from readiness.model import Status, SubjectKind
from readiness.rules.columns import CODE, STATUSES, UNKNOWN, UP
from readiness.rules.sight import Sight
from readiness.rules.spells import Changes, Period, Spans, Spells, proved, spells
from readiness.rules.status import Memory, Outcome, Policy, Poll, stale, step
from readiness.rules.uptime import proved as proved_alone
from readiness.rules.uptime import spells as spells_alone
from readiness.tables import outage
from readiness.views import seen
from reports.availability import By, Of
from reports.read import Wanted, availability_report
from storage.bulk import lots
from storage.settings import Settings
from tests.checkins import PC, SITE, Clock, checking_in, envelope, heartbeat
from tests.stores import Schema, store_with

T = 1_800_000_000.0
GOOD = [{"code": "portal", "failure": None, "total_s": 0.8, "status": 200}]
BAD = [{"code": "portal", "failure": "no_route", "total_s": 10.0}]
ALL = [{"kind": "fingerprint", "id": "usb:225d:000a"}, {"kind": "printer", "id": "usb:03f0:1d17"}]


class World:
    """A kendra, the store, and a judge that is given what `collect` would give it."""

    def __init__(self, engine: Engine, folder: Path, inventory: Inventory | None = None) -> None:
        self.engine, self.inventory = engine, inventory or checking_in(folder)
        self.clock = Clock(T)
        apply(engine, self.inventory, datetime.fromtimestamp(T, UTC))
        self.judge = Judge(engine, self.inventory, Settings())
        self.judge.restore(T)
        self.beside: deque[Batch] = deque()
        self.history: list[Batch] = []
        self.history_away = False
        self.sequence = self.number = 0
        self.begin()

    def begin(self) -> None:
        """A new process of `collect`."""
        self.follower = Follower(
            self.engine, self.inventory, 300, beside=self.beside, history=self._keep, clock=self.clock
        )

    async def _keep(self, batch: Batch) -> None:
        if self.history_away:
            raise OSError("no space")
        self.history.append(batch)

    def send(self, *beats: dict[str, Any]) -> None:
        self.sequence += 1
        body = envelope(self.sequence, self.clock.now, *beats)
        intake.store(self.engine, [CheckIn(SITE, read(body), self.clock.now)])

    def beat(self, age_s: float = 0, **said: Any) -> dict[str, Any]:
        self.number += 1
        return heartbeat(self.number, self.clock.now - age_s, age_s=age_s, **({"looks": GOOD} | said))

    async def turn(self) -> None:
        """What `collect` does within a second, and when the sinks have stored it."""
        await self.follower.turn()
        while self.beside:
            await self.judge.observe(self.beside.popleft())
        await self.judge.tick(self.clock.now)
        await self.follower.settle(self.clock.now)

    async def pass_time(self, seconds: float, **said: Any) -> None:
        """The line works: a heartbeat every five minutes."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += 300
            self.send(self.beat(**said))
            await self.turn()

    async def silence(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += 60
            await self.judge.tick(self.clock.now)

    def status(self, kind: SubjectKind, subject: str) -> str:
        found = readiness.state_of(self.engine, Scope(), kind, subject)
        return str(found.status) if found else ""

    def hours(self, of: Of, row: str) -> dict[str, int]:
        """Seconds by bucket since T."""
        start, end = (datetime.fromtimestamp(at, UTC) for at in (T, self.clock.now))
        asked = Wanted(self.engine, Path("/nonexistent"), self.inventory, Scope(), Scope(), start, end, now=end)
        by = By.SITE if of is Of.KENDRA else By.VILLAGE
        rows = {each["row"]: each for each in availability_report(asked, by, of, lambda *_: None).table.to_pylist()}
        return {name: rows[row][f"{name}_ms"] // 1000 for name in ("up", "degraded", "unknown")}

    def transitions(self) -> int:
        return readiness.latest_transition_id(self.engine)

    def count(self, table: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = store_with(Schema.TABLES, tmp_path / "store.db")
    yield World(store, tmp_path)
    store.dispose()


@pytest.fixture
def world_of_both(engine: Engine, tmp_path: Path) -> World:
    """On either database."""
    return World(engine, tmp_path)


def test_power_that_a_polled_pc_tells_alone_is_kept(tmp_path: Path) -> None:
    inventory = checking_in(tmp_path)
    devices = {name: one for name, one in inventory.devices.items() if one.seen_through != PC}
    polled = replace(devices[PC], primary_ip="127.3.0.1", credential="net", ssh_credential="checkin")
    eyes = Eyes(replace(inventory, devices={**devices, PC: polled}))
    at = datetime.fromtimestamp(T, UTC)
    said = Said.model_validate({"power": {"on_battery": True, "charge_percent": 80.0}})
    (batch,) = eyes.batches([Waiting(1, SITE, at, at, said)], T)
    assert (len(batch.poll_device), batch.sample_value.tolist()) == (0, [1.0, 80.0])


async def test_a_pc_behind_nat_is_seen_with_all_that_hangs_on_it(world: World) -> None:
    await world.pass_time(600, peripherals=ALL, power={"on_battery": True, "charge_percent": 40})
    assert world.status(SubjectKind.DEVICE, PC) == "up"
    assert world.status(SubjectKind.DEVICE, "finger1") == "up"
    assert world.status(SubjectKind.DEVICE, "printer1") == "up"
    assert world.status(SubjectKind.DEVICE, "ups1") == "down"
    assert world.status(SubjectKind.SITE, SITE) == "up"
    assert world.status(SubjectKind.VILLAGE, "village:V1") == "ready"
    views = {(view.endpoint, view.eyes): view.status for view in readiness_views(world.engine)}
    assert views["portal", SITE] == "up"
    await world.pass_time(300, peripherals=ALL[:1])  # the printer was unplugged
    assert world.status(SubjectKind.DEVICE, "printer1") == "down"
    assert world.status(SubjectKind.VILLAGE, "village:V1") == "degraded"
    await world.pass_time(300, peripherals=None)  # nobody could tell: as before
    assert world.status(SubjectKind.DEVICE, "printer1") == "down"
    assert world.history == []
    assert world.count(checkin_heartbeat) == 0
    assert world.count(checkin_span) == 0  # nothing was late


def readiness_views(engine: Engine) -> list[Any]:
    return list(seen(engine, [SITE]))


async def test_a_kendra_that_falls_silent_is_unknown_and_not_down(world: World) -> None:
    await world.pass_time(600, peripherals=ALL)
    await world.silence(1200)
    for device in (PC, "finger1", "printer1"):
        assert world.status(SubjectKind.DEVICE, device) == "unknown"
    assert world.status(SubjectKind.VILLAGE, "village:V1") == "unknown"


async def test_a_kendra_that_does_not_reach_a_portal_says_so(world: World) -> None:
    await world.pass_time(900, looks=BAD)
    views = {(view.endpoint, view.eyes): view.status for view in readiness_views(world.engine)}
    assert views["portal", SITE] == "down"


async def test_late_check_ins_turn_unknown_into_up_and_raise_nothing(world_of_both: World) -> None:
    world = world_of_both
    await world.pass_time(3600)
    await world.silence(7200)
    before = world.transitions()
    unknown = world.hours(Of.KENDRA, SITE)["unknown"]
    assert unknown > 6000
    # The server was away, the portals were not.
    world.send(*(world.beat(age, peripherals=ALL) for age in range(6900, 300, -300)))
    await world.turn()
    assert world.transitions() == before
    assert world.count(outage) == 0
    assert world.status(SubjectKind.DEVICE, PC) == "unknown"  # of now nothing was told
    assert len(world.history) == 2  # polls, and looks
    assert {round(at - T) for batch in world.history for at in batch.poll_at} >= {3600 + 300, 3600 + 6600}
    # Proved up to the newest of them; the first 300 s nobody watched yet.
    assert world.hours(Of.KENDRA, SITE) == {"up": 3600 + 6600 - 300, "degraded": 0, "unknown": 300 + 600}
    assert world.hours(Of.VILLAGE, "village:V1")["up"] == 3600 + 6600 - 300
    await world.pass_time(300)
    assert world.hours(Of.KENDRA, SITE) == {"up": 3600 + 7200, "degraded": 0, "unknown": 300}
    day = readiness.strip(
        world.engine, Scope(), SubjectKind.VILLAGE, "village:V1", days=2,
        now=datetime.fromtimestamp(world.clock.now, UTC),
    )  # fmt: skip
    parts = [each.parts.get("ready", timedelta()) for each in day]
    assert sum(parts, timedelta()) == timedelta(seconds=3600 + 7200)


async def test_a_pc_that_worked_without_a_line_proves_no_service(world: World) -> None:
    await world.pass_time(1800)
    await world.silence(3600)
    unknown = world.hours(Of.KENDRA, SITE)["unknown"]
    world.send(*(world.beat(age, looks=BAD) for age in range(3300, 300, -300)))
    await world.turn()
    assert world.hours(Of.KENDRA, SITE)["unknown"] == unknown
    views = {(view.endpoint, view.eyes): view.status for view in readiness_views(world.engine)}
    assert views["portal", SITE] != "down"


async def test_what_waits_while_nobody_collects_is_taken_up_then(world: World) -> None:
    await world.pass_time(900)
    for _ in range(12):
        world.clock.now += 300
        world.send(world.beat())
    assert world.count(checkin_heartbeat) == 12
    world.judge = Judge(world.engine, world.inventory, Settings())
    await world.turn()
    assert world.count(checkin_heartbeat) == 0
    assert world.status(SubjectKind.DEVICE, PC) == "up"
    assert world.hours(Of.KENDRA, SITE)["unknown"] == 300


async def test_a_check_in_that_cannot_be_read_is_told_and_removed_and_the_others_are_taken(world: World) -> None:
    for _ in range(3):
        world.clock.now += 300
        world.send(world.beat())
    first = select(func.min(checkin_heartbeat.c.id)).scalar_subquery()
    with world.engine.begin() as connection:
        connection.execute(
            update(checkin_heartbeat).where(checkin_heartbeat.c.id == first).values(body='{"looks": "many"}')
        )
    with capture_logs() as logs:
        await world.turn()
    assert [log["site"] for log in logs if log["log_level"] == "error"] == [SITE]
    assert world.count(checkin_heartbeat) == 0
    assert world.status(SubjectKind.DEVICE, PC) == "up"


async def test_the_follower_outlives_what_it_cannot_take(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    stop = asyncio.Event()

    async def turn() -> bool:
        stop.set()
        raise ValueError("what a row says that nobody understands")

    monkeypatch.setattr(Follower, "turn", lambda _: turn())
    with capture_logs() as logs:
        await world.follower.follow(stop)
    assert [(log["event"], log["error"]) for log in logs] == [("check-ins not read", "ValueError")]


async def test_what_was_handed_on_and_is_not_on_disk_is_handed_on_again_after_a_kill(world: World) -> None:
    await world.pass_time(900)
    world.clock.now += 300
    world.send(world.beat())
    assert await world.follower.turn()
    assert not await world.follower.turn()  # once, while the process lives
    world.beside.clear()  # killed: the sinks had it in memory
    world.begin()
    world.judge = Judge(world.engine, world.inventory, Settings())
    world.clock.now += 900  # late by now
    await world.turn()
    assert {round(at - T) for batch in world.history for at in batch.poll_at} == {1200}
    assert world.count(checkin_heartbeat) == 0
    await world.pass_time(300)
    assert world.hours(Of.KENDRA, SITE)["up"] >= 1200 - 300  # the span up to it is proved


async def test_late_check_ins_wait_for_a_history_that_is_away(world: World) -> None:
    await world.pass_time(900)
    await world.silence(1200)
    world.send(world.beat(900, peripherals=ALL))
    world.history_away = True
    await world.turn()
    assert (world.history, world.count(checkin_heartbeat)) == ([], 1)
    world.history_away = False
    await world.turn()
    assert (len(world.history), world.count(checkin_heartbeat)) == (2, 0)


async def test_a_pc_that_is_polled_is_judged_by_its_polls(world: World, tmp_path: Path) -> None:
    inventory = world.inventory
    polled = replace(inventory.devices[PC], primary_ip="127.1.3.1", credential="net", ssh_credential="checkin")
    world = World(world.engine, tmp_path, replace(inventory, devices={**inventory.devices, PC: polled}))
    await world.pass_time(300, peripherals=ALL)
    assert world.status(SubjectKind.DEVICE, PC) == "unknown"
    assert world.status(SubjectKind.DEVICE, "finger1") == "up"


async def test_a_pc_with_an_address_that_nobody_polls_is_judged_by_its_check_ins(world: World, tmp_path: Path) -> None:
    inventory = world.inventory
    secrets = Credential("shell", "ssh", user="u", key_file="file:/nowhere")
    asked = replace(inventory.devices[PC], primary_ip="127.1.3.1", credential="shell", ssh_credential="checkin")
    facts = replace(
        inventory, devices={**inventory.devices, PC: asked}, credentials={**inventory.credentials, "shell": secrets}
    )
    world = World(world.engine, tmp_path, facts)
    await world.pass_time(900, peripherals=ALL)
    assert world.status(SubjectKind.DEVICE, PC) == "up"
    assert [row.after for row in readiness.transitions(world.engine, Scope(), kind=SubjectKind.DEVICE, subject=PC)] == [
        "up"
    ]


def test_absence_has_a_reason_of_its_own() -> None:
    assert REASONS[-1] == "absent"


# What heartbeats prove, and what becomes of it

LAST = 80
signs = st.lists(st.tuples(st.integers(0, LAST), st.booleans()), max_size=12, unique_by=lambda one: one[0]).map(sorted)


def minutes(pairs: list[tuple[int, int]]) -> set[int]:
    return {at for start, end in pairs for at in range(start, end)}


@given(signs, st.data())
def test_it_does_not_matter_in_which_lots_heartbeats_come(found: list[tuple[int, bool]], data: st.DataObject) -> None:
    gap = 15
    all_late = [Sign(at, reached, late=True) for at, reached in found]
    whole = minutes(list(told(None, all_late, gap)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(found)), max_size=3)))
    parts: list[tuple[int, int]] = []
    before = None
    for start, end in zip([0, *cuts], [*cuts, len(found)], strict=True):
        parts += told(before, all_late[start:end], gap)
        before = all_late[end - 1] if end else before
    assert minutes(parts) == whole
    assert len(whole) == sum(end - start for start, end in parts)  # no minute twice
    expected = {
        at
        for (one, reached), (other, also) in pairwise(found)
        if reached and also and other - one <= gap
        for at in range(one, other)
    }
    assert whole == expected


histories = st.lists(st.tuples(st.integers(0, LAST), st.sampled_from(range(4))), max_size=12)


def split(found: list[tuple[int, int]], pairs: list[tuple[int, int]]) -> Spells:
    period = Period(0, LAST, 1)
    rows = np.array(found, np.int64).reshape(-1, 2)
    subject = np.zeros(len(rows), np.int64)
    told_of = Changes(subject, rows[:, 0], np.arange(len(rows)), rows[:, 1].astype(np.int8))
    starts, ends = np.array(pairs, np.int64).reshape(-1, 2).T
    nobody = np.zeros(len(starts), np.int64)
    return proved(spells(told_of, period), Spans(nobody, starts, ends, nobody), period)


def painted(pieces: Spells) -> list[int]:
    return np.repeat(pieces.status, pieces.length).tolist()


@given(histories, signs)
def test_late_word_is_as_if_it_had_been_known_in_time(
    found: list[tuple[int, int]], beats: list[tuple[int, bool]]
) -> None:
    """Each millisecond counts once; what was unknown and proved is up, and everything else as it was."""
    pairs = list(told(None, [Sign(at, reached, late=True) for at, reached in beats], 15))
    before, after, known = painted(split(found, [])), painted(split(found, pairs)), minutes(pairs)
    expected = [UP if status == UNKNOWN and at in known else status for at, status in enumerate(before)]
    assert after == expected
    # In whatever order the two come: proofs first, or one by one.
    assert painted(split(found, pairs[::-1])) == expected
    epoch = datetime(2026, 1, 1, tzinfo=UTC)

    def moment(at: int) -> datetime:
        return epoch + timedelta(milliseconds=at)

    # As the page's strip has it, for one subject.
    ordered = sorted(((at, n, status) for n, (at, status) in enumerate(found)))
    history = [(moment(at), str(STATUSES[status])) for at, _, status in ordered]
    pieces = spells_alone("unknown", history, moment(0), moment(LAST))
    spans = [(moment(start), moment(end)) for start, end in pairs]
    changes = list(proved_alone(pieces, spans, "unknown", "up"))
    alone = [
        CODE_OF[one.status]
        for one in spells_alone("unknown", changes, moment(0), moment(LAST))
        for _ in range((one.end - one.start) // timedelta(milliseconds=1))
    ]
    assert alone == expected


CODE_OF = {str(status): code for status, code in CODE.items()}


@given(st.lists(st.tuples(st.integers(0, LAST), st.booleans()), max_size=12, unique_by=lambda one: one[0]).map(sorted))
def test_status_with_late_word_is_that_of_word_in_time(beats: list[tuple[int, bool]]) -> None:
    """Of whatever check-ins come late: from the status step to the spans of status nothing tells the difference."""
    gap = 15
    in_time = painted(split(_changes([at for at, _ in beats], gap), []))
    told_late = list(told(None, [Sign(at, reached=True, late=late) for at, late in beats], gap))
    assert painted(split(_changes([at for at, late in beats if not late], gap), told_late)) == in_time


def _changes(beats: list[int], gap: int) -> list[tuple[int, int]]:
    """What the status step makes of check-ins that come in time; silence of more than `gap` is unknown from the last."""
    memory, changes = Memory(Status.UNKNOWN, 0.0), []
    for now in range(LAST + gap + 2):
        change = None
        if now - memory.last > gap:
            memory, change = stale(memory, "test")
        changes += [change] if change else []
        if now in beats:
            memory, change = step(memory, Poll(float(now), Outcome.ANSWER), float(now), Sight(), Policy(30))
            changes += [change] if change else []
    return [(int(one.at), CODE[one.after]) for one in changes]


def test_rows_are_read_in_lots_and_each_once(engine: Engine) -> None:
    """The database makes one text of a lot: of all that kendras ever proved it would take hundreds of megabytes."""
    rows = [
        {
            "site": f"kendra-{n % 7}",
            "from_at": datetime.fromtimestamp(T, UTC) + timedelta(hours=n),
            "to_at": datetime.fromtimestamp(T, UTC) + timedelta(hours=n, minutes=9),
        }
        for n in range(20)
    ]
    with engine.begin() as connection:
        connection.execute(checkin_span.insert(), rows)
        site = checkin_span.c.site
        found = [
            connection.execute(select(site, checkin_span.c.from_at).where(some)).all()
            for some in lots(connection, site, site != "kendra-5", most=4)
        ]
    assert max(map(len, found)) < 8
    read_once = [tuple(row) for lot in found for row in lot]
    assert sorted(read_once) == sorted((row["site"], row["from_at"]) for row in rows if row["site"] != "kendra-5")
