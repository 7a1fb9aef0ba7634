"""The probe `icmp`: what echo requests to one device come to, in the form of every probe."""

import time
from datetime import UTC, datetime

from collectors.asked import Asked
from collectors.icmp.figures import Pinged
from collectors.icmp.ping import IcmpUnavailableError, open_pinger
from collectors.model import Failure, PollResult, Reason
from collectors.reading.model import Reading, Sensor
from storage.settings import IcmpSettings

_SPACING_S = 0.2  # as close as ping(8) lets everybody
_SENSORS = {
    "icmp_loss_percent": ("loss", "lost echo requests", "%"),
    "icmp_rtt_min_s": ("delay", "shortest round trip", "s"),
    "icmp_rtt_avg_s": ("delay", "mean round trip", "s"),
    "icmp_rtt_max_s": ("delay", "longest round trip", "s"),
    "icmp_jitter_s": ("delay", "jitter", "s"),
}


async def ping_device(asked: Asked, settings: IcmpSettings) -> PollResult:
    """A Failure of reason TIMEOUT where nothing was answered, of NO_ROUTE where this process may not ask."""
    at, began = datetime.now(UTC), time.perf_counter()
    try:
        pinger = await open_pinger(settings.timeout_s)
        pinged = await pinger.ping(asked.address, settings.probes, _SPACING_S)
    except IcmpUnavailableError as error:
        failure = Failure(Reason.NO_ROUTE, permanent=True, detail=str(error))
        return PollResult(asked.name, at, 0.0, reached=False, failure=failure)
    samples = {metric: {"": value} for metric, value in pinged.samples().items()}
    return PollResult(
        asked.name,
        at,
        (time.perf_counter() - began) * 1000,
        reached=bool(pinged.answered),
        samples=samples,
        failure=None if pinged.answered else Failure(Reason.TIMEOUT, detail="no echo"),
        facts=Reading(address=asked.address, reached=bool(pinged.answered), sensors=sensors(pinged)),
    )


def sensors(pinged: Pinged) -> tuple[Sensor, ...]:
    """The figures as a reading has them."""
    found = pinged.samples()
    return tuple(
        Sensor(kind=kind, index=metric, name=name, value=found[metric], unit=unit)
        for metric, (kind, name, unit) in _SENSORS.items()
        if metric in found
    )
