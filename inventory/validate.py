"""What rows must be to each other, and what their fields must be together."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from inventory.area_rules import Faults, area_faults, told, version_faults
from inventory.cells import quoted
from inventory.columnar import column as column_of
from inventory.columnar import keys
from inventory.kinds import AREA_VERSIONS, BOUNDARIES, BY_NAME, Record
from inventory.model import Credential, Device, GpState, Inventory, Level
from inventory.places import misplaced, site_places
from inventory.problems import Origin, Problem, file_of
from inventory.rings import ring_faults


class _Reference(NamedTuple):
    kind: str
    column: str
    target: str  # the kind whose key stands in that column


_REFERENCES = (
    _Reference("services", "endpoints", "endpoints"),
    _Reference("services", "department_endpoints", "endpoints"),
    _Reference("service_rollout", "service", "services"),
    _Reference("gp_rollout", "area", "areas"),
    _Reference("areas", "parent", "areas"),
    _Reference(AREA_VERSIONS.name, "parent", "areas"),
    _Reference("areas", "served_by", "sites"),
    _Reference(AREA_VERSIONS.name, "served_by", "sites"),
    _Reference("sites", "area", "areas"),
    _Reference("devices", "site", "sites"),
    _Reference("devices", "credential", "credentials"),
    _Reference("devices", "ssh_credential", "credentials"),
    _Reference("devices", "seen_through", "devices"),
    _Reference("links", "a_device", "devices"),
    _Reference("links", "b_device", "devices"),
)
_BY_COMMUNITY = frozenset({"snmp-v1", "snmp-v2c"})
_OF_BOUNDARIES = _Reference(BOUNDARIES, "area", "areas")


def validate(inventory: Inventory, origin: Origin) -> Iterator[Problem]:
    """Everything that is wrong between rows that are each in order."""
    for reference in _REFERENCES:
        yield from _unknown(inventory, origin, reference)
    for key in inventory.boundaries:
        if key not in inventory.areas and not origin.excused("areas", key):
            yield _missing(inventory, origin, _OF_BOUNDARIES, key, key)
    refused = origin.refused.get("areas", ())
    for key, column, reason in area_faults(inventory, refused):
        yield origin.problem("areas", key, column, reason)
    for key, column, reason in version_faults(inventory, refused):
        yield origin.problem(AREA_VERSIONS.name, key, column, reason)
    for kind, rule in _RULES:
        for key, column, reason in rule(inventory):
            yield origin.problem(kind, key, column, reason)
    if "links" not in origin.unreadable and not origin.refused.get("links"):
        # A row that was refused may be the link that a ring lacks.
        for key, column, reason in ring_faults(inventory):
            yield origin.problem("links", key, column, reason)


def _unknown(inventory: Inventory, origin: Origin, reference: _Reference) -> Iterator[Problem]:
    known = BY_NAME[reference.target].of(inventory)
    lapsed = inventory.versions if _of_any_time(reference) else {}
    for key, name in _absent(BY_NAME[reference.kind].of(inventory), reference.column, keys(known)):
        if name and name not in lapsed and not origin.excused(reference.target, name):
            yield _missing(inventory, origin, reference, key, name)


def _absent(records: Mapping[str, Record], field: str, known: pa.Array) -> Iterator[tuple[str, str]]:
    """(key, name) where a record names one that isn't known, which may be the empty text for none."""
    named, rows = column_of(records, field), np.arange(len(records))
    if pa.types.is_list(named.type):
        rows, named = pc.list_parent_indices(named).to_numpy(), named.flatten()
    named = named.cast(pa.string())
    absent = np.flatnonzero(pc.and_(named.is_valid(), pc.invert(pc.is_in(named, value_set=known))).to_numpy(False))
    owners = keys(records).take(pa.array(rows[absent]))
    return zip(owners.to_pylist(), named.take(pa.array(absent)).to_pylist(), strict=True)


def _of_any_time(reference: _Reference) -> bool:
    """Whether it may name an area of another time: area_rules.py sees to parents, and a roll-out is a history."""
    return reference.column == "parent" or reference.kind == "gp_rollout"


def _missing(inventory: Inventory, origin: Origin, reference: _Reference, key: str, name: str) -> Problem:
    kind, column, target = reference
    lapsed = inventory.versions.get(name, ()) if target == "areas" else ()
    only = f"only {' and '.join(map(told, lapsed))}" if lapsed else ""
    if kind in origin.lines or target not in origin.lines:
        lacking = f"is in {file_of(target)} {only}" if only else f"is not in {file_of(target)}"
        return origin.problem(kind, key, column, f"names {quoted(name)}, which {lacking}")
    lacking = f"has {quoted(name)} {only}" if only else f"lacks {quoted(name)}"
    return Problem(file_of(target), 0, "", f"{lacking}, which {quoted(key)} of the stored {kind} names as its {column}")


