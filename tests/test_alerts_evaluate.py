"""Evaluation against a store: which alerts and deliveries come of a course of events."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, insert, select

from alerts.deliveries import claim_due, finish
from alerts.evaluate import evaluate
from alerts.model import Opening, Reason, Rule, Severity
from alerts.store import alerts
from alerts.tables import alert, delivery
from inventory import store
from inventory.model import Endpoint, Inventory, Names
from inventory.scope import Scope
from readiness.model import Layer
from readiness.tables import trouble
from storage.settings import AlertSettings, ChannelSettings
from tests.judged import MONDAY, add_outage, change_outage, set_state

SETTINGS = AlertSettings(
    site_down_after_s=300,
    redundancy_after_s=60,
    kendra_after_s=900,
    channels=(
        ChannelSettings(name="mail", kind="apprise", url="env:NOWHERE"),
        ChannelSettings(name="am", kind="alertmanager", url="env:NOWHERE"),
    ),
)
Evaluate = Callable[[float], list[Reason]]


@pytest.fixture(autouse=True)
def stored(engine: Engine, small: Inventory) -> None:
    store.apply(engine, small, MONDAY)


@pytest.fixture
def after(engine: Engine, small: Inventory) -> Evaluate:
    """Evaluate so many seconds after MONDAY; gives the reasons of what was done."""

    def evaluated(seconds: float) -> list[Reason]:
        return [decision.reason for decision in evaluate(engine, small, SETTINGS, at(seconds))]

    return evaluated


def at(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def queue(engine: Engine) -> list[tuple[str, str, str]]:
    """(event, channel, state) of every delivery."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(delivery.c.event, delivery.c.channel, delivery.c.state).order_by(delivery.c.id)
        )
        return [(row.event, row.channel, row.state) for row in rows]


def send_all(engine: Engine, seconds: float) -> list[tuple[str, str]]:
    """Deliver everything that is due, with success."""
    claims = claim_due(engine, at(seconds), "w")
    assert all(finish(engine, claim, None, at(seconds)) for claim in claims)
    return sorted(((claim.event, claim.channel) for claim in claims), reverse=True)


def test_one_root_makes_one_alert(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "olt1:0/1/3", "link", segment=["olt1 GPON 0/1/3", "ont5 PON"], villages=6)
    for n in (5, 6, 7):
        shadow = add_outage(engine, f"gp{n}", root=False, explained_by=root)
        set_state(engine, "site", f"gp{n}", "down", outage=shadow)
        set_state(engine, "village", f"village:V{n}", "blocked", layer="backhaul", outage=shadow)
    assert after(299) == []
    assert after(300) == [Reason.LASTED]
    assert after(300) == after(1000) == []
    [found] = alerts(engine, Scope())
    assert (found.rule, found.subject, found.outage, found.opened_at) == ("site_down", "olt1:0/1/3", root, MONDAY)
    assert (found.summary.sites, found.summary.villages, found.summary.layer) == (3, 6, "backhaul")
    assert queue(engine) == [("firing", "mail", "pending"), ("firing", "am", "pending")]


def test_what_nobody_has_looked_at_since_a_restart_waits_until_somebody_has(engine: Engine, after: Evaluate) -> None:
    add_outage(engine, "gp1", "device")
    set_state(engine, "device", "gp1", "unknown")
    assert after(3600) == []
    set_state(engine, "device", "gp1", "down")
    assert after(3601) == [Reason.LASTED]
    set_state(engine, "device", "gp1", "unknown")
    assert after(3602) == []  # what was told stays


def test_a_cut_is_seen_by_what_is_down_behind_it(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "ring-1-2", "link")
    set_state(engine, "link", "ring-1-2", "unknown")
    for name in ("gp1", "gp2"):
        add_outage(engine, name, "device", root=False, explained_by=root)
        set_state(engine, "device", name, "unknown")
    over = add_outage(engine, "gp3", "device", root=False, explained_by=root, to_at=at(60))
    set_state(engine, "device", "gp3", "up", outage=over)
    assert after(3600) == []
    set_state(engine, "device", "gp2", "down")
    assert after(3601) == [Reason.LASTED]


def test_resolved_is_told_once_to_those_who_were_told(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "gp1")
    after(300)
    assert send_all(engine, 301) == [("firing", "mail"), ("firing", "am")]
    change_outage(engine, root, to_at=at(600))
    assert after(601) == [Reason.ENDED]
    assert after(602) == []
    assert send_all(engine, 602) == [("resolved", "mail"), ("resolved", "am")]
    assert send_all(engine, 9000) == []
    [found] = alerts(engine, Scope())
    assert found.resolved_at == at(600)


