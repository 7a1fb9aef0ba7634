"""The queue of deliveries, on both databases: nothing lost, nothing claimed twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import Engine, func, insert, select, update

from alerts.deliveries import CLAIM_LASTS, MAX_ATTEMPTS, Claim, claim_due, finish, pause
from alerts.evaluate import evaluate
from alerts.model import DeliveryState, Rule
from alerts.places import Place
from alerts.store import acknowledge, alert_by_id, alerts, deliveries
from alerts.summary import certificate_summary, to_json
from alerts.tables import alert
from inventory import store
from inventory.model import Inventory, Names
from inventory.scope import Scope
from readiness.model import Cause
from storage.engine import open_engine
from storage.settings import AlertSettings, ChannelSettings
from tests.judged import MONDAY, add_outage, change_outage

SETTINGS = AlertSettings(
    site_down_after_s=0, channels=(ChannelSettings(name="mail", kind="apprise", url="env:NOWHERE"),)
)
SECOND = timedelta(seconds=1)


@pytest.fixture
def engine(engine: Engine, small: Inventory) -> Engine:
    store.apply(engine, small, MONDAY)
    return engine


def fire(engine: Engine, small: Inventory, *sites: str) -> list[int]:
    outages = [add_outage(engine, site) for site in sites]
    evaluate(engine, small, SETTINGS, MONDAY)
    return outages


def test_a_restart_between_evaluation_and_delivery_loses_nothing(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    engine.dispose()
    again = open_engine(engine.url.render_as_string(hide_password=False))
    evaluate(again, small, SETTINGS, MONDAY + SECOND)
    [claim] = claim_due(again, MONDAY + SECOND, "after")
    assert finish(again, claim, None, MONDAY + SECOND)
    evaluate(again, small, SETTINGS, MONDAY + 2 * SECOND)
    assert claim_due(again, MONDAY + timedelta(days=9), "after") == ()
    again.dispose()


def test_workers_that_race_claim_each_delivery_once(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1", "gp2", "gp3", "gp4", "gp5", "gp6")
    workers = 4
    start = Barrier(workers)

    def work(name: str) -> list[Claim]:
        start.wait()
        return [c for _ in range(6) for c in claim_due(engine, MONDAY, name, limit=2)]

    with ThreadPoolExecutor(workers) as pool:
        claims = [claim for found in pool.map(work, "abcd") for claim in found]
    assert sorted(claim.alert.subject for claim in claims) == ["gp1", "gp2", "gp3", "gp4", "gp5", "gp6"]


def test_evaluations_that_race_open_one_alert(engine: Engine, small: Inventory) -> None:
    add_outage(engine, "gp1")
    workers = 4
    start = Barrier(workers)

    def work(_: int) -> None:
        start.wait()
        evaluate(engine, small, SETTINGS, MONDAY)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(alert)).scalar() == 1
    assert len(claim_due(engine, MONDAY, "w")) == 1


def test_the_claim_of_a_killed_worker_is_taken_again(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    [lost] = claim_due(engine, MONDAY, "killed")
    assert claim_due(engine, MONDAY + CLAIM_LASTS - SECOND, "next") == ()
    [claim] = claim_due(engine, MONDAY + CLAIM_LASTS, "next")
    assert (claim.id, claim.attempts) == (lost.id, 2)
    assert not finish(engine, lost, None, MONDAY + CLAIM_LASTS)  # it lives after all, too late
    assert finish(engine, claim, None, MONDAY + CLAIM_LASTS)


def test_what_waits_until_a_time_of_a_clock_that_was_ahead_is_due(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    back = MONDAY - timedelta(hours=5, minutes=30)
    [lost] = claim_due(engine, back, "killed")
    assert finish(engine, lost, "refused", MONDAY)  # to be tried again in a moment, or so it says
    [claim] = claim_due(engine, back, "next")
    assert (claim.id, claim_due(engine, back, "other")) == (lost.id, ())
    [claim] = claim_due(engine, back - timedelta(hours=2), "next")  # its worker's clock was ahead
    assert claim.id == lost.id


def test_the_same_worker_does_not_finish_its_own_older_claim(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    [lost] = claim_due(engine, MONDAY, "w")
    [claim] = claim_due(engine, MONDAY + CLAIM_LASTS, "w")
    assert not finish(engine, lost, "too slow", MONDAY + CLAIM_LASTS)
    assert finish(engine, claim, None, MONDAY + CLAIM_LASTS)


def test_failures_are_tried_again_and_then_kept_to_be_seen(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    now = MONDAY
    for attempt in range(1, MAX_ATTEMPTS + 1):
        [claim] = claim_due(engine, now, "w")
        assert claim.attempts == attempt
        finish(engine, claim, "refused", now)
        assert claim_due(engine, now + pause(attempt) - SECOND, "w") == ()
        now += pause(attempt)
    assert claim_due(engine, now + timedelta(days=9), "w") == ()
    [failed] = deliveries(engine, Scope(), states=[DeliveryState.FAILED])
    assert (failed.attempts, failed.last_error) == (MAX_ATTEMPTS, "refused")
    assert timedelta(hours=20) < now - MONDAY < timedelta(hours=30)


def test_a_delivery_that_kills_every_worker_is_given_up(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    now = MONDAY
    for _ in range(MAX_ATTEMPTS):
        assert len(claim_due(engine, now, "w")) == 1
        now += CLAIM_LASTS
    assert claim_due(engine, now, "w") == ()
    assert [d.state for d in deliveries(engine, Scope())] == [DeliveryState.FAILED]


def test_who_was_never_told_is_not_told_of_the_end(engine: Engine, small: Inventory) -> None:
    [root] = fire(engine, small, "gp1")
    [claim] = claim_due(engine, MONDAY, "w")
    finish(engine, claim, "refused", MONDAY)
    change_outage(engine, root, to_at=MONDAY + SECOND)
    evaluate(engine, small, SETTINGS, MONDAY + SECOND)
    assert claim_due(engine, MONDAY + timedelta(days=9), "w") == ()


def test_a_killed_worker_may_have_told_so_both_notices_follow(engine: Engine, small: Inventory) -> None:
    [root] = fire(engine, small, "gp1")
    claim_due(engine, MONDAY, "killed")
    change_outage(engine, root, to_at=MONDAY + SECOND)
    evaluate(engine, small, SETTINGS, MONDAY + SECOND)
    for event in ("firing", "resolved"):
        [claim] = claim_due(engine, MONDAY + CLAIM_LASTS, "next")
        assert claim.event == event
        finish(engine, claim, None, MONDAY + CLAIM_LASTS)


def test_acknowledging_is_once_and_in_scope(engine: Engine, small: Inventory) -> None:
    fire(engine, small, "gp1")
    [found] = alerts(engine, Scope("gp:G1"))
    assert acknowledge(engine, found.id, "stranger", MONDAY, Scope("gp:G2")) is None
    assert alerts(engine, Scope("gp:G1")) == [found]
    first = acknowledge(engine, found.id, "asha", MONDAY + SECOND, Scope("district:387"))
    second = acknowledge(engine, found.id, "ravi", MONDAY + 2 * SECOND, Scope())
    assert first == second
    assert first
    assert (first.acknowledged_by, first.acknowledged_at) == ("asha", MONDAY + SECOND)
    assert acknowledge(engine, 999, "asha", MONDAY, Scope()) is None


def test_a_portals_alert_is_seen_by_every_district_and_acknowledged_by_whose_it_is(
    engine: Engine, small: Inventory
) -> None:
    summary = to_json(certificate_summary(Place("state:22", Names("Portal")), MONDAY))
    told = {
        "rule": Rule.ENDPOINT_DOWN, "subject_kind": "endpoint", "subject": "portal", "area": "state:22",
        "severity": "critical", "summary": summary, "opened_at": MONDAY,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(alert).values(told))
    [found] = alerts(engine, Scope("gp:G1"))
    assert acknowledge(engine, found.id, "somebody in G1", MONDAY, Scope("gp:G1")) is None
    taken = acknowledge(engine, found.id, "noc", MONDAY + SECOND, Scope())
    assert taken
    assert taken.acknowledged_by == "noc"


def test_reading_keeps_to_the_scope(engine: Engine, small: Inventory) -> None:
    add_outage(engine, "ring-1-2", "link")  # GP 2 to GP 3
    fire(engine, small, "gp1")
    by_area = {
        area: {a.subject for a in alerts(engine, Scope(area))} for area in ("gp:G1", "gp:G3", "gp:G4", "block:3591")
    }
    assert by_area == {"gp:G1": {"gp1"}, "gp:G3": {"ring-1-2"}, "gp:G4": set(), "block:3591": {"gp1", "ring-1-2"}}
    [mine] = alerts(engine, Scope("gp:G1"))
    assert [d.alert for d in deliveries(engine, Scope("gp:G1"))] == [mine.id]
    assert alert_by_id(engine, Scope("gp:G4"), mine.id) is None
    newest, oldest = alerts(engine, Scope())
    assert alerts(engine, Scope(), before_id=newest.id) == [oldest]


def test_an_alert_of_another_version_keeps_no_other_from_being_told(engine: Engine, small: Inventory) -> None:
    roots = fire(engine, small, "gp1", "gp2", "gp3")
    strange = select(alert.c.id).where(alert.c.subject == "gp2").scalar_subquery()
    with engine.begin() as connection:
        connection.execute(update(alert).where(alert.c.id == strange).values(summary='{"names": 1}'))
    change_outage(engine, roots[2], cause="eclipse", responsible="moon")
    assert {each.subject for each in alerts(engine, Scope())} == {"gp1", "gp3"}
    [number] = [
        each.alert
        for each in deliveries(engine, Scope())
        if each.alert not in {one.id for one in alerts(engine, Scope())}
    ]
    assert alert_by_id(engine, Scope(), number) is None
    assert acknowledge(engine, number, "asha", MONDAY, Scope()) is None
    claims = claim_due(engine, MONDAY, "worker")
    assert {claim.alert.subject for claim in claims} == {"gp1", "gp3"}
    assert all(finish(engine, claim, None, MONDAY) for claim in claims)
    [failed] = deliveries(engine, Scope(), states=[DeliveryState.FAILED])
    assert failed.last_error == "its alert is not understood"
    assert claim_due(engine, MONDAY + timedelta(days=1), "worker") == ()
    change_outage(engine, roots[2], to_at=MONDAY + SECOND)
    add_outage(engine, "gp4", cause="eclipse")
    evaluate(engine, small, SETTINGS, MONDAY + SECOND)
    told = {each.subject: each for each in alerts(engine, Scope())}
    assert told["gp4"].summary.cause is Cause.UNDETERMINED
    assert told["gp3"].resolved_at is not None
