"""Memories of many devices as columns, so that the quiet majority of polls costs no Python each."""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from readiness.model import Status
from readiness.rules.status import Memory, Outcome

STATUSES: tuple[Status, ...] = (Status.UNKNOWN, Status.UP, Status.DEGRADED, Status.DOWN)
CODE: dict[Status, int] = {status: code for code, status in enumerate(STATUSES)}
UNKNOWN, UP, DEGRADED, DOWN = range(4)

Indices = NDArray[np.intp]
Times = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Columns:
    """One entry per device, the fields of `status.Memory`; `status` holds positions in STATUSES."""

    status: NDArray[np.int8]
    since: Times
    last: Times
    last_ok: Times
    first_silent: Times
    silent: NDArray[np.int32]
    clean: NDArray[np.int8]
    confirmed: Mask
    probed: Times
    echoed: Times
    part: Mask

    @classmethod
    def unknown(cls, count: int, since: float) -> "Columns":
        return cls(
            np.zeros(count, np.int8), np.full(count, since), np.full(count, -inf), np.full(count, -inf),
            np.full(count, inf), np.zeros(count, np.int32), np.zeros(count, np.int8), np.zeros(count, np.bool_),
            np.full(count, inf), np.full(count, -inf), np.zeros(count, np.bool_),
        )  # fmt: skip

    def memory(self, index: int) -> Memory:
        return Memory(
            STATUSES[self.status[index]], float(self.since[index]), float(self.last[index]),
            float(self.last_ok[index]), float(self.first_silent[index]), int(self.silent[index]),
            int(self.clean[index]), bool(self.confirmed[index]), float(self.probed[index]),
            float(self.echoed[index]), bool(self.part[index]),
        )  # fmt: skip

    def keep(self, index: int, memory: Memory) -> None:
        self.status[index] = CODE[memory.status]
        self.since[index] = memory.since
        self.last[index] = memory.last
        self.last_ok[index] = memory.last_ok
        self.first_silent[index] = memory.first_silent
        self.silent[index] = memory.silent
        self.clean[index] = memory.clean
        self.confirmed[index] = memory.confirmed
        self.probed[index] = memory.probed
        self.echoed[index] = memory.echoed
        self.part[index] = memory.part

    def take_quiet(
        self, device: Indices, at: Times, outcome: NDArray[np.int8], blind: bool, probed: Mask | None = None
    ) -> Mask:
        """Note every poll that changes nothing but the time of the last look; True for the others.

        Quiet are answers of devices that are up, and the silence of devices that are down while
        the collector sees. All polls of a device that has one of the other kind are left to
        `status.step`, which takes them in their order. `probed`: polls after which a probe was answered.
        """
        status, newer = self.status[device], at > self.last[device]
        answer = (outcome == Outcome.ANSWER) & (status == UP) & (self.silent[device] == 0) & ~self.part[device]
        silence = (outcome == Outcome.SILENT) & (status == DOWN) & self.confirmed[device] & (not blind)
        silence &= True if probed is None else ~probed
        loud = np.zeros(len(self.status), np.bool_)
        loud[device[~((answer | silence | (outcome == Outcome.LOST) & (status == DOWN)) & newer)]] = True
        quiet = ~loud[device]
        np.maximum.at(self.last, device[quiet], at[quiet])
        np.maximum.at(self.last_ok, device[quiet & answer], at[quiet & answer])
        return ~quiet

    def take_first(self, device: Indices, at: Times, outcome: NDArray[np.int8], now: float) -> list[Status | None]:
        """As `status.step` for answers that end "unknown" or "down"; None for polls that are something else.

        Otherwise returns the status before; after a start that is nearly every poll. The polls are in their order.
        """
        status, last = self.status[device], self.last[device]
        _, which, count = np.unique(device, return_inverse=True, return_counts=True)
        plain = (outcome == Outcome.ANSWER) & ((status == UNKNOWN) | (status == DOWN)) & (at > last)
        plain &= (last <= now) & (count[which] == 1)
        some = device[plain]
        self.status[some], self.since[some] = UP, np.maximum(at[plain], self.since[some])
        self.last[some] = self.last_ok[some] = at[plain]
        self.first_silent[some], self.silent[some], self.clean[some], self.confirmed[some] = inf, 0, 0, False
        self.probed[some], self.echoed[some], self.part[some] = inf, -inf, False
        return [STATUSES[code] if sure else None for code, sure in zip(status.tolist(), plain.tolist(), strict=True)]
