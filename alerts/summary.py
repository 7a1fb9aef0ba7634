"""The values that messages, pages and Alertmanager say about an alert; and their JSON. Pure."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from alerts.model import ConfigChange, Outage, Summary
from alerts.places import Place, surroundings
from inventory.model import Area, Inventory, Names, Site, SiteKind
from readiness.model import Cause, Layer, Responsible, SubjectKind


def outage_summary(outage: Outage, place: Place, inventory: Inventory) -> Summary:
    return Summary(
        names=place.names,
        within=surroundings(inventory, place.area),
        cause=outage.cause,
        confidence=outage.confidence,
        layer=_layer(outage, place),
        responsible=outage.responsible,
        segment=outage.segment,
        ring=outage.ring,
        sites=outage.sites,
        villages=outage.villages,
        citizens=outage.citizens,
    )


def kendra_summary(site: Site, own: Outage | None, served: Sequence[Area], inventory: Inventory) -> Summary:
    """`own` is the kendra's own outage, None where there is no record of one; `served` its villages."""
    known = [area.population for area in served if area.population is not None]
    cause = own.cause if own else Cause.UNDETERMINED
    return Summary(
        names=site.names,
        within=surroundings(inventory, site.area),
        cause=cause,
        confidence=own.confidence if own else 0.0,
        layer=Layer.POWER if cause is Cause.POWER else Layer.KENDRA_HARDWARE,
        responsible=own.responsible if own else Responsible.KENDRA_OPERATOR,
        segment=(),
        ring="",
        sites=1,
        villages=len(served),
        citizens=sum(known) if known and len(known) == len(served) else None,
    )


def device_summary(device: str, place: Place, inventory: Inventory) -> Summary:
    """Of a device that stays up, such as one that shows another SSH host key: no village is cut off by that."""
    site = place.names
    return Summary(
        names=Names(*(f"{device}, {name}" if name else "" for name in (site.en, site.hi, site.pa))),
        within=surroundings(inventory, place.area),
        cause=Cause.UNDETERMINED,
        confidence=0.0,
        layer=Layer.GP_EQUIPMENT,
        responsible=Responsible.AGENCY,
        segment=(),
        ring="",
        sites=0,
        villages=0,
        citizens=None,
    )


def config_summary(change: ConfigChange, place: Place, inventory: Inventory) -> Summary:
    """Of a device whose configuration changed: nobody has to act. It holds no line of it."""
    about = device_summary(change.device, place, inventory)
    return replace(about, responsible=Responsible.NONE, added=change.added, removed=change.removed)


def certificate_summary(place: Place, ends_at: datetime) -> Summary:
    """Of an endpoint that works as yet."""
    return Summary(
        names=place.names,
        within=(),
        cause=Cause.UNDETERMINED,
        confidence=0.0,
        layer=Layer.ENDPOINT,
        responsible=Responsible.SERVICE_OWNER,
        segment=(),
        ring="",
        sites=0,
        villages=0,
        citizens=None,
        ends_at=ends_at,
    )


def to_json(summary: Summary) -> str:
    """The text that the `summary` column holds."""
    return json.dumps(
        {
            "names": _names_to_list(summary.names),
            "within": [_names_to_list(names) for names in summary.within],
            "cause": summary.cause,
            "confidence": summary.confidence,
            "layer": summary.layer,
            "responsible": summary.responsible,
            "segment": summary.segment,
            "ring": summary.ring,
            "sites": summary.sites,
            "villages": summary.villages,
            "citizens": summary.citizens,
            "added": summary.added,
            "removed": summary.removed,
            "ends_at": summary.ends_at and summary.ends_at.isoformat(),
        },
        ensure_ascii=False,
    )


def from_json(text: str) -> Summary:
    """The inverse of `to_json`."""
    values = json.loads(text)
    return Summary(
        names=Names(*values["names"]),
        within=tuple(Names(*names) for names in values["within"]),
        cause=Cause(values["cause"]),
        confidence=values["confidence"],
        layer=Layer(values["layer"]),
        responsible=Responsible(values["responsible"]),
        segment=tuple(values["segment"]),
        ring=values["ring"],
        sites=values["sites"],
        villages=values["villages"],
        citizens=values["citizens"],
        added=values.get("added"),  # alerts of before have none
        removed=values.get("removed"),
        ends_at=datetime.fromisoformat(values["ends_at"]) if values.get("ends_at") else None,
    )


def _names_to_list(names: Names) -> list[str]:
    return [names.en, names.hi, names.pa]


def _layer(outage: Outage, place: Place) -> Layer:
    """The layer that the villages behind it name, or what the subject says where there are none."""
    if outage.subject_kind is SubjectKind.ENDPOINT:
        return Layer.ENDPOINT
    if outage.layer is not None:
        return outage.layer
    if outage.cause is Cause.POWER:
        return Layer.POWER
    at_gp = place.site is not None and place.site.kind is SiteKind.GP
    return Layer.GP_EQUIPMENT if at_gp and outage.cause is not Cause.FIBRE else Layer.BACKHAUL
