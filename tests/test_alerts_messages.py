"""The text of messages: what they say in each language, and hostile names."""

import string
from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.messages import catalogue, render, safe
from alerts.model import Alert, Event, Rule, Severity, Summary
from inventory.model import Names
from readiness.model import Cause, Layer, Responsible, SubjectKind
from tests.judged import MONDAY

SUMMARY = Summary(
    names=Names("Amora", "अमोरा"),
    within=(Names("Arang", "आरंग"), Names("Raipur", "रायपुर", "ਰਾਏਪੁਰ")),
    cause=Cause.FIBRE,
    confidence=0.9,
    layer=Layer.BACKHAUL,
    responsible=Responsible.AGENCY,
    segment=("olt1 GPON 0/1/3", "ont5 PON"),
    ring="",
    sites=3,
    villages=12,
    citizens=None,
)
ALERT = Alert(
    id=1, rule=Rule.SITE_DOWN, subject_kind=SubjectKind.SITE, subject="gp5", area="gp:G5", outage=1,
    severity=Severity.CRITICAL, summary=SUMMARY, opened_at=MONDAY, resolved_at=None, acknowledged_at=None,
    acknowledged_by="",
)  # fmt: skip
OVER = replace(ALERT, resolved_at=MONDAY + timedelta(hours=2))
PAGE = "https://pahunch.example/"


def test_english() -> None:
    message = render(ALERT, Event.FIRING, "en", PAGE)
    assert message.title == "[DOWN] Site down: Amora (Arang, Raipur)"
    assert message.body.splitlines() == [
        "Since 23-11-2026 11:00 IST",
        "Villages cut off: 12. Sites down: 3.",
        "Cause: fibre (90 % sure)",
        "First failing layer: backhaul",
        "Between: olt1 GPON 0/1/3 – ont5 PON",
        "Has to act: network agency",
        "https://pahunch.example/en/area/gp%3AG5",
    ]


def test_hindi() -> None:
    message = render(OVER, Event.RESOLVED, "hi", PAGE)
    assert message.title == "[बहाल] स्थल बंद: अमोरा (आरंग, रायपुर)"
    assert "23-11-2026 11:00 IST से 23-11-2026 13:00 IST तक" in message.body
    assert "संपर्क से कटे गाँव: 12" in message.body


def test_a_missing_name_falls_back_to_english() -> None:
    assert render(ALERT, Event.FIRING, "pa", PAGE).title == "[ਬੰਦ] ਥਾਂ ਬੰਦ: Amora (Arang, ਰਾਏਪੁਰ)"


def test_a_ring_says_that_nobody_is_cut_off() -> None:
    ring = replace(ALERT, rule=Rule.REDUNDANCY_LOST, summary=replace(SUMMARY, ring="ring-1", villages=0))
    body = render(ring, Event.FIRING, "en", PAGE).body
    assert "No village is cut off" in body
    assert "Ring: ring-1" in body
    assert "Villages cut off" not in body


@pytest.mark.parametrize("language", ["en", "hi", "pa"])
@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("event", Event)
def test_every_word_is_there_in_every_language(language: str, rule: Rule, event: Event) -> None:
    for cause, layer in zip([*Cause, *Cause], [*Layer, *Layer], strict=False):
        for responsible in Responsible:
            summary = replace(SUMMARY, cause=cause, layer=layer, responsible=responsible)
            message = render(replace(OVER, rule=rule, summary=summary), event, language, PAGE)
            assert "{" not in message.title + message.body


def test_the_languages_have_the_same_texts_with_the_same_values() -> None:
    def shape(language: str) -> dict[tuple[str, str], list[str]]:
        return {
            (section, key): sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)
            for section, texts in catalogue()[language].items()
            for key, text in texts.items()
        }

    assert shape("en") == shape("hi") == shape("pa")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("Amora\r\nBcc: all@example.org", "Amora Bcc: all＠example.org"),
        ("<!channel> <b>x</b>", "‹!channel› ‹b›x‹/b›"),
        ("[click](http://evil.example)", "(click)(http:/ /evil.example)"),
        ("a\x1b[31mred\x00\u202egnp", "a(31mredgnp"),
        ("क्\u200dष", "क्\u200dष"),  # a joiner is part of the spelling
        ("{name} {0.__class__} %s", "{name} {0.__class__} %s"),
        ("x" * 500, "x" * 119 + "…"),
    ],
)
def test_safe(hostile: str, shown: str) -> None:
    assert safe(hostile) == shown


@given(st.text(max_size=300))
def test_no_name_breaks_the_lines_of_a_message(name: str) -> None:
    summary = replace(SUMMARY, names=Names(name), segment=(name, name), ring=name)
    message = render(replace(ALERT, summary=summary), Event.FIRING, "en", PAGE)
    assert len(message.title.splitlines()) == 1
    assert len(message.body.splitlines()) == (8 if name else 7)


def test_a_summary_has_no_field_that_no_message_uses() -> None:
    used = {"names", "within", "cause", "confidence", "layer", "responsible", "segment", "ring", "sites", "villages"}
    of_other_rules = {"citizens", "added", "removed", "ends_at"}
    assert {field.name for field in fields(Summary)} - used == of_other_rules


def test_an_endpoint_says_who_misses_it() -> None:
    summary = replace(
        SUMMARY, names=Names("e-District portal", "ई-डिस्ट्रिक्ट पोर्टल"), within=(), cause=Cause.UPSTREAM,
        layer=Layer.ENDPOINT, responsible=Responsible.SERVICE_OWNER, segment=(), sites=0, villages=20_167, citizens=19_607_961,
    )  # fmt: skip
    alert = replace(ALERT, rule=Rule.ENDPOINT_DOWN, area="state:22", summary=summary)
    message = render(alert, Event.FIRING, "en", PAGE)
    assert message.title == "[DOWN] Services out of reach: e-District portal does not answer as it should"
    assert message.body.splitlines()[1:4] == [
        "Villages that miss services by it: 20167.",
        "Citizens there: 19607961.",
        "Has to act: owner of the portal or gateway",
    ]
    unknown = replace(alert, summary=replace(summary, citizens=None))
    assert "Citizens" not in render(unknown, Event.FIRING, "en", PAGE).body
