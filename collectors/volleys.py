"""Which polls go in a volley, and what becomes of their answers.

A poll goes in a volley when it is one SNMPv2c GET over IPv4 to a device that is known and was not silent:
nearly all of them. Everything else, and everything that doesn't come back as asked, is a poll by itself.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.batch import AnsweredPolls, BatchBuilder, ReadValues
from collectors.boots import Boots
from collectors.budget import MOST_READS
from collectors.columns import Values
from collectors.plan import SYS_UP_TIME, Part
from collectors.volley.response import Bodies
from collectors.volley.volley import Answers, Requests, Volley
from collectors.watch import Fleet, Watched


class Turn(NamedTuple):
    """A poll to make by itself. `due`: what is read, None: what the device's budget allows when it begins.

    `asked_at`: UTC epoch seconds of a request that was sent for it already, and got no answer.
    """

    watched: Watched
    due: frozenset[str] | None = None
    asked_at: float | None = None

    def reads(self, watched: Watched) -> frozenset[str]:
        """What is to be read now."""
        return watched.due(time.time()) if self.due is None else self.due


class _Question(NamedTuple):
    """What some devices of one plan and community are asked at once. `template`: None where that is not one GET."""

    due: frozenset[str]
    template: int | None


@dataclass(slots=True)
class _Shapes:
    """What the templates' objects are: item of the plan by template and object; 0 columns wide where none is made."""

    item: NDArray[np.int64]  # (templates, most objects)
    count: NDArray[np.int64]

    @classmethod
    def of(cls, items: Sequence[Sequence[int]]) -> "_Shapes":
        most = max(map(len, items), default=0)
        return cls(
            np.array([[*one, *[0] * (most - len(one))] for one in items], np.int64),
            np.array([len(one) for one in items], np.int64),
        )


