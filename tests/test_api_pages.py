"""The pages as text: languages, escaping, headers, what they say of a village."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from api import i18n, sentences
from api.assets import NotBuiltError, built_assets
from api.pages.overview import overview
from api.routes import pages
from api.serve import NotLoopbackError, require_loopback
from api.statuses import statuses
from inventory.model import Names
from inventory.scope import Scope
from tests.pages import EVIL, NOW, OTHER, app_over, change, fill, two_districts
from tests.small import DISTRICT

ADDRESSES = (
    "",
    "queue",
    "discrepancy",
    "trend",
    f"area/{DISTRICT}",
    f"area/{OTHER}",
    "village/village:V3",
    "village/village:E1",
    "village/village:V8",
)


@pytest.fixture(scope="module")
def client(shared_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("pages")
    inventory, engine = two_districts(), shared_engine
    fill(engine, inventory)
    with TestClient(app_over(engine, inventory, folder), base_url="http://127.0.0.1") as client:
        yield client


class _Text(HTMLParser):
    """Texts and spoken attributes of a page, without those in a language of their own."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.language = language
        self.found: list[str] = []
        self.foreign: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in {"style", "script"} or (told.get("lang") not in {None, self.language}) or tag == "bdi":
            self.foreign.append(tag)
        elif not self.foreign:
            self.found += [value for name, value in attrs if name in {"title", "aria-label"} and value]

    def handle_endtag(self, tag: str) -> None:
        if self.foreign and self.foreign[-1] == tag:
            self.foreign.pop()

    def handle_data(self, data: str) -> None:
        if not self.foreign:
            self.found.append(data)


def test_the_first_address_leads_to_the_readers_language(client: TestClient) -> None:
    def led(**headers: str) -> str:
        return str(client.get("/", headers=headers, follow_redirects=False).headers["location"])

    assert led(**{"Accept-Language": "hi-IN,hi;q=0.9,en;q=0.8"}) == "/hi/"
    assert led(**{"Accept-Language": "ta,en;q=0.5"}) == "/en/"
    assert led(**{"Accept-Language": "ta"}) == "/en/"
    client.get("/hi/")
    assert led(**{"Accept-Language": "en"}) == "/hi/"  # whom a cookie remembers


