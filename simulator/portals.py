"""The services' endpoints over HTTP on 127.0.0.1: `/<endpoint code>` is that endpoint's first page."""

import asyncio
import html
import socket
import struct
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from inventory.model import Endpoint

_REQUEST_OCTETS = 16_384
_REQUEST_S = 10.0  # a client that hasn't asked by then is hung up on
_SILENCE_S = 600.0
_RESET = struct.pack("ii", 1, 0)  # linger for 0 s: close sends RST


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an endpoint does instead of answering 200 at once.

    `refuse` resets the connection without an answer (all endpoints share one port, so none can
    refuse it outright); `silent` accepts it and says nothing.
    """

    status: int = 200
    slow_s: float = 0.0
    refuse: bool = False
    silent: bool = False


_FINE = Trouble()


class Portals:
    """`with Portals(endpoints, port) as portals:` serves them from a thread of its own; port 0 takes a free one.

    `troubles` may be set at any time, from any thread; it holds for requests from then on.
    Creating it raises OSError where the port is taken.
    """

    def __init__(self, endpoints: Iterable[Endpoint], port: int) -> None:
        self._pages = {endpoint.code: _page(endpoint) for endpoint in endpoints}
        self._socket = socket.create_server(("127.0.0.1", port), backlog=1024)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._run, name="portals", daemon=True)
        self.troubles: Mapping[str, Trouble] = {}

    @property
    def codes(self) -> Collection[str]:
        return self._pages.keys()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:  # it cancels what is under way, and closes
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        server = await asyncio.start_server(self._serve, sock=self._socket, limit=_REQUEST_OCTETS)
        await self._stop.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
            answer = await self._answer(head.split(b"\r\n", 1)[0].decode("latin-1"))
            if answer is None:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                writer.transport.abort()
                return
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return  # a client that went away or never asked: there is nobody to tell
        finally:
            writer.close()

    async def _answer(self, line: str) -> bytes | None:
        """The response to one request line; None resets the connection."""
        method, _, rest = line.partition(" ")
        code = unquote(rest.split(" ", 1)[0].split("?", 1)[0]).strip("/").split("/", 1)[0]
        trouble = self.troubles.get(code, _FINE)
        if trouble.refuse:
            return None
        await asyncio.sleep(_SILENCE_S if trouble.silent else trouble.slow_s)
        page = self._pages.get(code)
        if method not in {"GET", "HEAD"}:
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"", head_only=False)
        if page is None:
            return _response(HTTPStatus.NOT_FOUND, b"no such endpoint\n", head_only=method == "HEAD")
        body = page if trouble.status == HTTPStatus.OK else _apology(trouble.status)
        return _response(trouble.status, body, head_only=method == "HEAD")


def _page(endpoint: Endpoint) -> bytes:
    name = html.escape(endpoint.names.en or endpoint.code)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title></head>\n'
        f"<body><h1>{name}</h1><p>Sign in to apply for a service or to see the state of an application.</p>\n"
        '<form method="get"><label>User <input name="user"></label> <button>Sign in</button></form>\n'
        f"<!-- {html.escape(endpoint.code)} --></body></html>\n"
    ).encode()


def _apology(status: int) -> bytes:
    return f"<!doctype html><title>{_said(status)}</title><h1>{_said(status)}</h1>\n".encode()


def _said(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}" if status in set(HTTPStatus) else str(status)


def _response(status: int, body: bytes, *, head_only: bool) -> bytes:
    head = (
        f"HTTP/1.1 {_said(status)}\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if head_only else body)
