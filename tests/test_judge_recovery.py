"""Coming back: what nobody has asked since is no new outage, and reasons say what was seen."""

import pytest
from sqlalchemy import Engine

from inventory.model import Inventory
from readiness.model import SubjectKind
from tests.judging import Court, court
from tests.rounds import World


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    return court(engine, small)


def cut_pon(world: World) -> None:
    world.cut.update(["pon-5", "pon-6", "pon-7"])


async def test_an_ont_that_its_olt_has_not_told_of_since_is_no_outage_of_its_own(seen: Court) -> None:
    """GP 7 has no PC whose answer would prove its ONT: only the OLT knows, and it is asked seldom."""
    seen.world.onts_every_s = 100
    events = {65: cut_pon, 115: lambda world: world.cut.clear()}
    await seen.run(190, events)
    assert [row.after for row in seen.transitions(SubjectKind.DEVICE, "ont7")] == ["up", "down"]
    assert [root.subject for root in seen.roots()] == ["olt1:0/1/3"]
    await seen.run(240, events)
    assert [row.after for row in seen.transitions(SubjectKind.DEVICE, "ont7")] == ["up", "down", "up"]
    assert [root.subject for root in seen.roots()] == ["olt1:0/1/3"]


async def test_an_ont_that_its_olt_still_calls_lost_after_its_trunk_came_back_is_an_outage_of_its_own(
    seen: Court,
) -> None:
    seen.world.onts_every_s = 100
    await seen.run(280, {65: cut_pon, 115: lambda world: world.cut.difference_update(["pon-5", "pon-6"])})
    assert {root.subject for root in seen.roots()} == {"olt1:0/1/3", "pon-7"}


async def test_reasons_say_what_was_seen(seen: Court) -> None:
    await seen.run(200, {65: cut_pon, 115: lambda world: world.cut.clear()})
    said = {(row.subject, str(row.after)): row.reason for row in seen.transitions(SubjectKind.DEVICE)}
    assert said["gp1", "up"] == said["ont7", "up"] == "answers"
    assert said["ont7", "down"] == "offline at its OLT"
