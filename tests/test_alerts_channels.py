"""The loop against a real SMTP server and a real Alertmanager."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import Engine

from alerts.deliveries import claim_due
from alerts.evaluate import evaluate
from alerts.loop import deliver, repeat, run
from alerts.model import DeliveryState, Event
from alerts.store import deliveries
from alerts.tables import delivery
from inventory import store
from inventory.model import Inventory, Names
from inventory.scope import Scope
from storage.settings import AlertSettings, ChannelSettings
from tests.judged import add_outage, change_outage
from tests.servers import alertmanager, free_port, wait_until

PAGE = "http://127.0.0.1:8000"


class Mailbox:
    """What an SMTP server took; `refuse` makes it turn mail away."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = False

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuse:
            return "451 try again later"
        self.mails.append(message_from_bytes(bytes(envelope.original_content or b""), policy=policy.default))
        return "250 taken"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    url = f"mailto://127.0.0.1:{server.port}/?from=pahunch@example.org&to=officer@example.org&mode=insecure"
    monkeypatch.setenv("TEST_MAIL", url)
    yield box
    server.stop()


class Receiver:
    """The webhook that Alertmanager calls: (status, alertname, subject) of each notification."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        heard = self.heard

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                heard.extend((a["status"], a["labels"]["alertname"], a["labels"]["subject"]) for a in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def manager(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    config = tmp_path / "alertmanager.yml"
    config.write_text(
        "route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        "global: {resolve_timeout: 3s}\n"
        f"receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{receiver.server.server_port}/'}}]}}]\n"
    )
    with alertmanager(config, tmp_path) as url:
        monkeypatch.setenv("TEST_MANAGER", url)
        yield url


def settings(*channels: ChannelSettings) -> AlertSettings:
    return AlertSettings(site_down_after_s=0, redundancy_after_s=0, channels=channels, page_url=PAGE)


MAIL = ChannelSettings(name="mail", kind="apprise", url="env:TEST_MAIL", language="hi")
MANAGER = ChannelSettings(name="am", kind="alertmanager", url="env:TEST_MANAGER")


def firing(url: str) -> list[dict[str, Any]]:
    with urlopen(f"{url}/api/v2/alerts?active=true") as response:  # noqa: S310 - on 127.0.0.1
        found: list[dict[str, Any]] = json.load(response)
    return found


@pytest.mark.server
async def test_an_alert_arrives_once_and_its_end_once(
    engine: Engine, small: Inventory, mailbox: Mailbox, manager: str, receiver: Receiver
) -> None:
    store.apply(engine, small, datetime.now(UTC))
    began = datetime.now(UTC) - timedelta(minutes=6)
    root = add_outage(engine, "olt1:0/1/3", "link", from_at=began, segment=["olt1 GPON 0/1/3", "ont5 PON"])
    for n in (5, 6, 7):
        add_outage(engine, f"gp{n}", root=False, explained_by=root, from_at=began)
    stop = asyncio.Event()
    running = asyncio.create_task(run(engine, small, settings(MAIL, MANAGER), stop))
    await asyncio.to_thread(wait_until, lambda: len(mailbox.mails) == 1 and len(firing(manager)) == 1)
    await asyncio.to_thread(wait_until, lambda: bool(receiver.heard))
    await asyncio.sleep(2.5)  # longer than two rounds of the loop and of Alertmanager
    [alert] = firing(manager)
    assert alert["labels"] == {
        "alertname": "site_down", "severity": "critical", "subject_kind": "link", "subject": "olt1:0/1/3",
        "area": "district:387",
    }  # fmt: skip
    assert datetime.fromisoformat(alert["endsAt"]) > datetime.now(UTC) + timedelta(hours=23)
    assert receiver.heard == [("firing", "site_down", "olt1:0/1/3")]
    assert mailbox.mails[0]["Subject"] == "[बंद] स्थल बंद: olt1:0/1/3 (रायपुर)"
    change_outage(engine, root, to_at=datetime.now(UTC))
    await asyncio.to_thread(wait_until, lambda: len(mailbox.mails) == 2 and not firing(manager))
    await asyncio.to_thread(wait_until, lambda: len(receiver.heard) == 2)
    await asyncio.sleep(2.5)
    stop.set()
    await running
    assert [mail["Subject"][:6] for mail in mailbox.mails] == ["[बंद] ", "[बहाल]"]
    assert receiver.heard[1:] == [("resolved", "site_down", "olt1:0/1/3")]
    assert {d.state for d in deliveries(engine, Scope())} == {DeliveryState.SENT}


@pytest.mark.server
async def test_mail_that_is_turned_away_is_sent_again(engine: Engine, small: Inventory, mailbox: Mailbox) -> None:
    store.apply(engine, small, datetime.now(UTC))
    add_outage(engine, "gp1", from_at=datetime.now(UTC) - timedelta(minutes=6))
    mailbox.refuse = True
    stop = asyncio.Event()
    running = asyncio.create_task(run(engine, small, settings(MAIL), stop))
    await asyncio.to_thread(wait_until, lambda: any(d.last_error for d in deliveries(engine, Scope())))
    mailbox.refuse = False
    await asyncio.to_thread(wait_until, lambda: len(mailbox.mails) == 1)
    stop.set()
    await running
    [sent] = deliveries(engine, Scope())
    assert (sent.state, sent.attempts, sent.last_error) == (DeliveryState.SENT, 2, "")


@pytest.mark.server
def test_alertmanager_is_told_again_after_it_forgot(
    engine: Engine, small: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    store.apply(engine, small, now)
    outages = [add_outage(engine, f"gp{n}", from_at=now - timedelta(minutes=6)) for n in (1, 2, 3)]
    evaluate(engine, small, settings(MANAGER), now)
    for n in (1, 2):  # gp3 stays in the queue: what was not told is not repeated
        [claim] = claim_due(engine, now, "w", limit=1)
        _finish(engine, claim.id)
        assert claim.alert.subject == f"gp{n}"
    change_outage(engine, outages[1], to_at=now)
    evaluate(engine, small, settings(MANAGER), now)
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    with alertmanager(config, tmp_path) as url:
        monkeypatch.setenv("TEST_MANAGER", url)
        assert repeat(engine, MANAGER, PAGE, now) is None
        assert [a["labels"]["subject"] for a in firing(url)] == ["gp1"]
    assert repeat(engine, MANAGER, PAGE, now) == "Alertmanager cannot be reached (ConnectError)"


def _finish(engine: Engine, number: int) -> None:
    with engine.begin() as connection:
        connection.execute(delivery.update().where(delivery.c.id == number).values(state=DeliveryState.SENT))


@pytest.mark.parametrize(
    ("kind", "url", "error"),
    [
        ("apprise", "env:TEST_ABSENT", "env:TEST_ABSENT: no such environment variable"),
        ("alertmanager", "file:/nonexistent/url", "file:/nonexistent/url: FileNotFoundError"),
        ("apprise", "secret-nonsense", "apprise does not understand the channel's URL"),
        ("alertmanager", "http://user:secret@127.0.0.1:1/", "Alertmanager cannot be reached (ConnectError)"),
        ("alertmanager", "http://user:secret@host\x00/", "Alertmanager cannot be reached (InvalidURL)"),
        ("alertmanager", "secret://x", "Alertmanager cannot be reached (UnsupportedProtocol)"),
    ],
)
def test_what_is_wrong_with_a_channel_is_said_without_its_secret(
    engine: Engine, small: Inventory, *, kind: str, url: str, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    now = datetime.now(UTC)
    store.apply(engine, small, now)
    channel = ChannelSettings(name="c", kind=kind, url=url)
    add_outage(engine, "gp1", from_at=now - timedelta(minutes=6))
    evaluate(engine, small, settings(channel), now)
    [claim] = claim_due(engine, now, "w")
    assert claim.event is Event.FIRING
    assert deliver(claim, channel, PAGE, now) == error
    assert "secret" not in caplog.text


@pytest.mark.server
def test_hostile_names_stay_text(engine: Engine, small: Inventory, mailbox: Mailbox) -> None:
    now = datetime.now(UTC)
    hostile = Names("Gram\r\nBcc: all@example.org\r\n\r\n<script>alert(1)</script>")
    sites = {**small.sites, "gp1": replace(small.sites["gp1"], names=hostile)}
    store.apply(engine, small, now)
    add_outage(engine, "gp1", from_at=now - timedelta(minutes=6))
    english = MAIL.model_copy(update={"language": "en"})
    evaluate(engine, replace(small, sites=sites), settings(english), now)
    [claim] = claim_due(engine, now, "w")
    assert deliver(claim, english, PAGE, now) is None
    [mail] = mailbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[DOWN] Site down: Gram Bcc: all＠example.org ‹script›alert(1)‹/script› (Arang, Raipur)"
    assert mail["To"].addresses[0].addr_spec == "officer@example.org"
