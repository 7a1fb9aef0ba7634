"""SNMPv3 in volleys, against the simulator's engine: who is believed, what is learnt, and what lies change."""

import hmac
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from collectors.snmp.backend import Usm
from collectors.volley.ciphers import Ciphers
from collectors.volley.engines import Engines
from collectors.volley.pending import MOST_SENDINGS, ROOM
from collectors.volley.request import FIRST_ID, Templates, secured_template
from collectors.volley.sealed import Asked
from collectors.volley.sealing import Sealing
from collectors.volley.secured import Layout, frame, whole_size
from collectors.volley.usm import AUTH as SIGNED
from collectors.volley.usm import KEY, REPORTABLE, User
from collectors.volley.usm import PRIV as SEALED
from collectors.volley.volley import Answers, Requests, Volley
from simulator import ber, secured, usm
from tests.secured_device import AUTH, ENGINE, FULL, PRIV, SecuredDevice
from tests.servers import wait_until

OIDS = ("1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.2.2.1.10.1")
USERS = {
    "authPriv": Usm("full", "SHA-256", AUTH, "AES", PRIV),
    "authNoPriv": Usm("signed", "SHA-256", AUTH),
    "authPriv of old": Usm("old", "SHA", AUTH, "AES", PRIV),
}
TIMEOUT_S = 0.3


@pytest.fixture
def volley() -> Iterator[Volley]:
    opened = Volley(TIMEOUT_S, attempts=1, wait_s=0)
    yield opened
    opened.close()


@pytest.fixture
def device() -> Iterator[SecuredDevice]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(5)
        yield SecuredDevice(opened)


def ask(volley: Volley, port: int, user: Usm = USERS["authPriv"]) -> None:
    number = volley.template(user, OIDS)
    assert number is not None
    home = np.array([0x7F00_0001], np.uint32)
    volley.send(Requests(np.zeros(1, np.int32), np.array([number]), home, np.array([port], np.uint16)))


def heard(volley: Volley) -> Answers:
    found: list[Answers] = []

    def look() -> bool:
        volley.receive()
        if (some := volley.answers()) is not None:
            found.append(some)
        return bool(found)

    wait_until(look, every=0.01)
    return found[0]


def exchange(volley: Volley, device: SecuredDevice) -> None:
    """Let the device answer one message, and the volley read it; that must not end the request."""
    device.answer()
    unread(volley)
    assert volley.answers() is None


def unread(volley: Volley) -> None:
    def come() -> bool:
        volley.receive()
        return volley.unread > 0

    wait_until(come, every=0.01)


def told(volley: Volley) -> list[int]:
    found = heard(volley)
    assert found.values.good.all()
    assert volley.room == ROOM
    return [int(value) for value in found.values.whole[0]]


def meet(volley: Volley, device: SecuredDevice, user: Usm = USERS["authPriv"]) -> None:
    """A whole poll, after which the volley knows the device's engine."""
    ask(volley, device.port, user)
    exchange(volley, device)
    device.answer()
    assert told(volley) == [device.ticks] * 2


# What is asked


@pytest.mark.parametrize("level", USERS)
def test_an_engine_is_discovered_once_and_then_asked_by_its_name(
    volley: Volley, device: SecuredDevice, level: str
) -> None:
    user = USERS[level]
    known = usm.User(user.user.encode(), user.auth_protocol, user.auth, user.priv_protocol, user.priv)
    device = SecuredDevice(device.sock, known)
    meet(volley, device, user)
    device.ticks, device.up_s = 8, device.up_s + 60
    ask(volley, device.port, user)
    device.answer()
    assert told(volley) == [8, 8]
    assert len(device.heard) == 3
    flags = SIGNED | (SEALED if user.priv else 0)
    assert [secured.parse(one).flags & 3 for one in device.heard] == [0, flags, flags]


def test_no_two_messages_are_sealed_by_the_same_salt(volley: Volley, device: SecuredDevice) -> None:
    meet(volley, device)
    for _ in range(3):
        ask(volley, device.port)
        device.answer()
        told(volley)
    salts = [secured.parse(one).salt for one in device.heard[1:]]
    assert len(set(salts)) == len(salts) == 4


