"""Certificates of endpoints that end soon: from the look to the message."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from alerts.evaluate import evaluate
from alerts.messages import render
from alerts.model import Event, Opening, Rule, Severity
from alerts.model import Reason as AlertReason
from alerts.store import alerts
from collectors.http.certificates import Certificates, certificate_ends, note_certificate, noting_certificates
from collectors.http.look import Found, Look
from collectors.model import Failure, Reason
from inventory.model import Endpoint, Inventory, Names
from inventory.scope import Scope
from inventory.store import apply
from storage.engine import open_engine
from storage.settings import AlertSettings

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
T = NOW.timestamp()
DAY = 86_400.0
GOOD, BAD = None, Failure(Reason.TIMEOUT)


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([(0, GOOD, 30.0), (60, GOOD, 30.0)], [30.0]),  # once
        ([(0, GOOD, 30.0), (60, GOOD, 90.0), (120, GOOD, 30.0)], [30.0]),  # two servers: the one that ends first
        ([(0, GOOD, 3.0), (60, GOOD, 90.0), (3700, GOOD, 90.0)], [3.0, 90.0]),  # renewed: known after an hour
        ([(0, GOOD, 3.0), (60, BAD, None), (7200, BAD, None)], [3.0]),  # not seen is not renewed
        ([(0, GOOD, 3.0), (60, GOOD, None)], [3.0, None]),  # without encryption now
        ([(0, BAD, 3.0)], []),  # perhaps that of a redirect
    ],
)
async def test_what_is_told_of_a_certificate(
    looks: list[tuple[float, Failure | None, float | None]], told: list[float | None]
) -> None:
    """Each look: seconds, its failure, the day on which the certificate ends."""
    heard: list[float | None] = []

    async def hear(_endpoint: str, ends: float | None) -> bool:
        heard.append(ends)
        return True

    certificates = Certificates(hear)
    for after, failure, ends in looks:
        left = None if ends is None else ends * DAY - after + 0.2
        await certificates.take(Look("portal", T + after, 0.1, failure, Found(certificate_s=left)))
    assert [None if ends is None else round((ends - T) / DAY, 3) for ends in heard] == told


async def test_what_could_not_be_noted_is_told_again(engine: Engine) -> None:
    away = open_engine("sqlite:////nowhere/x.db")
    look = Look("portal", T, 0.1, None, Found(certificate_s=DAY))
    assert not await noting_certificates(away)("portal", T + DAY)
    told: list[bool] = []

    async def first_away(endpoint: str, ends: float | None) -> bool:
        told.append(await noting_certificates(engine if told else away)(endpoint, ends))
        return told[-1]

    certificates = Certificates(first_away)
    for _ in range(3):
        await certificates.take(look)
    assert told == [False, True]
    assert noted(engine) == {"portal": NOW + timedelta(days=1)}


async def test_one_that_never_ends_is_noted(engine: Engine) -> None:
    never = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
    look = Look("portal", T + 5, 0.1, None, Found(certificate_s=never - T))  # rounded, it would end in the year 10000
    await Certificates(noting_certificates(engine)).take(look)
    assert noted(engine)["portal"].year == 9998  # the calendar ends a year early (storage.types)


def noted(engine: Engine) -> Mapping[str, datetime]:
    with engine.connect() as connection:
        return certificate_ends(connection)


def test_a_certificate_that_ends_soon_is_one_alert_until_it_is_renewed(engine: Engine, small: Inventory) -> None:
    portal = Endpoint("portal", Names("Portal"), "https://portal.example/")
    inventory, settings = replace(small, endpoints={"portal": portal}), AlertSettings()
    apply(engine, inventory, NOW)
    note_certificate(engine, "gone", NOW)  # not in the inventory
    note_certificate(engine, "portal", NOW + timedelta(days=14, seconds=1))
    assert evaluate(engine, inventory, settings, NOW) == ()
    (opening,) = evaluate(engine, inventory, settings, NOW + timedelta(seconds=1))
    assert isinstance(opening, Opening)
    assert (opening.rule, opening.subject, opening.severity) == (Rule.CERTIFICATE_ENDS, "portal", Severity.WARNING)
    assert evaluate(engine, inventory, settings, NOW + timedelta(days=15)) == ()  # it ended, and nobody renewed it
    (alert,) = alerts(engine, Scope())
    for language, title in (("en", "[LOOK] Certificate ends soon: Portal"), ("hi", "[जाँचें]"), ("pa", "[ਜਾਂਚੋ]")):
        message = render(alert, Event.FIRING, language, "http://x")
        assert message.title.startswith(title)
        assert "06-12-2026 15:30 IST" in message.body
    note_certificate(engine, "portal", NOW + timedelta(days=16))  # not for long
    (changed,) = evaluate(engine, inventory, settings, NOW + timedelta(days=15))
    assert changed.reason is AlertReason.CHANGED
    note_certificate(engine, "portal", NOW + timedelta(days=100))
    (ended,) = evaluate(engine, inventory, settings, NOW + timedelta(days=15))
    assert ended.reason is AlertReason.ENDED
    assert evaluate(engine, inventory, settings, NOW + timedelta(days=15)) == ()
    assert len(alerts(engine, Scope())) == 1
