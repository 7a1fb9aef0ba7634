"""Which polls go in a volley, and what becomes of their answers.

A poll goes in a volley when it is some GETs of SNMPv2c or SNMPv3 over IPv4 to a device that is known and was not silent:
nearly all of them. Everything else, and everything that doesn't come back as asked, is a poll by itself. Several
GETs are asked one after another, each at the answer before; the poll is over when all are answered or one stays silent.
"""

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from collectors.batch import BatchBuilder, ManyPolls
from collectors.begun import Begun, Came
from collectors.boots import Boots
from collectors.columns import ReadValues, Values, nothing_read
from collectors.model import REASONS, Reason
from collectors.pressure import LATE, Pressure, after
from collectors.questions import NOTHING, Questions
from collectors.volley.response import Bodies
from collectors.volley.volley import Answers, Requests, Volley
from collectors.watch import Fleet, Watched

_MOST = 1 << 15  # requests under way in volleys
_STEP_S = 1.0
_LATELY_S = 3600.0
_SILENT, _CUT_SHORT = REASONS.index(Reason.TIMEOUT), REASONS.index(Reason.DEADLINE)
_MUTE = 4  # polls that a volley lost and the next by itself did not: then it is no chance
_LEAST_PLANS = 1000


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


class Volleys:
    """Polls of the devices of `fleet` by volleys. What isn't settled here comes back as turns."""

    def __init__(self, fleet: Fleet, volley: Volley, builder: BatchBuilder, boots: Boots) -> None:
        self._fleet = fleet
        self._volley = volley
        self._builder = builder
        self._boots = boots
        self._question = np.zeros(len(fleet.names), np.int32)  # by device, of the poll under way
        self._questions = Questions(fleet, volley)
        self._begun = Begun(len(fleet.names))
        self._most_plans = _LEAST_PLANS  # beyond which those that no device has are forgotten
        self._held = np.zeros(0, np.int32)  # devices that wait for room, in their order
        self._pressure = Pressure(float(_MOST))
        self._over = [0, 0, 0]  # polls since the last step: answered, silent, those of the answered that were late
        self._late_s = LATE * volley.timeout_s
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
            answered, silent, late = self._over
            self._pressure = after(self._pressure, answered, silent, _MOST, late=late)
            self._over, self._step_at = [0, 0, 0], now + _STEP_S
            if len(self._fleet.plans) > self._most_plans:
                self._forget_plans()

    def _forget_plans(self) -> None:
        """Devices that are recognised anew for months would else leave theirs behind."""
        numbers, gone = self._fleet.keep_plans()
        self._questions.renumber(numbers)
        self._builder.forget(gone)
        self._most_plans = max(_LEAST_PLANS, 2 * len(self._fleet.plans))

    def _ask(self, devices: NDArray[np.int32], now: float) -> Iterator[Turn]:
        question = self._questions.of(devices, self._fleet.budgets.due(devices, now))
        self._question[devices] = question
        template = self._questions.template[question]
        yield from self._turns(devices[template < 0])
        sent, template = devices[template >= 0], template[template >= 0]
        if len(sent):
            self.under_way += len(sent)
            yield from self._by_itself(self._send(sent, template))

    def _send(self, devices: NDArray[np.int32], template: NDArray[np.int64]) -> NDArray[np.int32]:
        """Those to which this machine could not send."""
        facts = self._fleet.facts
        return self._volley.send(Requests(devices, template, facts.ipv4[devices], facts.port[devices]))

    def _by_itself(self, devices: NDArray[np.int32]) -> Iterator[Turn]:
        """Volleys have done what they can; what they brought so far is asked for once more."""
        self.under_way -= len(devices)
        self._begun.take(devices)
        yield from self._turns(devices)

    def _turns(self, devices: NDArray[np.int32]) -> Iterator[Turn]:
        """The turns of devices that were to be asked by a volley."""
        for number in devices.tolist():
            yield Turn(self._fleet[number], self._questions.due(self._question[number]))

    def settle(self) -> Settled:
        """Hand to the builder what came and what stayed silent; what wants more than that is in the answer."""
        now = time.monotonic()
        self._volley.receive()
        turns, back = list[Turn](), list[NDArray[np.int32]]()
        if (answers := self._volley.answers()) is not None:
            fine = self._fine(answers)
            others = answers.device[~fine]
            self._fleet.alone[others] = wrong = ~answers.values.good[~fine]
            self._recognise_soon(others[wrong])
            turns.extend(self._by_itself(others))
            last = self._questions.following[answers.template] == NOTHING
            turns.extend(self._go_on(answers, np.flatnonzero(fine & ~last)))
            if (rows := np.flatnonzero(fine & last)).size:
                came, unnamed = self._believed(answers, rows)
                turns.extend(unnamed)
                back.append(self._add(came))
        back.append(self._add_silent(*self._volley.silent(now)))
        return Settled(turns, np.concatenate(back))

    def receive(self) -> None:
        """Empty the sockets; cheap, so that it can be done often."""
        self._volley.receive()

    def _fine(self, answers: Answers) -> NDArray[np.bool_]:
        """Answered as asked, and by a device whose ports can't have other numbers: no reboot, and the same names."""
        ticks = _ticks(answers.values)
        fine = answers.values.good & ~self._boots.anew(answers.device, ticks, answers.clock)
        names = self._questions.names[answers.template]
        for row in np.flatnonzero(fine & (names > 0)).tolist():
            device, first = int(answers.device[row]), int(self._questions.names_at[answers.template[row]])
            columns = range(first, first + int(names[row]))
            if self._fleet.renamed(device, [answers.values.texts.get((row, column)) for column in columns]):
                self._fleet.recognise_at[device] = 0.0
                fine[row] = False
        return fine

    def _recognise_soon(self, devices: NDArray[np.int32]) -> None:
        """They answered something else: they may be others now. Those that do so at every poll have been looked at."""
        ago = time.time() - self._fleet.recognised_at[devices]
        lately = (ago >= 0) & (ago < _LATELY_S)  # a clock that was set back tells nothing
        self._fleet.recognise_at[devices[~lately]] = 0.0

    def _go_on(self, answers: Answers, rows: NDArray[np.int64]) -> Iterator[Turn]:
        """Ask those that answered the next of their GETs."""
        if len(rows):
            self._begun.add(self._came(answers, rows))
            device = answers.device[rows]
            yield from self._by_itself(self._send(device, self._questions.following[answers.template[rows]]))

    def _believed(self, answers: Answers, rows: NDArray[np.int64]) -> tuple[Came, Iterable[Turn]]:
        """The polls that are over by these answers. Of the others names are asked first: their ports may be others."""
        came = self._begun.joined(self._came(answers, rows))
        self._over[2] += int((answers.at[rows] - answers.sent_at[rows] > self._late_s).sum())
        doubted = self._builder.doubted(len(rows), came.read)
        if not doubted.any():
            return came, ()
        named = self._questions.names[answers.template[rows]] > 0
        doubted[doubted] = self._fleet.doubt(came.device[doubted], named[doubted])
        unsure = came.only(doubted)
        self._begun.add(unsure)
        return came.only(~doubted), self._ask_names(unsure.device)

    def _ask_names(self, devices: NDArray[np.int32]) -> Iterator[Turn]:
        question = self._questions.of(devices, self._fleet.budgets.last(devices))
        template = self._questions.template[question]
        yield from self._by_itself(devices[template < 0])
        devices, template = devices[template >= 0], template[template >= 0]
        if len(devices):
            yield from self._by_itself(self._send(devices, template))

    def _add(self, came: Came) -> NDArray[np.int32]:
        """Those of them that are back after a silence."""
        if not len(came.device):
            return came.device
        self._fleet.mute[came.device] = 0
        self._over[0] += len(came.device)
        self._end(ManyPolls(came.device, came.at, _ms(came.took_s), came.read))
        return self._fleet.heard(came.device)

    def _add_silent(self, device: NDArray[np.int32], sent_at: NDArray[np.float64]) -> NDArray[np.int32]:
        """Silence at every attempt ends a poll; the next is made by itself, which sees ICMP errors.

        After an answer to another GET of the same poll it is no silence: those of them that are back after one.
        """
        if not len(device):
            return device
        self._unanswered(device[self._fleet.silent[device] == 0])
        part = self._trusted(self._begun.take(device))
        silent = ~np.isin(device, part.device)
        self._fleet.unheard(device[silent])
        nothing, clock = nothing_read(), time.time()
        self._end(
            ManyPolls(
                device[silent], sent_at[silent], _ms(clock - sent_at[silent]), nothing, reached=False, reason=_SILENT
            )
        )
        self._end(ManyPolls(part.device, part.at, _ms(clock - part.at), part.read, reason=_CUT_SHORT))
        return self._fleet.heard(part.device)

    def _trusted(self, part: Came) -> Came:
        """Without what may be told of other ports: nobody can ask for their names now."""
        return part.told_by(~self._builder.doubted(len(part.device), part.read))

    def _unanswered(self, devices: NDArray[np.int32]) -> None:
        """These had answered at the poll before. Where that was ever by itself, volleys are nothing for them.

        While requests are held back for congestion, silence says nothing of a single device.
        """
        self._over[1] += len(devices)
        if self._pressure.window < _MOST:
            return
        self._fleet.mute[devices] = mute = np.minimum(self._fleet.mute[devices] + 1, _MUTE)
        self._fleet.alone[devices[mute >= _MUTE]] = True

    def _end(self, polls: ManyPolls) -> None:
        if len(polls.device):
            self._builder.add_many(polls)
            self._fleet.busy[polls.device] = False
            self.under_way -= len(polls.device)

    def _came(self, answers: Answers, rows: NDArray[np.int64]) -> Came:
        """What the answers at `rows` say."""
        device, took_s = answers.device[rows], np.maximum(answers.at[rows] - answers.sent_at[rows], 0)
        self._boots.remember(device, _ticks(answers.values)[rows], answers.clock[rows])
        return Came(device, answers.sent_at[rows], took_s, self._read(answers, rows))

    def _read(self, answers: Answers, rows: NDArray[np.int64]) -> ReadValues:
        """The values of the answers at `rows`, one after another."""
        device, values = answers.device[rows], answers.values
        item = self._questions.items[answers.template[rows]][:, : values.whole.shape[1]]
        poll, column = np.nonzero(item != NOTHING)
        row = rows[poll]
        return ReadValues(
            poll,
            answers.clock[row],
            self._fleet.row[device[poll]] + item[poll, column],
            self._fleet.slot[device[poll]].astype(np.int64),
            Values(
                values.whole[row, column],
                values.negative[row, column],
                values.present[row, column],
                _texts(values, rows, item != NOTHING),
            ),
        )


def _ticks(values: Bodies) -> NDArray[np.int64]:
    """sysUpTime, which every request begins with; -1 where it isn't told."""
    return np.where(values.present[:, 0], values.whole[:, 0].astype(np.int64), -1)


def _texts(values: Bodies, rows: NDArray[np.int64], read: NDArray[np.bool_]) -> dict[int, bytes]:
    """Values that are no integers, by their position among those of `rows`, shape (n,), that are `read`, (n, objects)."""
    if not values.texts:
        return {}
    place = np.cumsum(read).reshape(read.shape) - 1
    line = np.full(len(values.good), -1)
    line[rows] = np.arange(len(rows))
    return {
        int(place[line[row], column]): value
        for (row, column), value in values.texts.items()
        if line[row] >= 0 and column < read.shape[1] and read[line[row], column]
    }


def _ms(seconds: NDArray[np.float64]) -> NDArray[np.float32]:
    return (seconds * 1000).astype(np.float32)
