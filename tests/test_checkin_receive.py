"""Checking in over HTTP: who may, what is stored, what is refused, and that nothing hostile gets further."""

import asyncio
import json
import select as ready
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, select
from starlette.requests import Request
from structlog.testing import capture_logs

from collectors.checkin.intake import CheckIn, FullError, Taken
from collectors.checkin.intake import store as store_all
from collectors.checkin.message import PATH, read, signature
from collectors.checkin.receive import MOST_OCTETS, Allowance, Receiver, Room, _block_of, receiving
from collectors.checkin.serving import NoCertificateError, receive_until
from collectors.checkin.tables import checkin_agent, checkin_heartbeat
from storage.engine import open_engine
from storage.settings import CheckinSettings
from tests.checkins import INSTALL, KEY, SITE, Clock, checking_in, envelope, heartbeat, kendra, received
from tests.servers import wait_until
from tests.stores import Schema, store_with

T = 1_800_000_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    """On SQLite alone: what is refused before it gets to the store."""
    engine = store_with(Schema.TABLES, tmp_path / "store.db")
    yield engine
    engine.dispose()


def stored(engine: Engine) -> list[tuple[str, float]]:
    """Site and seconds after T of the heartbeats that wait."""
    with engine.connect() as connection:
        rows = connection.execute(select(checkin_heartbeat).order_by(checkin_heartbeat.c.id)).all()
    return [(row.site, round(row.at.timestamp() - T, 3)) for row in rows]


def known(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(checkin_agent)).one()


def test_what_is_answered_with_200_is_stored(engine: Engine, tmp_path: Path) -> None:
    clock = Clock(T)
    with kendra(engine, checking_in(tmp_path), clock) as served:
        beats = [heartbeat(1, T - 600, age_s=600), heartbeat(2, T - 300, age_s=300), heartbeat(3, T)]
        answer = served.post(envelope(1, T, *beats, waiting=7, dropped=2))
        assert answer.status_code == 200
        assert answer.json()["received_at"] == T
        assert [each["code"] for each in answer.json()["endpoints"]] == ["portal"]
        assert stored(engine) == [(SITE, -600), (SITE, -300), (SITE, 0)]
        row = known(engine)
        assert (row.sequence, row.number, row.waiting, row.dropped, row.refused) == (1, 3, 7, 2, 0)
        assert row.newest_at == datetime.fromtimestamp(T, UTC)


def test_a_request_counts_once_whoever_sends_it_again(engine: Engine, tmp_path: Path) -> None:
    clock = Clock(T)
    with kendra(engine, checking_in(tmp_path), clock) as served:
        first = envelope(5, T, heartbeat(1, T))
        assert served.post(first).status_code == 200
        clock.now += 300
        again = served.post(first)
        assert again.status_code == 409
        assert again.json()["sequence"] == 5
        assert served.post(envelope(4, clock.now, heartbeat(2, clock.now))).status_code == 409
        # The answer was lost: the agent sends the same heartbeats in a new request.
        beats = [heartbeat(1, T, age_s=300), heartbeat(2, clock.now)]
        assert served.post(envelope(6, clock.now, *beats)).status_code == 200
    assert stored(engine) == [(SITE, 0), (SITE, 300)]


def test_a_new_installation_begins_to_count_anew(engine: Engine, tmp_path: Path) -> None:
    clock = Clock(T)
    with kendra(engine, checking_in(tmp_path), clock) as served:
        served.post(envelope(9, T, heartbeat(40, T)))
        clock.now += 300
        answer = served.post(envelope(1, clock.now, heartbeat(1, clock.now), install="00000000000000bb"))
        assert answer.status_code == 409
        resumed = envelope(
            answer.json()["sequence"] + 1, clock.now, heartbeat(1, clock.now), install="00000000000000bb"
        )
        assert served.post(resumed).status_code == 200
    assert stored(engine) == [(SITE, 0), (SITE, 300)]


def test_nobody_checks_in_without_the_kendras_own_key(store: Engine, tmp_path: Path) -> None:
    inventory = checking_in(tmp_path)
    body = envelope(1, T, heartbeat(1, T))
    with kendra(store, inventory) as served:
        answers = [
            served.post(body, key="f" * 64),
            served.post(body, told=""),
            served.post(body, told="é" * 64),
            served.post(body, told=signature(KEY, "kendra2", body)),
            served.post(body, site="kendra2"),
            served.post(body, site="../keys/kendra1"),
            served.post(body, site="x" * 5000),
            served.post(body + b" ", told=signature(KEY, SITE, body)),
        ]
        assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
        (tmp_path / "keys" / SITE).write_text("short")
        assert served.post(body, key="short").status_code == 401
        (tmp_path / "keys" / SITE).write_text("")
        assert served.post(body, key="").status_code == 401
        (tmp_path / "keys" / SITE).unlink()
        assert served.post(body).status_code == 401
        (tmp_path / "keys" / SITE).write_text(KEY)  # no restart is needed for a new key
        assert served.post(body).status_code == 200


