"""All that the judge remembers of endpoints: what each pair of eyes sees of them, and what that amounts to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from collectors.http.look import NOC
from collectors.model import Reason
from inventory.model import Inventory
from readiness.evidence import Sighting
from readiness.model import Status
from readiness.rules import endpoint as rules
from readiness.rules.endpoint import Glance, Outcome, Policy, Verdict, View
from readiness.rules.services import Seen
from readiness.rules.sight import Sight
from readiness.rules.status import Change
from readiness.rules.watch import NOBODY_WATCHED
from readiness.views import Eyes
from storage.settings import EndpointSettings

_LOOK_S = 10.0  # how long one may take
_STALE_INTERVALS = 3
_STALE_LEAST_S = 60.0
_KENDRA_IN_A_ROW = 2  # a kendra is asked seldom, and looks again at once itself

_SAYS: Mapping[Reason, tuple[Outcome, str]] = {
    Reason.TIMEOUT: (Outcome.SILENT, "does not answer"),
    Reason.REFUSED: (Outcome.WRONG, "refuses connections"),
    Reason.NO_ROUTE: (Outcome.NOTHING, "there is no way to it from there"),
    Reason.PROTOCOL: (Outcome.WRONG, "its answer is not proper HTTP"),
    Reason.DEADLINE: (Outcome.WRONG, "its answer does not end in time"),
    Reason.NAME: (Outcome.SILENT, "the name of its host leads nowhere"),
    Reason.FORBIDDEN: (Outcome.NOTHING, "its address is not public and not allowed by the settings"),
    Reason.TLS: (Outcome.WRONG, "its certificate or encryption is not in order"),
    Reason.TEXT: (Outcome.WRONG, "answers without the expected text"),
}
# What a kendra cannot look at, its citizens can't either.
_SAYS_KENDRA: Mapping[Reason, tuple[Outcome, str]] = {
    **_SAYS,
    Reason.NO_ROUTE: (Outcome.SILENT, "there is no way to it from there"),
    Reason.FORBIDDEN: (Outcome.SILENT, "the name of its host leads to an address that is not public"),
}


@dataclass
class News:
    """`endpoints` that stand otherwise for everybody; `kendras` from which one is seen otherwise."""

    endpoints: list[tuple[str, Change]] = field(default_factory=list)
    kendras: dict[str, float] = field(default_factory=dict)  # site -> since when


class Portals:
    """Views by endpoint and eyes; times are UTC epoch seconds."""

    def __init__(self, inventory: Inventory, settings: EndpointSettings, sight_s: float, now: float) -> None:
        self._devices, self._began = inventory.devices, now
        intervals = {code: float(one.interval_s or settings.interval_s) for code, one in inventory.endpoints.items()}
        self._limit = {code: max(_STALE_INTERVALS * each, _STALE_LEAST_S) for code, each in intervals.items()}
        self._kendra_limit = max(_STALE_INTERVALS * settings.kendra_interval_s, _STALE_LEAST_S)
        self._policy = Policy(max([sight_s, *(2 * each for each in intervals.values())]))
        self._kendra_policy = Policy(inf, in_a_row=_KENDRA_IN_A_ROW)
        self._slow_s = settings.slow_s
        self._views: dict[str, View] = {code: View(Status.UNKNOWN, now, "not observed yet") for code in intervals}
        self._by_kendra: dict[str, dict[str, View]] = {}  # site -> endpoint -> view
        self._answered: dict[str, float] = {}  # endpoint -> when it last answered here
        self._unsaved: set[Eyes] = set()
        self.verdicts: dict[str, Verdict] = {}
        self.for_all: Seen = {}  # replaced whenever one changes
        for code in intervals:
            self._settle(code, self._verdict(code))

    def take(self, sightings: Iterable[Sighting], sight: Sight) -> News:
        """`sight`: what the collector itself heard of references and of everybody else."""
        news = News()
        for seen in sightings:
            if seen.endpoint not in self._views:
                continue
            if seen.device == NOC:
                self._take_here(seen, sight, news)
            elif device := self._devices.get(seen.device):
                self._take_kendra(seen, device.site, news)
        return news

    def shift(self, by: float) -> None:
        """The wall clock was set by so many seconds."""
        for views in (self._views, *self._by_kendra.values()):
            for code, view in views.items():
                views[code] = replace(view, at=view.at + by, first_bad=view.first_bad + by)
        self._answered = {code: at + by for code, at in self._answered.items()}

    def pass_time(self, now: float) -> News:
        """What nobody looked at for three intervals is unknown; a kendra's word then counts no more."""
        news = News()
        for code, view in self._views.items():
            if view.status is not Status.UNKNOWN and now - view.at > self._limit[code]:
                self._keep_here(code, rules.stale(view, "not looked at any more"), news)
        for site, views in self._by_kendra.items():
            for code, view in views.items():
                if view.status is not Status.UNKNOWN and now - view.at > self._kendra_limit:
                    self._keep_kendra(site, code, rules.stale(view, "not looked at any more"), news)
        return news

    def seen_from(self, kendra: str) -> Seen:
        """How the endpoints stand for a kendra's villages; `for_all` itself where it has no eyes of its own."""
        own = self._by_kendra.get(kendra)
        if not own:
            return self.for_all
        fresh = {code: (view.status, view.since) for code, view in own.items() if view.status is not Status.UNKNOWN}
        return {**self.for_all, **fresh}

    def unsaved(self) -> dict[Eyes, View]:
        """The views that changed since this was last called."""
        found = {eyes: self._view(*eyes) for eyes in sorted(self._unsaved)}
        self._unsaved.clear()
        return found

    def recall(self, stored: Mapping[Eyes, View]) -> None:
        """Take up what an earlier process saw."""
        for (code, eyes), told in stored.items():
            view = rules.not_after(told, self._began)
            if code not in self._views:
                continue
            if eyes == NOC:
                self._views[code] = view
            else:
                self._by_kendra.setdefault(eyes, {})[code] = view
            if view != told:
                self._unsaved.add((code, eyes))
        for code in self._views:
            self._settle(code, self._verdict(code))

    def forget(self, stored: Mapping[Eyes, View]) -> None:
        """Nobody has looked for too long: what an earlier process saw is unknown, and stored so."""
        self.recall({eyes: rules.stale(view, NOBODY_WATCHED) for eyes, view in stored.items()})
        self._unsaved |= {(code, eyes) for code, eyes in stored if code in self._views}

    def _view(self, code: str, eyes: str) -> View:
        return self._views[code] if eyes == NOC else self._by_kendra[eyes][code]

    def _take_here(self, seen: Sighting, sight: Sight, news: News) -> None:
        code = seen.endpoint
        proofs = [at for other, at in self._answered.items() if other != code]
        if seen.failure is not Reason.NAME:  # references answer also while our own resolver doesn't
            proofs.append(sight.seen_at)
        glance = _glance(seen, self._slow_s, _SAYS)
        if glance.outcome in {Outcome.GOOD, Outcome.SLOW, Outcome.WRONG}:
            self._answered[code] = max(seen.at, self._answered.get(code, -inf))
        before = self._views[code]
        if before.silent and sight.was_mute(before.at, before.at + _LOOK_S):
            before = rules.forgotten(before)
        view = rules.step(before, glance, max(proofs, default=-inf), self._policy)
        self._keep_here(code, view, news)

    def _take_kendra(self, seen: Sighting, site: str, news: News) -> None:
        before = self._by_kendra.get(site, {}).get(seen.endpoint)
        view = before or View(Status.UNKNOWN, seen.at, "not observed yet")
        glance = _glance(seen, self._slow_s, _SAYS_KENDRA)
        # Who could be asked over SSH has its own way to us: what it doesn't reach, it doesn't reach.
        self._keep_kendra(site, seen.endpoint, rules.step(view, glance, inf, self._kendra_policy), news)

    def _keep_here(self, code: str, view: View, news: News) -> None:
        if view != self._views[code]:
            self._views[code] = view
            self._unsaved.add((code, NOC))
            self._judge(code, news)

    def _keep_kendra(self, site: str, code: str, view: View, news: News) -> None:
        views = self._by_kendra.setdefault(site, {})
        before = views.get(code)
        views[code] = view
        self._unsaved.add((code, site))
        if before is None or before.status is not view.status:
            news.kendras[site] = view.since
            self._judge(code, news)

    def _judge(self, code: str, news: News) -> None:
        before, verdict = self.verdicts[code], self._verdict(code)
        if verdict.status is not before.status:
            verdict = replace(verdict, since=max(verdict.since, before.since))
        else:
            verdict = replace(verdict, since=before.since)
        self._settle(code, verdict)
        if (verdict.status, verdict.reason) != (before.status, before.reason):
            news.endpoints.append((code, Change(before.status, verdict.status, verdict.since, verdict.reason)))

    def _settle(self, code: str, verdict: Verdict) -> None:
        self.verdicts[code] = verdict
        self.for_all = {**self.for_all, code: (verdict.status, verdict.since)}

    def _verdict(self, code: str) -> Verdict:
        return rules.overall(self._views[code], [own[code] for own in self._by_kendra.values() if code in own])


def _glance(seen: Sighting, slow_s: float, says: Mapping[Reason, tuple[Outcome, str]]) -> Glance:
    if seen.failure is Reason.STATUS:
        return Glance(seen.at, Outcome.WRONG, f"answers with status {seen.http_status}")
    if seen.failure is not None:
        return Glance(seen.at, *says.get(seen.failure, (Outcome.NOTHING, "nobody could look")))
    if seen.total_s > slow_s:
        return Glance(seen.at, Outcome.SLOW, f"answers slower than in {slow_s:g} s")
    return Glance(seen.at, Outcome.GOOD, "answers as it should")
