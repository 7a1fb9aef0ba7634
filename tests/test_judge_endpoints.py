"""Endpoints in judged rounds: from looks to outages, villages, and back; over a restart; by a kendra's eyes."""

from dataclasses import dataclass, field, replace

import pytest
from sqlalchemy import Engine

from collectors.http.batch import Columns
from collectors.http.look import NOC, Found, Look
from collectors.model import Failure, Reason
from inventory.model import Endpoint, Inventory, Names, Service
from inventory.scope import Scope
from readiness import views
from readiness.model import Cause, Responsible, Status, SubjectKind
from tests.judging import T0, Court, court

PORTAL, AUTH = "portal", "auth"
EVERY_S = 20


@pytest.fixture
def inventory(small: Inventory) -> Inventory:
    """Two services: all need the portal, one the authentication gateway too."""
    services = [
        Service("income", Names("Income certificate"), channels=("kendra", "portal"), endpoints=(PORTAL,)),
        Service("ration", Names("Ration card"), channels=("kendra",), endpoints=(PORTAL, AUTH)),
    ]
    endpoints = [Endpoint(code, Names(code), f"https://{code}.test/", interval_s=EVERY_S) for code in (PORTAL, AUTH)]
    return replace(small, services={one.code: one for one in services}, endpoints={one.code: one for one in endpoints})


@dataclass
class Web:
    """What the endpoints do at present: endpoint -> what is wrong, by eyes (NOC for those without their own)."""

    wrong: dict[str, Reason] = field(default_factory=dict)
    kendra: dict[str, Reason | None] = field(default_factory=dict)
    columns: Columns = field(default_factory=lambda: Columns((NOC, "pc1", "pc2", "pc5"), (PORTAL, AUTH)))

    async def look(self, here: Court, eyes: str, at: float) -> None:
        for code in (PORTAL, AUTH):
            if eyes == NOC:
                reason = self.wrong.get(code)
            elif code not in self.kendra:
                continue
            else:
                reason = self.kendra[code]
            failure = Failure(reason) if reason else None
            look = Look(code, at, 0.1, failure, Found(status=503 if reason is Reason.STATUS else 200))
            await here.judge.observe(self.columns.batch([(eyes, look)], at + 0.5))


async def run(here: Court, web: Web, until: int) -> None:
    """Rounds to second `until`; the network centre looks each EVERY_S seconds, and twice more where it fails."""
    while here.clock < until:
        await here.run(here.clock + 1)
        if here.clock % EVERY_S in (0, 4, 8):
            again = here.clock % EVERY_S
            if not again or web.wrong:
                await web.look(here, NOC, T0 + here.clock)


def villages(here: Court) -> dict[str, tuple[str, str]]:
    return {
        name.removeprefix("village:"): (here.state(SubjectKind.VILLAGE, name).status, str(here.state(SubjectKind.VILLAGE, name).layer or ""))
        for name in ("village:V1", "village:V2", "village:V5")
    }  # fmt: skip


@pytest.fixture
async def here(engine: Engine, inventory: Inventory) -> Court:
    """A minute and a half in which all is well."""
    made = court(engine, inventory)
    await run(made, Web(), 90)
    assert set(villages(made).values()) == {("ready", "")}
    assert made.state(SubjectKind.ENDPOINT, PORTAL).status is Status.UP
    return made