UNREADABLE = [
    b"",
    b"{",
    b"[]",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"sequence": NaN}',
    envelope(0, T),
    envelope(1 << 60, T),
    envelope(1, T, agent="<script>"),
    envelope(1, T, install="../../etc/passwd"),
    envelope(1, T, install=INSTALL + "\n"),
    envelope(1, float("inf")),
    envelope(1, T, *[heartbeat(n, T) for n in range(501)]),
]


def test_what_cannot_be_read_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with received(Receiver(_without_tables(tmp_path), checking_in(tmp_path))) as served:
        answers = [served.post(body) for body in UNREADABLE]
    assert [answer.status_code for answer in answers] == [400] * len(UNREADABLE)
    assert not [answer.text for answer in answers if "script" in answer.text or "passwd" in answer.text]


def _without_tables(folder: Path) -> Engine:
    return open_engine(f"sqlite:///{folder}/empty.db")


def test_a_bad_heartbeat_does_not_hold_up_the_others(engine: Engine, tmp_path: Path) -> None:
    bad = [
        "x", None, 7, {}, heartbeat(2, -1), heartbeat(3, T, age_s=-5), heartbeat(4, T, looks=[{"code": "x" * 200}]),
        heartbeat(5, T, peripherals=[{"kind": "k", "id": "i"}] * 65), heartbeat(6, T, power={"on_battery": {}}),
        heartbeat(7, float("nan")),
    ]  # fmt: skip
    hostile = heartbeat(
        8, T, peripherals=[{"kind": "</td>\x00\u202e'; DROP TABLE site", "id": "=cmd|' /C calc'!A0", "name": "x"}],
        unknown={"more": "words"},
    )  # fmt: skip
    with kendra(engine, checking_in(tmp_path), Clock(T)) as served:
        body = envelope(1, T, *[heartbeat(1, T - 10, age_s=10), *bad, hostile])
        answer = served.post(body.replace(b"NaN", b"1e400"))
    assert answer.status_code == 200
    assert answer.json()["refused"] == len(bad)
    assert stored(engine) == [(SITE, -10), (SITE, 0)]
    assert known(engine).refused == len(bad)


def test_too_much_is_refused(store: Engine, tmp_path: Path) -> None:
    receiver = Receiver(store, checking_in(tmp_path), allowance=Allowance(burst=3, every_s=3600))
    with received(receiver) as served:
        assert served.post(b"x" * (MOST_OCTETS + 1)).status_code == 413
        forged = [served.post(envelope(1, T), key="f" * 64).status_code for _ in range(9)]
        answers = [served.post(envelope(1, T)).status_code for _ in range(4)]
    assert set(forged) == {401}  # nobody else uses up a kendra's allowance
    assert answers == [200, 409, 409, 429]


def test_what_is_held_before_anybody_proved_who_he_is_has_a_bound(store: Engine, tmp_path: Path) -> None:
    """Connections that never finish their bodies hold as much as they have sent, and give it back."""
    receiver = Receiver(store, checking_in(tmp_path), room=Room(1000))
    with received(receiver) as served:
        port = int(served.url.rpartition(":")[2])
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(head + b"x" * 900)
            wait_until(lambda: receiver._room.left == 100, saying="it is held")
            answer = served.post(envelope(1, T))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        wait_until(lambda: receiver._room.left == 1000, saying="it is given back")
        assert served.post(envelope(1, T)).status_code == 200


def _slowly(url: str, octets: int, address: str) -> socket.socket:
    """A connection from that address whose body never ends."""
    slow = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), source_address=(address, 0))
    slow.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 400000\r\n\r\n".encode() + b"x" * octets)
    return slow


def test_one_address_leaves_room_for_the_others(store: Engine, tmp_path: Path) -> None:
    room = Room(1000, share=500)
    with received(Receiver(store, checking_in(tmp_path), room=room)) as served, ExitStack() as slow:
        slow.enter_context(_slowly(served.url, 400, "127.0.0.9"))
        wait_until(lambda: room.left == 600, saying="it is held")
        more = slow.enter_context(_slowly(served.url, 400, "127.0.0.9"))
        assert b" 503 " in more.recv(64)
        assert room.left == 600
        assert served.post(envelope(1, T)).status_code == 200


