"""The store is away: nothing is lost, nothing doubled, and live data are not held up afterwards.

Counted in a real VictoriaMetrics through its export, which shows each sample that it holds.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.outage import BATCH_S, Accepted, Feeder, arrived, feeding, newest_ms
from tests.servers import free_port, victoria_metrics, wait_until

RATE = 1000
_STUCK_S = 300.0  # a machine so slow that nothing moves any more


def batches(feeder: Feeder, count: int) -> None:
    """Wait for so many more."""
    wanted = len(feeder.accepted) + count
    wait_until(lambda: len(feeder.accepted) >= wanted, seconds=max(_STUCK_S, count * BATCH_S * 3))


def behind_s(url: str) -> float:
    """Age of the newest sample that the store shows."""
    return time.time() - newest_ms(url) / 1000


def check_all_arrived_once(url: str, accepted: Sequence[Accepted], killed: int) -> None:
    """Every sample of `accepted` is in the store once; a batch for each killed process may be there unsaid."""
    each = int(RATE * BATCH_S)
    wanted = {batch.at_ms: each for batch in accepted}

    def all_there() -> bool:
        return arrived(url).samples.keys() >= wanted.keys()

    wait_until(all_there, seconds=_STUCK_S, every=1)
    found = arrived(url)
    assert found.twice == 0
    assert {at: found.samples[at] for at in wanted} == wanted
    assert len(found.samples.keys() - wanted.keys()) <= killed


@pytest.mark.server
def test_an_outage_and_kill_9_in_it_lose_and_double_nothing(tmp_path: Path) -> None:
    port, spool = free_port(), tmp_path / "spool"
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as store:
        store.enter_context(victoria_metrics(tmp_path, port))
        first = Feeder(url, spool, RATE)
        batches(first, 12)
        store.close()
        batches(first, 20)
    first.kill()
    assert first.accepted[-1].waiting > 0
    with feeding(url, spool, RATE) as second:
        batches(second, 20)
        assert second.accepted[-1].waiting > 20 * RATE * BATCH_S
        with victoria_metrics(tmp_path, port):
            wait_until(lambda: second.accepted[-1].waiting <= RATE, seconds=_STUCK_S)
            second.stop()
            check_all_arrived_once(url, [*first.accepted, *second.accepted], killed=1)
    assert second.accepted[-1].dropped == 0


@pytest.mark.soak
@pytest.mark.server
def test_ten_minutes_without_the_store(tmp_path: Path) -> None:
    port, spool = free_port(), tmp_path / "spool"
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as store, feeding(url, spool, RATE) as feeder:
        store.enter_context(victoria_metrics(tmp_path, port))
        batches(feeder, 120)
        store.close()
        before = len(feeder.accepted)
        time.sleep(600)
        away = feeder.accepted[before:]
        store.enter_context(victoria_metrics(tmp_path, port))
        back, delays = time.monotonic(), []
        wait_until(lambda: behind_s(url) < 60, seconds=60, saying="live data are visible")
        fresh_s = time.monotonic() - back
        while feeder.accepted[-1].waiting > RATE:
            delays.append(behind_s(url))
            assert time.monotonic() - back < 300, "not drained in 5 minutes"
            time.sleep(0.2)
        drained_s = time.monotonic() - back
        delays.append(behind_s(url))
        batches(feeder, 120)
        feeder.stop()
        check_all_arrived_once(url, feeder.accepted, killed=0)
    print(
        f"{len(feeder.accepted) * RATE * BATCH_S:.0f} samples, of which {away[-1].waiting} waited. The store was back: "
        f"live data in it after {fresh_s:.1f} s, then {max(delays):.1f} s behind at most; drained after {drained_s:.1f} s. "
        f"While it was away a batch was taken in {max(one.took_s for one in away):.3f} s at most"
    )
    assert max(delays) < 60
    assert max(one.live_delay_s for one in feeder.accepted[before + len(away) :]) < 60
    assert feeder.accepted[-1].dropped == 0
