"""Faults as a scenario words them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    POWER_CUT = "power_cut"
    FIBRE_CUT = "fibre_cut"
    DEVICE_FAILURE = "device_failure"
    CONGESTION = "congestion"
    LOSS = "loss"
    FLAPPING = "flapping"
    REBOOT = "reboot"
    SWITCHED_OFF = "switched_off"
    SHUT_DOWN_UNPAID = "shut_down_unpaid"
    ENDPOINT_OUTAGE = "endpoint_outage"
    OPTICAL_DECAY = "optical_decay"
    BATTERY_DECAY = "battery_decay"
    PLANNED_WORK = "planned_work"
    COLLECTOR_BLIND = "collector_blind"
    CLOCK_STEP = "clock_step"


@dataclass(frozen=True, slots=True)
class Where:
    """What a fault hits: one of site, link (or trunk), device, area, feeder, endpoint, or up to `random` things.

    `area` also narrows `random`; `role` keeps devices of that role, links that end at one, and
    sites that have one. Power goes by whole feeders: `random` counts these.
    """

    site: str = ""
    link: str = ""
    device: str = ""
    area: str = ""
    feeder: str = ""
    endpoint: str = ""
    random: int = 0
    role: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, or many. `at` is after the scenario's start or absolute; without `lasts` it stays."""

    kind: Kind
    where: Where
    at: timedelta | datetime = timedelta()
    lasts: timedelta | None = None
    a_day: float = 0.0  # above 0: it comes again and again, so often a day; `lasts` is then a mean
    battery_minutes: float = 30.0  # power_cut, battery_decay: how long a full UPS carries its site
    cuts: int = 0  # fibre_cut, flapping: 0 cuts the fibres chosen; otherwise rings only, each in so many places
    percent: float = 30.0  # loss, congestion: exchanges that get no answer
    delay_ms: float = 300.0  # congestion: how much later the others come
    down_s: float = 20.0  # flapping
    up_s: float = 40.0
    db_per_minute: float = 1.0  # optical_decay
    cut_minutes: float = 1.0  # battery_decay: how long mains fail, and how often
    every_minutes: float = 4.0
    keeps: float = 0.7  # the share of its capacity that each discharge leaves a battery
    seconds: float = 3600.0  # clock_step: how far ahead a device's clock is
    # endpoint_outage: one of these instead of the page; without any, status 503
    status: int = 0
    slow_s: float = 0.0
    refuse: bool = False
