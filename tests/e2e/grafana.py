"""Grafana's dashboard model, as far as our dashboard uses it, and what can be wrong with one.

The keys are those of Dashboard in @grafana/schema 11.6; a key that isn't here is an error.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

_COLUMNS = 24
_UNITS = frozenset({"short", "percentunit", "bps", "s", "reqps", "cps"})  # ids of Grafana's units
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))")

Json = Mapping[str, object]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Source(_Part):
    type: str
    uid: str


class Position(_Part):
    x: int = Field(ge=0)
    y: int = Field(ge=0)
    w: int = Field(ge=1)
    h: int = Field(ge=1)

    def overlaps(self, other: Self) -> bool:
        beside = self.x + self.w <= other.x or other.x + other.w <= self.x
        above = self.y + self.h <= other.y or other.y + other.h <= self.y
        return not (beside or above)


class Target(_Part):
    ref_id: str
    datasource: Source
    expr: str = ""  # Prometheus
    query: str = ""  # InfluxDB
    editor_mode: Literal["code"] = "code"
    range: bool = False
    instant: bool = False
    legend_format: str = ""
    format: Literal["time_series", "table"] = "time_series"

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if bool(self.expr) == bool(self.query):
            raise ValueError("either expr or query")
        return self


class Defaults(_Part):
    unit: str
    thresholds: Json
    min: float | None = None
    max: float | None = None
    mappings: tuple[Json, ...] = ()
    custom: Json = {}
    display_name: str = ""


class FieldConfig(_Part):
    defaults: Defaults
    overrides: tuple[Json, ...]


class Row(_Part):
    id: int
    type: Literal["row"]
    title: str
    collapsed: Literal[False]
    grid_pos: Position
    panels: tuple[()]


class Panel(_Part):
    id: int
    type: Literal["stat", "timeseries", "bargauge", "table"]
    title: str = Field(min_length=1)
    description: str = Field(min_length=1)
    datasource: Source
    grid_pos: Position
    field_config: FieldConfig
    options: Json
    targets: tuple[Target, ...] = Field(min_length=1)
    transformations: tuple[Json, ...] = ()


class Variable(_Part):
    name: str
    label: str
    type: Literal["query", "custom"]
    datasource: Source | None = None
    query: Json | str
    multi: bool
    include_all: bool
    all_value: str = ""
    regex: str = ""
    refresh: int = 0
    sort: int = 0
    hide: int
    skip_url_sync: bool
    options: tuple[Json, ...]
    current: Json

    @property
    def asked(self) -> str:
        return self.query if isinstance(self.query, str) else str(self.query["query"])


class Templating(_Part):
    list: tuple[Variable, ...]


class Dashboard(_Part):
    id: None
    uid: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,40}$")
    title: str
    description: str
    tags: tuple[str, ...]
    schema_version: int = Field(ge=39)
    version: int
    editable: bool
    graph_tooltip: int
    timezone: str
    refresh: str
    time: Mapping[Literal["from", "to"], str]
    timepicker: Json
    fiscal_year_start_month: int
    links: tuple[Json, ...]
    annotations: Json
    templating: Templating
    panels: tuple[Panel | Row, ...]

    def asking(self) -> Iterator[tuple[Panel, Target]]:
        for panel in self.panels:
            if isinstance(panel, Panel):
                for target in panel.targets:
                    yield panel, target


def problems(dashboard: Dashboard, sources: frozenset[tuple[str, str]]) -> Iterator[str]:
    """What Grafana would show as an error or draw wrong; `sources` are the (type, uid) provisioned."""
    ids = [panel.id for panel in dashboard.panels]
    yield from (f"two panels have id {number}" for number in set(ids) if ids.count(number) > 1)
    for one, other in combinations(dashboard.panels, 2):
        if one.grid_pos.overlaps(other.grid_pos):
            yield f"{one.title!r} lies over {other.title!r}"
    for panel in dashboard.panels:
        if panel.grid_pos.x + panel.grid_pos.w > _COLUMNS:
            yield f"{panel.title!r} is wider than the page"
        if isinstance(panel, Panel):
            yield from _in_panel(panel, sources, {variable.name for variable in dashboard.templating.list})
    for variable in dashboard.templating.list:
        if variable.datasource and (variable.datasource.type, variable.datasource.uid) not in sources:
            yield f"${variable.name} asks an unknown data source"


def _in_panel(panel: Panel, sources: frozenset[tuple[str, str]], variables: set[str]) -> Iterator[str]:
    refs = [target.ref_id for target in panel.targets]
    if len(set(refs)) < len(refs):
        yield f"{panel.title!r} has two queries of one name"
    if panel.field_config.defaults.unit not in _UNITS:
        yield f"{panel.title!r} has an unknown unit"
    for source in (panel.datasource, *(target.datasource for target in panel.targets)):
        if (source.type, source.uid) not in sources:
            yield f"{panel.title!r} asks an unknown data source"
    for target in panel.targets:
        for name in _variables(target.expr + target.query):
            if name not in variables and not name.startswith("__"):
                yield f"{panel.title!r} uses the unknown variable ${name}"


def _variables(text: str) -> Iterator[str]:
    return (braced or plain for braced, plain in _VARIABLE.findall(text))


def filled(text: str, *, every: str) -> str:
    """A query as Grafana sends it with All chosen; rates are taken over `every`."""
    return (
        text.replace("$__rate_interval", every).replace("$top", "10").replace("$district", ".*").replace("$role", ".*")
    )
