"""What answers and is in trouble all the same: from readings to states, sites and villages, and over a restart."""

from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy import Engine

from collectors.beside import Cell, without_polls
from collectors.metrics import NUMBER
from inventory.model import Inventory, Names, Service
from readiness.evidence import DYING_GASP, LINK_DOWN
from readiness.model import SubjectKind
from tests.batches import batch
from tests.judging import T0, Court, court

DEVICE, LINK, SITE, VILLAGE = SubjectKind.DEVICE, SubjectKind.LINK, SubjectKind.SITE, SubjectKind.VILLAGE
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@pytest.fixture
def seen(engine: Engine, small: Inventory) -> Court:
    call = Service("call", Names("Telemedicine"), bandwidth_kbps=2000)
    return court(engine, replace(small, services={call.code: call}))


async def test_weak_light_degrades_the_ont_its_site_and_village_and_says_why(seen: Court) -> None:
    seen.world.light["ont5"] = -24.0
    await seen.run(30)
    assert seen.state(DEVICE, "ont5").status == "up"
    seen.world.light["ont5"] = -26.8
    await seen.run(60)
    why = "ont5 receives weak light: -26.8 dBm, limit -26.0 dBm"
    assert (seen.state(DEVICE, "ont5").status, seen.state(DEVICE, "ont5").reason) == ("degraded", why)
    assert seen.state(SITE, "gp5").reason == f"ont5 is degraded: {why}"
    assert (seen.state(VILLAGE, "village:V5").status, seen.state(VILLAGE, "village:V5").layer) == (
        "degraded", "gp_equipment",
    )  # fmt: skip
    assert seen.state(VILLAGE, "village:V6").status == "ready"
    seen.restart()
    await seen.run(90)
    assert [status for status, _, _ in seen.story(DEVICE, "ont5")] == ["up", "degraded"]  # nothing lost or invented
    seen.world.light["ont5"] = -24.0
    await seen.run(130)
    assert [status for status, _, _ in seen.story(DEVICE, "ont5")] == ["up", "degraded", "up"]
    assert seen.state(VILLAGE, "village:V5").status == "ready"
    seen.restart()
    assert not seen.judge._knowledge.troubles.of[DEVICE].mask.any()


async def test_a_full_uplink_degrades_the_link_and_who_has_no_other(seen: Court) -> None:
    """10 Mbit/s, of which the neediest service takes 2: beyond 80 % it finds no room."""
    await seen.run(20)
    for minute in range(6):
        at = T0 + 21 + minute
        await seen.judge.observe(
            batch(
                [("radio8", "ifSpeed", "eth0", 1e7), ("radio8", "in_bps", "eth0", 9e6), ("gp1", "ifSpeed", "GE0/0/2", 1e7),
                 ("gp1", "out_bps", "GE0/0/2", 9e6)],
                devices=("radio8", "gp1"), at=at,
            )
        )  # fmt: skip
    assert seen.state(DEVICE, "radio8").reason == "radio8 eth0 receives 90 % of its speed, limit 80 %"
    assert seen.state(LINK, "radio-8").status == "degraded"
    assert seen.state(VILLAGE, "village:V8").status == "degraded"
    assert seen.state(LINK, "ring-1-1").status == "degraded"
    assert seen.state(DEVICE, "gp1").status == "up"  # the ring has another side


async def test_lost_echo_requests_degrade(seen: Court) -> None:
    await seen.run(20)
    metric = NUMBER["icmp_loss_percent"]
    for number in range(10):
        at = T0 + 20 + number / 10
        await seen.judge.observe(without_polls(("gp3",), ("",), [Cell(0, at, metric, 0, 40.0)], at))
    assert seen.state(DEVICE, "gp3").reason == "echo requests lost: 40.0 %, limit 10.0 %"


async def test_flapping_is_one_state_between_outages_that_stay_recorded(seen: Court) -> None:
    troubles = seen.judge._knowledge.troubles
    troubles._damping = replace(troubles._damping, half_life_s=120.0)
    for dead_at in (20, 80, 140):
        await seen.run(dead_at)
        seen.world.dead.add("radio8")
        await seen.run(dead_at + 40)
        seen.world.dead.clear()
    await seen.run(200)
    story = seen.story(DEVICE, "radio8")
    assert [status for status, _, _ in story] == ["up", "down", "up", "down", "up", "down", "degraded"]
    assert seen.state(DEVICE, "radio8").reason == "flapping: 3 outages within 2 minutes"
    assert all(earlier[2] < later[2] for earlier, later in pairwise(story))
    assert len([row for row in seen.roots() if row.subject == "radio8"]) == 3
    seen.restart()
    seen.judge._knowledge.troubles._damping = troubles._damping
    await seen.run(250)
    assert seen.state(DEVICE, "radio8").status == "degraded"
    await seen.run(380)
    assert [status for status, _, _ in seen.story(DEVICE, "radio8")][-2:] == ["degraded", "up"]


async def test_a_port_that_somebody_shut_is_administrative(seen: Court) -> None:
    await seen.run(20)
    devices = ("pop-r2",)
    await seen.judge.observe(batch([("pop-r2", "ifAdminStatus", "GE0/0/7", 2.0)], devices=devices, at=T0 + 20.5))
    seen.world.cut.add("radio-8")
    await seen.run(80)
    assert seen.state(LINK, "radio-8").reason == "a port of it was shut by its administrator"
    (root,) = seen.roots()
    assert (root.cause, root.evidence[0]) == ("administrative", "port shut by its administrator: pop-r2 GE0/0/7")


async def _told(seen: Court, device: str, meaning: int, instance: str = "") -> None:
    """A trap of just now."""
    at = T0 + seen.clock
    cell = Cell(0, at, NUMBER["notification"], 0, float(meaning))
    await seen.judge.observe(without_polls((device,), (instance,), [cell], at))


async def test_a_trap_is_believed_beside_a_silence_only(seen: Court) -> None:
    await seen.run(30)
    await _told(seen, "radio8", DYING_GASP)
    await _told(seen, "pop-r2", DYING_GASP)
    await _told(seen, "pop-r1", LINK_DOWN, "GE0/0/3")
    seen.world.dead.add("radio8")
    await seen.run(60)
    (root,) = seen.roots()
    assert (root.subject, root.cause) == ("radio8", "power")
    assert "radio8 told by a trap that it lost power" in root.evidence
    assert seen.state(LINK, "ring-1-0").status == "up"
    assert seen.state(DEVICE, "pop-r2").status == "up"


async def test_a_link_is_down_since_the_trap_that_a_poll_confirmed(seen: Court) -> None:
    await seen.run(30)
    at = T0 + seen.clock
    await _told(seen, "pop-r1", LINK_DOWN, "GE0/0/3")
    seen.world.cut.add("ring-1-0")
    await seen.run(60)
    assert seen.story(LINK, "ring-1-0")[-1] == ("down", "", at - T0)
