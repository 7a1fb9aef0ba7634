"""`probe` over every recording against the peer's opinion and against reviewed snapshots.

Where the peer says something else, tests/snapshots/better.toml says why our answer is the better one.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.probed import (
    GROUPS,
    PAGE,
    SNAPSHOTS,
    Device,
    as_text,
    devices_table,
    groups_table,
    part,
    probed,
    snapshot,
)

BETTER = SNAPSHOTS.parent / "better.toml"
FACTS = {"os_version": "version", "model": "hardware", "serial": "serial"}
WIRELESS: Mapping[str, tuple[str, ...]] = {
    "power": ("signal", "dbm"), "rssi": ("signal", "snr"), "rsrp": ("signal",), "frequency": ("frequency",),
    "rate": ("rate",), "snr": ("snr",), "rsrq": ("snr",), "sinr": ("snr",), "ssr": ("snr",), "mse": ("snr",),
    "xpi": ("snr",), "clients": ("count",), "ap-count": ("count",), "ccq": ("quality",), "quality": ("quality",),
    "distance": ("distance",), "noise-floor": ("noise",), "errors": ("error",), "error-ratio": ("loss",),
    "utilization": ("percent",), "capacity": ("percent",),
}  # fmt: skip
"""The peer's classes of wireless figures, and ours."""
UNITS: Mapping[str, tuple[float, ...]] = {"frequency": (1, 1e3, 1e6, 1e9), "distance": (1, 1e3)}
"""What the peer's MHz, GHz, kHz and km are in ours."""


@pytest.fixture(scope="module")
def devices(recordings: Path) -> dict[str, Device]:
    return probed(recordings)


@pytest.fixture(scope="module")
def better() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(BETTER.read_text(encoding="utf-8"))["better"]
    return found


def fits(entry: Mapping[str, Any], name: str, kind: str, what: str) -> bool:
    return bool(
        re.fullmatch(entry["recording"], name) and entry["kind"] == kind and re.search(entry.get("what", ""), what)
    )


def excused(better: list[dict[str, Any]], differences: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The differences that no entry explains. Also fails for entries that explain nothing any more."""
    kinds = {kind for _, kind, _ in differences}
    for entry in (entry for entry in better if entry["kind"] in kinds):
        assert any(fits(entry, *difference) for difference in differences), f"stale: {entry}"
    return [one for one in differences if not any(fits(entry, *one) for entry in better)]


def test_every_better_answer_has_its_reason(better: list[dict[str, Any]]) -> None:
    for entry in better:
        assert entry.keys() <= {"recording", "kind", "what", "reason"}
        assert len(entry["reason"]) > 20, entry


def test_what_it_is_agrees_with_the_peer(devices: dict[str, Device], better: list[dict[str, Any]]) -> None:
    checked, differences = 0, []
    for name, device in devices.items():
        for ours, theirs in FACTS.items():
            said = device.expected.get("device", {}).get(theirs)
            checked += said is not None
            if said is not None and device.told.get(ours) != said:
                differences.append((name, ours, f"{said} -> {device.told.get(ours)}"))
    assert checked > 110
    assert not excused(better, differences)


def theirs(device: Device) -> Iterator[tuple[tuple[str, ...], str, float, str]]:
    """(our classes, the peer's class, value, name) of every sensor that the peer reads."""
    for sensor in device.expected.get("sensors", ()):
        kind, value = sensor["sensor_class"], sensor["current"]
        yield (kind,), kind, value * 60 if kind == "runtime" else value, sensor["sensor_descr"]
    for sensor in device.expected.get("wireless", ()):
        kind = sensor["sensor_class"]
        yield WIRELESS[kind], kind, sensor["current"], sensor["sensor_descr"]


def taken(left: Mapping[str, list[float]], kinds: tuple[str, ...], value: float) -> bool:
    """Whether one of `left` is this figure; it is taken away."""
    for kind in kinds:
        for told in left[kind]:
            if any(told == pytest.approx(value * unit, rel=1e-6, abs=6e-4) for unit in UNITS.get(kind, (1,))):
                left[kind].remove(told)
                return True
    return False


def test_sensors_agree_with_the_peer(devices: dict[str, Device], better: list[dict[str, Any]]) -> None:
    """Each figure of the peer is one of ours, in the same class and unit."""
    checked, differences = 0, []
    for name, device in devices.items():
        left = defaultdict[str, list[float]](list)
        for sensor in device.list("sensors"):
            left[sensor["class"]].append(sensor["value"])
        for kinds, kind, value, what in theirs(device):
            checked += 1
            if not taken(left, kinds, value):
                differences.append((name, kind, what))
    assert checked > 1100
    assert len(differences) < 90
    assert not excused(better, differences)


def test_every_sensor_has_the_unit_of_its_class(devices: dict[str, Device]) -> None:
    units = defaultdict[str, set[str]](set)
    for device in devices.values():
        for sensor in device.list("sensors"):
            units[sensor["class"]].add(sensor["unit"])
            assert sensor["name"]
            assert ("text" in sensor) <= (sensor["class"] == "state")
    assert all(len(found) == 1 for found in units.values()), units
    assert units["temperature"] == {"°C"}
    assert units["runtime"] == {"s"}
    assert units["rate"] == {"bit/s"}


def test_fixed_disks_agree_with_the_peer(devices: dict[str, Device]) -> None:
    checked = 0
    for name, device in devices.items():
        ours = {(disk.get("total"), disk.get("used")) for disk in device.object("host").get("disks", ())}
        for disk in device.expected.get("storage", ()):
            if disk["storage_type"] == "hrStorageFixedDisk" and ours:
                assert (disk["storage_size"], disk["storage_used"]) in ours, (name, disk)
                checked += 1
    assert checked > 30


def test_what_the_peer_does_not_say_is_as_reviewed(devices: dict[str, Device]) -> None:
    """`python -m tests.probed` writes the snapshots anew; read what changed."""
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == devices.keys()
    for name, device in devices.items():
        reviewed = (SNAPSHOTS / f"{name}.json").read_text(encoding="utf-8")
        assert as_text(snapshot(device.told)) == reviewed, f"python -m tests.probed, then read {name}.json"


def test_the_page_of_devices_is_as_new_as_what_is_read(devices: dict[str, Device]) -> None:
    assert part(PAGE.read_text(encoding="utf-8"), "devices") == devices_table(devices), "python -m tests.probed"


def test_the_page_of_groups_is_as_new_as_their_files() -> None:
    assert part(PAGE.read_text(encoding="utf-8"), "groups") == groups_table(GROUPS), "python -m tests.probed"


def test_odd_recordings_give_what_they_have_and_say_what_is_missing(devices: dict[str, Device]) -> None:
    for name in ("odd-empty", "odd-only-sysobjectid-hp", "odd-no-sysobjectid-canon", "odd-latin1-sysdescr"):
        told = devices[name].told
        assert told["reached"] is True
        assert {"what": "ifTable", "reason": "absent"} in devices[name].list("errors")
        assert "interfaces" not in told
    assert devices["odd-empty"].told["profile"] == "generic"
    assert devices["odd-latin1-sysdescr"].told["os_version"] == "7.5.3.0(R0012.0031)"
    assert devices["odd-no-sysobjectid-canon"].told["vendor"] == "Canon"
    assert devices["odd-only-sysobjectid-hp"].told["role"] == "printer"
