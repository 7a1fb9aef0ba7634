"""Decisions about what was observed of something that works: no outage says it. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from alerts.model import Change, ConfigChange, Decision, Opening, Reason, Rule, Situation
from alerts.places import place_of
from alerts.rules import SEVERITY, is_open
from alerts.summary import certificate_summary, config_summary
from inventory.model import Inventory
from readiness.model import SubjectKind
from storage.settings import AlertSettings


def about_configs(
    situation: Situation, inventory: Inventory, settings: AlertSettings, now: datetime
) -> Iterator[Decision]:
    """Each change is told once, and its alert passes by itself."""
    lasts = timedelta(seconds=settings.config_changed_s)
    alerted = {(a.subject, a.opened_at): a for a in situation.alerts if a.rule is Rule.CONFIG_CHANGED and is_open(a)}
    lasting = {(one.device, one.at): one for one in situation.configs if now < one.at + lasts}
    for key, alert in sorted(alerted.items()):
        if key not in lasting or alert.subject not in inventory.devices:
            yield Change(Reason.PASSED, alert, min(alert.opened_at + lasts, now), alert.summary)
    for key, change in lasting.items():
        if key not in alerted and (opening := _opening(change, inventory)):
            yield opening


def about_certificates(
    situation: Situation, inventory: Inventory, settings: AlertSettings, now: datetime
) -> Iterator[Decision]:
    """One alert an endpoint, from when its certificate ends soon until it shows one that lasts longer."""
    before = timedelta(days=settings.certificate_days)
    alerted = {a.subject: a for a in situation.alerts if a.rule is Rule.CERTIFICATE_ENDS and is_open(a)}
    soon = {code: ends for code, ends in situation.certificates.items() if ends - before <= now}
    for subject, alert in sorted(alerted.items()):
        if subject not in soon or subject not in inventory.endpoints:
            yield Change(Reason.ENDED, alert, now, alert.summary)
        elif soon[subject] != alert.summary.ends_at:
            yield Change(Reason.CHANGED, alert, now, replace(alert.summary, ends_at=soon[subject]))
    for code in sorted(soon.keys() - alerted.keys()):
        place = place_of(inventory, SubjectKind.ENDPOINT, code)
        if place is not None:
            rule, summary = Rule.CERTIFICATE_ENDS, certificate_summary(place, soon[code])
            since = soon[code] - before
            yield Opening(
                Reason.LASTED, rule, SubjectKind.ENDPOINT, code, place.area, None, SEVERITY[rule], since, summary
            )


def _opening(change: ConfigChange, inventory: Inventory) -> Opening | None:
    place = place_of(inventory, SubjectKind.DEVICE, change.device)
    if place is None:
        return None
    rule, summary = Rule.CONFIG_CHANGED, config_summary(change, place, inventory)
    return Opening(
        Reason.LASTED, rule, SubjectKind.DEVICE, change.device, place.area, None, SEVERITY[rule], change.at, summary
    )
