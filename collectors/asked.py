"""What a probe is asked to do."""

from dataclasses import dataclass

from inventory.model import Credential


@dataclass(frozen=True, slots=True)
class Asked:
    """Which device, and by what right. `kind` is a profile for snmp, a platform for ssh; empty where unknown."""

    name: str
    address: str
    port: int | None
    credential: Credential | None
    kind: str = ""
