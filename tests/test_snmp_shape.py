"""What is let through to the SNMP libraries."""

import pytest

from collectors.snmp.shape import MalformedError, counter64_in, error_status
from tests.hostile import Asked, arcs, binding, integer, response, tlv

OID = (1, 3, 6, 1, 2, 1, 1, 3, 0)
ASKED = Asked(1, 0xA0, 77, b"public", (OID,), 1)
FINE = response(ASKED, [binding(OID, integer(7))])


@pytest.mark.parametrize(
    "value",
    [
        integer(-5),
        tlv(0x41, b"\0\xff\xff\xff\xff"),
        tlv(0x46, b"\0" + b"\xff" * 8),
        tlv(0x43, b"\0\0\0\0\0\0\1"),
        tlv(0x04, b""),
        tlv(0x04, b"x" * 300),
        tlv(0x06, b""),
        tlv(0x06, arcs((1, 3, 6, 2**32 - 1))),
        tlv(0x40, b"\x0a\0\0\1"),
        tlv(0x44, b"\x9f\x78\x04\0\0\0\0"),
        b"\x05\0",
        b"\x80\0",
        b"\x81\0",
        b"\x82\0",
    ],
)
def test_every_type_of_value_that_snmp_has_passes(value: bytes) -> None:
    assert error_status(response(ASKED, [binding(OID, value)] * 3)) == 0


def test_an_error_is_told() -> None:
    assert error_status(response(ASKED, [binding(OID, b"\x05\0")], status=2, index=1)) == 2


@pytest.mark.parametrize(
    "packet", [FINE + b"\0\0", response(ASKED, []), b"\x30\x84" + (len(FINE) - 2).to_bytes(4) + FINE[2:]]
)
def test_what_agents_do_differently_passes(packet: bytes) -> None:
    assert error_status(packet) == 0


@pytest.mark.parametrize(
    "value",
    [
        tlv(0x02, b""),
        tlv(0x41, b""),
        tlv(0x46, b"\1" + b"\0" * 8),
        tlv(0x46, b"\0" * 10),
        tlv(0x06, arcs((1, 3, 6, 2**32))),
        tlv(0x06, b"\x2b\x86"),
        tlv(0x24, tlv(0x04, b"x")),
        tlv(0x09, b"\x80\0\5"),
        tlv(0x30, b""),
        b"",
        integer(1) + integer(2),
    ],
)
def test_other_values_do_not(value: bytes) -> None:
    with pytest.raises(MalformedError):
        error_status(response(ASKED, [binding(OID, value)]))


@pytest.mark.parametrize("place", range(len(FINE)))
def test_what_is_cut_off_does_not(place: int) -> None:
    with pytest.raises(MalformedError):
        error_status(FINE[:place])


@pytest.mark.parametrize(
    "packet",
    [
        response(ASKED, [binding((*OID[:-1], 2**32), integer(7))]),
        response(ASKED, [tlv(0x30, tlv(0x06, b"") + integer(7))]),
        response(ASKED, [b"\x05\0"]),
        *(response(ASKED, [], kind=kind) for kind in (0xA0, 0xA4, 0xA7, 0xA8, 0x30)),
        response(ASKED, [], number=1 << 31),
        response(ASKED, [], status=1 << 40),
        b"\x30\x80" + FINE[2:] + b"\0\0",
        b"\x30\xff" + FINE[2:],
    ],
)
def test_what_is_no_response_does_not(packet: bytes) -> None:
    with pytest.raises(MalformedError):
        error_status(packet)


@pytest.mark.parametrize(
    ("opaque", "told"),
    [
        (b"\x9f\x76\1\7", 7),
        (b"\x9f\x76\x09\0" + b"\xff" * 8, 2**64 - 1),
        (b"\x9f\x76\0", None),
        (b"\x9f\x76", None),
        (b"\x9f\x76\2\7", None),
        (b"\x9f\x76\x0a" + b"\1" * 10, None),
        (b"\x9f\x78\4\0\0\0\0", None),  # a float
        (b"\2\1\7", None),
        (b"", None),
    ],
)
def test_a_counter64_in_an_opaque_is_told_from_other_opaques(opaque: bytes, told: int | None) -> None:
    assert counter64_in(opaque) == told
