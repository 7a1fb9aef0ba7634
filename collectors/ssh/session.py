"""One login through netmiko, whose host key is known and whose time and output end.

Host keys are checked against known_hosts before any credential goes out. Nothing but the key and the
password of the credential is offered.
"""

import logging
import re
import socket
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paramiko
from netmiko.base_connection import BaseConnection
from netmiko.channel import SSHChannel
from netmiko.exceptions import NetmikoBaseException, ReadException, ReadTimeout
from netmiko.ssh_dispatcher import CLASS_MAPPER

from collectors.ssh.known import known_of

if TYPE_CHECKING:
    from collectors.ssh.talk import SshTarget

MOST_OCTETS = 1_000_000  # of one session
# Until the prompt is known, netmiko searches what comes with patterns whose time grows with the square of a line.
LOGIN_OCTETS = 65_536
LOGIN_LINE = 2_000
_GOODBYE_S = 1.0
_SSH = 22  # at this port paramiko names a host without it
_ASKS = "ssword"  # as netmiko looks for it

# They would write what devices print, secrets and all, and a traceback for each device that hangs up.
logging.getLogger("netmiko").setLevel(logging.CRITICAL)
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class HostKeyUnknownError(paramiko.SSHException):  # type: ignore[misc]  # paramiko has no types
    pass


class HostKeyChangedError(paramiko.SSHException):  # type: ignore[misc]  # paramiko has no types
    """The host shows a key of another type than those known of it."""

    def __init__(self, key: paramiko.PKey) -> None:
        super().__init__("the host key is not the one in known_hosts")
        self.key = key


class NotEnabledError(NetmikoBaseException):
    """The password for the higher level of rights was not accepted."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a login needs, resolved; never kept longer than the talk. `enable` may be empty."""

    key: paramiko.PKey | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    enable: str = field(default="", repr=False)


class _RefuseUnknown(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]  # paramiko has no types
    def __init__(self, path: Path) -> None:
        self._path = path

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if client.get_host_keys().lookup(hostname):
            raise HostKeyChangedError(key)
        damaged = known_of(hostname, self._path).damaged
        why = f"; {self._path}, line {damaged[0]} holds no key" if damaged else ""
        raise HostKeyUnknownError(f"{hostname}: {key.get_name()} key {key.fingerprint} is not in known_hosts{why}")


class Session(BaseConnection):
    """What bounds every platform's session: with one of netmiko's classes behind it, see _kind."""

    _deadline: float
    _silence_s: float
    _known_hosts: Path
    _bounded: "BoundedChannel"
    _prompt: str

    def run(self, command: str) -> str:
        """What `command` prints, without its echo and the prompt. Raises ReadException and others of netmiko."""
        self.clear_buffer()  # a slow device may still be sending a prompt of the login
        # How long one command may take: as long as it prints, until the deadline.
        left = max(self._deadline - time.monotonic(), 0.0)
        return str(self.send_command(command, expect_string=self._prompt, read_timeout=left))

    def special_login_handler(self, delay_factor: float = 1.0) -> None:
        """Netmiko's first reading of the new connection: from here on it is bounded."""
        self.channel = self._bounded = BoundedChannel(self.remote_conn, self.encoding, self._deadline, self._silence_s)
        super().special_login_handler(delay_factor)

    def session_preparation(self) -> None:
        super().session_preparation()
        if self.secret:
            self.enable()
        # At the end only: a host's name may stand anywhere in what its commands print.
        self._prompt = rf"{re.escape(self.find_prompt())}\s*$"
        self._bounded.logged_in()

    def enable(self, *args: Any, **kwargs: Any) -> str:
        """Ask for the higher level of rights. Raises NotEnabledError."""
        try:
            return str(super().enable(*args, **kwargs))
        except (ValueError, ReadTimeout) as error:
            raise NotEnabledError from error

    def enable_secret_handler(self, pattern: str, output: str, re_flags: int = re.IGNORECASE) -> str:
        """Answer with the password where the device asks for it, and once only.

        Netmiko waits for a prompt while a device asks again, and for SmartAX answers unasked.
        """
        pattern = pattern or _ASKS
        if not re.search(pattern, output, flags=re_flags):
            return ""
        self.write_channel(self.normalize_cmd(self.secret))
        answer = self.read_until_prompt_or_pattern(pattern=pattern, re_flags=re_flags, read_entire_line=True)
        if re.search(pattern, answer, flags=re_flags):
            raise NotEnabledError
        return str(answer)

    def forget(self) -> None:
        """Netmiko's log keeps the passwords, to hide them, of each session that wasn't disconnected."""
        logging.getLogger("netmiko").removeFilter(self._secrets_filter)

    def disconnect(self) -> None:
        """Say goodbye, but not for long: some platforms wait half a minute for an answer to it."""
        self._bounded.hurry(_GOODBYE_S)
        super().disconnect()

    def _connect_params_dict(self) -> dict[str, Any]:
        params: dict[str, Any] = super()._connect_params_dict()
        return params | {"channel_timeout": self.conn_timeout}

    def _get_ssh_client_instance(self) -> paramiko.SSHClient:
        """Some platforms of netmiko's offer no key at all where there is no password."""
        return paramiko.SSHClient()

    def _build_ssh_client(self) -> paramiko.SSHClient:
        client = super()._build_ssh_client()
        host = self.host if self.port == _SSH else f"[{self.host}]:{self.port}"
        for key in known_of(host, self._known_hosts).keys:
            client.get_host_keys().add(host, key.get_name(), key)
        client.set_missing_host_key_policy(_RefuseUnknown(self._known_hosts))
        return client


