"""What an import changes: rows added, changed field by field, and removed, by kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from inventory.cells import quoted, written
from inventory.kinds import BOUNDARIES, STORED, Kind, Record
from inventory.model import Inventory


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RowChange:
    key: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class KindDiff:
    kind: str
    added: tuple[str, ...] = ()
    changed: tuple[RowChange, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def counts(self) -> tuple[int, int, int]:
        """Rows added, changed, removed."""
        return len(self.added), len(self.changed), len(self.removed)


@dataclass(frozen=True, slots=True)
class Diff:
    """The kinds that change, in the order of STORED, boundaries last."""

    kinds: tuple[KindDiff, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.kinds)


def compare(old: Inventory, new: Inventory) -> Diff:
    """What turns `old` into `new`."""
    found = [_rows(kind, old, new) for kind in STORED]
    found.append(_boundaries(old.boundaries, new.boundaries))
    return Diff(tuple(each for each in found if any(each.counts)))


def _rows(kind: Kind, old: Inventory, new: Inventory) -> KindDiff:
    before, after = kind.of(old), kind.of(new)
    if before == after:
        return KindDiff(kind.name)
    # All records of either are looked at in its own order: looking each up makes it once more.
    differing = {key for key, record in before.items() if key in after and after[key] != record}
    return KindDiff(
        kind.name,
        tuple(key for key in after if key not in before),
        tuple(RowChange(key, tuple(_fields(kind, before[key], after[key]))) for key in after if key in differing),
        tuple(key for key in before if key not in after),
    )


def _fields(kind: Kind, before: Record, after: Record) -> Iterator[FieldChange]:
    for column, old, new in zip(kind.columns, kind.values(before), kind.values(after), strict=True):
        if old != new:
            yield FieldChange(column.name, written(old), written(new))


def _boundaries(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> KindDiff:
    return KindDiff(
        BOUNDARIES,
        tuple(key for key in after if key not in before),
        tuple(
            RowChange(key, (FieldChange("geometry", f"{len(before[key])} bytes", f"{len(wkb)} bytes"),))
            for key, wkb in after.items()
            if key in before and before[key] != wkb
        ),
        tuple(key for key in before if key not in after),
    )


def lines(diff: Diff, most: int = 10) -> Iterator[str]:
    """The diff for a terminal: counts of each kind, then its first `most` rows of each sort."""
    for kind in diff.kinds:
        added, changed, removed = kind.counts
        yield f"{kind.kind}: {added} added, {changed} changed, {removed} removed"
        yield from _first([f"  + {quoted(key)}" for key in kind.added[:most]], added)
        yield from _first([f"  ~ {quoted(row.key)}: {_told(row)}" for row in kind.changed[:most]], changed)
        yield from _first([f"  - {quoted(key)}" for key in kind.removed[:most]], removed)


def _told(row: RowChange) -> str:
    return ", ".join(f"{each.field} {quoted(each.old)} → {quoted(each.new)}" for each in row.fields)


def _first(shown: list[str], count: int) -> Iterator[str]:
    yield from shown
    if count > len(shown):
        yield f"    … and {count - len(shown)} more"


def as_json(diff: Diff) -> dict[str, dict[str, object]]:
    """Kind -> added and removed keys, and of changed ones each field's [old, new]."""
    return {
        kind.kind: {
            "added": kind.added,
            "changed": {row.key: {each.field: [each.old, each.new] for each in row.fields} for row in kind.changed},
            "removed": kind.removed,
        }
        for kind in diff.kinds
    }
