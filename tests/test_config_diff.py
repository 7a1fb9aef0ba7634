"""Differences between configurations: right whatever the texts are, and in bounded time."""

import re
import sys
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from random import Random
from types import FrameType
from typing import TYPE_CHECKING, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.config.diff import unified

if TYPE_CHECKING:
    from _typeshed import TraceFunction

NAMES = ("old", "new")
HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
TEXT = st.lists(st.sampled_from(["a", "b", "c", "!", "exit", "end", "interface ge-0/0/1"]), max_size=40)


def patched(old: Sequence[str], diff: str) -> list[str]:
    """What `patch` makes of it; its contexts and removed lines must be those of `old`, its numbers right."""
    return list(_patched(old, diff.splitlines()[2:]))


def _patched(old: Sequence[str], lines: Sequence[str]) -> Iterator[str]:
    at = there = 0
    for line in lines:
        if head := HEAD.fullmatch(line):
            start, length, new, of_new = (1 if text is None else int(text) for text in head.groups())
            start, new = start - (length > 0), new - (of_new > 0)
            yield from old[at:start]
            there, at = there + start - at, start
            assert there == new
            continue
        if line[0] in " -":
            assert old[at] == line[1:]
            at += 1
        if line[0] in " +":
            there += 1
            yield line[1:]
    yield from old[at:]


@given(TEXT, TEXT)
def test_the_new_text_follows_from_the_old_one_and_the_diff(old: list[str], new: list[str]) -> None:
    diff = unified("\n".join(old), "\n".join(new), NAMES)
    assert patched(old, diff) == new
    assert (diff == "") == (old == new)


@pytest.mark.parametrize(
    "edit", [{3: []}, {0: ["first"]}, {199: []}, {10: ["x", "y"], 14: ["z"]}, {50: ["description to the ring"]}]
)
def test_small_changes_are_told_as_difflib_tells_them(edit: dict[int, list[str]]) -> None:
    old = [f"line {n}" if n % 3 else "!" for n in range(200)]
    new = [line for n, each in enumerate(old) for line in edit.get(n, [each])]
    expected = list(unified_diff(old, new, *NAMES, lineterm=""))
    assert unified("\n".join(old), "\n".join(new), NAMES).splitlines() == expected


def hostile(kind: str, lines: int, random: Random) -> str:
    if kind == "few_words":
        return "".join(f"{random.choice('abcdefgh')}\n" for _ in range(lines))
    every = [f"{n}\n" if n % 2 else f"{random.random()}\n" for n in range(lines)]
    return "".join(every)


@pytest.mark.parametrize("kind", ["few_words", "every_other_line"])
def test_the_steps_grow_with_the_lines_and_not_faster(kind: str) -> None:
    """difflib took 5.9 s for 8,000 lines of few words, and 16 times as long as for 2,000."""
    took = []
    for lines in (1_000, 8_000):
        random = Random(7)
        texts = hostile(kind, lines, random), hostile(kind, lines, random)
        with Steps() as steps:
            diff = unified(*texts, NAMES)
        took.append(steps.number)
        assert patched(texts[0].splitlines(), diff) == texts[1].splitlines()
    assert took[1] < 10 * took[0]


class Steps:
    """Counts the lines of Python that run, difflib's too: a clock is no judge on a machine that others use."""

    def __init__(self) -> None:
        self.number = 0

    def __enter__(self) -> Self:
        sys.settrace(self._step)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _step(self, _frame: FrameType, event: str, _value: object) -> "TraceFunction":
        self.number += event == "line"
        return self._step
