"""A look at an endpoint over HTTP: whether it answers as it should, and how long each part of that took.

Only permitted addresses are connected to, redirects included. Of an answer no more than BODY_OCTETS are
read, and a look ends inside its deadline whatever the other side does.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any

import httpx2

from collectors.http.addresses import Allowed, Lookup, permitted
from collectors.http.fault import failure_of, is_of_connecting
from collectors.http.look import Found, Look
from collectors.model import Failure, Reason
from inventory.model import Endpoint
from storage.settings import EndpointSettings

BODY_OCTETS = 65_536
_MOST_ADDRESSES = 3  # of one host that are tried
_PORTS = {"http": 80, "https": 443}
_HEADERS = {
    "User-Agent": "Pahunch/1 (endpoint probe)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",  # the expected text is looked for in what comes
    "Connection": "close",  # each look shows what a new visitor meets
}


class Prober:
    """Looks at endpoints over one transport: no proxy, no cookies, no credentials; `close` it."""

    def __init__(self, settings: EndpointSettings, lookup: Lookup) -> None:
        """OSError or ssl.SSLError where endpoints.ca_file cannot be read."""
        self._settings = settings
        self._allowed = Allowed.named(settings.allow)
        self._lookup = lookup
        tls = ssl.create_default_context()
        if settings.ca_file:
            tls.load_verify_locations(cafile=settings.ca_file)
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=0)
        self._transport = httpx2.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits)

    async def close(self) -> None:
        await self._transport.aclose()

    async def look(self, endpoint: Endpoint) -> Look:
        at, began, found = time.time(), time.perf_counter(), Found()
        limit_s = endpoint.timeout_s or self._settings.timeout_s
        try:
            async with asyncio.timeout(limit_s):
                failure = await self._follow(endpoint, found, limit_s)
        except TimeoutError:
            failure = Failure(_too_late(found), detail=f"not done in {limit_s:g} s")
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            failure = failure_of(error)
        return Look(endpoint.code, at, time.perf_counter() - began, failure, found)

    async def _follow(self, endpoint: Endpoint, found: Found, limit_s: float) -> Failure | None:
        """The endpoint's answer after its redirects; None when it is as it should be."""
        url = httpx2.URL(endpoint.url)
        for _ in range(self._settings.redirects + 1):
            answer = await self._ask(endpoint, url, found, limit_s)
            if not isinstance(answer, httpx2.URL):
                return answer
            url = answer
        return Failure(Reason.PROTOCOL, detail=f"more than {self._settings.redirects} redirects")

    async def _ask(
        self, endpoint: Endpoint, url: httpx2.URL, found: Found, limit_s: float
    ) -> httpx2.URL | Failure | None:
        found.status = found.name_s = None
        if url.scheme not in _PORTS or not url.host or url.userinfo or not 0 < (url.port or 80) < 65_536:
            return Failure(Reason.FORBIDDEN, detail="redirected to something that is no plain web address")
        host, begun = url.raw_host.decode("ascii"), time.perf_counter()
        addresses = await permitted(host.strip("[]"), url.port or _PORTS[url.scheme], self._allowed, self._lookup)
        found.name_s = time.perf_counter() - begun
        if isinstance(addresses, Failure):
            return addresses
        response = await self._first_that_connects(endpoint.method, url, addresses[:_MOST_ADDRESSES], found, limit_s)
        try:
            found.status = response.status_code
            found.certificate_s = _certificate_s(response, time.time())
            return await _answer(endpoint, url, response)
        finally:
            await response.aclose()

    async def _first_that_connects(
        self, method: str, url: httpx2.URL, addresses: tuple[str, ...], found: Found, limit_s: float
    ) -> httpx2.Response:
        for address in addresses[:-1]:
            try:
                return await self._send(method, url, address, found, limit_s / len(addresses))
            except httpx2.TransportError as error:
                if not is_of_connecting(error):
                    raise
        return await self._send(method, url, addresses[-1], found, limit_s)

    async def _send(
        self, method: str, url: httpx2.URL, address: str, found: Found, connect_s: float
    ) -> httpx2.Response:
        """The head of the answer of `address` to a request for `url`."""
        watch = _Watch()
        request = httpx2.Request(
            method,
            url.copy_with(host=address),
            headers={"Host": url.netloc.decode("ascii"), **_HEADERS},
            extensions={
                "sni_hostname": url.raw_host.decode("ascii").strip("[]"),
                "timeout": {"connect": connect_s},
                "trace": watch.mark,
            },
        )
        try:
            return await self._transport.handle_async_request(request)
        finally:
            watch.tell(found)


class _Watch:
    """When the parts of a request began and ended, as the library tells it."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}

    async def mark(self, event: str, _info: Mapping[str, Any]) -> None:
        self._at[event] = time.perf_counter()

    def tell(self, found: Found) -> None:
        found.connect_s = self._between("connection.connect_tcp.started", "connection.connect_tcp.complete")
        found.tls_s = self._between("connection.start_tls.started", "connection.start_tls.complete")
        found.first_byte_s = self._between(
            "http11.send_request_headers.started", "http11.receive_response_headers.complete"
        )

    def _between(self, start: str, end: str) -> float | None:
        return self._at[end] - self._at[start] if end in self._at else None


def _too_late(found: Found) -> Reason:
    """What a look was waiting for when its time was over."""
    if found.name_s is None:
        return Reason.NAME
    return Reason.TIMEOUT if found.status is None else Reason.DEADLINE


async def _answer(endpoint: Endpoint, url: httpx2.URL, response: httpx2.Response) -> httpx2.URL | Failure | None:
    """Where the answer sends us, or what is wrong with it."""
    status = response.status_code
    location = response.headers.get("location", "")
    if 300 <= status < 400 and location and (endpoint.expects(200) or not endpoint.expects(status)):
        return url.join(location)
    if not endpoint.expects(status):
        return Failure(Reason.STATUS, detail=f"status {status}, not {endpoint.expect_status}")
    body = await _body(response)
    if endpoint.expect_text and endpoint.expect_text.encode() not in body:
        return Failure(Reason.TEXT, detail=f"{endpoint.expect_text!r} is not in the first {len(body)} octets")
    return None


async def _body(response: httpx2.Response) -> bytes:
    """The answer's body, or its first BODY_OCTETS."""
    body = bytearray()
    async for part in response.aiter_raw():
        body += part[: BODY_OCTETS - len(body)]
        if len(body) >= BODY_OCTETS:
            break
    return bytes(body)


def _certificate_s(response: httpx2.Response, now: float) -> float | None:
    """How much longer the server's certificate is valid; None without encryption."""
    stream = response.extensions["network_stream"]
    encrypted: ssl.SSLObject | None = stream.get_extra_info("ssl_object")
    certificate = encrypted.getpeercert() if encrypted else None
    return ssl.cert_time_to_seconds(str(certificate["notAfter"])) - now if certificate else None
