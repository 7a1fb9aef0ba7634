"""What the product's own words are called on a page. Everything here is a gettext message."""

from collections.abc import Mapping

from api.i18n import N_
from collectors.model import Reason
from inventory.model import GpState, Level, Role, SiteKind
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.rules.rings import RingStatus

READINESS: Mapping[str, str] = {
    Readiness.READY: N_("Ready"),
    Readiness.DEGRADED: N_("Degraded"),
    Readiness.BLOCKED: N_("Blocked"),
    Readiness.UNKNOWN: N_("Unknown"),
}
STATUS: Mapping[str, str] = {
    Status.UP: N_("Working"),
    Status.DEGRADED: N_("Degraded"),
    Status.DOWN: N_("Not working"),
    Status.UNKNOWN: N_("Unknown"),
}
# One look for both vocabularies: the class that the style sheet and the marks know.
LOOK: Mapping[str, str] = {
    Readiness.READY: "ready",
    Readiness.DEGRADED: "degraded",
    Readiness.BLOCKED: "blocked",
    Readiness.UNKNOWN: "unknown",
    Status.UP: "ready",
    Status.DOWN: "blocked",
}
LAYER: Mapping[str, str] = {
    Layer.NOT_COMMISSIONED: N_("Not commissioned"),
    Layer.POWER: N_("Power"),
    Layer.GP_EQUIPMENT: N_("Panchayat equipment"),
    Layer.BACKHAUL: N_("Backhaul"),
    Layer.LAST_MILE: N_("Last mile"),
    Layer.KENDRA_HARDWARE: N_("Kendra"),
    Layer.ENDPOINT: N_("Service portal"),
}
CAUSE: Mapping[str, str] = {
    Cause.POWER: N_("power supply"),
    Cause.FIBRE: N_("fibre cut"),
    Cause.EQUIPMENT: N_("equipment failure"),
    Cause.UPSTREAM: N_("fault further up the network"),
    Cause.LAST_MILE: N_("last mile"),
    Cause.ADMINISTRATIVE: N_("administrative"),
    Cause.PLANNED: N_("planned work"),
    Cause.UNDETERMINED: N_("not determined"),
}
RESPONSIBLE: Mapping[str, str] = {
    Responsible.AGENCY: N_("network agency"),
    Responsible.POWER_UTILITY: N_("electricity company"),
    Responsible.PANCHAYAT: N_("gram panchayat"),
    Responsible.KENDRA_OPERATOR: N_("kendra operator"),
    Responsible.SERVICE_OWNER: N_("owner of the portal"),
    Responsible.NONE: N_("nobody"),
}
SUBJECT_KIND: Mapping[str, str] = {
    SubjectKind.DEVICE: N_("device"),
    SubjectKind.LINK: N_("line"),
    SubjectKind.SITE: N_("site"),
    SubjectKind.VILLAGE: N_("village"),
    SubjectKind.ENDPOINT: N_("portal"),
}
RING: Mapping[str, str] = {
    RingStatus.WHOLE: N_("whole"),
    RingStatus.ONE_ARMED: N_("without a second way"),
    RingStatus.BROKEN: N_("broken"),
    RingStatus.UNKNOWN: N_("unknown"),
}
# Why a poll failed.
FAILURE: Mapping[str, str] = {
    Reason.TIMEOUT: N_("no answer"),
    Reason.REFUSED: N_("nothing listens there"),
    Reason.NO_ROUTE: N_("the collector has no way to it"),
    Reason.AUTHENTICATION: N_("it refuses these credentials"),
    Reason.PROTOCOL: N_("its answer is not what was asked for"),
    Reason.HOST_KEY: N_("its SSH key is not known"),
    Reason.HOST_KEY_CHANGED: N_("its SSH key has changed"),
    Reason.DEADLINE: N_("not all answers came in time"),
    Reason.SECRET: N_("the collector has no credentials for it"),
    Reason.NAME: N_("the name of its host leads nowhere"),
    Reason.FORBIDDEN: N_("its address is not public and not allowed by the settings"),
    Reason.TLS: N_("its certificate or encryption is not in order"),
    Reason.STATUS: N_("it answered with another status"),
    Reason.TEXT: N_("answers without the expected text"),
    Reason.ABSENT: N_("it is not connected"),
}
# Whose eyes saw an endpoint; any other than these are the village's own kendra's.
EYES: Mapping[str, str] = {
    "noc": N_("seen from the state network centre"),
    "kendras": N_("seen by most kendras that look"),
    "": N_("nobody has looked"),
}
OWN_EYES = N_("seen from this kendra")
GP_STATE: Mapping[str, str] = {
    GpState.PLANNED: N_("planned"),
    GpState.RIGHT_OF_WAY: N_("permission to lay the fibre is pending"),
    GpState.LAID: N_("fibre laid"),
    GpState.COMMISSIONED: N_("network commissioned"),
    GpState.SERVICE_READY: N_("ready for services"),
    GpState.OPERATIONAL: N_("in operation"),
}
PERMITTED_BY: Mapping[str, str] = {
    "forest": N_("forest department"),
    "highway": N_("highway authority"),
    "railway": N_("railway"),
    "other": N_("another office"),
}
CHANNEL: Mapping[str, str] = {
    "kendra": N_("kendra"),
    "portal": N_("on the web"),
    "mobile": N_("mobile app"),
    "whatsapp": N_("WhatsApp"),
}
LEVEL: Mapping[str, str] = {
    Level.STATE: N_("State"),
    Level.DISTRICT: N_("District"),
    Level.SUBDISTRICT: N_("Tehsil"),
    Level.BLOCK: N_("Block"),
    Level.GP: N_("Gram panchayat"),
    Level.VILLAGE: N_("Village"),
}
SITE_KIND: Mapping[str, str] = {
    SiteKind.GP: N_("Panchayat site"),
    SiteKind.BLOCK_POP: N_("Block node"),
    SiteKind.DISTRICT_POP: N_("District node"),
    SiteKind.NOC: N_("State network centre"),
    SiteKind.KENDRA: N_("Kendra"),
}
ROLE: Mapping[str, str] = {
    Role.ROUTER: N_("Router"),
    Role.OLT: N_("OLT (optical line terminal)"),
    Role.ONT: N_("ONT (optical terminal)"),
    Role.SWITCH: N_("Switch"),
    Role.RADIO: N_("Radio"),
    Role.UPS: N_("UPS"),
    Role.SOLAR: N_("Solar power"),
    Role.PC: N_("Computer"),
    Role.PRINTER: N_("Printer"),
    Role.BIOMETRIC: N_("Fingerprint reader"),
    Role.CAMERA: N_("Camera"),
}
# Titles and help texts of the interactive map, by its own names for them.
MAP_TEXTS: Mapping[str, str] = {
    "Map.Title": N_("Map"),
    "NavigationControl.ZoomIn": N_("Zoom in"),
    "NavigationControl.ZoomOut": N_("Zoom out"),
    "CooperativeGesturesHandler.WindowsHelpText": N_("Use Ctrl + scroll to zoom the map"),
    "CooperativeGesturesHandler.MacHelpText": N_("Use ⌘ + scroll to zoom the map"),
    "CooperativeGesturesHandler.MobileHelpText": N_("Use two fingers to move the map"),
}
BY_LEVEL: Mapping[str, str] = {
    Level.STATE: N_("By state"),
    Level.DISTRICT: N_("By district"),
    Level.SUBDISTRICT: N_("By tehsil"),
    Level.BLOCK: N_("By block"),
    Level.GP: N_("By gram panchayat"),
}
SCRIPT: Mapping[str, str] = {
    "live": N_("Updates by itself"),
    "notLive": N_("Connection lost, trying again"),
}
TRAFFIC = (N_("Received"), N_("Sent"))
