"""From samples and facts by metric to what UPS, printers, hosts and ONTs show. Pure."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from collectors.instances import Walked
from collectors.metrics import METRICS, NUMBER
from collectors.reading.model import Disk, Host, Ont, Peripheral, Printer, Sensor, Supply, Ups
from collectors.snmp.backend import Value
from collectors.text import text

Number = int | float
Samples = Mapping[str, Mapping[str, Number]]
"""Metric -> instance -> value."""
Facts = Mapping[str, Mapping[str, str]]
"""Instance -> name of the fact -> text, of one table."""
T = TypeVar("T")

PRINTER_STATUS = {1: "other", 3: "idle", 4: "printing", 5: "warmup"}
PRINTER_ERRORS = (
    "lowPaper", "noPaper", "lowToner", "noToner", "doorOpen", "jammed", "offline", "serviceRequested",
    "inputTrayMissing", "outputTrayMissing", "markerSupplyMissing", "outputNearFull", "outputFull",
    "inputTrayEmpty", "overduePreventMaint",
)  # fmt: skip
"""hrPrinterDetectedErrorState (RFC 2790 and 3805), first bit first."""
HR_DEVICES = tuple(f"1.3.6.1.2.1.25.3.2.1.{column}" for column in (2, 3, 5))
"""hrDeviceType, hrDeviceDescr, hrDeviceStatus (HOST-RESOURCES-MIB)."""
HR_STATUS = {1: "unknown", 2: "running", 3: "warning", 4: "testing", 5: "down"}
_HR_PRINTER = "1.3.6.1.2.1.25.3.1.5"
ONT_STATE = {0: "unknown", 1: "online", 2: "offline"}
ONT_CAUSE = {0: "unknown", 1: "los", 2: "power", 3: "other"}
_SENSORS = {"temperature": ("temperature", "°C"), "optical_rx_dbm": ("dbm", "dBm"), "optical_tx_dbm": ("dbm", "dBm")}


def ups(samples: Samples) -> Ups | None:
    on_battery = _one(samples, "ups_on_battery")
    return _told(
        Ups(
            on_battery=None if on_battery is None else bool(on_battery),
            charge_percent=_one(samples, "ups_charge_percent"),
            runtime_s=_one(samples, "ups_runtime_s"),
            load_percent=_one(samples, "ups_load_percent"),
            input_voltage=_one(samples, "ups_input_voltage"),
        ),
        Ups(),
    )


def printer(samples: Samples, supplies: Facts) -> Printer | None:
    status, errors, pages = (_whole(samples, f"printer_{what}") for what in ("status", "errors", "pages"))
    percent = samples.get("printer_supply_percent", {})
    names = dict.fromkeys((*percent, *supplies))
    return _told(
        Printer(
            status=None if status is None else PRINTER_STATUS.get(status),
            pages=pages,
            errors=None if errors is None else tuple(_errors(errors)),
            supplies=tuple(Supply(name=name, percent=percent.get(name)) for name in names) or None,
        ),
        Printer(),
    )


def host(samples: Samples) -> Host | None:
    total, used = samples.get("host_disk_total", {}), samples.get("host_disk_used", {})
    disks = (Disk(name=name, total=_int(total.get(name)), used=_int(used.get(name))) for name in {**total, **used})
    return _told(
        Host(
            cpu_percent=_one(samples, "host_cpu_percent"),
            memory_total=_whole(samples, "host_memory_total"),
            memory_used=_whole(samples, "host_memory_used"),
            disks=tuple(disks) or None,
            processes=_whole(samples, "host_processes"),
        ),
        Host(),
    )


def onts(samples: Samples, facts: Facts) -> tuple[Ont, ...]:
    """ONTs by index, of which the OLT says anything."""
    state, cause = samples.get("ont_state", {}), samples.get("ont_last_down_cause", {})
    rx, distance = samples.get("ont_rx_dbm", {}), samples.get("ont_distance_m", {})
    return tuple(
        Ont(
            index=index,
            name=facts.get(index, {}).get("name"),
            serial=facts.get(index, {}).get("serial"),
            state=ONT_STATE.get(int(state[index])) if index in state else None,
            last_down_cause=ONT_CAUSE.get(int(cause[index])) if index in cause else None,
            rx_dbm=rx.get(index),
            distance_m=distance.get(index),
        )
        for index in dict.fromkeys((*facts, *state, *cause, *rx, *distance))
    )


def sensors(samples: Samples, felt: tuple[Sensor, ...]) -> tuple[Sensor, ...]:
    """The sensors `felt`, and of the samples those of classes that nothing there tells."""
    kinds = {sensor.kind for sensor in felt}
    sampled = (
        Sensor(kind=kind, index=instance, name=METRICS[NUMBER[metric]].help, value=value, unit=unit)
        for metric, (kind, unit) in _SENSORS.items()
        if kind not in kinds
        for instance, value in samples.get(metric, {}).items()
    )
    return tuple(dict.fromkeys((*felt, *sampled)))


def attached(walked: Walked) -> tuple[Peripheral, ...]:
    """Printers of hrDeviceTable (RFC 2790): of a PC those that are attached to it."""
    kinds, names, states = (walked.get(column, {}) for column in HR_DEVICES)
    return tuple(
        Peripheral(bus="printer", id=index, name=_words(names.get(index)), status=_device_state(states.get(index)))
        for index, kind in kinds.items()
        if kind == _HR_PRINTER
    )


def _device_state(value: Value | None) -> str | None:
    return HR_STATUS.get(value) if isinstance(value, int) else None


def _words(value: Value | None) -> str:
    return text(value) if isinstance(value, bytes) else ""


def _errors(bits: int) -> Iterator[str]:
    """Names of the bits that are set in a 16 bit number, the first bit highest."""
    for place, name in enumerate(PRINTER_ERRORS):
        if bits & 0x8000 >> place:
            yield name


def _one(samples: Samples, metric: str) -> Number | None:
    return samples.get(metric, {}).get("")


def _whole(samples: Samples, metric: str) -> int | None:
    return _int(_one(samples, metric))


def _int(value: Number | None) -> int | None:
    return None if value is None else int(value)


def _told(value: T, nothing: T) -> T | None:
    """None where the device says nothing of it."""
    return None if value == nothing else value
