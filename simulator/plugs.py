"""Ends of links."""

from dataclasses import dataclass

from inventory.model import Link


@dataclass(frozen=True, slots=True)
class Flow:
    """Speed of a link and its mean traffic, octets a second: `down` from its a end to its b end."""

    speed_mbps: int
    down: float
    up: float


@dataclass(frozen=True, slots=True)
class Plug:
    """One end of a link."""

    link: Link
    near_port: str
    far: str  # device
    far_port: str
    outward: bool  # whether the link's "down" leaves here
    flow: Flow
