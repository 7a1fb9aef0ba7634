"""What both SNMP backends promise, against agents that break every rule."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from pysnmp.proto.api import v1
from pysnmp.proto.rfc1902 import (
    Counter64,
    Integer32,
    IpAddress,
    Null,
    ObjectIdentifier,
    OctetString,
    Opaque,
    Unsigned32,
)
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance, noSuchObject

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.snmp.open import open_backend
from tests.hostile import mangled
from tests.snmp_agent import Answer, Behaviour, Oid, Request, agent, build, parse
from tests.volleyed import Volleyed
from tests.waiting import waiting

pytestmark = pytest.mark.unhurried

COLUMN = "1.3.6.1.2.1.2.2.1.10"
ROOT: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10)
FIRST, SECOND, THIRD = ((*ROOT, n) for n in (1, 2, 3))
BEHIND: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 11, 1)
TIMEOUT_S = 0.5
PATIENT_S = 10.0  # where an answer comes: a machine that stands still meanwhile is no silence
WALK_S = 1.5
ASKED = ["1.3.6.1.2.1.2.2.1.10.1", "1.3.6.1.2.1.2.2.1.10.2"]


@pytest.fixture(params=["gufo", "pysnmp", "volley"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[SnmpBackend]:
    opened = Volleyed(TIMEOUT_S) if request.param == "volley" else open_backend(request.param)
    yield opened
    await opened.close()


def target(port: int, version: int = 2, timeout_s: float = PATIENT_S) -> Target:
    return Target("127.0.0.1", port, version, "secret", timeout_s=timeout_s, max_repetitions=5)


Said = tuple[Mapping[str, Value] | Failure, list[Request]]


async def get(
    backend: SnmpBackend,
    behave: Behaviour,
    oids: Sequence[str] = ASKED,
    version: int = 2,
    timeout_s: float = PATIENT_S,
) -> Said:
    async with agent(behave) as peer, waiting() as waited_s:
        answer = await backend.get(target(peer.port, version, timeout_s), oids)
        # gufo asks again through pysnmp after an answer without anything that was asked for
        assert waited_s() < 2 * TIMEOUT_S + 0.5
        return answer, peer.requests


async def walk(backend: SnmpBackend, behave: Behaviour, version: int = 2, limits: Limits | None = None) -> Said:
    limits = limits or Limits(rows=50, seconds=PATIENT_S)
    async with agent(behave) as peer, waiting() as waited_s:
        answer = await backend.walk(target(peer.port, version, min(limits.seconds, PATIENT_S)), COLUMN, limits)
        assert waited_s() < WALK_S + 0.5
        return answer, peer.requests


def reason(answer: object) -> Reason:
    assert isinstance(answer, Failure), answer
    return answer.reason


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (Integer32(-5), -5),
        (Unsigned32(2**32 - 1), 2**32 - 1),
        (Counter64(2**64 - 1), 2**64 - 1),
        (OctetString(b"\xff\x00caf\xc3\xa9"), b"\xff\x00caf\xc3\xa9"),
        (OctetString(b""), b""),
        (IpAddress("10.1.2.3"), "10.1.2.3"),
        (ObjectIdentifier("1.3.6.1.4.1.2011"), "1.3.6.1.4.1.2011"),
        (Opaque(b"\x9f\x78\x04\x41\x20\x00\x00"), b"\x9f\x78\x04\x41\x20\x00\x00"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_value_arrives_as_sent(backend: SnmpBackend, sent: object, read: Value) -> None:
    answer, _ = await get(backend, lambda _: [Answer([(FIRST, sent)])])
    assert answer == {ASKED[0]: read}


@pytest.mark.parametrize("nothing", [noSuchInstance, noSuchObject, Null("")])
async def test_what_is_absent_has_no_key(backend: SnmpBackend, nothing: object) -> None:
    answer, _ = await get(backend, lambda _: [Answer([(FIRST, nothing), (SECOND, Integer32(2))])])
    assert answer == {ASKED[1]: 2}


async def test_objects_that_nobody_asked_for_are_dropped(backend: SnmpBackend) -> None:
    answer, _ = await get(backend, lambda _: [Answer([(THIRD, Integer32(66)), (SECOND, Integer32(2))])])
    assert answer == {ASKED[1]: 2}


async def test_an_answer_about_other_objects_gives_no_value(backend: SnmpBackend) -> None:
    answer, _ = await get(backend, lambda _: [Answer([(THIRD, Integer32(66))])])
    assert answer == {}


@pytest.mark.parametrize(
    "wrong",
    [
        Answer([(FIRST, Integer32(66))], request_id=5),
        Answer([(FIRST, Integer32(66))], community=b"other"),
        Answer([(FIRST, Integer32(66))], delay=3 * TIMEOUT_S),
    ],
    ids=["request id", "community", "late"],
)
async def test_an_answer_to_something_else_is_silence(backend: SnmpBackend, wrong: Answer) -> None:
    answer, requests = await get(backend, lambda _: [wrong], timeout_s=TIMEOUT_S)
    assert reason(answer) is Reason.TIMEOUT
    assert len(requests) == 2  # one retry


async def test_the_right_answer_counts_after_a_wrong_one(backend: SnmpBackend) -> None:
    def behave(_: Request) -> list[Answer]:
        return [
            Answer([(FIRST, Integer32(66))], request_id=5),
            Answer(raw=b"\x30\x82garbage"),
            Answer([(FIRST, Integer32(1)), (SECOND, noSuchInstance)], delay=0.05),
        ]

    answer, requests = await get(backend, behave)
    assert answer == {ASKED[0]: 1}
    assert len(requests) == 1


async def test_silence_is_a_timeout_after_one_retry(backend: SnmpBackend) -> None:
    answer, requests = await get(backend, lambda _: [], timeout_s=TIMEOUT_S)
    assert answer == Failure(Reason.TIMEOUT)
    assert len(requests) == 2


async def test_the_retry_is_answered(backend: SnmpBackend) -> None:
    seen: list[Request] = []

    def behave(request: Request) -> list[Answer]:
        seen.append(request)
        return [Answer([(FIRST, Integer32(1))])] if len(seen) == 2 else []

    answer, _ = await get(backend, behave, timeout_s=2 * TIMEOUT_S)
    assert answer == {ASKED[0]: 1}


@pytest.mark.parametrize("garbage", [b"\x30\x82garbage", b"\x00", b"\x30\x00", b"\xff" * 1400])
async def test_garbage_is_a_failure(backend: SnmpBackend, garbage: bytes) -> None:
    answer, _ = await get(backend, lambda _: [Answer(raw=garbage)], timeout_s=TIMEOUT_S)
    assert reason(answer) in {Reason.PROTOCOL, Reason.TIMEOUT}


async def test_mangled_answers_end_in_an_answer_or_a_failure(backend: SnmpBackend) -> None:
    """gufo's decoder panics on some of these, and pyasn1 raises TypeError: nothing of it may come out."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    luck = random.Random(20)

    def behave(request: Request) -> list[Answer]:
        good = build(request, Answer([(FIRST, OctetString(b"word")), (SECOND, Integer32(5))]))
        return [Answer(raw=mangled(good, luck)) for _ in range(12)]

    for _ in range(20):
        async with agent(behave) as peer:
            quick = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=0.05)
            assert isinstance(await backend.get(quick, ASKED), (dict, Failure))
    assert not complaints


