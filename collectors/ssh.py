"""Reading a device over SSH, through netmiko, in a bounded pool of threads.

Host keys are always checked against `collect.known_hosts`, before any credential goes out: an
unknown or changed key is a Failure. Nothing but the pinned key of the credential is offered.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import paramiko
from netmiko import NetmikoAuthenticationException, NetmikoTimeoutException
from netmiko.channel import SSHChannel
from netmiko.exceptions import NetmikoBaseException, ReadException
from netmiko.linux.linux_ssh import LinuxSSH

from collectors.model import Failure, Reason
from collectors.reading.linux import COMMANDS, linux
from collectors.reading.model import Reading

MOST_OCTETS = 1_000_000  # of one session
T = TypeVar("T")
Run = Callable[[str], str]
"""Runs a command on the machine and returns what it printed."""

_OURS = frozenset({errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL})

PLATFORMS: Mapping[str, tuple[Mapping[str, str], Callable[[str, Mapping[str, str]], Reading]]] = {
    "linux": (COMMANDS, linux),
}
"""Platform (netmiko's name) -> what to run, and how to read what that prints."""


@dataclass(frozen=True, slots=True)
class SshTarget:
    """Where and how to log in. Times are in seconds."""

    address: str
    user: str
    key_file: Path
    known_hosts: Path
    port: int = 22
    platform: str = "linux"
    timeout_s: float = 5.0  # of each step
    deadline_s: float = 30.0  # of everything


async def read_over_ssh(target: SshTarget, pool: ThreadPoolExecutor) -> Reading | Failure:
    """Log in, run the platform's commands, log out. `pool` bounds how many do so at once."""
    commands, understand = PLATFORMS[target.platform]
    outputs = await talk_over_ssh(target, lambda run: {name: run(each) for name, each in commands.items()}, pool)
    return outputs if isinstance(outputs, Failure) else understand(f"{target.address}:{target.port}", outputs)


async def talk_over_ssh(target: SshTarget, talk: Callable[[Run], T], pool: ThreadPoolExecutor) -> T | Failure:
    """Log in, let `talk` run commands, log out; returns what `talk` made of them."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, _talk, target, talk, time.monotonic() + target.deadline_s)


def _talk(target: SshTarget, talk: Callable[[Run], T], deadline: float) -> T | Failure:
    try:
        key = paramiko.PKey.from_path(target.key_file)
    except (OSError, ValueError, paramiko.SSHException, paramiko.UnknownKeyType) as error:
        return Failure(Reason.SECRET, permanent=True, detail=f"{target.key_file}: {type(error).__name__}")
    connected = _connect(target)
    if isinstance(connected, Failure):
        return connected
    with connected:
        try:
            session = _Session(target, key, connected, deadline)
            made = talk(session.run)
            session.disconnect()
        except (paramiko.SSHException, NetmikoBaseException, OSError, EOFError, ValueError) as error:
            return _failure(error)
    return made


def _connect(target: SshTarget) -> socket.socket | Failure:
    """The TCP connection, made here because netmiko calls every failure of it a timeout."""
    try:
        return socket.create_connection((target.address, target.port), timeout=target.timeout_s)
    except ConnectionRefusedError:
        return Failure(Reason.REFUSED)
    except OSError as error:
        ours = error.errno in _OURS or isinstance(error, socket.gaierror)
        return Failure(Reason.NO_ROUTE if ours else Reason.TIMEOUT, detail=str(error))


class _HostKeyUnknownError(paramiko.SSHException):  # type: ignore[misc]  # paramiko has no types
    pass


class _RefuseUnknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002 - paramiko's hook
        raise _HostKeyUnknownError(f"{hostname}: {key.get_name()} key is not in known_hosts")


class _Session(LinuxSSH):
    """One login whose time and output end."""

    def __init__(self, target: SshTarget, key: paramiko.PKey, connected: socket.socket, deadline: float) -> None:
        self._deadline = deadline
        super().__init__(
            host=target.address,
            port=target.port,
            username=target.user,
            pkey=key,
            sock=connected,
            device_type=target.platform,
            ssh_strict=True,
            alt_host_keys=True,
            alt_key_file=str(target.known_hosts),
            conn_timeout=target.timeout_s,
            banner_timeout=target.timeout_s,
            auth_timeout=target.timeout_s,
            read_timeout_override=target.timeout_s,
        )

    def run(self, command: str) -> str:
        if time.monotonic() > self._deadline:
            raise ReadException("the session's time is over")
        return str(self.send_command(command))

    def establish_connection(self, width: int = 511, height: int = 1000) -> None:
        super().establish_connection(width, height)
        self.channel = _BoundedChannel(self.remote_conn, self.encoding, self._deadline)

    def _build_ssh_client(self) -> paramiko.SSHClient:
        client = super()._build_ssh_client()
        client.set_missing_host_key_policy(_RefuseUnknown())
        return client


class _BoundedChannel(SSHChannel):
    """A channel that ends after MOST_OCTETS, or at the deadline even if something drips on."""

    def __init__(self, connection: paramiko.Channel, encoding: str, deadline: float) -> None:
        super().__init__(connection, encoding)
        self._left = MOST_OCTETS
        self._deadline = deadline

    def read_buffer(self) -> str:
        output = str(super().read_buffer())
        self._left -= len(output)
        if self._left < 0 or time.monotonic() > self._deadline:
            raise ReadException("more output or time than one session may take")
        return output


def _failure(error: Exception) -> Failure:
    """What an exception of netmiko means; it hides paramiko's own behind a timeout."""
    cause = error.__context__ if isinstance(error, NetmikoTimeoutException) else error
    match cause:
        case paramiko.BadHostKeyException():
            return Failure(Reason.HOST_KEY, permanent=True, detail="the host key is not the one in known_hosts")
        case _HostKeyUnknownError():
            return Failure(Reason.HOST_KEY, permanent=True, detail=str(cause))
        case NetmikoAuthenticationException():
            return Failure(Reason.AUTHENTICATION, detail="the key was not accepted")
        case ReadException():
            return Failure(Reason.DEADLINE, detail=str(cause).strip().partition("\n")[0])
    return Failure(Reason.PROTOCOL, detail=f"{type(cause).__name__}: {cause}"[:200])
