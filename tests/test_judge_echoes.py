"""Echo requests beside polls: a device whose management is silent lives while it answers them."""

import pytest
from sqlalchemy import Engine

from collectors.beside import Cell, without_polls
from collectors.metrics import NUMBER
from inventory.model import Inventory
from readiness.model import SubjectKind
from readiness.rules.status import ECHOES, MUTE
from tests.judging import T0, Court, court

DEVICE = SubjectKind.DEVICE
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


async def _ping(here: Court, answered: dict[str, bool]) -> None:
    """One series to each of these devices, just now."""
    now, names = T0 + here.clock, tuple(answered)
    loss = NUMBER["icmp_loss_percent"]
    cells = [Cell(n, now, loss, 0, 0.0 if answered[name] else 100.0) for n, name in enumerate(names)]
    await here.judge.observe(without_polls(names, ("",), cells, now))


async def _pinged(here: Court, until: int, answered: dict[str, bool]) -> None:
    """Run, with a series each 10 s."""
    while here.clock < until:
        await here.run(min(here.clock + 10, until))
        await _ping(here, answered)


async def test_silent_management_is_degraded_while_echoes_come_back(engine: Engine, small: Inventory) -> None:
    here = court(engine, small)
    await _pinged(here, 30, {"pc8": True})
    here.world.dead.add("pc8")
    await _pinged(here, 100, {"pc8": True})
    assert here.state(DEVICE, "pc8").status == "degraded"
    assert here.state(DEVICE, "pc8").reason == MUTE
    assert [status for status, _, _ in here.story(DEVICE, "pc8")] == ["up", "degraded"]
    assert here.roots() == []
    await _pinged(here, 260, {"pc8": False})
    status, _, since = here.story(DEVICE, "pc8")[-1]
    assert status == "down"
    assert 90 < since <= 120  # both were silent from then on
    here.world.dead.clear()
    await here.run(300)
    assert here.state(DEVICE, "pc8").status == "up"


async def test_silence_of_both_is_down_as_ever(engine: Engine, small: Inventory) -> None:
    here = court(engine, small)
    await _pinged(here, 30, {"gp1": True})
    here.world.dead.add("gp1")
    await _pinged(here, 60, {"gp1": False})
    status, _, since = here.story(DEVICE, "gp1")[-1]
    assert status == "down"
    assert 30 < since <= 40


async def test_what_nobody_polls_is_judged_by_echoes(engine: Engine, small: Inventory) -> None:
    here = court(engine, small)
    here.world.unpolled.add("pc5")
    await _pinged(here, 60, {"pc5": True})
    assert (here.state(DEVICE, "pc5").status, here.state(DEVICE, "pc5").reason) == ("up", ECHOES)
    await _pinged(here, 300, {"pc5": False})
    assert here.state(DEVICE, "pc5").status == "down"
