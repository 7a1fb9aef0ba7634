"""All settings, typed. They come from `pahunch.toml` and `PAHUNCH_...` variables.

An unknown key is an error, and docs/settings.md explains every key (a test compares the two).
"""

import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StorageSettings(_Section):
    url: str = Field(
        "sqlite:///data/pahunch.db",
        pattern=r"^(sqlite:///|postgresql\+psycopg://)",
        description="SQLAlchemy URL of the relational store",
    )
    history: Path = Field(Path("data/history"), description="Folder of the Parquet history")
    cache: Path = Field(
        Path("data/cache"),
        description="Folder for a copy of PostgreSQL's inventory that roles share in memory; SQLite's lies beside the store",
    )
    raw_days: int = Field(14, ge=1, description="Days after which polls and samples are removed from the history")
    figure_days: int = Field(
        396,
        ge=31,
        description="Days that 5-minute figures of traffic and optics are kept after their month; daily ones stay",
    )


class CollectSettings(_Section):
    name: str = Field("collector-1", description="Name of this collector in figures and records")
    backend: str = Field("gufo", pattern="^(gufo|pysnmp)$", description="SNMP backend: gufo or pysnmp")
    interval_s: float = Field(60, gt=0, description="Seconds between two polls of a device without its own interval")
    snmp_port: int = Field(161, gt=0, lt=65536, description="SNMP port of devices that name none themselves")
    timeout_s: float = Field(2, gt=0, description="Seconds to wait for one SNMP answer")
    deadline_s: float = Field(8, gt=0, description="Seconds after which a device's poll is given up")
    concurrency: int = Field(1000, gt=0, description="Most polls under way at once")
    burst_probes: int = Field(20, ge=1, le=20, description="Probes sent after two silent polls before silence counts")
    burst_spacing_s: float = Field(0.15, gt=0, description="Seconds between two probes of that burst")
    batch_s: float = Field(1.0, gt=0, description="Seconds after which a batch is closed and handed on")
    ssh_workers: int = Field(16, gt=0, description="Most SSH sessions at once")
    ssh_port: int = Field(22, gt=0, lt=65536, description="SSH port of devices")
    ssh_deadline_s: float = Field(15, gt=0, description="Seconds after which an SSH session is given up")
    config_interval_s: float = Field(
        86400, ge=0, description="Seconds between two readings of a device's running configuration over SSH; 0: none"
    )
    config_days: int = Field(730, ge=1, description="Days that old configurations and device events are kept")
    known_hosts: Path = Field(Path("data/known_hosts"), description="SSH host keys that are trusted")
    metrics_port: int = Field(9700, ge=0, lt=65536, description="Port of /metrics on 127.0.0.1; 0: no exposition")


class EndpointSettings(_Section):
    enabled: bool = Field(True, description="Whether the inventory's endpoints are probed from this machine")
    interval_s: float = Field(
        60, gt=0, description="Seconds between two probes of an endpoint without its own interval"
    )
    timeout_s: float = Field(10, gt=0, le=60, description="Seconds that a probe may take with all its redirects")
    slow_s: float = Field(5, gt=0, description="An endpoint that takes longer than these seconds is degraded")
    redirects: int = Field(3, ge=0, le=10, description="Most redirects that a probe follows")
    concurrency: int = Field(20, gt=0, description="Most probes under way at once")
    allow: tuple[str, ...] = Field(
        (),
        description="Host names, addresses and networks that may lie in private address space, such as "
        '["portal.state.example", "10.20.0.0/16"]; every other endpoint has to have a public address',
    )
    ca_file: str = Field("", description="File of CA certificates (PEM) that are trusted beside the system's")
    kendra_interval_s: float = Field(
        900, ge=0, description="Seconds between two looks of a kendra's own PC (over SSH) at the endpoints; 0: none"
    )


class IcmpSettings(_Section):
    interval_s: float = Field(0, ge=0, description="Seconds between two series of echo requests to a device; 0: none")
    probes: int = Field(5, ge=1, le=20, description="Echo requests in a series")
    spacing_s: float = Field(1, gt=0, le=10, description="Seconds between two of a series")
    timeout_s: float = Field(1, gt=0, le=10, description="Seconds after which an echo request is lost")
    burst: bool = Field(
        False,
        description="Whether the burst after two silent polls holds echo requests too: a device that answers them "
        "is degraded, not down, although its agent is silent",
    )


class TrapSettings(_Section):
    listen: str = Field(
        "", description="Address at which traps and informs of known devices are heard, such as 0.0.0.0; empty: none"
    )
    port: int = Field(162, gt=0, lt=65536, description="UDP port of that address")
    relays: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description="Networks from which v1 traps come whose sender is the device that they name themselves (behind NAT)",
    )


class InfluxSettings(_Section):
    url: str = Field("", description="Base URL of the v2 write API; empty: no InfluxDB")
    org: str = Field("pahunch", description="Organisation")
    bucket: str = Field("pahunch", description="Bucket")
    token: str = Field("", description="Reference to the token: env:NAME or file:PATH")
    spool_folder: Path = Field(Path("data/influx-spool"), description="Folder where samples wait for InfluxDB")
    spool_bytes: int = Field(
        2 << 30, ge=16 << 20, description="Most octets of that folder; beyond it the oldest samples are dropped"
    )