@pytest.mark.parametrize("wrong", [Usm("open"), Usm("x" * 33, "SHA-256", AUTH), Usm("u", "SHA", "")])
def test_a_user_that_a_volley_does_not_ask_for_has_no_template(volley: Volley, wrong: Usm) -> None:
    assert volley.template(wrong, OIDS) is None


def test_secrets_are_not_shown() -> None:
    user = User(USERS["authPriv"])
    shown = repr(user) + repr([getattr(user, name, None) for name in ("name", "level", "mac")])
    assert AUTH not in shown
    assert PRIV not in shown
    assert all(key.hex() not in shown and repr(key) not in shown for key in user.keys(ENGINE))


def test_keys_are_those_of_rfc_3414() -> None:
    """Appendix A.3.2: SHA, password maplesyrup, engine 00 00 00 00 00 00 00 00 00 00 00 02."""
    auth, priv = User(Usm("u", "SHA", "maplesyrup", "AES", "maplesyrup")).keys(bytes(11) + b"\2")
    assert auth.hex() == "6695febc9288e36282235fc7151f128497b38f3f"
    assert priv == auth[:16]


@given(
    st.lists(st.binary(max_size=500), min_size=1, max_size=5), st.sampled_from([("SHA-256", 32, 24), ("SHA", 20, 12)])
)
def test_signatures_are_hmacs(messages: list[bytes], protocol: tuple[str, int, int]) -> None:
    name, size, length = protocol
    user = User(Usm("u", name, "maplesyrup"))
    keys = np.zeros((len(messages), KEY), np.uint8)
    keys[:, :size] = np.random.default_rng(1).integers(0, 256, (len(messages), size))
    digest = "sha256" if name == "SHA-256" else "sha1"
    expected = [
        hmac.digest(key[:size].tobytes(), text, digest)[:length] for key, text in zip(keys, messages, strict=True)
    ]
    texts = np.array([np.frombuffer(text.ljust(501, b"?"), np.uint8) for text in messages])
    made = user.signatures(keys, texts, np.array([len(text) for text in messages]))
    assert [one.tobytes() for one in made] == expected


devices = st.integers(0, 5)


