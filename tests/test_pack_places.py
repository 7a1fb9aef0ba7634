"""Names, keys, positions and districts of the places that post offices stand in for."""

from typing import Any

import pytest
import shapely

from inventory.pack.places import Office, in_districts, places_of
from inventory.pack.positions import settle, within
from inventory.pack.text import chance, place_name, slug

SQUARE = shapely.box(81, 20, 82, 21)
NEXT = shapely.box(82, 20, 83, 21)
DISTRICTS = {"1": SQUARE, "2": NEXT}


def office(
    name: str = "Amora B.O", pincode: str = "493445", lat: float = 20.51234, lon: float = 81.51234, **more: Any
) -> Office:
    return Office(pincode, name, more.pop("is_main", False), lat, lon, **more)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Amora B.O", "Amora"),
        ("Amora B.O.", "Amora"),
        ("Raipur HO", "Raipur"),
        ("IBC Raipur PO", "IBC Raipur"),
        ("MINMINIA MAIDAN B.O.", "Minminia Maidan"),
        ("Khamaria SO Durg", "Khamaria Durg"),
        ("Bongo Borsi", "Bongo Borsi"),
        ("BO", "Bo"),
    ],
)
def test_place_names(written: str, name: str) -> None:
    assert place_name(written) == name


def test_slugs() -> None:
    assert slug("Khadkagaon (B)") == "khadkagaon-b"
    assert slug("रायपुर") == "place"


def test_chance_is_stable_and_even() -> None:
    assert chance("kendra", "po-493445-amora") == pytest.approx(0.1292, abs=1e-4)
    assert sum(chance("ups", str(n)) < 0.2 for n in range(10_000)) == pytest.approx(2000, abs=100)


def test_codes_come_from_pincode_and_name_in_any_order() -> None:
    here, there = office(lat=20.1), office("AMORA BO", lat=20.2)
    other = office(pincode="493449")
    codes = ["po-493445-amora", "po-493445-amora-2", "po-493449-amora"]
    for offices in ([here, there, other], [other, there, here]):
        assert [place.code for place in places_of(offices).values()] == codes


def test_a_numbered_namesake_takes_no_other_places_code() -> None:
    offices = [office("Hitameta BO", lat=20.1), office("Hitameta BO", lat=20.2), office("Hitameta-2 BO")]
    codes = [place.code.removeprefix("po-493445-") for place in places_of(offices).values()]
    assert codes == ["hitameta", "hitameta-2", "hitameta-2-2"]


def test_a_shared_position_is_left_for_one_near_the_pincodes_others() -> None:
    own = [office("A", lat=20.31234), office("B", lat=20.33234)]
    lost = [office(name, lat=20.9, lon=81.9) for name in "CDE"]
    placed = {place.name: place for place in settle(places_of([*own, *lost]), DISTRICTS)}
    assert not placed["A"].approximate
    assert placed["A"].lat == 20.31234
    for name in "CDE":
        assert placed[name].approximate
        assert placed[name].lat == pytest.approx(20.32, abs=0.05)
    assert len({placed[name].at for name in "CDE"}) == 3


def test_without_others_it_is_set_within_the_named_district() -> None:
    lost = [office(name, lat=20.9, lon=81.9, district="2") for name in "CDE"]
    placed = settle(places_of(lost), DISTRICTS)
    assert all(NEXT.contains(shapely.Point(place.lon, place.lat)) for place in placed)
    assert len({place.at for place in placed}) == 3


def test_without_a_named_district_it_stays_and_is_flagged() -> None:
    lost = [office(name, lat=20.9, lon=81.9) for name in "CDE"]
    assert {(place.at, place.approximate) for place in settle(places_of(lost), DISTRICTS)} == {((20.9, 81.9), True)}


def test_two_on_one_spot_stay_but_are_flagged_and_so_is_a_coarse_position() -> None:
    pair = [office(name) for name in "AB"]
    coarse = office("C", lat=20.5, lon=81.25)
    flags = {place.name: place.approximate for place in settle(places_of([*pair, coarse]), DISTRICTS)}
    assert flags == {"A": True, "B": True, "C": True}


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_points_within_a_thin_polygon(count: int) -> None:
    thin = shapely.Polygon([(81, 20), (83, 20.05), (81, 20.1)])
    points = within(thin, count)
    assert len(set(points)) == count
    assert all(thin.intersects(shapely.Point(lon, lat)) for lat, lon in points)


@pytest.mark.parametrize(
    ("lat", "lon", "district"),
    [(20.5, 81.5, "1"), (20.5, 82.5, "2"), (20.5, 82.0, "1"), (20.5, 83.04, "2"), (20.5, 83.06, None)],
)
def test_district_by_polygon(lat: float, lon: float, district: str) -> None:
    places = list(places_of([office(lat=lat, lon=lon)]).values())
    assert [place.district for place in in_districts(places, DISTRICTS)] == ([district] if district else [])
