"""Why an outage or a kendra has, gets, keeps or loses an alert. Pure; each answer is a reason.

Suppression holds back notification only: it is decided here, after observation and judgement have
recorded everything, and never keeps an alert from ending.
"""

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeGuard

from alerts.model import Alert, KendraState, Outage, Reason, Rule, Severity
from alerts.places import Place
from inventory.hours import Hours, HoursError, parse_hours
from inventory.model import Role, SiteKind
from readiness.model import Cause, Status, SubjectKind
from storage.settings import AlertSettings

USUAL_HOURS = parse_hours("Mo-Sa 10:00-17:00")
"""For a kendra whose hours the inventory doesn't state."""

SEVERITY = {
    Rule.SITE_DOWN: Severity.CRITICAL,
    Rule.REDUNDANCY_LOST: Severity.WARNING,
    Rule.KENDRA_NOT_READY: Severity.WARNING,
    Rule.ENDPOINT_DOWN: Severity.CRITICAL,
    Rule.HOST_KEY_CHANGED: Severity.CRITICAL,
    Rule.FLAPPING: Severity.WARNING,
    Rule.CONFIG_CHANGED: Severity.INFO,
    Rule.CERTIFICATE_ENDS: Severity.WARNING,
}
_NETWORK = frozenset({Role.ROUTER, Role.OLT, Role.ONT, Role.SWITCH, Role.RADIO})


def rule_for(outage: Outage, place: Place | None) -> Rule | None:
    """The rule that an outage falls under.

    A kendra's own outage is a matter of its hours, so not here; nor is a box that carries nobody's
    traffic. Yet either may be the first sign of a power cut that took other sites.
    """
    if place is None:
        return None
    if outage.subject_kind is SubjectKind.ENDPOINT:
        return Rule.ENDPOINT_DOWN
    if outage.status is Status.DEGRADED:
        return Rule.REDUNDANCY_LOST if outage.subject_kind is SubjectKind.LINK else None
    in_kendra = place.site is not None and place.site.kind is SiteKind.KENDRA
    carries_nothing = place.role is not None and place.role not in _NETWORK
    own = 1 if in_kendra else 0
    return None if (in_kendra or carries_nothing) and outage.sites <= own else Rule.SITE_DOWN


def outage_reason(
    outage: Outage,
    rule: Rule | None,
    alert: Alert | None,
    settings: AlertSettings,
    now: datetime,
    *,
    flapping: bool = False,
) -> Reason:
    """`rule` is the one the outage falls under, `alert` the one it has had; `flapping`: its subject goes down again and again."""
    if is_open(alert):
        return _while_alerted(outage, rule, alert)
    if rule is None:
        return Reason.NOT_WATCHED
    if outage.to_at is not None:
        return Reason.ENDED
    held = _held_back(outage, flapping=flapping)
    if held is not None:
        return held
    if alert is not None and alert.rule is rule:
        return Reason.RETURNED
    return _lasted(now - outage.from_at, _after_s(rule, settings))


def _held_back(outage: Outage, *, flapping: bool) -> Reason | None:
    if not outage.root:
        return Reason.EXPLAINED
    if outage.cause is Cause.PLANNED:
        return Reason.PLANNED
    if outage.unseen:
        return Reason.UNSEEN
    return Reason.FLAPPING if flapping else None


def _after_s(rule: Rule, settings: AlertSettings) -> float:
    match rule:
        case Rule.REDUNDANCY_LOST:
            return settings.redundancy_after_s
        case Rule.ENDPOINT_DOWN:
            return settings.endpoint_down_after_s
    return settings.site_down_after_s


def flapping_reason(outage: Outage | None, rule: Rule | None, alert: Alert | None, *, flapping: bool) -> Reason:
    """`outage`: the open one of the subject. One alert for all of them, from when they are many until they ended."""
    if is_open(alert):
        return Reason.HOLDS if flapping else Reason.ENDED
    if not flapping or outage is None or rule is None:
        return Reason.NOT_WATCHED
    if not outage.root:
        return Reason.EXPLAINED
    return Reason.PLANNED if outage.cause is Cause.PLANNED else Reason.LASTED


def kendra_reason(
    state: KendraState, hours: Hours, alert: Alert | None, *, explained: bool, after_s: float, now: datetime
) -> Reason:
    """`explained`: an open outage elsewhere is the cause.

    Unknown is not up: an alert ends only when the kendra was seen to work again, and it outlives
    closing time.
    """
    if state.status is not Status.DOWN:
        works = state.status is not Status.UNKNOWN
        return (Reason.ENDED if works else Reason.HOLDS) if is_open(alert) else Reason.NOT_WATCHED
    if is_open(alert):
        return Reason.MERGED if explained else Reason.HOLDS
    if explained:
        return Reason.EXPLAINED
    if alert is not None and alert.opened_at == state.since:
        return Reason.RETURNED
    opened_at = hours.opened_at(now)
    return Reason.CLOSED_HOURS if opened_at is None else _lasted(now - max(state.since, opened_at), after_s)


@lru_cache(1024)
def hours_of(text: str) -> Hours:
    """A kendra's hours, or the usual ones where the inventory has none that can be read."""
    try:
        return parse_hours(text) if text else USUAL_HOURS
    except HoursError:
        return USUAL_HOURS


def is_open(alert: Alert | None) -> TypeGuard[Alert]:
    return alert is not None and alert.resolved_at is None


def _while_alerted(outage: Outage, rule: Rule | None, alert: Alert) -> Reason:
    if outage.heir:
        return Reason.MERGED
    if outage.to_at is not None or rule is None:
        return Reason.ENDED
    return Reason.HOLDS if rule is alert.rule else Reason.MERGED


def _lasted(so_far: timedelta, after_s: float) -> Reason:
    return Reason.LASTED if so_far >= timedelta(seconds=after_s) else Reason.TOO_SHORT
