"""Both backends and volleys against Debian's snmpd, v1, v2c and v3."""

import socket
from collections.abc import AsyncIterator, Iterator, Mapping

import pytest

from collectors.model import Failure, Reason
from collectors.snmp.backend import AUTH_PROTOCOLS, PRIV_PROTOCOLS, Limits, SnmpBackend, Target, Usm, Value
from collectors.snmp.open import open_backend
from inventory.kinds import CIPHERS, PROTOCOLS
from tests.snmpd import AUTH, COMMUNITY, CONTACT, NAME, OTHERS, PLACE, PRIV, snmpd
from tests.volleyed import Volleyed

pytestmark = pytest.mark.server

SYS_CONTACT, SYS_NAME, SYS_LOCATION = (f"1.3.6.1.2.1.1.{n}.0" for n in (4, 5, 6))
SYS_UP_TIME, SYS_SERVICES, NO_SUCH = "1.3.6.1.2.1.1.3.0", "1.3.6.1.2.1.1.7.0", "1.3.6.1.2.1.1.99.0"
FULL = Usm("full", "SHA-256", AUTH, "AES", PRIV)
PATIENT_S = 10.0  # snmpd answers all but what it cannot decrypt; a busy machine keeps it waiting
TRUTH = {SYS_CONTACT: CONTACT.encode(), SYS_NAME: NAME.encode(), SYS_LOCATION: PLACE.encode(), SYS_SERVICES: 76}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as port:
        yield port


@pytest.fixture(params=["gufo", "pysnmp", "volley"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[SnmpBackend]:
    opened = Volleyed(0.5) if request.param == "volley" else open_backend(request.param)
    yield opened
    await opened.close()


def v2(port: int) -> Target:
    return Target("127.0.0.1", port, 2, COMMUNITY, timeout_s=PATIENT_S)


def v3(port: int, usm: Usm, timeout_s: float = PATIENT_S) -> Target:
    return Target("127.0.0.1", port, 3, usm=usm, timeout_s=timeout_s)


@pytest.mark.parametrize("version", [1, 2])
async def test_communities(backend: SnmpBackend, port: int, version: int) -> None:
    target = Target("127.0.0.1", port, version, COMMUNITY, timeout_s=PATIENT_S)
    assert await backend.get(target, [*TRUTH, NO_SUCH]) == TRUTH
    rows = await backend.walk(target, "1.3.6.1.2.1.1.9.1.2", Limits())  # sysORID
    assert isinstance(rows, dict)
    assert "1.3.6.1.6.3.1" in {str(value)[:13] for value in rows.values()}


async def test_a_wrong_community_is_silence(backend: SnmpBackend, port: int) -> None:
    wrong = Target("127.0.0.1", port, 2, "wrong", timeout_s=0.2)
    assert await backend.get(wrong, [SYS_NAME]) == Failure(Reason.TIMEOUT)


@pytest.mark.parametrize(
    "usm", [FULL, Usm("signed", "SHA", AUTH), Usm("open")], ids=["authPriv SHA-256/AES", "authNoPriv", "noAuthNoPriv"]
)
async def test_users(backend: SnmpBackend, port: int, usm: Usm) -> None:
    assert await backend.get(v3(port, usm), [*TRUTH, NO_SUCH]) == TRUTH
    rows = await backend.walk(v3(port, usm), "1.3.6.1.2.1.1.9.1.3", Limits())
    assert isinstance(rows, dict)
    assert len(rows) > 5


def test_what_the_inventory_takes_is_spoken() -> None:
    assert set(PROTOCOLS) == set(AUTH_PROTOCOLS)
    assert set(CIPHERS) == set(PRIV_PROTOCOLS)
    assert set(AUTH_PROTOCOLS) == {auth for auth, _ in OTHERS} | {FULL.auth_protocol}
    assert set(PRIV_PROTOCOLS) == {priv for _, priv in OTHERS}


@pytest.mark.parametrize(("auth", "priv"), OTHERS)
async def test_protocols_that_are_rare(backend: SnmpBackend, port: int, auth: str, priv: str) -> None:
    user = Usm(f"{auth}.{priv}", auth, AUTH, priv, PRIV)
    assert await backend.get(v3(port, user), [SYS_NAME]) == {SYS_NAME: NAME.encode()}
    assert len(await rows_of(backend, v3(port, user))) > 5
    wrong = Usm(f"{auth}.{priv}", auth, "not the words", priv, PRIV)
    answer = await backend.get(v3(port, wrong), [SYS_NAME])
    assert isinstance(answer, Failure)
    assert answer.reason is Reason.AUTHENTICATION


async def rows_of(backend: SnmpBackend, target: Target) -> Mapping[str, Value]:
    rows = await backend.walk(target, "1.3.6.1.2.1.1.9.1.3", Limits())
    assert not isinstance(rows, Failure)
    return rows


@pytest.mark.parametrize(
    "usm",
    [
        Usm("full", "SHA-256", "not the words", "AES", PRIV),
        Usm("full", "SHA", AUTH, "AES", PRIV),
        Usm("nobody", "SHA-256", AUTH, "AES", PRIV),
        Usm("full", "SHA-256", AUTH),
        Usm("full"),
    ],
    ids=["passphrase", "protocol", "user", "no privacy", "no authentication"],
)
async def test_a_user_who_may_not_gets_no_value(backend: SnmpBackend, port: int, usm: Usm) -> None:
    answer = await backend.get(v3(port, usm), [SYS_NAME])
    assert isinstance(answer, Failure)
    assert answer.reason is Reason.AUTHENTICATION
    assert AUTH not in answer.detail


async def test_a_wrong_privacy_passphrase_gets_no_value(backend: SnmpBackend, port: int) -> None:
    """snmpd answers that it cannot decrypt; gufo doesn't tell that from silence after the discovery."""
    answer = await backend.get(v3(port, Usm("full", "SHA-256", AUTH, "AES", "not the words"), 0.5), [SYS_NAME])
    assert isinstance(answer, Failure)
    assert answer.reason in {Reason.AUTHENTICATION, Reason.DEADLINE}


async def test_one_name_with_two_passphrases_at_once(backend: SnmpBackend, port: int) -> None:
    """Two credentials with the same user name don't disturb each other."""
    wrong = Usm("full", "SHA-256", "not the words", "AES", PRIV)
    for usm, good in ((FULL, True), (wrong, False), (FULL, True)):
        answer = await backend.get(v3(port, usm), [SYS_NAME])
        assert isinstance(answer, Failure) is not good


async def test_interfaces_equal_the_kernels(backend: SnmpBackend, port: int) -> None:
    names = await backend.walk(v2(port), "1.3.6.1.2.1.2.2.1.2", Limits())
    assert isinstance(names, dict)
    kernel = {name for _, name in socket.if_nameindex()}
    assert {value.decode() for value in names.values() if isinstance(value, bytes)} == kernel


async def test_secrets_are_not_in_representations(port: int) -> None:
    shown = repr(v3(port, FULL)) + repr(FULL) + repr(v2(port))
    assert not any(secret in shown for secret in (AUTH, PRIV, COMMUNITY))
