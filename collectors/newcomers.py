"""Recognition of very many devices by volleys: what they are, and whether they have the ports of a sibling.

All that are due are asked for the system group; the silent drop out. What collectors/families.py says comes next.
What doesn't answer as asked is recognised by itself.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.batch import BatchBuilder, ManyPolls
from collectors.boots import Boots
from collectors.columns import nothing_read
from collectors.families import NONE, Devices, Families, Move
from collectors.model import REASONS, Reason
from collectors.pressure import LATE, Pressure, after
from collectors.profile import Profile
from collectors.recognise import SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME, plain_object_id
from collectors.siblings import has_ports, narrowed
from collectors.snmp.backend import Target
from collectors.text import text
from collectors.volley.response import Bodies, dotted
from collectors.volley.volley import Answers, Requests, Volley
from collectors.watch import Fleet, named

_SYSTEM = (SYS_UP_TIME, SYS_OBJECT_ID, SYS_DESCR)
_MOST = 1 << 13  # requests under way
_LEAST = 1 / 16  # of these: so it begins, for nobody knows yet what the line and the devices bear
_STEP_S = 1.0
_SILENT = REASONS.index(Reason.TIMEOUT)


class Met(NamedTuple):
    """Who is to be recognised by itself, and who is known now and can be polled; both of shape (n,)."""

    alone: Devices
    known: Devices


class _Get(NamedTuple):
    """What a template asks: a GET of a question of its family's, NONE: the system group."""

    question: int
    number: int = 0


