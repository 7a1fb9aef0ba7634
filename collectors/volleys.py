"""Which polls go in a volley, and what becomes of their answers.

A poll goes in a volley when it is one GET of SNMPv2c or SNMPv3 over IPv4 to a device that is known and was not silent:
nearly all of them. Everything else, and everything that doesn't come back as asked, is a poll by itself.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.batch import BatchBuilder, ManyPolls, ReadValues, nothing_read
from collectors.boots import Boots
from collectors.budget import MOST_READS
from collectors.columns import Values
from collectors.model import REASONS, Reason
from collectors.plan import NAMES, SYS_UP_TIME, Part
from collectors.pressure import Pressure, after
from collectors.volley.response import Bodies
from collectors.volley.volley import Answers, Requests, Volley
from collectors.watch import Fleet, Watched

_MOST = 1 << 15  # requests under way in volleys
_STEP_S = 1.0
_LATELY_S = 3600.0
_SILENT = REASONS.index(Reason.TIMEOUT)


class Turn(NamedTuple):
    """A poll to make by itself. `due`: what is read, None: what the device's budget allows when it begins."""

    watched: Watched
    due: frozenset[str] | None = None

    def reads(self, watched: Watched) -> frozenset[str]:
        """What is to be read now."""
        return watched.due(time.time()) if self.due is None else self.due


class Settled(NamedTuple):
    """What has still to be done. `back`, shape (n,): devices that answered again after a confirmed silence."""

    turns: list[Turn]
    back: NDArray[np.int32]


class _Question(NamedTuple):
    """What some devices of one plan and community are asked at once. `template`: None where that is not one GET."""

    due: frozenset[str]
    template: int | None


class _Asked(NamedTuple):
    """What a template's objects are: items of the plan, by place, then as many names of ports."""

    items: tuple[int, ...] = ()
    names: int = 0


