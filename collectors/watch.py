"""What is remembered of each polled device between its polls: columns by device."""

import time
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar, overload
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from collectors.batch import BatchBuilder, Place
from collectors.budget import MOST_READS, Budgets
from collectors.facts import Facts, facts_of
from collectors.hearing import Hearing
from collectors.model import Failure
from collectors.plan import Plans, PollPlan
from collectors.rows import SteadyRows
from collectors.silence import ALONE_EVERY, HEARD, Silence
from collectors.snmp.backend import Target
from inventory.model import Inventory
from storage.settings import Settings

_MOST_SILENT = 30_000
_RECOGNISE_S = 86400.0
_MOST_DOUBTS = 3  # to which no names came: then the values are taken as they are until names are read again
NO_NAMES = -1
T = TypeVar("T", int, float, bool)


class Fleet:
    """What an inventory says of its devices, and what is remembered of them: columns of shape (devices,).

    `polled` are the numbers of those that are polled, `refused` of those that cannot be asked from here.
    """

    def __init__(self, facts: Facts, polled: NDArray[np.int32], refused: NDArray[np.int32]) -> None:
        count = len(facts.names)
        self.names, self.facts, self.polled, self.refused = facts.names, facts, polled, refused
        self.budgets = Budgets(facts.place, facts.interval_s)
        self.plans = Plans()
        self.plan = np.full(count, -1, np.int32)  # number in `plans`; -1 until it is recognised
        self.placed = np.full(count, -1, np.int32)  # the plan that `row` and `slot` are for
        self.row = np.zeros(count, np.int32)  # of its first item in the layout
        self.slot = np.zeros(count, np.int32)  # of its first reading in the memory
        self.slots = np.zeros(count, np.int16)
        self.settled = np.zeros(count, np.bool_)  # whether the plan was narrowed to what the device has
        # Its answer to a volley was not what was asked, or never came: it is polled by itself until recognised anew.
        self.alone = np.zeros(count, np.bool_)
        self.mute = np.zeros(count, np.int8)  # polls in volleys that it left unanswered, and answered by itself then
        self.busy = np.zeros(count, np.bool_)  # a poll is under way
        self.silent = np.zeros(count, np.int16)  # polls in a row
        self.confirmed = np.zeros(count, np.bool_)  # by a burst
        self.confirmed_at = np.zeros(count)  # forward clock
        self._proved_at: dict[int, float] = {}  # reference -> its newest answer, forward clock
        self._hearing = Hearing()
        self.recognise_at = np.zeros(count)  # UTC epoch seconds
        self.recognised_at = np.zeros(count)
        self.names_read = np.full(count, NO_NAMES, np.int64)  # what its ports were called: see named()
        self.doubts = np.zeros(count, np.int8)  # since names were read: its values were not those of the same ports
        self.rows = SteadyRows(count)
        self.recognised = 0  # recognitions since the start
        # So many silences wait to be checked by themselves that the others are asked in volleys meanwhile.
        self.crowded = False

    def __getitem__(self, number: int) -> "Watched":
        return Watched(self, number)

    def watched(self) -> Iterator["Watched"]:
        """Every polled device."""
        return map(self.__getitem__, self.polled.tolist())

    def heard(self, devices: NDArray[np.int32]) -> NDArray[np.int32]:
        """These answered; which of them had been known to be silent. As after_poll in collectors/silence.py."""
        back = devices[self.confirmed[devices]]
        self.hear(len(devices))
        self.prove(devices[self.facts.reference[devices]])
        self.silent[devices], self.confirmed[devices] = 0, False
        return back

    def unheard(self, devices: NDArray[np.int32]) -> None:
        """These were silent once more."""
        polls = self.silent[devices] + 1
        self.silent[devices] = np.where(polls > _MOST_SILENT, polls - _MOST_SILENT, polls)

    def hear(self, answers: int) -> None:
        """So many devices answered. After seconds in which nobody did, though many were asked, nothing is confirmed any more."""
        now = time.monotonic()
        if answers and self._hearing.heard(answers, now, now):
            self.confirmed[:] = False

    def was_deaf(self, since: float) -> bool:
        """Whether nobody answered for seconds, until after `since` on the forward clock."""
        return self._hearing.back_at > since

    def prove(self, references: NDArray[np.integer[Any]]) -> None:
        """These references answered.

        Where one had been silent nobody may have been heard meanwhile: what bursts have confirmed since its last
        answer is to be confirmed anew.
        """
        now = time.monotonic()
        for number in references.tolist():
            if self.silent[number]:
                self.confirmed[self.confirmed_at > self._proved_at.get(number, 0.0)] = False
            self._proved_at[number] = now

    def know(self, devices: NDArray[np.integer[Any]], plan: PollPlan, builder: BatchBuilder) -> None:
        """Devices that were not known, shape (n,), have this plan, narrowed to what they have."""
        self.plan[devices] = self.placed[devices] = self.plans.number(plan)
        self.row[devices], self.slot[devices], self.slots[devices] = builder.places(plan, len(devices))
        self.budgets.keep_many(devices, plan.reads)
        self.settled[devices] = True
        self.recognise_at[devices] = next_recognition(self.facts.place[devices], time.time())

    def keep_plans(self) -> tuple[NDArray[np.int32], tuple[PollPlan, ...]]:
        """Forget the plans that no device has: (the number now by the number before, -1 where it is gone; the gone)."""
        used = np.unique(np.concatenate([self.plan, self.placed]))
        used = used[used >= 0]
        number = np.full(len(self.plans) + 1, -1, np.int32)  # the last is for those without a plan
        number[used] = np.arange(len(used))
        self.plan, self.placed = number[self.plan], number[self.placed]
        return number, self.plans.keep(used.tolist())

    def renamed(self, device: int, names: Sequence[bytes | None]) -> bool:
        """Whether its ports are called otherwise than at the reading before: they may have been renumbered.

        So may those that are in doubt and whose names nobody has read.
        """
        read, before = named(names), int(self.names_read[device])
        unknown = before == NO_NAMES and not self.doubts[device]
        self.names_read[device], self.doubts[device] = read, 0
        return before != read and not unknown

    def doubt(self, devices: NDArray[np.integer[Any]], named: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What these told, shape (n,), may be another port's: for which of them to read names before it is believed.

        Not for those that were `named` at this poll. Names are read along at the next one too: some devices' counters
        are always odd, and so cost no exchange more.
        """
        self.budgets.bring_forward(devices)
        asked: NDArray[np.bool_] = ~named & (self.doubts[devices] < _MOST_DOUBTS)
        self.doubts[devices[asked]] += 1
        return asked

    def only(self, wanted: AbstractSet[str]) -> "Fleet":
        """The devices named in `wanted`, with nothing remembered; numbers stay."""
        named = np.array([name in wanted for name in self.names], np.bool_)
        return Fleet(self.facts, self.polled[named[self.polled]], self.refused[named[self.refused]])

    def refusals(self) -> Iterator[tuple[int, Failure]]:
        """The refused devices, and why each cannot be asked."""
        for number in self.refused.tolist():
            failure = self.facts.accesses[self.facts.access[number]]
            if isinstance(failure, Failure):
                yield number, failure

    def plain(self, devices: NDArray[np.integer[Any]], now: float) -> NDArray[np.bool_]:
        """Which of `devices` are known and have nothing to do but to be asked over IPv4.

        Not those whose silence has still to be confirmed, unless too many wait for that.
        """
        answer: NDArray[np.bool_] = (
            self.settled[devices]
            & ~self.alone[devices]
            & (self.plan[devices] == self.placed[devices])
            & (self.facts.ipv4[devices] != 0)
            & ~self.checked(devices, 1)
            # What is dead can't be recognised: that waits for its first answer.
            & (self.recent(devices, now) | self.confirmed[devices])
            & (self.budgets.count[devices] <= MOST_READS)
        )
        return answer

    def recent(self, devices: NDArray[np.integer[Any]], now: float) -> NDArray[np.bool_]:
        """Which of `devices` need not be recognised yet at `now` (UTC epoch seconds).

        A day ahead at most: a clock that was set back would else put it off.
        """
        ahead = self.recognise_at[devices] - now
        answer: NDArray[np.bool_] = (ahead > 0) & (ahead <= _RECOGNISE_S + 1)
        return answer

    def checked(self, devices: NDArray[np.integer[Any]], silences: int) -> NDArray[np.bool_]:
        """Which of `devices` are to be asked by themselves after so many `silences`, or again now and then."""
        silent, confirmed = self.silent[devices], self.confirmed[devices]
        first = (silent >= silences) & ~confirmed & (not self.crowded)
        answer: NDArray[np.bool_] = first | confirmed & (silent % ALONE_EVERY == 0)
        return answer


def named(names: Sequence[bytes | None]) -> int:
    """A number for these names of ports."""
    return crc32(b"\0".join(name or b"" for name in names))


def next_recognition(place: NDArray[np.float64], now: float) -> NDArray[np.float64]:
    """Once a day, at each device's own time (`place` in [0, 1)): not all of them a day after the start."""
    offset = place * _RECOGNISE_S
    following: NDArray[np.float64] = offset + (np.floor((now - offset) / _RECOGNISE_S) + 1) * _RECOGNISE_S
    return following


class _Column(Generic[T]):
    """A field of Watched that lies in the fleet's column of the same name."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, watched: None, owner: type) -> "_Column[T]": ...
    @overload
    def __get__(self, watched: "Watched", owner: type) -> T: ...
    def __get__(self, watched: "Watched | None", owner: type) -> "_Column[T] | T":
        if watched is None:
            return self
        value: T = getattr(watched.fleet, self._name)[watched.number].item()
        return value

    def __set__(self, watched: "Watched", value: T) -> None:
        getattr(watched.fleet, self._name)[watched.number] = value


@dataclass(slots=True)
class Watched:
    """One device of a fleet, for what is not done in columns."""

    fleet: Fleet
    number: int

    settled = _Column[bool]()
    alone = _Column[bool]()
    busy = _Column[bool]()
    recognise_at = _Column[float]()

    @property
    def name(self) -> str:
        return self.fleet.names[self.number]

    @property
    def profile(self) -> str:
        """As the inventory names it; empty where that is for us to find out."""
        return str(self.fleet.facts.profile[self.number].as_py() or "")

    @property
    def interval_s(self) -> float:
        return float(self.fleet.facts.interval_s[self.number])

    @property
    def reference(self) -> bool:
        """A target by which a collector proves its own sight."""
        return bool(self.fleet.facts.reference[self.number])

    @property
    def target(self) -> Target:
        """Where and how it is asked, as gently as devices of its kind must be."""
        facts, plan = self.fleet.facts, self.plan
        target = facts.accesses[facts.access[self.number]]
        if not isinstance(target, Target):
            raise TypeError(f"{self.name} is not polled")
        most = target.max_repetitions if plan is None else min(target.max_repetitions, plan.max_repetitions)
        address, port = facts.address[self.number].as_py(), int(facts.port[self.number])
        return replace(target, address=address, port=port, max_repetitions=most)

    @property
    def linked(self) -> frozenset[str]:
        """Ports that links name."""
        return self.fleet.facts.ports.of(self.number)

    @property
    def teller(self) -> "Watched | None":
        """The device that knows about the box it hangs on."""
        number = int(self.fleet.facts.teller[self.number])
        return None if number < 0 else Watched(self.fleet, number)

    @property
    def plan(self) -> PollPlan | None:
        number = int(self.fleet.plan[self.number])
        return None if number < 0 else self.fleet.plans[number]

    @plan.setter
    def plan(self, plan: PollPlan) -> None:
        self.fleet.plan[self.number] = self.fleet.plans.number(plan)
        self.fleet.budgets.keep(self.number, plan.reads)

    @property
    def place(self) -> Place | None:
        """Where its readings are put."""
        fleet, number = self.fleet, self.number
        if fleet.placed[number] < 0:
            return None
        return Place(int(fleet.row[number]), int(fleet.slot[number]), int(fleet.slots[number]))

    @place.setter
    def place(self, place: Place) -> None:
        """A place for its plan."""
        fleet = self.fleet
        fleet.row[self.number], fleet.slot[self.number], fleet.slots[self.number] = place
        fleet.placed[self.number] = fleet.plan[self.number]

    @property
    def is_placed(self) -> bool:
        """Whether its place is for its plan."""
        return bool(self.fleet.plan[self.number] == self.fleet.placed[self.number])

    @property
    def silence(self) -> Silence:
        polls = int(self.fleet.silent[self.number])
        return Silence(polls, bool(self.fleet.confirmed[self.number])) if polls else HEARD

    @silence.setter
    def silence(self, silence: Silence) -> None:
        fleet, number = self.fleet, self.number
        if silence == HEARD:
            fleet.hear(1)
            if self.reference:
                fleet.prove(np.array([number]))
        if silence.confirmed and not fleet.confirmed[number]:
            fleet.confirmed_at[number] = time.monotonic()
        fleet.silent[number] = min(silence.polls, _MOST_SILENT)
        fleet.confirmed[number] = silence.confirmed

    def recent(self, now: float) -> bool:
        """Whether it need not be recognised yet at `now` (UTC epoch seconds)."""
        return bool(self.fleet.recent(np.array([self.number]), now)[0])

    def recognise(self, plan: PollPlan, now: float) -> None:
        """It has been recognised at `now` (UTC epoch seconds): this is its plan until a poll has settled it."""
        fleet, number = self.fleet, self.number
        self.plan, self.settled, self.alone = plan, False, False
        fleet.names_read[number], fleet.doubts[number] = NO_NAMES, 0
        fleet.rows.forget(number)
        fleet.recognised_at[number] = now
        fleet.recognise_at[number] = next_recognition(fleet.facts.place[number : number + 1], now)[0]
        fleet.recognised += 1

    def due(self, now: float) -> frozenset[str]:
        """What of its plan may be read at `now` (UTC epoch seconds), and counts as read."""
        return self.fleet.budgets.due_of(self.number, now)

    def hasten(self, now: float) -> bool:
        """Bring forward what has a short budget: see Budgets."""
        return self.fleet.budgets.hasten(self.number, now)


def fleet(inventory: Inventory, settings: Settings) -> Fleet:
    """Every active device with an address and an SNMP credential."""
    facts = facts_of(inventory, settings)
    return Fleet(facts, facts.having(Target), facts.having(Failure))
