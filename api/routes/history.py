"""Metric history: the traffic, optics and states that the collectors stored."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from api import models
from api.context import Allowed, Here
from api.params import Moment
from api.routes.inventory import device_in
from collectors.metrics import NUMBER
from storage.history import series

router = APIRouter(prefix="/api/v1", tags=["history"], responses={404: {"model": models.Error}})

_MOST_STEPS = 20_000


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


def _check(metrics: list[str], start: datetime, end: datetime, step: int) -> None:
    unknown = [name for name in metrics if name not in NUMBER]
    if unknown:
        raise HTTPException(422, f"no metric {unknown[0]!r}")
    if not start < end or (end - start) / timedelta(seconds=step) > _MOST_STEPS:
        raise HTTPException(422, f"from must lie before to, by at most {_MOST_STEPS} steps")