async def test_a_portal_that_is_down_blocks_the_villages_whose_services_need_it(here: Court) -> None:
    await run(here, Web({PORTAL: Reason.STATUS}), 130)
    (root,) = here.roots()
    assert (root.kind, root.subject, root.start.timestamp() - T0) == (SubjectKind.ENDPOINT, PORTAL, 100)
    assert (root.cause, root.responsible) == (Cause.UPSTREAM, Responsible.SERVICE_OWNER)
    assert root.evidence == ("answers with status 503",)
    assert (root.villages, root.citizens) == (8, 28_000)
    assert villages(here) == dict.fromkeys(("V1", "V2", "V5"), ("blocked", "endpoint"))
    state = here.state(SubjectKind.VILLAGE, "village:V1")
    assert (state.outage, state.reason) == (root.id, "2 of 2 services need portal, which is down")
    await run(here, Web(), 170)
    (over,) = here.roots()
    assert over.end is not None
    assert here.story(SubjectKind.ENDPOINT, PORTAL)[-2:] == [("down", "", 100), ("up", "", 140)]
    assert here.story(SubjectKind.VILLAGE, "village:V1")[-2:] == [("blocked", "endpoint", 100), ("ready", "", 140)]
    assert here.state(SubjectKind.VILLAGE, "village:V1").outage is None


async def test_a_gateway_that_some_services_need_degrades(here: Court) -> None:
    await run(here, Web({AUTH: Reason.TIMEOUT}), 150)
    (root,) = here.roots()
    assert (root.subject, root.villages) == (AUTH, 8)
    assert villages(here) == dict.fromkeys(("V1", "V2", "V5"), ("degraded", "endpoint"))


async def test_one_slow_or_failed_look_is_no_outage(here: Court) -> None:
    web = Web({PORTAL: Reason.TLS})
    await web.look(here, NOC, T0 + 91)
    await run(here, Web(), 130)
    assert here.roots() == []
    assert [status for status, *_ in here.story(SubjectKind.ENDPOINT, PORTAL)] == ["up", "degraded"]


async def test_silence_of_all_endpoints_is_one_outage_while_references_answer(here: Court) -> None:
    await run(here, Web({PORTAL: Reason.TIMEOUT, AUTH: Reason.TIMEOUT}), 190)
    (root,) = here.roots()
    assert root.responsible is Responsible.AGENCY
    assert len([row for row in here.transitions(SubjectKind.ENDPOINT) if row.after is Status.DOWN]) == 2


async def test_names_that_all_lead_nowhere_tell_of_our_own_resolver(here: Court) -> None:
    await run(here, Web({PORTAL: Reason.NAME, AUTH: Reason.NAME}), 400)
    assert [status for status, *_ in here.story(SubjectKind.ENDPOINT, PORTAL)] == ["up", "unknown"]
    assert here.roots() == []
    assert set(villages(here).values()) == {("ready", "")}


async def test_a_name_that_leads_nowhere_while_others_do_is_an_outage(here: Court) -> None:
    await run(here, Web({PORTAL: Reason.NAME}), 150)
    assert [root.subject for root in here.roots()] == [PORTAL]


async def test_a_collector_that_sees_nothing_says_nothing(here: Court) -> None:
    here.world.blind = True
    await run(here, Web({PORTAL: Reason.TIMEOUT, AUTH: Reason.TIMEOUT}), 400)
    assert [status for status, *_ in here.story(SubjectKind.ENDPOINT, PORTAL)] == ["up", "unknown"]
    assert here.roots() == []


async def test_a_cut_goes_before_a_portal(here: Court) -> None:
    """Who is cut off is so by the cut; when that is mended, the portal is what is in the way."""
    await run(here, Web({PORTAL: Reason.STATUS}), 150)
    here.world.dead.add("gp1")
    await run(here, Web({PORTAL: Reason.STATUS}), 250)
    assert villages(here)["V1"] == ("blocked", "gp_equipment")
    here.world.dead.discard("gp1")
    await run(here, Web({PORTAL: Reason.STATUS}), 300)
    assert villages(here)["V1"] == ("blocked", "endpoint")
    await run(here, Web(), 340)
    assert villages(here)["V1"] == ("ready", "")
    assert all(row.end is not None for row in here.roots())


