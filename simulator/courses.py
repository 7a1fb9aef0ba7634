"""Faults that change while they last: (seconds after the begin, what is in force from then on). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count

from simulator.condition import Effect, Fade

Course = Iterator[tuple[float, Effect]]

_DIM_DBM = -27.0  # the sensitivity that class B+ promises (ITU-T G.984.2)
_LOST_DBM = -29.0  # where receivers as they are built lose the signal
_WORN = 0.8  # a battery below this share of its rated capacity is to be replaced (IEEE 1188)


def flapping(cut: Effect, between: Effect, down_s: float, up_s: float) -> Course:
    """Cut and whole in turn, first cut."""
    for cycle in count():
        yield cycle * (down_s + up_s), cut
        yield cycle * (down_s + up_s) + down_s, between


def fading(light: Mapping[str, float], db_per_minute: float, begin: float) -> Course:
    """Light falls from what it is (fibre -> dBm) until it is too weak, and then lost."""
    fades = dict.fromkeys(light, Fade(begin, db_per_minute / 60))
    seconds = {
        dbm: {link: _until(now, dbm, db_per_minute) for link, now in light.items()} for dbm in (_DIM_DBM, _LOST_DBM)
    }
    for at in sorted({0.0, *seconds[_DIM_DBM].values(), *seconds[_LOST_DBM].values()}):
        lost = frozenset(link for link, after in seconds[_LOST_DBM].items() if after <= at)
        dim = frozenset(link for link, after in seconds[_DIM_DBM].items() if after <= at)
        yield at, Effect(fades=fades, dim=dim - lost, cut=lost)


def _until(dbm: float, limit: float, db_per_minute: float) -> float:
    return max(dbm - limit, 0.0) / db_per_minute * 60


def wearing(full: Effect, upses: frozenset[str], cut_s: float, every_s: float, keeps: float) -> Course:
    """Mains fail for `cut_s` every `every_s`; the battery is full again each time, and holds less."""
    for cycle in count():
        left = keeps**cycle
        worn = upses if left < _WORN else frozenset()
        minutes = full.battery_minutes * left
        yield cycle * every_s, replace(full, battery_minutes=minutes, recharge_s=every_s - cut_s, worn=worn)
        yield cycle * every_s + cut_s, Effect(worn=worn)
