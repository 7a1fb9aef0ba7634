"""What carries sites, villages, devices and links: in columns the same as looked up one by one."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from inventory.model import Inventory, Level, Names, Service
from readiness.carriers import carriers
from readiness.model import SubjectKind
from readiness.places import Places
from readiness.rules import graph

Behind = list[tuple[str, str, bool]]


def plainly(inventory: Inventory, kind: SubjectKind, subject: str) -> Behind:
    """Kind, name and whether the subject is only seen through it; who is to blame first stands first."""
    return [(kind, subject, False), *behind(inventory, kind, subject)]


def behind(inventory: Inventory, kind: SubjectKind, subject: str) -> Iterator[tuple[str, str, bool]]:
    if kind is SubjectKind.DEVICE:
        shown = inventory.devices[subject].seen_through if subject in inventory.devices else ""
        yield from [("device", shown, True)] if shown else []
    if kind is SubjectKind.LINK and subject in inventory.links:
        yield "device", inventory.links[subject].a_device, True
        yield "device", inventory.links[subject].b_device, True
    known = subjects(inventory)[kind][:-1]
    if kind in {SubjectKind.SITE, SubjectKind.VILLAGE} and subject in known:
        network = graph.build(inventory)
        places = Places(inventory, network)
        place = places[int(places.numbers_of(kind)[known.index(subject)])]
        nodes = [*([] if place.box is None else [place.box]), *place.decided_by]
        yield from (("device", network.names[node], False) for node in nodes)
        yield from (("device", network.names[n], True) for n in network.through[nodes].tolist() if n >= 0)
        yield from (("endpoint", code, False) for code in ("gateway", "portal") if kind is SubjectKind.VILLAGE)


def subjects(inventory: Inventory) -> dict[SubjectKind, list[str]]:
    villages = [key for key, area in inventory.areas.items() if area.level is Level.VILLAGE]
    names = {
        SubjectKind.SITE: inventory.sites, SubjectKind.VILLAGE: villages, SubjectKind.DEVICE: inventory.devices,
        SubjectKind.LINK: inventory.links, SubjectKind.ENDPOINT: ["portal"],
    }  # fmt: skip
    return {kind: [*some, "nobody"] for kind, some in names.items()}


@pytest.mark.parametrize("kind", SubjectKind)
def test_carriers(small: Inventory, kind: SubjectKind) -> None:
    service = Service("income", Names("Income certificate"), endpoints=("portal", "gateway"))
    inventory = replace(small, services={"income": service})
    asked = subjects(inventory)[kind][::-1]
    found = carriers(inventory, kind, asked)
    assert len(set(found.names)) == len(found.names)
    rows = zip(found.subject.tolist(), found.rank.tolist(), found.name.tolist(), found.through.tolist(), strict=True)
    by_subject: dict[str, Behind] = {}
    for n, (subject, rank, name, through) in enumerate(sorted(rows)):
        behind = by_subject.setdefault(asked[subject], [])
        assert rank == len(behind), n
        behind.append((*found.names[name], through))
    assert by_subject == {subject: plainly(inventory, kind, subject) for subject in asked}
    assert kind is not SubjectKind.SITE or ("device", "olt1", True) in by_subject["gp5"]
