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
from collectors.columns import Values
from collectors.plan import SYS_UP_TIME, Part, PollPlan
from collectors.poll import Due
from collectors.silence import HEARD
from collectors.volley.response import Bodies
from collectors.volley.volley import Answers, Requests, Volley
from collectors.watch import Watched


class Turn(NamedTuple):
    """A poll to make by itself. `due`: what is read, None: what the device's budget allows when it begins.

    `asked_at`: UTC epoch seconds of a request that was sent for it already, and got no answer.
    """

    watched: Watched
    due: frozenset[str] | None = None
    asked_at: float | None = None

    def reads(self, now: float) -> Due:
        """Whether something is to be read; `now` in UTC epoch seconds."""
        wanted, budget = self.due, self.watched.budget
        if wanted is None:
            return lambda what, every_s: budget.due(what, every_s, now)
        return lambda what, _: what in wanted


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
    """Polls of the devices in `watched` by volleys. What isn't settled here comes back as turns."""

    def __init__(self, devices: int, volley: Volley, builder: BatchBuilder, boots: Boots) -> None:
        self._volley = volley
        self._builder = builder
        self._boots = boots
        self._row = np.zeros(devices, np.int64)  # by device number: where its readings lie
        self._slot = np.zeros(devices, np.int64)
        self._watched: dict[int, tuple[Watched, frozenset[str]]] = {}  # under way
        self._numbers: dict[tuple[PollPlan, frozenset[str], str], int | None] = {}
        self._items: dict[int, tuple[int, ...]] = {}  # by template
        self._shapes = _Shapes.of(())

    @property
    def under_way(self) -> int:
        return len(self._watched)

    def send(self, due: Sequence[Watched], now: float) -> Iterator[Turn]:
        """Ask what of `due` goes in a volley, at `now` in UTC epoch seconds; the others' turns."""
        chosen: list[tuple[int, int, int, int]] = []
        for watched in due:
            wanted = _wanted(watched, now)
            number = self._number(watched, wanted) if wanted is not None else None
            if number is None or wanted is None or len(chosen) >= self._volley.room:
                yield Turn(watched, wanted)
                continue
            self._take(watched, wanted)
            chosen.append((watched.number, number, watched.ipv4 or 0, watched.target.port))
        if chosen:
            for device in self._volley.send(_requests(chosen)).tolist():
                yield Turn(*self._watched.pop(device))

    def settle(self) -> Iterator[Turn]:
        """Hand the answers that came to the builder; the turns of the devices that want to be asked again."""
        now = time.monotonic()
        self._volley.receive()
        if (answers := self._volley.answers()) is not None:
            fine = self._fine(answers)
            for row in np.flatnonzero(~fine).tolist():
                watched, wanted = self._watched.pop(int(answers.device[row]))
                watched.alone = not answers.values.good[row]
                yield Turn(watched, wanted)
            if fine.any():
                self._add(answers, np.flatnonzero(fine))
        devices, sent_at = self._volley.silent(now)
        for device, asked_at in zip(devices.tolist(), sent_at.tolist(), strict=True):
            yield Turn(*self._watched.pop(device), asked_at=asked_at)

    def receive(self) -> None:
        """Empty the sockets; cheap, so that it can be done often."""
        self._volley.receive()

    def _take(self, watched: Watched, wanted: frozenset[str]) -> None:
        if watched.place is not None:
            self._row[watched.number], self._slot[watched.number] = watched.place.row, watched.place.slot
        self._watched[watched.number] = (watched, wanted)

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
        for number in device.tolist():
            self._watched.pop(number)[0].busy = False

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
            self._row[device[poll]] + item,
            self._slot[device[poll]] + item,
            Values(
                values.whole[rows[poll], column],
                values.negative[rows[poll], column],
                values.present[rows[poll], column],
                _texts(values, rows, poll, column),
            ),
        )

    def _number(self, watched: Watched, wanted: frozenset[str]) -> int | None:
        """The template of a poll that reads `wanted`, None where that is not one GET."""
        plan = watched.plan
        if plan is None:
            return None
        key = (plan, wanted, watched.target.community)
        if key not in self._numbers:
            self._numbers[key] = self._make(plan, wanted, watched.target.community)
        return self._numbers[key]

    def _make(self, plan: PollPlan, wanted: frozenset[str], community: str) -> int | None:
        parts = [part for part in plan.parts if part.name in wanted]
        oids = tuple(oid for part in parts for oid in part.oids)
        if len(parts) != len(wanted) or not 0 < len(oids) <= plan.max_objects or oids[0] != SYS_UP_TIME:
            return None  # a table is wanted too, or several GETs
        number = self._volley.template(community, oids)
        if number is not None:
            self._items[number] = tuple(place for part in parts for place in _places(part))
        return number


def _wanted(watched: Watched, now: float) -> frozenset[str] | None:
    """What this device's budget allows now; None where its poll has more to do than to ask."""
    plan = watched.plan
    if (
        plan is None
        or not watched.settled
        or watched.alone
        or plan is not watched.placed
        or watched.ipv4 is None
        or watched.silence is not HEARD
        or now >= watched.recognise_at
    ):
        return None
    due = watched.budget.due
    return frozenset(name for name, every_s in plan.reads if due(name, every_s, now))


def _places(part: Part) -> range:
    return range(part.first, part.first + len(part.oids))


def _requests(chosen: Sequence[tuple[int, int, int, int]]) -> Requests:
    device, template, address, port = zip(*chosen, strict=True)
    return Requests(
        np.array(device, np.int32),
        np.array(template, np.int64),
        np.array(address, np.uint32),
        np.array(port, np.uint16),
    )


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
