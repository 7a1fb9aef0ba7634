"""What open pages are told of new changes: made once for all that watch the same area and have come equally far."""

from collections.abc import Sequence
from typing import NamedTuple

from api import models
from api.feed import Feed, Told
from maps import letters
from maps.ground import Ground
from maps.view import MapView
from readiness.model import SubjectKind
from readiness.present import Change

Span = tuple[int, int]
"""Ranks of the ground."""

_MOST_OCTETS = 16 << 20  # of what is kept: a page may say that it stands anywhere
_ONE = 500  # octets beside the data, at most


class Tidings(NamedTuple):
    """`data` is JSON of models.Changes, empty where nothing of the area changed; `place` is where the page stands then."""

    place: int
    data: str


class Telling:
    """Kept until there is more to tell."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._newest = 0
        self._made: dict[tuple[Span, int], Tidings | None] = {}
        self._octets = 0

    def since(self, view: MapView, after: int) -> Tidings | None:
        """All changes of the view after that id; None where they are no longer all known."""
        if self._feed.newest != self._newest or self._octets > _MOST_OCTETS:
            self._newest, self._octets = self._feed.newest, 0
            self._made.clear()
        watched = view.span, after
        if watched not in self._made:
            self._made[watched] = tidings = self._tidings(view, after)
            self._octets += _ONE + (len(tidings.data) if tidings else 0)
        return self._made[watched]

    def _tidings(self, view: MapView, after: int) -> Tidings | None:
        changes = self._feed.since(after)
        if changes is None:
            return None
        return Tidings(changes[-1].id, told(view, changes)) if changes else Tidings(after, "")


def told(view: MapView, changes: Sequence[Told]) -> str:
    """The latest letters of each village and site of the view, by its own numbers."""
    villages = _latest(changes, SubjectKind.VILLAGE, view.village_numbers)
    sites = _latest(changes, SubjectKind.SITE, view.site_numbers)
    if not villages and not sites:
        return ""
    return models.Changes.model_validate({"villages": villages, "sites": sites}).model_dump_json()


def _latest(changes: Sequence[Told], kind: SubjectKind, inside: slice) -> list[tuple[int | str, ...]]:
    first, end = inside.start, inside.stop
    latest = {one.number: one.letters for one in changes if one.kind is kind and first <= one.number < end}
    return [(number - first, *each) for number, each in latest.items()]


def numbered(ground: Ground, change: Change) -> Told | None:
    """A change as pages know it; None for a subject that the ground does not have."""
    if change.kind == SubjectKind.VILLAGE:
        village = ground.villages.index.get(change.subject)
        readiness = letters.READINESS[change.status], letters.LAYER[change.layer]
        return None if village is None else Told(change.id, SubjectKind.VILLAGE, village, readiness)
    site = ground.sites.index.get(change.subject)
    return None if site is None else Told(change.id, SubjectKind.SITE, site, (letters.STATUS[change.status],))
