"""What looks prove about an endpoint, by tables."""

from dataclasses import replace
from math import inf

import pytest

from readiness.model import Responsible, Status, SubjectKind
from readiness.rules.endpoint import Glance, Outcome, Policy, Verdict, View, findings, not_after, overall, stale, step

POLICY = Policy(sight_s=120)
OPEN = 10_000.0  # something else was seen, and will be
G, S, W, X, N = Outcome.GOOD, Outcome.SLOW, Outcome.WRONG, Outcome.SILENT, Outcome.NOTHING
UP, DEGRADED, DOWN, UNKNOWN = Status.UP, Status.DEGRADED, Status.DOWN, Status.UNKNOWN


def after(*outcomes: Outcome, proved_at: float = OPEN, start: Status = UP) -> list[tuple[Status, float]]:
    """(status, since) after each look; one look each 10 s, the first at 100 s."""
    view, told = View(start, 0.0, "before"), []
    for number, outcome in enumerate(outcomes):
        view = step(view, Glance(100.0 + 10 * number, outcome, outcome.name), proved_at, POLICY)
        told.append((view.status, view.since))
    return told


@pytest.mark.parametrize(
    ("outcomes", "told"),
    [
        ((G,), (UP, 0)),
        ((W, W), (UP, 0)),  # not confirmed yet
        ((W, W, W), (DOWN, 100)),  # since the first of them
        ((X, X, X), (DOWN, 100)),
        ((X, W, X), (DOWN, 100)),
        ((W, W, G), (DEGRADED, 100)),  # failed and answered again
        ((W, G, G), (DEGRADED, 100)),
        ((W, G, G, G, G), (UP, 140)),
        ((W, G, W, G, G, G, G), (UP, 160)),
        ((W, G, W, W, W), (DOWN, 120)),
        ((W, W, W, G), (UP, 130)),  # it was down, and is not any more
        ((S, S), (UP, 0)),
        ((S, S, S), (DEGRADED, 120)),
        ((S, S, S, G, G), (DEGRADED, 120)),
        ((S, S, S, G, G, G), (UP, 150)),
        ((N,), (UNKNOWN, 100)),
        ((W, W, N, W), (UNKNOWN, 120)),
        ((W, W, W, N), (UNKNOWN, 130)),
        ((N, G), (UP, 110)),
    ],
)
def test_one_pair_of_eyes(outcomes: tuple[Outcome, ...], told: tuple[Status, float]) -> None:
    assert after(*outcomes)[-1] == told


@pytest.mark.parametrize(
    ("outcomes", "proved_at", "told"),
    [
        ((X,), -inf, (UNKNOWN, 100)),  # nothing was ever seen
        ((X, X, X), 0.0, (UP, 0)),  # seen lately, but not since the silence began: wait
        ((X, X, X), 105.0, (UP, 0)),  # nor since the look before: they may have shut after the first
        ((X, X, X), 115.0, (DOWN, 100)),
        ((W, W, W), -inf, (DOWN, 100)),  # what came back, even wrong, proves the eyes
        ((G, X, X, X), -50.0, (UNKNOWN, 110)),
    ],
)
def test_silence_counts_only_with_open_eyes(
    outcomes: tuple[Outcome, ...], proved_at: float, told: tuple[Status, float]
) -> None:
    assert after(*outcomes, proved_at=proved_at)[-1] == told


def test_an_endpoint_that_is_down_is_unknown_when_the_eyes_shut() -> None:
    down = step(View(DOWN, 100.0, "silent", 300.0, 100.0, 20, silent=True), Glance(310.0, X, "silent"), 150.0, POLICY)
    assert (down.status, down.since, down.bad) == (UNKNOWN, 310.0, 0)


def test_a_look_that_comes_late_changes_nothing() -> None:
    view = View(UP, 0.0, "answers", at=200.0)
    assert step(view, Glance(200.0, W, "late"), OPEN, POLICY) is view


