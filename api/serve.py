"""Listening. Until sign-in exists only this machine may see the pages."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Generator
from typing import cast

import uvicorn
from fastapi import FastAPI

from api.context import Context


class NotLoopbackError(ValueError):
    """The address could be reached from outside."""


def require_loopback(host: str) -> None:
    """Raises NotLoopbackError unless `host` is localhost or a loopback address."""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return
    if host != "localhost":
        raise NotLoopbackError(
            f"{host}: without sign-in the pages are served on a loopback address only, such as 127.0.0.1"
        )


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        # Whoever owns the event loop owns its signals: `stop` ends this server.
        yield


async def serve_until(app: FastAPI, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve inside a running event loop until `stop` is set. Raises NotLoopbackError, OSError where the port is taken."""
    require_loopback(host)
    listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    config = uvicorn.Config(
        app, access_log=False, log_level="warning", server_header=False, timeout_graceful_shutdown=3
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    cast("Context", app.state.context).feed.close()
    server.should_exit = True
    await running
