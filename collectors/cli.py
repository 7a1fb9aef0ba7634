"""Command `probe`: what one device is and says."""

import asyncio
import ipaddress
import socket
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from collectors.asked import Asked
from collectors.catalogue import ProfileError
from collectors.model import Reason
from collectors.snmp.backend import AUTH_PROTOCOLS, PRIV_PROTOCOLS
from inventory.model import Credential
from storage.settings import Settings

_ERR = Console(stderr=True)


class Version(StrEnum):
    V1 = "1"
    V2C = "2c"
    V3 = "3"


class Backend(StrEnum):
    GUFO = "gufo"
    PYSNMP = "pysnmp"


def probe(  # noqa: PLR0917 - typer passes options by name
    address: Annotated[str, typer.Argument(metavar="ADDRESS[:PORT]", help="IP address or name of the device")],
    version: Annotated[Version, typer.Option(help="SNMP version")] = Version.V2C,
    community: Annotated[str, typer.Option(metavar="REF", help="Community: env:NAME, file:PATH, or the text")] = "",
    v3_user: Annotated[str, typer.Option(metavar="U", help="SNMPv3 user")] = "",
    v3_auth: Annotated[str, typer.Option(metavar="SHA-256:REF", help="Protocol and passphrase of the user")] = "",
    v3_priv: Annotated[str, typer.Option(metavar="AES:REF", help="Protocol and passphrase for privacy")] = "",
    ssh_user: Annotated[str, typer.Option(metavar="U", help="Read over SSH as this user, not by SNMP")] = "",
    ssh_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Private key of that user")] = None,
    ssh_password: Annotated[str, typer.Option(metavar="REF", help="Password of that user: env:NAME, file:PATH")] = "",
    ssh_enable: Annotated[str, typer.Option(metavar="REF", help="Password for `enable`: env:NAME, file:PATH")] = "",
    ssh_platform: Annotated[str, typer.Option(metavar="P", help="What answers there: a name in docs/ssh.md")] = "linux",
    backend: Annotated[Backend | None, typer.Option(help="SNMP library")] = None,
    profile: Annotated[str, typer.Option(metavar="P", help="Profile to use, without recognising the device")] = "",
    ping: Annotated[bool, typer.Option("--ping", help="Send echo requests (ICMP) besides")] = False,
    as_json_: Annotated[bool, typer.Option("--json", help="Print JSON, and only JSON, on standard output")] = False,
) -> None:
    """Recognise one device and print all that its profile reads. Exit code 1 when it isn't reached, 2 for wrong use."""
    host, port = _address(address)
    if ssh_user:
        credential = _ssh(ssh_user, ssh_key, ssh_platform, ssh_password, ssh_enable)
        asked = Asked(address, host, port, credential, ssh_platform)
    else:
        credential = _snmp(version, community, v3_user, v3_auth, v3_priv)
        asked = Asked(address, host, port, credential, profile)
    from collectors.probe import ask, tell

    settings = Settings()
    try:
        result = asyncio.run(ask(asked, settings, backend or settings.collect.backend, ping=ping))
    except ProfileError as error:
        raise typer.BadParameter(str(error), param_hint="--profile") from error
    tell(address, result, as_json_)
    if result.failure:
        raise typer.Exit(2 if result.failure.reason is Reason.SECRET else 1)


def _address(given: str) -> tuple[str, int | None]:
    """IP address and port of "10.0.0.1", "10.0.0.1:1161", "[fd00::1]:161" or a name."""
    host, port = given, ""
    if given.count(":") == 1 or "]:" in given:
        host, _, port = given.rpartition(":")
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        raise typer.BadParameter(f"{port!r} is no port", param_hint="ADDRESS")
    return _resolved(host.strip("[]")), int(port) if port else None


def _resolved(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
    except (OSError, UnicodeError) as error:
        raise typer.BadParameter(f"no address for {host!r}: {error}", param_hint="ADDRESS") from error


def _snmp(version: Version, community: str, user: str, auth: str, priv: str) -> Credential:
    if version is not Version.V3 and not user:
        _warn_of_text(community, "--community")
        return Credential("probe", f"snmp-v{version}", community=community or "public")
    if not user:
        raise typer.BadParameter("SNMPv3 needs --v3-user", param_hint="--version")
    auth_protocol, auth_ref = _protocol(auth, AUTH_PROTOCOLS, "--v3-auth")
    priv_protocol, priv_ref = _protocol(priv, PRIV_PROTOCOLS, "--v3-priv")
    if priv and not auth:
        raise typer.BadParameter("privacy needs --v3-auth", param_hint="--v3-priv")
    return Credential("probe", "snmp-v3", "", user, auth_protocol, auth_ref, priv_protocol, priv_ref)


def _protocol(given: str, known: tuple[str, ...], option: str) -> tuple[str, str]:
    """Protocol and reference of a text like SHA-256:env:NAME."""
    protocol, _, reference = given.partition(":")
    if given and (protocol not in known or not reference):
        raise typer.BadParameter(f"{' or '.join(known)}, a colon and a reference", param_hint=option)
    _warn_of_text(reference, option)
    return protocol, reference


def _warn_of_text(reference: str, option: str) -> None:
    if reference and not reference.startswith(("env:", "file:")):
        _ERR.print(f"warning: {option} holds the secret itself; others on this machine can see it. Use env: or file:")


def _ssh(user: str, key: Path | None, platform: str, password: str, enable: str) -> Credential:
    from collectors.ssh.platform import load_platforms

    if key is None and not password:
        raise typer.BadParameter("SSH needs --ssh-key or --ssh-password", param_hint="--ssh-user")
    _warn_of_text(password, "--ssh-password")
    _warn_of_text(enable, "--ssh-enable")
    if platform not in load_platforms():
        known = ", ".join(load_platforms())
        raise typer.BadParameter(f"{platform!r} is not one of {known}", param_hint="--ssh-platform")
    return Credential("probe", "ssh", user=user, auth=password, priv=enable, key_file=str(key or ""))
