"""Looks at endpoints by a kendra's own PC: `curl` there, over SSH.

The PC's resolver gives the addresses; they are checked here, as for our own looks, and curl connects to
no others. It follows no redirect by itself, sends nothing of the user's configuration, and reads no more
than a little of the body, slowly: the kendra's line is for its citizens.
"""

import re
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING

import httpx2

from collectors.http.addresses import Allowed, checked
from collectors.http.look import Found, Look
from collectors.http.probe import BODY_OCTETS
from collectors.model import Failure, Reason
from inventory.model import Device, Endpoint, Inventory, Lifecycle, Role
from storage.settings import EndpointSettings, Settings

if TYPE_CHECKING:
    from collectors.ssh.talk import Run, SshTarget

_SLOWEST_OCTETS_S = 65_536  # that curl may read in a second
_LOGIN_S = 20.0
_AFTER_S = 3.0  # for the shell, when curl's own time is over

# curl's --write-out; the redirect's address comes last, for it may hold anything.
_TELL = (
    "%{stderr}looked %{http_code} %{time_connect} %{time_appconnect} %{time_pretransfer} %{time_starttransfer}"
    " %{time_total} |%{redirect_url}|\\n"
)
_TOLD = re.compile(r"^looked (\d{3})((?: \d+(?:\.\d+)?){5}) \|(.*)\|\r?$", re.MULTILINE)
_ERROR = re.compile(r"^curl: \((\d+)\)", re.MULTILINE)
_FOUND = re.compile(r"^text (\d+)\r?$", re.MULTILINE)
_RESOLVED = re.compile(r"^resolved [02]\r?$", re.MULTILINE)  # 2: no such name
_ADDRESS = re.compile(r"^([0-9a-fA-F:.]+)\s+STREAM\b", re.MULTILINE)