def test_a_view_of_a_clock_that_was_ahead_hears_the_next_look() -> None:
    """What it remembers was as long ago as it was before its newest look."""
    ahead = View(UP, 19_000.0, "answers", at=20_000.0, first_bad=19_990.0, bad=2, silent=True)
    view = not_after(ahead, 400.0)
    assert (view.since, view.at, view.first_bad) == (-600.0, 400.0, 390.0)
    assert step(view, Glance(430.0, W, "refuses"), OPEN, POLICY).status is DOWN
    old = View(UP, 100.0, "answers", at=20_000.0)
    assert (not_after(old, 400.0).since, not_after(old, 400.0).first_bad, not_after(old, 20_000.0)) == (100.0, inf, old)


def test_what_nobody_looks_at_is_unknown_since_the_newest_look() -> None:
    view = stale(View(DOWN, 100.0, "silent", 160.0, 100.0, 5), "not looked at")
    assert (view.status, view.since, view.bad, view.first_bad) == (UNKNOWN, 160.0, 0, inf)


def seen(*statuses: Status) -> list[View]:
    return [View(status, 10.0 * number, status, 500.0) for number, status in enumerate(statuses)]


@pytest.mark.parametrize(
    ("noc", "kendras", "status", "eyes"),
    [
        (UP, (), UP, "noc"),
        (DOWN, (), DOWN, "noc"),
        (UP, (DOWN, DOWN), UP, "noc"),  # too few to speak for all
        (UP, (DOWN, DOWN, DOWN), DOWN, "kendras"),
        (UP, (DOWN, DOWN, UP, UP), UP, "noc"),
        (UP, (DOWN, DOWN, UNKNOWN, UNKNOWN), UP, "noc"),
        (DOWN, (UP, UP, UP), UP, "kendras"),
        (DOWN, (UP, UP, DOWN), UP, "kendras"),
        (DOWN, (UP, UP), DOWN, "noc"),
        (UNKNOWN, (UP, UP, UP), UP, "kendras"),
        (UNKNOWN, (DOWN, UP), UNKNOWN, "noc"),
        (DEGRADED, (UP, UP, UP), DEGRADED, "noc"),
    ],
)
def test_whose_eyes_speak_for_everybody(noc: Status, kendras: tuple[Status, ...], status: Status, eyes: str) -> None:
    found = overall(View(noc, 7.0, noc, 500.0), seen(*kendras))
    assert (found.status, found.eyes) == (status, eyes)


def test_it_is_down_for_everybody_since_it_was_for_most() -> None:
    assert overall(View(UP, 0.0, ""), seen(UP, DOWN, DOWN, DOWN)).since == 30.0


def verdict(status: Status, since: float, *, silent: bool) -> Verdict:
    return Verdict(status, since, "does not answer", "noc", silent)


def test_an_outage_is_the_owners_to_mend() -> None:
    found = findings({"a": verdict(DOWN, 100, silent=True), "b": verdict(UP, 0, silent=False)})
    (finding,) = found.values()
    assert finding.subject == (SubjectKind.ENDPOINT, "a")
    assert (finding.start, finding.responsible, finding.explained_by) == (100, Responsible.SERVICE_OWNER, None)
    assert finding.evidence == ("does not answer",)


def test_silence_of_all_is_one_outage_of_the_way_to_them() -> None:
    silent = {"a": verdict(DOWN, 110, silent=True), "b": verdict(DOWN, 100, silent=True)}
    found = findings({**silent, "unseen": verdict(UNKNOWN, 0, silent=False)})
    assert [(code, one.explained_by, one.responsible) for (_, code), one in found.items()] == [
        ("b", None, Responsible.AGENCY),
        ("a", (SubjectKind.ENDPOINT, "b"), Responsible.AGENCY),
    ]
    apart = findings({**silent, "c": verdict(UP, 0, silent=False)})
    wrong = findings({**silent, "b": replace(silent["b"], silent=False)})
    for told in (apart, wrong):
        assert {one.explained_by for one in told.values()} == {None}