def _sites(inventory: Inventory) -> Faults:
    return misplaced(inventory, list(site_places(inventory)))


def _credentials(inventory: Inventory) -> Faults:
    for key, credential in inventory.credentials.items():
        for column, reason in _lacking(credential):
            yield key, column, reason


def _lacking(it: Credential) -> Iterator[tuple[str, str]]:
    if it.kind in _BY_COMMUNITY and not it.community:
        yield "community", f"is required for {it.kind}"
    if it.kind == "checkin" and not it.auth:
        yield "auth", "is required for checkin"
    if it.kind not in {*_BY_COMMUNITY, "checkin"} and not it.user:
        yield "user", f"is required for {it.kind}"
    if it.kind == "ssh" and not it.auth and not it.key_file:
        yield "key_file", "or auth (the password) is required for ssh"
    if it.kind == "snmp-v3" and bool(it.auth) != bool(it.auth_protocol):
        yield "auth_protocol", "and auth go together"
    if it.kind == "snmp-v3" and bool(it.priv) != bool(it.priv_protocol):
        yield "priv_protocol", "and priv go together"
    if it.kind == "snmp-v3" and it.priv and not it.auth:
        yield "priv", "is not possible without auth (RFC 3414)"


def _devices(inventory: Inventory) -> Faults:
    addresses: dict[tuple[str, int], str] = {}
    indexes: dict[tuple[str, str], str] = {}
    for key, device in inventory.devices.items():
        for column, reason in _incomplete(device):
            yield key, column, reason
        if (login := inventory.credentials.get(device.ssh_credential)) and login.kind not in {"ssh", "checkin"}:
            yield key, "ssh_credential", f"{quoted(login.name)} is for {login.kind}, not for ssh or checkin"
        if device.primary_ip:
            first = addresses.setdefault((device.primary_ip, device.port or 161), key)
            if first != key:
                yield (
                    key,
                    "primary_ip",
                    f"{device.primary_ip} port {device.port or 161} is already that of {quoted(first)}",
                )
        if device.seen_through and device.seen_as:
            first = indexes.setdefault((device.seen_through, device.seen_as), key)
            if first != key:
                yield key, "seen_as", f"{quoted(device.seen_as)} is already that of {quoted(first)}"
    yield from _cycles(inventory.devices)


def _incomplete(device: Device) -> Iterator[tuple[str, str]]:
    if device.reference and not device.primary_ip:
        yield "reference", "needs a primary_ip: a device without one can't be asked"
    if device.seen_as and not device.seen_through:
        yield "seen_as", "needs seen_through: the device that sees it"
    if device.port and not device.primary_ip:
        yield "port", "needs a primary_ip"
    if device.ssh_credential and not device.primary_ip:
        yield "ssh_credential", "needs a primary_ip"


def _cycles(devices: Mapping[str, Device]) -> Faults:
    """Devices that are seen through each other, the first of each circle."""
    pairs = zip(keys(devices).to_pylist(), column_of(devices, "seen_through").to_pylist(), strict=True)
    through = {key: seen_through for key, seen_through in pairs if seen_through}
    finished: set[str] = set()
    for key in through:
        chain: dict[str, None] = {}
        at = key
        while at in through and at not in finished and at not in chain:
            chain[at] = None
            at = through[at]
        if at in chain:
            names = list(chain)
            circle = [*names[names.index(at) :], at]
            yield at, "seen_through", f"goes in a circle: {' → '.join(quoted(name) for name in circle[:8])}"
        finished.update(chain)


def _links(inventory: Inventory) -> Faults:
    for key, link in inventory.links.items():
        if link.a_device == link.b_device:
            yield key, "b_device", f"{quoted(link.b_device)} is linked to itself"


def _gp_rollout(inventory: Inventory) -> Faults:
    for key, row in inventory.gp_rollout.items():
        if not row.area.startswith(f"{Level.GP}:"):
            yield key, "area", f"{quoted(row.area)} is no gram panchayat; write gp:code"
        if row.pending_with and row.state is not GpState.RIGHT_OF_WAY:
            yield key, "pending_with", f"needs the state {GpState.RIGHT_OF_WAY}, not {row.state}"


def _endpoints(inventory: Inventory) -> Faults:
    for key, endpoint in inventory.endpoints.items():
        if endpoint.expect_text and endpoint.method == "HEAD":
            yield key, "expect_text", "needs the method GET: an answer to HEAD has no text"


_RULES: tuple[tuple[str, Callable[[Inventory], Faults]], ...] = (
    ("credentials", _credentials),
    ("sites", _sites),
    ("devices", _devices),
    ("links", _links),
    ("endpoints", _endpoints),
    ("gp_rollout", _gp_rollout),
)
