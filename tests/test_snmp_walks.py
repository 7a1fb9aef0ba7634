"""What ends a walk, and what is asked otherwise: agents that go back, add, refuse GETBULK, say much or one thing at a time."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest
from pysnmp.proto.rfc1902 import Integer32, Null, OctetString

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.snmp.open import open_backend
from tests.hostile import Asked, binding, integer, response, tlv
from tests.snmp_agent import Answer, Behaviour, Oid, Request, agent

COLUMN = "1.3.6.1.2.1.2.2.1.10"
ROOT: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 10)
FIRST, SECOND = ((*ROOT, n) for n in (1, 2))
BEHIND: Oid = (1, 3, 6, 1, 2, 1, 2, 2, 1, 11, 1)
PATIENT_S = 10.0


@pytest.fixture(params=["gufo", "pysnmp"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[SnmpBackend]:
    opened = open_backend(request.param)
    yield opened
    await opened.close()


async def test_a_counter64_by_version_1_spoils_no_walk(backend: SnmpBackend) -> None:
    """SNMPv1 has no such type, but some agents go on to one behind a column of names."""

    def behave(request: Request) -> list[Answer]:
        asked = Asked(0, 0xA1, request.request_id, request.community, request.oids, 1)
        rows = {ROOT: (FIRST, tlv(0x04, b"eth0")), FIRST: (BEHIND, integer(10**13, 0x46))}
        return [Answer(raw=response(asked, [binding(*rows[request.oids[0]])]))]

    async with agent(behave) as peer:
        old = Target("127.0.0.1", peer.port, 1, "secret", timeout_s=1.0)
        assert await backend.walk(old, COLUMN, Limits()) == {"1": b"eth0"}


@pytest.mark.parametrize("count", [5, 10**13, 2**64 - 1])
async def test_a_counter64_by_version_1_is_a_number_all_the_same(backend: SnmpBackend, count: int) -> None:
    """As octets it would count as there, and its 32-bit fallback would not be asked for any more."""
    rows = {ROOT: (FIRST, integer(count, 0x46)), FIRST: (SECOND, integer(7, 0x41)), SECOND: (BEHIND, integer(1, 0x46))}

    def behave(request: Request) -> list[Answer]:
        asked = Asked(0, 0xA1, request.request_id, request.community, request.oids, 1)
        told = [binding(*rows[oid]) if oid in rows else binding(oid, integer(count, 0x46)) for oid in request.oids]
        return [Answer(raw=response(asked, told))]

    async with agent(behave) as peer:
        old = Target("127.0.0.1", peer.port, 1, "secret", timeout_s=PATIENT_S)
        assert await backend.walk(old, COLUMN, Limits()) == {"1": count, "2": 7}
        many = [f"{COLUMN}.{n}" for n in range(3, 13)]
        assert await backend.get(old, many) == dict.fromkeys(many, count)


async def test_a_device_that_answers_for_one_object_at_a_time(backend: SnmpBackend) -> None:
    """Its answers teach that: those to `probe`, or to some polls and a burst."""
    said = {FIRST: 1, SECOND: 2}

    def behave(request: Request) -> list[Answer]:
        (oid, *others) = request.oids
        return [] if others else [Answer([(oid, Integer32(said[oid]))])]

    asked = [f"{COLUMN}.1", f"{COLUMN}.2"]
    async with agent(behave) as peer:
        quick = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=0.1, attempts=1)
        patient = replace(quick, timeout_s=PATIENT_S)
        assert await backend.get(quick, asked) == Failure(Reason.TIMEOUT)
        assert await backend.get(patient, asked[:1]) == {asked[0]: 1}
        for _ in range(50):  # a machine that is busy for a while loses answers, and begins the proof again
            if not isinstance(await backend.get(quick, asked), Failure):
                break
            await backend.get(patient, asked[:1])
        assert await backend.get(patient, asked) == {asked[0]: 1, asked[1]: 2}


async def test_who_answers_for_several_is_asked_for_several(backend: SnmpBackend) -> None:
    """Silence in between was loss."""
    lost = iter((True, False, True))

    def behave(request: Request) -> list[Answer]:
        if len(request.oids) > 1 and next(lost, False):
            return []
        return [Answer([(oid, Integer32(oid[-1])) for oid in request.oids])]

    asked = [f"{COLUMN}.1", f"{COLUMN}.2"]
    async with agent(behave) as peer:
        for timeout_s in (0.1, PATIENT_S, 0.1):
            await backend.get(Target("127.0.0.1", peer.port, 2, "secret", timeout_s=timeout_s, attempts=1), asked)
        patient = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=PATIENT_S)
        await backend.get(patient, asked[:1])
        peer.requests.clear()
        assert await backend.get(patient, asked) == {asked[0]: 1, asked[1]: 2}
        assert len(peer.requests) == 1


async def walk(backend: SnmpBackend, behave: Behaviour) -> Mapping[str, Value] | Failure:
    async with agent(behave) as peer:
        target = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=PATIENT_S, max_repetitions=5)
        return await backend.walk(target, COLUMN, Limits(rows=50, seconds=PATIENT_S))


@pytest.mark.parametrize("before", [(1, 3, 6, 1, 2, 1, 1, 1, 0), (*ROOT[:-1], 9, 3), ROOT], ids=str)
async def test_a_walk_that_goes_back_out_of_its_column_is_a_failure(backend: SnmpBackend, before: Oid) -> None:
    """As agents send that begin anew at the start of their MIB: nobody knows what is behind the row before."""
    rows = [(FIRST, Integer32(1)), (SECOND, Integer32(2)), (before, Integer32(66)), (BEHIND, Integer32(66))]
    answer = await walk(backend, lambda _: [Answer(rows)])
    assert isinstance(answer, Failure)
    assert answer.reason is Reason.PROTOCOL


async def test_rows_beyond_those_asked_for_are_dropped(backend: SnmpBackend) -> None:
    def behave(request: Request) -> list[Answer]:
        start = request.oids[0][len(ROOT)] if len(request.oids[0]) > len(ROOT) else 0
        rows = [((*ROOT, n), Integer32(n)) for n in range(start + 1, min(start + request.repetitions, 12) + 1)]
        return [Answer([*rows, (BEHIND, Integer32(66))])]

    answer = await walk(backend, behave)
    assert answer == {str(n): n for n in range(1, 13)}


def by_next(request: Request) -> list[Answer]:
    after = {ROOT: FIRST, FIRST: SECOND}.get(request.oids[0], BEHIND)
    return [Answer([(after, Integer32(after[-1]))])]


@pytest.mark.parametrize(
    "refusal",
    [
        lambda _: [],
        lambda _: [Answer([])],
        lambda request: [Answer([(request.oids[0], Null(""))], status=5, index=1)],
        lambda request: [Answer([(request.oids[0], Null(""))], status=1)],
    ],
    ids=["silent", "empty", "genErr", "tooBig"],
)
async def test_a_device_without_getbulk_is_walked_by_getnext(backend: SnmpBackend, refusal: Behaviour) -> None:
    async with agent(lambda request: refusal(request) if request.kind == "bulk" else by_next(request)) as peer:
        quick = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=0.3, max_repetitions=5)
        assert await backend.walk(quick, COLUMN, Limits(seconds=PATIENT_S)) == {"1": 1, "2": 2}
        peer.requests.clear()
        assert await backend.walk(quick, COLUMN, Limits(seconds=PATIENT_S)) == {"1": 1, "2": 2}
        assert {request.kind for request in peer.requests} == {"next"}


async def test_answers_longer_than_gufo_reads(backend: SnmpBackend) -> None:
    long = OctetString(b"x" * 1200)

    def behave(request: Request) -> list[Answer]:
        if request.kind == "get":
            return [Answer([(oid, long) for oid in request.oids])]
        rows = [((*ROOT, n), long) for n in range(1, 6)] if request.oids[0] == ROOT else [(BEHIND, Integer32(66))]
        return [Answer(rows)]

    wanted = [f"{COLUMN}.{n}" for n in range(1, 6)]
    async with agent(behave) as peer:
        target = Target("127.0.0.1", peer.port, 2, "secret", timeout_s=PATIENT_S)
        assert await backend.get(target, wanted) == dict.fromkeys(wanted, b"x" * 1200)
    assert await walk(backend, behave) == {str(n): b"x" * 1200 for n in range(1, 6)}