# curl's exit codes
_READ_NO_FURTHER = 23
_NOT_CONNECTED = 7
_TOO_LATE = 28
_TLS = frozenset({35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Login:
    """A kendra's PC, and how to log in to it."""

    device: str
    target: "SshTarget"


def logins(inventory: Inventory, settings: Settings) -> tuple[Login, ...]:
    """The kendras' active PCs that have an address and a credential for SSH, one a kendra."""
    if not any(credential.kind == "ssh" for credential in inventory.credentials.values()):
        return ()
    from collectors.ssh.talk import target_of  # netmiko takes 20 MB, which a state without such PCs need not spend

    found: dict[str, Login] = {}
    for device in inventory.devices.values():
        credential = inventory.credentials.get(device.ssh_credential) or inventory.credentials.get(device.credential)
        if device.role is Role.PC and _is_asked(device) and credential and credential.kind == "ssh":
            # Without the password for enable: what a kendra's PC is asked needs no more rights.
            target = replace(target_of(credential, device.primary_ip, settings.collect), enable="")
            found.setdefault(device.site, Login(device.name, target))
    return tuple(found.values())


def _is_asked(device: Device) -> bool:
    return device.status is Lifecycle.ACTIVE and bool(device.primary_ip)


async def looks_from(
    pc: Login, endpoints: Sequence[Endpoint], settings: Settings, pool: ThreadPoolExecutor
) -> tuple[Look, ...] | Failure:
    """What the PC sees of the endpoints; a Failure where nobody could log in."""
    from collectors.ssh.talk import talk_over_ssh

    wanted = settings.endpoints
    each_s = [(endpoint.timeout_s or wanted.timeout_s) + _AFTER_S for endpoint in endpoints]
    longest_s = _LOGIN_S + 2 * (wanted.redirects + 1) * sum(each_s)
    one_s = max(each_s, default=_AFTER_S)
    target = replace(pc.target, deadline_s=longest_s, timeout_s=one_s, silence_s=one_s)
    return await talk_over_ssh(target, lambda run: tuple(looks(run, endpoints, wanted)), pool)


def looks(run: "Run", endpoints: Sequence[Endpoint], settings: EndpointSettings) -> Iterator[Look]:
    """A look at each endpoint by the machine on which `run` runs commands, two where it fails; none where it can't tell."""
    allowed = Allowed.named(settings.allow)
    for endpoint in endpoints:
        first = _timed(run, endpoint, allowed, settings)
        if first:
            yield first
        if first and first.failure:  # a second one confirms it: the kendra is asked again only after long
            second = _timed(run, endpoint, allowed, settings)
            if second:
                yield second


def _timed(run: "Run", endpoint: Endpoint, allowed: Allowed, settings: EndpointSettings) -> Look | None:
    at = time.time()
    seen = _look(run, endpoint, allowed, settings)
    return Look(endpoint.code, at, seen[2], seen[0], seen[1]) if seen else None


_Seen = tuple[Failure | None, Found, float]


def _look(run: "Run", endpoint: Endpoint, allowed: Allowed, settings: EndpointSettings) -> _Seen | None:
    url = _parsed(endpoint.url)
    if url is None:
        return Failure(Reason.PROTOCOL, permanent=True, detail="no web address"), Found(), 0.0
    host = url.raw_host.decode("ascii").strip("[]")
    resolved = run(f"getent ahosts {quote(host)}; echo resolved $?")
    if not _RESOLVED.search(resolved):
        return None
    addresses = checked(host, _ADDRESS.findall(resolved), allowed)
    if isinstance(addresses, Failure):
        return addresses, Found(), 0.0
    return _follow(run, endpoint, url, addresses, settings)


def _follow(
    run: "Run", endpoint: Endpoint, url: httpx2.URL, addresses: Sequence[str], settings: EndpointSettings
) -> _Seen | None:
    """The answer after its redirects within the host, as far as that is known."""
    limit_s = endpoint.timeout_s or settings.timeout_s
    for _ in range(settings.redirects + 1):
        output = run(command(endpoint, url, addresses, limit_s))
        told = _TOLD.search(output)
        if not told:
            return None
        found, total_s = _found(told)
        if not (told[3] and _leads_on(endpoint, int(told[1]))):
            return _wrong(endpoint, output, found), found, total_s
        further = _same_host(url, told[3])
        if further is None:
            # What lies there was not checked; that the redirect came is all that is known.
            plain = endpoint.expects(int(told[1])) and not endpoint.expect_text
            return (None, found, total_s) if plain else None
        url = further
    return Failure(Reason.PROTOCOL, detail=f"more than {settings.redirects} redirects"), found, total_s


def command(endpoint: Endpoint, url: httpx2.URL, addresses: Sequence[str], limit_s: float) -> str:
    """The shell command of one look: what it prints is read by _TOLD, _ERROR and _FOUND."""
    host, port = url.raw_host.decode("ascii"), url.port or _PORTS[url.scheme]
    reached = ",".join(f"[{address}]" if ":" in address else address for address in addresses)
    curl = (
        f"curl -q -sS --globoff --noproxy '*' --proto =http,https --max-time {limit_s:g}"
        f" --limit-rate {_SLOWEST_OCTETS_S} -A 'Pahunch/1 (endpoint probe)' -H 'Accept-Encoding: identity'"
        f"{' -I' if endpoint.method == 'HEAD' else ''} --resolve {quote(f'{host}:{port}:{reached}')}"
        f" -w {quote(_TELL)} --url {quote(str(url))}"
    )
    body = f"{curl} 2>&3 | head -c {BODY_OCTETS}"
    if not endpoint.expect_text:
        return f"{{ {body} >/dev/null; }} 3>&1"
    # The count is told when curl has ended: two that write at once would write into each other's lines.
    return f'{{ lines=$({body} | grep -acF -e {quote(endpoint.expect_text)}); echo "text $lines"; }} 3>&1'


def _parsed(text: str) -> httpx2.URL | None:
    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL:
        return None
    return url if url.scheme in _PORTS and 0 < (url.port or 80) < 65_536 else None


def _same_host(url: httpx2.URL, redirect: str) -> httpx2.URL | None:
    """Where to look further; None where that is another host's business."""
    further = _parsed(redirect)  # curl gives the whole address
    return further if further and further.raw_host == url.raw_host else None


def _leads_on(endpoint: Endpoint, status: int) -> bool:
    return 300 <= status < 400 and (endpoint.expects(200) or not endpoint.expects(status))


def _found(told: re.Match[str]) -> tuple[Found, float]:
    connect, encrypted, ready, begun, total = map(float, told[2].split())
    found = Found(
        status=int(told[1]) or None,
        connect_s=connect or None,
        tls_s=encrypted - connect if encrypted else None,
        first_byte_s=begun - ready if begun else None,
    )
    return found, total


def _wrong(endpoint: Endpoint, output: str, found: Found) -> Failure | None:
    """What was wrong with the answer."""
    error = _ERROR.search(output)
    number = int(error[1]) if error else 0
    if number in _TLS:
        return Failure(Reason.TLS, detail=f"curl: {number}")
    if number in {_NOT_CONNECTED, _TOO_LATE}:
        return Failure(Reason.DEADLINE if found.status else Reason.TIMEOUT, detail=f"curl: {number}")
    if number not in {0, _READ_NO_FURTHER} or found.status is None:
        return Failure(Reason.PROTOCOL, detail=f"curl: {number}")
    if not endpoint.expects(found.status):
        return Failure(Reason.STATUS, detail=f"status {found.status}, not {endpoint.expect_status}")
    lines = _FOUND.search(output)
    missing = endpoint.expect_text and not (lines and int(lines[1]))
    return Failure(Reason.TEXT, detail="the expected text is not there") if missing else None
