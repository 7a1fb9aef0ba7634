"""Where every subject stands, as columns: a country has a million subjects, and few of them are looked at in a turn."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from inventory.columnar import column, keys
from inventory.model import Inventory, Level
from readiness.model import Layer, Readiness, Status, SubjectKind
from readiness.read import StateRow
from readiness.rules.columns import STATUSES, Mask
from readiness.rules.graph import Graph, Nodes
from readiness.rules.incidents import Subject
from readiness.rules.texts import Positions, Texts
from storage.types import LAST
from storage.understood import tell

READINESS: tuple[Readiness, ...] = (Readiness.UNKNOWN, Readiness.READY, Readiness.DEGRADED, Readiness.BLOCKED)
LAYERS: tuple[Layer | None, ...] = (None, *Layer)
UNSEEN = "not observed yet"

SCHEMA = pa.schema(
    [
        ("subject", pa.string()),
        ("status", pa.dictionary(pa.int32(), pa.string())),
        ("since", pa.int64()),  # ms
        ("reason", pa.dictionary(pa.int32(), pa.string())),
        ("layer", pa.dictionary(pa.int32(), pa.string())),
        ("outage", pa.int64()),
        ("transition", pa.int64()),
    ]
)
"""The states of one kind as they are read from the store."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOST_MS = (LAST - _EPOCH) // timedelta(milliseconds=1)
_TOLD_AT_MOST = 20
_TOLD: dict[Status | Readiness, int] = {
    word: code for words in (STATUSES, READINESS) for code, word in enumerate(tuple[Status | Readiness, ...](words))
}
_LAYER: dict[Layer | None, int] = {layer: code for code, layer in enumerate(LAYERS)}


