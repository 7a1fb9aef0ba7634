"""The whole upper half against real agents: net-snmp's snmpd, and the product's own simulated fleet."""

import asyncio
import json
from pathlib import Path

import pytest
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
from tests.snmpd import AUTH, COMMUNITY, PRIV, snmpd

PATIENT = CollectSettings(timeout_s=1.0)


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


@pytest.mark.server
def test_poll_once_prints_one_object_a_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    engine = open_engine(f"sqlite:///{tmp_path}/data/pahunch.db")
    upgrade(engine)
    monkeypatch.setenv("PAHUNCH_COLLECT__TIMEOUT_S", "0.3")
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
