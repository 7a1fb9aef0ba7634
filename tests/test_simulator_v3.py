"""SNMPv3: keys of the RFCs, what the engine refuses and how, and three managers that get through."""

import hmac
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.model import Failure
from collectors.snmp.backend import Limits, Target, Usm
from collectors.snmp.open import open_backend
from inventory.model import Credential, Inventory
from simulator import ber, secured, usm
from simulator.agent import Responder
from simulator.condition import Effect
from simulator.engine import Stat, engine_id
from simulator.faults import Fault, Kind, Where
from simulator.fleet import Fleet, Weather
from simulator.message import Error, Pdu
from simulator.process import FleetError, FleetProcess, Plan
from simulator.secured import AUTH, PRIV, REPORTABLE, Secured
from simulator.traffic import moment
from simulator.usm import Keys, User
from tests.servers import program
from tests.small import small_inventory

NOW = 1_790_000_000.0
_ADDRESS = bytes((127, 1, 1, 1))
_ENGINE = engine_id(_ADDRESS)
_NAME, _UPTIME = (1, 3, 6, 1, 2, 1, 1, 5, 0), (1, 3, 6, 1, 2, 1, 1, 3, 0)
_AUTH, _PRIV = "authentication words", "privacy words"
_FULL = User(b"full", "SHA-256", _AUTH, "AES", _PRIV)
_USERS = {
    "pop-r1": Credential("full", "snmp-v3", "", "full", "SHA-256", "env:T_AUTH", "AES", "env:T_PRIV"),
    "pop-r2": Credential("old", "snmp-v3", "", "old", "SHA", "env:T_AUTH", "AES", "env:T_PRIV"),
    "olt1": Credential("signed", "snmp-v3", "", "signed", "SHA-256", "env:T_AUTH"),
    "gp1": Credential("open", "snmp-v3", "", "open"),
}


def _inventory() -> Inventory:
    """The small one, in which four devices have a v3 user of each level."""
    small = small_inventory()
    devices = {
        name: replace(device, credential=_USERS[name].name) if name in _USERS else device
        for name, device in small.devices.items()
    }
    return replace(small, devices=devices, credentials={**small.credentials, **{c.name: c for c in _USERS.values()}})


@pytest.fixture(scope="module", autouse=True)
def _secrets() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("PAHUNCH_TEST_COMMUNITY", "public"), ("T_AUTH", _AUTH), ("T_PRIV", _PRIV)):
            patch.setenv(name, value)
        yield


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(_inventory(), NOW)


# Cryptography


def test_keys_are_those_of_rfc_3414() -> None:
    """Appendix A.3.2: SHA, password maplesyrup, engine 00 00 00 00 00 00 00 00 00 00 00 02."""
    keys = usm.keys_of(User(b"u", "SHA", "maplesyrup", "AES", "maplesyrup"), bytes(11) + b"\2")
    assert keys.auth.hex() == "6695febc9288e36282235fc7151f128497b38f3f"
    assert keys.priv == keys.auth[:16]


def test_signatures_have_the_length_of_rfc_7860() -> None:
    keys = usm.keys_of(_FULL, _ENGINE)
    assert len(usm.sign(keys, b"message")) == keys.octets == 24
    assert usm.sign(keys, b"message") == hmac.new(keys.auth, b"message", "sha256").digest()[:24]


@given(st.binary(max_size=300), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.binary(min_size=8, max_size=8))
def test_what_is_encrypted_is_decrypted(plain: bytes, boots: int, seconds: int, salt: bytes) -> None:
    keys = usm.keys_of(_FULL, _ENGINE)
    sealed = usm.encrypt(keys, boots, seconds, salt, plain)
    assert len(sealed) == len(plain)
    assert usm.decrypt(keys, boots, seconds, salt, sealed) == plain


@pytest.mark.parametrize(("auth", "priv"), [("MD5", ""), ("SHA-256", "DES"), ("", "AES")])
def test_protocols_that_are_not_spoken_are_refused(auth: str, priv: str) -> None:
    with pytest.raises(ValueError, match=r"privacy|known are"):
        User(b"u", auth, "words", priv, "words")


# Messages by hand


