"""How many requests may be under way in volleys, by how many stay silent. Pure."""

from dataclasses import dataclass

_FAR_ABOVE = 3.0  # times the usual share
_AT_LEAST = 0.02  # above the usual share: a handful of silent devices is no congestion
_TELLS = 50  # polls that make a share
_SHRINK, _GROW = 0.7, 1 / 40  # of the most, at each step
LEAST = 1 / 8  # of the most: what falls silent for its own reasons must not keep the others waiting
_LEARN = 0.02  # how fast what is unusual becomes usual: in a minute at a step a second
_MOST_USUAL = 0.25  # where three of four are silent it is the way to them, however long it lasts
_MOST_LATE = 0.05  # of the polls that were over
LATE = 0.5  # of the time in which an answer must come: those that take longer tell of a queue that grows


@dataclass(frozen=True, slots=True)
class Pressure:
    """`window`: most requests under way; `usual`: the share of silent polls as it was lately."""

    window: float
    usual: float = 0.01


def after(before: Pressure, answered: int, silent: int, most: int, *, least: float = LEAST, late: int = 0) -> Pressure:
    """The pressure after a second in which so many polls were over; only of devices that had answered before.

    The window never falls below `least`, a share of `most`. `late` are those of the answered that nearly came too late.

    Silence far above its usual level is congestion of our own line, or a full buffer: fewer requests
    then, until it falls. If it stays because devices are down, it becomes the usual level. Late answers tell of
    a queue that grows before anything is lost in it; they never become usual.
    """
    over = answered + silent
    if over < _TELLS:
        return Pressure(min(before.window + most * _GROW, most), before.usual)
    share = silent / over
    usual = min(before.usual + (share - before.usual) * _LEARN, _MOST_USUAL)
    if late > _MOST_LATE * over or share > max(before.usual * _FAR_ABOVE, before.usual + _AT_LEAST):
        return Pressure(max(before.window * _SHRINK, most * least), usual)
    return Pressure(min(before.window + most * _GROW, most), usual)
