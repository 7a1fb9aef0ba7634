"""Looks at endpoints over real sockets: what is found, what every failure is called, where nobody gets in."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from collectors.http.addresses import Allowed, Lookup, permitted, system_lookup
from collectors.http.look import Look
from collectors.http.probe import BODY_OCTETS, Prober
from collectors.model import Failure, Reason
from inventory.model import Endpoint, Names
from storage.settings import EndpointSettings
from tests.servers import free_port
from tests.waiting import waiting
from tests.webserver import Page, Web, authority, page, sends, web

LOOPBACK = EndpointSettings(allow=("127.0.0.0/8",), timeout_s=3)


def names(addresses: Mapping[str, tuple[str, ...]]) -> Lookup:
    """A name server that knows these; literal addresses lead to themselves, everything else nowhere."""

    async def lookup(host: str, port: int) -> tuple[str, ...]:
        if host[0].isdigit():
            return (host,)
        if host not in addresses:
            raise OSError(-2, "Name or service not known")
        return addresses[host]

    return lookup


@asynccontextmanager
async def prober(
    settings: EndpointSettings = LOOPBACK, addresses: Mapping[str, tuple[str, ...]] | None = None
) -> AsyncIterator[Prober]:
    made = Prober(settings, names({"portal.test": ("127.0.0.1",)} | dict(addresses or {})))
    try:
        yield made
    finally:
        await made.close()


async def look(url: str, settings: EndpointSettings = LOOPBACK, **expected: Any) -> Look:
    async with prober(settings) as asking:
        return await asking.look(Endpoint("portal", Names("Portal"), url, **expected))


def reason(seen: Look) -> Reason | None:
    return seen.failure.reason if seen.failure else None


def cells(seen: Look) -> dict[str, float]:
    assert {instance for _, instance, _ in seen.cells()} == {"portal"}
    return {metric: value for metric, _, value in seen.cells()}


async def test_a_good_answer_brings_status_and_the_time_of_each_part() -> None:
    async with web({"/start?a=1": page(body=b"<h1>Lok Seva</h1>")}) as server:
        seen = await look(f"http://portal.test:{server.port}/start?a=1", expect_text="Lok Seva")
    assert reason(seen) is None
    assert server.heads[0].startswith("GET /start?a=1 HTTP/1.1\r\n")
    assert f"Host: portal.test:{server.port}\r\n" in server.heads[0]
    told = cells(seen)
    assert (told["endpoint_up"], told["endpoint_failure"], told["endpoint_http_status"]) == (1, 0, 200)
    parts = told["endpoint_name_s"] + told["endpoint_connect_s"] + told["endpoint_first_byte_s"]
    assert 0 < parts <= told["endpoint_total_s"]
    assert "endpoint_tls_s" not in told
    assert "endpoint_certificate_s" not in told


async def test_a_look_carries_no_cookie_of_the_one_before() -> None:
    async with web({"/": page(headers="Set-Cookie: session=1\r\n")}) as server, prober() as asking:
        for _ in range(2):
            await asking.look(Endpoint("portal", Names("Portal"), f"http://portal.test:{server.port}/"))
    assert len(server.heads) == 2
    assert all("cookie" not in head.lower() for head in server.heads)


@pytest.mark.parametrize(
    ("answer", "expected", "wanted"),
    [
        (page(503), {}, Reason.STATUS),
        (page(204, b""), {"expect_status": "200"}, Reason.STATUS),
        (page(403), {"expect_status": "401-403"}, None),
        (page(200, b"Service under maintenance"), {"expect_text": "Lok Seva"}, Reason.TEXT),
        (page(200, "लोक सेवा".encode()), {"expect_text": "लोक सेवा"}, None),
        (page(200, b"x" * BODY_OCTETS + b"Lok Seva"), {"expect_text": "Lok Seva"}, Reason.TEXT),
        (sends(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), {}, Reason.PROTOCOL),
        (sends(b""), {}, Reason.PROTOCOL),
        (sends(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"), {}, Reason.PROTOCOL),
        (sends(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"), {}, Reason.PROTOCOL),
        (sends(b"HTTP/1.1 200 \xff\x00\xfe\r\n\r\n"), {}, Reason.PROTOCOL),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_answer(answer: Page, expected: dict[str, Any], wanted: Reason | None) -> None:
    async with web({"/": answer}) as server:
        assert reason(await look(f"http://portal.test:{server.port}/", **expected)) is wanted


async def test_nobody_there() -> None:
    assert reason(await look(f"http://portal.test:{free_port()}/")) is Reason.REFUSED
    assert reason(await look("http://nowhere.test/")) is Reason.NAME


async def test_a_name_server_that_does_not_answer_is_not_the_endpoints_silence() -> None:
    async def hang(_host: str, _port: int) -> tuple[str, ...]:
        await asyncio.sleep(60)
        return ()

    asking = Prober(LOOPBACK, hang)
    seen = await asking.look(Endpoint("portal", Names("Portal"), "http://portal.test/", timeout_s=0.1))
    await asking.close()
    assert reason(seen) is Reason.NAME


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"ffff\r\n" + b"y" * 0xFFFF + b"\r\n")
        await writer.drain()


@pytest.mark.parametrize(("answer", "wanted"), [(drip, Reason.DEADLINE), (silent, Reason.TIMEOUT)])
async def test_a_look_ends_at_its_deadline(answer: Page, wanted: Reason) -> None:
    async with web({"/": answer}) as server, waiting() as idle:
        seen = await look(f"http://portal.test:{server.port}/", timeout_s=0.5)
        assert idle() < 1.5
    assert reason(seen) is wanted
    assert cells(seen)["endpoint_up"] == 0


async def test_an_endless_body_is_left_where_enough_is_read() -> None:
    async with web({"/": endless}) as server, waiting() as idle:
        seen = await look(f"http://portal.test:{server.port}/", timeout_s=30)
        assert idle() < 10
    assert reason(seen) is None


async def test_a_redirect_is_followed_to_where_its_name_leads() -> None:
    async with web({"/home": page(body=b"Lok Seva")}) as there:
        away = page(302, headers=f"Location: http://portal.test:{there.port}/home\r\n")
        async with web({"/": away}) as here:
            seen = await look(f"http://portal.test:{here.port}/", expect_text="Lok Seva")
    assert (reason(seen), seen.found.status) == (None, 200)


async def test_a_redirect_that_is_the_wanted_answer_is_not_followed() -> None:
    async with web({"/": page(302, headers="Location: http://nowhere.test/\r\n")}) as server:
        seen = await look(f"http://portal.test:{server.port}/", expect_status="302")
    assert (reason(seen), seen.found.status) == (None, 302)


@pytest.mark.parametrize(
    ("location", "wanted"),
    [
        ("/", Reason.PROTOCOL),  # in a circle
        ("http://inside.test/", Reason.FORBIDDEN),
        ("http://10.0.0.1/admin", Reason.FORBIDDEN),
        ("http://[::ffff:10.0.0.1]/", Reason.FORBIDDEN),
        ("http://169.254.169.254/latest/meta-data", Reason.FORBIDDEN),
        ("http://user:secret@portal.test/", Reason.FORBIDDEN),
        ("file:///etc/passwd", Reason.FORBIDDEN),
        ("javascript:alert(1)", Reason.FORBIDDEN),
        ("http://", Reason.PROTOCOL),
        ("http://portal.test:99999/", Reason.FORBIDDEN),
        (f"http://{'a' * 300}/", Reason.NAME),
        ("http://[::1", Reason.PROTOCOL),
    ],
)
async def test_a_redirect_leads_nowhere_but_to_permitted_addresses(location: str, wanted: Reason) -> None:
    inside = {"inside.test": ("10.1.2.3",), "::ffff:10.0.0.1": ("::ffff:10.0.0.1",)}
    away = page(302, headers=f"Location: {location}\r\n")
    async with web({"/": away}) as server, prober(addresses=inside) as asking:
        seen = await asking.look(Endpoint("portal", Names("Portal"), f"http://portal.test:{server.port}/"))
    assert reason(seen) is wanted, seen.failure


async def test_a_name_that_leads_to_a_private_address_is_not_asked() -> None:
    settings = EndpointSettings(timeout_s=3)
    async with web({"/": page()}) as server:
        seen = await look(f"http://portal.test:{server.port}/", settings)
        mixed = {"mixed.test": ("93.184.216.34", "127.0.0.1")}
        async with prober(settings, mixed) as asking:
            both = await asking.look(Endpoint("portal", Names("Portal"), f"http://mixed.test:{server.port}/"))
    assert (reason(seen), reason(both)) == (Reason.FORBIDDEN, Reason.FORBIDDEN)
    assert server.heads == []


async def test_the_name_is_resolved_once_and_its_answer_is_what_is_connected_to() -> None:
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) == 1 else ("127.0.0.2",)

    async with web({"/": page()}) as server:
        made = Prober(LOOPBACK, rebinding)
        seen = await made.look(Endpoint("portal", Names("Portal"), f"http://portal.test:{server.port}/"))
        await made.close()
    assert (reason(seen), asked) == (None, ["portal.test"])


async def test_another_address_of_the_host_is_tried() -> None:
    async with web({"/": page()}) as server, prober(addresses={"two.test": ("127.0.0.9", "127.0.0.1")}) as asking:
        seen = await asking.look(Endpoint("portal", Names("Portal"), f"http://two.test:{server.port}/"))
    assert reason(seen) is None


@asynccontextmanager
async def encrypted(folder: Path, name: str, valid_for: timedelta) -> AsyncIterator[tuple[Web, EndpointSettings]]:
    made = authority(folder)
    async with web({"/": page()}, made.serving(name, valid_for)) as server:
        yield server, LOOPBACK.model_copy(update={"ca_file": str(made.file)})


async def test_how_long_a_certificate_is_still_valid(tmp_path: Path) -> None:
    async with encrypted(tmp_path, "portal.test", timedelta(days=5)) as (server, settings):
        seen = await look(f"https://portal.test:{server.port}/", settings)
    assert reason(seen) is None
    told = cells(seen)
    assert told["endpoint_tls_s"] > 0
    assert 4.9 * 86_400 < told["endpoint_certificate_s"] < 5.01 * 86_400


@pytest.mark.parametrize(
    ("name", "valid_for", "detail"),
    [
        ("portal.test", timedelta(days=-2), "expired"),
        ("other.test", timedelta(days=5), "mismatch"),
    ],
)
async def test_a_certificate_that_is_not_in_order(tmp_path: Path, name: str, valid_for: timedelta, detail: str) -> None:
    async with encrypted(tmp_path, name, valid_for) as (server, settings):
        seen = await look(f"https://portal.test:{server.port}/", settings)
    assert seen.failure is not None
    assert seen.failure.reason is Reason.TLS
    assert detail in seen.failure.detail


async def test_an_unknown_authority_is_not_trusted(tmp_path: Path) -> None:
    async with encrypted(tmp_path, "portal.test", timedelta(days=5)) as (server, _):
        assert reason(await look(f"https://portal.test:{server.port}/")) is Reason.TLS


async def test_an_answer_in_the_clear_is_no_tls() -> None:
    def complain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(complain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert reason(await look(f"https://portal.test:{port}/")) is Reason.TLS


@pytest.mark.parametrize(
    ("allow", "host", "address", "permitted"),
    [
        ((), "p.test", "93.184.216.34", True),
        ((), "p.test", "2606:2800:220:1::1", True),
        ((), "p.test", "10.0.0.1", False),
        ((), "p.test", "127.0.0.1", False),
        ((), "p.test", "169.254.169.254", False),
        ((), "p.test", "100.64.0.1", False),  # shared by carriers, RFC 6598
        ((), "p.test", "0.0.0.0", False),
        ((), "p.test", "224.0.0.1", False),
        ((), "p.test", "255.255.255.255", False),
        ((), "p.test", "::1", False),
        ((), "p.test", "fe80::1", False),
        ((), "p.test", "fd00::1", False),
        ((), "p.test", "fec0::1", False),  # site-local
        ((), "p.test", "::ffff:10.0.0.1", False),
        ((), "p.test", "::ffff:93.184.216.34", False),
        ((), "p.test", "2002:0a00:0001::1", False),  # 6to4 of 10.0.0.1
        ((), "p.test", "64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        (("10.0.0.0/8",), "p.test", "10.0.0.1", True),
        (("10.0.0.0/8",), "p.test", "::ffff:10.0.0.1", True),
        (("10.0.0.0/8",), "p.test", "192.168.0.1", False),
        (("10.0.0.1",), "p.test", "10.0.0.1", True),
        (("P.test",), "p.TEST", "192.168.0.1", True),
        (("p.test",), "p.test", "0.0.0.0", False),
        (("p.test",), "q.test", "192.168.0.1", False),
    ],
)  # fmt: skip
def test_which_addresses_may_be_asked(allow: tuple[str, ...], host: str, address: str, permitted: bool) -> None:
    assert Allowed.named(allow).permits(host, ip_address(address)) is permitted


async def test_names_that_hang_say_nothing_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup cannot be ended: each name that hangs holds one thread, and the name for which none is left is not asked for."""
    over, asked = threading.Event(), list[str]()

    def resolve(host: str, port: int, **_: int) -> list[tuple[object, ...]]:
        asked.append(host)
        if host.startswith("dead"):
            over.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with ThreadPoolExecutor(3) as pool:
        lookup = system_lookup(pool, 3)

        async def found(host: str) -> tuple[str, ...] | Failure:
            return await permitted(host, 443, Allowed.named(()), lookup)

        dead = [asyncio.create_task(found(host)) for host in ("dead1", "dead2", "dead1", "dead2")]
        await asyncio.sleep(0)
        assert await found("portal.test") == ("93.184.216.34",)
        dead.append(asyncio.create_task(found("dead3")))
        await asyncio.sleep(0)
        dead[0].cancel()  # its time is over: the thread goes on
        none_left = await found("portal.test")
        over.set()
        told = await asyncio.gather(*dead[1:])
        assert await found("portal.test") == ("93.184.216.34",)
    assert isinstance(none_left, Failure)
    assert none_left.reason is Reason.NO_ROUTE
    assert [each.reason for each in told if isinstance(each, Failure)] == [Reason.NAME] * 4
    assert sorted(asked) == ["dead1", "dead2", "dead3", "portal.test", "portal.test"]


async def test_that_this_machine_has_no_more_files_is_no_fault_of_a_name() -> None:
    async def lookup(_host: str, _port: int) -> tuple[str, ...]:
        raise OSError(24, "Too many open files")

    found = await permitted("portal.test", 443, Allowed.named(()), lookup)
    assert found == Failure(Reason.NO_ROUTE, detail="portal.test: Too many open files")


async def test_the_systems_resolver() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert "127.0.0.1" in await system_lookup(pool, 1)("localhost", 80)
        assert await system_lookup(pool, 1)("127.1", 80) == ("127.0.0.1",)
        with pytest.raises(OSError, match=r"not known|resolution"):
            await system_lookup(pool, 1)("no-such-host.invalid", 80)
