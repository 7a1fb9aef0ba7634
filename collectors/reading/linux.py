"""What a Linux machine's commands print: uname, /proc/uptime, ip -s link, lsusb, lpstat, upsc. Pure."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectors.reading.model import Interface, Peripheral, Printer, Reading, SystemGroup, Ups
from collectors.text import text

COMMANDS: Mapping[str, str] = {
    "uname": "uname -a",
    "uptime": "cat /proc/uptime",
    "links": "ip -j -s link 2>/dev/null || ip -s link",  # BusyBox has no -j
    # Without lsusb, what the kernel has of each device, in its form.
    "usb": "lsusb 2>/dev/null || for d in /sys/bus/usb/devices/*; do [ -f $d/idVendor ] && echo"
    ' "Bus 0 Device 0: ID $(cat $d/idVendor):$(cat $d/idProduct) $(cat $d/product 2>/dev/null)"; done',
    "queues": "LC_ALL=C lpstat -p 2>/dev/null",  # CUPS
    "ups": "upsc $(upsc -l 2>/dev/null | head -n 1) 2>/dev/null",  # Network UPS Tools: of the first UPS
}
"""Name -> command. All only read; a program that isn't there prints nothing."""

_OPER = {"UP": "up", "DOWN": "down", "TESTING": "testing", "UNKNOWN": "unknown", "DORMANT": "dormant",
         "NOTPRESENT": "notPresent", "LOWERLAYERDOWN": "lowerLayerDown"}  # fmt: skip
_HEAD = re.compile(r"^(\d+): ([^:@\s]+)(?:@[^:\s]+)?: <([^>]*)>(.*)$")
_STATE = re.compile(r"\bstate (\S+)")
_QUEUE = re.compile(r"^printer (\S+) (?:is |now )?(idle|printing|disabled)\b")
_STATUS = {"idle": "idle", "printing": "printing", "disabled": "other"}  # as hrPrinterStatus calls them
_USB = re.compile(r"^Bus \d+ Device \d+: ID ([0-9a-f]{4}:[0-9a-f]{4}) ?(.*)$")


def linux(address: str, outputs: Mapping[str, str]) -> Reading:
    """`outputs` by the names of COMMANDS; what is missing or strange is left out."""
    uname = _clean(outputs.get("uname", ""))
    words = uname.split()
    return Reading(
        address=address,
        reached=True,
        os=words[0] if words else None,
        os_version=words[2] if len(words) > 2 else None,
        system=SystemGroup(
            name=words[1] if len(words) > 1 else None,
            description=uname or None,
            uptime_s=_uptime(outputs.get("uptime", "")),
        ),
        interfaces=tuple(links(outputs.get("links", ""))) or None,
        ups=ups(outputs.get("ups", "")),
        printer=printer(outputs.get("queues", "")),
        peripherals=tuple(peripherals(outputs.get("usb", ""))) or None,
    )


def printer(output: str) -> Printer | None:
    """From `lpstat -p`: of several queues the one that can print, since the kendra can print by it."""
    found = [_STATUS[queue[2]] for line in output.splitlines() if (queue := _QUEUE.match(line.strip()))]
    return Printer(status=min(found, key=list(_STATUS.values()).index)) if found else None


def ups(output: str) -> Ups | None:
    """From `upsc`: lines of "battery.charge: 100". The names are those of NUT's variables."""
    told = dict(line.split(": ", 1) for line in output.splitlines() if ": " in line)
    status = told.get("ups.status", "").split()
    found = Ups(
        on_battery="OB" in status if {"OB", "OL"} & set(status) else None,
        charge_percent=_figure(told, "battery.charge"),
        runtime_s=_figure(told, "battery.runtime"),
        load_percent=_figure(told, "ups.load"),
        input_voltage=_figure(told, "input.voltage"),
    )
    return None if found == Ups() else found


def _figure(told: Mapping[str, str], name: str) -> float | None:
    said = told.get(name, "").strip()
    return float(said) if re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", said) else None


def links(output: str) -> Iterator[Interface]:
    """Interfaces from `ip -s link`, as JSON or as text."""
    start = output.find("[")
    if start == 0 or output.lstrip().startswith("["):
        yield from _from_json(output[start:])
    else:
        yield from _from_text(output)


def peripherals(output: str) -> Iterator[Peripheral]:
    for line in output.splitlines():
        found = _USB.match(line.strip())
        if found:
            yield Peripheral(bus="usb", id=found[1], name=_clean(found[2]))


def _from_json(output: str) -> Iterator[Interface]:
    try:
        rows = json.loads(output)
    except ValueError:
        return
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and isinstance(row.get("ifindex"), int) and isinstance(row.get("ifname"), str):
            yield _link(row, _mapping(row.get("stats64")))


def _link(row: Mapping[str, Any], counters: Mapping[str, Any]) -> Interface:
    received, sent = _mapping(counters.get("rx")), _mapping(counters.get("tx"))
    flags = row.get("flags")
    return Interface(
        index=row["ifindex"],
        name=_clean(row["ifname"]),
        admin="up" if isinstance(flags, list) and "UP" in flags else "down",
        oper=_OPER.get(str(row.get("operstate"))),
        in_octets=_count(received, "bytes"),
        out_octets=_count(sent, "bytes"),
        in_errors=_count(received, "errors"),
        out_errors=_count(sent, "errors"),
        in_discards=_count(received, "dropped"),
        out_discards=_count(sent, "dropped"),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(counters: Mapping[str, Any], name: str) -> int | None:
    value = counters.get(name)
    return value if isinstance(value, int) and value >= 0 else None


def _from_text(output: str) -> Iterator[Interface]:
    """Blocks of a head line, a link line, and the lines "RX:", figures, "TX:", figures."""
    lines = output.splitlines()
    heads = [(place, found) for place, line in enumerate(lines) if (found := _HEAD.match(line))]
    ends = [place for place, _ in heads[1:]] + [len(lines)]
    for (start, head), end in zip(heads, ends, strict=False):
        state, block = _STATE.search(head[4]), lines[start + 1 : end]
        row = {"ifindex": int(head[1]), "ifname": head[2], "flags": head[3].split(",")}
        row["operstate"] = state[1] if state else ""
        yield _link(row, {"rx": _figures(block, "RX:"), "tx": _figures(block, "TX:")})


def _figures(block: list[str], title: str) -> dict[str, int]:
    """The figures under a line "RX: bytes packets errors dropped ..."."""
    for place, line in enumerate(block[:-1]):
        if line.strip().startswith(title):
            names, values = line.split()[1:], block[place + 1].split()
            return {name: int(value) for name, value in zip(names, values, strict=False) if value.isdigit()}
    return {}


def _uptime(output: str) -> float | None:
    first = output.split()[:1]
    return float(first[0]) if first and re.fullmatch(r"\d+(\.\d+)?", first[0]) else None


def _clean(printed: str) -> str:
    return text(printed.encode("utf-8", "replace"))
