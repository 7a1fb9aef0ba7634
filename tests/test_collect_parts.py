"""The parts of `collect` that only manage.py holds: what one of them meets may not end the others."""

import asyncio

import pytest
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

import manage
from storage.damage import MISHAPS


@pytest.mark.parametrize(
    "fault", [ValueError("'upp' is not a valid Status"), IntegrityError("INSERT", {}, ValueError("no such outage"))]
)
async def test_a_turn_of_the_judge_that_breaks_off_is_told_and_the_next_one_comes(fault: Exception) -> None:
    stop, turns = asyncio.Event(), list[float]()

    async def tick(now: float) -> None:
        turns.append(now)
        stop.set()
        raise fault

    with capture_logs() as logs:
        await manage._tick(tick, stop)
    assert len(turns) == 1
    assert [(log["event"], log["error"], log["log_level"]) for log in logs] == [
        ("judge_broke_off", type(fault).__name__, "error")
    ]


async def test_a_fault_of_ours_is_not_taken_for_a_bad_row() -> None:
    async def tick(_: float) -> None:
        raise AttributeError("no such name")

    with pytest.raises(AttributeError):
        await manage._tick(tick, asyncio.Event())
    assert not any(issubclass(fault, MISHAPS) for fault in (AttributeError, AssertionError, NameError, TypeError))
