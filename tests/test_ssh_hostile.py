"""SSH servers that drip, never end, change keys or ask strange prompts: each talk ends, and the pool goes on."""

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import paramiko
import pytest

from collectors.model import Failure, Reason
from collectors.ssh.talk import WATCHDOG, SshTarget, _talk
from tests.servers import wait_until
from tests.ssh_hostile import CHANGED, SERVERS, SOCKETS, hostile
from tests.ssh_replay import Script, playing
from tests.sshd import known_hosts, new_keys

KINDS = (*SOCKETS, *SERVERS, CHANGED)
GOOD = 8
ALL = 200


@dataclass(frozen=True)
class Ended:
    kind: str
    took_s: float  # by the clock of the talk itself
    made: str | Failure


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_keys(tmp_path_factory, "host", "other", "client")


def talked(kind: str, target: SshTarget) -> Ended:
    begun = time.monotonic()
    made = _talk(target, lambda run: run("show version"))
    return Ended(kind, time.monotonic() - begun, made)


async def meet(kinds: Sequence[str], keys: Path, limits: SshTarget, workers: int) -> list[Ended]:
    """Talk to a server of each kind and then, over and over between them, to one that behaves."""
    loop, good = asyncio.get_running_loop(), Script("host#", {"show version": ["fine"]})
    with ThreadPoolExecutor(workers) as pool:
        async with hostile(list(kinds), keys / "host", keys / "other") as ports, playing(good, keys / "host") as player:
            known = [known_hosts(keys / "known", port, keys / "host").read_text() for port in (*ports, player.port)]
            (keys / "known").write_text("".join(known))
            every = len(kinds) // GOOD or 1
            asked = list(zip(kinds, ports, strict=True))
            for place in range(every, len(kinds) + GOOD, every + 1):
                asked.insert(place, ("good", player.port))
            talks = [
                loop.run_in_executor(
                    pool, talked, kind, replace(usual(keys) if kind in {"good", CHANGED} else limits, port=port)
                )
                for kind, port in asked
            ]
            return await asyncio.gather(*talks)


def usual(keys: Path) -> SshTarget:
    """The product's own."""
    return SshTarget("127.0.0.1", "u", keys / "client", keys / "known", device_type="cisco_ios")


async def test_two_hundred_servers_each_end_and_the_pool_goes_on(keys: Path) -> None:
    # An exchange of keys costs both sides 50 ms of this machine, so most servers don't get that far.
    kinds = ([*SOCKETS] * 3 + [*SERVERS, CHANGED]) * 7
    kinds = kinds[:ALL]
    ended = await meet(kinds, keys, replace(usual(keys), timeout_s=1, silence_s=1, deadline_s=2), workers=40)
    _judge(ended)
    wait_until(lambda: not any(map(_of_ssh, threading.enumerate())), saying="no thread is left behind")


def _of_ssh(thread: threading.Thread) -> bool:
    return isinstance(thread, paramiko.Transport) or thread.name == WATCHDOG


@pytest.mark.soak
async def test_each_ends_within_20_s_by_the_limits_of_the_product(keys: Path) -> None:
    _judge(await meet(KINDS, keys, usual(keys), workers=len(KINDS) + GOOD))


def _judge(ended: Sequence[Ended]) -> None:
    assert [(each.kind, each.took_s) for each in ended if each.took_s > 20] == []
    good = [each.made for each in ended if each.kind == "good"]
    assert len(good) >= GOOD
    assert good == ["fine"] * len(good)
    bad = {each.kind: each.made for each in ended if each.kind != "good"}
    assert [kind for kind, made in bad.items() if not isinstance(made, Failure)] == []
    reasons = {kind: made.reason for kind, made in bad.items() if isinstance(made, Failure)}
    assert reasons.pop(CHANGED) is Reason.HOST_KEY_CHANGED
    assert set(reasons.values()) <= {Reason.DEADLINE, Reason.PROTOCOL}, reasons