def _asked(
    flags: int = AUTH | PRIV | REPORTABLE,
    *,
    engine: bytes = _ENGINE,
    user: bytes = b"full",
    boots: int = 0,
    seconds: int = 0,
    keys: Keys | None = None,
    pdu: bytes | None = None,
) -> bytes:
    keys = keys or usm.keys_of(_FULL, _ENGINE)
    varbinds = b"".join(ber.tlv(ber.SEQUENCE, ber.object_id(oid) + ber.NULL_VALUE) for oid in (_NAME, _UPTIME))
    body = ber.integer(77) + ber.integer(0) + ber.integer(0) + ber.tlv(ber.SEQUENCE, varbinds)
    pdu = ber.tlv(Pdu.GET, body) if pdu is None else pdu
    data = ber.tlv(ber.SEQUENCE, ber.tlv(ber.OCTETS, engine) + ber.tlv(ber.OCTETS, b"") + pdu)
    salt = b"saltsalt" if flags & PRIV else b""
    if flags & PRIV:
        data = ber.tlv(ber.OCTETS, usm.encrypt(keys, boots, seconds, salt, data))
    signature = bytes(24) if flags & AUTH else b""
    front = ber.tlv(ber.OCTETS, engine) + ber.integer(boots) + ber.integer(seconds) + ber.tlv(ber.OCTETS, user)
    parameters = front + ber.tlv(ber.OCTETS, signature) + ber.tlv(ber.OCTETS, salt)
    header = Secured(4711, 65507, flags, engine, boots, seconds, user, salt, signature, b"", b"")
    built = secured.build(header, flags, parameters, data)
    if not flags & AUTH:
        return built
    end = len(built) - len(data) - len(ber.tlv(ber.OCTETS, salt))
    return built[: end - 24] + usm.sign(keys, built) + built[end:]


def _respond(fleet: Fleet, data: bytes, now: float = NOW, address: bytes = _ADDRESS) -> bytes | None:
    found = Responder(fleet.find, fleet.at_address).respond(data, address, moment(now))
    return found[0] if found else None


def _clock(fleet: Fleet, now: float = NOW) -> tuple[int, int]:
    return fleet.world.boxes.engine_clock("pop-r1", now)


def _plain(answer: bytes, keys: Keys | None = None) -> tuple[Secured, bytes]:
    """The message and the PDU in it; its signature must be right where there is one."""
    said, keys = secured.parse(answer), keys or usm.keys_of(_FULL, _ENGINE)
    assert said.number == 4711
    assert said.engine == _ENGINE
    if said.flags & AUTH:
        assert usm.sign(keys, said.unsigned) == said.signature
    data = said.data
    if said.flags & PRIV:
        data = ber.read(usm.decrypt(keys, said.boots, said.seconds, said.salt, data), 0, ber.SEQUENCE)[0]
    return said, secured.scoped(data)[2]


def _body(pdu: bytes, tag: Pdu) -> tuple[int, int, bytes]:
    """request-id, error-status and varbinds."""
    content, _ = ber.read(pdu, 0, tag)
    number, at = ber.read_integer(content, 0)
    status, at = ber.read_integer(content, at)
    _, at = ber.read_integer(content, at)
    return number, status, ber.read(content, at, ber.SEQUENCE)[0]


def test_a_sealed_request_gets_a_sealed_answer(fleet: Fleet) -> None:
    boots, seconds = _clock(fleet)
    answer = _respond(fleet, _asked(boots=boots, seconds=seconds))
    assert answer
    said, pdu = _plain(answer)
    assert said.flags == AUTH | PRIV
    assert (said.boots, said.seconds) == (boots, seconds)
    number, status, varbinds = _body(pdu, Pdu.RESPONSE)
    assert (number, status) == (77, Error.NONE)
    assert b"pop-r1" in varbinds
    assert b"pop-r1" not in answer


def test_no_salt_is_used_twice(fleet: Fleet) -> None:
    boots, seconds = _clock(fleet)
    asked = _asked(boots=boots, seconds=seconds)
    answers = [secured.parse(_respond(fleet, asked) or b"").salt for _ in range(50)]
    assert len(set(answers)) == 50


