"""`probe` over every recording, in memory; `python -m tests.probed` writes the reviewed snapshots and docs/devices.md anew.

Look at what changed before you commit it: a snapshot is an opinion that somebody has read.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from collectors.catalogue import load_groups, load_profiles, load_vendors
from collectors.group import Group
from collectors.read import read_device
from collectors.reading.model import Json, as_json
from collectors.snmp.backend import SnmpBackend, Target, Value
from tests.recorded import Recorded, read_recording

PROFILES, VENDORS, GROUPS = load_profiles(), load_vendors(), load_groups()
ROOT = Path(__file__).parents[1]
SNAPSHOTS = Path(__file__).parent / "snapshots" / "probe"
PAGE = ROOT / "docs" / "devices.md"
_BEGIN, _END = "<!-- python -m tests.probed: {} -->\n", "<!-- end -->"
_FEW = 3  # ONTs, neighbours and peripherals that a snapshot keeps


class Device:
    """One recording, and what `probe --json` prints of it."""

    def __init__(self, rows: Mapping[str, Value], told: dict[str, Json], expected: dict[str, Any]) -> None:
        self.rows, self.told, self.expected = rows, told, expected

    def at(self, oid: str) -> Value | None:
        return self.rows.get(oid)

    def list(self, name: str) -> list[Any]:
        found = self.told.get(name, [])
        assert isinstance(found, list)
        return found

    def object(self, name: str) -> dict[str, Any]:
        found = self.told.get(name, {})
        assert isinstance(found, dict)
        return found


def names(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "snmp").glob("*.snmprec"))


def expected_of(folder: Path, name: str) -> dict[str, Any]:
    path = folder / "expected" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


async def told_by(backend: SnmpBackend, target: Target) -> dict[str, Json]:
    read = await read_device(backend, target, PROFILES, VENDORS, groups=GROUPS)
    assert isinstance(read, tuple), read
    return as_json(read[0])


@cache
def probed(folder: Path) -> dict[str, Device]:
    """Every recording of `folder` by name."""
    found = {}
    for name in names(folder):
        rows = read_recording(folder / "snmp" / f"{name}.snmprec")
        told = asyncio.run(told_by(Recorded(rows), Target("127.0.0.1")))
        found[name] = Device(rows, told, expected_of(folder, name))
    return found


def snapshot(told: Mapping[str, Json]) -> dict[str, Any]:
    """What a reviewer reads: everything but the interfaces, which are compared with the recording cell by cell."""
    kept = {key: value for key, value in told.items() if key not in {"address", "interfaces", "sensors"}}
    for key in ("onts", "neighbours", "peripherals"):
        rows = kept.get(key)
        if isinstance(rows, list) and len(rows) > _FEW:
            kept[key] = [*rows[:_FEW], f"{len(rows)} in all"]
    interfaces, sensors = told.get("interfaces", []), told.get("sensors", [])
    assert isinstance(interfaces, list)
    assert isinstance(sensors, list)
    kept["interfaces"] = len(interfaces)
    kept["sensors"] = [_line(sensor) for sensor in sensors if isinstance(sensor, dict)]
    return kept


def _line(sensor: Mapping[str, Any]) -> str:
    said = f"{sensor['value']:.10g} {sensor['unit']}".rstrip()
    return f"{sensor['class']} | {sensor['name']} | {said}" + (f" {sensor['text']}" if "text" in sensor else "")


def as_text(kept: Mapping[str, Any]) -> str:
    """One line a key, one a sensor."""
    lines = []
    for key, value in kept.items():
        body = json.dumps(value, ensure_ascii=False)
        if key in {"sensors", "errors", "onts"} and value:
            body = "[\n" + ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in value) + "\n ]"
        lines.append(f" {json.dumps(key)}: {body}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def part(page: str, name: str) -> str:
    """What stands in a generated part of the page."""
    return page.partition(_BEGIN.format(name))[2].partition(_END)[0]


def filled(page: str, name: str, body: str) -> str:
    begin = _BEGIN.format(name)
    head, found, rest = page.partition(begin)
    assert found, f"{PAGE.name} has no part {name!r}"
    return f"{head}{begin}{body}{_END}{rest.partition(_END)[2]}"


def devices_table(devices: Mapping[str, Device]) -> str:
    """A row for each recording: what it is, and what is read of it."""
    rows = (_device_row(name, device) for name, device in devices.items())
    return _table(("recording", "is", "software", "profile", "read"), rows)


def _device_row(name: str, device: Device) -> tuple[str, ...]:
    told = device.told
    what = " ".join(str(told[key]) for key in ("vendor", "model") if key in told) or "?"
    software = " ".join(str(told[key]) for key in ("os", "os_version") if key in told) or "-"
    return name, what, software, str(told["profile"]), ", ".join(_read_of(device)) or "nothing but that it answers"


def _read_of(device: Device) -> Iterator[str]:
    if device.object("system"):
        yield "system"
    if device.list("interfaces"):
        yield f"{len(device.list('interfaces'))} interfaces"
    yield from (key for key in ("ups", "printer", "host") if device.object(key))
    yield from (f"{len(device.list(key))} {key}" for key in ("onts", "neighbours", "peripherals") if device.list(key))
    kinds = Counter(sensor["class"] for sensor in device.list("sensors"))
    yield from (f"{kind} {count}" for kind, count in sorted(kinds.items()))


def groups_table(groups: Iterable[Group]) -> str:
    """A row for each group: for whom it is, and what it reads."""
    rows = ((group.name, _for_whom(group), ", ".join(_mibs(group)), ", ".join(_reads(group))) for group in groups)
    return _table(("group", "read of", "MIBs", "tells"), rows)


def _for_whom(group: Group) -> str:
    prefixes = (prefix.removeprefix("1.3.6.1.4.1.") for prefix in group.object_ids)
    whom = [*(f"enterprises {prefix}" for prefix in prefixes), *(f"profile {name}" for name in group.profiles)]
    return ", ".join(whom) or "everybody"


def _mibs(group: Group) -> Iterator[str]:
    reads = (*group.scalars, *(read for table in group.tables for read in table.columns))
    told = (*(table.mib for table in group.sensors), *(read.mib.partition("::")[0].partition(":")[0] for read in reads))
    yield from dict.fromkeys(told)


def _reads(group: Group) -> Iterator[str]:
    identity = group.identity
    facts = ("vendor", "model", "os", "os_version", "serial")
    yield from (fact for fact in facts if getattr(identity, fact) or (fact == "model" and identity.models))
    reads = (*group.scalars, *(read for table in group.tables for read in table.columns))
    yield from dict.fromkeys(read.metric for read in reads)
    yield from sorted({column.kind.value for table in group.sensors for column in table.columns})


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "".join(f"| {' | '.join(row)} |\n" if row else "|" + "---|" * len(head) + "\n" for row in (head, (), *cells))


def write(folder: Path) -> None:
    """Snapshots and page as they are now."""
    devices = probed(folder)
    SNAPSHOTS.mkdir(parents=True, exist_ok=True)
    for name, device in devices.items():
        (SNAPSHOTS / f"{name}.json").write_text(as_text(snapshot(device.told)), encoding="utf-8")
    page = filled(PAGE.read_text(encoding="utf-8"), "devices", devices_table(devices))
    PAGE.write_text(filled(page, "groups", groups_table(GROUPS)), encoding="utf-8")


if __name__ == "__main__":
    write(ROOT.parent / "shared" / "data" / "devices")