class Newcomers:
    """Devices of `fleet` that are not known. One that was sent comes back in a Met, or was a silent poll."""

    def __init__(
        self,
        fleet: Fleet,
        volley: Volley,
        builder: BatchBuilder,
        boots: Boots,
        *,
        catalogue: Mapping[str, Profile],
    ) -> None:
        self._fleet, self._volley, self._builder, self._boots = fleet, volley, builder, boots
        self._families = Families(fleet, catalogue)
        self._gets: list[_Get] = []  # by template
        self._templates: dict[tuple[int, int], tuple[int, ...] | None] = {}  # by question and credential
        self._system = np.array([self._system_template(at) for at in range(len(fleet.facts.accesses))], np.int64)
        self._asked = np.zeros(len(fleet.names), np.int64)  # template, now or next
        self._there = np.zeros(len(fleet.names), np.int64)  # which objects of the question, so far: bits
        self._held = np.zeros(0, np.int32)  # devices that wait for room, in their order
        self._alone: list[Devices] = []
        self._known: list[Devices] = []
        self._late_s = LATE * volley.timeout_s
        self._pressure = Pressure(_MOST * _LEAST)
        self._over = [0, 0, 0]  # since the last step: answered, silent, those of the answered that were late
        self._step_at = 0.0
        self.under_way = 0

    @property
    def held(self) -> int:
        """Devices that wait for room or for a sibling."""
        return len(self._held) + self._families.parked

    @property
    def ease(self) -> float:
        """Which share of the most requests that may be under way the line and the devices bear at present."""
        return self._pressure.window / _MOST

    def fitting(self, devices: Devices) -> NDArray[np.bool_]:
        """Which of `devices` are strangers to be asked by a volley; as Fleet.plain says it of those that are known."""
        fleet = self._fleet
        answer: NDArray[np.bool_] = (
            (fleet.plan[devices] < 0)
            & ~fleet.alone[devices]
            & (fleet.facts.ipv4[devices] != 0)
            & (self._system[fleet.facts.access[devices]] != NONE)
            & ~fleet.checked(devices, 2)
        )
        return answer

    def send(self, devices: Devices) -> None:
        """Ask these, which are fitting and busy from now on, what they are."""
        self._asked[devices] = self._system[self._fleet.facts.access[devices]]
        self._held = np.concatenate([self._held, devices])
        self._flush()

    def receive(self) -> None:
        """Empty the sockets."""
        self._volley.receive()

    def settle(self) -> Met:
        """Read what came, ask what follows from it."""
        now = time.monotonic()
        self._make(self._families.learned())  # what comes now need not wait for that
        self._volley.receive()
        if (answers := self._volley.answers()) is not None:
            self._read(answers)
        self._add_silent(*self._volley.silent(now))
        self._flush()
        none = np.zeros(0, np.int32)
        met = Met(np.concatenate([none, *self._alone]), np.concatenate([none, *self._known]))
        self._alone.clear()
        self._known.clear()
        return met

    def _flush(self) -> None:
        """Send what there is room for."""
        now, facts = time.monotonic(), self._fleet.facts
        if now >= self._step_at:
            answered, silent, late = self._over
            self._pressure = after(self._pressure, answered, silent, _MOST, least=_LEAST, late=late)
            self._over, self._step_at = [0, 0, 0], now + _STEP_S
        room = max(0, min(self._volley.room, int(self._pressure.window) - self.under_way))
        sent, self._held = self._held[:room], self._held[room:]
        if len(sent):
            refused = self._volley.send(Requests(sent, self._asked[sent], facts.ipv4[sent], facts.port[sent]))
            self.under_way += len(sent) - len(refused)
            self._alone.append(refused)

    def _read(self, answers: Answers) -> None:
        good = answers.values.good
        self.under_way -= len(good)
        self._over[0] += len(good)
        self._over[2] += int((answers.at - answers.sent_at > self._late_s).sum())
        self._fleet.alone[answers.device[~good]] = True
        self._alone.append(answers.device[~good])
        there = _there(answers.values)
        for template in np.unique(answers.template[good]).tolist():
            rows = np.flatnonzero(good & (answers.template == template))
            if self._gets[template].question == NONE:
                self._make(self._families.met(answers.device[rows], _systems(answers.values, rows)))
            else:
                self._told(answers, rows, there[rows], self._gets[template])

    def _add_silent(self, device: Devices, sent_at: NDArray[np.float64]) -> None:
        """Silence of a stranger is a silent poll.

        A second one has to be seen by a poll by itself, which sees ICMP errors; and who has said what it is is known
        to live.
        """
        self.under_way -= len(device)
        met = self._asked[device] != self._system[self._fleet.facts.access[device]]
        wanted = met | self._fleet.checked(device, 1)
        self._alone.append(device[wanted])
        device, sent_at = device[~wanted], sent_at[~wanted]
        if not len(device):
            return
        self._over[1] += int((self._fleet.silent[device] == 0).sum())
        took_ms = ((time.time() - sent_at) * 1000).astype(np.float32)
        self._builder.add_many(ManyPolls(device, sent_at, took_ms, nothing_read(), reached=False, reason=_SILENT))
        self._fleet.unheard(device)
        self._fleet.busy[device] = False

    def _make(self, moves: Iterable[Move]) -> None:
        for move in moves:
            templates = self._templates_of(move) if len(move.devices) else None
            if templates is None:
                self._alone.append(move.devices)
            else:
                self._ask(move.devices, templates[0])

    def _ask(self, devices: Devices, template: int) -> None:
        """Before those who have not been asked anything yet."""
        self._asked[devices] = template
        self._held = np.concatenate([devices, self._held])

    def _told(self, answers: Answers, rows: NDArray[np.int64], there: NDArray[np.int64], get: _Get) -> None:
        """The answers at `rows` to a GET about the ports of a sibling; `there`, shape (rows, objects), of just these."""
        device, asked = answers.device[rows], self._families.questions[get.question]
        first = 0 if get.number else asked.before
        if get.number == 0:
            fits = self._have_ports(answers, rows, get.question)
            self._make(self._families.others(device[~fits]))
            self._there[device] = 0
            device, there = device[fits], there[fits]
            ticks = np.where(answers.values.present[rows, 0], answers.values.whole[rows, 0].astype(np.int64), -1)
            self._boots.remember(device, ticks[fits], answers.clock[rows][fits])
        count = len(asked.gets[get.number])
        self._there[device] |= there[:, first:count] @ (1 << asked.first_of(get.number) + np.arange(count - first))
        self._go_on(device, get)

    def _have_ports(self, answers: Answers, rows: NDArray[np.int64], question: int) -> NDArray[np.bool_]:
        ports, texts = self._families.questions[question].ports, answers.values.texts
        columns = range(1, 1 + len(ports))
        names = [tuple(texts.get((row, column)) for column in columns) for row in rows.tolist()]
        self._fleet.names_read[answers.device[rows]] = list(map(named, names))
        told = zip(names, map(self._families.linked, answers.device[rows].tolist()), strict=True)
        return np.fromiter((has_ports(ports, name, linked) for name, linked in told), np.bool_, len(rows))

    def _go_on(self, devices: Devices, get: _Get) -> None:
        """The next GET of the question, or all is told: then they are known."""
        if not len(devices):
            return
        access = int(self._fleet.facts.access[devices[0]])  # a template has one
        templates = self._templates[get.question, access] or ()
        if get.number + 1 < len(templates):
            self._ask(devices, templates[get.number + 1])
            return
        asked, fleet = self._families.questions[get.question], self._fleet
        for there in np.unique(self._there[devices]).tolist():
            alike = devices[self._there[devices] == there]
            fleet.know(alike, narrowed(fleet.plans, asked, there), self._builder)
        fleet.recognised_at[devices] = time.time()
        fleet.recognised += len(devices)
        self._known.append(devices)

    def _templates_of(self, move: Move) -> tuple[int, ...] | None:
        """What asks that question of these devices, who share a credential; None: by themselves."""
        if move.question == NONE:
            return None
        access = int(self._fleet.facts.access[move.devices[0]])
        if (move.question, access) not in self._templates:
            self._templates[move.question, access] = self._made(move.question, access)
        return self._templates[move.question, access]

    def _made(self, question: int, access: int) -> tuple[int, ...] | None:
        gets = self._families.questions[question].gets
        made = [self._template(access, oids, _Get(question, at)) for at, oids in enumerate(gets)]
        return None if NONE in made else tuple(made)

    def _system_template(self, access: int) -> int:
        return self._template(access, _SYSTEM, _Get(NONE))

    def _template(self, access: int, oids: tuple[str, ...], get: _Get) -> int:
        target = self._fleet.facts.accesses[access]
        made = self._volley.template(target.usm or target.community, oids) if isinstance(target, Target) else None
        if made is None:
            return NONE
        self._gets.append(get)
        return made


def _there(values: Bodies) -> NDArray[np.int64]:
    """1 where a device said anything, shape (answers, objects), else 0."""
    there = values.present.astype(np.int64)
    for told in (values.texts, values.names):
        if told:
            row, column = np.array(list(told)).T
            there[row, column] = 1
    return there


def _systems(values: Bodies, rows: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    """sysObjectID and sysDescr, as collectors/recognise.py reads them."""
    for row in rows.tolist():
        said = values.names.get((row, 1))
        object_id = _dotted(said) if said is not None else plain_object_id(_text(values.texts.get((row, 1), b"")))
        yield object_id, _text(values.texts.get((row, 2), b""))


_dotted, _text = lru_cache(maxsize=4096)(dotted), lru_cache(maxsize=4096)(text)