async def test_what_a_kendra_sees_outranks_the_network_centre_for_its_villages(here: Court) -> None:
    web = Web(kendra={PORTAL: Reason.TIMEOUT})
    for at in (91, 92):
        await web.look(here, "pc1", T0 + at)
    await run(here, Web(), 130)
    assert villages(here) == {"V1": ("blocked", "endpoint"), "V2": ("ready", ""), "V5": ("ready", "")}
    assert here.state(SubjectKind.ENDPOINT, PORTAL).status is Status.UP
    assert here.roots() == []
    rows = {(row.endpoint, row.eyes): row for row in views.seen(here.engine, ["kendra1"])}
    assert rows[PORTAL, "kendra1"].status is Status.DOWN
    assert rows[PORTAL, NOC].status is Status.UP
    assert (AUTH, "kendra1") not in rows


async def test_a_kendra_that_reaches_a_portal_gives_its_services_whatever_others_see(here: Court) -> None:
    web = Web({PORTAL: Reason.STATUS}, kendra={PORTAL: None, AUTH: None})
    await web.look(here, "pc1", T0 + 91)
    await run(here, web, 150)
    assert villages(here) == {"V1": ("ready", ""), "V2": ("blocked", "endpoint"), "V5": ("blocked", "endpoint")}
    (root,) = here.roots()
    assert root.villages == 7


async def test_a_restart_goes_on_with_what_was_seen(here: Court) -> None:
    web = Web({PORTAL: Reason.STATUS}, kendra={PORTAL: None})
    await web.look(here, "pc1", T0 + 91)
    await run(here, web, 150)
    before, state = here.transitions(), here.state(SubjectKind.VILLAGE, "village:V2")
    assert state.outage is not None
    here.restart()
    assert here.state(SubjectKind.VILLAGE, "village:V2") == state
    await run(here, web, 200)
    assert here.transitions() == before
    assert here.state(SubjectKind.VILLAGE, "village:V2") == state
    assert villages(here)["V1"] == ("ready", "")
    await run(here, Web(), 240)
    assert villages(here)["V2"] == ("ready", "")
    assert [row.end is not None for row in here.roots()] == [True]


async def test_after_a_long_pause_nothing_is_known_of_endpoints(here: Court) -> None:
    await Web(kendra={PORTAL: Reason.TIMEOUT}).look(here, "pc1", T0 + 91)
    await Web(kendra={PORTAL: Reason.TIMEOUT}).look(here, "pc1", T0 + 92)
    here.clock += 1000
    here.restart()
    stored = {row.eyes: row.status for row in views.seen(here.engine, ["kendra1"]) if row.endpoint == PORTAL}
    assert stored == {NOC: Status.UNKNOWN, "kendra1": Status.UNKNOWN}
    assert here.state(SubjectKind.ENDPOINT, PORTAL).status is Status.UNKNOWN
    await run(here, Web(), here.clock + 40)
    assert here.state(SubjectKind.ENDPOINT, PORTAL).status is Status.UP


async def test_what_nobody_looks_at_any_more_is_unknown_and_takes_nothing(here: Court) -> None:
    await here.run(200)
    assert here.state(SubjectKind.ENDPOINT, PORTAL).status is Status.UNKNOWN
    assert here.story(SubjectKind.ENDPOINT, PORTAL)[-1] == ("unknown", "", 80)
    assert set(villages(here).values()) == {("ready", "")}


async def test_an_endpoint_that_leaves_the_inventory_is_forgotten_and_its_outage_ends(here: Court) -> None:
    await run(here, Web({PORTAL: Reason.STATUS}), 130)
    without = {code: one for code, one in here.inventory.endpoints.items() if code != PORTAL}
    here.inventory = replace(here.inventory, endpoints=without)
    here.restart()
    assert [row.end is not None for row in here.roots()] == [True]
    assert {row.endpoint for row in views.seen(here.engine)} == {AUTH}
    await run(here, Web(), 170)
    assert set(villages(here).values()) == {("ready", "")}


async def test_everybody_may_see_endpoints(here: Court) -> None:
    from readiness import read

    rows = read.states(here.engine, Scope("gp:G1"), SubjectKind.ENDPOINT)
    assert [row.subject for row in rows] == [AUTH, PORTAL]
