"""What the spool keeps, whatever happens to its process or its disk."""

import multiprocessing
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from collectors.sinks.segment import Portion, Segment
from collectors.sinks.spool import Spool
from storage.segments import FolderInUseError

ROOM = 64 << 20
BODY = b"x" * 1000


@contextmanager
def spool(folder: Path, most_bytes: int = ROOM) -> Iterator[Spool]:
    opened = Spool(folder, most_bytes)
    yield opened
    opened.close()


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def drained(opened: Spool, most: int = 10) -> list[Portion]:
    """Everything, delivered: the newest first, then the backlog."""
    found = []
    while portion := opened.live(most) or opened.backlog(most):
        found.append(portion)
        opened.delivered(portion)
    return found


def test_records_come_out_in_their_order_and_leave_nothing(tmp_path: Path) -> None:
    with spool(tmp_path) as opened:
        for turn in range(25):
            opened.append(b"%d," % turn, 1, 100.0 + turn / 100)
        assert opened.samples == 25
        assert opened.closed_at == 100.0
        portions = drained(opened)
        assert [portion.samples for portion in portions] == [10, 10, 5]
        assert portions[1].closed_at == 100.1
        assert b"".join(portion.body for portion in portions) == b"".join(b"%d," % turn for turn in range(25))
        assert (opened.samples, opened.dropped) == (0, 0)
        assert opened.closed_at is None
    assert not files(tmp_path)


def test_a_record_larger_than_a_request_goes_alone(tmp_path: Path) -> None:
    with spool(tmp_path) as opened:
        opened.append(BODY, 500, 1.0)
        opened.append(BODY, 500, 1.0)
        assert [portion.samples for portion in drained(opened, most=10)] == [500, 500]


def test_what_waits_for_long_is_backlog_and_the_newest_goes_first(tmp_path: Path) -> None:
    with spool(tmp_path) as opened:
        for second in range(0, 100, 5):
            opened.append(b"%d" % second, 1, second)
        first = opened.live(100)
        assert first is not None
        assert (first.body, first.closed_at) == (b"80859095", 80)
        oldest = opened.backlog(100)
        assert oldest is not None
        assert (oldest.body, oldest.closed_at) == (b"051015", 0)


def test_the_next_process_finds_what_was_not_delivered(tmp_path: Path) -> None:
    with spool(tmp_path) as opened:
        for turn in range(9):
            opened.append(b"%d" % turn, 2, 50.0 + turn)
        portion = opened.live(6)
        assert portion is not None
        opened.delivered(portion)
    with spool(tmp_path) as again:
        assert (again.samples, again.closed_at) == (12, 53.0)
        again.append(b"new", 1, 60.0)
        assert b"".join(portion.body for portion in drained(again, 100)) == b"new345678"
    assert not files(tmp_path)


def test_a_full_queue_loses_its_oldest_and_counts_them(tmp_path: Path) -> None:
    bound = 100_000
    with spool(tmp_path, bound) as opened:
        for turn in range(1000):
            opened.append(BODY[:-4] + b"%04d" % turn, 3, 100.0)
            assert opened.octets <= bound
            assert sum(path.stat().st_size for path in files(tmp_path)) == opened.octets
        assert opened.octets > bound * 0.8
        kept = sorted(int(portion.body[-4:]) for portion in drained(opened, 1))
        assert kept == list(range(1000 - len(kept), 1000))
        assert opened.dropped == 3 * (1000 - len(kept))


def test_what_is_put_off_comes_last_and_is_still_the_oldest(tmp_path: Path) -> None:
    with spool(tmp_path, 20_000) as opened:
        for number in range(4):
            opened.append(BODY[:-1] + b"%d" % number, 1, 20.0 * number)  # a file each
        first = opened.backlog(10)
        assert first is not None
        opened.put_off(first)
        second = opened.backlog(10)
        assert second is not None
        assert (first.body[-1:], second.body[-1:]) == (b"0", b"1")
        while not opened.dropped:
            opened.append(BODY, 1, 100.0)
        assert [portion.body[-1:] for portion in drained(opened, 1) if portion.segment <= 4] == [b"1", b"2", b"3"]


def test_a_portion_that_was_dropped_meanwhile_can_still_be_delivered(tmp_path: Path) -> None:
    with spool(tmp_path, 20_000) as opened:
        opened.append(BODY, 1, 1.0)
        portion = opened.live(10)
        for _ in range(40):
            opened.append(BODY, 1, 1.0)
        assert portion is not None
        before = opened.samples
        opened.delivered(portion)
        assert opened.samples == before


