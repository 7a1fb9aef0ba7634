"""What no poll brings waits for the sinks, but not without end."""

from collections import deque

from collectors.beside import MOST_WAITING, Cell, offer, without_polls
from collectors.figures import Figures
from collectors.model import Batch


def test_what_the_sinks_are_too_slow_for_is_left_out_and_counted() -> None:
    ready, figures = deque[Batch](), Figures()
    two = without_polls(("a",), ("",), [Cell(0, 1.0, 0, 0, 2.0)] * 2, 3.0)
    for _ in range(MOST_WAITING + 3):
        offer(ready, two, figures)
    assert (len(ready), figures.left_out) == (MOST_WAITING, 6)
    ready.popleft()
    offer(ready, two, figures)
    assert (len(ready), figures.left_out) == (MOST_WAITING, 6)