@pytest.mark.parametrize(
    ("asked", "stat"),
    [
        ({"flags": REPORTABLE, "engine": b"", "user": b""}, Stat.UNKNOWN_ENGINE_IDS),
        ({"engine": engine_id(bytes((127, 9, 9, 9)))}, Stat.UNKNOWN_ENGINE_IDS),
        ({"user": b"nobody"}, Stat.UNKNOWN_USER_NAMES),
        ({"keys": usm.keys_of(replace(_FULL, auth="other words"), _ENGINE)}, Stat.WRONG_DIGESTS),
        ({"boots": -1}, Stat.NOT_IN_TIME_WINDOWS),
        ({"seconds": -151}, Stat.NOT_IN_TIME_WINDOWS),
        ({"seconds": 151}, Stat.NOT_IN_TIME_WINDOWS),
        ({"keys": usm.keys_of(replace(_FULL, priv="other words"), _ENGINE)}, Stat.DECRYPTION_ERRORS),
    ],
)
def test_a_refusal_is_reported_and_counted(fleet: Fleet, asked: dict[str, object], stat: Stat) -> None:
    boots, seconds = _clock(fleet)
    shifted = {"boots": boots + int(str(asked.get("boots", 0))), "seconds": seconds + int(str(asked.get("seconds", 0)))}
    for count in (1, 2):
        answer = _respond(fleet, _asked(**{**asked, **shifted}))  # type: ignore[arg-type]  # each is a keyword of _asked
        assert answer
        said, pdu = _plain(answer)
        assert (said.boots, said.seconds) == (boots, seconds)  # what the manager needs to ask again
        # Only who is out of time must be able to trust the report: RFC 3414 section 3.2, 7a.
        assert said.flags == (AUTH if stat is Stat.NOT_IN_TIME_WINDOWS else 0)
        _, _, varbinds = _body(pdu, Pdu.REPORT)
        counter = ber.object_id((1, 3, 6, 1, 6, 3, 15, 1, 1, stat, 0)) + ber.integer(count, ber.COUNTER32)
        assert varbinds == ber.tlv(ber.SEQUENCE, counter)


def test_privacy_that_the_user_has_not_is_an_unsupported_level(fleet: Fleet) -> None:
    engine = engine_id(bytes((127, 1, 1, 3)))
    answer = _respond(fleet, _asked(engine=engine, user=b"signed"), address=bytes((127, 1, 1, 3)))
    assert answer
    _, _, varbinds = _body(secured.scoped(secured.parse(answer).data)[2], Pdu.REPORT)
    assert ber.object_id((1, 3, 6, 1, 6, 3, 15, 1, 1, Stat.UNSUPPORTED_SEC_LEVELS, 0)) in varbinds


@pytest.mark.parametrize("flags", [0, AUTH])
def test_less_security_than_the_user_has_gets_no_value(fleet: Fleet, flags: int) -> None:
    boots, seconds = _clock(fleet)
    answer = _respond(fleet, _asked(flags | REPORTABLE, boots=boots, seconds=seconds))
    assert answer
    number, status, varbinds = _body(_plain(answer)[1], Pdu.RESPONSE)
    assert (number, status) == (77, Error.AUTHORIZATION_ERROR)
    assert b"pop-r1" not in varbinds


def test_who_wants_no_report_gets_none(fleet: Fleet) -> None:
    assert _respond(fleet, _asked(AUTH | PRIV, user=b"nobody")) is None


def test_a_v3_device_answers_no_community_and_a_v2c_one_no_v3(fleet: Fleet) -> None:
    assert fleet.find(_ADDRESS, b"public") is None
    assert fleet.find(bytes((127, 1, 0, 1)), b"public")
    assert _respond(fleet, _asked(REPORTABLE, engine=b"", user=b""), address=bytes((127, 1, 0, 1))) is None


def test_a_boot_is_counted_and_puts_managers_out_of_time(fleet: Fleet) -> None:
    boots, seconds = _clock(fleet)
    fleet.set_effects((Effect(failed=frozenset({"pop-r1"})),), NOW)
    assert _respond(fleet, _asked(boots=boots, seconds=seconds)) is None
    fleet.set_effects((), NOW + 60)
    assert _clock(fleet, NOW + 61) == (boots + 1, 1)
    answer = _respond(fleet, _asked(boots=boots, seconds=seconds + 61), NOW + 61)
    assert answer
    assert _body(_plain(answer)[1], Pdu.REPORT)


@pytest.fixture(scope="module")
def one_fleet() -> Fleet:
    return Fleet(_inventory(), NOW)


