"""Which kendras check in, and the references to their keys."""

from urllib.parse import quote

from inventory.model import Device, Inventory, Lifecycle, Role

KIND = "checkin"
"""Kind of the credentials that keys are referred to by."""

_PLACE = "{site}"


def agents_of(inventory: Inventory) -> dict[str, Device]:
    """Site -> its PC that checks in: the first active one whose credential is of the kind `checkin`."""
    kinds = {name for name, credential in inventory.credentials.items() if credential.kind == KIND}
    found: dict[str, Device] = {}
    if not kinds:
        return found
    for device in inventory.devices.values():
        if device.role is Role.PC and device.status is Lifecycle.ACTIVE and credential_of(device, kinds):
            found.setdefault(device.site, device)
    return found


def credential_of(device: Device, kinds: set[str]) -> str:
    """The name of the PC's check-in credential among `kinds`, "" for none; a PC that is polled too has it beside its other."""
    return next((name for name in (device.credential, device.ssh_credential) if name in kinds), "")


def is_polled(inventory: Inventory, device: Device) -> bool:
    """Whether anybody asks the device over SNMP: an address alone, or one with an SSH credential, is asked nothing."""
    credential = inventory.credentials.get(device.credential)
    return bool(device.primary_ip) and credential is not None and credential.kind.startswith("snmp")


def reference_of(inventory: Inventory, device: Device) -> str:
    """The reference to the key of the PC's kendra."""
    kinds = {name for name, credential in inventory.credentials.items() if credential.kind == KIND}
    reference = inventory.credentials[credential_of(device, kinds)].auth
    # A site's name comes from a file: it may not lead out of the folder.
    return reference.replace(_PLACE, quote(device.site, safe=""))


def references(inventory: Inventory) -> dict[str, str]:
    """Site -> the reference to its key."""
    return {site: reference_of(inventory, device) for site, device in agents_of(inventory).items()}
