"""Command `discover`: what is out there that the inventory doesn't know. It proposes; nothing is added."""

import asyncio
import json
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collectors.discovery.explore import Bounds, Explored, explore
from collectors.discovery.look import Seen, look
from collectors.discovery.propose import Box, Proposal, Wire, propose
from collectors.http.addresses import Network
from collectors.model import Failure
from collectors.targets import target_at, target_for
from inventory.model import Credential, Inventory
from storage.settings import Settings

if TYPE_CHECKING:
    from collectors.snmp.backend import SnmpBackend


def discover(  # noqa: PLR0917 - typer passes options by name
    seed: Annotated[list[str], typer.Option(metavar="ADDRESS", help="Begin with this device; may be repeated")],
    network: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="Addresses that may be asked besides; may be repeated")
    ] = None,
    credential: Annotated[str, typer.Option(metavar="NAME", help="Credential of the inventory for strangers")] = "",
    site: Annotated[str, typer.Option(help="Site for new devices that no known neighbour places")] = "",
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Ask every address of the networks, not only told ones")
    ] = False,
    rate: Annotated[float, typer.Option(min=0.1, max=500, help="Addresses begun a second")] = 20,
    most: Annotated[int, typer.Option(min=1, max=65_536, help="Most addresses that are asked")] = 4096,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the inventory with the proposals, to be imported")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object, and only that")] = False,
) -> None:
    """Ask seeds and given networks who is there, compare it with the inventory, propose devices and links.

    Addresses outside the networks are told, never asked. Exit code 2 for wrong use.
    """
    from inventory.files import write_folder
    from inventory.store import load
    from storage.engine import open_engine

    settings = Settings()
    inventory = load(open_engine(settings.storage.url, settings.storage.cache))
    bounds = Bounds(tuple(map(_network, network or ())), rate, most)
    if bounds.size(sweep=sweep) > most:
        raise typer.BadParameter(f"{bounds.size(sweep=sweep)} addresses: more than --most", param_hint="--network")
    access = _credential(inventory, credential)
    if site and site not in inventory.sites:
        raise typer.BadParameter(f"no site {site!r}", param_hint="--site")
    explored = asyncio.run(
        _explore([_address(text) for text in seed], bounds, inventory, settings, access, sweep=sweep)
    )
    proposal = propose(inventory, explored.seen, site=site, credential=access.name)
    if out:
        write_folder(proposal.applied(inventory), out)
    _tell(explored, proposal, as_json=as_json)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--network") from error


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--seed") from error


def _credential(inventory: Inventory, name: str) -> Credential:
    """The named one, or the only one for SNMP: a community must not be tried on strangers by guessing."""
    known = {one.name: one for one in inventory.credentials.values() if one.kind.startswith("snmp")}
    if name not in known and (name or len(known) != 1):
        raise typer.BadParameter(f"one of {', '.join(sorted(known)) or 'none: the inventory has no SNMP credential'}",
                                 param_hint="--credential")  # fmt: skip
    return known[name] if name else next(iter(known.values()))


async def _explore(
    seeds: list[str], bounds: Bounds, inventory: Inventory, settings: Settings, access: Credential, *, sweep: bool
) -> Explored:
    from collectors.catalogue import load_profiles
    from collectors.snmp.open import open_backend

    known = {device.primary_ip: device for device in inventory.devices.values() if device.primary_ip}
    backend: SnmpBackend = open_backend(settings.collect.backend)
    catalogue = load_profiles()

    async def ask(address: str) -> Seen | Failure:
        device = known.get(address)
        own = inventory.credentials.get(device.credential) if device else None
        target = target_for(device, own, settings) if device and own else target_at(address, None, access, settings)
        return target if isinstance(target, Failure) else await look(backend, target, catalogue)

    try:
        return await explore(seeds, bounds, ask, sweep=sweep)
    finally:
        await backend.close()


def _tell(explored: Explored, proposal: Proposal, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(as_object(explored, proposal), ensure_ascii=False))
        return
    print(f"{explored.asked} addresses asked, {len(explored.seen)} answered, {explored.left_out} left out")
    for box in proposal.boxes:
        print(f"{box.status:8} {box.seen.address:15} {box.name} ({box.seen.profile}) {box.why_not}".rstrip())
    for wire in proposal.wires:
        by = " (by forwarding tables)" if wire.by == "forwarding" else ""
        print(f"{wire.status:8} {wire.ends.a} {wire.ends.a_port} - {wire.ends.b} {wire.ends.b_port}{by}")
    for address, how in sorted(explored.told.items()):
        print(f"told     {address:15} by {how}, outside the networks: not asked")


def as_object(explored: Explored, proposal: Proposal) -> dict[str, object]:
    """What `--json` prints."""
    return {
        "asked": explored.asked,
        "answered": len(explored.seen),
        "left_out": explored.left_out,
        "devices": [_box(box) for box in proposal.boxes],
        "links": [_wire(wire) for wire in proposal.wires],
        "told": [{"address": address, "how": how} for address, how in sorted(explored.told.items())],
    }


def _box(box: Box) -> dict[str, object]:
    seen = box.seen
    told: dict[str, object] = {
        "status": box.status,
        "address": seen.address,
        "name": box.name,
        "profile": seen.profile,
        "role": seen.role,
        "object_id": seen.object_id,
        "description": seen.description,
        "chassis_id": seen.chassis,
    }
    if box.row and box.status != "known":
        told["site"] = box.row.site
    return told | ({"why_not": box.why_not} if box.why_not else {})


def _wire(wire: Wire) -> dict[str, object]:
    return {"status": wire.status, **wire.ends._asdict(), "by": wire.by, "proposed": wire.row is not None}
