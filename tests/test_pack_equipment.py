"""The planned network: everything reachable, rings that survive a cut, no port or address twice."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from ipaddress import IPv4Address
from itertools import islice

from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.model import Device, Link, Medium, Names, Role, SiteKind
from inventory.pack.blocks import blocks_of
from inventory.pack.facts import District, KendraFacts, State, Town
from inventory.pack.fit import lay
from inventory.pack.network import Network, addresses
from inventory.pack.places import Place
from inventory.pack.plan import plan_blocks
from inventory.pack.post_offices import fitting, place_kendras, served_by

RAIPUR = District("387", Names("Raipur", "रायपुर"), Town(Names("Raipur", "रायपुर"), 21.25, 81.63), "410")
KORBA = District("383", Names("Korba", "कोरबा"), Town(Names("Korba", "कोरबा"), 22.36, 82.73), "404")
_SMALLEST_BLOCK = 5
STATE = State(
    code="22",
    names=Names("Chhattisgarh"),
    ring_blocks=2,
    noc=Town(Names("NOC"), 21.16, 81.79),
    noc_district="387",
    districts=(RAIPUR, KORBA),
    kendra=KendraFacts("Mo-Sa 10:00-17:00", *[Names("Kendra, {}")] * 4),
)
PLACE = st.builds(
    Place,
    code=st.integers(0, 9999).map("po-{:04}".format),
    name=st.just("Amora"),
    group=st.sampled_from(["492001", "492002", "495677", "495678"]),
    is_main=st.booleans(),
    lat=st.floats(21, 22).map(lambda value: round(value, 3)),
    lon=st.floats(81.5, 82.5).map(lambda value: round(value, 3)),
    district=st.sampled_from(["387", "383"]),
)
PLACES = st.lists(PLACE, min_size=1, max_size=60, unique_by=lambda place: place.code)


def laid(places: list[Place]) -> tuple[Network, dict[str, str]]:
    plans = plan_blocks(blocks_of(places, _SMALLEST_BLOCK), STATE.ring_blocks)
    kendras = place_kendras(plans, STATE.kendra)
    return lay(STATE, plans, fitting(STATE, plans, kendras)), served_by(plans, kendras)


def reached(devices: Mapping[str, Device], links: Mapping[str, Link], cut: Collection[str] = ()) -> set[str]:
    """Devices with a path to a reference device when the links in `cut` are gone."""
    beside: dict[str, list[str]] = defaultdict(list)
    for link in links.values():
        if link.name not in cut:
            beside[link.a_device].append(link.b_device)
            beside[link.b_device].append(link.a_device)
    for device in devices.values():
        if device.seen_through and device.role is not Role.ONT:  # on a PC's USB
            beside[device.seen_through].append(device.name)
    waiting = [device.name for device in devices.values() if device.reference]
    found = set(waiting)
    while waiting:
        for name in beside[waiting.pop()]:
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


@given(PLACES)
def test_every_device_has_a_path_to_the_noc(places: list[Place]) -> None:
    net, _ = laid(places)
    assert reached(net.devices, net.links) == set(net.devices)


@given(PLACES)
@settings(max_examples=25, deadline=None)
def test_one_cut_of_a_ring_leaves_all_reachable(places: list[Place]) -> None:
    net, _ = laid(places)
    for link in [link for link in net.links.values() if link.ring]:
        assert reached(net.devices, net.links, {link.name}) == set(net.devices)


@given(PLACES)
def test_a_ring_ends_on_two_routers_of_one_pop(places: list[Place]) -> None:
    net, _ = laid(places)
    rings: dict[str, Counter[str]] = defaultdict(Counter)
    for link in net.links.values():
        if link.ring:
            rings[link.ring].update((link.a_device, link.b_device))
    assert rings
    for ends in rings.values():
        first, second = (name for name, count in ends.items() if count == 1)
        assert (first[-3:], second[-3:]) == ("-r1", "-r2")
        assert first[:-1] == second[:-1]


@given(PLACES)
def test_each_place_has_one_box(places: list[Place]) -> None:
    net, _ = laid(places)
    boxes = Counter(
        device.site for device in net.devices.values() if device.role in (Role.ROUTER, Role.ONT, Role.RADIO)
    )
    assert {boxes[f"gp-{place.code}"] for place in places} == {1}


@given(PLACES)
def test_no_port_is_used_twice_but_an_olts_pon_port(places: list[Place]) -> None:
    net, _ = laid(places)
    ends: Counter[tuple[str, str]] = Counter()
    for link in net.links.values():
        ends.update([(link.a_device, link.a_port), (link.b_device, link.b_port)])
    twice = [(device, port) for (device, port), count in ends.items() if count > 1]
    assert all(net.devices[device].role is Role.OLT and port.startswith("GPON ") for device, port in twice)


@given(PLACES)
def test_a_pon_shares_one_trunk_and_numbers_its_onts(places: list[Place]) -> None:
    net, _ = laid(places)
    for device in net.devices.values():
        if device.role is Role.ONT:
            link = next(link for link in net.links.values() if link.b_device == device.name)
            port = device.seen_as.rsplit(":", 1)[0]
            assert (link.a_device, link.a_port) == (device.seen_through, f"GPON {port}")
            assert link.trunk == f"{device.seen_through}:{port}"
            assert link.length_km is not None
            assert 0 <= link.length_km <= 20
    indexes = [(each.seen_through, each.seen_as) for each in net.devices.values() if each.seen_through]
    assert len(set(indexes)) == len(indexes)


@given(PLACES)
def test_what_answers_snmp_has_its_own_address_and_what_does_not_has_none(places: list[Place]) -> None:
    net, _ = laid(places)
    given_out = [device.primary_ip for device in net.devices.values() if device.primary_ip]
    assert len(set(given_out)) == len(given_out)
    for device in net.devices.values():
        if device.role in (Role.ONT, Role.BIOMETRIC):
            assert not device.primary_ip
            assert device.seen_through
        elif device.role is not Role.PRINTER:
            assert device.primary_ip
        assert bool(device.credential) == bool(device.primary_ip)


@given(PLACES)
def test_a_place_is_served_by_its_own_kendra_or_another_gps(places: list[Place]) -> None:
    net, served = laid(places)
    own = {site.name for site in net.sites.values() if site.kind is SiteKind.KENDRA and site.area.startswith("gp:")}
    for place in places:
        if f"kendra-{place.code}" in own:
            assert served[place.code] == f"kendra-{place.code}"
        else:
            assert served.get(place.code, "") in own | ({""} if not own else set())


def test_addresses_stay_on_loopback_and_skip_network_and_broadcast() -> None:
    found = list(islice(addresses(), 300))
    assert found[0] == "127.16.0.1"
    assert found[253:255] == ["127.16.0.254", "127.16.1.1"]
    assert all(IPv4Address(each).is_loopback for each in found)


def test_only_a_towns_kendra_has_a_network_printer() -> None:
    places = [Place(f"po-{n}", "Amora", "492001", n == 0, 21.2 + n / 100, 81.6, district="387") for n in range(8)]
    net, _ = laid(places)
    networked = {each.site for each in net.devices.values() if each.role is Role.PRINTER and each.primary_ip}
    in_towns = {f"kendra-{code}-{kind}" for code in ("387", "383") for kind in ("collectorate", "hospital")}
    assert networked - in_towns <= {"kendra-po-0"}
    assert in_towns <= networked


def test_everything_is_marked_as_planned_by_rule_and_lengths_follow_the_roads() -> None:
    net, _ = laid([Place("po-1", "Amora", "492001", True, 21.25, 81.73, district="387")])
    marks = [{each.planned_by for each in kind.values()} for kind in (net.sites, net.devices, net.links)]
    assert marks == [{"rule"}] * 3
    ring = net.links["ring-district-387-1-1"]
    assert (ring.medium, ring.length_km) == (Medium.FIBRE, 14.51)  # 10.36 km straight
