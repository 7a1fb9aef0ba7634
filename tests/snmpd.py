"""Debian's snmpd on 127.0.0.1 for a test."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port, program, wait_until

COMMUNITY = "pahunch-test"
AUTH, PRIV = "authentication words", "privacy words"
NAME, PLACE, CONTACT = "gp-388.example", "Gram Panchayat भवन", "noc@example.in"


OTHERS = (("MD5", "DES"), ("SHA-224", "AES"), ("SHA-384", "AES-192"), ("SHA-512", "AES-256"), ("SHA", "AES-256"))
"""Protocols of a user each, called by both."""


def _others() -> str:
    return "\n".join(
        f'createUser {auth}.{priv} {auth} "{AUTH}" {priv} "{PRIV}"\nrouser {auth}.{priv} priv' for auth, priv in OTHERS
    )


@contextmanager
def snmpd(folder: Path) -> Iterator[int]:
    """An agent with v2c community COMMUNITY and v3 users `full` (authPriv), `signed`, `open`; gives its port."""
    port = free_port(socket.SOCK_DGRAM)
    conf = folder / "snmpd.conf"
    conf.write_text(
        f"""agentAddress udp:127.0.0.1:{port}
rocommunity {COMMUNITY} 127.0.0.1
createUser full SHA-256 "{AUTH}" AES "{PRIV}"
rouser full priv
createUser signed SHA "{AUTH}"
rouser signed auth
createUser open
rouser open noauth
{_others()}
sysName {NAME}
sysLocation {PLACE}
sysContact {CONTACT}
sysServices 76
""",
        encoding="utf-8",
    )
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(folder), "MIBS": ""}
    argv = [program("snmpd"), "-f", "-Lf", str(folder / "snmpd.log"), "-C", "-c", str(conf), "-p", str(folder / "pid")]
    with subprocess.Popen(argv, env=environment) as process:
        try:
            wait_until(lambda: _answers(port), saying="snmpd answers")
            yield port
        finally:
            process.terminate()
            process.wait(60)


_GET_SYS_NAME = bytes.fromhex("a019020101020100020100300e300c06082b060102010105000500")


def _answers(port: int) -> bool:
    """Whether a GET of sysName.0, written out by hand, brings anything back."""
    community = COMMUNITY.encode()
    body = b"\x02\x01\x01\x04" + bytes([len(community)]) + community + _GET_SYS_NAME
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.2)
        asking.connect(("127.0.0.1", port))
        try:
            asking.send(b"\x30" + bytes([len(body)]) + body)
            return bool(asking.recv(2000))
        except OSError:
            return False
