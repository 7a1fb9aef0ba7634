"""What the map page says of an area: counts, the table of its parts, the villages that are cut off."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from markupsafe import Markup

from api.context import Context
from api.i18n import N_
from api.pages.speaker import Speaker
from api.statuses import Statuses
from inventory.model import Area, Inventory
from inventory.scope import Scope
from maps import letters
from maps.svg import Words, draw
from maps.tally import Tally, by_part, tally
from maps.view import MapView
from readiness import present
from readiness.citizens import by_readiness
from readiness.model import Cause, Layer, Readiness, Responsible, SubjectKind
from readiness.network import RingRow
from readiness.read import OutageRow, StateRow
from readiness.rules.rings import RingStatus
from readiness.services import EndpointRow, endpoints

LISTED = {True: 200, False: 40}
"""Most villages in a list, where all villages are few and where they are many: an officer sees all of
a district, and a state's page stays small.
"""
FEW = 400
LOST = (RingStatus.ONE_ARMED, RingStatus.BROKEN)


@dataclass(frozen=True, slots=True)
class Listed:
    """A village that is blocked, and why as far as that is known."""

    village: Area
    part: Area | None
    layer: Layer | None
    since: datetime
    cause: Cause | None
    responsible: Responsible | None


@dataclass(frozen=True, slots=True)
class Overview:
    total: Tally
    parts: tuple[tuple[Area, Tally], ...]
    listed: tuple[Listed, ...]
    left_out: int
    villages: tuple[tuple[Area, Readiness], ...]
    sites: Mapping[str, int]  # by letter, see maps.letters
    blocked_citizens: int | None  # None: no population of the blocked villages is known
    blocked_without: int  # blocked villages whose population isn't known
    endpoints: tuple[EndpointRow, ...] = ()
    rings: Mapping[RingStatus, int] | None = field(default_factory=dict)  # None: too many for a page
    rings_lost: tuple[RingRow, ...] = ()  # one-armed or broken, the newest first


def overview(here: Context, scope: Scope, status: Statuses) -> Overview:
    view = here.maps.view(scope.area)
    parts = tuple(zip(view.parts, by_part(view, status.villages), strict=True))
    total = tally(status.villages)
    few = len(view.villages) < FEW
    rings = here.ringed.of(scope, here.clock(), here.blind_since())
    people = by_readiness(here.engine, scope, blind_since=here.blind_since())
    listed = tuple(islice(_listed(here, scope, view, LISTED[few]), LISTED[few])) if total.blocked else ()
    return Overview(
        total=total,
        parts=tuple((part, count) for part, count in parts if count.total),
        listed=listed,
        left_out=max(0, total.blocked - len(listed)),
        villages=_all(view, status) if few else (),
        sites=Counter(status.sites),
        blocked_citizens=people.citizens[Readiness.BLOCKED],
        blocked_without=people.villages_without[Readiness.BLOCKED],
        endpoints=endpoints(here.engine, blind_since=here.blind_since()),
        rings=None if rings is None else Counter(row.status for row in rings),
        rings_lost=_lost(rings or ()),
    )


def _lost(rings: Iterable[RingRow]) -> tuple[RingRow, ...]:
    """Those that are known to have lost something; those last of which that lies in another area."""
    lost = [row for row in rings if row.status in LOST]
    return tuple(sorted(lost, key=lambda row: row.since.timestamp() if row.since else 0.0, reverse=True))


def _all(view: MapView, status: Statuses) -> tuple[tuple[Area, Readiness], ...]:
    readiness = {letter: Readiness(word) for word, letter in letters.READINESS.items()}
    found = ((village, readiness[letter]) for village, letter in zip(view.villages, status.villages, strict=True))
    return tuple(sorted(found, key=lambda one: one[0].names.en))


def _listed(here: Context, scope: Scope, view: MapView, at_once: int) -> Iterator[Listed]:
    """The villages that were cut off, the last first. They are read as many at once as are wanted."""
    seen: set[str] = set()
    while True:
        asked = len(seen) + at_once
        rows = present.newest(here.engine, scope, SubjectKind.VILLAGE, Readiness.BLOCKED, asked)
        fresh = [row for row in rows if row.subject not in seen]
        # What cuts a village off may lie in another district: its cause is told, its place is not.
        outages = present.outages(here.engine, [row.outage for row in fresh if row.outage])
        for row in fresh:
            number = view.village_number(row.subject)
            if number is not None:  # the store tells of villages that have left the inventory too
                yield _one_listed(view, number, row, outages.get(row.outage) if row.outage else None)
        seen |= {row.subject for row in fresh}
        if not fresh or len(rows) < asked:
            return


def _one_listed(view: MapView, number: int, row: StateRow, outage: OutageRow | None) -> Listed:
    part = int(view.part_of[number])
    return Listed(
        village=view.villages[number],
        part=view.parts[part] if part >= 0 else None,
        layer=row.layer,
        since=row.since,
        cause=outage.cause if outage else None,
        responsible=outage.responsible if outage else None,
    )


def drawing(view: MapView, status: Statuses, speaker: Speaker) -> Markup:
    """The server's SVG map; every name in it is escaped by maps.svg."""
    tallies = by_part(view, status.villages)
    parts = [_words(part, count, speaker) for part, count in zip(view.parts, tallies, strict=True)]
    title = speaker.say(N_("Map of villages by readiness"))
    return Markup(draw(view, status.villages, status.sites, Words(title, parts)))  # noqa: S704 - escaped where it is drawn


def _words(part: Area, count: Tally, speaker: Speaker) -> tuple[str, str, str]:
    name = speaker.plain_name(part.names)
    tip = speaker.say(N_("%(name)s: %(served)s of %(total)s villages can get services"))
    values = {"name": name, "served": speaker.number(count.served), "total": speaker.number(count.total)}
    return name, speaker.link("area", part.key), tip % values


def trail(inventory: Inventory, area: Area | None, top: str | None) -> list[Area]:
    """The areas above `area`, widest first, up to `top`, the widest one that this user sees."""
    above: list[Area] = []
    while area is not None and area.key != top and area.parent is not None:
        area = inventory.areas[area.parent]
        above.append(area)
    return above[::-1]
