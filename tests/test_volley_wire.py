"""The columns that ask and read SNMPv2c, against pysnmp's encoder and against packets that lie."""

import random
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pysnmp.proto.rfc1902 import Counter32, Counter64, Gauge32, Integer32, IpAddress, Null, OctetString, TimeTicks
from pysnmp.proto.rfc1905 import noSuchInstance, noSuchObject

from collectors.volley.ber import SLACK
from collectors.volley.request import FIRST_ID, LAST_ID, WIDEST, Template, Templates, template
from collectors.volley.response import Bodies, authentic, bodies, heads
from tests.snmp_agent import Answer, Request, build, parse

OIDS = ("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.10.4194304256", "1.3.6.1.2.1.31.1.1.1.6.1", "1.0.8802.1.1.2")

ids = st.integers(FIRST_ID, LAST_ID)
communities = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
oid_lists = st.lists(st.sampled_from(OIDS), min_size=1, max_size=8)


def numbered(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))


@given(communities, oid_lists, ids)
def test_a_template_is_the_request_that_it_says(community: str, oids: list[str], request_id: int) -> None:
    made = Templates.of([template("other", OIDS[:1]), template(community, oids)])
    octets = made.messages(np.array([1]), np.array([request_id]))[0, : made.size[1]].tobytes()
    asked = parse(octets)
    assert (asked.version, asked.kind, asked.request_id, asked.community) == (1, "get", request_id, community.encode())
    assert asked.oids == tuple(map(numbered, oids))


def test_templates_keep_their_numbers_when_others_come_and_go() -> None:
    templates = Templates()
    wanted: dict[int, tuple[str, list[str]]] = {}
    for n in range(60):
        community, oids = "c" * (1 + n % 40), [f"1.3.6.1.2.1.{n}", *OIDS * (1 + n % 5)]
        wanted[templates.add(template(community, oids))] = community, oids
        if n % 3 == 2:
            gone = sorted(wanted)[n % len(wanted)]
            templates.forget(gone)
            del wanted[gone]
    assert len(templates) == len(wanted) == 40
    assert max(wanted) < 60
    order = sorted(wanted, key=lambda number: -len(wanted[number][1]))
    sent = templates.messages(np.array(order), np.arange(FIRST_ID, FIRST_ID + len(order)))
    packets: list[bytes] = []
    for row, number in zip(sent, order, strict=True):
        asked = parse(row[: templates.size[number]].tobytes())
        community, oids = wanted[number]
        assert (asked.community, asked.oids) == (community.encode(), tuple(map(numbered, oids)))
        packets.append(answered(community, asked.request_id, oids, [TimeTicks(len(packets))] * len(oids)))
    _, told = read(packets, templates, np.array(order))
    assert told.good.all()
    assert told.whole[:, 0].tolist() == list(range(40))


def test_a_request_that_would_be_sent_in_fragments_does_not_fit() -> None:
    assert template("public", OIDS).fits
    assert not template("public", OIDS * 30).fits
    assert not template("p" * 200, OIDS).fits
    assert len(template("public", OIDS * 30).octets) > WIDEST


whole = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(Integer32),
    st.integers(0, 2**32 - 1).map(Counter32),
    st.integers(0, 2**32 - 1).map(Gauge32),
    st.integers(0, 2**32 - 1).map(TimeTicks),
    st.integers(0, 2**64 - 1).map(Counter64),
)
others = st.one_of(
    st.binary(max_size=300).map(OctetString),
    st.just(IpAddress("10.0.0.1")),
    st.sampled_from([noSuchObject, noSuchInstance, Null("")]),
)


def answered(community: str, request_id: int, oids: Sequence[str], values: Sequence[object]) -> bytes:
    request = Request(1, "get", request_id, community.encode(), tuple(map(numbered, oids)), 1)
    return build(request, Answer(list(zip(request.oids, values, strict=True))))


def read(
    packets: Sequence[bytes], asked: Sequence[Template] | Templates, number: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], Bodies]:
    """Ids and bodies of packets that answer `asked` (or those at `number`), row by row; who asks most must come first."""
    starts = np.cumsum([0, *map(len, packets)])
    octets = np.frombuffer(b"".join(packets) + b"\xff" * SLACK, np.uint8)
    found = heads(octets, starts[:-1], np.diff(starts))
    templates = asked if isinstance(asked, Templates) else Templates.of(asked)
    rows = np.arange(len(packets))
    number = rows if number is None else number
    told = bodies(found, rows, templates, number)
    told.good[:] &= authentic(found, rows, templates, number) & (found.request_id >= 0)
    return found.request_id, told


