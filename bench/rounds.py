"""Polling in simulated time: whom the collector asks when, what comes back, and the batches that it closes.

As the collector does it: each device has its place in the interval; a poll is two exchanges; after two silent polls
come up to 20 probes, any answer of which means loss (collectors.silence). Chance alone decides which exchange is lost.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.readings import Readings
from collectors.hearing import Hearing
from collectors.model import REASONS, Batch, Reason
from collectors.schedule import places
from inventory.columnar import column
from simulator.world import World

_EXCHANGES = 2  # of a poll
_SILENT_POLL_S = 4.0  # that many, each with a timeout of 2 s
_PROBES, _SPACING_S, _LAST_WAIT_S = 20, 0.15, 2.0
_COSTLY_EVERY_S = 3600.0
_ROUND_TRIP_S = 0.04
_LAG_S = 0.5  # from asking until the batch with the answer closes: a round trip, a look at the sockets, half a batch
_TIMEOUT, _NONE = REASONS.index(Reason.TIMEOUT), -1

_Devices = NDArray[np.int64]
_Times = NDArray[np.float64]


class _Waiting(NamedTuple):
    """Polls that got no answer, over at `done`. `sent` probes of the burst after them, of which `answered` were."""

    device: _Devices
    at: _Times
    done: _Times
    sent: NDArray[np.int8]
    answered: NDArray[np.int8]

    def some(self, chosen: NDArray[np.bool_]) -> "_Waiting":
        return _Waiting(
            self.device[chosen], self.at[chosen], self.done[chosen], self.sent[chosen], self.answered[chosen]
        )

    def plus(self, more: "_Waiting") -> "_Waiting":
        join = np.concatenate
        return _Waiting(
            join([self.device, more.device]), join([self.at, more.at]), join([self.done, more.done]),
            join([self.sent, more.sent]), join([self.answered, more.answered]),
        )  # fmt: skip


def _nobody() -> _Waiting:
    return _Waiting(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int8), np.zeros(0, np.int8))


@dataclass(frozen=True, slots=True)
class Weather:
    """`loss` is the share of exchanges that get no answer, everywhere."""

    loss: float
    seed: int


class Rounds:
    """Polls of every device with an address in the simulator's world."""

    def __init__(self, world: World, interval_s: float, weather: Weather, now: float) -> None:
        devices = world.inventory.devices
        census = world.census
        addressed = np.array([bool(text) for text in column(devices, "primary_ip").to_pylist()], np.bool_)
        self._census = np.flatnonzero(addressed & census.active)  # each polled device's number there
        self.devices = tuple(census.names(self._census))
        own = np.array([value or interval_s for value in column(devices, "interval_s").to_pylist()], np.float64)
        self._interval_s = own[self._census]
        self._phase = places(self.devices) * self._interval_s
        self._world, self._weather = world, weather
        self._chance = np.random.default_rng([weather.seed, 1])
        self.readings = Readings(world, self.devices, now)
        self._asked = np.full(len(self.devices), -np.inf)  # for everything
        self._silent = np.zeros(len(self.devices), np.int32)
        self._confirmed = np.zeros(len(self.devices), np.bool_)
        self._confirmed_at = np.full(len(self.devices), -np.inf)
        self._reference = np.array(column(devices, "reference").to_pylist(), np.bool_)[self._census]
        self._proved_at = np.full(len(self.devices), -np.inf)  # newest answer of each reference
        self._hearing = Hearing()
        self._lone, self._burst = _nobody(), _nobody()
        self._before = now
        self.polls = 0
        self.heed()

    def heed(self) -> None:
        """Let the condition of the world hold from now on."""
        condition, count = self._world.condition, len(self._world.census.devices)
        number = self._world.census.device_of
        reached, loss, delay = (
            np.ones(count, np.bool_),
            np.full(count, self._weather.loss),
            np.full(count, _ROUND_TRIP_S),
        )
        reached[[number[name] for name in condition.lost]] = False
        for name, share in condition.lossy.items():
            loss[number[name]] = max(loss[number[name]], share)
        for name, jam in condition.slowed.items():
            loss[number[name]] = max(loss[number[name]], jam.loss)
            delay[number[name]] += jam.delay_s
        self._reached = reached[self._census] & (not condition.blind)
        self._loss, self._delay = np.minimum(loss[self._census], 1.0), delay[self._census]

    def batch(self, until: float) -> Batch:
        """Everything that was over by `until` and not handed on before."""
        answered, at = self._ask(until - _LAG_S)
        silent = self._confirm(until)
        self.polls += len(answered) + len(silent.device)
        costly = at - self._asked[answered] >= _COSTLY_EVERY_S
        self._asked[answered[costly]] = at[costly]
        samples = self.readings.samples(answered, at, costly)
        device, good = np.concatenate([answered, silent.device]).astype(np.int32), len(answered)
        none = np.zeros(good, np.int8)
        return Batch(
            devices=self.devices,
            instances=self.readings.instances,
            poll_device=device,
            poll_at=np.concatenate([at, silent.at]),
            poll_took_ms=np.concatenate([1000 * self._delay[answered], 1000 * (silent.done - silent.at)]).astype(
                np.float32
            ),
            poll_reached=np.arange(len(device)) < good,
            poll_reason=np.where(np.arange(len(device)) < good, _NONE, _TIMEOUT).astype(np.int8),
            burst_sent=np.concatenate([none, silent.sent]),
            burst_answered=np.concatenate([none, silent.answered]),
            sample_device=device[samples.poll],
            sample_metric=samples.metric,
            sample_instance=samples.instance,
            sample_at=at[samples.poll],
            sample_value=samples.value,
            closed_at=until,
        )

    def _ask(self, until: float) -> tuple[_Devices, _Times]:
        """Those that answer of the devices whose turn comes by `until`; the others go on waiting."""
        before, self._before = self._before, until
        turn = np.floor((until - self._phase) / self._interval_s)
        at = turn * self._interval_s + self._phase
        due = np.flatnonzero(at > before)
        at = at[due]
        hears = self._reached[due] & (self._chance.random(len(due)) >= self._loss[due] ** _EXCHANGES)
        heard, mute = due[hears], due[~hears]
        self._listen(np.sort(at[hears]))
        self._prove(heard, at[hears])
        self._hear(heard)
        nothing = np.zeros(len(mute), np.int8)
        self._lone = self._lone.plus(_Waiting(mute, at[~hears], at[~hears] + _SILENT_POLL_S, nothing, nothing))
        return heard, at[hears]

    def _listen(self, times: _Times) -> None:
        """After seconds in which nobody answered nothing is confirmed any more (collectors.hearing)."""
        for some in np.split(times, np.flatnonzero(np.diff(times) >= 1.0) + 1):
            if len(some) and self._hearing.heard(len(some), float(some[0]), float(some[-1])):
                self._confirmed[:] = False

    def _prove(self, heard: _Devices, at: _Times) -> None:
        """What bursts confirmed since a reference's last answer is confirmed anew when it answers (collectors.watch)."""
        for place in np.flatnonzero(self._reference[heard]).tolist():
            number = heard[place]
            if self._silent[number]:
                self._confirmed[self._confirmed_at > self._proved_at[number]] = False
            self._proved_at[number] = at[place]

    def _hear(self, devices: _Devices) -> None:
        self._silent[devices] = 0
        self._confirmed[devices] = False

    def _confirm(self, until: float) -> _Waiting:
        """The silent polls that are over by `until`, with their bursts."""
        over = self._lone.some(self._lone.done <= until)
        self._lone = self._lone.some(self._lone.done > until)
        self._silent[over.device] += 1
        probed = (self._silent[over.device] >= 2) & ~self._confirmed[over.device]
        self._burst = self._burst.plus(self._probe(over.some(probed)))
        ready = self._burst.some(self._burst.done <= until)
        self._burst = self._burst.some(self._burst.done > until)
        self._hear(ready.device[ready.answered > 0])
        lost = (ready.answered == 0) & (ready.at >= self._hearing.back_at)
        self._confirmed[ready.device[lost]], self._confirmed_at[ready.device[lost]] = True, ready.done[lost]
        return over.some(~probed).plus(ready)

    def _probe(self, silent: _Waiting) -> _Waiting:
        """Their bursts: the first answer ends one."""
        device = silent.device
        gets = self._chance.random((len(device), _PROBES)) >= self._loss[device][:, None]
        gets &= self._reached[device][:, None]
        any_ = gets.any(axis=1)
        sent = np.where(any_, gets.argmax(axis=1) + 1, _PROBES)
        done = silent.done + sent * _SPACING_S + np.where(any_, self._delay[device], _LAST_WAIT_S)
        return silent._replace(done=done, sent=sent.astype(np.int8), answered=any_.astype(np.int8))
