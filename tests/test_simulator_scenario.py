"""Scenarios: durations, the TOML, and what places mean."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from inventory.model import Inventory
from simulator import duration
from simulator.condition import Effect
from simulator.effects import course_of
from simulator.faults import Fault, Kind, Where
from simulator.scenario import ScenarioError, read_scenario

_SHIPPED = Path(__file__).parents[1] / "simulator" / "scenarios"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT10M", 600),
        ("PT2H", 7200),
        ("P1DT12H", 129_600),
        ("PT0.5S", 0.5),
        ("P2W", 1_209_600),
        ("PT1H1M1S", 3661),
        ("PT0S", 0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration.parse(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "10M", "P1M", "P1Y", "PT-5M", "PT5", "PT5M3H"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not an ISO 8601 duration"):
        duration.parse(text)


_WHOLE = """
name = "first rain"
seed = 7
[[fault]]
at = "PT10M"
lasts = "PT2H"
kind = "power_cut"
where = {feeder = "feeder-1"}
with = {battery_minutes = 0.5}
[[fault]]
at = 2026-11-21T10:00:00Z
kind = "switched_off"
where = {random = 12, role = "pc", area = "district:387"}
"""


def _other(kind: str, given: str) -> tuple[str, str]:
    """The second fault changed to another kind."""
    return 'kind = "switched_off"', f'kind = "{kind}"\nwith = {given}'


def test_a_scenario_is_read(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(_WHOLE)
    scenario = read_scenario(file)
    assert (scenario.name, scenario.seed) == ("first rain", 7)
    assert scenario.faults == (
        Fault(Kind.POWER_CUT, Where(feeder="feeder-1"), timedelta(minutes=10), timedelta(hours=2), battery_minutes=0.5),
        Fault(
            Kind.SWITCHED_OFF,
            Where(random=12, role="pc", area="district:387"),
            datetime(2026, 11, 21, 10, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (("seed = 7", "sead = 7"), "sead: unknown key"),
        (("seed = 7", "seed = 7.5"), "seed: a whole number"),
        (('name = "first rain"', ""), "name: text belongs here"),
        (('lasts = "PT2H"', 'last = "PT2H"'), "fault[1].last: unknown key"),
        (('lasts = "PT2H"', 'lasts = "2 hours"'), "fault[1].lasts: '2 hours' is not an ISO 8601 duration"),
        (('at = "PT10M"', "at = 2026-11-21T10:00:00"), "fault[1].at: a time needs its zone"),
        (('kind = "power_cut"', 'kind = "earthquake"'), "fault[1].kind: there is no 'earthquake'"),
        (('where = {feeder = "feeder-1"}', ""), "fault[1].where: a table belongs here"),
        (('{feeder = "feeder-1"}', "{}"), "fault[1].where: exactly one of"),
        (('{feeder = "feeder-1"}', '{feeder = "f", site = "s"}'), "fault[1].where: exactly one of"),
        (('{feeder = "feeder-1"}', '{ring = "r"}'), "fault[1].where.ring: unknown key"),
        (
            ("{battery_minutes = 0.5}", "{percent = 3}"),
            "fault[1].with.percent: unknown key; known here: battery_minutes",
        ),
        (("battery_minutes = 0.5", 'battery_minutes = "x"'), "fault[1].with.battery_minutes: a number belongs here"),
        (("random = 12", "random = -1"), "fault[2].where.random: a whole number"),
        (("seed = 7", "seed ="), "Invalid value"),
        (_other("endpoint_outage", "{status = 503, slow_s = 2}"), "fault[2].with: one of status, slow_s, refuse"),
        (_other("endpoint_outage", "{refuse = 1}"), "fault[2].with.refuse: true or false belongs here"),
        (_other("flapping", "{down_s = 0}"), "fault[2].with.down_s: above 0 is needed"),
        (_other("collector_blind", "{}"), "fault[2].where: unknown key"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, broken: tuple[str, str], complaint: str) -> None:
    file = tmp_path / "s.toml"
    assert broken[0] in _WHOLE
    file.write_text(_WHOLE.replace(*broken))
    with pytest.raises(ScenarioError) as error:
        read_scenario(file)
    assert str(error.value).startswith(f"{file}: ")
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    ("kind", "where", "complaint"),
    [
        (Kind.FIBRE_CUT, Where(link="nowhere"), "no link or trunk 'nowhere'"),
        (Kind.FIBRE_CUT, Where(link="lan-1"), "link 'lan-1' is copper, not fibre"),
        (Kind.FIBRE_CUT, Where(feeder="feeder-1"), "needs a link, device, site, area or random"),
        (Kind.FIBRE_CUT, Where(device="pc1"), "nothing is there"),
        (Kind.POWER_CUT, Where(feeder="x"), "no feeder 'x'"),
        (Kind.POWER_CUT, Where(site="x"), "no site 'x'"),
        (Kind.POWER_CUT, Where(area="district:1"), "no area 'district:1'"),
        (Kind.POWER_CUT, Where(device="gp1"), "needs a site, feeder, area or random"),
        (Kind.DEVICE_FAILURE, Where(link="ring-1-1"), "needs a device, site, area or random"),
        (Kind.SWITCHED_OFF, Where(device="x"), "no device 'x'"),
    ],
)
def test_a_place_that_is_not_there_is_named(small: Inventory, kind: Kind, where: Where, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        course_of(Fault(kind, where), small, Random(1), 0.0)


def _first(fault: Fault, inventory: Inventory, seed: int) -> Effect:
    return next(course_of(fault, inventory, Random(seed), 0.0))[1]


def test_chance_is_the_seeds_and_stays_within_its_limits(small: Inventory) -> None:
    fault = Fault(Kind.DEVICE_FAILURE, Where(random=3, role="router"))
    chosen = [_first(fault, small, seed).failed for seed in range(20)]
    assert chosen == [_first(fault, small, seed).failed for seed in range(20)]
    assert len(set(chosen)) > 3
    for names in chosen:
        assert len(names) == 3
        assert "noc-r1" not in names
        assert {small.devices[name].role for name in names} == {"router"}


def test_random_power_cuts_take_whole_feeders(small: Inventory) -> None:
    cut = _first(Fault(Kind.POWER_CUT, Where(random=1, role="ups")), small, 1)
    assert cut.mains == {"gp1", "gp2", "gp3", "kendra1", "kendra2"}


def test_ring_cuts_stay_in_one_ring(small: Inventory) -> None:
    for seed in range(10):
        cut = _first(Fault(Kind.FIBRE_CUT, Where(random=1, role="router"), cuts=2), small, seed).cut
        assert len(cut) == 2
        assert {small.links[name].ring for name in cut} == {"ring-1"}


def test_chance_may_find_nothing(small: Inventory) -> None:
    fault = Fault(Kind.SWITCHED_OFF, Where(random=5, role="camera"))
    assert _first(fault, small, 1).off == frozenset()


def test_the_first_rain_fits_any_inventory(small: Inventory) -> None:
    scenario = read_scenario(_SHIPPED / "first-rain.toml")
    effects = [_first(fault, small, scenario.seed) for fault in scenario.faults]
    assert all(effect.cut | effect.failed | effect.off | effect.mains for effect in effects)


@pytest.mark.parametrize(
    ("kind", "given", "complaint"),
    [
        ("endpoint_outage", "{status = 99}", "status 99 isn't one of HTTP's"),
        ("battery_decay", "{cut_minutes = 3, every_minutes = 3}", "every_minutes must be more than cut_minutes"),
    ],
)
def test_what_cannot_be_played_is_told(small: Inventory, tmp_path: Path, kind: str, given: str, complaint: str) -> None:
    file = tmp_path / "s.toml"
    file.write_text(f'name = "x"\n[[fault]]\nkind = "{kind}"\nwhere = {{random = 1}}\nwith = {given}\n')
    with pytest.raises(ValueError, match=complaint):
        _first(read_scenario(file).faults[0], small, 1)
