"""What many subjects were over a period, and what is to blame for the time they were down, from the store."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Engine

from inventory.model import Inventory
from inventory.scope import Scope
from readiness.blame import Outages, of_words, outages_of
from readiness.carriers import Carriers, carriers
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.months import transitions_in
from readiness.proved import proved_spans
from readiness.read import StateRow, unseen
from readiness.rules.availability import Blame
from readiness.rules.columns import CODE
from readiness.rules.spells import Changes, Millis, Period, Positions, Spans, Spells, claimed, proved, runs, spells
from storage.types import from_millis, to_millis

# A village that is ready is up, one that is blocked is down.
_CODE: dict[str, int] = {str(status): code for status, code in CODE.items()}
_CODE |= {Readiness.READY: CODE[Status.UP], Readiness.BLOCKED: CODE[Status.DOWN]}

_FEW = 500  # subjects, that are asked for by name


@dataclass(frozen=True, slots=True)
class Asked:
    """Subjects of one kind, all in scope, over [start, end). From `blind_since` on nobody watched."""

    kind: SubjectKind
    subjects: Sequence[str]
    start: datetime
    end: datetime
    scope: Scope
    blind_since: datetime | None = None

    @property
    def period(self) -> Period:
        return Period(to_millis(self.start), to_millis(self.end), len(self.subjects))


@dataclass(frozen=True, slots=True)
class Ledger:
    """`whole` by status, `pieces` the same time cut by what is to blame.

    The claim of a piece is a position in `blame` and `blamed`, the numbers of the outages.
    """

    period: Period
    whole: Spells
    pieces: Spells
    blame: Blame
    blamed: Positions


def ledger(
    engine: Engine,
    folder: Path,
    inventory: Inventory,
    asked: Asked,
    stands_on: Carriers | None = None,
    *,
    told: pa.Table | None = None,
) -> Ledger:
    """The ledger of what is asked for; `folder` is settings.storage.history.

    `stands_on` are the subjects' carriers and `told` their transitions, where the caller has them.
    """
    stands_on = stands_on or carriers(inventory, asked.kind, asked.subjects)
    proofs = _proofs(engine, inventory, asked)
    with ThreadPoolExecutor(1) as other:  # both mostly wait for the database and for Parquet
        reading = other.submit(outages_of, engine, folder, stands_on.names, asked.start, asked.end)
        whole = _spells(_told(engine, folder, asked) if told is None else told, proofs, asked)
        spans, blame, blamed = _spans(stands_on, reading.result())
    return Ledger(asked.period, whole, claimed(whole, spans, asked.period), blame, blamed)


def past(engine: Engine, folder: Path, inventory: Inventory, asked: Asked) -> tuple[Spells, list[StateRow]]:
    """The spells of what is asked for, and where each subject of which anything is known stood at the end."""
    told = _told(engine, folder, asked)
    return _spells(told, _proofs(engine, inventory, asked), asked), [
        unseen(row, asked.blind_since) for row in _last_states(told, asked)
    ]


def _told(engine: Engine, folder: Path, asked: Asked) -> pa.Table:
    few = asked.subjects if len(asked.subjects) <= _FEW else None
    return transitions_in(engine, folder, asked.start, asked.end, kinds=[asked.kind], scope=asked.scope, subjects=few)


def _proofs(engine: Engine, inventory: Inventory, asked: Asked) -> Spans:
    return proved_spans(engine, inventory, asked.kind, asked.subjects, start=asked.start, end=asked.end)


def _spells(told: pa.Table, proofs: Spans, asked: Asked) -> Spells:
    seen_until = None if asked.blind_since is None else to_millis(asked.blind_since)
    return proved(spells(changes(told, asked.subjects)[0], asked.period, seen_until=seen_until), proofs, asked.period)


def _last_states(told: pa.Table, asked: Asked) -> Iterator[StateRow]:
    """The last word on each subject; its number decides, since a layer may be dated after a recovery told later."""
    position = of_words(told["subject"], {name: n for n, name in enumerate(asked.subjects)})
    order = np.lexsort((np.asarray(told["id"]), position))
    last = order[np.append(position[order][1:] != position[order][:-1], True)[: len(order)]]
    since = _since(changes(told, asked.subjects)[0], len(asked.subjects))
    rows = last[position[last] >= 0]
    for row, at in zip(told.take(rows).to_pylist(), since[position[rows]].tolist(), strict=True):
        status = Readiness(row["to_status"]) if asked.kind is SubjectKind.VILLAGE else Status(row["to_status"])
        layer = Layer(row["layer"]) if row["layer"] else None
        yield StateRow(asked.kind, row["subject"], status, from_millis(at), "", layer, None, row["id"])


def _since(known: Changes, subjects: int) -> Millis:
    """When the last change of each subject was."""
    found = np.zeros(subjects, np.int64)
    order = np.argsort(known.number, kind="stable")
    found[known.subject[order]] = known.at[order]
    return found


def changes(told: pa.Table, subjects: Sequence[str]) -> tuple[Changes, Positions]:
    """The changes of status in `told`, a table of transitions_in, and their rows; other subjects are left out."""
    position = of_words(told["subject"], {name: n for n, name in enumerate(subjects)})
    first = np.append(True, position[1:] != position[:-1])[: len(position)]
    before, after = (of_words(told[name], _CODE) for name in ("from_status", "to_status"))
    # The first row of each subject tells where it stood; a layer that was told anew is no change.
    wanted = np.flatnonzero((position >= 0) & (first | (before != after)))
    at = np.asarray(pc.cast(told["at"], pa.int64()))
    told_of = Changes(position[wanted], at[wanted], np.asarray(told["id"])[wanted], after[wanted].astype(np.int8))
    return told_of, wanted


def _spans(stands_on: Carriers, found: Outages) -> tuple[Spans, Blame, Positions]:
    """The outages of each carrier as spans of its subject, what they say, and their numbers."""
    order = np.lexsort((found.number, found.name))  # of two that began together the same one is always to blame
    first = np.searchsorted(found.name[order], stands_on.name, side="left")
    count = np.searchsorted(found.name[order], stands_on.name, side="right") - first
    row, which = np.repeat(np.arange(len(count)), count), order[runs(first, count)]
    spans = Spans(stands_on.subject[row], found.start[which], found.end[which], stands_on.rank[row])
    blame = Blame(found.cause[which], found.root_cause[which], stands_on.through[row], found.party[which])
    return spans, blame, found.number[which]