def test_a_record_cut_anywhere_is_cut_off_and_no_other(tmp_path: Path) -> None:
    with spool(tmp_path / "whole") as opened:
        for turn in range(3):
            opened.append(b"record-%d" % turn, 1, 1.0)
        (file,) = files(tmp_path / "whole")
        whole = file.read_bytes()
    record = (len(whole) - 16) // 3
    for size in range(len(whole)):
        folder = tmp_path / f"cut-{size}"
        folder.mkdir()
        (folder / file.name).write_bytes(whole[:size])
        with spool(folder) as opened:
            complete = max(0, size - 16) // record
            assert opened.samples == complete
            opened.append(b"new", 1, 2.0)
            bodies = b"".join(portion.body for portion in drained(opened))
            assert bodies == b"new" + b"".join(b"record-%d" % turn for turn in range(complete))


def test_damage_costs_the_rest_of_its_file_only(tmp_path: Path) -> None:
    with spool(tmp_path) as opened:
        for turn in range(10):
            opened.append(b"record-%02d" % turn, 1, 20.0 * turn)  # a file each
        second = files(tmp_path)[1]
        octets = bytearray(second.read_bytes())
        octets[-1] ^= 1
        second.write_bytes(octets)
        bodies = [portion.body for portion in drained(opened)]
        assert bodies == [b"record-09", b"record-00", *(b"record-%02d" % turn for turn in range(2, 9))]
        assert opened.dropped == 1
        opened.append(b"a", 1, 200.0)
        opened.append(b"b", 1, 200.0)
        newest = files(tmp_path)[-1]
        newest.write_bytes(newest.read_bytes()[:-1] + b"c")
        assert [portion.body for portion in drained(opened, 1)] == [b"a"]
        assert opened.dropped == 2


def test_a_file_that_the_disk_refuses_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    with spool(tmp_path) as opened:
        opened.append(b"1", 1, 1.0)
    refused = tmp_path / "000000000002.spool"
    refused.mkdir()
    with spool(tmp_path) as opened:
        opened.append(b"3", 1, 2.0)
        assert [portion.body for portion in drained(opened)] == [b"3", b"1"]
    assert refused.exists()


def test_what_the_disk_refuses_to_give_lets_the_others_go_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with spool(tmp_path) as opened:
        for second in range(0, 60, 20):  # a file each
            opened.append(b"%d" % second, 1, second)
        first = Segment.first

        def refusing(segment: Segment, most_samples: int) -> Portion | None:
            if segment.number == 1:
                raise OSError(5, "Input/output error")
            return first(segment, most_samples)

        with monkeypatch.context() as patch:
            patch.setattr(Segment, "first", refusing)
            with pytest.raises(OSError, match="Input/output"):
                opened.backlog(10)
            portion = opened.backlog(10)
            assert portion is not None
            assert portion.body == b"20"
            opened.delivered(portion)
        assert [portion.body for portion in drained(opened)] == [b"40", b"0"]


def test_files_that_are_not_ours_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.spool").write_text("mine")
    with spool(tmp_path) as opened:
        opened.append(b"a", 1, 1.0)
        assert opened.samples == 1
    assert (tmp_path / "notes.spool").read_text() == "mine"


def test_a_disk_that_refuses_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with spool(tmp_path) as opened:
        opened.append(BODY, 1, 1.0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limits[1]))
        try:
            with pytest.raises(OSError, match="File too large"):
                opened.append(BODY, 1, 1.0)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        opened.append(b"later", 1, 1.0)
        assert [portion.body for portion in drained(opened, 1)] == [BODY, b"later"]


def test_a_disk_without_room_for_a_file_is_not_filled_with_empty_ones(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with spool(tmp_path) as opened:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, limits[1]))
        try:
            for _ in range(3):
                with pytest.raises(OSError, match="File too large"):
                    opened.append(BODY, 1, 1.0)
            left = files(tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert left == []
        opened.append(b"later", 1, 1.0)
        assert [portion.body for portion in drained(opened, 1)] == [b"later"]


def test_one_process_a_folder(tmp_path: Path) -> None:
    with spool(tmp_path), pytest.raises(FolderInUseError, match="another process"):
        Spool(tmp_path, ROOM)


def _append_for_ever(folder: Path, told: Connection) -> None:
    opened = Spool(folder, ROOM)
    number = 0
    while True:
        opened.append(b"%08d" % number * 500, 1, number / 10)
        told.send(number)
        number += 1


@pytest.mark.parametrize("after", [1, 20, 300])
def test_what_was_accepted_outlives_kill_9(tmp_path: Path, after: int) -> None:
    spawn = multiprocessing.get_context("spawn")
    told, tells = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_append_for_ever, args=(tmp_path, tells))
    process.start()
    tells.close()
    accepted = 0
    try:
        while True:
            accepted = told.recv() + 1
            if accepted == after:
                process.kill()  # SIGKILL
    except EOFError:
        process.join()
    assert process.exitcode == -signal.SIGKILL
    with spool(tmp_path) as opened:
        assert opened.samples in {accepted, accepted + 1}  # one may have been stored and not said
        numbers = sorted(int(portion.body[:8]) for portion in drained(opened, 1))
        assert numbers == list(range(len(numbers)))
        assert len(numbers) >= accepted