@given(data=st.data())
def test_damage_is_refused_not_answered(one_fleet: Fleet, data: st.DataObject) -> None:
    """One octet changed anywhere, and perhaps cut off: silence or a report, no value and no exception."""
    boots, seconds = _clock(one_fleet)
    whole = bytearray(_asked(boots=boots, seconds=seconds))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    answer = _respond(one_fleet, bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    assert answer is None or not secured.parse(answer).flags & PRIV


# Managers


@pytest.fixture(scope="module")
def served() -> Iterator[FleetProcess]:
    with FleetProcess(Plan(_inventory(), weather=Weather(delay_s=0.0))) as process:
        yield process


_LEVELS = {
    "127.1.1.1": ("full", ("SHA-256", _AUTH), _PRIV),
    "127.1.1.2": ("old", ("SHA", _AUTH), _PRIV),
    "127.1.1.3": ("signed", ("SHA-256", _AUTH), ""),
    "127.1.2.1": ("open", ("", ""), ""),
}
_NAMES = {"127.1.1.1": "pop-r1", "127.1.1.2": "pop-r2", "127.1.1.3": "olt1", "127.1.2.1": "gp1"}


def _net_snmp(address: str, port: int, *oids: str, tool: str = "snmpget", priv: str | None = None) -> str:
    user, (auth, words), privacy = _LEVELS[address]
    privacy = privacy if priv is None else priv
    level = "authPriv" if privacy else "authNoPriv" if auth else "noAuthNoPriv"
    argv = [program(tool), "-v3", "-u", user, "-l", level, "-m", "", "-On", "-r", "0", "-t", "2"]
    argv += ["-a", auth, "-A", words] if auth else []
    argv += ["-x", "AES", "-X", privacy] if privacy else []
    done = subprocess.run(
        [*argv, f"{address}:{port}", *oids], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize("address", _LEVELS)
def test_net_snmp_gets_through(served: FleetProcess, address: str) -> None:
    assert f'= STRING: "{_NAMES[address]}"' in _net_snmp(address, served.port, ".1.3.6.1.2.1.1.5.0")
    walked = _net_snmp(address, served.port, ".1.3.6.1.2.1", tool="snmpbulkwalk").splitlines()
    assert len([line for line in walked if " = " in line]) > 50


def test_net_snmp_is_told_what_is_wrong(served: FleetProcess) -> None:
    assert "Decryption error" in _net_snmp("127.1.1.1", served.port, ".1.3.6.1.2.1.1.5.0", priv="wrong words")


def _target(address: str, port: int, **changed: str) -> Target:
    user, (auth, words), privacy = _LEVELS[address]
    person = Usm(user, auth, words, "AES" if privacy else "", privacy)
    return Target(address, port, version=3, usm=replace(person, **changed))


@pytest.mark.parametrize("kind", ["gufo", "pysnmp"])
@pytest.mark.parametrize("address", _LEVELS)
async def test_the_products_backends_get_through(served: FleetProcess, kind: str, address: str) -> None:
    backend = open_backend(kind)
    got = await backend.get(_target(address, served.port), ["1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.3.0"])
    assert not isinstance(got, Failure)
    assert got["1.3.6.1.2.1.1.5.0"] == _NAMES[address].encode()
    walked = await backend.walk(_target(address, served.port), "1.3.6.1.2.1.2.2", Limits())
    assert not isinstance(walked, Failure)
    assert len(walked) > 20
    await backend.close()


@pytest.mark.parametrize("kind", ["gufo", "pysnmp"])
@pytest.mark.parametrize("changed", [{"auth": "wrong words"}, {"user": "nobody"}])
async def test_the_products_backends_fail_with_a_wrong_user(
    served: FleetProcess, kind: str, changed: dict[str, str]
) -> None:
    backend = open_backend(kind)
    got = await backend.get(_target("127.1.1.1", served.port, **changed), ["1.3.6.1.2.1.1.5.0"])
    assert isinstance(got, Failure)
    await backend.close()


@pytest.mark.parametrize("kind", ["gufo", "pysnmp"])
async def test_a_manager_finds_its_way_back_after_a_reboot(served: FleetProcess, kind: str) -> None:
    backend = open_backend(kind)
    target = _target("127.1.1.1", served.port)
    before = await backend.get(target, ["1.3.6.1.6.3.10.2.1.2.0"])
    served.clear(served.apply(Fault(Kind.REBOOT, Where(device="pop-r1"))))
    after = await backend.get(target, ["1.3.6.1.6.3.10.2.1.2.0"])
    assert not isinstance(before, Failure)
    assert not isinstance(after, Failure)
    assert int(after["1.3.6.1.6.3.10.2.1.2.0"]) == int(before["1.3.6.1.6.3.10.2.1.2.0"]) + 1
    await backend.close()


def test_a_credential_that_cannot_be_spoken_is_told() -> None:
    inventory = _inventory()
    full = replace(inventory.credentials["full"], auth_protocol="MD5")
    inventory = replace(inventory, credentials={**inventory.credentials, full.name: full})
    with pytest.raises(FleetError, match="credential full: MD5"), FleetProcess(Plan(inventory)):
        pass
