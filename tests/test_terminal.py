"""Tables at a terminal: nothing is cut off, however narrow it is."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from readiness.terminal import show, terminal, widths

HEADS = ("Subject", "From (IST)", "Cause", "Villages", "Who acts", "Evidence")
CELLS = (
    "gp-po-441107-r1", "22 Nov 00:17:48", "undetermined (20%)", "1484739", "power_utility",
    "both of its ports lost light; 3 of 4 devices behind it told of lost mains",
)  # fmt: skip


def shown(width: int) -> str:
    table, told = Table(*HEADS), io.StringIO()
    table.add_row(*CELLS)
    show(table, Console(file=told, width=width))
    return told.getvalue()


@pytest.mark.parametrize("width", [20, 40, 79, 80, 100, 120, 160, 400])
def test_every_word_is_there_whole(width: int) -> None:
    said = shown(width)
    assert "…" not in said
    for word in " ".join((*HEADS, *CELLS)).split():
        assert word in said
    if "┃" in said:
        assert max(map(len, said.splitlines())) <= width


def test_80_columns_are_one_line_a_cell_and_120_a_table() -> None:
    assert "Subject: gp-po-441107-r1\n" in shown(80)
    assert "│ gp-po-441107-r1 │" in shown(120)


def test_a_file_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("Evidence")
    table.add_row("word " * 200)
    show(table, terminal())
    assert "word " * 200 in capsys.readouterr().out


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 200)), min_size=1, max_size=9), st.integers(0, 300))
def test_no_column_is_narrower_than_its_longest_word(sizes: list[tuple[int, int]], more: int) -> None:
    asked = [Measurement(word, word + rest) for word, rest in sizes]
    room = sum(each.minimum for each in asked) + more
    given = widths(asked, room)
    assert sum(given) == min(room, sum(each.maximum for each in asked))
    assert all(each.minimum <= width <= each.maximum for each, width in zip(asked, given, strict=True))
