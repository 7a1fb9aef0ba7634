"""Tables for people at a terminal. Names and figures in them are never cut off, however narrow it is."""

import sys
from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.measure import Measurement, measure_renderables
from rich.table import Table

_ENDLESS = 1_000_000  # characters: a file and a pipe have no width
_FRAME = 3  # characters around each cell: two of padding, one of border


def terminal() -> Console:
    """Standard output; where it is no terminal, lines are as long as what they say."""
    return Console(width=None if sys.stdout.isatty() else _ENDLESS)


def show(table: Table, console: Console) -> None:
    """`table`, its cells folded between words; as one line a cell where a word wouldn't fit. Cells are markup."""
    asked = [_asked(console, [column.header, *column.cells]) for column in table.columns]
    room = console.width - _FRAME * len(asked) - 1
    if not table.row_count or sum(each.minimum for each in asked) <= room:
        for column, width in zip(table.columns, widths(asked, room), strict=True):
            column.width, column.overflow = width, "fold"
        table.show_lines = sum(each.maximum for each in asked) > room
        console.print(table)
        return
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        for column, cell in zip(table.columns, cells, strict=True):
            if cell:
                console.print(f"{column.header}: {cell}", soft_wrap=True, highlight=False)
        console.print()


def _asked(console: Console, cells: Sequence[RenderableType]) -> Measurement:
    """The width of the longest word, and of the longest cell."""
    return measure_renderables(console, console.options.update(max_width=_ENDLESS), cells)


def widths(asked: Sequence[Measurement], room: int) -> list[int]:
    """Of each column: its longest word, and the same share of the rest for all that have more to say."""
    given = {n: each.minimum for n, each in enumerate(asked)}
    spare = room - sum(given.values())
    by_wish = sorted(given, key=lambda n: asked[n].maximum - asked[n].minimum)
    for taken, n in enumerate(by_wish):
        more = min(asked[n].maximum - given[n], max(spare, 0) // (len(by_wish) - taken))
        given[n] += more
        spare -= more
    return [given[n] for n in range(len(asked))]
