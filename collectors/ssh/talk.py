"""Talking with a device over SSH, in a bounded pool of threads.

A talk ends at its deadline whatever the other side does: a watchdog shuts its connection. The time
begins when a thread takes the talk up, so waiting for slower devices costs nobody their answer.
"""

import asyncio
import errno
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import paramiko
from netmiko import NetmikoAuthenticationException, NetmikoTimeoutException
from netmiko.exceptions import NetmikoBaseException, ReadException

from collectors.model import Failure, Reason
from collectors.ssh.session import HostKeyChangedError, HostKeyUnknownError, NotEnabledError, Secrets, open_session
from inventory.model import Credential
from storage.settings import CollectSettings, SecretUnavailableError, resolve_secret

# OverflowError: paramiko's, for an RSA host key whose modulus is negative.
_ENDS = (paramiko.SSHException, NetmikoBaseException, OSError, EOFError, ValueError, OverflowError)

T = TypeVar("T")
Run = Callable[[str], str]
"""Runs a command on the machine and returns what it printed."""

# What paramiko says of an exchange of keys and of a login that take too long, neither in a class of its own.
_TOO_SLOW = re.compile("No existing session|Authentication timeout")
WATCHDOG = "ssh watchdog"
_OURS = frozenset({errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL})


@dataclass(frozen=True, slots=True)
class SshTarget:
    """Where and how to log in. Times are in seconds."""

    address: str
    user: str
    key_file: Path | None  # None: with the password alone
    known_hosts: Path
    port: int = 22
    device_type: str = "linux"  # netmiko's name of what answers there
    timeout_s: float = 5.0  # of each step of the login
    silence_s: float = 10.0  # without a word after a command
    deadline_s: float = 15.0  # of everything
    password: str = ""  # reference, as `enable`: resolved when the device is asked
    enable: str = ""


def target_of(
    credential: Credential,
    address: str,
    collect: CollectSettings,
    *,
    port: int | None = None,
    device_type: str = "linux",
) -> SshTarget:
    """How to log in at `address` by a credential of kind ssh."""
    key_file = Path(credential.key_file.removeprefix("file:")) if credential.key_file else None
    return SshTarget(
        address, credential.user, key_file, collect.known_hosts, port or collect.ssh_port, device_type,
        password=credential.auth, enable=credential.priv,
    )  # fmt: skip


async def talk_over_ssh(target: SshTarget, talk: Callable[[Run], T], pool: ThreadPoolExecutor) -> T | Failure:
    """Log in, let `talk` run commands, log out; returns what `talk` made of them.

    `pool` bounds how many do so at once.
    """
    return await asyncio.get_running_loop().run_in_executor(pool, _talk, target, talk)


def _talk(target: SshTarget, talk: Callable[[Run], T]) -> T | Failure:
    deadline = time.monotonic() + target.deadline_s
    secrets = _resolved(target)
    if isinstance(secrets, Failure):
        return secrets
    connected = _connect(target)
    if isinstance(connected, Failure):
        return connected
    with connected, _shut_at(deadline, connected):
        try:
            session = open_session(target, secrets, connected, deadline)
            try:
                made = talk(session.run)
                session.disconnect()
            finally:
                session.forget()
        except _ENDS as error:
            return _without(secrets, _failure(error, late=time.monotonic() >= deadline))
    return made


def _resolved(target: SshTarget) -> Secrets | Failure:
    """What the login needs; a failure names the file or the reference, never a secret."""
    try:
        key = paramiko.PKey.from_path(target.key_file) if target.key_file else None
        password = resolve_secret(target.password) if target.password else None
        return Secrets(key, password, resolve_secret(target.enable) if target.enable else "")
    except SecretUnavailableError as error:
        return Failure(Reason.SECRET, permanent=True, detail=str(error))
    except (OSError, ValueError, paramiko.SSHException, paramiko.UnknownKeyType) as error:
        return Failure(Reason.SECRET, permanent=True, detail=f"{target.key_file}: {type(error).__name__}")


def _without(secrets: Secrets, failure: Failure) -> Failure:
    """Netmiko quotes what a device printed, and a device may print what it was sent."""
    detail = failure.detail
    for secret in (secrets.password, secrets.enable):
        detail = detail.replace(secret, "***") if secret else detail
    return replace(failure, detail=detail)


def _connect(target: SshTarget) -> socket.socket | Failure:
    """The TCP connection, made here because netmiko calls every failure of it a timeout."""
    try:
        return socket.create_connection((target.address, target.port), timeout=target.timeout_s)
    except ConnectionRefusedError:
        return Failure(Reason.REFUSED)
    except OSError as error:
        ours = error.errno in _OURS or isinstance(error, socket.gaierror)
        return Failure(Reason.NO_ROUTE if ours else Reason.TIMEOUT, detail=str(error))


@contextmanager
def _shut_at(deadline: float, connected: socket.socket) -> Iterator[None]:
    """Paramiko waits for some answers without any limit: then nothing but the end of the connection wakes it."""

    def shut() -> None:
        with suppress(OSError):  # it is gone already
            connected.shutdown(socket.SHUT_RDWR)

    watchdog = threading.Timer(max(deadline - time.monotonic(), 0), shut)
    watchdog.daemon, watchdog.name = True, WATCHDOG
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()


def _failure(error: Exception, *, late: bool) -> Failure:
    """What an exception of netmiko means; it hides paramiko's own behind a timeout."""
    cause = error.__context__ if isinstance(error, NetmikoTimeoutException) else error
    match cause:
        case paramiko.BadHostKeyException() | HostKeyChangedError():
            return _changed(cause.key)
        case HostKeyUnknownError():
            return Failure(Reason.HOST_KEY, permanent=True, detail=str(cause))
        case _ if late or _TOO_SLOW.search(f"{cause} {cause and cause.__context__}"):
            return Failure(Reason.DEADLINE, detail="the session's time is over")
        case NetmikoAuthenticationException() | NotEnabledError():
            what = "password for enable" if isinstance(cause, NotEnabledError) else "login"
            return Failure(Reason.AUTHENTICATION, detail=f"the {what} was not accepted")
        case ReadException():
            return Failure(Reason.DEADLINE, detail=_first_line(str(cause)))
    return Failure(Reason.PROTOCOL, detail=_first_line(f"{type(cause).__name__}: {cause}")[:200])


def _changed(key: paramiko.PKey) -> Failure:
    detail = f"the host key is not the one in known_hosts: {key.get_name()} {key.fingerprint}"
    return Failure(Reason.HOST_KEY_CHANGED, permanent=True, detail=detail)


def _first_line(said: str) -> str:
    return said.strip().partition("\n")[0]
