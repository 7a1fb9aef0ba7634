"""Which messages of SNMPv3 are believed: only those of the engine and the user that were asked."""

import random

import pytest

from collectors.snmp.backend import Usm
from collectors.snmp.proof import Proof
from collectors.snmp.shape import MalformedError
from simulator import secured
from simulator.engine import Engine
from simulator.secured import AUTH
from simulator.usm import User, keys_of, sign
from tests.hostile import integer, mangled, tlv
from tests.hostile_engine import REPORTS, liar, read, response
from tests.secured_device import AUTH as PASSPHRASE
from tests.secured_device import ENGINE, FULL, PRIV

USM = Usm("full", "SHA-256", PASSPHRASE, "AES", PRIV)
GET = tlv(0xA0, integer(5) + integer(0) * 2 + tlv(0x30, tlv(0x30, b"\x06\x03\x2b\x06\x01\x05\x00")))
NUMBER = 4711


def asked(flags: int, engine: bytes, user: bytes, data: bytes) -> secured.Secured:
    return secured.Secured(NUMBER, 2048, flags | secured.REPORTABLE, engine, 3, 100_000, user, b"", b"", b"", data)


def plain(engine: bytes) -> bytes:
    return tlv(0x04, engine) + tlv(0x04, b"") + GET


def answer(user: User = FULL, engine: bytes = ENGINE, level: int | None = None) -> bytes:
    """What an engine that knows `user` says to a GET."""
    own = Engine(engine, user, lambda _: (3, 100_000))
    request = asked(own._level(), engine, user.name, b"")
    return own._seal(request, own._level() if level is None else level, response(GET, [((1, 3, 6), 1)]), 0.0)


def met(usm: Usm = USM, engine: bytes = ENGINE) -> Proof:
    proof = Proof(usm)
    proof.meet(engine)
    return proof


@pytest.mark.parametrize("user", [FULL, User(b"full", "SHA", PASSPHRASE), User(b"full")])
def test_the_answer_of_who_was_asked_is_believed(user: User) -> None:
    usm = Usm("full", user.auth_protocol, user.auth, user.priv_protocol, user.priv)
    met(usm).check(answer(user), NUMBER)
    met(usm).check(answer(user) + b"padding", NUMBER)


def test_every_other_answer_is_not() -> None:
    lies = {
        "another message": (answer(), NUMBER + 1),
        "another engine": (answer(engine=b"\x80\x00\x7f\x88\x04other!"), NUMBER),
        "signature": (answer(User(b"full", "SHA-256", "no such passphrase", "AES", PRIV)), NUMBER),
        "a signature that": (answer(User(b"else", "SHA-256", PASSPHRASE, "AES", PRIV)), NUMBER),
        "secured as": (answer(level=0), NUMBER),
        "isn't secured": (answer(level=AUTH), NUMBER),
    }
    for said, (datagram, number) in lies.items():
        with pytest.raises(MalformedError, match=said):
            met().check(datagram, number)


def test_a_signature_of_no_length_is_wrong() -> None:
    whole = answer()
    signature = secured.parse(whole).signature
    short = whole.replace(b"\x04\x18" + signature, b"\x04\x00" + signature)
    with pytest.raises(MalformedError):
        met().check(short, NUMBER)


def test_before_the_engine_is_known_only_a_report_counts() -> None:
    stranger = Engine(ENGINE, FULL, lambda _: (3, 100_000))
    report = stranger.respond(asked(0, b"", b"", plain(b"")), 0.0, lambda pdu, _: pdu)
    assert report is not None
    Proof(USM).check(report, NUMBER)
    for lie in (answer(), answer(level=0)):
        with pytest.raises(MalformedError):
            Proof(USM).check(lie, NUMBER)


def test_a_signed_report_of_the_time_is_believed_and_a_forged_one_is_not() -> None:
    """By the right passphrase, at the lower level that such a Report has."""
    agent, request = liar(random.Random(1)), asked(AUTH, ENGINE, FULL.name, plain(ENGINE))
    reports = [lie(agent, request, b"") for lie in REPORTS]
    signed = [one for one in reports if secured.parse(one).flags & AUTH]
    keys = keys_of(FULL, ENGINE)
    right = [one for one in signed if sign(keys, secured.parse(one).unsigned) == secured.parse(one).signature]
    assert 0 < len(right) < len(signed)
    for one in signed:
        if one in right:
            met().check(one, NUMBER)
        else:
            with pytest.raises(MalformedError):
                met().check(one, NUMBER)


def test_mangled_messages_are_not_believed() -> None:
    luck, whole = random.Random(3), answer()
    for _ in range(3000):
        changed = mangled(whole, luck)
        if changed[: len(whole)] != whole:
            with pytest.raises(MalformedError):
                met().check(changed, NUMBER)
    assert read(GET).request_id == 5