class Kept:
    """The states of the subjects of one kind by position; codes are positions in `words` and LAYERS.

    `since` is in microseconds since 1970 UTC, 0 stands for no outage and for no transition yet.
    """

    def __init__(self, kind: SubjectKind, names: Texts, now: datetime) -> None:
        count = len(names)
        self.kind, self.names, self.index = kind, names, Positions(names)
        self.words: tuple[Status | Readiness, ...] = READINESS if kind is SubjectKind.VILLAGE else STATUSES
        self.status = np.zeros(count, np.int8)
        self.since = np.full(count, _micros(now), np.int64)
        self.reason = np.full(count, UNSEEN, np.object_)
        self.layer = np.zeros(count, np.int8)
        self.outage = np.zeros(count, np.int64)
        self.transition = np.zeros(count, np.int64)
        self.unsaved = np.zeros(count, np.bool_)

    def __len__(self) -> int:
        return len(self.names)

    def row(self, at: int) -> StateRow:
        return StateRow(
            self.kind, self.names[at], self.words[self.status[at]], from_micros(int(self.since[at])), self.reason[at],
            LAYERS[self.layer[at]], int(self.outage[at]) or None, int(self.transition[at]),
        )  # fmt: skip

    def tell(self, at: int, reason: str, layer: Layer | None, outage: int | None) -> None:
        """Note what says more of a state that stays."""
        told = reason, _LAYER[layer], outage or 0
        if (self.reason[at], self.layer[at], self.outage[at]) != told:
            self.reason[at], self.layer[at], self.outage[at] = told
            self.unsaved[at] = True

    def point(self, at: int, outage: int | None) -> None:
        """Note the open outage that explains it."""
        if self.outage[at] != (outage or 0):
            self.outage[at] = outage or 0
            self.unsaved[at] = True

    def move(self, at: int, status: Status | Readiness, since: datetime, transition: int) -> None:
        self.status[at], self.since[at], self.transition[at] = _TOLD[status], _micros(since), transition
        self.unsaved[at] = True

    def is_at(self, status: Status | Readiness) -> Mask:
        found: Mask = self.status == _TOLD[status]
        return found

    def take(self, stored: pa.Table) -> list[str]:
        """Take up the states of a table of SCHEMA; the others are unsaved, as are those not understood.

        Returns its subjects that aren't known.
        """
        found = self.index.all(stored["subject"].combine_chunks())
        status = _coded(stored, "status", {str(word): code for code, word in enumerate(self.words)})
        layer = _coded(stored, "layer", {layer or "": code for layer, code in _LAYER.items()})
        strange = (found >= 0) & ((status < 0) | (layer < 0) | (np.abs(np.asarray(stored["since"])) > _MOST_MS))
        for name in stored["subject"].filter(pa.array(strange)).to_pylist()[:_TOLD_AT_MOST]:
            tell("state", f"{self.kind} {name}", "unknown_word_or_time")
        known = np.flatnonzero((found >= 0) & ~strange)
        at, rows = found[known], stored.take(pa.array(known))
        self.status[at], self.layer[at] = status[known], layer[known]
        reasons = rows["reason"].combine_chunks()
        self.reason[at] = np.array(reasons.dictionary.to_pylist(), np.object_)[np.asarray(reasons.indices)]
        self.since[at] = np.asarray(rows["since"]) * 1000
        self.outage[at] = np.asarray(pc.fill_null(rows["outage"], 0))
        self.transition[at] = np.asarray(rows["transition"])
        self.unsaved[:] = True
        self.unsaved[at] = False
        gone: list[str] = stored["subject"].filter(pa.array(found < 0)).to_pylist()
        return gone

    def rows_of(self, positions: NDArray[np.integer]) -> Iterator[tuple[str, str, str, int, str, str, int | None, int]]:
        """Rows of the table `state` as they are stored."""
        kind, words, layers = str(self.kind), [str(word) for word in self.words], [layer or "" for layer in LAYERS]
        return zip(
            [kind] * len(positions), self.names.at(positions), [words[code] for code in self.status[positions].tolist()],
            (self.since[positions] // 1000).tolist(), self.reason[positions].tolist(),
            [str(layers[code]) for code in self.layer[positions].tolist()],
            [number or None for number in self.outage[positions].tolist()], self.transition[positions].tolist(),
            strict=True,
        )  # fmt: skip


class States:
    """The states of every kind."""

    def __init__(self, inventory: Inventory, graph: Graph, now: datetime) -> None:
        named = names_of(inventory, graph)
        self.of: Mapping[SubjectKind, Kept] = {kind: Kept(kind, names, now) for kind, names in named.items()}

    def find(self, subject: Subject) -> int | None:
        """The subject's position among those of its kind; None where it has no state, as a trunk."""
        return self.of[subject[0]].index.get(subject[1])

    def __getitem__(self, subject: Subject) -> StateRow:
        kept = self.of[subject[0]]
        return kept.row(kept.index[subject[1]])

    def get(self, subject: Subject) -> StateRow | None:
        at = self.find(subject)
        return None if at is None else self.of[subject[0]].row(at)

    @property
    def unsaved(self) -> bool:
        return any(kept.unsaved.any() for kept in self.of.values())

    def saved(self) -> None:
        for kept in self.of.values():
            kept.unsaved[:] = False


def names_of(inventory: Inventory, graph: Graph) -> dict[SubjectKind, Texts]:
    """Everything that has a state, by kind, in the order of the inventory."""
    levels = column(inventory.areas, "level").cast(pa.string())
    return {
        SubjectKind.DEVICE: graph.names,
        SubjectKind.LINK: graph.link_names,
        SubjectKind.SITE: graph.sites,
        SubjectKind.ENDPOINT: Texts(keys(inventory.endpoints)),
        SubjectKind.VILLAGE: Texts(keys(inventory.areas).filter(pc.equal(levels, str(Level.VILLAGE)))),
    }


def from_micros(micros: int) -> datetime:
    return _EPOCH + micros * _MICROSECOND


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _coded(rows: pa.Table, name: str, code: Mapping[str, int]) -> Nodes:
    """The codes of a column of words; -1 for a word that has none."""
    words = rows[name].combine_chunks()
    of_word = np.array([code.get(word, -1) for word in words.dictionary.to_pylist()], np.intp)
    found: Nodes = of_word[np.asarray(words.indices)]
    return found
