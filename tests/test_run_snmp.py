"""The whole upper half against real agents: net-snmp's snmpd, and the product's own simulated fleet."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from pysnmp.proto.api import v1
from typer.testing import CliRunner

import manage
from collectors.catalogue import load_profiles
from collectors.model import Failure, PollResult, Reason
from collectors.once import Round, poll_round
from collectors.snmp.open import open_backend
from collectors.watch import fleet
from inventory.model import Area, Credential, Device, Inventory, Level, Names, Role, Site, SiteKind
from inventory.store import apply
from storage.engine import open_engine
from storage.migrate import upgrade
from storage.settings import CollectSettings, Settings
from storage.types import from_millis
from tests.snmp_agent import Answer, Oid, Request, agent
from tests.snmpd import AUTH, COMMUNITY, PRIV, snmpd

PATIENT = CollectSettings(timeout_s=10, deadline_s=60)


def places(port: int, *silent: str) -> Inventory:
    """Two sights of one snmpd (v2c and v3), and devices where nothing listens."""
    devices = [
        Device("old", Role.ROUTER, "s", primary_ip="127.0.0.1", port=port, credential="v2c"),
        Device("new", Role.ROUTER, "s", primary_ip="127.0.0.1", port=port, credential="v3"),
        *(Device(name, Role.ROUTER, "s", primary_ip="127.99.0.1", port=port, credential="v2c") for name in silent),
        Device("lost", Role.ROUTER, "s", primary_ip="127.0.0.1", port=port, credential="nowhere"),
    ]
    credentials = [
        Credential("v2c", "snmp-v2c", community="env:PAHUNCH_T_COMMUNITY"),
        Credential("v3", "snmp-v3", user="full", auth_protocol="SHA-256", auth="env:PAHUNCH_T_AUTH",
                   priv_protocol="AES", priv="env:PAHUNCH_T_PRIV"),
        Credential("nowhere", "snmp-v2c", community="env:PAHUNCH_NO_SUCH"),
    ]  # fmt: skip
    return Inventory(
        areas={"state:22": Area(Level.STATE, "22", Names("CG"))},
        sites={"s": Site("s", SiteKind.GP, "state:22", Names("S"))},
        devices={device.name: device for device in devices},
        credentials={credential.name: credential for credential in credentials},
    )


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("COMMUNITY", COMMUNITY), ("AUTH", AUTH), ("PRIV", PRIV)):
        monkeypatch.setenv(f"PAHUNCH_T_{name}", value)


@pytest.mark.server
@pytest.mark.parametrize("name", ["gufo", "pysnmp"])
def test_a_round_over_a_real_agent(tmp_path: Path, name: str) -> None:
    async def round_over(port: int) -> dict[str, PollResult]:
        backend = open_backend(name)
        devices = fleet(places(port), Settings(collect=PATIENT))
        try:
            return {r.device: r async for r in poll_round(Round(devices, backend, load_profiles(), PATIENT))}
        finally:
            await backend.close()

    with snmpd(tmp_path) as port:
        found = asyncio.run(round_over(port))
    assert found.keys() == {"old", "new", "lost"}
    for device in ("old", "new"):
        result = found[device]
        assert result.reached
        assert result.failure is None
        assert isinstance(result.samples["ifHCInOctets"]["1"], int)
        assert result.samples["ifOperStatus"]["1"] == 1
        assert 0 < result.samples["sysUpTime"]["0"] < 60
    assert found["lost"].failure == Failure(
        Reason.SECRET, permanent=True, detail="env:PAHUNCH_NO_SUCH: no such environment variable"
    )


V1_ONLY: dict[Oid, object] = {
    (1, 3, 6, 1, 2, 1, 1, 1, 0): v1.OctetString(b"Linux 2.6.32.68 #1 mips"),
    (1, 3, 6, 1, 2, 1, 1, 2, 0): v1.ObjectIdentifier("1.3.6.1.4.1.10002.1"),
    (1, 3, 6, 1, 2, 1, 1, 3, 0): v1.TimeTicks(4711),
    (1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 1): v1.OctetString(b"eth0"),
    (1, 3, 6, 1, 2, 1, 2, 2, 1, 2, 2): v1.OctetString(b"ath0"),
    (1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 1): v1.Integer(1),
    (1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 1): v1.Counter(1000),
}


def by_version_1(request: Request) -> list[Answer]:
    """As RFC 1157 has it; whoever asks by another version hears nothing."""
    if request.version != 0:
        return []
    found = {oid: _told(request, oid) for oid in request.oids}
    absent = [place for place, oid in enumerate(request.oids, 1) if found[oid] is None]
    if absent:
        return [Answer([(oid, v1.Null("")) for oid in request.oids], status=2, index=absent[0])]
    return [Answer([(at, V1_ONLY[at]) for at in found.values() if at])]


def _told(request: Request, oid: Oid) -> Oid | None:
    if request.kind == "get":
        return oid if oid in V1_ONLY else None
    return min((other for other in V1_ONLY if other > oid), default=None)


@pytest.mark.parametrize("name", ["gufo", "pysnmp"])
async def test_a_device_that_speaks_version_1_only_is_polled(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    backend = open_backend(name)
    async with agent(by_version_1) as peer:
        old = Credential("v2c", "snmp-v1", community="env:PAHUNCH_T_COMMUNITY")
        inventory = replace(places(peer.port), credentials={"v2c": old})
        devices = fleet(inventory, Settings(collect=PATIENT))
        found = {r.device: r async for r in poll_round(Round(devices, backend, load_profiles(), PATIENT))}["old"]
    await backend.close()
    assert (found.reached, found.failure) == (True, None)
    assert found.samples["sysUpTime"]["0"] == 47.11
    assert found.samples["ifOperStatus"] == {"1": 1}


@pytest.mark.server
def test_poll_once_prints_one_object_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path}/data/pahunch.db")
    upgrade(engine)
    monkeypatch.setenv("PAHUNCH_COLLECT__TIMEOUT_S", "1")
    with snmpd(tmp_path) as port:
        apply(engine, places(port, "gone"), from_millis(0))
        said = CliRunner().invoke(manage.app, ["poll", "--once", "--json", "--area", "state:22"])
        strict = CliRunner().invoke(manage.app, ["poll", "--once", "--fail"])
        nowhere = CliRunner().invoke(manage.app, ["poll", "--once", "--area", "state:99"])
    rows = {row["device"]: row for row in map(json.loads, said.stdout.splitlines())}
    assert said.exit_code == 0
    assert rows.keys() == {"old", "new", "gone", "lost"}
    assert rows["old"]["reached"] is True
    assert rows["old"]["failure"] is None
    assert rows["old"]["at"].endswith("Z")
    assert rows["old"]["samples"]["ifHCInOctets"]["1"] >= 0
    assert rows["gone"]["reached"] is False
    assert rows["lost"]["failure"] == {"reason": "secret", "permanent": True}
    assert COMMUNITY not in said.output
    assert strict.exit_code == 1
    assert nowhere.exit_code == 2
