"""Asking the simulator without a socket, and Debian's net-snmp programs with one."""

import re
import subprocess
from collections.abc import Sequence

from simulator import ber, message
from simulator.agent import Agent
from simulator.ber import Oid
from simulator.message import Pdu
from simulator.traffic import Moment
from tests.servers import program

_CHATTER = re.compile("cert_indexes|No more variables left in this MIB View|^End of MIB")


def request(
    pdu: Pdu, oids: Sequence[Oid], *, version: int = message.V2C, first: int = 0, second: int = 0, number: int = 4711
) -> bytes:
    varbinds = b"".join(ber.tlv(ber.SEQUENCE, ber.object_id(oid) + ber.NULL_VALUE) for oid in oids)
    body = ber.integer(number) + ber.integer(first) + ber.integer(second) + ber.tlv(ber.SEQUENCE, varbinds)
    head = ber.integer(version) + ber.tlv(ber.OCTETS, b"public")
    return ber.tlv(ber.SEQUENCE, head + ber.tlv(pdu, body))


def ask(agent: Agent, data: bytes, at: Moment) -> tuple[int, int, list[tuple[Oid, bytes]]]:
    """error-status, error-index and the varbinds (name, encoded value) of the agent's answer."""
    start, end = message.locate_id(data)
    return read_response(agent.give(message.parse(data), data[start:end], at), data[start:end])


def read_response(data: bytes, identifier: bytes) -> tuple[int, int, list[tuple[Oid, bytes]]]:
    body, end = ber.read(data, 0, ber.SEQUENCE)
    assert end == len(data)
    _, at = ber.read_integer(body, 0)
    _, at = ber.read(body, at, ber.OCTETS)
    pdu, _ = ber.read(body, at, Pdu.RESPONSE)
    found, at = ber.read(pdu, 0, ber.INTEGER)
    assert found == identifier
    status, at = ber.read_integer(pdu, at)
    index, at = ber.read_integer(pdu, at)
    rest, _ = ber.read(pdu, at, ber.SEQUENCE)
    return status, index, _varbinds(rest)


def _varbinds(data: bytes) -> list[tuple[Oid, bytes]]:
    found, at = [], 0
    while at < len(data):
        varbind, at = ber.read(data, at, ber.SEQUENCE)
        name, value_at = ber.read(varbind, 0, ber.OBJECT_ID)
        found.append((ber.read_oid(name), varbind[value_at:]))
    return found


def walk(agent: Agent, at: Moment, *, version: int = message.V2C) -> list[tuple[Oid, bytes]]:
    """Everything the agent shows, one GETNEXT after another."""
    found: list[tuple[Oid, bytes]] = []
    oid: Oid = (0, 0)
    while True:
        status, _, varbinds = ask(agent, request(Pdu.GETNEXT, [oid], version=version), at)
        if status or varbinds[0][1] == ber.END_OF_MIB_VIEW:
            return found
        found.append(varbinds[0])
        oid = varbinds[0][0]


def net_snmp(
    tool: str, address: str, port: int, *oids: str, community: str = "public", version: str = "2c"
) -> list[str]:
    """Lines that snmpget, snmpbulkwalk... print, without MIBs; a timeout's complaint is a line too."""
    argv = [program(tool), f"-v{version}", "-c", community, "-m", "", "-On", "-r", "0", "-t", "1", f"{address}:{port}"]
    done = subprocess.run([*argv, *oids], capture_output=True, text=True, errors="replace", timeout=60, check=False)
    return [line for line in (done.stdout + done.stderr).split("\n") if line and not _CHATTER.search(line)]
