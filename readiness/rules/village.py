"""Readiness of a village through the kendra that serves it. Pure."""

from inventory.model import Role

BOXES = frozenset({Role.ROUTER, Role.OLT, Role.ONT, Role.SWITCH, Role.RADIO})
"""Roles of the equipment that carries a site's traffic."""
