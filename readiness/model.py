"""The words of judgement."""

from enum import StrEnum


class Status(StrEnum):
    """State of a device, link or site. Unknown is not down: it is what we could not see."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"


class Readiness(StrEnum):
    """State of a village for e-services."""

    READY = "ready"
    DEGRADED = "degraded"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Layer(StrEnum):
    """Layers between a citizen and a service, from the ground up: the first that fails is named."""

    NOT_COMMISSIONED = "not_commissioned"
    POWER = "power"
    GP_EQUIPMENT = "gp_equipment"
    BACKHAUL = "backhaul"
    LAST_MILE = "last_mile"
    KENDRA_HARDWARE = "kendra_hardware"
    ENDPOINT = "endpoint"


class Cause(StrEnum):
    POWER = "power"
    FIBRE = "fibre"
    EQUIPMENT = "equipment"
    UPSTREAM = "upstream"
    LAST_MILE = "last_mile"
    ADMINISTRATIVE = "administrative"
    PLANNED = "planned"
    UNDETERMINED = "undetermined"


class SubjectKind(StrEnum):
    DEVICE = "device"
    LINK = "link"
    SITE = "site"
    VILLAGE = "village"
    ENDPOINT = "endpoint"


class Responsible(StrEnum):
    """Who has to act. The state may map these to names and phone numbers."""

    AGENCY = "agency"  # keeps fibre and network equipment working
    POWER_UTILITY = "power_utility"
    PANCHAYAT = "panchayat"
    KENDRA_OPERATOR = "kendra_operator"
    SERVICE_OWNER = "service_owner"  # runs the portal or gateway that a service needs
    NONE = "none"
