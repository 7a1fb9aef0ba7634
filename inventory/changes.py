"""What happened to areas, derived from their versions: nobody has to record it beside them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

from inventory.cells import quoted
from inventory.model import Area, Inventory
from inventory.periods import all_rows, begins, by_key, rows_of


class ChangeKind(StrEnum):
    SPLIT = "split"  # a part of the area became the others, which are new on that day
    MERGED = "merged"  # the area ended and its parts went to the others
    REPLACED = "replaced"  # the area ended and all that it held became one new area
    RENAMED = "renamed"
    MOVED = "moved"  # from the first of the others to the second
    CREATED = "created"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Something that happened to an area on a day; `others` are keys of areas that took part."""

    day: date
    kind: ChangeKind
    area: str
    others: tuple[str, ...] = ()


_Rows = Mapping[str, Sequence[Area]]
_Moves = Mapping[tuple[date, str], set[str]]  # (day, area that parts left) -> areas that they joined


def changes(inventory: Inventory) -> tuple[Change, ...]:
    """Everything that happened to areas, by day.

    A village that ended is not known to be merged into another: only what an area held tells
    where it went.
    """
    rows = by_key(all_rows(inventory))
    own = [change for areas in rows.values() for before, after in pairwise(areas) for change in _own(before, after)]
    born = {key: areas[0].valid_from for key, areas in rows.items()}
    died = {key: areas[-1].valid_to for key, areas in rows.items()}
    reshaped = list(_reshaped(rows, _moves(own), born, died))
    explained = {(each.day, key) for each in reshaped for key in (each.area, *each.others)}
    bare = (*_bare(ChangeKind.CREATED, born), *_bare(ChangeKind.ENDED, died))
    return tuple(sorted([*own, *reshaped, *(each for each in bare if (each.day, each.area) not in explained)]))


def _own(before: Area, after: Area) -> Iterator[Change]:
    """What two versions of one area, the one after the other, say of it."""
    if after.valid_from is None:
        return
    if before.names != after.names:
        yield Change(after.valid_from, ChangeKind.RENAMED, after.key)
    if before.parent and after.parent and before.parent != after.parent:
        yield Change(after.valid_from, ChangeKind.MOVED, after.key, (before.parent, after.parent))


def _moves(own: Sequence[Change]) -> _Moves:
    found: defaultdict[tuple[date, str], set[str]] = defaultdict(set)
    for change in own:
        if change.kind is ChangeKind.MOVED:
            left, joined = change.others
            found[change.day, left].add(joined)
    return found


def _reshaped(
    rows: _Rows, moves: _Moves, born: Mapping[str, date | None], died: Mapping[str, date | None]
) -> Iterator[Change]:
    for (day, left), joined in moves.items():
        peers = tuple(sorted(key for key in joined if _peers(rows, left, key)))
        new = tuple(key for key in peers if born[key] == day)
        if died.get(left) != day:
            if new:
                yield Change(day, ChangeKind.SPLIT, left, new)
        elif peers:
            yield Change(day, _end(day, peers, new, moves), left, peers)


def _end(day: date, peers: Sequence[str], new: Sequence[str], moves: _Moves) -> ChangeKind:
    """What the end of an area was, whose parts went to `peers`, of which `new` began that day."""
    if not new:
        return ChangeKind.MERGED
    sources = sum(1 for (when, _), joined in moves.items() if when == day and new[0] in joined)
    if len(peers) > 1:
        return ChangeKind.SPLIT
    return ChangeKind.REPLACED if sources == 1 else ChangeKind.MERGED


def _peers(rows: _Rows, one: str, other: str) -> bool:
    return one in rows and other in rows and rows[one][0].level is rows[other][0].level


def _bare(kind: ChangeKind, days: Mapping[str, date | None]) -> Iterator[Change]:
    return (Change(day, kind, key) for key, day in days.items() if day is not None)


def summary(inventory: Inventory, happened: Sequence[Change], most: int = 10) -> Iterator[str]:
    """Lines for a terminal: how many changes of each kind, and the last `most` that aren't mere moves."""
    if not happened:
        return
    counts = Counter(change.kind for change in happened)
    yield f"changes of areas: {', '.join(f'{counts[kind]} {kind}' for kind in ChangeKind if counts[kind])}"
    shown = [change for change in happened if change.kind is not ChangeKind.MOVED][-most:]
    yield from (f"  {told(inventory, change)}" for change in shown)


def told(inventory: Inventory, change: Change) -> str:
    """The change on one line: "2022-09-03 split: district:386 'Raigarh' → district:763 'Sarangarh-Bilaigarh'"."""
    others = change.others if change.kind is not ChangeKind.RENAMED else (change.area,)
    line = f"{change.day} {change.kind}: {_named(rows_of(inventory, change.area), change.day - timedelta(days=1))}"
    after = ", ".join(_named(rows_of(inventory, key), change.day) for key in others)
    return f"{line} → {after}" if after else line


def _named(rows: Sequence[Area], day: date) -> str:
    """An area with its name on that day; its first name where it wasn't there yet."""
    begun = [area for area in rows if begins(area) <= day]
    area = begun[-1] if begun else rows[0]
    return f"{area.key} {quoted(area.names.en)}"
