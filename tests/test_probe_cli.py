"""The command `probe` against Debian's snmpd and against nothing."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from collectors.cli import probe
from tests.servers import free_port
from tests.snmpd import AUTH, COMMUNITY, CONTACT, NAME, PLACE, PRIV, snmpd

SECRETS = (AUTH, PRIV, COMMUNITY)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as port:
        yield port


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The references of the tests: two variables and a file."""
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", COMMUNITY)
    monkeypatch.setenv("PAHUNCH_TEST_AUTH", AUTH)
    (tmp_path / "priv").write_text(f"{PRIV}\n")
    return tmp_path


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(probe)
    return CliRunner().invoke(app, arguments)


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


V3 = ("--version", "3", "--v3-user", "full", "--v3-auth", "SHA-256:env:PAHUNCH_TEST_AUTH")


@pytest.mark.server
@pytest.mark.parametrize("backend", ["gufo", "pysnmp"])
@pytest.mark.parametrize("version", ["1", "2c", "3"])
def test_a_real_agent(port: int, secrets: Path, backend: str, version: str) -> None:
    how = (
        (*V3, "--v3-priv", f"AES:file:{secrets}/priv")
        if version == "3"
        else ("--version", version, "--community", "env:PAHUNCH_TEST_COMMUNITY")
    )
    result = run(f"127.0.0.1:{port}", *how, "--backend", backend, "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    reading = told(result)
    assert reading["address"] == f"127.0.0.1:{port}"
    assert (reading["reached"], reading["profile"], reading["os"]) == (True, "host", "Linux")
    system = reading["system"]
    assert (system["name"], system["location"], system["contact"]) == (NAME, PLACE, CONTACT)
    assert 0 <= system["uptime_s"] < 600
    assert {row["name"] for row in reading["interfaces"]} == {name for _, name in socket.if_nameindex()}
    memory = int(Path("/proc/meminfo").read_text().split()[1]) * 1024
    assert reading["host"]["memory_total"] == memory


@pytest.mark.server
def test_people_get_tables(port: int, secrets: Path) -> None:
    result = run(f"127.0.0.1:{port}", "--community", "env:PAHUNCH_TEST_COMMUNITY")
    assert result.exit_code == 0
    assert NAME in result.stdout
    assert PLACE in result.stdout
    assert "interfaces" in result.stdout


@pytest.mark.server
def test_a_secret_on_the_command_line_is_warned_of(port: int) -> None:
    result = run(f"127.0.0.1:{port}", "--community", COMMUNITY, "--json")
    assert result.exit_code == 0
    assert "warning" in result.stderr
    assert not any(secret in result.output for secret in SECRETS)


@pytest.mark.server
@pytest.mark.parametrize("backend", ["gufo", "pysnmp"])
def test_a_wrong_passphrase_is_not_reached_for_a_reason(port: int, secrets: Path, backend: str) -> None:
    result = run(f"127.0.0.1:{port}", *V3[:-1], f"SHA-256:file:{secrets}/priv", "--json", "--backend", backend)
    assert result.exit_code == 1
    assert told(result)["reached"] is False
    assert told(result)["errors"][0]["reason"] == "authentication"
    assert not any(secret in result.output for secret in SECRETS)


@pytest.mark.parametrize("backend", ["gufo", "pysnmp"])
def test_nobody_there(backend: str) -> None:
    address = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    result = run(address, "--json", "--backend", backend)
    assert result.exit_code == 1
    assert told(result) == {
        "address": address,
        "reached": False,
        "errors": [{"what": "device", "reason": "refused"}],
    }
    plain = run(address, "--backend", backend)
    assert (plain.exit_code, plain.stdout) == (1, "")
    assert "refused" in plain.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("127.0.0.1:0",),
        ("127.0.0.1:70000",),
        ("127.0.0.1:snmp",),
        ("no.such.name.invalid",),
        ("",),
        ("127.0.0.1", "--version", "4"),
        ("127.0.0.1", "--version", "3"),
        ("127.0.0.1", "--v3-user", "u", "--v3-auth", "MD4:env:X"),
        ("127.0.0.1", "--v3-user", "u", "--v3-auth", "SHA-256"),
        ("127.0.0.1", "--v3-user", "u", "--v3-priv", "AES:env:X"),
        ("127.0.0.1", "--profile", "no-such-profile"),
        ("127.0.0.1", "--backend", "netsnmp"),
        ("127.0.0.1", "--community", "env:PAHUNCH_NOT_THERE", "--json"),
        ("127.0.0.1", "--community", "file:/not/there"),
        ("127.0.0.1", "--ssh-user", "u"),
        ("127.0.0.1", "--ssh-user", "u", "--ssh-key", "k", "--ssh-platform", "plan9"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_code_2_and_no_traceback(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.exception is None or isinstance(result.exception, SystemExit)
