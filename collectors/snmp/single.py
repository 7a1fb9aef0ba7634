"""Devices that answer no request for more than one object: they are asked for one at a time, once that is proved.

Lost requests look the same. So silence to several objects has to be followed by an answer to one that was asked for as
patiently, some times in a row, before it teaches anything; and the first answer to several undoes that.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from collectors.model import ANSWERED, Failure, Reason
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.snmp.manners import Key, note

PROOF = 6  # silences to several objects in a row, an answer to one after each: by chance at most a quarter of the pairs
_AGAIN_S = 600.0  # then several are tried once more

Answer = Mapping[str, Value] | Failure


class OneAtATime:
    """`backend`, which it closes; `now` gives seconds of a clock that nobody sets."""

    def __init__(self, backend: SnmpBackend, *, now: Callable[[], float] = time.monotonic) -> None:
        self._backend, self._now = backend, now
        # Of devices that were silent to several objects: how often they answered then to one.
        self._proofs: dict[Key, int] = {}
        self._single: dict[Key, float] = {}  # when several are tried again, by `now`

    async def get(self, target: Target, oids: Sequence[str]) -> Answer:
        key = (target.address, target.port)
        if len(oids) == 1:
            return await self._get_one(key, target, oids)
        if key in self._single:
            return await self._get_single(key, target, oids)
        answer = await self._backend.get(target, oids)
        if _is_answer(answer):
            self._proofs.pop(key, None)
        elif _is_silence(answer) and await self._is_proved(key, target, oids[0]):
            note(self._single, key, self._now() + _AGAIN_S)
            return await self._one_by_one(key, target, oids)
        return answer

    async def walk(self, target: Target, column: str, limits: Limits) -> Answer:
        return await self._backend.walk(target, column, limits)

    async def close(self) -> None:
        await self._backend.close()

    async def _get_one(self, key: Key, target: Target, oids: Sequence[str]) -> Answer:
        """The first answer after a silence is but a hint: of a burst of probes one always comes."""
        answer = await self._backend.get(target, oids)
        if not isinstance(answer, Failure) and self._proofs.get(key) == 0:
            self._proofs[key] = 1
        return answer

    async def _is_proved(self, key: Key, target: Target, oid: str) -> bool:
        """After a silence to several objects: whether that was one too many for chance. The dead aren't asked again."""
        proofs = self._proofs.get(key, 0)
        note(self._proofs, key, 0)  # also where the poll's time is over before one answers
        if not proofs or isinstance(await self._backend.get(target, [oid]), Failure):
            return False
        self._proofs[key] = proofs + 1
        if proofs + 1 < PROOF:
            return False
        del self._proofs[key]
        return True

    async def _get_single(self, key: Key, target: Target, oids: Sequence[str]) -> Answer:
        """One by one, unless it is time to try several: a device may be another by now."""
        if self._now() >= self._single[key]:
            answer = await self._backend.get(replace(target, attempts=1), oids)
            if _is_answer(answer):
                self._single.pop(key, None)
                return answer
            self._single[key] = self._now() + _AGAIN_S
        return await self._one_by_one(key, target, oids)

    async def _one_by_one(self, key: Key, target: Target, oids: Sequence[str]) -> Answer:
        values: dict[str, Value] = {}
        for place, oid in enumerate(oids):
            answer = await self._backend.get(target, [oid])
            if isinstance(answer, Failure):
                cut = _is_silence(answer)
                if cut and key in self._single:
                    self._single[key] = 0.0  # single ones are lost too: several are tried at the next poll
                # Silence after an answer isn't silence.
                return Failure(Reason.DEADLINE, detail="answers stopped") if place and cut else answer
            values.update(answer)
        return values


def _is_silence(answer: Answer) -> bool:
    return isinstance(answer, Failure) and answer.reason is Reason.TIMEOUT


def _is_answer(answer: Answer) -> bool:
    """Whether the device sent it, or the machine that it is gone from; not where ours could not ask."""
    return not isinstance(answer, Failure) or answer.reason in ANSWERED
