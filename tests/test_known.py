"""What devices were recognised as is kept over restarts, and given up where it may not hold any more."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from collectors.catalogue import load_profiles
from collectors.known import digest, worth_writing
from collectors.run import observe
from inventory.model import Credential, Device, Inventory, Link, Role
from storage.settings import CollectSettings, Settings
from tests.fake_snmp import IF_OPER, SYS_OBJECT_ID, UPTIME, FakeBackend, FakeDevice, router
from tests.test_run import Seen

FAST = CollectSettings(interval_s=0.1, timeout_s=0.05, deadline_s=0.5, batch_s=0.02)


def places(*links: Link, **changes: str) -> Inventory:
    device = replace(Device("r1", Role.ROUTER, "pop", primary_ip="127.0.0.1", credential="net"), **changes)  # type: ignore[arg-type]
    other = Device("r2", Role.ROUTER, "pop", primary_ip="127.0.0.2", credential="net")
    return Inventory(
        devices={"r1": device, "r2": other},
        links={link.name: link for link in links},
        credentials={name: Credential(name, "snmp-v2c", community="public") for name in ("net", "new")},
    )


def devices() -> dict[str, FakeDevice]:
    two = {f"127.0.0.{n}": router({1: "GE1", 2: "GE2"}) for n in (1, 2)}
    return two | {"127.0.0.9": router({1: "GE1"})}


async def watch(inventory: Inventory, answering: dict[str, FakeDevice], path: Path) -> Seen:
    seen, stop = Seen(), asyncio.Event()
    running = asyncio.create_task(
        observe(
            inventory, FakeBackend(answering), load_profiles(), Settings(collect=FAST),
            sinks=[seen], stop=stop, recognised=path,
        )
    )  # fmt: skip
    async with asyncio.timeout(20):
        while min(len(seen.polls(name)) for name in ("r1", "r2")) < 2:  # noqa: ASYNC110 - the sink sets no event
            await asyncio.sleep(0.01)
    stop.set()
    await running
    return seen


def recognised(device: FakeDevice) -> bool:
    return any(SYS_OBJECT_ID in asked for asked in device.gets)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """The file after a first run."""
    there = tmp_path / "recognised.arrow"
    first = devices()
    await watch(places(), first, there)
    assert recognised(first["127.0.0.1"])
    return there


async def test_known_devices_are_polled_at_once(path: Path) -> None:
    again = devices()
    seen = await watch(places(), again, path)
    assert not any(recognised(device) or device.walks for device in again.values())
    assert seen.values("r1", "ifHCInOctets", "GE2")[0] == 2000


LINK = Link("l", "r1", "GE2", "r2", "")


@pytest.mark.parametrize(
    "now",
    [
        places(primary_ip="127.0.0.9"),
        places(credential="new"),
        places(profile="generic-router"),
        places(LINK),
    ],
    ids=["address", "credential", "profile", "linked port"],
)
async def test_another_word_of_the_inventory_voids_what_was_known_of_that_device(path: Path, now: Inventory) -> None:
    again = devices()
    await watch(now, again, path)
    assert recognised(again[now.devices["r1"].primary_ip])
    assert not recognised(again["127.0.0.2"])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def scramble(path: Path) -> None:
    path.write_bytes(bytes(byte ^ 0x5A for byte in path.read_bytes()))


def other_columns(path: Path) -> None:
    with pa.ipc.new_file(path, pa.schema({"name": pa.int8()})):
        pass


def other_types(path: Path) -> None:
    """The same columns, of which none can be made what it should be."""
    rows = pa.array([{"a": 1}])
    with pa.memory_map(str(path)) as file:
        schema = pa.ipc.open_file(file).schema
    made = pa.table(dict.fromkeys(schema.names, rows)).replace_schema_metadata(schema.metadata)
    with pa.ipc.new_file(path, made.schema) as writer:
        writer.write_table(made)


def other_profile(path: Path) -> None:
    """As if the profile's file had been changed since."""
    before = {digest(profile).encode() for profile in load_profiles().values()}
    octets = path.read_bytes()
    for one in before:
        octets = octets.replace(one, one[::-1])
    path.write_bytes(octets)


@pytest.mark.parametrize("harm", [cut, scramble, other_columns, other_types, other_profile])
async def test_a_file_that_cannot_be_trusted_is_no_loss(path: Path, harm: Callable[[Path], None]) -> None:
    harm(path)
    again = devices()
    await watch(places(), again, path)
    assert recognised(again["127.0.0.1"])
    assert recognised(again["127.0.0.2"])


async def test_a_reboot_while_nobody_looked_is_noticed(path: Path) -> None:
    again = devices()
    again["127.0.0.1"].objects[UPTIME] = 50
    again["127.0.0.1"].objects |= router({7: "GE2", 8: "GE1"}, uptime=50).objects
    again["127.0.0.1"].objects[f"{IF_OPER}.7"] = 2
    del again["127.0.0.1"].objects[f"{IF_OPER}.1"], again["127.0.0.1"].objects[f"{IF_OPER}.2"]
    await watch(places(), again, path)
    assert recognised(again["127.0.0.1"])
    assert not recognised(again["127.0.0.2"])


@pytest.mark.parametrize(
    ("new", "devices", "since_s", "told"),
    [
        (0, 264_000, 60.0, False),
        (1, 264_000, 60.0, False),  # in a large fleet somebody reboots all the time
        (2_641, 264_000, 30.0, True),
        (1, 50, 30.0, True),
        (0, 0, 60.0, False),
        (0, 264_000, 1801.0, True),  # for the up-times
    ],
)
def test_the_file_is_written_when_much_is_new_else_seldom(new: int, devices: int, since_s: float, told: bool) -> None:
    assert worth_writing(new, devices, since_s) is told