class BoundedChannel(SSHChannel):
    """A channel that ends after MOST_OCTETS, `silence_s` seconds without an answer, or at the deadline even if
    something drips on.
    """

    def __init__(self, connection: paramiko.Channel, encoding: str, deadline: float, silence_s: float) -> None:
        super().__init__(connection, encoding)
        self._silence_s = silence_s
        self._heard = time.monotonic()  # when something was last said, by either side
        self._left = MOST_OCTETS
        self._login = LOGIN_OCTETS
        self._line = 0  # characters of the line that is being printed, until the login is over
        self._deadline = deadline

    def logged_in(self) -> None:
        self._login = 0

    def hurry(self, seconds: float) -> None:
        self._deadline = min(self._deadline, time.monotonic() + seconds)

    def write_channel(self, out_data: str) -> None:
        self._heard = time.monotonic()
        self._check_time()
        super().write_channel(out_data)

    def read_buffer(self) -> str:
        output = str(super().read_buffer())
        if output:
            self._heard = time.monotonic()
        self._check_time()
        self._left -= len(output)
        if self._left < 0:
            raise ReadException("more output than one session may have")
        if self._login:
            self._check_login(output)
        return output

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise ReadException("the session's time is over")
        if time.monotonic() > self._heard + self._silence_s:
            raise ReadException(f"no answer for {self._silence_s:g} s")

    def _check_login(self, output: str) -> None:
        lines = re.split(r"[\r\n]", output)
        longest = max(self._line + len(lines[0]), *map(len, lines))
        self._line = len(lines[-1]) + (self._line if len(lines) == 1 else 0)
        self._login -= len(output)
        if self._login <= 0 or longest > LOGIN_LINE:
            raise ReadException("more output than a login may have")


@cache
def _kind(device_type: str) -> type[Session]:
    """Netmiko's class for `device_type`, bounded. A name that netmiko doesn't know is a KeyError."""
    return type(f"Session_{device_type}", (Session, CLASS_MAPPER[device_type]), {})


def open_session(target: "SshTarget", secrets: Secrets, connected: socket.socket, deadline: float) -> Session:
    """Log in over the connection. Raises what netmiko and paramiko raise."""
    kind = _kind(target.device_type)
    session = kind.__new__(kind)
    # Its constructor already talks.
    session._deadline, session._silence_s = deadline, target.silence_s  # noqa: SLF001
    session._known_hosts = target.known_hosts  # noqa: SLF001
    session.__init__(  # type: ignore[misc]
        host=target.address,
        port=target.port,
        username=target.user,
        pkey=secrets.key,
        password=secrets.password,
        secret=secrets.enable,
        sock=connected,
        device_type=target.device_type,
        ssh_strict=True,
        conn_timeout=target.timeout_s,
        banner_timeout=target.timeout_s,
        auth_timeout=target.timeout_s,
        blocking_timeout=target.timeout_s,
    )
    return session
