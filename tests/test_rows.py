"""Tables whose rows hardly change are walked once and then asked for by GET, which tells the same."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from collectors.catalogue import load_profiles
from collectors.model import Failure, Reason
from collectors.plan import make_plan
from collectors.poll import Reading, read_device
from collectors.profile import Profile, Read, TableRead
from collectors.rows import Rows, SteadyRows, cells, steady
from collectors.snmp.backend import Limits, Target, Value
from collectors.snmp.guard import numbers
from tests.recorded import Recorded, read_recording

ENTRY = "1.3.6.1.2.1.25.2.3.1"
TYPE, DESCR, UNITS, SIZE, USED = (f"{ENTRY}.{column}" for column in range(2, 7))
RAM, FIXED_DISK, CD = (f"1.3.6.1.2.1.25.2.1.{kind}" for kind in (2, 4, 7))
READS = tuple(Read(name, oid, "", every_s=900.0) for name, oid in (("host_disk_total", SIZE), ("host_disk_used", USED)))
DISKS = TableRead("disk", "hr_disk", READS, steady=True)
PLAN = make_plan(Profile("host", "pc", tables=(DISKS,)), ())
UPTIME_PART = PLAN.parts[0].name
TARGET = Target("a")


class Counting(Recorded):
    def __init__(self, rows: Mapping[str, Value]) -> None:
        super().__init__(rows)
        self.walked: list[str] = []
        self.gets: list[tuple[str, ...]] = []

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        self.gets.append(tuple(oids))
        return await super().get(target, oids)

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        self.walked.append(column)
        return await super().walk(target, column, limits)


def storage(**disks: tuple[str, int]) -> dict[str, Value]:
    """Rows of hrStorageTable: name -> (type, size)."""
    rows: dict[str, Value] = {"1.3.6.1.2.1.1.3.0": 5}
    for index, (name, (kind, size)) in enumerate(disks.items(), 1):
        told: dict[str, Value] = {TYPE: kind, DESCR: name.encode(), UNITS: 1024, SIZE: size, USED: size // 2}
        rows |= {f"{column}.{index}": value for column, value in told.items()}
    return dict(sorted(rows.items(), key=lambda row: numbers(row[0])))


async def read(backend: Recorded, known: Rows) -> Reading:
    return await read_device(backend, TARGET, PLAN, {UPTIME_PART, SIZE, USED}, 8.0, known=known)


async def test_what_was_walked_is_asked_for_by_one_get_of_the_rows_that_count() -> None:
    backend = Counting(storage(memory=(RAM, 8), c=(FIXED_DISK, 100), dvd=(CD, 4), d=(FIXED_DISK, 200)))
    first = await read(backend, {})
    assert backend.walked
    backend.walked, backend.gets = [], []
    again = await read(backend, first.walked)
    assert again.cells == first.cells
    assert {name for _, name, _ in again.cells} == {"c", "d"}
    assert backend.walked == []
    _parts, asked = backend.gets
    assert sorted(asked) == sorted(f"{c}.{row}" for c in (TYPE, DESCR, UNITS, SIZE, USED) for row in (2, 4))


async def test_a_row_that_is_gone_has_the_table_walked_at_once() -> None:
    before = await read(Recorded(storage(c=(FIXED_DISK, 100), d=(FIXED_DISK, 200))), {})
    backend = Counting(storage(c=(FIXED_DISK, 100)))
    after = await read(backend, before.walked)
    assert set(backend.walked) == {TYPE, DESCR, UNITS, SIZE, USED}
    assert {name for _, name, _ in after.cells} == {"c"}
    assert (await read(Counting(backend.rows), after.walked)).cells == after.cells


async def test_a_row_that_has_become_another_is_called_what_it_is_now() -> None:
    before = await read(Recorded(storage(c=(FIXED_DISK, 100), d=(FIXED_DISK, 200))), {})
    after = await read(Recorded(storage(c=(FIXED_DISK, 100), e=(FIXED_DISK, 300))), before.walked)
    assert ("host_disk_total", "e", 300 * 1024) in after.cells


async def test_rows_that_have_moved_have_the_table_walked_at_once() -> None:
    before = await read(Recorded(storage(c=(FIXED_DISK, 100), d=(FIXED_DISK, 200))), {})
    moved = await read(Recorded(storage(c=(FIXED_DISK, 100), stick=(CD, 300), d=(FIXED_DISK, 200))), before.walked)
    assert {name for _, name, _ in moved.cells} == {"c", "d"}


async def test_an_agent_that_cannot_send_all_rows_at_once_is_walked() -> None:
    class Narrow(Counting):
        async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
            return Failure(Reason.TIMEOUT) if len(oids) > 4 else await super().get(target, oids)

    backend = Narrow(storage(c=(FIXED_DISK, 100), d=(FIXED_DISK, 200)))
    first = await read(backend, {})
    again = await read(backend, first.walked)
    assert (again.failure, again.reached, again.refused) == (None, True, True)
    assert again.values["1.3.6.1.2.1.1.3.0"] == 5
    assert again.cells == first.cells


async def test_a_table_of_which_nothing_counts_is_not_asked_for_again() -> None:
    backend = Counting(storage(dvd=(CD, 4)))
    first = await read(backend, {})
    backend.walked, backend.gets = [], []
    assert (await read(backend, first.walked)).cells == []
    assert backend.walked == []
    assert backend.gets == [("1.3.6.1.2.1.1.3.0",)]


async def test_a_column_that_could_not_be_walked_is_walked_again() -> None:
    class Broken(Recorded):
        async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
            return await super().walk(target, column, Limits(rows=1) if column == UNITS else limits)

    found = await read(Broken(storage(c=(FIXED_DISK, 100), d=(FIXED_DISK, 200))), {})
    assert found.errors
    assert found.walked == {}


def test_only_steady_tables_of_few_rows_are_asked_for_by_get() -> None:
    rows = storage(**{f"disk{n}": (FIXED_DISK, n) for n in range(15)})
    walked = {
        column: {oid[len(column) + 1 :]: rows[oid] for oid in rows if oid.startswith(f"{column}.")}
        for column in (TYPE, DESCR, UNITS, SIZE, USED)
    }
    assert steady(DISKS, walked) == {}
    few = {column: dict(list(there.items())[:3]) for column, there in walked.items()}
    assert len(cells(DISKS, steady(DISKS, few))) == 15
    assert steady(TableRead("disk", "hr_disk", READS), few) == {}


def test_rows_are_shared_forgotten_and_too_old() -> None:
    rows = SteadyRows(3)
    disk: Rows = {("disk", SIZE): ("1", "2")}
    supply: Rows = {("supply", USED): ("1.1",)}
    for device in (0, 1):
        rows.keep(device, disk, 1000.0)
    assert rows.of(0, 1000.0) is rows.of(1, 1000.0)
    assert rows.of(2, 1000.0) == {}
    rows.keep(0, supply, 8000.0)
    assert rows.of(0, 8000.0) == {**disk, **supply}
    assert rows.of(0, 1000.0 + 4 * 3600) == {}
    rows.keep(0, supply, 1000.0 + 4 * 3600)
    assert rows.of(0, 1000.0 + 4 * 3600) == supply
    rows.forget(0)
    assert rows.of(0, 1000.0 + 4 * 3600) == {}


def test_who_does_not_answer_for_rows_is_walked_until_recognised_anew() -> None:
    rows = SteadyRows(2)
    disk: Rows = {("disk", SIZE): ("1",)}
    rows.refuse(0)
    rows.keep(0, disk, 0.0)
    assert rows.of(0, 0.0) == {}
    rows.forget(0)
    rows.keep(0, disk, 0.0)
    assert rows.of(0, 0.0) == disk


def test_a_clock_that_was_set_back_leaves_no_rows_for_longer() -> None:
    rows = SteadyRows(1)
    rows.keep(0, {("disk", SIZE): ("1",)}, 1e9)
    assert rows.of(0, 1e9 - 86400) == {}


def test_rows_that_change_at_every_walk_do_not_fill_the_memory() -> None:
    rows = SteadyRows(2)
    rows.keep(1, {("disk", SIZE): ("1",)}, 0.0)
    for n in range(9_999):
        rows.keep(0, {("disk", SIZE): (f"{n}.1",)}, 0.0)
    assert rows.of(1, 0.0) == {("disk", SIZE): ("1",)}
    rows.keep(0, {("disk", SIZE): ("one too many",)}, 0.0)
    assert rows.of(0, 0.0) == {("disk", SIZE): ("one too many",)}
    assert rows.of(1, 0.0) == {}  # all are forgotten, and walked again


@pytest.mark.parametrize("kind", ["host", "printer"])
async def test_recorded_devices_tell_by_get_what_they_tell_by_walks(kind: str, recordings: Path) -> None:
    plan = make_plan(load_profiles()[kind], ())
    asked_by_get = 0
    for path in sorted((recordings / "snmp").glob("*.snmprec")):
        backend = Counting(read_recording(path))
        due = frozenset(name for name, _ in plan.reads)
        first = await read_device(backend, TARGET, plan, due, 60.0)
        known, backend.walked = first.walked, []
        again = await read_device(backend, TARGET, plan, due, 60.0, known=known)
        assert again.cells == first.cells, path.name
        asked_by_get += bool(first.cells) and not backend.walked
    assert asked_by_get >= 5