@dataclass(slots=True)
class _Shapes:
    """What the templates' objects are, by template; 0 columns wide where none is made."""

    item: NDArray[np.int64]  # (templates, most objects)
    count: NDArray[np.int64]  # of the items
    names: NDArray[np.int64]  # behind those

    @classmethod
    def of(cls, asked: Sequence[_Asked]) -> "_Shapes":
        most = max((len(one.items) for one in asked), default=0)
        return cls(
            np.array([[*one.items, *[0] * (most - len(one.items))] for one in asked], np.int64),
            np.array([len(one.items) for one in asked], np.int64),
            np.array([one.names for one in asked], np.int64),
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
        self._by_template: list[_Asked] = []
        self._shapes = _Shapes.of(())
        self._held = np.zeros(0, np.int32)  # devices that wait for room, in their order
        self._pressure = Pressure(float(_MOST))
        self._over = [0, 0]  # polls since the last step: answered, silent
        self._step_at = 0.0
        self.under_way = 0

    @property
    def held(self) -> int:
        """Polls that wait for room."""
        return len(self._held)

    def send(self, due: NDArray[np.int32], now: float) -> Iterator[Turn]:
        """Ask what of the devices `due`, shape (n,), goes in a volley at `now` (UTC epoch seconds); the others' turns."""
        self._step(time.monotonic())
        plain = self._fleet.plain(due, now)
        waiting = np.concatenate([self._held, due[plain]])
        room = max(0, min(self._volley.room, int(self._pressure.window) - self.under_way))
        self._held = waiting[room:]
        for number in due[~plain].tolist():
            yield Turn(self._fleet[number])
        if room and len(waiting):
            yield from self._ask(waiting[:room], now)

    def _step(self, now: float) -> None:
        if now >= self._step_at:
            self._pressure = after(self._pressure, self._over[0], self._over[1], _MOST)
            self._over, self._step_at = [0, 0], now + _STEP_S

    def _ask(self, devices: NDArray[np.int32], now: float) -> Iterator[Turn]:
        facts = self._fleet.facts
        question = self._asked(devices, self._fleet.budgets.due(devices, now))
        self._question[devices] = question
        template = self._template[question]
        yield from self._turns(devices[template < 0])
        sent = devices[template >= 0]
        if len(sent):
            requests = Requests(sent, template[template >= 0], facts.ipv4[sent], facts.port[sent])
            refused = self._volley.send(requests)
            self.under_way += len(sent) - len(refused)
            yield from self._turns(refused)

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

    def _turns(self, devices: NDArray[np.int32]) -> Iterator[Turn]:
        """The turns of devices that were to be asked by a volley."""
        for number in devices.tolist():
            yield Turn(self._fleet[number], self._questions[self._question[number]].due)

    def settle(self) -> Settled:
        """Hand to the builder what came and what stayed silent; what wants more than that is in the answer."""
        now = time.monotonic()
        self._volley.receive()
        turns, back = list[Turn](), np.zeros(0, np.int32)
        if (answers := self._volley.answers()) is not None:
            fine = self._fine(answers)
            self.under_way -= len(fine)
            others = answers.device[~fine]
            self._fleet.alone[others] = wrong = ~answers.values.good[~fine]
            self._recognise_soon(others[wrong])
            turns.extend(self._turns(others))
            if fine.any():
                back = self._add(answers, np.flatnonzero(fine))
        self._add_silent(*self._volley.silent(now), now)
        return Settled(turns, back)

    def receive(self) -> None:
        """Empty the sockets; cheap, so that it can be done often."""
        self._volley.receive()

    def _fine(self, answers: Answers) -> NDArray[np.bool_]:
        """Answered as asked, and by a device whose ports can't have other numbers: no reboot, and the same names."""
        ticks = _ticks(answers.values)
        fine = answers.values.good & ~self._boots.anew(answers.device, ticks, answers.clock)
        shapes = self._all_shapes
        for row in np.flatnonzero(fine & (shapes.names[answers.template] > 0)).tolist():
            template, device = int(answers.template[row]), int(answers.device[row])
            first = int(shapes.count[template])
            columns = range(first, first + int(shapes.names[template]))
            if self._fleet.renamed(device, [answers.values.texts.get((row, column)) for column in columns]):
                self._fleet.recognise_at[device] = 0.0
                fine[row] = False
        return fine

    def _recognise_soon(self, devices: NDArray[np.int32]) -> None:
        """They answered something else: they may be others now. Those that do so at every poll have been looked at."""
        lately = time.time() - self._fleet.recognised_at[devices] < _LATELY_S
        self._fleet.recognise_at[devices[~lately]] = 0.0

    @property
    def _all_shapes(self) -> _Shapes:
        if len(self._shapes.count) != len(self._by_template):
            self._shapes = _Shapes.of(self._by_template)
        return self._shapes

    def _add(self, answers: Answers, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """Those of them that are back after a silence."""
        device = answers.device[rows]
        self._boots.remember(device, _ticks(answers.values)[rows], answers.clock[rows])
        took_s = np.maximum(answers.at[rows] - answers.sent_at[rows], 0)
        self._builder.add_many(
            ManyPolls(
                device=device,
                at=answers.sent_at[rows],
                clock=answers.clock[rows],
                took_ms=(took_s * 1000).astype(np.float32),
                read=self._read(answers, rows),
            )
        )
        self._fleet.busy[device] = False
        self._over[0] += len(device)
        return self._fleet.heard(device)

    def _add_silent(self, device: NDArray[np.int32], sent_at: NDArray[np.float64], now: float) -> None:
        """Silence at every attempt ends a poll; the next is made by itself, which sees ICMP errors."""
        if not len(device):
            return
        self.under_way -= len(device)
        self._over[1] += int((self._fleet.silent[device] == 0).sum())
        took_ms = ((time.time() - sent_at) * 1000).astype(np.float32)
        clock = np.full(len(device), now)
        self._builder.add_many(ManyPolls(device, sent_at, clock, took_ms, nothing_read(), _SILENT))
        self._fleet.unheard(device)
        self._fleet.busy[device] = False

    def _read(self, answers: Answers, rows: NDArray[np.int64]) -> ReadValues:
        """The values of the answers at `rows`, one after another."""
        shapes, template, device = self._all_shapes, answers.template[rows], answers.device[rows]
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
                _texts(values, rows, shapes.count[template]),
            ),
        )

    def _make(self, watched: Watched, wanted: frozenset[str]) -> int | None:
        """The template of a poll that reads `wanted`, None where that is not one GET."""
        plan = watched.plan
        if plan is None:
            return None
        parts = [part for part in plan.parts if part.name in wanted]
        names = plan.names if NAMES in wanted else ()
        oids = (*(oid for part in parts for oid in part.oids), *names)
        known = {part.name for part in parts} | {NAMES}
        if not wanted <= known or not 0 < len(oids) <= plan.max_objects or oids[0] != SYS_UP_TIME:
            return None  # a table is wanted too, or several GETs
        number = self._volley.template(watched.target.usm or watched.target.community, oids)
        if number is not None:
            self._by_template.append(_Asked(tuple(place for part in parts for place in _places(part)), len(names)))
        return number


def _places(part: Part) -> range:
    return range(part.first, part.first + len(part.oids))


def _ticks(values: Bodies) -> NDArray[np.int64]:
    """sysUpTime, which every request begins with; -1 where it isn't told."""
    return np.where(values.present[:, 0], values.whole[:, 0].astype(np.int64), -1)


def _texts(values: Bodies, rows: NDArray[np.int64], count: NDArray[np.int64]) -> dict[int, bytes]:
    """Values that are no integers, by their position among the first `count` of each of `rows`, both shape (n,)."""
    if not values.texts:
        return {}
    starts = np.full(len(values.good), -1)
    starts[rows] = np.cumsum(count) - count
    ends = np.zeros(len(values.good), np.int64)
    ends[rows] = count
    return {
        int(starts[row]) + column: value
        for (row, column), value in values.texts.items()
        if starts[row] >= 0 and column < ends[row]
    }
