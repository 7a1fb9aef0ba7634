"""The rules as tables: why an outage or a kendra has, gets, keeps or loses an alert."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.model import Alert, KendraState, Outage, Reason, Rule, Severity
from alerts.places import place_of
from alerts.rules import hours_of, kendra_reason, outage_reason, rule_for
from alerts.summary import from_json, kendra_summary, outage_summary, to_json
from inventory.model import Endpoint, Inventory, Names
from readiness.model import Cause, Layer, Responsible, Status, SubjectKind
from storage.settings import AlertSettings
from tests.judged import MONDAY

SETTINGS = AlertSettings(site_down_after_s=300, redundancy_after_s=60, kendra_after_s=900, endpoint_down_after_s=120)


def an_outage(**fields: Any) -> Outage:
    base = Outage(
        id=1, subject_kind=SubjectKind.SITE, subject="gp1", status=Status.DOWN, from_at=MONDAY, to_at=None,
        cause=Cause.FIBRE, confidence=0.9, root=True, segment=("gp1 GE0/0/1", "pop-r1 GE0/0/3"), ring="",
        responsible=Responsible.AGENCY, villages=12, citizens=8400, sites=3,
    )  # fmt: skip
    return replace(base, **fields)


def an_alert(inventory: Inventory, rule: Rule = Rule.SITE_DOWN, **fields: Any) -> Alert:
    place = place_of(inventory, SubjectKind.SITE, "gp1")
    assert place
    base = Alert(
        id=7, rule=rule, subject_kind=SubjectKind.SITE, subject="gp1", area="gp:G1", outage=1,
        severity=Severity.CRITICAL, summary=outage_summary(an_outage(), place, inventory), opened_at=MONDAY,
        resolved_at=None, acknowledged_at=None, acknowledged_by="",
    )  # fmt: skip
    return replace(base, **fields)


def after(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("kind", "subject", "fields", "rule"),
    [
        ("site", "gp1", {}, Rule.SITE_DOWN),
        ("site", "pop", {}, Rule.SITE_DOWN),
        ("device", "gp1", {}, Rule.SITE_DOWN),
        ("device", "ont5", {}, Rule.SITE_DOWN),
        ("link", "pon-5", {}, Rule.SITE_DOWN),
        ("link", "olt1:0/1/3", {}, Rule.SITE_DOWN),  # a trunk
        ("link", "ring-1-2", {"status": Status.DEGRADED, "ring": "ring-1"}, Rule.REDUNDANCY_LOST),
        ("link", "noc-pop1", {"status": Status.DEGRADED}, Rule.REDUNDANCY_LOST),  # one of two uplinks
        ("device", "radio8", {"status": Status.DEGRADED}, None),
        ("site", "kendra1", {"sites": 1}, None),
        ("device", "pc1", {"sites": 1}, None),
        ("device", "pc1", {"sites": 3}, Rule.SITE_DOWN),  # the first sign of a power cut
        ("device", "ups2", {"sites": 0}, None),
        ("device", "ups2", {"sites": 1}, Rule.SITE_DOWN),
        ("village", "village:V1", {}, None),
        ("endpoint", "portal", {"sites": 0}, Rule.ENDPOINT_DOWN),
        ("endpoint", "gone", {}, None),
        ("site", "gone", {}, None),
        ("device", "gone", {}, None),
        ("link", "gone", {}, None),
    ],
)
def test_rule_for(small: Inventory, kind: str, subject: str, fields: dict[str, Any], rule: Rule | None) -> None:
    outage = an_outage(subject_kind=SubjectKind(kind), subject=subject, **fields)
    inventory = replace(small, endpoints={"portal": Endpoint("portal", Names("Portal"), "https://portal.test/")})
    assert rule_for(outage, place_of(inventory, outage.subject_kind, subject)) is rule


@pytest.mark.parametrize(
    ("rule", "fields", "alerted", "seconds", "reason"),
    [
        (Rule.SITE_DOWN, {}, None, 299, Reason.TOO_SHORT),
        (Rule.SITE_DOWN, {}, None, 300, Reason.LASTED),
        (Rule.REDUNDANCY_LOST, {}, None, 59, Reason.TOO_SHORT),
        (Rule.REDUNDANCY_LOST, {}, None, 60, Reason.LASTED),
        (Rule.ENDPOINT_DOWN, {}, None, 119, Reason.TOO_SHORT),
        (Rule.ENDPOINT_DOWN, {}, None, 120, Reason.LASTED),
        (Rule.SITE_DOWN, {"root": False}, None, 9000, Reason.EXPLAINED),
        (Rule.SITE_DOWN, {"to_at": after(400)}, None, 9000, Reason.ENDED),
        (Rule.SITE_DOWN, {"unseen": True}, None, 9000, Reason.UNSEEN),
        (Rule.SITE_DOWN, {"unseen": True, "to_at": after(400)}, None, 9000, Reason.ENDED),
        (Rule.SITE_DOWN, {"unseen": True}, Rule.SITE_DOWN, 9000, Reason.HOLDS),
        (Rule.SITE_DOWN, {"unseen": True, "to_at": after(400)}, Rule.SITE_DOWN, 9000, Reason.ENDED),
        (None, {}, None, 9000, Reason.NOT_WATCHED),
        (Rule.SITE_DOWN, {}, Rule.SITE_DOWN, 400, Reason.HOLDS),
        (Rule.SITE_DOWN, {"to_at": after(400)}, Rule.SITE_DOWN, 401, Reason.ENDED),
        (Rule.SITE_DOWN, {"root": False, "heir": True}, Rule.SITE_DOWN, 400, Reason.MERGED),
        (Rule.SITE_DOWN, {"root": False}, Rule.SITE_DOWN, 400, Reason.HOLDS),  # what explains it ended just now
        (Rule.SITE_DOWN, {"root": False, "to_at": after(400), "heir": True}, Rule.SITE_DOWN, 400, Reason.MERGED),
        (Rule.SITE_DOWN, {"root": False, "to_at": after(400)}, Rule.SITE_DOWN, 400, Reason.ENDED),
        (Rule.SITE_DOWN, {}, Rule.REDUNDANCY_LOST, 400, Reason.MERGED),  # the second cut of a ring
        (None, {}, Rule.SITE_DOWN, 400, Reason.ENDED),  # left the inventory, or took no site any more
    ],
)
def test_outage_reason(
    small: Inventory, *, rule: Rule | None, fields: dict[str, Any], alerted: Rule | None, seconds: float, reason: Reason
) -> None:
    alert = an_alert(small, alerted) if alerted else None
    assert outage_reason(an_outage(**fields), rule, alert, SETTINGS, after(seconds)) is reason


def test_a_merged_alert_returns_when_its_outage_is_a_root_again(small: Inventory) -> None:
    merged = an_alert(small, resolved_at=after(400))
    assert outage_reason(an_outage(), Rule.SITE_DOWN, merged, SETTINGS, after(500)) is Reason.RETURNED
    unseen = an_outage(unseen=True)
    assert outage_reason(unseen, Rule.SITE_DOWN, merged, SETTINGS, after(500)) is Reason.UNSEEN
    shadow = an_outage(root=False)
    assert outage_reason(shadow, Rule.SITE_DOWN, merged, SETTINGS, after(500)) is Reason.EXPLAINED
    over = an_outage(to_at=after(450))
    assert outage_reason(over, Rule.SITE_DOWN, merged, SETTINGS, after(500)) is Reason.ENDED


NIGHT = MONDAY - timedelta(hours=8)  # 03:00 in India
OPENING = MONDAY - timedelta(hours=1)  # 10:00 in India


@pytest.mark.parametrize(
    ("status", "since", "now", "explained", "alerted", "reason"),
    [
        ("down", MONDAY, after(899), False, False, Reason.TOO_SHORT),
        ("down", MONDAY, after(900), False, False, Reason.LASTED),
        ("down", MONDAY, after(900), True, False, Reason.EXPLAINED),
        ("down", NIGHT, NIGHT + timedelta(hours=2), False, False, Reason.CLOSED_HOURS),
        ("down", NIGHT, OPENING + timedelta(seconds=899), False, False, Reason.TOO_SHORT),  # counted from opening
        ("down", NIGHT, OPENING + timedelta(seconds=900), False, False, Reason.LASTED),
        ("down", MONDAY, after(8 * 3600), False, True, Reason.HOLDS),  # outlives closing time
        ("down", MONDAY, after(950), True, True, Reason.MERGED),
        ("up", after(1000), after(1001), False, True, Reason.ENDED),
        ("degraded", after(1000), after(1001), False, True, Reason.ENDED),
        ("unknown", after(1000), after(1001), False, True, Reason.HOLDS),  # unknown is not up
        ("unknown", MONDAY, after(9000), False, False, Reason.NOT_WATCHED),  # nor is it down
        ("up", MONDAY, after(9000), False, False, Reason.NOT_WATCHED),
    ],
)
def test_kendra_reason(
    small: Inventory, *, status: str, since: datetime, now: datetime, explained: bool, alerted: bool, reason: Reason
) -> None:
    state = KendraState("kendra1", Status(status), since, None)
    alert = an_alert(small, Rule.KENDRA_NOT_READY) if alerted else None
    hours = hours_of("Mo-Sa 10:00-17:00")
    assert kendra_reason(state, hours, alert, explained=explained, after_s=900, now=now) is reason


def test_hours_that_nobody_stated_are_the_usual_ones() -> None:
    assert hours_of("") == hours_of("whenever") == hours_of("Mo-Sa 10:00-17:00")


@pytest.mark.parametrize(
    ("kind", "subject", "area", "name"),
    [
        ("site", "gp5", "gp:G5", "Gram 5"),
        ("device", "ont5", "gp:G5", "Gram 5"),
        ("link", "ring-1-2", "block:3591", "Gram 2 – Gram 3"),
        ("link", "pon-5", "district:387", "Raipur POP – Gram 5"),
        ("link", "olt1:0/1/3", "district:387", "olt1:0/1/3"),
        ("link", "ring-1", "district:387", "ring-1"),
    ],
)
def test_place(small: Inventory, kind: str, subject: str, area: str, name: str) -> None:
    place = place_of(small, SubjectKind(kind), subject)
    assert place
    assert (place.area, place.names.en) == (area, name)


def test_a_link_between_districts_belongs_to_its_far_end(small: Inventory) -> None:
    other = replace(small.areas["district:387"], code="374", names=Names("Durg"))
    areas = {**small.areas, other.key: other}
    sites = {**small.sites, "pop": replace(small.sites["pop"], area="district:374")}
    apart = replace(small, areas=areas, sites=sites)
    place = place_of(apart, SubjectKind.LINK, "noc-pop1")
    assert place
    assert place.area == "district:374"


def test_summaries_survive_their_json(small: Inventory) -> None:
    place = place_of(small, SubjectKind.SITE, "gp1")
    assert place
    outage = outage_summary(an_outage(citizens=None, layer=Layer.POWER), place, small)
    assert from_json(to_json(outage)) == outage
    served = [small.areas["village:V8"]]
    kendra = kendra_summary(small.sites["kendra8"], None, served, small)
    assert from_json(to_json(kendra)) == kendra
    assert kendra.citizens is None  # village V8 has no population on record: unknown, not 0


@pytest.mark.parametrize(
    ("fields", "layer"),
    [
        ({"layer": Layer.BACKHAUL, "cause": Cause.POWER}, Layer.BACKHAUL),  # what the villages name comes first
        ({"cause": Cause.POWER}, Layer.POWER),
        ({"cause": Cause.FIBRE}, Layer.BACKHAUL),
        ({"cause": Cause.EQUIPMENT}, Layer.GP_EQUIPMENT),
        ({"cause": Cause.EQUIPMENT, "subject": "pop"}, Layer.BACKHAUL),
    ],
)
def test_layer(small: Inventory, fields: dict[str, Any], layer: Layer) -> None:
    outage = an_outage(**fields)
    place = place_of(small, outage.subject_kind, outage.subject)
    assert place
    assert outage_summary(outage, place, small).layer is layer
