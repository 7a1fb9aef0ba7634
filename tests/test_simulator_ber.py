"""BER and SNMP messages as the simulator reads and writes them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import ber, message
from simulator.message import Error, Pdu

_OIDS = st.tuples(st.integers(0, 2), st.integers(0, 39), st.lists(st.integers(0, 2**32 - 1), max_size=20)).map(
    lambda parts: (parts[0], parts[1], *parts[2])
)


@pytest.mark.parametrize(
    ("value", "tag", "encoded"),
    [
        (0, ber.INTEGER, "020100"),
        (127, ber.INTEGER, "02017f"),
        (128, ber.INTEGER, "02020080"),
        (-1, ber.INTEGER, "0201ff"),
        (-128, ber.INTEGER, "020180"),
        (-129, ber.INTEGER, "0202ff7f"),
        (2**32 - 1, ber.GAUGE32, "420500ffffffff"),
        (2**64 - 1, ber.COUNTER64, "460900ffffffffffffffff"),
    ],
)
def test_integers_take_the_fewest_octets(value: int, tag: int, encoded: str) -> None:
    assert ber.integer(value, tag).hex() == encoded


def test_long_lengths_and_large_arcs() -> None:
    assert ber.tlv(ber.OCTETS, b"x" * 200)[:3].hex() == "0481c8"
    assert ber.object_id((1, 3, 6, 1, 4, 1, 2011, 4194304000)).hex() == "060c2b060104018f5b8fd0808000"


@given(_OIDS)
def test_object_identifiers_come_back(oid: ber.Oid) -> None:
    assert ber.read_oid(ber.oid_content(oid)) == oid


def _message(pdu: Pdu = Pdu.GET, identifier: int = 77, community: bytes = b"public") -> bytes:
    varbind = ber.tlv(ber.SEQUENCE, ber.object_id((1, 3, 6, 1)) + ber.NULL_VALUE)
    body = ber.integer(identifier) + ber.integer(0) + ber.integer(10) + ber.tlv(ber.SEQUENCE, varbind)
    head = ber.integer(message.V2C) + ber.tlv(ber.OCTETS, community)
    return ber.tlv(ber.SEQUENCE, head + ber.tlv(pdu, body))


@pytest.mark.parametrize("identifier", [0, 1, 255, -1, 2**31 - 1, -(2**31)])
def test_the_request_id_is_where_it_is_looked_for(identifier: int) -> None:
    data = _message(identifier=identifier)
    start, end = message.locate_id(data)
    assert int.from_bytes(data[start:end], "big", signed=True) == identifier
    assert message.parse(data).id_octets == end - start


def test_a_request_is_read_whole() -> None:
    request = message.parse(_message(Pdu.GETBULK))
    assert (request.pdu, request.community, request.first, request.second) == (Pdu.GETBULK, b"public", 0, 10)
    assert request.oids == ((1, 3, 6, 1),)


def test_the_frame_says_where_its_parts_are() -> None:
    request = message.parse(_message())
    whole, at_id, start = message.frame(request, Error.NONE, 0, request.varbinds)
    assert whole[at_id - 2 : at_id] == bytes((ber.INTEGER, request.id_octets))
    assert whole[start:] == request.varbinds


@given(st.binary(max_size=80))
def test_noise_is_refused_as_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        message.parse(data)


@given(st.integers(0, 60), st.integers(0, 255))
def test_a_broken_message_is_read_or_refused(position: int, octet: int) -> None:
    data = bytearray(_message())
    data[position % len(data)] = octet
    with contextlib.suppress(ValueError):
        message.parse(bytes(data))
