"""`bench judge`: the judge before scenarios whose truth is known, and the rules by which it is measured."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import confusion, tried
from bench.confusion import Span
from bench.figures import figures, told
from bench.judge import Asked, TrialError
from bench.judge import tried as asked
from bench.verdicts import Ends, Said, early, invented, verdicts
from bench.visible import Seen
from simulator.faults import Fault, Kind, Where
from simulator.scenario import Scenario, ScenarioError, read_scenario
from simulator.series import Series
from simulator.timeline import Timeline
from tests.small import small_inventory

MINUTE = timedelta(minutes=1)


def fault(kind: Kind, at: float, lasts: float, **where: str) -> Fault:
    return Fault(kind, Where(**where), at=at * MINUTE, lasts=lasts * MINUTE)  # type: ignore[arg-type]


async def trial(out: Path, *faults: Fault, loss: float = 0.0, hours: float = 1.0) -> dict[str, object]:
    """What comes of these faults in the small network, polled each minute; faults begin after three minutes."""
    one = tried.Trial(small_inventory(), Scenario("test", 5, faults), hours / 24, loss=loss)
    played = await tried.play(one, out)
    return figures(one, played, told(played), out)


async def test_what_failed_is_found_with_its_cause(tmp_path: Path) -> None:
    found = await trial(
        tmp_path,
        fault(Kind.FIBRE_CUT, 5, 20, link="olt1:0/1/3"),
        fault(Kind.FIBRE_CUT, 8, 15, link="ring-1-2"),
        fault(Kind.SWITCHED_OFF, 10, 15, device="pc8"),
    )
    assert found["false_downs"] == {"device": 0, "link": 0, "site": 0, "village": 0}
    assert (found["roots"], found["roots_found_percent"], found["roots_invented"], found["invented_sure"]) == (
        3,
        100.0,
        0,
        0,
    )
    assert found["causes"] == {
        "device administrative": {"no evidence": {"undetermined": 1}},
        "link fibre": {"evidence": {"fibre": 2}},
    }


async def test_no_false_down_with_three_of_ten_exchanges_lost_and_a_blind_collector(tmp_path: Path) -> None:
    found = await trial(
        tmp_path,
        fault(Kind.DEVICE_FAILURE, 5, 20, device="radio8"),
        fault(Kind.COLLECTOR_BLIND, 40, 5),
        loss=0.3,
        hours=1.5,
    )
    assert found["false_downs"] == {"device": 0, "link": 0, "site": 0, "village": 0}
    assert found["roots_found_percent"] == 100.0
    seconds = found["status_seconds"]
    assert isinstance(seconds, dict)
    assert seconds["device"]["up"]["unknown"] > 0  # nobody saw anything for five minutes


async def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    files = []
    for run in ("a", "b"):
        (tmp_path / run).mkdir()
        await trial(tmp_path / run, fault(Kind.DEVICE_FAILURE, 5, 10, device="gp2"), loss=0.2, hours=0.5)
        files.append((tmp_path / run / "truth.jsonl").read_text() + (tmp_path / run / "verdicts.jsonl").read_text())
    assert files[0] == files[1] != ""


def test_command_leaves_truth_transitions_and_outages(tmp_path: Path) -> None:
    found = asked(Asked(_every_kind(), seed=4, days=0.03, out=tmp_path, gps=20))
    assert (found["scenario"], found["seed"]) == ("every kind", 4)
    assert found["false_downs"] == {"device": 0, "link": 0, "site": 0, "village": 0}
    truth, said, moved = (
        [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        for name in ("truth", "outages", "transitions")
    )
    assert {"subject", "subject_kind", "status", "cause", "root", "from", "to"} == truth[0].keys()
    assert truth[0].keys() < said[0].keys()
    assert len(moved) == found["transitions"]


def _every_kind() -> Path:
    return Path(__file__).parents[1] / "simulator" / "scenarios" / "every-kind.toml"


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('name="x"\nseed=1\n[[fault]]\nkind="reboot"\nwhere={device="nobody"}\n')
    with pytest.raises(TrialError, match=r"fault\[1\]: no device 'nobody'"):
        asked(Asked(file, days=0.01, out=tmp_path, gps=1))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a_day = 0", r"fault\[1\].a_day: a number above 0"),
        ("a_day = nan", r"fault\[1\].a_day: a number from 0"),
        ("with = {percent = 101}", r"fault\[1\].with.percent: above 100"),
        ('a_day = "often"', r"fault\[1\].a_day: a number belongs here"),
        ("a_day = 3.0", r"fault\[1\].lasts: what comes again and again must also end"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text(f'name="x"\nseed=1\n[[fault]]\nkind="loss"\nwhere={{random=1}}\n{line}\n')
    with pytest.raises(ScenarioError, match=said):
        read_scenario(file)


def test_a_series_keeps_its_rate_and_its_mean() -> None:
    series = Series(Fault(Kind.REBOOT, Where(random=1), lasts=10 * MINUTE, a_day=48.0), "7:1")
    coming = [series.following() for _ in range(4000)]
    assert sum(one.after_s for one in coming) / 4000 == pytest.approx(1800, rel=0.05)
    lasts = [one.fault.lasts.total_seconds() for one in coming if one.fault.lasts]
    assert sum(lasts) / 4000 == pytest.approx(600, rel=0.05)
    assert min(lasts) >= 30
    again = Series(series.fault, "7:1").following()
    assert (again.after_s, again.fault) == coming[0][:2]


def test_a_timeline_rings_in_order_and_at_its_own_times() -> None:
    timeline, rung = Timeline(10.0), list[tuple[str, float]]()
    timeline.at(14.0, lambda now: rung.append(("b", now)))
    timeline.at(12.0, lambda now: timeline.at(now + 1, lambda later: rung.append(("a", later))))
    timeline.at(16.0, lambda now: rung.append(("late", now)))
    timeline.go(15.0)
    assert rung == [("a", 13.0), ("b", 14.0)]
    assert (timeline.now(), timeline.next) == (15.0, 16.0)


SPELLS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 20), st.sampled_from([confusion.DEGRADED, confusion.DOWN])), max_size=6
)
CHANGES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(confusion.SAID)), max_size=8)


@given(SPELLS, CHANGES)
def test_every_second_is_in_one_cell_of_the_table(
    bad: list[tuple[int, int, str]], changes: list[tuple[int, str]]
) -> None:
    true = confusion.truth([Span(at, at + lasts, status) for at, lasts, status in bad], 5, 55)
    said = confusion.history(sorted(changes, key=lambda one: one[0]), 5, 55, first=confusion.UNKNOWN)
    assert sum(confusion.overlay(true, said).values()) == 50
    for second in range(5, 55):
        worst = [status for at, lasts, status in bad if at <= second < at + lasts]
        expected = confusion.DOWN if confusion.DOWN in worst else confusion.DEGRADED if worst else confusion.UP
        assert next(one.status for one in true if one.start <= second < one.end) == expected


def test_a_down_that_goes_on_for_another_reason_is_one_down() -> None:
    said = confusion.history([(10, "down"), (25, "down"), (30, "up")], 0, 50, first="up")
    assert said == [Span(0, 10, "up"), Span(10, 30, "down"), Span(30, 50, "up")]
    assert confusion.false_downs(confusion.truth([Span(8, 20, "down")], 0, 50), said, 1) == []


def test_a_down_that_touches_no_true_one_is_false() -> None:
    true = confusion.truth([Span(10, 20, "down")], 0, 100)
    said = [Span(0, 25, "up"), Span(25, 30, "down"), Span(30, 60, "unknown"), Span(60, 70, "down"), Span(70, 100, "up")]
    assert confusion.false_downs(true, said, slack_s=6) == [said[3]]
    assert confusion.false_downs(true, said, slack_s=4) == [said[1], said[3]]


def said_of(kind: str, subject: str, cause: str, **fields: object) -> Said:
    row = {
        "number": 1,
        "confidence": 0.9,
        "root": True,
        "explained_by": None,
        "segment": (),
        "evidence": (),
        "start": 12.0,
        "end": 40.0,
    }
    return Said(subject_kind=kind, subject=subject, status="down", cause=cause, **(row | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "found", "exact"),
    [
        ([said_of("link", "ring-1-2", "fibre")], True, True),
        ([said_of("link", "ring-1-0", "fibre", segment=("gp2 GE0/0/2", "gp3 GE0/0/1"))], True, True),
        ([said_of("device", "gp3", "undetermined")], True, False),
        ([said_of("device", "gp3", "upstream", root=False)], False, False),
        ([said_of("link", "ring-1-4", "fibre")], False, False),
        ([said_of("link", "ring-1-2", "fibre", start=90.0, end=99.0)], False, False),
    ],
)
def test_what_counts_as_found(said: list[Said], found: bool, exact: bool) -> None:
    (one,) = verdicts([Seen("link", "ring-1-2", "down", "fibre", 10, 40)], said, Ends(small_inventory()))
    assert (one.root is not None, one.exact) == (found, exact)


@pytest.mark.parametrize(
    ("true", "status", "is_invented"),
    [
        (("link", "ring-1-2", "fibre"), "degraded", False),
        (("device", "gp3", "equipment"), "degraded", True),
        (("device", "gp3", "equipment"), "down", False),
        (("device", "gp1", "equipment"), "down", True),
    ],
)
def test_a_lost_way_between_boxes_that_answer_is_invented_where_one_of_them_died(
    true: tuple[str, str, str], status: str, is_invented: bool
) -> None:
    kind, subject, cause = true
    said = [replace(said_of("link", "ring-1-2", "fibre"), status=status)]
    found = invented([Seen(kind, subject, "down", cause, 10, 40)], said, Ends(small_inventory()))
    assert found == (said if is_invented else [])


def test_an_outage_that_begins_before_its_device_was_lost_is_early() -> None:
    lost = {"gp3": [(2.0, 5.0), (30.0, 60.0)]}
    told = [
        said_of("device", "gp3", "equipment"),
        said_of("link", "ring-1-2", "fibre"),
        said_of("device", "gp9", "power"),
    ]
    assert early(lost, told, 15.0) == [18.0]
    assert early(lost, told, 18.0) == []


def test_mains_lost_by_a_feeder_are_told_of_its_devices() -> None:
    said = [
        said_of("device", "gp2", "power", number=7),
        said_of("device", "ont5", "power", number=8, root=False, explained_by=7),
    ]
    (one,) = verdicts([Seen("site", "gp5", "down", "power", 10, 40)], said, Ends(small_inventory()))
    assert one.said is said[1]
    assert one.root is said[0]


def test_what_was_told_of_the_site_itself_comes_before_what_was_told_beside_it() -> None:
    beside = said_of("link", "ring-1-2", "fibre", number=9)
    part = said_of("device", "gp2", "power", number=8, root=False, explained_by=7)
    mains = said_of("device", "gp4", "power", number=7)
    true = Seen("site", "gp2", "down", "power", 10, 40)
    (one,) = verdicts([true], [beside, part, mains], Ends(small_inventory()))
    assert (one.said, one.root, one.exact) == (part, mains, True)
    (other,) = verdicts([true], [replace(beside, status="degraded")], Ends(small_inventory()))
    assert other.root is None
    ended = replace(beside, subject="ring-1-0", segment=("pop-r1 GE0/0/3", "gp1 GE0/0/1", "gp3 GE0/0/1", "gp2 GE0/0/2"))
    (third,) = verdicts([true], [ended], Ends(small_inventory()))
    assert (third.root, third.exact) == (ended, False)


def test_what_is_told_of_something_else_that_failed_there_finds_nothing() -> None:
    """A panchayat that lost its mains behind a cut fibre is not found by the cut, but one that is told by it alone is."""
    told = said_of("link", "pon-5", "fibre", start=12.0, end=30.0)
    mains = Seen("site", "gp5", "down", "power", 20, 40)
    cut = Seen("link", "pon-5", "down", "fibre", 10, 30)
    found = verdicts([mains, cut], [told], Ends(small_inventory()))
    assert [one.root for one in found] == [None, told]
    (alone,) = verdicts([mains], [told], Ends(small_inventory()))
    assert alone.root is told


def test_what_was_told_beside_it_while_it_lasted_comes_before_what_only_touches_it_in_time() -> None:
    """An ONT that was shut down is told itself; its trunk is cut just when that ends for the truth."""
    shut = said_of("device", "ont5", "administrative", start=12.0, end=90.0)
    trunk = said_of(
        "link", "olt1:0/1/3", "fibre", number=2, start=40.0, end=60.0, segment=("olt1 GPON 0/1/3", "ont5 PON")
    )
    true = Seen("link", "pon-5", "down", "administrative", 10, 40)
    (one,) = verdicts([true], [shut, trunk], Ends(small_inventory()))
    assert (one.root, one.exact) == (shut, False)
    (late,) = verdicts([true], [trunk], Ends(small_inventory()))
    assert (late.root, late.exact) == (trunk, True)


async def test_a_cut_before_a_box_that_does_not_run_is_seen_by_nobody(tmp_path: Path) -> None:
    found = await trial(
        tmp_path, fault(Kind.SWITCHED_OFF, 5, 40, device="gp2"), fault(Kind.FIBRE_CUT, 15, 20, link="ring-1-1")
    )
    assert (found["roots"], found["roots_too_short_or_hidden"]) == (1, 1)


@pytest.mark.parametrize(
    ("first", "cause"),
    [
        (fault(Kind.SWITCHED_OFF, 5, 40, device="radio8"), "power"),
        (fault(Kind.SHUT_DOWN_UNPAID, 5, 40, device="radio8"), "administrative"),
    ],
)
async def test_mains_lost_behind_what_is_out_of_order_already_are_seen_by_nobody(
    tmp_path: Path, first: Fault, cause: str
) -> None:
    found = await trial(tmp_path, first, fault(Kind.POWER_CUT, 15, 20, site="gp8"))
    lines = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    assert {(one["subject_kind"], one["cause"]) for one in lines} & {("site", "power")} == set()
    assert cause in {one["cause"] for one in lines}
    assert found["wrong_and_sure"] == 0


def test_a_page_holds_several_trials(tmp_path: Path) -> None:
    for seed in (4, 5):
        asked(Asked(_every_kind(), seed=seed, days=0.003, gps=1, page=tmp_path / "page.md"))
    lines = (tmp_path / "page.md").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert [line.split(",")[1] for line in lines if line.startswith("## ")] == [" seed 4", " seed 5"]