class JudgeSettings(_Section):
    sight_s: float = Field(
        30,
        gt=0,
        description="A reference target must have answered within these seconds, else the collector counts as blind",
    )
    restart_gap_s: float = Field(
        300, gt=0, description="A pause of observation longer than this is recorded as unknown"
    )
    power_window_s: float = Field(
        900, gt=0, description="How long before a silence a report of lost mains counts as its cause"
    )


class ReadinessSettings(_Section):
    travel_km: float = Field(
        15,
        gt=0,
        le=500,
        description="How far citizens are taken to go to another kendra than their own, km on the road",
    )
    road_factor: float = Field(
        1.3, ge=1, le=5, description="How much longer a road is taken to be than the straight line"
    )


class ChannelSettings(_Section):
    name: str = Field(description="Name of the channel, kept with each delivery")
    kind: str = Field(pattern="^(apprise|alertmanager)$", description="apprise or alertmanager")
    url: str = Field(description="Reference (env:NAME, file:PATH) to an apprise URL, or an Alertmanager base URL")
    language: str = Field("en", pattern="^(en|hi|pa)$", description="Language of the messages")


def _named_once(channels: tuple[ChannelSettings, ...]) -> tuple[ChannelSettings, ...]:
    # Deliveries are kept by channel name: the store admits one of each.
    names = [channel.name for channel in channels]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two channels are called {twice[0]!r}")
    return channels


class AlertSettings(_Section):
    site_down_after_s: float = Field(300, ge=0, description="A site is alerted when it has been down this long")
    redundancy_after_s: float = Field(60, ge=0, description="A ring is alerted when it has lacked a link this long")
    kendra_after_s: float = Field(
        900, ge=0, description="A kendra is alerted when it has not been ready this long in its hours"
    )
    endpoint_down_after_s: float = Field(
        300, ge=0, description="An endpoint is alerted when it has been down this long"
    )
    certificate_days: float = Field(
        14, ge=0, le=400, description="An endpoint's certificate that ends in so many days is alerted"
    )
    config_changed_s: float = Field(
        86_400, ge=0, description="How long the alert of a changed configuration stays; 0: there is none"
    )
    channels: Annotated[tuple[ChannelSettings, ...], AfterValidator(_named_once)] = Field(
        (), description="Where alerts go"
    )
    page_url: str = Field("http://127.0.0.1:8000", description="Base address of the pages, for links in messages")


class ReportSettings(_Section):
    holidays: Path | None = Field(
        None, description="CSV file of the days on which kendras are closed: day, area, site, name_en, name_hi, name_pa"
    )


class ServeSettings(_Section):
    host: str = Field("127.0.0.1", description="Address of the pages; only loopback until sign-in exists")
    port: int = Field(8000, gt=0, lt=65536, description="Port of the pages")
    area: str = Field("", description="Area key that the pages are limited to; empty: the whole inventory")
    tiles: Path = Field(Path("data/tiles"), description="Folder of the map's tiles, which are made anew where missing")


class CheckinSettings(_Section):
    port: int = Field(0, ge=0, lt=65536, description="Port at which kendras check in; 0: none do")
    host: str = Field(
        "127.0.0.1", description="Address at which kendras check in; one that isn't loopback needs a certificate"
    )
    certificate: str = Field("", description="File of the certificate (PEM) with its chain; empty: plain HTTP")
    certificate_key: str = Field("", description="File of its private key, where that is not in the same file")
    interval_s: float = Field(300, ge=30, le=900, description="Seconds between two heartbeats of a kendra")


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="PAHUNCH_", env_nested_delimiter="__", toml_file="pahunch.toml"
    )

    storage: StorageSettings = StorageSettings()
    collect: CollectSettings = CollectSettings()
    endpoints: EndpointSettings = EndpointSettings()
    icmp: IcmpSettings = IcmpSettings()
    traps: TrapSettings = TrapSettings()
    influx: InfluxSettings = InfluxSettings()
    judge: JudgeSettings = JudgeSettings()
    readiness: ReadinessSettings = ReadinessSettings()
    alerts: AlertSettings = AlertSettings()
    serve: ServeSettings = ServeSettings()
    reports: ReportSettings = ReportSettings()
    checkin: CheckinSettings = CheckinSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


class SecretUnavailableError(Exception):
    """A secret's reference could not be resolved; the message names the reference, not a value."""


def resolve_secret(reference: str) -> str:
    """The secret behind `env:NAME` or `file:PATH` (first line); other text is the secret itself.

    Raises SecretUnavailableError where the variable or file is missing.
    """
    kind, _, rest = reference.partition(":")
    if kind == "env":
        if rest not in os.environ:
            raise SecretUnavailableError(f"{reference}: no such environment variable")
        return os.environ[rest]
    if kind == "file":
        try:
            return Path(rest).read_text(encoding="utf-8").splitlines()[0].rstrip("\r\n")
        except (OSError, IndexError, UnicodeDecodeError) as error:
            raise SecretUnavailableError(f"{reference}: {type(error).__name__}") from error
    return reference