@pytest.mark.parametrize("language", i18n.LANGUAGES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_whole_in_each_language(client: TestClient, language: str, address: str) -> None:
    page = client.get(f"/{language}/{address}")
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    for other in i18n.LANGUAGES:
        if other != language:
            assert f'hreflang="{other}" href="/{other}/{address}"' in page.text


def fragments(client: TestClient) -> Iterator[str]:
    """Addresses of the parts of pages that scripts fetch."""
    order = client.get("/api/v1/map/tiles").json()["order"]
    yield from ("fragment/tables", "fragment/drawing")
    yield from (f"fragment/{kind}/{number}?order={order}" for kind in ("village", "site") for number in range(4))


def test_the_walk_below_goes_to_every_page(client: TestClient) -> None:
    routes = {route.path for route in pages.router.routes if isinstance(route, APIRoute)}
    kinds = {path.removeprefix("/{language}/").partition("{")[0] for path in routes if path.startswith("/{language}/")}
    walked = {address.rpartition("?")[0] or address for address in (*ADDRESSES, *fragments(client))}
    assert {kind for kind in kinds if not any(address.startswith(kind) for address in walked)} == set()
    assert len(kinds) >= 7


@pytest.mark.parametrize("language", [language for language in i18n.LANGUAGES if language != i18n.SOURCE])
def test_no_page_in_another_language_says_anything_in_english(client: TestClient, language: str) -> None:
    for address in (*ADDRESSES, "area/district:0", *fragments(client)):
        page = client.get(f"/{language}/{address}")
        assert page.status_code in {200, 404}
        assert _english(page.text, language) == [], address


def _english(page: str, language: str) -> list[str]:
    text = _Text(language)
    text.feed(page)
    english = [word for told in text.found for word in re.findall("[A-Za-z]{3,}", told)]
    # What is left is in the title: the name of the place, which has none in that language.
    known = {"Village", "Raipur", "Chhattisgarh", "CSS", "script", "alert"}
    return [word for word in english if word not in known]


@pytest.mark.parametrize("language", [language for language in i18n.LANGUAGES if language != i18n.SOURCE])
def test_every_message_is_translated_with_its_values(language: str) -> None:
    template = read_po((i18n.LOCALE / "messages.pot").open("rb"))
    translated = read_po((i18n.LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb"), locale=language)
    wanted = {message.id for message in template if message.id}
    assert {message.id for message in translated if message.id} == wanted
    for message in translated:
        if message.id:
            assert message.string, message.id
            assert not message.fuzzy, message.id
            values = re.compile(r"%\(\w+\)s")
            assert sorted(values.findall(str(message.id))) == sorted(values.findall(str(message.string))), message.id


def test_the_template_holds_every_text_of_the_code(tmp_path: Path) -> None:
    from babel.messages.frontend import CommandLineInterface

    fresh = tmp_path / "messages.pot"
    CommandLineInterface().run(  # type: ignore[no-untyped-call]  # Babel has no types here
        ["pybabel", "-q", "extract", "-F", "babel.cfg", "-k", "N_", "--omit-header", "-o", str(fresh), "."]
    )
    known = {message.id for message in read_po((i18n.LOCALE / "messages.pot").open("rb"))}
    assert {message.id for message in read_po(fresh.open("rb"))} == known, "run `make messages`"


@pytest.mark.parametrize("address", ADDRESSES)
def test_hostile_names_stay_text(client: TestClient, address: str) -> None:
    for language in i18n.LANGUAGES:
        page = client.get(f"/{language}/{address}").text
        assert EVIL not in page
        assert page.count("<script") == 1  # our own
    assert "&lt;script&gt;" in client.get(f"/en/area/{OTHER}").text


@pytest.mark.parametrize("address", ["/en/", "/en/village/village:V3", "/api/v1/status", "/en/area/x", "/openapi.json"])
def test_headers_keep_everything_to_this_server(client: TestClient, address: str) -> None:
    headers = client.get(address).headers
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_hold_no_inline_code_or_style(client: TestClient) -> None:
    for address in ADDRESSES:
        page = client.get(f"/en/{address}").text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page)
        assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]


def test_another_host_name_is_not_answered(client: TestClient) -> None:
    assert client.get("/en/", headers={"Host": "evil.example"}).status_code == 400


def test_the_state_tells_who_is_cut_off_and_why(client: TestClient) -> None:
    page = client.get("/en/").text
    assert re.search(r'<span data-count="served">2</span> of 9 villages', page)
    row = page[page.index("/en/village/village:V3") :]
    assert re.search("Backhaul.*fibre cut.*14:30.*60 minutes.*network agency", row[:900], re.DOTALL)
    assert "15:30:00" in page  # now, in Indian time


def test_data_that_stand_in_are_said_to(client: TestClient) -> None:
    page = client.get("/en/").text
    assert "Nothing here is real." in page
    assert "Made up for tests" in page


def test_a_missing_name_is_marked(client: TestClient) -> None:
    page = client.get("/hi/village/village:V3").text
    assert re.search('<bdi lang="en" class="fallback" title="[^"]+">Village 3</bdi>', page)
    assert "<bdi>रायपुर</bdi>" in page


def test_the_chain_names_the_first_failing_layer(client: TestClient) -> None:
    page = client.get("/en/village/village:V3").text
    assert page.count('class="first-failing"') == 1
    step = page[page.index('class="first-failing"') :]
    assert re.search("Backhaul.*Not working", step[:600], re.DOTALL)
    assert "90 % sure" in page


def test_a_village_nobody_has_seen_is_unknown(client: TestClient) -> None:
    page = client.get("/en/village/village:V8").text
    assert "Unknown" in page
    assert "Nothing has been observed here yet." in page
    assert 'class="first-failing"' not in page


def test_the_kendra_is_told_with_its_distance_and_hours(client: TestClient) -> None:
    page = client.get("/hi/village/village:V3").text
    assert "Kendra 2" in page
    assert "4.7 किमी" in page
    assert "सोम-शनि 10:00-17:00" in page


def test_the_panel_is_the_pages_own_text(client: TestClient) -> None:
    status = client.get("/api/v1/map/status")
    number, order = status.content.index(3 | 4 << 2), status.headers["pahunch-order"]  # blocked by the backhaul
    panel = client.get(f"/en/fragment/village/{number}", params={"order": order}).text
    assert "Village 3" in panel
    assert 'class="first-failing"' in panel
    sites = [client.get(f"/hi/fragment/site/{n}", params={"order": order}).text for n in range(17)]
    assert len([site for site in sites if "राज्य नेटवर्क केंद्र" in site]) == 1
    assert client.get(f"/en/fragment/village/{number}", params={"order": "old"}).status_code == 404


def test_assets_are_kept_for_good_and_packed(client: TestClient) -> None:
    packed = client.get("/static/X-page.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == "packed"
    assert "immutable" in packed.headers["cache-control"]
    assert client.get("/static/X-page.js", headers={"Accept-Encoding": "identity"}).text == "/* page.js */"
    assert client.get("/static/page.js").status_code == 404
    assert client.get("/static/..%2Fmanifest.json").status_code == 404


def test_an_asset_that_a_later_build_removed_is_missing(engine: Engine, tmp_path: Path) -> None:
    client = TestClient(app_over(engine, two_districts(), tmp_path), base_url="http://127.0.0.1")
    assert client.get("/static/X-map.css").status_code == 200
    (tmp_path / "X-map.css").unlink()
    assert client.get("/static/X-map.css", headers={"Accept-Encoding": "identity"}).status_code == 404


def test_a_missing_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotBuiltError, match="make web"):
        built_assets(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.5.6.7", "::1", "localhost"])
def test_loopback_is_served(host: str) -> None:
    require_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", ""])
def test_nothing_else_is_served_without_sign_in(host: str) -> None:
    with pytest.raises(NotLoopbackError, match="loopback"):
        require_loopback(host)


def test_sentences_of_the_judgement_are_translated_with_their_values() -> None:
    hindi = i18n.catalogue("hi")
    told = sentences.translated("loss: 3 of 20 probes answered", hindi)
    assert "20" in told
    assert "3" in told
    assert not re.search("[a-z]", told)
    assert sentences.translated("something new", hindi) == "something new"


def test_a_language_without_a_name_for_a_place_falls_back() -> None:
    assert Names("Raipur").in_language("hi") == ("Raipur", True)
    assert replace(Names("Raipur"), hi="रायपुर").in_language("hi") == ("रायपुर", False)


def test_times_are_indian() -> None:
    assert i18n.moment(NOW, "en") == "21 Nov, 15:30"
    assert "15:30" in i18n.moment(NOW, "hi")


def test_villages_that_left_the_inventory_take_no_place_in_the_list(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.overview.LISTED", {True: 1, False: 1})
    inventory = two_districts()
    fill(engine, inventory)
    for number in range(3):
        change(engine, ("village", f"village:gone-{number}"), "blocked", NOW + timedelta(minutes=number))
    with TestClient(app_over(engine, inventory, tmp_path), base_url="http://127.0.0.1") as client:
        here = client.app.state.context  # type: ignore[attr-defined]
        seen = overview(here, Scope(), statuses(here, Scope()))
    assert [one.village.key for one in seen.listed] in (["village:V3"], ["village:E1"])
    assert (seen.total.blocked, seen.left_out) == (2, 1)
