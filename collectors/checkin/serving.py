"""Listening for agents: by itself with a certificate, or on loopback behind a proxy that has one."""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Generator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from storage.settings import CheckinSettings

_CONNECTIONS = 1_000


class NoCertificateError(ValueError):
    """Agents would send over an open network without encryption."""


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        # Whoever owns the event loop owns its signals.
        yield


async def receive_until(app: ASGIApp, settings: CheckinSettings, stop: asyncio.Event) -> None:
    """Answer until `stop` is set. Raises NoCertificateError, OSError where the port is taken or a file is missing."""
    _check(settings)
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.create_server((settings.host, settings.port), family=family, backlog=1024)
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=3,
        limit_concurrency=_CONNECTIONS,
        ssl_certfile=settings.certificate or None,
        ssl_keyfile=settings.certificate_key or None,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listening]))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    server.should_exit = True
    await running


def _check(settings: CheckinSettings) -> None:
    for file in (settings.certificate, settings.certificate_key):
        if file:
            Path(file).read_bytes()  # uvicorn would end the process
    if not settings.certificate and not _is_loopback(settings.host):
        raise NoCertificateError(f"{settings.host}: set checkin.certificate, or a loopback address behind a proxy")


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
