"""Metric history: the traffic, optics and states that the collectors stored."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from api import models
from api.context import Allowed, Here, InScope
from api.params import Moment
from api.routes.inventory import device_in, devices_of
from collectors.metrics import METRICS, NUMBER
from storage.history import series, totals

router = APIRouter(prefix="/api/v1", tags=["history"], responses={404: {"model": models.Error}})

_MOST_STEPS = 20_000
_MOST_TOTALS = 2_016  # steps: a week of five minutes
_MOST_DEVICES = 10_000  # of a sum: those of a large district
_SUMMED = ("bit/s", "1/s")


@router.get("/history")
def history(
    here: Here,
    allowed: Allowed,
    device: str,
    metric: Annotated[list[str], Query(description="Names of collectors.metrics")],
    *,
    instance: Annotated[str, Query(description="Port, ONT index...; empty for a scalar")] = "",
    start: Annotated[Moment | None, Query(alias="from", description="Default: a day ago")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Default: now")] = None,
    step: Annotated[int, Query(ge=1, le=86400, description="Seconds")] = 300,
) -> models.History:
    """Lowest, mean and highest value in each step that has values."""
    device_in(here, allowed, device)
    until = end or here.clock()
    since = start or until - timedelta(days=1)
    _check(metric, since, until, step)
    folder, width = here.settings.storage.history, timedelta(seconds=step)
    found = (series(folder, device, name, instance, start=since, end=until, step=width) for name in metric)
    return models.History(
        device=device,
        instance=instance,
        series=[
            models.Series(
                metric=name,
                at=[int(at) // 1000 for at in one.at],
                low=one.low.tolist(),
                mean=one.mean.tolist(),
                high=one.high.tolist(),
            )
            for name, one in zip(metric, found, strict=True)
        ],
    )


@router.get("/history/total")
def total(
    here: Here,
    scope: InScope,
    *,
    metric: Annotated[list[str], Query(description="Rates, such as in_bps")] = ["in_bps", "out_bps"],  # noqa: B006 - FastAPI copies it
    start: Annotated[Moment | None, Query(alias="from", description="Default: a day ago")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Default: now")] = None,
    step: Annotated[int, Query(ge=300, le=86400, multiple_of=300, description="Seconds")] = 300,
) -> models.Totals:
    """The sum over all ports of all devices of an area, in each step that has values. A link whose two ends are
    both in the area counts twice.
    """
    until = end or here.clock()
    since = start or until - timedelta(days=1)
    _check(metric, since, until, step, most_steps=_MOST_TOTALS)
    if others := [name for name in metric if METRICS[NUMBER[name]].unit not in _SUMMED]:
        raise HTTPException(422, f"a sum of {others[0]} says nothing")
    devices = devices_of(here, scope)
    if len(devices) > _MOST_DEVICES:
        raise HTTPException(
            422, f"{len(devices)} devices are too many for one sum, {_MOST_DEVICES} the most: ask by district"
        )
    folder, width = here.settings.storage.history, timedelta(seconds=step)
    found = totals(folder, devices.to_pylist(), metric, start=since, end=until, step=width)
    return models.Totals(
        area=scope.area,
        devices=len(devices),
        series=[
            models.Total(metric=name, at=[int(at) // 1000 for at in one.at], value=one.value.tolist())
            for name, one in found.items()
        ],
    )


def _check(metrics: list[str], start: datetime, end: datetime, step: int, *, most_steps: int = _MOST_STEPS) -> None:
    unknown = [name for name in metrics if name not in NUMBER]
    if unknown:
        raise HTTPException(422, f"no metric {unknown[0]!r}")
    if not start < end or (end - start) / timedelta(seconds=step) > most_steps:
        raise HTTPException(422, f"from must lie before to, by at most {most_steps} steps")
