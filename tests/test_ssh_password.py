"""Logins by password, and the password that `enable` asks for."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from collectors.model import Failure, Reason
from collectors.ssh.talk import SshTarget, talk_over_ssh, target_of
from inventory.model import Credential
from storage.settings import CollectSettings
from tests.ssh_replay import Player, Script, playing
from tests.sshd import known_hosts, new_keys

PASSWORD, ENABLE, WRONG = "Opn-Sesame-1", "Enbl-Sesame-2", "Wrng-Sesame-3"
LEVEL = "Current privilege level is 15"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_keys(tmp_path_factory, "host", "client", "imposter")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in (("RIGHT", PASSWORD), ("ENABLE", ENABLE), ("WRONG", WRONG)):
        monkeypatch.setenv(name, secret)


def router(prompt: str = "router1#", password: str = "", enable: str = "") -> Script:
    return Script(prompt, {"show privilege": [LEVEL]}, password=password, enable=enable)


def target(player: Player, keys: Path, password: str = "", enable: str = "", *, shows: str = "host") -> SshTarget:
    known = known_hosts(keys / f"known-{player.port}", player.port, keys / shows)
    credential = Credential(
        "login", "ssh", user="u", auth=password, priv=enable, key_file="" if password else str(keys / "client")
    )
    found = target_of(
        credential, "127.0.0.1", CollectSettings(known_hosts=known), port=player.port, device_type="cisco_ios"
    )
    return replace(found, timeout_s=30, silence_s=30, deadline_s=60)


def hides(told: Failure, caplog: pytest.LogCaptureFixture) -> bool:
    said = f"{told} {caplog.text}"
    return not any(secret in said for secret in (PASSWORD, ENABLE, WRONG))


async def test_the_right_password_lets_in(keys: Path, pool: ThreadPoolExecutor) -> None:
    async with playing(router(password=PASSWORD), keys / "host") as player:
        told = await talk_over_ssh(target(player, keys, "env:RIGHT"), lambda run: run("show privilege"), pool)
    assert told == LEVEL
    assert player.script.offered == [PASSWORD]


async def test_a_wrong_password_is_a_failure_that_does_not_tell_it(
    keys: Path, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with playing(router(password=PASSWORD), keys / "host") as player:
        told = await talk_over_ssh(target(player, keys, "env:WRONG"), lambda run: run("show privilege"), pool)
    assert isinstance(told, Failure)
    assert told.reason is Reason.AUTHENTICATION
    assert player.script.offered == [WRONG]  # once: devices lock users out
    assert hides(told, caplog)


async def test_no_password_goes_to_a_host_with_another_key(keys: Path, pool: ThreadPoolExecutor) -> None:
    async with playing(router(password=PASSWORD), keys / "host") as player:
        asked = target(player, keys, "env:RIGHT", shows="imposter")
        told = await talk_over_ssh(asked, lambda run: run("show privilege"), pool)
    assert isinstance(told, Failure)
    assert told.reason is Reason.HOST_KEY_CHANGED
    assert player.script.offered == []


@pytest.mark.parametrize("password", ["", "env:RIGHT"])
async def test_enable_is_asked_for(keys: Path, pool: ThreadPoolExecutor, password: str) -> None:
    script = router("router1>", password=PASSWORD if password else "", enable=ENABLE)
    async with playing(script, keys / "host") as player:
        told = await talk_over_ssh(
            target(player, keys, password, "env:ENABLE"), lambda run: run("show privilege"), pool
        )
    assert told == LEVEL
    assert script.offered == [PASSWORD, ENABLE] if password else [ENABLE]
    assert "enable" not in script.asked


async def test_a_wrong_password_for_enable(
    keys: Path, pool: ThreadPoolExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    script = router("router1>", enable=ENABLE)
    async with playing(script, keys / "host") as player:
        told = await talk_over_ssh(target(player, keys, "", "env:WRONG"), lambda run: run("show privilege"), pool)
    assert isinstance(told, Failure)
    assert (told.reason, told.detail) == (Reason.AUTHENTICATION, "the password for enable was not accepted")
    assert script.offered[:1] == [WRONG]
    assert WRONG not in script.offered[1:]
    assert hides(told, caplog)


async def test_who_has_the_rights_already_sends_no_password(keys: Path, pool: ThreadPoolExecutor) -> None:
    script = router("router1#", enable=ENABLE)
    async with playing(script, keys / "host") as player:
        told = await talk_over_ssh(target(player, keys, "", "env:ENABLE"), lambda run: run("show privilege"), pool)
    assert told == LEVEL
    assert script.offered == []


@pytest.mark.parametrize(("password", "enable"), [("env:MISSING", ""), ("env:RIGHT", "env:MISSING")])
async def test_a_reference_that_leads_nowhere(keys: Path, pool: ThreadPoolExecutor, password: str, enable: str) -> None:
    async with playing(router(password=PASSWORD), keys / "host") as player:
        told = await talk_over_ssh(target(player, keys, password, enable), lambda run: run("show privilege"), pool)
    assert isinstance(told, Failure)
    assert (told.reason, told.detail) == (Reason.SECRET, "env:MISSING: no such environment variable")
    assert player.script.offered == []


async def test_netmiko_keeps_no_password_of_a_talk_that_failed(keys: Path, pool: ThreadPoolExecutor) -> None:
    def fail(_run: object) -> str:
        raise ValueError(f"the device said {PASSWORD}")

    before = list(logging.getLogger("netmiko").filters)
    async with playing(router(password=PASSWORD), keys / "host") as player:
        told = await talk_over_ssh(target(player, keys, "env:RIGHT"), fail, pool)
    assert isinstance(told, Failure)
    assert told.detail == "ValueError: the device said ***"
    assert logging.getLogger("netmiko").filters == before
