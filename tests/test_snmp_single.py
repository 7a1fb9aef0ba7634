"""Who is asked for one object at a time: whom answers have taught that, and never who loses requests by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from random import Random

import pytest

from collectors.model import Failure, Reason
from collectors.plan import SYS_UP_TIME
from collectors.snmp.backend import Limits, Target, Value
from collectors.snmp.single import PROOF, OneAtATime

OIDS = tuple(f"1.3.6.1.2.1.2.2.1.{column}.1" for column in range(1, 13))
SILENT = Failure(Reason.TIMEOUT)
TARGET = Target("192.0.2.1", 161, 2)


@dataclass
class Lossy:
    """Loses a share of all exchanges, and answers for at most so many objects."""

    loss: float = 0.0
    most: int = len(OIDS)
    failure: Failure | None = None
    chance: Random = field(default_factory=lambda: Random(5))
    asked: list[int] = field(default_factory=list)  # objects, by request

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        for _ in range(target.attempts):
            self.asked.append(len(oids))
            if self.failure:
                return self.failure
            if len(oids) <= self.most and self.chance.random() >= self.loss:
                return dict.fromkeys(oids, 1)
        return SILENT

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        return SILENT

    async def close(self) -> None:
        return


async def poll(backend: Lossy | OneAtATime, times: int) -> list[bool]:
    """Which of so many polls told all; after two silent ones comes a burst, as in collectors.silence."""
    told, silent = list[bool](), 0
    for _ in range(times):
        answer = await backend.get(TARGET, OIDS)
        told.append(not isinstance(answer, Failure))
        silent = silent + 1 if answer == SILENT else 0
        if silent == 2:
            silent = 0
            for _ in range(20):
                if not isinstance(await backend.get(TARGET, (SYS_UP_TIME,)), Failure):
                    break
    return told


@pytest.mark.parametrize(("loss", "most_more"), [(0.0, 0.0), (0.1, 0.001), (0.3, 0.01), (0.5, 0.1), (0.7, 0.25)])
async def test_who_loses_requests_is_asked_as_ever(loss: float, most_more: float) -> None:
    """`most_more`: by what share more requests it is sent, those that ask whether it was chance."""
    plain, inner = Lossy(loss), Lossy(loss)
    before, found = await poll(plain, 6000), await poll(OneAtATime(inner), 6000)
    assert sum(found) == pytest.approx(sum(before), rel=0.03)
    assert len(inner.asked) <= len(plain.asked) * (1 + most_more) + 60 * (loss > 0)


@pytest.mark.parametrize(("loss", "polls"), [(0.0, PROOF + 1), (0.1, 3 * PROOF), (0.3, 6 * PROOF)])
async def test_who_answers_for_one_object_only_is_learnt(loss: float, polls: int) -> None:
    told = await poll(OneAtATime(Lossy(loss, most=1)), 6000)
    assert len(list(takewhile(lambda all_: not all_, told))) < polls
    assert sum(told[polls:]) >= 0.95 * (1 - loss**2) ** len(OIDS) * len(told[polls:])


@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.NO_ROUTE, Reason.PROTOCOL])
async def test_a_failure_teaches_nothing(reason: Reason) -> None:
    inner = Lossy(1.0)
    backend = OneAtATime(inner)
    for _ in range(3 * PROOF):
        inner.failure = None
        await backend.get(TARGET, OIDS)
        inner.failure = Failure(reason)
        await backend.get(TARGET, (SYS_UP_TIME,))
    inner.failure, inner.loss = None, 0.0
    inner.asked.clear()
    await backend.get(TARGET, OIDS)
    assert inner.asked == [len(OIDS)]


@pytest.mark.parametrize("lost", [False, True])
async def test_the_first_answer_for_several_undoes_it(lost: bool) -> None:
    """They are tried again after a while, and at the next poll where single ones are lost too."""
    inner, clock = Lossy(most=1), [0.0]
    backend = OneAtATime(inner, now=lambda: clock[0])
    await poll(backend, 2 * PROOF)
    inner.most, inner.loss = len(OIDS), float(lost)
    inner.asked.clear()
    await backend.get(TARGET, OIDS)
    assert set(inner.asked) == {1}
    inner.loss, clock[0] = 0.0, 0.0 if lost else 3600.0
    inner.asked.clear()
    for _ in range(2):
        assert await backend.get(TARGET, OIDS) == dict.fromkeys(OIDS, 1)
    assert inner.asked == [len(OIDS)] * 2


async def test_the_dead_are_asked_no_oftener() -> None:
    inner = Lossy(most=1)
    backend = OneAtATime(inner)
    await poll(backend, 3)
    inner.loss = 1.0
    inner.asked.clear()
    for _ in range(10):
        assert await backend.get(TARGET, OIDS) == SILENT
    assert len(inner.asked) == 10 * TARGET.attempts + TARGET.attempts  # one question more, once