async def test_a_closed_port_is_refused_at_once(backend: SnmpBackend) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert reason(await backend.get(target(port), ASKED)) is Reason.REFUSED
    assert reason(await backend.walk(target(port), COLUMN, Limits())) is Reason.REFUSED


async def test_an_address_that_is_none_is_no_route(backend: SnmpBackend) -> None:
    nowhere = Target("no.such.name.invalid", 161, community="c", timeout_s=TIMEOUT_S)
    assert reason(await backend.get(nowhere, ASKED)) is Reason.NO_ROUTE
    assert reason(await backend.walk(nowhere, COLUMN, Limits())) is Reason.NO_ROUTE


async def test_an_answer_from_another_address_is_not_heard(backend: SnmpBackend) -> None:
    """The agent hands the request to a second socket, which answers faster than the first."""
    loop = asyncio.get_running_loop()
    stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    async with agent(lambda _: [Answer([(FIRST, Integer32(1))], delay=0.05)]) as peer:
        heard = peer.datagram_received

        def received(data: bytes, addr: tuple[str, int]) -> None:
            stranger.sendto(build(parse(data), Answer([(FIRST, Integer32(66))])), addr)
            heard(data, addr)

        peer.datagram_received = received  # type: ignore[method-assign]
        answer = await backend.get(target(peer.port), ASKED)
    stranger.close()
    assert answer == {ASKED[0]: 1}