@given(
    st.lists(
        st.tuples(ids, st.lists(st.tuples(st.sampled_from(OIDS), whole | others), min_size=1, max_size=5)),
        min_size=1,
        max_size=6,
    )
)
def test_answers_say_what_pysnmp_encoded(made: list[tuple[int, list[tuple[str, object]]]]) -> None:
    made.sort(key=lambda one: -len(one[1]))
    oids = [[oid for oid, _ in bindings] for _, bindings in made]
    packets = [answered("public", number, o, [v for _, v in b]) for (number, b), o in zip(made, oids, strict=True)]
    found, told = read(packets, [template("public", o) for o in oids])
    assert found.tolist() == [number for number, _ in made]
    assert told.good.all()
    for row, (_, bindings) in enumerate(made):
        for column, (_, value) in enumerate(bindings):
            if isinstance(value, IpAddress) or not isinstance(
                value, (Integer32, Counter32, Gauge32, TimeTicks, Counter64)
            ):
                assert not told.present[row, column]
                text = bytes(value) if isinstance(value, OctetString) and type(value) is OctetString else None
                assert told.texts.get((row, column)) == text
            else:
                said = int(told.whole[row, column]) - (2**64 if told.negative[row, column] else 0)
                assert (bool(told.present[row, column]), said) == (True, int(value))


def test_lengths_in_the_long_form_are_read() -> None:
    packet = answered("public", FIRST_ID, OIDS[:1], [TimeTicks(7)])
    long = b"\x30\x84" + (len(packet) - 2).to_bytes(4) + packet[2:]
    _, told = read([long], [template("public", OIDS[:1])])
    assert told.good.tolist() == [True]
    assert told.whole.tolist() == [[7]]


def test_what_was_not_asked_is_no_answer() -> None:
    fine = answered("public", FIRST_ID, OIDS[:2], [TimeTicks(7), Counter32(8)])
    wrong = {
        "another object": answered("public", FIRST_ID, OIDS[1:3], [TimeTicks(7), Counter32(8)]),
        "another order": answered("public", FIRST_ID, OIDS[1::-1], [TimeTicks(7), Counter32(8)]),
        "too few": answered("public", FIRST_ID, OIDS[:1], [TimeTicks(7)]),
        "too many": answered("public", FIRST_ID, OIDS[:3], [TimeTicks(7), Counter32(8), Counter32(9)]),
        "another community": answered("secret", FIRST_ID, OIDS[:2], [TimeTicks(7), Counter32(8)]),
        "an error": build(
            Request(1, "get", FIRST_ID, b"public", tuple(map(numbered, OIDS[:2])), 1),
            Answer([(numbered(oid), Null("")) for oid in OIDS[:2]], status=5, index=1),
        ),
        "cut": fine[:-1],
    }
    packets = [fine, *wrong.values()]
    _, told = read(packets, [template("public", OIDS[:2])] * len(packets))
    assert dict(zip(("fine", *wrong), told.good.tolist(), strict=True)) == {"fine": True, **dict.fromkeys(wrong, False)}


def test_packets_that_lie_break_nothing_and_their_neighbours_are_read() -> None:
    """5,000 packets, mangled in up to four octets or cut, each beside a right one."""
    chance = random.Random(20)
    asked = template("public", OIDS)
    values = [TimeTicks(7), Counter64(2**64 - 1), Integer32(-5), OctetString(b"text")]
    fine = answered("public", LAST_ID, OIDS, values)
    for _ in range(10):
        packets = [packet for _ in range(500) for packet in (mangled(fine, chance), fine)]
        _, told = read(packets, [asked] * len(packets))
        assert told.good[1::2].all()
        assert (told.whole[1::2, :3] == np.array([7, 2**64 - 1, 2**64 - 5], np.uint64)).all()
        assert told.good[::2].sum() < 250  # some changes are of a value, which nothing can see


def mangled(packet: bytes, chance: random.Random) -> bytes:
    octets = bytearray(packet)
    for _ in range(chance.randint(1, 4)):
        octets[chance.randrange(len(octets))] = chance.choice([0, 0x7F, 0x80, 0x81, 0x84, 0xFF, chance.randrange(256)])
    return bytes(octets[: chance.randint(1, len(octets))] if chance.random() < 0.3 else octets)


@settings(max_examples=50)
@given(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=20))
def test_octets_of_any_kind_are_no_answer(packets: list[bytes]) -> None:
    found, told = read(packets, [template("public", OIDS)] * len(packets))
    assert not told.good.any()
    assert (found < 0).all()
