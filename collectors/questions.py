"""What devices are asked by volleys: the requests for each plan, credential and set of reads that are due, by number."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.budget import MOST_READS
from collectors.plan import Get, gets
from collectors.volley.roomy import roomy
from collectors.volley.volley import Volley
from collectors.watch import Fleet, Watched

NOTHING = -1


class _Question(NamedTuple):
    """`templates`: of its GETs, one after another; none where it is no matter of GETs."""

    key: int
    due: frozenset[str]
    templates: tuple[int, ...]


class Questions:
    """Made where they are first asked, and forgotten when no device has their plan any more.

    `template` is by question: its first, or NOTHING where a volley cannot ask it. The other columns are by template:
    `items` the places of its first objects among the items of the plan (NOTHING for what is only looked at),
    `names_at` and `names` where behind those the names of ports are and how many; `following` the next GET's template.
    """

    def __init__(self, fleet: Fleet, volley: Volley) -> None:
        self._fleet, self._volley = fleet, volley
        self._made: list[_Question | None] = []
        self._numbers: dict[int, int] = {}
        self._free: list[int] = []
        self.template = np.zeros(0, np.int64)
        self.items = np.zeros((0, 0), np.int64)
        self.names_at = np.zeros(0, np.int64)
        self.names = np.zeros(0, np.int64)
        self.following = np.zeros(0, np.int64)

    def of(self, devices: NDArray[np.int32], due: NDArray[np.int64]) -> NDArray[np.int64]:
        """The question for each device, by what of its reads is due: bits as of Budgets."""
        plan = self._fleet.plan[devices].astype(np.int64)
        keys = (plan * self._accesses + self._fleet.facts.access[devices]) << MOST_READS | due
        distinct, first, place = np.unique(keys, return_index=True, return_inverse=True)
        numbers = [
            self._number(key, int(devices[at]), int(due[at]))
            for key, at in zip(distinct.tolist(), first.tolist(), strict=True)
        ]
        return np.array(numbers, np.int64)[place]

    def due(self, question: int) -> frozenset[str]:
        """What is read by it."""
        made = self._made[question]
        return frozenset() if made is None else made.due

    def renumber(self, plans: NDArray[np.int32]) -> None:
        """Plans have other numbers: `plans` by the one before, NOTHING for those of which no device is asked any more."""
        self._numbers = {}
        for number, question in enumerate(self._made):
            if question is None:
                continue
            before, rest = divmod(question.key >> MOST_READS, self._accesses)
            plan = int(plans[before])
            if plan == NOTHING:
                self._forget(number, question)
            else:
                key = (plan * self._accesses + rest) << MOST_READS | question.key & (1 << MOST_READS) - 1
                self._made[number] = question._replace(key=key)
                self._numbers[key] = number

    @property
    def _accesses(self) -> int:
        return len(self._fleet.facts.accesses)

    def _forget(self, number: int, question: _Question) -> None:
        self._volley.forget(question.templates)
        self._made[number] = None
        self._free.append(number)

    def _number(self, key: int, device: int, due: int) -> int:
        if key not in self._numbers:
            self._numbers[key] = self._add(key, device, due)
        return self._numbers[key]

    def _add(self, key: int, device: int, due: int) -> int:
        if not self._free:
            self._free.append(len(self._made))
            self._made.append(None)
            self.template = roomy(self.template, len(self._made))
        number, wanted = self._free.pop(), self._fleet.budgets.names(device, due)
        templates = self._templates(self._fleet[device], wanted)
        self._made[number] = _Question(key, wanted, templates)
        self.template[number] = templates[0] if templates else NOTHING
        return number

    def _templates(self, watched: Watched, wanted: frozenset[str]) -> tuple[int, ...]:
        """For a poll that reads `wanted`; none where that is not GETs alone, or one of them is too long."""
        target, asked = watched.target, () if watched.plan is None else gets(watched.plan, wanted)
        made: list[int] = []
        for get in asked:
            number = self._volley.template(target.usm or target.community, get.oids)
            if number is None:
                self._volley.forget(made)
                return ()
            made.append(number)
        self._describe(made, asked)
        return tuple(made)

    def _describe(self, templates: Sequence[int], asked: Sequence[Get]) -> None:
        for number, following, get in zip(templates, (*templates[1:], NOTHING), asked, strict=False):
            count = len(get.items)
            self.items = roomy(self.items, number + 1, count, fill=NOTHING)
            for name in ("names_at", "names", "following"):
                setattr(self, name, roomy(getattr(self, name), number + 1))
            self.items[number], self.items[number, :count] = NOTHING, get.items
            self.names_at[number], self.names[number] = count, len(get.oids) - count
            self.following[number] = following