async def test_too_big_is_asked_in_parts(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        if len(request.oids) > 1:
            return [Answer([(oid, Null("")) for oid in request.oids], status=1)]
        return [Answer([(request.oids[0], Integer32(request.oids[0][-1]))])]

    answer, _ = await get(backend, behave, [f"{COLUMN}.{n}" for n in range(1, 6)])
    assert answer == {f"{COLUMN}.{n}": n for n in range(1, 6)}


@pytest.mark.parametrize("status", [2, 5], ids=["noSuchName", "genErr"])
async def test_the_object_that_an_error_names_is_left_out(backend: SnmpBackend, status: int) -> None:
    def behave(request: Request) -> list[Answer]:
        if SECOND in request.oids:
            place = request.oids.index(SECOND) + 1
            return [Answer([(oid, v1.Null("")) for oid in request.oids], status=status, index=place)]
        return [Answer([(oid, v1.Integer(oid[-1])) for oid in request.oids])]

    answer, _ = await get(backend, behave, [f"{COLUMN}.{n}" for n in (1, 2, 3)], version=1)
    assert answer == {f"{COLUMN}.1": 1, f"{COLUMN}.3": 3}


async def test_silence_after_an_error_is_no_silence(backend: SnmpBackend) -> None:
    errors = iter(range(2))  # the first may be read by gufo, which can't tell it

    def behave(request: Request) -> list[Answer]:
        if next(errors, None) is None:
            return []
        return [Answer([(oid, v1.Null("")) for oid in request.oids], status=2, index=1)]

    answer, _ = await get(backend, behave, [f"{COLUMN}.{n}" for n in (1, 2, 3, 4)], version=1, timeout_s=TIMEOUT_S)
    assert reason(answer) is Reason.DEADLINE


async def test_an_error_for_everything_is_nothing_not_a_loop(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        return [Answer([(oid, Null("")) for oid in request.oids], status=5, index=0)]

    answer, requests = await get(backend, behave, [f"{COLUMN}.{n}" for n in range(1, 9)])
    assert answer == {}
    assert len(requests) < 20


async def test_a_walk_ends_behind_its_column(backend: SnmpBackend) -> None:
    rows = [(FIRST, Integer32(1)), (SECOND, Integer32(2)), (BEHIND, Integer32(66))]
    answer, requests = await walk(backend, lambda _: [Answer(rows)])
    assert answer == {"1": 1, "2": 2}
    assert requests[0].kind == "bulk"


async def test_a_walk_ends_with_the_view(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        if request.oids[0] == ROOT:
            return [Answer([(FIRST, Integer32(1)), (FIRST, endOfMibView)])]
        return [Answer([(request.oids[0], endOfMibView)] * 5)]

    answer, _ = await walk(backend, behave)
    assert answer == {"1": 1}


async def test_a_null_in_the_middle_is_only_absent(backend: SnmpBackend) -> None:
    rows = [(FIRST, Null("")), (SECOND, Integer32(2)), (BEHIND, Integer32(66))]
    answer, _ = await walk(backend, lambda _: [Answer(rows)])
    assert answer == {"2": 2}


async def test_version_1_walks_by_getnext_to_noSuchName(backend: SnmpBackend) -> None:  # noqa: N802 - the protocol's word
    def behave(request: Request) -> list[Answer]:
        after = {ROOT: FIRST, FIRST: SECOND}.get(request.oids[0])
        if after is None:
            return [Answer([(request.oids[0], v1.Null(""))], status=2, index=1)]
        return [Answer([(after, v1.Integer(after[-1]))])]

    answer, requests = await walk(backend, behave, version=1)
    assert answer == {"1": 1, "2": 2}
    assert {request.kind for request in requests} == {"next"}


async def test_getbulk_is_not_sent_where_it_must_not_be(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        return [Answer([({ROOT: FIRST, FIRST: BEHIND}[request.oids[0]], Integer32(1))])]

    async with agent(behave) as peer:
        careful = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=PATIENT_S, max_repetitions=0)
        assert await backend.walk(careful, COLUMN, Limits()) == {"1": 1}
        assert {request.kind for request in peer.requests} == {"next"}


def aba(request: Request) -> list[Answer]:
    return [Answer([(FIRST if request.oids[0] == SECOND else SECOND, Integer32(1))])]


@pytest.mark.parametrize(
    "behave",
    [
        lambda request: [Answer([(FIRST, Integer32(1))] * request.repetitions)],
        aba,
        lambda _: [Answer([(SECOND, Integer32(2)), (FIRST, Integer32(1))])],
        lambda _: [Answer([])],
        lambda request: [Answer([(request.oids[0], Null(""))], status=5, index=1)],
    ],
    ids=["same object", "A-B-A", "backwards", "empty answer", "genErr"],
)
async def test_a_walk_that_does_not_advance_is_a_failure(backend: SnmpBackend, behave: Behaviour) -> None:
    answer, requests = await walk(backend, behave)
    assert reason(answer) is Reason.PROTOCOL
    assert len(requests) < 6


def endless(request: Request) -> list[Answer]:
    last = request.oids[0][-1] if len(request.oids[0]) > len(ROOT) else 0
    return [Answer([((*ROOT, last + n), OctetString(b"x" * 100)) for n in range(1, request.repetitions + 1)])]


@pytest.mark.parametrize("limits", [Limits(rows=30, seconds=PATIENT_S), Limits(octets=2000, seconds=PATIENT_S)])
async def test_an_endless_table_ends_at_the_limit(backend: SnmpBackend, limits: Limits) -> None:
    answer, requests = await walk(backend, endless, limits=limits)
    assert reason(answer) is Reason.PROTOCOL
    assert len(requests) < 10


async def test_the_first_rows_are_no_failure_where_they_are_all_that_is_wanted(backend: SnmpBackend) -> None:
    answer, _ = await walk(backend, endless, limits=Limits(rows=3, seconds=PATIENT_S, whole=False))
    assert isinstance(answer, dict)
    assert list(answer) == ["1", "2", "3"]


async def test_an_endless_slow_table_ends_at_the_deadline(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        return [Answer(endless(request)[0].varbinds, delay=0.1)]

    answer, _ = await walk(backend, behave, limits=Limits(seconds=WALK_S))
    assert reason(answer) is Reason.DEADLINE


async def test_an_agent_that_falls_silent_gives_no_half_table(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        return endless(request) if request.oids[0] == ROOT else []

    answer, _ = await walk(backend, behave, limits=Limits(rows=50, seconds=WALK_S))
    assert reason(answer) is Reason.DEADLINE
    assert isinstance(answer, Failure)
    assert "5 rows" in answer.detail


async def test_many_agents_at_once_get_their_own_answers(backend: SnmpBackend) -> None:
    """One of them never answers; it delays none of the others."""

    async def ask(number: int) -> object:
        def behave(_: Request) -> list[Answer]:
            return [Answer([(FIRST, Integer32(number))], delay=0.02)] if number else []

        return (await get(backend, behave, timeout_s=PATIENT_S if number else TIMEOUT_S))[0]

    answers = await asyncio.gather(*(ask(number) for number in range(12)))
    assert answers == [Failure(Reason.TIMEOUT), *({ASKED[0]: number} for number in range(1, 12))]
