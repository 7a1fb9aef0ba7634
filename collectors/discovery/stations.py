"""Which MAC addresses are a device's own, and behind which of its ports it hears others'. Pure.

BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), IP-MIB (RFC 4293) and IF-MIB (RFC 2863). A MAC address is six octets.
"""

from collections.abc import Iterator

from collectors.instances import Walked
from collectors.plan import IF_NAME
from collectors.recognise import IF_DESCR
from collectors.snmp.backend import Value
from collectors.text import text

BY_VLAN = "1.3.6.1.2.1.17.7.1.2.2.1.2"  # Q-BRIDGE-MIB::dot1qTpFdbPort, by forwarding database and MAC
PLAIN = "1.3.6.1.2.1.17.4.3.1.2"  # BRIDGE-MIB::dot1dTpFdbPort, by MAC
_BASE_PORT = "1.3.6.1.2.1.17.1.4.1.2"  # BRIDGE-MIB::dot1dBasePortIfIndex
_BRIDGE = "1.3.6.1.2.1.17.1.1"  # BRIDGE-MIB::dot1dBaseBridgeAddress
_TYPE = "1.3.6.1.2.1.2.2.1.3"  # IF-MIB::ifType
_PHYSICAL = "1.3.6.1.2.1.2.2.1.6"  # IF-MIB::ifPhysAddress
_ARP = "1.3.6.1.2.1.4.22.1.2"  # IP-MIB::ipNetToMediaPhysAddress, by ifIndex and IPv4 address
_ARP_NOW = "1.3.6.1.2.1.4.35.1.4"  # IP-MIB::ipNetToPhysicalPhysAddress, by ifIndex, kind of address, length, address
COLUMNS = (_TYPE, _PHYSICAL, _BRIDGE, _BASE_PORT, _ARP, _ARP_NOW)
_ETHERNET = 6  # ethernetCsmacd
_IPV4 = ["1", "4"]  # InetAddressType and length
_SHARED = tuple(map(bytes.fromhex, ("00005e0001", "00005e0002", "00000c07ac", "00000c9ff0", "000573a000", "0007b400")))
"""How addresses begin that stand for several routers: VRRP (RFC 9568), HSRP 1 and 2, GLBP."""


def own(walked: Walked) -> tuple[tuple[bytes, str], ...]:
    """(MAC, the port that bears it) of the device; no port where several do, or none."""
    bearers: dict[bytes, list[str]] = {}
    for index, value in walked.get(_PHYSICAL, {}).items():
        if isinstance(value, bytes) and _is_station(value):
            bearers.setdefault(value, []).append(index)
    for value in walked.get(_BRIDGE, {}).values():
        if isinstance(value, bytes) and _is_station(value):
            bearers.setdefault(value, [])
    return tuple((mac, _bearer(walked, indices)) for mac, indices in bearers.items())


def _bearer(walked: Walked, indices: list[str]) -> str:
    """A port's subinterfaces bear its address too."""
    ethernet = [index for index in indices if walked.get(_TYPE, {}).get(index) == _ETHERNET] or indices
    return _name(walked, ethernet[0]) if len(ethernet) == 1 else ""


def heard(walked: Walked) -> tuple[tuple[str, bytes], ...]:
    """(port, MACs one behind the other) of what the forwarding tables hold: thousands of rows, of many devices."""
    found: dict[str, set[bytes]] = {}
    for column in (BY_VLAN, PLAIN):
        for index, port in walked.get(column, {}).items():
            mac = _mac(index)
            if mac and isinstance(port, int) and port > 0:  # 0: heard, but it isn't known where
                found.setdefault(_port(walked, port), set()).add(mac)
    return tuple((name, b"".join(sorted(macs))) for name, macs in sorted(found.items()))


def macs(packed: bytes) -> frozenset[bytes]:
    return frozenset(packed[at : at + 6] for at in range(0, len(packed), 6))


def arp(walked: Walked) -> Iterator[tuple[str, bytes]]:
    """(IPv4 address, MAC) of whom the device has talked to; whom it looked for in vain has no MAC."""
    for column in (_ARP, _ARP_NOW):
        for index, value in walked.get(column, {}).items():
            address = _address(index)
            if address and isinstance(value, bytes) and _is_station(value):
                yield address, value


def _address(index: str) -> str:
    arcs = index.split(".")[1:]
    if len(arcs) == 6 and arcs[:2] == _IPV4:
        arcs = arcs[2:]
    return ".".join(arcs) if len(arcs) == 4 else ""


def _mac(index: str) -> bytes | None:
    """The last six arcs."""
    arcs = [int(arc) for arc in index.split(".")[-6:]]
    if len(arcs) < 6 or max(arcs) > 255:
        return None
    return bytes(arcs) if _is_station(bytes(arcs)) else None


def _is_station(mac: bytes) -> bool:
    """One device's: no group address, and none that goes from one router to another."""
    return len(mac) == 6 and any(mac) and not mac[0] & 1 and not mac.startswith(_SHARED)


def _port(walked: Walked, port: int) -> str:
    """A bridge's port by its interface; agents that leave that table out number both alike."""
    interface: Value = walked.get(_BASE_PORT, {}).get(str(port), port)
    return _name(walked, str(interface))


def _name(walked: Walked, index: str) -> str:
    told = (walked.get(column, {}).get(index) for column in (IF_NAME, IF_DESCR))
    return next((name for one in told if isinstance(one, bytes) and (name := text(one))), index)