def test_the_less_room_there_is_the_less_time_bodies_get(store: Engine, tmp_path: Path) -> None:
    """Also those that began when there was enough; senders from many addresses close nothing for long."""
    room = Room(1000, share=500, least_s=0.1)
    with received(Receiver(store, checking_in(tmp_path), room=room)) as served, ExitStack() as slow:
        held = [slow.enter_context(_slowly(served.url, 499, f"127.0.0.{n}")) for n in (7, 8)]
        cut_off, _, _ = ready.select(held, [], [], 20)
        assert [one.recv(64)[9:12] for one in cut_off] == [b"503"]  # which leaves half of the room to the rest
        assert (room.left, room.patience_s) == (501, 60)
        assert served.post(envelope(1, T)).status_code == 200


def test_who_has_an_ipv6_network_is_one_sender() -> None:
    told = [
        _block_of(Request({"type": "http", "client": (host, 1)}))
        for host in ("2001:db8::1", "2001:db8::2", "fe80::1%eth0", "10.0.0.7")
    ]
    assert told == ["2001:db8::/64", "2001:db8::/64", "fe80::/64", "10.0.0.7"]
    assert _block_of(Request({"type": "http", "client": None})) == ""


def test_no_more_is_queued_than_collect_may_ever_take_up(engine: Engine, tmp_path: Path) -> None:
    beats = [heartbeat(n, T - 100 + n, age_s=100.0 - n) for n in range(5)]
    lot = [CheckIn(SITE, read(envelope(n + 1, T, beats[n])), T) for n in range(5)]
    for one in lot[:3]:
        store_all(engine, [one], most=2)
    with pytest.raises(FullError):
        store_all(engine, lot[3:4], most=1)
    assert len(stored(engine)) == 3
    with engine.begin() as connection:  # collect takes up the oldest
        oldest = select(func.min(checkin_heartbeat.c.id)).scalar_subquery()
        connection.execute(delete(checkin_heartbeat).where(checkin_heartbeat.c.id == oldest))
    assert store_all(engine, lot[3:4], most=1) == [Taken(0)]


def test_a_missing_key_is_complained_of_once(store: Engine, tmp_path: Path) -> None:
    """Anybody may name that kendra, as often as he likes."""
    inventory = checking_in(tmp_path)
    (tmp_path / "keys" / SITE).unlink()
    with capture_logs() as logs, kendra(store, inventory) as served:
        assert {served.post(envelope(1, T)).status_code for _ in range(5)} == {401}
    assert [line["event"] for line in logs] == ["key of a kendra is missing"]


def test_an_allowance_fills_again() -> None:
    allowance = Allowance(burst=2, every_s=5)
    assert [allowance.takes("a", at) for at in (0, 0, 1, 4, 5, 6, 10)] == [True, True, False, False, True, False, True]
    assert allowance.takes("b", 10)


@pytest.mark.parametrize("error_s", [-7 * 3600, 0, 5 * 3600, 40 * 365 * 86_400])
def test_a_wrong_clock_moves_no_heartbeat(store: Engine, tmp_path: Path, error_s: float) -> None:
    with kendra(store, checking_in(tmp_path), Clock(T)) as served:
        wrong = T + error_s
        beats = [heartbeat(1, wrong - 7200, age_s=7200), heartbeat(2, wrong)]
        assert served.post(envelope(1, wrong, *beats)).status_code == 200
    assert stored(store) == [(SITE, -7200), (SITE, 0)]
    assert known(store).clock_error_s == error_s


async def test_no_key_crosses_an_open_network(tmp_path: Path) -> None:
    app = receiving(Receiver(_without_tables(tmp_path), checking_in(tmp_path)))
    with pytest.raises(NoCertificateError):
        await receive_until(app, CheckinSettings(host="0.0.0.0", port=1), asyncio.Event())
    missing = CheckinSettings(host="0.0.0.0", port=1, certificate=str(tmp_path / "none.pem"))
    with pytest.raises(FileNotFoundError):
        await receive_until(app, missing, asyncio.Event())


def test_a_store_that_is_away_is_told_and_nothing_counts(tmp_path: Path) -> None:
    with received(Receiver(_without_tables(tmp_path), checking_in(tmp_path))) as served:  # it has no tables
        answer = served.post(envelope(1, T, heartbeat(1, T)))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert json.loads(answer.text) == {"error": "the store is away"}
