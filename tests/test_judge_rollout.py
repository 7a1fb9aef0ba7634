"""A gram panchayat that is stated to have no network yet is no outage, until it was heard."""

from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import Engine

from collectors.http.batch import Columns
from collectors.http.look import NOC, Found, Look
from collectors.model import Failure, Reason
from inventory.model import (
    Endpoint,
    GpRollout,
    GpState,
    Inventory,
    Names,
    Service,
    ServiceRollout,
    ServiceState,
)
from readiness import absent
from readiness.model import SubjectKind
from readiness.store import moment
from tests.judging import T0, Court, court


def stated(small: Inventory, state: GpState) -> Inventory:
    """GP 5 behind an ONT and GP 8 behind a radio, both with a kendra."""
    rows = [GpRollout(f"gp:G{n}", state, date(2026, 1, 1)) for n in (5, 8)]
    return replace(small, gp_rollout={row.key: row for row in rows})


async def test_silence_where_nothing_was_commissioned_is_no_outage(engine: Engine, small: Inventory) -> None:
    found = court(engine, stated(small, GpState.RIGHT_OF_WAY))
    found.world.dead.update({"ont5", "pc5", "radio8", "pc8"})
    await found.run(90)
    assert found.roots() == []
    assert found.story(SubjectKind.DEVICE, "radio8") == []
    for kind, subject in (
        (SubjectKind.VILLAGE, "village:V8"),
        (SubjectKind.SITE, "gp8"),
        (SubjectKind.VILLAGE, "village:V5"),
    ):
        state = found.state(kind, subject)
        assert (state.status, state.layer) == ("unknown", "not_commissioned"), subject
    assert found.state(SubjectKind.VILLAGE, "village:V1").status == "ready"


async def test_what_answered_once_is_judged_like_any_other(engine: Engine, small: Inventory) -> None:
    found = court(engine, stated(small, GpState.LAID))
    await found.run(30)
    assert found.state(SubjectKind.VILLAGE, "village:V8").status == "ready"  # observation outranks what is stated
    found.world.dead.add("radio8")
    await found.run(120)
    assert found.state(SubjectKind.VILLAGE, "village:V8").status == "blocked"
    assert [row.subject for row in found.roots()] == ["radio8"]


async def test_an_observed_outage_outlives_a_restart_and_a_claim(engine: Engine, small: Inventory) -> None:
    """What answered once is there: neither a restart nor a claim that comes in meanwhile makes its silence nothing."""
    found = court(engine, stated(small, GpState.LAID))
    await found.run(60, {30: lambda world: world.dead.add("radio8")})
    for inventory in (stated(small, GpState.LAID), stated(small, GpState.PLANNED)):
        found.inventory = inventory
        found.restart()
        await found.run(found.clock + 90)
        assert found.state(SubjectKind.DEVICE, "radio8").status == "down"
        village = found.state(SubjectKind.VILLAGE, "village:V8")
        assert (village.status, village.layer) == ("blocked", "gp_equipment")
    assert [(row.subject, row.end) for row in found.roots()] == [("radio8", None)]


MIDNIGHT = 37_800  # seconds after T0: 16 January 2027 begins in India
NEXT_DAY = date(2027, 1, 16)


