"""A collector that is late itself: what it did not get round to reading is no silence."""

import asyncio
import socket
import time
from dataclasses import replace

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from collectors.pressure import Pressure, after
from collectors.schedule import room
from collectors.snmp.backend import Target
from collectors.snmp.open import open_backend
from inventory.model import Inventory
from simulator.fleet import Weather
from simulator.process import FleetProcess, Plan


def _hold_up(loop: asyncio.AbstractEventLoop, sock: socket.socket) -> None:
    """Keep the loop busy between two looks at its sockets."""
    time.sleep(0.5)
    loop.remove_reader(sock)


@pytest.mark.parametrize("kind", ["gufo", "pysnmp"])
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_an_answer_that_waited_longer_than_the_timeout_is_read(
    small: Inventory, monkeypatch: pytest.MonkeyPatch, run: object, kind: str
) -> None:
    monkeypatch.setenv("PAHUNCH_TEST_COMMUNITY", "sim")

    async def ask(port: int) -> object:
        backend = open_backend(kind)
        target = Target("127.1.1.1", port, community="sim", timeout_s=0.2)
        loop, (ours, theirs) = asyncio.get_running_loop(), socket.socketpair()
        await backend.get(replace(target, timeout_s=5.0), ("1.3.6.1.2.1.1.3.0",))  # what is made once
        with ours, theirs:
            asking = asyncio.create_task(backend.get(target, ("1.3.6.1.2.1.1.3.0",)))
            await asyncio.sleep(0.05)  # sent, not answered
            loop.add_reader(ours, _hold_up, loop, ours)
            theirs.send(b"!")
            answer = await asking
        await backend.close()
        return answer

    with FleetProcess(Plan(small, weather=Weather(delay_s=0.1))) as fleet:
        assert callable(run)
        assert isinstance(run(ask(fleet.port)), dict)
        assert fleet.answered() == 2


@given(st.lists(st.floats(0, 2), max_size=300), st.integers(1, 5000))
def test_room_stays_within_bounds_and_comes_back(delays: list[float], most: int) -> None:
    now = float(most)
    for late_s in delays:
        before, now = now, room(now, late_s, most)
        assert min(20, most) <= now <= most
        assert (now < before or before == min(20, most)) if late_s > 0.1 else now >= before
    for _ in range(1000):
        now = room(now, 0.0, most)
    assert now == most


@pytest.mark.parametrize(
    ("seconds", "window"),
    [
        ([(4400, 44)] * 60, 1000),  # as usual
        ([(10, 30)] * 60, 1000),  # too few to tell
        ([(4400, 0)] * 60 + [(4000, 400)], 700),  # a tenth is lost of a sudden
        ([(4400, 0)] * 60 + [(4000, 400)] * 3, 343),
        ([(4400, 0)] * 60 + [(2000, 2400)] * 20, 125),  # never less than an eighth
        ([(4400, 0)] * 60 + [(2000, 2400)] * 3 + [(4400, 0)] * 60, 1000),  # it recovers
        ([(4400, 0)] * 60 + [(2000, 2400)] * 120, 1000),  # half a country is down: that is no congestion
        ([(4400, 0)] * 60 + [(40, 4360)] * 600, 125),  # nearly nothing comes back: it is the way, for ever
    ],
)
def test_silence_above_its_usual_level_makes_the_window_smaller(seconds: list[tuple[int, int]], window: float) -> None:
    now = Pressure(1000.0)
    for answered, silent in seconds:
        now = after(now, answered, silent, 1000)
    assert now.window == pytest.approx(window)


def test_late_answers_make_the_window_smaller_however_long_they_come() -> None:
    now = Pressure(1000.0)
    for _ in range(600):
        now = after(now, 4400, 0, 1000, late=440)
    assert now.window == pytest.approx(125)
    assert after(now, 4400, 0, 1000, late=44).window > now.window
