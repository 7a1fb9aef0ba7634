"""Every way of asking, besieged by agents that lie in generated packets (tests/hostile.py).

Nothing crashes, no lie is taken for a value, every request ends in its time, and an honest neighbour is served meanwhile.
"""

import asyncio
import gc
import os
import random
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, SnmpBackend, Target, Usm, Value
from collectors.snmp.open import open_backend
from collectors.volley.pending import Pending
from tests.hostile import (
    BAD_ANSWERS,
    COLUMN,
    ENDLESS,
    LOOPS,
    NO_ANSWERS,
    Asked,
    Hostile,
    Lie,
    honestly,
    hostile,
    poisoned,
    response,
)
from tests.hostile_engine import liar, reporter
from tests.secured_device import AUTH, PRIV
from tests.volleyed import Volleyed
from tests.waiting import waiting

TIMEOUT_S = 4.0
WALK_S = 8.0
SLACK_S = 0.3
WALKED = ".".join(map(str, COLUMN))
GOT = tuple(f"{WALKED}.{arc}" for arc in (1, 2, 9))
Answer = Mapping[str, Value] | Failure


@pytest.fixture(params=["gufo", "pysnmp", "volley"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[SnmpBackend]:
    opened = Volleyed(TIMEOUT_S, wait_s=0.0) if request.param == "volley" else open_backend(request.param)
    yield opened
    await opened.close()


@dataclass
class Siege:
    """What the besieged backend did; `packets` is how many lies it is to be told."""

    backend: SnmpBackend
    packets: int
    luck: random.Random
    marks: Sequence[int] = ()  # packets after which memory is measured
    measured: list[tuple[int, int]] = field(default_factory=list)
    agents: list[Hostile] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def sent(self) -> int:
        return sum(agent.sent for agent in self.agents)

    @property
    def over(self) -> bool:
        return self.sent >= self.packets

    def measure(self) -> None:
        """By the interpreter's own count and the system's: to trace every allocation makes all answers late."""
        if len(self.measured) < len(self.marks) and self.sent >= self.marks[len(self.measured)]:
            gc.collect()
            self.measured.append((sys.getallocatedblocks(), _resident_octets()))

    def target(self, agent: Hostile, version: int = 2) -> Target:
        if version == 3:
            user = Usm("full", "SHA-256", AUTH, "AES", PRIV)
            return Target("127.0.0.1", agent.port, 3, usm=user, timeout_s=TIMEOUT_S, max_repetitions=5)
        return Target("127.0.0.1", agent.port, version, "secret", timeout_s=TIMEOUT_S, max_repetitions=5)

    async def get(self, agent: Hostile, version: int) -> tuple[Answer, list[dict[str, int]]]:
        """(the answer, what the agent's honest ones were meanwhile)."""
        before = agent.asked
        async with waiting() as waited_s:
            answer = await self.backend.get(self.target(agent, version), GOT)
            assert waited_s() < 2 * TIMEOUT_S + SLACK_S
        said = range(before + 1, agent.asked + 1)
        return answer, [{oid: number * 1000 + int(oid.rpartition(".")[2]) for oid in GOT} for number in said]

    async def walk(self, agent: Hostile, version: int) -> Answer:
        async with waiting() as waited_s:
            answer = await self.backend.walk(self.target(agent, version), WALKED, Limits(rows=60, seconds=WALK_S))
            assert waited_s() < WALK_S + SLACK_S
        return answer

    def count(self, front: str, answer: Answer) -> None:
        self.outcomes[f"{front}: {answer.reason if isinstance(answer, Failure) else 'values'}"] += 1


Front = Callable[[Siege, Hostile, int], Awaitable[None]]


async def _no_answers(siege: Siege, agent: Hostile, version: int) -> None:
    """What doesn't answer is passed over: the right answer counts."""
    answer, honest = await siege.get(agent, version)
    assert isinstance(answer, Failure) or answer in honest
    siege.count("no answers", answer)
    rows = await siege.walk(agent, version)
    assert isinstance(rows, Failure) or rows == {str(row): row for row in range(1, 8)}
    siege.count("no answers", rows)


async def _bad_answers(siege: Siege, agent: Hostile, version: int) -> None:
    """What answers with nonsense may end the request, but no number of it is kept."""
    answer, honest = await siege.get(agent, version)
    if not isinstance(answer, Failure):
        numbers = {oid: value for oid, value in answer.items() if isinstance(value, int)}
        assert any(numbers.items() <= each.items() for each in honest)
        assert set(answer) <= set(GOT)
    siege.count("bad answers", answer)


async def _mangled(siege: Siege, agent: Hostile, version: int) -> None:
    answer, _ = await siege.get(agent, version)
    assert isinstance(answer, Failure) or set(answer) <= set(GOT)
    siege.count("mangled", answer)
    siege.count("mangled", await siege.walk(agent, version))


async def _loop(siege: Siege, agent: Hostile, version: int) -> None:
    """A table that doesn't advance, or never ends."""
    agent.follows = siege.luck.choice((*LOOPS, *ENDLESS))
    asked = agent.asked
    answer = await siege.walk(agent, version)
    assert isinstance(answer, Failure)
    assert answer.reason in {Reason.PROTOCOL, Reason.DEADLINE}
    assert agent.asked - asked <= 62
    siege.count("loop", answer)


async def _sealed(siege: Siege, agent: Hostile, version: int) -> None:
    """Over SNMPv3: the honest answer or none, whatever signature, engine, time or report comes before it."""
    answer, honest = await siege.get(agent, 3)
    assert isinstance(answer, Failure) or answer in honest, (answer, honest)
    siege.count("sealed", answer)


async def _reports(siege: Siege, agent: Hostile, version: int) -> None:
    answer, _ = await siege.get(agent, 3)
    assert isinstance(answer, Failure)
    siege.count("reports", answer)


def _telling(lies: Sequence[Lie]) -> Callable[[random.Random], Hostile]:
    return lambda luck: Hostile(luck, lies)


FRONTS: tuple[tuple[Front, Callable[[random.Random], Hostile]], ...] = (
    (_no_answers, _telling(NO_ANSWERS)), (_no_answers, _telling(NO_ANSWERS)), (_bad_answers, _telling(BAD_ANSWERS)),
    (_mangled, _telling((honestly,))), (_loop, _telling(())), (_sealed, liar), (_reports, reporter),
)  # fmt: skip


async def _neighbour(siege: Siege, agent: Hostile) -> None:
    """Asked all the time, and served every time."""
    while not siege.over:
        answer, honest = await siege.get(agent, 2)
        assert isinstance(answer, Failure) or answer in honest
        siege.outcomes["neighbour: " + ("on time" if [answer] == honest else "late")] += 1  # at the first attempt
        siege.measure()
        await asyncio.sleep(0.02)


async def besiege(backend: SnmpBackend, packets: int, seed: int, marks: Sequence[int] = ()) -> Siege:
    siege = Siege(backend, packets, random.Random(seed), marks)

    async def hold(front: Front, agent: Hostile) -> None:
        while not siege.over:
            await front(siege, agent, siege.luck.choice((1, 2, 2)))

    async with AsyncExitStack() as stack:
        neighbour = await stack.enter_async_context(hostile(Hostile(random.Random(seed))))
        async with asyncio.TaskGroup() as tasks:
            for number, (front, enemy) in enumerate(FRONTS):
                agent = enemy(random.Random(1000 * seed + number))
                siege.agents.append(await stack.enter_async_context(hostile(agent)))
                tasks.create_task(hold(front, agent))
            tasks.create_task(_neighbour(siege, neighbour))
    return siege


def _assert_served(siege: Siege) -> None:
    """Who tells the truth is heard, whatever else comes."""
    # All of it runs in one loop: on a machine that stands still for seconds an answer may come too late.
    for who, fine in (("no answers", "values"), ("neighbour", "on time")):
        most = sum(times for name, times in siege.outcomes.items() if name.startswith(who))
        assert siege.outcomes[f"{who}: {fine}"] > 0.9 * most - 1, siege.outcomes


async def test_nothing_of_five_thousand_lies_is_believed(backend: SnmpBackend) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    siege = await besiege(backend, 5_000, seed=5)
    _assert_served(siege)
    assert not complaints
    assert {name.partition(":")[0] for name in siege.outcomes} == {
        "no answers",
        "bad answers",
        "mangled",
        "loop",
        "sealed",
        "reports",
        "neighbour",
    }


@pytest.mark.soak
async def test_a_long_siege_leaves_the_memory_as_it_was(backend: SnmpBackend) -> None:
    """As soon as what pysnmp remembers of requests that failed has grown old."""
    siege = await besiege(backend, 100_000, seed=6, marks=(10_000,))
    ((blocks, resident),) = siege.measured
    assert await _returns(blocks), (blocks, sys.getallocatedblocks())
    print(
        f"{siege.sent} packets: {sys.getallocatedblocks() - blocks} blocks, {_resident_octets() - resident} octets more"
    )
    assert _resident_octets() - resident < 12_000_000
    _assert_served(siege)


async def _returns(blocks: int) -> bool:
    """Whether no more blocks of memory are in use than there were then, but for a few, within pysnmp's time."""
    for _ in range(400):
        gc.collect()
        if sys.getallocatedblocks() < blocks + 2_000:
            return True
        await asyncio.sleep(1)
    return False


def _resident_octets() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def test_one_agent_cannot_end_what_another_was_asked(backend: SnmpBackend) -> None:
    """By answers with the numbers of other requests, which pysnmp counts up from one to the next."""

    def others(asked: Asked, luck: random.Random) -> bytes:
        return response(asked, poisoned(asked), number=asked.request_id + luck.choice((-3, -2, -1, 1, 2, 3)))

    async with hostile(Hostile(random.Random(1), (others,))) as liar, hostile(Hostile(random.Random(2))) as neighbour:
        siege = Siege(backend, 0, random.Random(3))
        for _ in range(10):
            _, (answer, honest) = await asyncio.gather(siege.get(liar, 1), siege.get(neighbour, 1))
            assert [answer] == honest


def test_the_id_of_a_request_comes_back_late() -> None:
    pending = Pending(np.random.default_rng(1))
    seen = set()
    for _ in range(3000):
        place = pending.take(1)
        seen.add(int(pending.next_ids(place)[0]))
        pending.give_back(place)
    assert len(seen) == 3000
