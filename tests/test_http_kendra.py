"""Looks by a kendra's own PC: a real sshd, its shell and curl, and servers on loopback."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from collectors.http.kendra import Login, command, logins, looks, looks_from
from collectors.http.look import Look
from collectors.model import Failure, Reason
from collectors.ssh.talk import SshTarget
from inventory.model import Credential, Device, Endpoint, Inventory, Names
from storage.settings import CollectSettings, EndpointSettings, Settings
from tests.servers import free_port
from tests.sshd import Sshd, sshd
from tests.webserver import Page, authority, page, web

OPEN = EndpointSettings(allow=("127.0.0.0/8", "::1"), timeout_s=3)
SETTINGS = Settings(endpoints=OPEN)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    if not (shutil.which("curl") and shutil.which("getent")):
        pytest.skip("curl is not installed")
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def pc(server: Sshd) -> Login:
    return Login("pc1", SshTarget("127.0.0.1", server.user, server.key, server.known_hosts, server.port))


def endpoint(url: str, **fields: str) -> Endpoint:
    return Endpoint("portal", Names("Portal"), url, **fields)  # type: ignore[arg-type] # all of them texts


async def seen(server: Sshd, pool: ThreadPoolExecutor, *endpoints: Endpoint) -> tuple[Look, ...]:
    found = await looks_from(pc(server), endpoints, SETTINGS, pool)
    assert not isinstance(found, Failure), found
    return found


def reasons(found: tuple[Look, ...]) -> list[Reason | None]:
    return [look.failure.reason if look.failure else None for look in found]


@pytest.mark.server
async def test_a_kendra_tells_what_it_reaches(server: Sshd, pool: ThreadPoolExecutor) -> None:
    async with web({"/start": page(body="लोक सेवा".encode() + b"x" * 200_000)}) as portal:
        found = await seen(server, pool, endpoint(f"http://localhost:{portal.port}/start", expect_text="लोक सेवा"))
    (look,) = found
    assert (look.endpoint, look.failure, look.found.status) == ("portal", None, 200)
    assert 0 < (look.found.connect_s or 0) <= look.total_s
    assert portal.heads[0].startswith("GET /start HTTP/1.1")
    assert f"Host: localhost:{portal.port}" in portal.heads[0]


@pytest.mark.server
@pytest.mark.parametrize(
    ("answer", "fields", "wanted"),
    [
        (page(503), {}, [Reason.STATUS, Reason.STATUS]),  # looked at twice
        (page(body=b"maintenance"), {"expect_text": 'it\'s "open" $(id)'}, [Reason.TEXT, Reason.TEXT]),
        (page(body=b'it\'s "open" $(id)'), {"expect_text": 'it\'s "open" $(id)'}, [None]),
        (page(body=b""), {"method": "HEAD"}, [None]),
        (page(302, headers="Location: /start\r\n"), {}, [Reason.PROTOCOL, Reason.PROTOCOL]),  # in a circle
        (page(302, headers="Location: http://10.0.0.1/\r\n"), {}, [None]),  # an answer; what lies there is not asked
        (page(302, headers="Location: http://10.0.0.1/\r\n"), {"expect_text": "x"}, []),  # and then nothing is known
        (page(302, headers="Location: http://[::1\r\n"), {"expect_status": "200"}, []),
    ],
)
async def test_what_a_kendra_finds_wrong(
    server: Sshd, pool: ThreadPoolExecutor, answer: Page, fields: dict[str, str], wanted: list[Reason | None]
) -> None:
    async with web({"/start": answer}) as portal:
        found = await seen(server, pool, endpoint(f"http://127.0.0.1:{portal.port}/start", **fields))
    assert reasons(found) == wanted


@pytest.mark.server
async def test_where_nobody_answers(server: Sshd, pool: ThreadPoolExecutor, tmp_path: Path) -> None:
    made = authority(tmp_path)
    async with web({"/": page()}, made.serving("localhost", timedelta(days=3))) as unknown:
        found = await seen(
            server, pool,
            replace(endpoint(f"http://127.0.0.1:{free_port()}/"), code="gone"),
            replace(endpoint("http://no-such-host.invalid/"), code="nameless"),
            replace(endpoint(f"https://localhost:{unknown.port}/"), code="stranger"),
        )  # fmt: skip
    assert [look.endpoint for look in found] == ["gone", "gone", "nameless", "nameless", "stranger", "stranger"]
    assert reasons(found)[::2] == [Reason.TIMEOUT, Reason.NAME, Reason.TLS]


@pytest.mark.server
async def test_an_endless_body_ends_where_enough_is_read(server: Sshd, pool: ThreadPoolExecutor) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"y" * 8192)
            await writer.drain()

    async with web({"/": endless}) as portal:
        found = await seen(server, pool, endpoint(f"http://127.0.0.1:{portal.port}/"))
    assert reasons(found) == [None]


@pytest.mark.server
async def test_a_private_address_is_not_asked_from_a_kendra_either(server: Sshd, pool: ThreadPoolExecutor) -> None:
    async with web({"/": page()}) as portal:
        closed = Settings(endpoints=EndpointSettings(timeout_s=3))
        found = await looks_from(pc(server), [endpoint(f"http://localhost:{portal.port}/")], closed, pool)
    assert not isinstance(found, Failure)
    assert reasons(found) == [Reason.FORBIDDEN, Reason.FORBIDDEN]
    assert portal.heads == []


@pytest.mark.server
async def test_who_cannot_log_in_sees_nothing(server: Sshd, pool: ThreadPoolExecutor) -> None:
    other = replace(pc(server), target=replace(pc(server).target, key_file=server.other_key))
    found = await looks_from(other, [endpoint("http://127.0.0.1/")], SETTINGS, pool)
    assert isinstance(found, Failure)
    assert found.reason is Reason.AUTHENTICATION


def test_no_shell_reads_an_address_or_a_text_as_a_command(tmp_path: Path) -> None:
    """Whatever stands in the inventory comes to curl as it is."""
    url, text = "https://h.test/a'b?c=$(touch evil)&d=`id`;#{1,2}[3]", "'; touch evil; echo '"
    written = command(endpoint(url, expect_text=text), httpx2.URL(url), ["192.0.2.1"], 3)
    probe = tmp_path / "curl"
    probe.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$CURL_ARGS"\n')
    probe.chmod(0o755)
    told = tmp_path / "args"
    subprocess.run(
        ["/bin/sh", "-c", written], cwd=tmp_path, check=False,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "CURL_ARGS": str(told)},
    )  # fmt: skip
    given = told.read_text().splitlines()
    assert given[-1] == str(httpx2.URL(url))
    assert "h.test:443:192.0.2.1" in given
    assert not (tmp_path / "evil").exists()


def test_a_machine_without_the_tools_tells_nothing() -> None:
    assert list(looks(lambda _: "sh: getent: not found\nresolved 127\n", [endpoint("http://h.test/")], OPEN)) == []
    answers = {"getent": "127.0.0.1 STREAM h.test\nresolved 0\n"}
    run = lambda line: answers.get(line.split()[0], "sh: curl: not found\n")  # noqa: E731 - a shell in one line
    assert list(looks(run, [endpoint("http://h.test/")], OPEN)) == []


def test_what_is_no_web_address_is_not_asked() -> None:
    (first, _) = looks(lambda _: "", [endpoint("http://h.test:99999/")], OPEN)
    assert first.failure is not None
    assert first.failure.reason is Reason.PROTOCOL


def test_who_is_asked(small: Inventory) -> None:
    login = Credential("login", "ssh", user="pahunch", key_file="file:/etc/pahunch/key")
    changed = {
        "pc1": replace(small.devices["pc1"], ssh_credential="login"),
        "pc2": replace(small.devices["pc2"], credential="login"),
        "gp1": replace(small.devices["gp1"], ssh_credential="login"),  # no PC
    }
    inventory = replace(
        small,
        devices={**small.devices, **changed, "pc1b": Device("pc1b", changed["pc1"].role, "kendra1", primary_ip="127.1.9.9", ssh_credential="login")},
        credentials={**small.credentials, "login": login},
    )  # fmt: skip
    settings = Settings(collect=CollectSettings(known_hosts=Path("known")))
    found = logins(inventory, settings)
    assert [each.device for each in found] == ["pc1", "pc2"]  # one a kendra
    assert found[0].target == SshTarget(
        changed["pc1"].primary_ip, "pahunch", Path("/etc/pahunch/key"), Path("known"), 22
    )