async def test_a_claim_counts_from_its_day_on_in_a_judge_that_runs(engine: Engine, small: Inventory) -> None:
    """GP 8 is commissioned at midnight and silent; GP 1 is called planned from then on; nobody looks at it, nor at GP 5."""
    rows = [
        GpRollout("gp:G8", GpState.LAID, date(2026, 1, 1)),
        GpRollout("gp:G8", GpState.COMMISSIONED, NEXT_DAY),
        GpRollout("gp:G5", GpState.LAID, date(2026, 1, 1)),
        GpRollout("gp:G5", GpState.COMMISSIONED, NEXT_DAY),
        GpRollout("gp:G1", GpState.PLANNED, NEXT_DAY),
    ]
    found = court(engine, replace(small, gp_rollout={row.key: row for row in rows}))
    found.world.dead.update({"radio8", "pc8"})
    found.world.unpolled.update({"pc1", "gp1", "pc5", "olt1"})
    found.clock = MIDNIGHT - 60
    await found.run(MIDNIGHT - 2)
    assert told(found, 1, 5, 8) == [("unknown", ""), ("unknown", "not_commissioned"), ("unknown", "not_commissioned")]
    assert found.roots() == []
    await found.run(MIDNIGHT + 2)
    assert told(found, 1, 5) == [("unknown", "not_commissioned"), ("unknown", "")]
    # Open pages hear of transitions, not of states.
    last = [found.story(SubjectKind.VILLAGE, f"village:V{n}")[-1][:2] for n in (1, 5)]
    assert last == told(found, 1, 5)
    assert [row.before for row in found.transitions(SubjectKind.VILLAGE, "village:V1")] == ["unknown"]
    await found.run(MIDNIGHT + 120)
    assert told(found, 8) == [("blocked", "gp_equipment")]
    assert [row.subject for row in found.roots()] == ["radio8"]
    assert found.roots()[0].start >= moment(T0 + MIDNIGHT)


def told(found: Court, *gps: int) -> list[tuple[str, str]]:
    states = [found.state(SubjectKind.VILLAGE, f"village:V{n}") for n in gps]
    return [(state.status, state.layer or "") for state in states]


async def test_a_service_is_missed_from_the_day_on_that_it_is_online(engine: Engine, small: Inventory) -> None:
    services = [Service("form", Names("Form")), Service("later", Names("Later"), endpoints=("portal",))]
    rows = [
        ServiceRollout("later", ServiceState.ONBOARDING, date(2026, 1, 1)),
        ServiceRollout("later", ServiceState.ONLINE, NEXT_DAY),
    ]
    inventory = replace(
        small,
        services={one.code: one for one in services},
        endpoints={"portal": Endpoint("portal", Names("Portal"), "https://portal.test/", interval_s=20)},
        service_rollout={row.key: row for row in rows},
        gp_rollout=stated(small, GpState.LAID).gp_rollout,
    )
    found = court(engine, inventory)
    found.world.dead.update({"radio8", "pc8"})
    found.clock = MIDNIGHT - 60
    columns = Columns((NOC,), ("portal",))
    while found.clock < MIDNIGHT + 10:
        await found.run(found.clock + 4)
        look = Look("portal", T0 + found.clock, 0.1, Failure(Reason.STATUS), Found(status=503))
        await found.judge.observe(columns.batch([(NOC, look)], T0 + found.clock + 0.5))
        if found.clock == MIDNIGHT - 4:
            assert found.state(SubjectKind.ENDPOINT, "portal").status == "down"
            assert told(found, 1, 8) == [("ready", ""), ("unknown", "not_commissioned")]
    assert told(found, 1, 8) == [("degraded", "endpoint"), ("unknown", "not_commissioned")]
    assert found.story(SubjectKind.VILLAGE, "village:V8") == []


async def test_a_commissioned_one_that_is_silent_is_an_outage(engine: Engine, small: Inventory) -> None:
    found = court(engine, stated(small, GpState.COMMISSIONED))
    found.world.dead.add("radio8")
    await found.run(90)
    assert found.state(SubjectKind.VILLAGE, "village:V8").status == "blocked"


async def test_a_service_that_is_not_online_lacks_nothing(engine: Engine, small: Inventory) -> None:
    """Its portal is down, and nobody misses it: no village is the worse for it, and no repair is needed."""
    services = [Service("form", Names("Form")), Service("later", Names("Later"), endpoints=("portal",))]
    waits = ServiceRollout("later", ServiceState.ONBOARDING, date(2026, 1, 1))
    inventory = replace(
        small,
        services={one.code: one for one in services},
        endpoints={"portal": Endpoint("portal", Names("Portal"), "https://portal.test/")},
        service_rollout={waits.key: waits},
    )
    now = datetime(2026, 11, 21, tzinfo=UTC).timestamp()
    assert absent.needs(inventory, now) == (frozenset(),)
    assert absent.needs(replace(inventory, service_rollout={}), now) == (frozenset(), frozenset({"portal"}))
    found = court(engine, inventory)
    assert found.judge._decider.map.needs == (frozenset(),)