class Volleys:
    """Polls of the devices of `fleet` by volleys. What isn't settled here comes back as turns."""

    def __init__(self, fleet: Fleet, volley: Volley, builder: BatchBuilder, boots: Boots) -> None:
        self._fleet = fleet
        self._volley = volley
        self._builder = builder
        self._boots = boots
        self._question = np.zeros(len(fleet.names), np.int32)  # by device, of the poll under way
        self._questions: list[_Question] = []
        self._numbers: dict[int, int] = {}  # of questions, by plan, credential and what is due
        self._template: NDArray[np.int64] = np.zeros(0, np.int64)  # by question; -1: none
        self._items: dict[int, tuple[int, ...]] = {}  # by template
        self._shapes = _Shapes.of(())
        self.under_way = 0

    def send(self, due: NDArray[np.int32], now: float) -> Iterator[Turn]:
        """Ask what of the devices `due`, shape (n,), goes in a volley at `now` (UTC epoch seconds); the others' turns."""
        plain = self._fleet.plain(due, now)
        plain &= np.cumsum(plain) <= self._volley.room
        for number in due[~plain].tolist():
            yield Turn(self._fleet[number])
        if plain.any():
            yield from self._ask(due[plain], now)

    def _ask(self, devices: NDArray[np.int32], now: float) -> Iterator[Turn]:
        facts = self._fleet.facts
        question = self._asked(devices, self._fleet.budgets.due(devices, now))
        self._question[devices] = question
        template = self._template[question]
        sent = devices[template >= 0]
        self.under_way += len(sent)
        yield from self._turns(devices[template < 0], under_way=False)
        if len(sent):
            requests = Requests(sent, template[template >= 0], facts.ipv4[sent], facts.port[sent])
            yield from self._turns(self._volley.send(requests))

    def _asked(self, devices: NDArray[np.int32], due: NDArray[np.int64]) -> NDArray[np.int64]:
        """The question for each device, by what of its reads is due: bits as of Budgets."""
        fleet = self._fleet
        plan = fleet.plan[devices].astype(np.int64)
        keys = (plan * len(fleet.facts.accesses) + fleet.facts.access[devices]) << MOST_READS | due
        distinct, first, place = np.unique(keys, return_index=True, return_inverse=True)
        numbers = [
            self._number(key, int(devices[at]), int(due[at]))
            for key, at in zip(distinct.tolist(), first.tolist(), strict=True)
        ]
        return np.array(numbers, np.int64)[place]

    def _number(self, key: int, device: int, due: int) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self._questions)
            wanted = self._fleet.budgets.names(device, due)
            self._questions.append(_Question(wanted, self._make(self._fleet[device], wanted)))
            self._template = np.array([-1 if one.template is None else one.template for one in self._questions])
        return self._numbers[key]

    def _turns(
        self, devices: NDArray[np.int32], asked_at: NDArray[np.float64] | None = None, *, under_way: bool = True
    ) -> Iterator[Turn]:
        """The turns of devices whose poll by a volley is over, or was none; `asked_at` as in Turn."""
        self.under_way -= len(devices) if under_way else 0
        times = [None] * len(devices) if asked_at is None else asked_at.tolist()
        for number, at in zip(devices.tolist(), times, strict=True):
            yield Turn(self._fleet[number], self._questions[self._question[number]].due, at)

    def settle(self) -> Iterator[Turn]:
        """Hand the answers that came to the builder; the turns of the devices that want to be asked again."""
        now = time.monotonic()
        self._volley.receive()
        if (answers := self._volley.answers()) is not None:
            fine = self._fine(answers)
            others = answers.device[~fine]
            self._fleet.alone[others] = ~answers.values.good[~fine]
            yield from self._turns(others)
            if fine.any():
                self._add(answers, np.flatnonzero(fine))
        yield from self._turns(*self._volley.silent(now))

    def receive(self) -> None:
        """Empty the sockets; cheap, so that it can be done often."""
        self._volley.receive()

    def _fine(self, answers: Answers) -> NDArray[np.bool_]:
        """Answered as asked, and by a device that has not booted since: its ports may have other numbers."""
        ticks = _ticks(answers.values)
        return answers.values.good & ~self._boots.anew(answers.device, ticks, answers.clock)

    def _add(self, answers: Answers, rows: NDArray[np.int64]) -> None:
        device = answers.device[rows]
        self._boots.remember(device, _ticks(answers.values)[rows], answers.clock[rows])
        took_s = np.maximum(answers.at[rows] - answers.sent_at[rows], 0)
        self._builder.add_answered(
            AnsweredPolls(
                device=device,
                at=answers.sent_at[rows],
                clock=answers.clock[rows],
                took_ms=(took_s * 1000).astype(np.float32),
                read=self._read(answers, rows),
            )
        )
        self._fleet.busy[device] = False
        self.under_way -= len(device)

    def _read(self, answers: Answers, rows: NDArray[np.int64]) -> ReadValues:
        """The values of the answers at `rows`, one after another."""
        if len(self._shapes.count) != len(self._items):
            self._shapes = _Shapes.of(list(self._items.values()))
        shapes, template, device = self._shapes, answers.template[rows], answers.device[rows]
        asked = np.arange(shapes.item.shape[1]) < shapes.count[template][:, None]
        poll, column = np.nonzero(asked)
        item = shapes.item[template[poll], column]
        values = answers.values
        return ReadValues(
            poll,
            self._fleet.row[device[poll]] + item,
            self._fleet.slot[device[poll]].astype(np.int64),
            Values(
                values.whole[rows[poll], column],
                values.negative[rows[poll], column],
                values.present[rows[poll], column],
                _texts(values, rows, poll, column),
            ),
        )

    def _make(self, watched: Watched, wanted: frozenset[str]) -> int | None:
        """The template of a poll that reads `wanted`, None where that is not one GET."""
        plan = watched.plan
        if plan is None:
            return None
        parts = [part for part in plan.parts if part.name in wanted]
        oids = tuple(oid for part in parts for oid in part.oids)
        if len(parts) != len(wanted) or not 0 < len(oids) <= plan.max_objects or oids[0] != SYS_UP_TIME:
            return None  # a table is wanted too, or several GETs
        number = self._volley.template(watched.target.community, oids)
        if number is not None:
            self._items[number] = tuple(place for part in parts for place in _places(part))
        return number


def _places(part: Part) -> range:
    return range(part.first, part.first + len(part.oids))


def _ticks(values: Bodies) -> NDArray[np.int64]:
    """sysUpTime, which every request begins with; -1 where it isn't told."""
    return np.where(values.present[:, 0], values.whole[:, 0].astype(np.int64), -1)


def _texts(
    values: Bodies, rows: NDArray[np.int64], poll: NDArray[np.int64], column: NDArray[np.int64]
) -> dict[int, bytes]:
    """Values that are no integers, by their position among those at (rows[poll], column)."""
    if not values.texts:
        return {}
    cells = zip(rows[poll].tolist(), column.tolist(), strict=True)
    return {at: values.texts[cell] for at, cell in enumerate(cells) if cell in values.texts}
