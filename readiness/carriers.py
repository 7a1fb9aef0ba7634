"""What stands behind a site or a village: whose outages are to blame for the time it was down. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from inventory.columnar import column, keys
from inventory.model import Inventory
from readiness.model import SubjectKind
from readiness.places import Places
from readiness.rules import graph, services
from readiness.rules.columns import Mask
from readiness.rules.graph import Nodes
from readiness.rules.incidents import Subject
from readiness.rules.spells import Codes, Positions, runs
from readiness.rules.texts import Positions as Found
from readiness.rules.texts import Texts
from readiness.states import names_of

_KINDS = tuple(SubjectKind)


@dataclass(frozen=True, slots=True)
class Carriers:
    """What each subject stands on: outages of these are to blame. Positions of subjects, and of what carries them.

    What carries has a kind, a position in SubjectKind, and a name each; nothing is there twice.
    """

    kinds: Codes
    texts: Texts
    subject: Positions
    name: Positions
    rank: Positions  # the lower one is to blame first
    through: Mask  # the subject is only seen through it

    @property
    def names(self) -> tuple[Subject, ...]:
        return tuple((_KINDS[kind], name) for kind, name in zip(self.kinds.tolist(), self.texts, strict=True))

    def at(self, places: Positions, subjects: int) -> "Carriers":
        """Those of some of the `subjects`, which then stand in the order of these places."""
        place = np.full(subjects, -1)
        place[places] = np.arange(len(places))
        mine = place[self.subject] >= 0
        used, name = np.unique(self.name[mine], return_inverse=True)
        texts = Texts(self.texts.column.take(pa.array(used)))
        subject = place[self.subject[mine]]
        return Carriers(self.kinds[used], texts, subject, name, self.rank[mine], self.through[mine])


@dataclass(frozen=True, slots=True)
class _Part:
    """Carriers of one kind: the subjects, their names and their ranks, an entry each."""

    kind: SubjectKind
    subject: Positions
    texts: pa.Array
    rank: Positions
    through: bool = False


def carriers(inventory: Inventory, kind: SubjectKind, subjects: Sequence[str]) -> Carriers:
    """The subject itself, then what stands behind it.

    For a site or village the devices that decide about it, what these are seen through, and the endpoints that
    villages need; for a device what it is seen through; for a link its ends.
    """
    names, everyone = pa.array(subjects, pa.string()), np.arange(len(subjects))
    parts = [_Part(kind, everyone, names, np.zeros_like(everyone)), *_behind(inventory, kind, names)]
    return _joined(parts)


def _joined(parts: Sequence[_Part]) -> Carriers:
    kinds, texts, name, known = [], [], [np.empty(0, np.int64)] * len(parts), 0
    for kind in dict.fromkeys(part.kind for part in parts):
        own = [n for n, part in enumerate(parts) if part.kind is kind]
        encoded = pa.concat_arrays([parts[n].texts for n in own]).dictionary_encode()
        ends = np.cumsum([len(parts[n].texts) for n in own])[:-1]
        for n, codes in zip(own, np.split(np.asarray(encoded.indices).astype(np.int64), ends), strict=True):
            name[n] = codes + known
        kinds.append(np.full(len(encoded.dictionary), _KINDS.index(kind), np.int8))
        texts.append(encoded.dictionary)
        known += len(encoded.dictionary)
    subject, rank = (np.concatenate([getattr(part, field) for part in parts]) for field in ("subject", "rank"))
    through = np.repeat([part.through for part in parts], [len(part.subject) for part in parts])
    return Carriers(np.concatenate(kinds), Texts(pa.concat_arrays(texts)), subject, np.concatenate(name), rank, through)


def _behind(inventory: Inventory, kind: SubjectKind, names: pa.Array) -> Iterator[_Part]:
    match kind:
        case SubjectKind.SITE | SubjectKind.VILLAGE:
            yield from _deciding(inventory, kind, names)
        case SubjectKind.DEVICE:
            yield _named(keys(inventory.devices), column(inventory.devices, "seen_through"), names, 1)
        case SubjectKind.LINK:
            for rank, end in enumerate(("a_device", "b_device"), start=1):
                yield _named(keys(inventory.links), column(inventory.links, end), names, rank)


def _named(known: pa.Array, told: pa.Array, names: pa.Array, rank: int) -> _Part:
    """The device that the record of each of `names` tells, through which it is seen."""
    devices = pc.fill_null(told.cast(pa.string()).take(pc.index_in(names, known)), "")
    some = np.flatnonzero(np.asarray(pc.not_equal(devices, "")))
    return _Part(SubjectKind.DEVICE, some, devices.take(pa.array(some)), np.full(len(some), rank), through=True)


def _deciding(inventory: Inventory, kind: SubjectKind, names: pa.Array) -> Iterator[_Part]:
    """Behind sites or villages."""
    network = graph.build(inventory)
    places = Places(inventory, network)
    at = Found(names_of(inventory, network)[kind]).all(names)
    known = np.flatnonzero(at >= 0)
    row, node = places.deciding(places.numbers_of(kind)[at[known]])
    seen_through = network.through[node]
    shown = seen_through >= 0
    first = np.ones(len(known), np.int64)  # the next rank of each; the subject itself has 0
    for some, nodes, through in ((row, node, False), (row[shown], seen_through[shown], True)):
        count = np.bincount(some, minlength=len(known))
        texts = network.names.column.take(pa.array(nodes))
        yield _Part(SubjectKind.DEVICE, known[some], texts, runs(first, count), through)
        first = first + count
    if kind is SubjectKind.VILLAGE:
        yield _endpoints(inventory, known, first)


def _endpoints(inventory: Inventory, villages: Nodes, first: Positions) -> _Part:
    """What services at the counter need, which all villages do."""
    codes = sorted(frozenset().union(*services.needs_at_kendra(inventory.services.values())))
    each = np.tile(np.arange(len(codes)), len(villages))
    texts = pa.array(codes, pa.string()).take(pa.array(each))
    subject, rank = (np.repeat(values, len(codes)) for values in (villages, first))
    return _Part(SubjectKind.ENDPOINT, subject, texts, rank + each)
