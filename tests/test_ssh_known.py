"""known_hosts: whose keys are known, and that a line that broke off harms nobody but its own host."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.model import Failure, Reason
from collectors.ssh.known import known_of
from collectors.ssh.talk import SshTarget, talk_over_ssh
from tests.ssh_replay import Script, playing
from tests.sshd import known_hosts, new_keys

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAICIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIi"
CUT = "AAAAB3NzaC1yc2EAAAADAQABAAABAQCq\n"  # a key's beginning
UNPADDED = "AAAAB3NzaC1yc2EAAAADAQABAAABAQCqa\n"
HASHED = paramiko.HostKeys.hash_host("10.0.0.1")


@pytest.mark.parametrize(
    ("text", "keys", "damaged"),
    [
        ("", [], ()),
        (f"# 10.0.0.1\n\n10.0.0.1 ssh-ed25519 {ED25519} a comment\n", [ED25519], ()),
        (f"10.0.0.11 ssh-ed25519 {OTHER}\ngw,10.0.0.1\tssh-ed25519  {ED25519}", [ED25519], ()),
        (f"10.0.0.1 ssh-ed25519 {ED25519}\n10.0.0.1 ssh-ed25519 {OTHER}\n", [ED25519], ()),
        (f"[10.0.0.1]:2222 ssh-ed25519 {ED25519}\n@revoked 10.0.0.1 ssh-ed25519 {ED25519}\n", [], ()),
        (f"{HASHED} ssh-ed25519 {ED25519}\n|1|AAAA|broken ssh-ed25519 {ED25519}\n|1|% x y\n", [ED25519], ()),
        (f"10.0.0.2 ssh-rsa {UNPADDED}10.0.0.1 ssh-ed25519 {ED25519}\n", [ED25519], ()),
        (f"10.0.0.1 ssh-rsa {UNPADDED}10.0.0.1 ssh-ed25519 {ED25519}\n", [ED25519], (1,)),
        (f"10.0.0.1 ssh-rsa {CUT}10.0.0.1 ssh-rsa\n10.0.0.1\n10.0.0.1 ssh-new {ED25519}\n", [], (1, 2, 3)),
        (f"10.0.0.1 ssh-rsa {CUT.strip()}10.0.0.1 ssh-ed25519 {ED25519}\n", [], (1,)),
        (f"10.0.0.1 ssh-ed25519 {ED25519[:-4]}\n10.0.0.1 ssh-rsa ä\n", [], (1, 2)),
    ],
)
def test_whose_keys_are_known(tmp_path: Path, text: str, keys: list[str], damaged: tuple[int, ...]) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(text)
    found = known_of("10.0.0.1", path)
    assert [key.get_base64() for key in found.keys] == keys
    assert found.damaged == damaged


@given(st.sampled_from(["ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256"]), st.binary(max_size=60))
@settings(max_examples=50)
def test_no_octets_of_a_key_raise(tmp_path_factory: pytest.TempPathFactory, kind: str, octets: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "known_hosts"
    head = len(kind).to_bytes(4, "big") + kind.encode()
    for blob in (octets, head + octets):
        path.write_bytes(f"h {kind} {base64.b64encode(blob).decode()}\n".encode() + b"h " + octets)
        known_of("h", path)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_keys(tmp_path_factory, "host", "client")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def talk(keys: Path, pool: ThreadPoolExecutor, port: int, known: Path) -> str | Failure:
    target = SshTarget("127.0.0.1", "u", keys / "client", known, port, "cisco_ios", 30, 30, 60)
    return await talk_over_ssh(target, lambda run: run("show version"), pool)


@pytest.mark.parametrize("damage", ["10.0.0.2", "own"])
async def test_a_damaged_line_ends_no_talk(keys: Path, pool: ThreadPoolExecutor, tmp_path: Path, damage: str) -> None:
    async with playing(Script("r1#", {"show version": ["fine"]}), keys / "host") as player:
        known = known_hosts(tmp_path / "known", player.port, keys / "host")
        host = f"[127.0.0.1]:{player.port}" if damage == "own" else damage
        known.write_text(f"{host} ssh-rsa {UNPADDED}{known.read_text()}")
        assert await talk(keys, pool, player.port, known) == "fine"


async def test_a_key_that_broke_off_is_named_and_no_changed_one(
    keys: Path, pool: ThreadPoolExecutor, tmp_path: Path
) -> None:
    """Nobody is alarmed by what a file's loss made; paramiko fills such a key up with zeros."""
    async with playing(Script("r1#", {}), keys / "host") as player:
        known = known_hosts(tmp_path / "known", player.port, keys / "host")
        known.write_text(f"# ours\n{known.read_text().strip()[:-12]}\n")
        told = await talk(keys, pool, player.port, known)
    assert isinstance(told, Failure)
    assert (told.reason, told.permanent) == (Reason.HOST_KEY, True)
    assert told.detail.endswith(f"{known}, line 2 holds no key")


async def test_arithmetic_of_a_hostile_host_key_is_a_failure(
    keys: Path, pool: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = paramiko.Message()
    hostile.add_string("ssh-rsa")
    hostile.add_mpint(65537)
    hostile.add_mpint(-(2**2047))

    def show(*_: object, **__: object) -> paramiko.PKey:
        return paramiko.RSAKey(data=hostile.asbytes())

    monkeypatch.setattr("paramiko.transport.Transport._verify_key", show)
    async with playing(Script("r1#", {}), keys / "host") as player:
        told = await talk(keys, pool, player.port, known_hosts(tmp_path / "known", player.port, keys / "host"))
    assert isinstance(told, Failure)
    assert told.reason is Reason.PROTOCOL