@given(
    st.lists(st.tuples(st.lists(devices, min_size=1, max_size=9), st.integers(1, 4), st.integers(-1, 5)), max_size=4),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
def test_what_is_sealed_by_kept_contexts_is_aes_in_cfb_mode(
    lots: list[tuple[list[int], int, int]], most_kept: int, chance: random.Random
) -> None:
    """Devices in any order and more than once, some of which get another key, more of them than contexts are kept."""
    ciphers = Ciphers(most_kept)
    keys = {device: chance.randbytes(16) for device in range(6)}
    for number, key in keys.items():
        ciphers.meet(number, key)
    for numbers, blocks, renewed in lots:
        if renewed >= 0:
            keys[renewed] = chance.randbytes(16)
            ciphers.meet(renewed, keys[renewed])
        device = np.array(numbers, np.int32)
        by, plain = (matrix(chance, len(device), size) for size in (16, 16 * blocks))
        expected = b"".join(
            Cipher(AES(keys[number]), CFB(vector.tobytes())).encryptor().update(text.tobytes())
            for number, vector, text in zip(numbers, by, plain, strict=True)
        )
        assert ciphers.encrypt(device, by, plain).tobytes() == expected
        sealed = np.frombuffer(expected, np.uint8).reshape(plain.shape)
        assert ciphers.decrypt(device, by, sealed).tobytes() == plain.tobytes()


def matrix(chance: random.Random, rows: int, columns: int) -> NDArray[np.uint8]:
    return np.frombuffer(chance.randbytes(rows * columns), np.uint8).reshape(rows, columns)


def test_requests_of_every_size_to_engines_of_every_size_are_sealed_at_once() -> None:
    """Each as the simulator's own reader opens it: another user, engine, boots, time, number of objects."""
    sealing, templates = Sealing(), Templates()
    users = [usm.User(u.user.encode(), u.auth_protocol, u.auth, u.priv_protocol, u.priv) for u in USERS.values()]
    numbers = [sealing.number(user) for user in USERS.values()]
    made = [
        templates.add(secured_template(number, OIDS * count))
        for number in numbers
        if number is not None
        for count in (1, 6, 20)
    ]
    rows = np.arange(90)
    engines = [ENGINE[: 5 + n % 4] + bytes([n]) for n in rows.tolist()]
    boots, up_s = 2 ** (rows * 7 % 31), 2 ** (rows * 3 % 30)
    template = np.array(made)[rows % len(made)]
    asked = Asked(rows.astype(np.int32), templates.user[template], np.ones(90, np.uint32), np.ones(90, np.uint16))
    for n, engine in enumerate(engines[:-1]):  # the last is a stranger
        sealing.engines.meet(n, int(asked.user[n]), 1, 1, (engine, *sealing.users[asked.user[n]].keys(engine)))
        sealing.engines.hint(n, int(boots[n]), int(up_s[n]), 0.0)
    sealed = sealing.seal(templates, template, rows + FIRST_ID, asked, 0.0)
    said = [row[:size].tobytes() for row, size in zip(sealed.octets, sealed.size.tolist(), strict=True)]
    for n, message in enumerate(said[:-1]):
        read, user = secured.parse(message), users[asked.user[n]]
        keys = usm.keys_of(user, engines[n])
        assert (read.number, read.engine, read.boots, read.seconds) == (FIRST_ID + n, engines[n], boots[n], up_s[n])
        assert read.signature == usm.sign(keys, read.unsigned)
        plain = read.data
        if user.priv:
            plain = ber.read(usm.decrypt(keys, read.boots, read.seconds, read.salt, plain), 0, ber.SEQUENCE)[0]
        pdu = secured.scoped(plain)[2]
        expected = templates.octets[template[n], : templates.size[template[n]]].tobytes()
        assert pdu == expected.replace(b"\2\4\0\0\0\0", b"\2\4" + (FIRST_ID + n).to_bytes(4))
    assert secured.parse(said[-1]).engine == b""


numbers = st.integers(0, 2**31 - 1)


@given(st.binary(min_size=5, max_size=32), numbers, numbers, st.sampled_from([(12, 8), (24, 8), (24, 0), (12, 0)]))
def test_a_frame_has_its_holes_where_it_says(engine: bytes, boots: int, seconds: int, sizes: tuple[int, int]) -> None:
    widths = [int(whole_size(np.array([number]))[0]) for number in (boots, seconds)]
    pdu = secured_template(0, OIDS).octets
    flags = SIGNED | REPORTABLE | (SEALED if sizes[1] else 0)
    form = frame(pdu, b"somebody", flags, sizes, Layout(len(engine), *widths))
    made = bytearray(form.octets)
    holes = [(form.number, (77).to_bytes(4)), *((at, engine) for at in form.engine)]
    holes += [(form.boots, boots.to_bytes(widths[0])), (form.seconds, seconds.to_bytes(widths[1]))]
    holes += [(form.mac, b"m" * sizes[0]), (form.salt, b"s" * sizes[1])]
    for at, octets in holes:
        made[at : at + len(octets)] = octets
    read = secured.parse(bytes(made))
    assert (read.number, read.flags, read.engine, read.boots, read.seconds) == (77, flags, engine, boots, seconds)
    assert (read.user, read.signature, read.salt) == (b"somebody", b"m" * sizes[0], b"s" * sizes[1])
    inside = ber.read(bytes(made), form.plain, ber.SEQUENCE)[0]
    assert secured.scoped(inside) == (engine, b"", pdu)
    assert bytes(made[form.request_id - 2 : form.request_id + 4]) == b"\2\4\0\0\0\0"


# Time


def test_a_device_that_booted_tells_its_time_and_is_asked_again_without_being_silent(
    volley: Volley, device: SecuredDevice
) -> None:
    meet(volley, device)
    device.boots, device.up_s = device.boots + 1, 5
    ask(volley, device.port)
    exchange(volley, device)  # a signed Report: notInTimeWindows
    device.answer()
    assert told(volley) == [7, 7]
    assert secured.parse(device.heard[-1]).boots == device.boots


def test_an_engine_whose_first_word_of_its_time_was_wrong_is_asked_again(volley: Volley, device: SecuredDevice) -> None:
    ask(volley, device.port)
    true, device.boots, device.up_s = (device.boots, device.up_s), 0, 0
    device.answer()  # unsigned, and not binding
    device.boots, device.up_s = true
    unread(volley)
    assert volley.answers() is None
    exchange(volley, device)
    device.answer()
    assert told(volley) == [7, 7]


@pytest.mark.parametrize(("boots", "late_s"), [(0, 200), (-1, 0), (2**31 - 4, 0)], ids=["late", "boots", "most boots"])
def test_a_message_out_of_the_time_window_is_nobodys(
    volley: Volley, device: SecuredDevice, boots: int, late_s: int
) -> None:
    meet(volley, device)
    ask(volley, device.port)
    request, sender = device.take()
    asked = secured.parse(request)
    right = (device.boots, device.up_s)
    device.boots, device.up_s = device.boots + boots, device.up_s - late_s
    plain = usm.decrypt(device.engine.keys, asked.boots, asked.seconds, asked.salt, asked.data)
    said = device.engine._seal(asked, 3, device._response(secured.scoped(ber.read(plain, 0, ber.SEQUENCE)[0])[2]), 0)
    device.sock.sendto(said, sender)
    unread(volley)
    assert volley.answers() is None
    assert volley.silent(time.monotonic() + 60)[0].tolist() == [0]
    device.boots, device.up_s = right


def test_after_silence_twice_the_engine_is_discovered_anew(volley: Volley, device: SecuredDevice) -> None:
    meet(volley, device)
    for _ in range(2):
        ask(volley, device.port)
        device.take()
        assert volley.silent(time.monotonic() + 60)[0].tolist() == [0]
    device = SecuredDevice(device.sock, boots=1, up_s=1)
    meet(volley, device)


def test_another_engine_at_the_address_is_met_and_asked(volley: Volley, device: SecuredDevice) -> None:
    meet(volley, device)
    other = SecuredDevice(device.sock, identifier=ENGINE[:-1] + b"!?", ticks=9)
    ask(volley, other.port)
    exchange(volley, other)
    other.answer()
    assert told(volley) == [9, 9]


one, two = np.array([0], np.int32), np.array([1], np.int32)


def timely(engines: Engines, boots: int, seconds: int, now: float) -> bool:
    return bool(engines.in_window(one, np.array([boots]), np.array([seconds]), now)[0])


def test_the_time_of_an_engine_only_goes_forward() -> None:
    engines = Engines()
    engines.meet(0, 0, 1, 161, (ENGINE, b"a", b"p"))
    engines.hint(0, 3, 500, 1000.0)
    assert [int(column[0]) for column in engines.time(one, 1010.0)] == [3, 510]
    steps = [
        (2, 400, 1000.0, True),  # the first that is signed, whatever was said unsigned
        (2, 399, 1000.0, True),  # overtaken on its way
        (2, 249, 1000.0, False),
        (2, 250, 1000.0, True),
        (1, 9999, 1000.0, False),
        (2, 401, 1160.0, True),  # its clock is slow, but this is newer than all that was heard
        (2, 401, 1320.0, False),  # a copy of that
        (3, 1, 1320.0, True),
        (2, 5000, 1320.0, False),
        (2**31 - 1, 1, 1320.0, False),
    ]
    for boots, seconds, now, expected in steps:
        assert timely(engines, boots, seconds, now) is expected, (boots, seconds, now)


def test_an_engine_is_known_for_one_user_at_one_address() -> None:
    engines = Engines()
    engines.meet(0, 0, 1, 161, (ENGINE, b"a", b"p"))

    def known(device: int, user: int, address: int, port: int) -> bool:
        row = (np.array([device], np.int32), np.array([user]), np.array([address], np.uint32))
        return bool(engines.known(*row, np.array([port], np.uint16))[0])

    assert known(0, 0, 1, 161)
    assert not any(known(*other) for other in ((1, 0, 1, 161), (0, 1, 1, 161), (0, 0, 2, 161), (0, 0, 1, 162)))
    engines.doubt(np.array([0, 99], np.int32))
    assert known(0, 0, 1, 161)
    assert timely(engines, 1, 1, 0.0)  # it was heard between two silences
    engines.doubt(one)
    assert known(0, 0, 1, 161)
    engines.doubt(one)
    assert not known(0, 0, 1, 161)


# Lies

Lie = Callable[[SecuredDevice, bytes], bytes]


def flipped(at: int) -> Lie:
    def lie(device: SecuredDevice, request: bytes) -> bytes:
        said = bytearray(device.sealed(request))
        said[at] ^= 1
        return bytes(said)

    return lie


def by(**other: object) -> Lie:
    """The answer of a device that is otherwise than the one that was asked."""

    def lie(device: SecuredDevice, request: bytes) -> bytes:
        asked = secured.parse(request)
        liar = replace(device, heard=[], **other)  # type: ignore[arg-type] # fields of a device
        plain = usm.decrypt(device.engine.keys, asked.boots, asked.seconds, asked.salt, asked.data)
        pdu = liar._response(secured.scoped(ber.read(plain, 0, ber.SEQUENCE)[0])[2])
        level = (1 if liar.user.auth_protocol else 0) | (2 if liar.user.priv_protocol else 0)
        return liar.engine._seal(replace(asked, user=liar.user.name), level, pdu, 0)

    return lie


def another_request(device: SecuredDevice, request: bytes) -> bytes:
    """Signed, sealed, and of another request-id inside."""
    asked = secured.parse(request)
    plain = usm.decrypt(device.engine.keys, asked.boots, asked.seconds, asked.salt, asked.data)
    pdu = bytearray(device._response(secured.scoped(ber.read(plain, 0, ber.SEQUENCE)[0])[2]))
    pdu[pdu.index(b"\2\4") + 5] ^= 1
    return device.engine._seal(asked, 3, bytes(pdu), 0)


def long_headed(device: SecuredDevice, request: bytes) -> bytes:
    """Signed, but a head of 1,500 octets, of which msgMaxSize are most."""
    said = secured.parse(device.sealed(request))
    content = ber.read(said.unsigned, 0, ber.SEQUENCE)[0]
    short, long = (ber.integer(0xFFE3), ber.tlv(2, b"\1" * 1400))
    old, new = (
        ber.tlv(ber.SEQUENCE, ber.integer(said.number) + size + ber.tlv(ber.OCTETS, b"\3") + ber.integer(3))
        for size in (short, long)
    )
    unsigned = ber.tlv(ber.SEQUENCE, content.replace(old, new))
    assert len(unsigned) > 1400
    return unsigned.replace(bytes(24), usm.sign(device.engine.keys, unsigned), 1)


LIES: dict[str, Lie] = {
    "wrong signature": lambda device, request: _unsigned_by(device.sealed(request)),
    "a bit of the data": flipped(-1),
    "a bit of the message's number": flipped(12),
    "another user's": by(user=replace(FULL, name=b"other")),
    "another passphrase": by(user=replace(FULL, auth="other words")),
    "another engine": by(identifier=ENGINE + b"!"),
    "not sealed": by(user=usm.User(b"full", "SHA-256", AUTH)),
    "not signed": by(user=usm.User(b"full")),
    "another request": another_request,
    "a long head": long_headed,
    "cut": lambda device, request: device.sealed(request)[:-1],
    "longer": lambda device, request: device.sealed(request) + b"\0",
    "the request": lambda _, request: request,
}


def _unsigned_by(said: bytes) -> bytes:
    return said.replace(secured.parse(said).signature, bytes(24))


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_nothing_and_the_right_answer_counts_after_it(volley: Volley, device: SecuredDevice, lie: str) -> None:
    meet(volley, device)
    ask(volley, device.port)
    request, sender = device.take()
    device.sock.sendto(LIES[lie](device, request), sender)
    unread(volley)
    assert volley.answers() is None
    device.sock.sendto(device.sealed(request), sender)
    assert told(volley) == [7, 7]


def test_an_answer_cannot_be_played_again(volley: Volley, device: SecuredDevice) -> None:
    meet(volley, device)
    ask(volley, device.port)
    before = device.answer()
    told(volley)
    device.ticks = 8
    ask(volley, device.port)
    request, sender = device.take()
    renumbered = bytearray(before)
    at = request.index(secured.parse(request).number.to_bytes(4))
    renumbered[before.index(secured.parse(before).number.to_bytes(4)) :][:4] = request[at : at + 4]
    for old in (before, bytes(renumbered)):
        device.sock.sendto(old, sender)
    unread(volley)
    assert volley.answers() is None
    device.sock.sendto(device.sealed(request), sender)
    assert told(volley) == [8, 8]


def test_cut_and_mangled_messages_break_nothing(volley: Volley, device: SecuredDevice) -> None:
    meet(volley, device)
    ask(volley, device.port)
    request, sender = device.take()
    fine = device.sealed(request)
    luck = random.Random(3)
    for packet in (*(fine[:size] for size in range(1, len(fine))), *(mangled(fine, luck) for _ in range(300))):
        device.sock.sendto(packet, sender)
        if luck.random() < 0.05:
            volley.receive()
            assert volley.answers() is None
    volley.receive()
    assert volley.answers() is None
    device.sock.sendto(fine, sender)
    assert told(volley) == [7, 7]


def mangled(packet: bytes, luck: random.Random) -> bytes:
    octets = bytearray(packet)
    for _ in range(luck.randint(1, 4)):
        at = luck.randrange(len(octets))
        octets[at] ^= luck.choice([0x01, 0x7F, 0x80, 0xFF])
    return bytes(octets) if bytes(octets) != packet else b""


# Reports


def report(device: SecuredDevice, request: bytes, stat: int, *, signed: bool = False) -> bytes:
    name = ber.object_id((1, 3, 6, 1, 6, 3, 15, 1, 1, stat, 0))
    binding = ber.tlv(ber.SEQUENCE, ber.tlv(ber.SEQUENCE, name + ber.integer(1, 0x41)))
    pdu = ber.tlv(0xA8, ber.integer(0) * 3 + binding)
    return device.engine._seal(secured.parse(request), 1 if signed else 0, pdu, 0)


@pytest.mark.parametrize(("stat", "signed"), [(1, False), (2, False), (3, False), (5, False), (6, False), (6, True)])
def test_a_refusal_is_for_a_backend_to_look_into(
    volley: Volley, device: SecuredDevice, stat: int, signed: bool
) -> None:
    meet(volley, device)
    ask(volley, device.port)
    request, sender = device.take()
    device.sock.sendto(report(device, request, stat, signed=signed), sender)
    found = heard(volley)
    assert found.values.good.tolist() == [False]
    assert not found.values.present.any()
    assert volley.room == ROOM


def test_a_report_of_the_known_engine_that_it_is_unknown_is_nothing(volley: Volley, device: SecuredDevice) -> None:
    meet(volley, device)
    ask(volley, device.port)
    request, sender = device.take()
    device.sock.sendto(report(device, request, 4), sender)
    unread(volley)
    assert volley.answers() is None
    device.sock.sendto(device.sealed(request), sender)
    assert told(volley) == [7, 7]


def test_a_device_that_is_ever_another_engine_is_silent_in_the_end(volley: Volley, device: SecuredDevice) -> None:
    ask(volley, device.port)
    device.sock.settimeout(0.5)
    asked = 0
    with suppress(TimeoutError):
        while True:
            request, sender = device.take()
            asked += 1
            other = SecuredDevice(device.sock, identifier=ENGINE + bytes([asked]))
            device.sock.sendto(report(other, request, 4), sender)
            unread(volley)
            assert volley.answers() is None
    assert 2 < asked <= MOST_SENDINGS
    assert volley.silent(time.monotonic() + 60)[0].tolist() == [0]
    assert volley.room == ROOM


# Many


def test_many_devices_of_both_kinds_each_get_their_own(volley: Volley, device: SecuredDevice) -> None:
    """Every second one is asked by a community, to which nobody answers here."""
    others = Volley(TIMEOUT_S, wait_s=0)
    numbers = [others.template(secret, OIDS) for secret in (USERS["authPriv"], "public")]
    every = np.arange(100, dtype=np.int32)
    home, port = np.full(100, 0x7F00_0001, np.uint32), np.full(100, device.port, np.uint16)
    others.send(Requests(every, np.array(numbers)[every % 2], home, port))
    found: dict[int, Sequence[int]] = {}
    device.sock.settimeout(0.02)

    def over() -> bool:
        try:
            while True:
                request, sender = device.take()
                if secured.is_v3(request):
                    device.sock.sendto(device.sealed(request), sender)
        except TimeoutError:
            others.receive()
        if (answers := others.answers()) is not None:
            assert answers.values.good.all()
            found.update(zip(answers.device.tolist(), answers.values.whole.tolist(), strict=True))
        return len(found) == 50

    wait_until(over, every=0)
    assert found == {number: [7, 7] for number in range(0, 100, 2)}
    others.close()
