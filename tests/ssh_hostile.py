"""SSH servers of every bad manner on 127.0.0.1: plain sockets that never speak SSH properly, and asyncssh ones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import asyncssh

_Write = Callable[[bytes], Awaitable[None]]


async def _for_ever(write: _Write, octets: bytes, pause_s: float) -> None:
    while True:
        await write(octets)
        await asyncio.sleep(pause_s)


async def _silent(_write: _Write) -> None:
    await asyncio.Event().wait()


async def _closes(_write: _Write) -> None:
    return


async def _drips_a_line(write: _Write) -> None:
    await _for_ever(write, b"x", 0.05)


async def _drips_lines(write: _Write) -> None:
    await _for_ever(write, b"welcome\r\n", 0.05)


async def _floods(write: _Write) -> None:
    await _for_ever(write, b"x" * 4096, 0)


async def _stops_after_its_version(write: _Write) -> None:
    await write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await _silent(write)


async def _speaks_nonsense(write: _Write) -> None:
    await write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await _for_ever(write, bytes(range(256)), 0.01)


SOCKETS: Mapping[str, Callable[[_Write], Awaitable[None]]] = {
    "accepts, then silent": _silent,
    "closes at once": _closes,
    "drips its banner": _drips_a_line,
    "drips lines before its banner": _drips_lines,
    "floods before its banner": _floods,
    "silent after its version": _stops_after_its_version,
    "nonsense after its version": _speaks_nonsense,
}


async def _drip_output(process: asyncssh.SSHServerProcess[str]) -> None:
    while True:
        process.stdout.write(".")
        await asyncio.sleep(0.05)


async def _flood_output(process: asyncssh.SSHServerProcess[str]) -> None:
    while True:
        process.stdout.write("]" * 400 + "\n")
        await process.stdout.drain()


async def _never_prompts(process: asyncssh.SSHServerProcess[str]) -> None:
    process.stdout.write("Do you accept the licence? (yes/no)\r\n")
    while await process.stdin.read(100):
        process.stdout.write("Please answer.\r\n")


async def _changing_prompt(process: asyncssh.SSHServerProcess[str]) -> None:
    number = 0
    process.stdout.write("host0# ")
    while await process.stdin.read(100):
        number += 1
        process.stdout.write(f"\r\nhost{number}# ")


async def _pager(process: asyncssh.SSHServerProcess[str]) -> None:
    """A prompt, and for every command a page that waits for a key for ever."""
    process.stdout.write("host# ")
    while keys := await process.stdin.read(100):
        process.stdout.write("\r\nhost# " if keys.strip() == "" else f"{keys}\r\nline\r\n--More--")


async def _no_answer(process: asyncssh.SSHServerProcess[str]) -> None:
    """A prompt, but nothing more once there is a command."""
    process.stdout.write("host# ")
    asked = False
    while keys := await process.stdin.read(100):
        asked = asked or keys.strip() != ""
        if not asked:
            process.stdout.write("\r\nhost# ")


class _AnyKey(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return True


class _NeverLetsIn(_AnyKey):
    async def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:  # type: ignore[override]
        await asyncio.Event().wait()
        return True


class _OpensNoSession(_AnyKey):
    async def session_requested(self) -> bool:
        await asyncio.Event().wait()
        return True


_Factory = tuple[type[asyncssh.SSHServer], Callable[[asyncssh.SSHServerProcess[str]], Awaitable[None]]]
SERVERS: Mapping[str, _Factory] = {
    "never answers the login": (_NeverLetsIn, _silent),  # type: ignore[dict-item]
    "never opens the session": (_OpensNoSession, _silent),  # type: ignore[dict-item]
    "drips output": (_AnyKey, _drip_output),
    "floods output": (_AnyKey, _flood_output),
    "never shows a prompt": (_AnyKey, _never_prompts),
    "another prompt each time": (_AnyKey, _changing_prompt),
    "a pager that never ends": (_AnyKey, _pager),
    "silent at a command": (_AnyKey, _no_answer),
}
CHANGED = "shows another key"


@asynccontextmanager
async def hostile(kinds: list[str], host_key: Path, other_key: Path) -> AsyncIterator[list[int]]:
    """A server of each of the kinds; gives their ports."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_server(kind, host_key, other_key)) for kind in kinds]


@asynccontextmanager
async def _server(kind: str, host_key: Path, other_key: Path) -> AsyncIterator[int]:
    server = await (_on_a_socket(kind) if kind in SOCKETS else _over_ssh(kind, host_key, other_key))
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _on_a_socket(kind: str) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def write(octets: bytes) -> None:
            writer.write(octets)
            await writer.drain()

        manner, gone = asyncio.ensure_future(SOCKETS[kind](write)), asyncio.ensure_future(reader.read())
        await asyncio.wait((manner, gone), return_when=asyncio.FIRST_COMPLETED)
        writer.close()
        for task in (manner, gone):
            task.cancel()
        await asyncio.gather(manner, gone, return_exceptions=True)

    return await asyncio.start_server(serve, "127.0.0.1", 0)


async def _over_ssh(kind: str, host_key: Path, other_key: Path) -> asyncssh.SSHAcceptor:
    factory, talk = SERVERS.get(kind, (_AnyKey, _no_answer))
    key = other_key if kind == CHANGED else host_key

    async def process(process: asyncssh.SSHServerProcess[str]) -> None:
        with suppress(OSError, asyncssh.Error):
            await talk(process)

    return await asyncssh.listen(
        "127.0.0.1", 0, server_factory=factory, server_host_keys=[str(key)], process_factory=process,
        line_editor=False, encoding="utf-8",
    )  # fmt: skip
