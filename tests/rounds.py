"""Rounds of polls over an inventory in simulated time, as the batches that a collector would close."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np

from collectors.metrics import NUMBER
from collectors.model import REASONS, Batch, Reason
from inventory.model import Inventory, Role

SILENT_POLL_S = 4.0  # two timeouts
BURST_S = 3.0
Sample = tuple[str, str, str, float, float]  # device, metric, instance, at, value


@dataclass(frozen=True)
class Poll:
    device: str
    at: float
    done: float
    reason: Reason | None = None
    burst_sent: int = 0
    burst_answered: int = 0
    samples: tuple[Sample, ...] = ()


@dataclass
class World:
    """What is broken at present. `cut` are links, `dead` devices without power or life."""

    inventory: Inventory
    dead: set[str] = field(default_factory=set)
    cut: set[str] = field(default_factory=set)
    on_battery: set[str] = field(default_factory=set)
    gasped: set[str] = field(default_factory=set)
    light: dict[str, float] = field(default_factory=dict)  # dBm that ONTs receive, as their OLT tells
    lossy: set[str] = field(default_factory=set)  # answer only one probe in twenty
    loss: float = 0.0  # share of exchanges lost, everywhere
    chance: Random = field(default_factory=lambda: Random(7))
    blind: bool = False
    unpolled: set[str] = field(default_factory=set)  # have an address, but nothing by which to poll them
    onts_every_s: float = 0.0  # how often OLTs are asked for the states of their ONTs; 0: with every poll
    onts_asked: dict[str, float] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)  # of devices that were dead: when they last were

    def answered(self, exchanges: int) -> int:
        """How many of so many exchanges with a device that is reached get through."""
        return sum(self.chance.random() >= self.loss for _ in range(exchanges))

    def reached(self) -> set[str]:
        """Devices with power and a way to the NOC."""
        roots = [d.name for d in self.inventory.devices.values() if self.inventory.sites[d.site].kind == "noc"]
        seen: set[str] = set()
        waiting = [name for name in roots if name not in self.dead]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += [far for far in self._next_to(name) if far not in self.dead]
        return seen

    def _next_to(self, name: str) -> Iterator[str]:
        for link in self.inventory.links.values():
            if link.name not in self.cut and name in (link.a_device, link.b_device):
                yield link.b_device if link.a_device == name else link.a_device

    def samples(self, name: str, at: float) -> tuple[Sample, ...]:
        device = self.inventory.devices[name]
        found: list[Sample] = []
        for link in self.inventory.links.values():
            for near, port, far in (
                (link.a_device, link.a_port, link.b_device),
                (link.b_device, link.b_port, link.a_device),
            ):
                if near == name and not link.trunk:
                    down = link.name in self.cut or far in self.dead
                    found.append((name, "ifOperStatus", port, at, 2.0 if down else 1.0))
        found.append((name, "sysUpTime", "", at, at - self.started.get(name, at - 1e6)))
        if device.role is Role.UPS:
            found.append((name, "ups_on_battery", "", at, float(name in self.on_battery)))
        due = at - self.onts_asked.get(name, 0.0) >= self.onts_every_s
        if due:
            self.onts_asked[name] = at
        for ont in self.inventory.devices.values() if due else ():
            if device.role is Role.OLT and ont.seen_through == name:
                pon = next(link for link in self.inventory.links.values() if link.b_device == ont.name)
                gone = ont.name in self.dead or pon.name in self.cut
                cause = 2.0 if ont.name in self.gasped else 1.0
                found.append((name, "ont_state", ont.seen_as, at, 2.0 if gone else 1.0))
                found += [(name, "ont_last_down_cause", ont.seen_as, at, cause)] if gone else []
                found += [(name, "ont_rx_dbm", ont.seen_as, at, dbm)] if (dbm := self.light.get(ont.name)) else []
        return tuple(found)


@dataclass
class Rounds:
    """Polls every device with an address each `interval_s`, spread over the interval by position."""

    world: World
    start: float
    interval_s: float = 10.0
    silent: dict[str, int] = field(default_factory=dict)
    bursted: set[str] = field(default_factory=set)
    waiting: list[Poll] = field(default_factory=list)

    def second(self, now: float) -> Batch:
        """The batch that closes at `now`, with all that was finished in the second before it."""
        polled = [device.name for device in self.world.inventory.devices.values() if device.primary_ip]
        reached = self.world.reached()
        for number, name in enumerate(polled):
            phase = (number * 0.37) % self.interval_s
            at = self.start + phase + self.interval_s * ((now - self.start - phase) // self.interval_s)
            if now - 1.0 < at <= now and at >= self.start and name not in self.world.unpolled:
                self.waiting.append(self._poll(name, at, name in reached and not self.world.blind))
        done = [poll for poll in self.waiting if poll.done <= now]
        self.waiting = [poll for poll in self.waiting if poll.done > now]
        return batch(tuple(sorted(self.world.inventory.devices)), done, now)

    def _poll(self, name: str, at: float, reached: bool) -> Poll:
        if name in self.world.dead:
            self.world.started[name] = at
        if reached and name not in self.world.lossy and self.world.answered(2):
            self.silent.pop(name, None)
            self.bursted.discard(name)
            return Poll(name, at, at + 0.05, samples=self.world.samples(name, at))
        self.silent[name] = self.silent.get(name, 0) + 1
        if self.silent[name] < 2 or name in self.bursted:
            return Poll(name, at, at + SILENT_POLL_S, Reason.TIMEOUT)
        answered = int(reached) and (1 if name in self.world.lossy else self.world.answered(20))
        if answered:
            self.silent.pop(name)
        else:
            self.bursted.add(name)
        return Poll(name, at, at + SILENT_POLL_S + BURST_S, Reason.TIMEOUT, 20, answered)


def batch(devices: tuple[str, ...], polls: Sequence[Poll], closed_at: float) -> Batch:
    index = {name: number for number, name in enumerate(devices)}
    samples = [sample for poll in polls for sample in poll.samples]
    instances = tuple(sorted({sample[2] for sample in samples}))
    instance = {text: number for number, text in enumerate(instances)}
    return Batch(
        devices=devices,
        instances=instances,
        poll_device=np.array([index[poll.device] for poll in polls], np.int32),
        poll_at=np.array([poll.at for poll in polls], np.float64),
        poll_took_ms=np.array([(poll.done - poll.at) * 1000 for poll in polls], np.float32),
        poll_reached=np.array([poll.reason is None for poll in polls], np.bool_),
        poll_reason=np.array([-1 if poll.reason is None else REASONS.index(poll.reason) for poll in polls], np.int8),
        burst_sent=np.array([poll.burst_sent for poll in polls], np.int8),
        burst_answered=np.array([poll.burst_answered for poll in polls], np.int8),
        sample_device=np.array([index[sample[0]] for sample in samples], np.int32),
        sample_metric=np.array([NUMBER[sample[1]] for sample in samples], np.int16),
        sample_instance=np.array([instance[sample[2]] for sample in samples], np.int32),
        sample_at=np.array([sample[3] for sample in samples], np.float64),
        sample_value=np.array([sample[4] for sample in samples], np.float64),
        closed_at=closed_at,
    )