def test_what_ends_before_anybody_was_told_sends_nothing(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "gp1")
    after(300)
    change_outage(engine, root, to_at=at(310))
    assert after(311) == [Reason.ENDED]
    assert queue(engine) == [("firing", "mail", "cancelled"), ("firing", "am", "cancelled")]
    assert send_all(engine, 9000) == []


def test_resolved_waits_for_a_firing_that_is_under_way(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "gp1")
    after(300)
    mail, am = claim_due(engine, at(301), "w")
    change_outage(engine, root, to_at=at(310))
    after(311)
    assert send_all(engine, 312) == []  # not before its firing
    finish(engine, mail, None, at(313))
    finish(engine, am, "refused", at(313))
    assert send_all(engine, 9000) == [("resolved", "mail")]  # am never heard of it
    assert ("firing", "am", "cancelled") in queue(engine)


def test_an_outage_that_is_explained_before_it_fires_makes_no_alert(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp5")
    root = add_outage(engine, "olt1:0/1/3", "link")
    change_outage(engine, first, root=False, explained_by=root)
    assert after(300) == [Reason.LASTED]
    assert [a.subject for a in alerts(engine, Scope())] == ["olt1:0/1/3"]


def test_an_alert_that_is_merged_ends_without_a_word_and_may_return(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp5")
    after(300)
    send_all(engine, 301)
    root = add_outage(engine, "olt1:0/1/3", "link")
    change_outage(engine, first, root=False, explained_by=root)
    assert after(302) == [Reason.MERGED, Reason.LASTED]
    assert send_all(engine, 303) == [("firing", "mail"), ("firing", "am")]  # of the trunk only
    change_outage(engine, root, to_at=at(400))
    change_outage(engine, first, root=True, explained_by=None)
    assert after(401) == [Reason.RETURNED, Reason.ENDED]
    assert send_all(engine, 402) == [("resolved", "mail"), ("resolved", "am")]  # of the trunk; gp5 was told at 301
    change_outage(engine, first, to_at=at(500))
    assert after(501) == [Reason.ENDED]
    assert send_all(engine, 502) == [("resolved", "mail"), ("resolved", "am")]


def test_whom_nobody_told_before_the_merge_is_told_after_the_return(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp5")
    after(300)
    root = add_outage(engine, "olt1:0/1/3", "link")
    change_outage(engine, first, root=False, explained_by=root)
    after(302)
    change_outage(engine, root, to_at=at(310))
    change_outage(engine, first, root=True, explained_by=None)
    after(311)
    assert send_all(engine, 312) == [("firing", "mail"), ("firing", "am")]


def test_the_second_cut_of_a_ring_takes_over_from_the_first(engine: Engine, after: Evaluate) -> None:
    cut = add_outage(engine, "ring-1-2", "link", status="degraded", ring="ring-1", villages=0)
    assert after(59) == []
    assert after(60) == [Reason.LASTED]
    send_all(engine, 61)
    second = add_outage(engine, "ring-1-4", "link", from_at=at(100), villages=4)
    change_outage(engine, cut, root=False, explained_by=second)
    assert after(400) == [Reason.MERGED, Reason.LASTED]
    assert [(a.rule, a.severity) for a in alerts(engine, Scope())] == [
        ("site_down", "critical"), ("redundancy_lost", "warning"),
    ]  # fmt: skip


def test_the_figures_follow_the_picture_as_it_completes(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "gp1", villages=3)
    after(300)
    change_outage(engine, root, villages=7, confidence=0.6)
    assert after(301) == [Reason.CHANGED]
    assert after(302) == []
    [claim, _] = claim_due(engine, at(302), "w")
    assert claim.alert.summary.villages == 7  # what is sent is the newest


def test_the_same_trouble_recorded_anew_is_one_alert(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp1")
    after(300)
    send_all(engine, 301)
    change_outage(engine, first, to_at=at(310))
    second = add_outage(engine, "gp1", cause="power")
    after(311)
    [found] = alerts(engine, Scope())
    assert (found.outage, found.summary.cause, found.resolved_at) == (second, "power", None)
    assert after(312) == []


def test_an_alert_that_returns_after_its_end_was_told_is_told_again(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp1")
    after(300)
    send_all(engine, 301)
    change_outage(engine, first, to_at=at(310))
    after(311)
    assert send_all(engine, 312) == [("resolved", "mail"), ("resolved", "am")]
    second = add_outage(engine, "gp1")  # the judge takes back the recovery
    assert after(313) == [Reason.LASTED]
    assert send_all(engine, 314) == [("firing", "mail"), ("firing", "am")]
    change_outage(engine, second, to_at=at(400))
    assert after(401) == [Reason.ENDED]
    assert send_all(engine, 402) == [("resolved", "mail"), ("resolved", "am")]
    assert send_all(engine, 9000) == []


def test_an_alert_that_returns_before_its_end_was_told_is_no_news(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp1")
    after(300)
    send_all(engine, 301)
    change_outage(engine, first, to_at=at(310))
    after(311)
    second = add_outage(engine, "gp1")
    assert after(312) == [Reason.LASTED]
    assert send_all(engine, 313) == []
    change_outage(engine, second, to_at=at(400))
    after(401)
    assert send_all(engine, 402) == [("resolved", "mail"), ("resolved", "am")]


def test_a_return_while_the_end_is_being_told(engine: Engine, after: Evaluate) -> None:
    first = add_outage(engine, "gp1")
    after(300)
    send_all(engine, 301)
    change_outage(engine, first, to_at=at(310))
    after(311)
    mail, _ = claim_due(engine, at(312), "w")
    add_outage(engine, "gp1")
    after(313)
    assert not finish(engine, mail, None, at(314))  # it may have arrived: so it fires again
    assert send_all(engine, 315) == [("firing", "mail"), ("firing", "am")]


def test_a_wrong_first_guess_hands_over_without_a_word(engine: Engine, after: Evaluate) -> None:
    guess = add_outage(engine, "pon-5", "link")
    after(300)
    send_all(engine, 301)
    trunk = add_outage(engine, "olt1:0/1/3", "link")
    change_outage(engine, guess, root=False, explained_by=trunk, to_at=at(302))
    assert after(303) == [Reason.MERGED, Reason.LASTED]
    assert send_all(engine, 304) == [("firing", "mail"), ("firing", "am")]


def test_a_ring_that_is_one_armed_again_says_that_its_sites_are_back(engine: Engine, after: Evaluate) -> None:
    cut = add_outage(engine, "ring-1-2", "link", ring="ring-1")
    after(300)
    send_all(engine, 301)
    change_outage(engine, cut, to_at=at(400))
    add_outage(engine, "ring-1-2", "link", ring="ring-1", status="degraded", from_at=at(400))
    assert after(401) == [Reason.ENDED]
    assert send_all(engine, 402) == [("resolved", "mail"), ("resolved", "am")]
    assert after(460) == [Reason.LASTED]


def test_a_power_cut_first_seen_at_a_kendra_is_one_alert(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "pc1", "device", cause="power")
    add_outage(engine, "gp1", "device", cause="power", root=False, explained_by=root)
    for name in ("kendra1", "gp1"):
        set_state(engine, "site", name, "down", outage=root)
    after(300)
    after(2000)
    assert [(a.rule, a.subject) for a in alerts(engine, Scope())] == [("site_down", "pc1")]


def test_kendra(engine: Engine, after: Evaluate) -> None:
    own = add_outage(engine, "kendra1", cause="equipment", responsible="kendra_operator")
    set_state(engine, "site", "kendra1", "down", outage=own)
    assert after(899) == []
    assert after(900) == [Reason.LASTED]
    [found] = alerts(engine, Scope())
    assert (found.rule, found.subject, found.area, found.outage) == ("kendra_not_ready", "kendra1", "gp:G1", own)
    assert (found.summary.villages, found.summary.citizens) == (1, 1000)
    assert (found.summary.layer, found.summary.responsible) == ("kendra_hardware", "kendra_operator")
    set_state(engine, "site", "kendra1", "unknown", since=at(950))
    assert after(951) == []
    set_state(engine, "site", "kendra1", "up", since=at(1000))
    assert after(1001) == [Reason.ENDED]
    assert alerts(engine, Scope())[0].resolved_at == at(1000)


def test_a_kendra_behind_a_cut_has_no_alert_of_its_own(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "olt1:0/1/3", "link")
    shadow = add_outage(engine, "kendra5", root=False, explained_by=root)
    set_state(engine, "site", "kendra5", "down", outage=shadow)
    after(1000)
    assert [a.rule for a in alerts(engine, Scope())] == ["site_down"]
    change_outage(engine, root, to_at=at(1100))  # the cut is mended, the PC stays away
    change_outage(engine, shadow, root=True, explained_by=None)
    assert after(1101) == [Reason.ENDED, Reason.LASTED]
    assert [a.rule for a in alerts(engine, Scope(), open_only=True)] == ["kendra_not_ready"]


def test_a_kendra_alert_merges_into_a_cut_and_returns(engine: Engine, after: Evaluate) -> None:
    own = add_outage(engine, "kendra5")
    set_state(engine, "site", "kendra5", "down", outage=own)
    after(900)
    root = add_outage(engine, "olt1:0/1/3", "link", from_at=at(950))
    change_outage(engine, own, root=False, explained_by=root)
    assert after(960) == [Reason.MERGED]
    change_outage(engine, root, to_at=at(1000))
    change_outage(engine, own, root=True, explained_by=None)
    assert after(1001) == [Reason.RETURNED]


def test_a_kendra_that_left_the_inventory_ends_its_alert(engine: Engine, small: Inventory, after: Evaluate) -> None:
    set_state(engine, "site", "kendra1", "down")
    after(900)
    left = replace(small, sites={name: site for name, site in small.sites.items() if name != "kendra1"})
    assert [decision.reason for decision in evaluate(engine, left, SETTINGS, at(901))] == [Reason.ENDED]


def test_a_root_that_no_rule_watches_does_not_silence_a_kendra(engine: Engine, after: Evaluate) -> None:
    ups = add_outage(engine, "ups2", "device")
    set_state(engine, "site", "kendra2", "down", outage=ups)
    assert after(900) == [Reason.LASTED]


def test_it_holds_without_channels(engine: Engine, small: Inventory) -> None:
    add_outage(engine, "gp1")
    bare = SETTINGS.model_copy(update={"channels": ()})
    assert len(evaluate(engine, small, bare, at(300))) == 1
    assert queue(engine) == []


def test_nothing_is_left_half_done(engine: Engine, after: Evaluate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies between an alert and its deliveries leaves neither."""
    add_outage(engine, "gp1")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("alerts.evaluate._enqueue", killed)
        with pytest.raises(KeyboardInterrupt):
            after(300)
    with engine.connect() as connection:
        assert connection.execute(select(alert.c.id)).all() == []
    assert after(301) == [Reason.LASTED]
    assert len(queue(engine)) == 2


def test_an_endpoint_makes_one_alert_of_the_state_with_the_villages_behind_it(engine: Engine, small: Inventory) -> None:
    inventory = replace(small, endpoints={"portal": Endpoint("portal", Names("Portal"), "https://portal.test/")})
    add_outage(engine, "portal", "endpoint", cause="upstream", responsible="service_owner", villages=8, citizens=28_000)
    assert evaluate(engine, inventory, SETTINGS, MONDAY) == ()
    (opened,) = evaluate(engine, inventory, SETTINGS, MONDAY + timedelta(seconds=SETTINGS.endpoint_down_after_s))
    assert isinstance(opened, Opening)
    assert (opened.rule, opened.area, opened.severity) == (Rule.ENDPOINT_DOWN, "state:22", Severity.CRITICAL)
    assert (opened.summary.villages, opened.summary.citizens, opened.summary.layer) == (8, 28_000, Layer.ENDPOINT)


def test_what_goes_down_again_and_again_has_one_alert(engine: Engine, after: Evaluate) -> None:
    """From the third outage on they are recorded one by one and told as one, until it has been quiet."""
    told: list[Reason] = []
    for number in range(50):
        start = 900.0 * number
        if number == 2:
            set_flapping(engine, "gp1", at(start))
        outage = add_outage(engine, "gp1", "device", from_at=at(start))
        told += [*after(start + 1), *after(start + 400)]
        change_outage(engine, outage, to_at=at(start + 450))
        told += after(start + 451)
    clear_flapping(engine)
    told += after(50 * 900.0)
    assert told == [Reason.LASTED, Reason.ENDED] * 3
    rules = [one.rule for one in alerts(engine, Scope())]
    assert sorted(rules) == [Rule.FLAPPING, Rule.SITE_DOWN, Rule.SITE_DOWN]


def test_flapping_that_is_explained_or_planned_is_not_told(engine: Engine, after: Evaluate) -> None:
    root = add_outage(engine, "pop-r2", "device", cause="planned")
    add_outage(engine, "radio8", "device", root=False, explained_by=root)
    for device in ("pop-r2", "radio8"):
        set_flapping(engine, device, MONDAY)
    assert after(4000) == []


def test_announced_work_is_not_told_and_what_outlasts_it_is(engine: Engine, after: Evaluate) -> None:
    planned = add_outage(engine, "gp1", "device", cause="planned")
    set_state(engine, "site", "kendra1", "down", outage=planned)
    assert after(4000) == []
    change_outage(engine, planned, to_at=at(4000))
    late = add_outage(engine, "gp1", "device", from_at=at(4000))
    set_state(engine, "site", "kendra1", "down", outage=late)
    assert after(4400) == [Reason.LASTED]


def set_flapping(engine: Engine, device: str, since: datetime) -> None:
    row = {"subject_kind": "device", "subject": device, "about": "", "kind": "flapping", "since": since, "at": since}
    with engine.begin() as connection:
        connection.execute(insert(trouble).values(row | {"value": 2500.0, "reason": "test"}))


def clear_flapping(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(trouble))
