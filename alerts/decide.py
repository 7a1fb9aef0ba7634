"""From the situation to what has to be opened, changed or ended. Pure."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from alerts.model import (
    Alert,
    Change,
    Decision,
    KendraState,
    KeyChange,
    Opening,
    Outage,
    Reason,
    Rule,
    Situation,
    Subject,
    Summary,
)
from alerts.observed import about_certificates, about_configs
from alerts.places import Place, place_of
from alerts.rules import SEVERITY, flapping_reason, hours_of, is_open, kendra_reason, outage_reason, rule_for
from alerts.summary import device_summary, kendra_summary, outage_summary
from inventory.model import Area, Inventory, Site
from readiness.model import Cause, SubjectKind
from storage.settings import AlertSettings

_NOT_OF_OUTAGES = {
    Rule.KENDRA_NOT_READY,
    Rule.HOST_KEY_CHANGED,
    Rule.FLAPPING,
    Rule.CONFIG_CHANGED,
    Rule.CERTIFICATE_ENDS,
}


def decide(situation: Situation, inventory: Inventory, settings: AlertSettings, now: datetime) -> tuple[Decision, ...]:
    """Every decision at `now`, in a stable order; empty while nothing changes."""
    moment = _Moment(situation, inventory, settings, now)
    open_last = sorted(situation.alerts, key=lambda alert: (is_open(alert), alert.id))
    of_outages = {a.outage: a for a in open_last if a.rule not in _NOT_OF_OUTAGES}
    of_flapping = {(a.subject_kind, a.subject): a for a in open_last if a.rule is Rule.FLAPPING}
    of_keys = {a.subject: a for a in open_last if a.rule is Rule.HOST_KEY_CHANGED}
    keys = {key.device: key for key in situation.keys}
    of_kendras = {a.subject: a for a in open_last if a.rule is Rule.KENDRA_NOT_READY}
    states = {state.site: state for state in situation.kendras}
    decisions: list[Decision | None] = [
        _about_outage(moment, outage, of_outages.get(outage.id)) for outage in situation.outages.values()
    ]
    decisions += [
        _about_kendra(moment, name, states.get(name), of_kendras.get(name))
        for name in sorted(states.keys() | of_kendras.keys())
    ]
    decisions += [_about_key(moment, name, keys.get(name), of_keys.get(name)) for name in sorted(keys | of_keys)]
    subjects = sorted(situation.flapping.keys() | of_flapping.keys())
    decisions += [_about_flapping(moment, subject, of_flapping.get(subject)) for subject in subjects]
    decisions += about_configs(situation, inventory, settings, now)
    decisions += about_certificates(situation, inventory, settings, now)
    return tuple(decision for decision in decisions if decision is not None)


@dataclass(frozen=True)
class _Moment:
    situation: Situation
    inventory: Inventory
    settings: AlertSettings
    now: datetime

    @cached_property
    def served(self) -> dict[str, list[Area]]:
        """Kendra -> the villages it serves."""
        found: dict[str, list[Area]] = {}
        for area in self.inventory.areas.values():
            if area.served_by is not None:
                found.setdefault(area.served_by, []).append(area)
        return found

    @cached_property
    def roots(self) -> dict[Subject, Outage]:
        """The open roots by what they are about."""
        roots = (outage for outage in self.situation.outages.values() if outage.root and outage.to_at is None)
        return {(outage.subject_kind, outage.subject): outage for outage in roots}

    def place(self, outage: Outage) -> Place | None:
        return place_of(self.inventory, outage.subject_kind, outage.subject)


def _about_outage(moment: _Moment, outage: Outage, alert: Alert | None) -> Decision | None:
    if alert is None and not outage.root:
        return None  # nearly all outages behind a large cut: not worth finding their place
    place = moment.place(outage)
    rule = rule_for(outage, place)
    flapping = (outage.subject_kind, outage.subject) in moment.situation.flapping
    reason = outage_reason(outage, rule, alert, moment.settings, moment.now, flapping=flapping)
    if reason is Reason.LASTED and place is not None and rule is not None:
        summary = outage_summary(outage, place, moment.inventory)
        return Opening(
            reason, rule, outage.subject_kind, outage.subject, place.area, outage.id, SEVERITY[rule], outage.from_at,
            summary,
        )  # fmt: skip
    if alert is None:
        return None
    summary = alert.summary if place is None else outage_summary(outage, place, moment.inventory)
    return _change(reason, alert, outage.to_at or moment.now, summary)


def _about_kendra(moment: _Moment, name: str, state: KendraState | None, alert: Alert | None) -> Decision | None:
    site = moment.inventory.sites.get(name)
    if state is None or site is None:  # left the inventory or the judge's care
        return Change(Reason.ENDED, alert, moment.now, alert.summary) if is_open(alert) else None
    root = moment.situation.outages.get(state.outage) if state.outage is not None else None
    if root is not None and root.to_at is not None:
        root = None  # over: what still stands needs its own explanation
    own = root if root is not None and _is_at(moment, root, site) else None
    planned = root is not None and root.cause is Cause.PLANNED
    explained = root is not None and (planned or rule_for(root, moment.place(root)) is Rule.SITE_DOWN)
    reason = kendra_reason(
        state,
        hours_of(site.hours),
        alert,
        explained=explained,
        after_s=moment.settings.kendra_after_s,
        now=moment.now,
    )
    if reason is Reason.LASTED:
        summary = kendra_summary(site, own, moment.served.get(name, ()), moment.inventory)
        return Opening(
            reason, Rule.KENDRA_NOT_READY, SubjectKind.SITE, name, site.area, own.id if own else None,
            SEVERITY[Rule.KENDRA_NOT_READY], state.since, summary,
        )  # fmt: skip
    at = state.since if reason is Reason.ENDED else moment.now
    return None if alert is None else _change(reason, alert, at, alert.summary)


def _about_key(moment: _Moment, device: str, key: KeyChange | None, alert: Alert | None) -> Decision | None:
    """It lasts until the device shows a key that is known again: its own, or a new one that somebody accepted."""
    place = place_of(moment.inventory, SubjectKind.DEVICE, device)
    if key is None or place is None:
        return Change(Reason.ENDED, alert, moment.now, alert.summary) if is_open(alert) else None
    if is_open(alert):
        return None
    rule = Rule.HOST_KEY_CHANGED
    summary = device_summary(device, place, moment.inventory)
    return Opening(
        Reason.LASTED, rule, SubjectKind.DEVICE, device, place.area, None, SEVERITY[rule], key.since, summary
    )


def _about_flapping(moment: _Moment, subject: Subject, alert: Alert | None) -> Decision | None:
    """One alert for all outages of what goes down again and again."""
    outage, since = moment.roots.get(subject), moment.situation.flapping.get(subject)
    place = None if outage is None else moment.place(outage)
    rule = None if outage is None else rule_for(outage, place)
    reason = flapping_reason(outage, rule, alert, flapping=since is not None)
    if reason is Reason.LASTED and outage is not None and place is not None and since is not None:
        summary = outage_summary(outage, place, moment.inventory)
        return Opening(
            reason, Rule.FLAPPING, *subject, place.area, None, SEVERITY[Rule.FLAPPING], since, summary,
        )  # fmt: skip
    return Change(reason, alert, moment.now, alert.summary) if alert and reason is Reason.ENDED else None


def _is_at(moment: _Moment, outage: Outage, site: Site) -> bool:
    place = moment.place(outage)
    return place is not None and place.site == site


def _change(reason: Reason, alert: Alert, at: datetime, summary: Summary) -> Change | None:
    if reason is Reason.RETURNED:
        return Change(reason, alert, at, summary)
    if not is_open(alert):
        return None
    if reason is Reason.HOLDS:
        return None if summary == alert.summary else Change(Reason.CHANGED, alert, at, summary)
    # The figures of what is over would count nobody: the last ones while it lasted stay.
    return Change(reason, alert, at, alert.summary)
