"""Debian's sshd on 127.0.0.1 for a test, with keys made for it."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import free_port, program, wait_until


@dataclass(frozen=True)
class Sshd:
    port: int
    user: str
    key: Path  # private key that it lets in
    other_key: Path  # one that it doesn't
    known_hosts: Path  # with its host key
    log: Path


@contextmanager
def sshd(folder: Path, more: str = "") -> Iterator[Sshd]:
    """`more` is added to its configuration.

    Shells begin in a home of their own. The user's may start programs that lock something of his (pyenv's rehash does):
    a session that a test cuts short would leave the lock, and each shell after it would wait for a minute.
    """
    _privilege_separation()
    (folder / "home").mkdir(exist_ok=True)
    host, key, other = (_key(folder / name) for name in ("host", "key", "other"))
    (folder / "authorized").write_text((folder / "key.pub").read_text())
    port = free_port()
    conf = folder / "sshd_config"
    conf.write_text(
        f"""ListenAddress 127.0.0.1:{port}
HostKey {host}
PidFile {folder}/pid
AuthorizedKeysFile {folder}/authorized
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin prohibit-password
SetEnv HOME={folder}/home
LogLevel VERBOSE
{more}
"""
    )
    log = folder / "sshd.log"
    with log.open("wb") as out, subprocess.Popen([program("sshd"), "-D", "-e", "-f", str(conf)], stderr=out) as process:
        try:
            wait_until(lambda: b"Server listening" in log.read_bytes(), saying="sshd listens")
            yield Sshd(
                port, pwd.getpwuid(os.getuid()).pw_name, key, other, known_hosts(folder / "known", port, host), log
            )
        finally:
            process.terminate()
            process.wait(60)


def known_hosts(path: Path, port: int, host_key: Path) -> Path:
    """A known_hosts file that names this key for the port on 127.0.0.1."""
    kind, blob, *_ = host_key.with_suffix(".pub").read_text().split()
    path.write_text(f"[127.0.0.1]:{port} {kind} {blob}\n")
    return path


def new_keys(factory: pytest.TempPathFactory, *names: str) -> Path:
    """A folder with a key pair of each name."""
    folder = factory.mktemp("keys")
    for name in names:
        new_key(folder / name)
    return folder


def new_key(path: Path) -> Path:
    return _key(path)


def _key(path: Path) -> Path:
    subprocess.run([program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return path


def _privilege_separation() -> None:
    """sshd wants this folder of root's; another user cannot make it."""
    folder = Path("/run/sshd")
    if not folder.is_dir():
        if os.getuid() != 0:
            pytest.skip("/run/sshd is not there and only root can make it")
        folder.mkdir(mode=0o755, exist_ok=True)  # another worker may be at it
