"""A sibling's ports are taken over only where a walk would have found the same."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.catalogue import load_profiles
from collectors.plan import SYS_UP_TIME, Plans, PollPlan, ports_of_interest
from collectors.profile import Profile, Read, Syntax
from collectors.recognise import port_names
from collectors.siblings import Question, foreseeable, has_ports, narrowed, question

ROUTER = load_profiles()["generic-router"]
UPS = Profile("ups", "ups", scalars=(Read("sysUpTime", "1.3.6.1.2.1.33.1.2.4.0", "UPS-MIB", Syntax.GAUGE),))
TWO = ((3, "GE0/0/1"), (4, "GE0/0/2"))
LINKED = frozenset({"GE0/0/1", "GE0/0/2"})


def asked(plans: Plans, profile: Profile = ROUTER, ports: tuple[tuple[int, str], ...] = TWO) -> Question:
    found = question(plans.make(profile, ports), ports)
    assert found
    return found


@pytest.mark.parametrize(
    ("profile", "ports", "linked", "told"),
    [
        (ROUTER, TWO, {"GE0/0/1", "GE0/0/2"}, True),
        (ROUTER, TWO, set(), False),  # any port of another device might count
        (ROUTER, TWO, {"GE0/0/1", "GE0/0/2", "GE0/0/3"}, False),  # the other may have the third
        (ROUTER, TWO, {"GE0/0/1"}, False),
        (ROUTER, (*TWO, (9, "GE0/0/2")), {"GE0/0/1", "GE0/0/2"}, False),  # two are called alike
        (ROUTER, (), set(), False),
        (UPS, (), set(), True),
        (UPS, (), {"eth0"}, True),
    ],
)
def test_whose_ports_are_foreseeable(
    profile: Profile, ports: tuple[tuple[int, str], ...], linked: set[str], told: bool
) -> None:
    assert foreseeable(profile, ports, linked) is told


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((b"GE0/0/1", b"GE0/0/2"), True),
        ((b" ge0/0/1\0", b"GE 0/0/2"), True),  # as links may be spelt otherwise
        ((b"GE0/0/2", b"GE0/0/1"), False),
        ((b"GE0/0/1", None), False),
        ((b"GE0/0/1", b""), False),
        ((b"GE0/0/1", b"GE0/0/1"), False),
        ((b"GE0/0/1", b"GE0/0/22"), False),
        ((b"\xff\x00\x01", b"GE0/0/2"), False),
    ],
)
def test_a_device_has_the_ports_of_a_sibling_where_it_calls_them_so(
    names: tuple[bytes | None, ...], told: bool
) -> None:
    assert has_ports(TWO, names, LINKED) is told


def test_the_question_is_the_whole_of_a_first_poll_in_gets_as_large_as_allowed() -> None:
    plans = Plans()
    three = (*TWO, (5, "GE0/0/3"))
    found = asked(plans, ports=three)
    assert found.gets[0][: found.before] == (SYS_UP_TIME, *found.plan.names)
    assert len(found.gets) == 2
    assert all(len(get) <= ROUTER.max_objects for get in found.gets)
    assert sum(found.gets, ()) == (SYS_UP_TIME, *found.plan.names, *found.oids)
    assert [found.gets[1][0], found.gets[0][found.before]] == [found.oids[found.first_of(n)] for n in (1, 0)]
    assert question(plans.make(ROUTER, ports := tuple((n, f"GE{n}") for n in range(8))), ports) is None


NAMES = st.sampled_from(["GE0/0/1", "GE0/0/2", "eth1", "wlan0"])
PORTS = st.dictionaries(st.integers(1, 6), NAMES, max_size=5).filter(lambda p: len(set(p.values())) == len(p))
OBJECTS = [read.oid for read in ROUTER.ports]


def recognised(plans: Plans, ports: Mapping[int, str], linked: frozenset[str], lacks: set[str]) -> PollPlan:
    """The plan of such a device after a walk and a first poll."""
    raw = {str(index): name.encode() for index, name in ports.items()}
    wide = plans.make(ROUTER, ports_of_interest(port_names(raw, raw), linked))
    return plans.narrow(wide, frozenset(item.oid for item in wide.items if lacking(item.oid, lacks)))


def lacking(oid: str, lacks: set[str]) -> bool:
    return oid.rpartition(".")[0] in lacks


@given(
    PORTS, PORTS, st.frozensets(NAMES, max_size=3), st.sets(st.sampled_from(OBJECTS)), st.sets(st.sampled_from(OBJECTS))
)
def test_what_is_taken_for_a_sibling_gets_the_very_plan_that_a_walk_would_give(
    ports: dict[int, str], siblings: dict[int, str], linked: frozenset[str], lacks: set[str], sibling_lacks: set[str]
) -> None:
    plans = Plans()
    sibling = plans.shape(plans.number(recognised(plans, siblings, linked, sibling_lacks)))
    if not foreseeable(ROUTER, sibling.ports, linked):
        return
    told = asked(plans, ports=sibling.ports)
    names = tuple(ports[index].encode() if index in ports else None for index, _ in sibling.ports)
    if has_ports(sibling.ports, names, linked):
        there = sum((not lacking(oid, lacks)) << at for at, oid in enumerate(told.oids))
        assert narrowed(plans, told, there) is recognised(plans, ports, linked, lacks)
    else:
        assert ports_of_interest(ports, linked) != sibling.ports


def test_a_device_with_the_same_ports_is_always_found() -> None:
    """So that the property above is not true of nothing."""
    plans = Plans()
    told = asked(plans)
    all_there = (1 << len(told.oids)) - 1
    assert narrowed(plans, told, all_there) is recognised(plans, dict(TWO), LINKED, set())
    assert len(narrowed(plans, told, 0).items) == 1
