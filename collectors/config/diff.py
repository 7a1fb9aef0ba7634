"""What differs between two configurations. Pure.

The texts are the devices' own, up to a megabyte each, and difflib's time grows with the third power of lines that
repeat. So its time is bounded here: lines that stand once in both texts are anchors (patience diff), and difflib is
asked only about the short stretches between them. What is too long for it is told as replaced: right, though not the
shortest way to say it.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

_CONTEXT = 3
_MOST_STEPS = 4_000_000
"""What difflib may need at most for all stretches of two texts: about half a second."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines."""

    added: int
    removed: int


NONE = Counts(0, 0)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Lines [a, a_end) of the old and [b, b_end) of the new text; either may be empty."""

    a: int
    a_end: int
    b: int
    b_end: int

    @property
    def steps(self) -> int:
        """What difflib needs at the worst: for each line that it pairs it looks at every pair."""
        old, new = self.a_end - self.a, self.b_end - self.b
        return old * new * min(old, new)


def unified(before: str, after: str, names: tuple[str, str]) -> str:
    """A unified diff with three lines of context; empty where nothing differs. Its time grows with the lines only."""
    old, new = before.splitlines(), after.splitlines()
    lines = [line for hunk in _hunks(_changes(old, new)) for line in _told(hunk, old, new)]
    heads = [f"--- {names[0]}", f"+++ {names[1]}"] if lines else []
    return "".join(f"{line}\n" for line in [*heads, *lines])


def counts(before: str, after: str) -> Counts:
    """How many lines are there that weren't, and the other way round; a line that moved is neither.

    Its time grows with the number of lines only.
    """
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return Counts((new - old).total(), (old - new).total())


def _changes(old: Sequence[str], new: Sequence[str]) -> list[_Stretch]:
    """What was replaced by what, in order; between two of them at least one line is common."""
    found: list[_Stretch] = []
    whole = _trimmed(_Stretch(0, len(old), 0, len(new)), old, new)
    steps = 0
    for gap in _between(_anchors(whole, old, new), whole):
        stretch = _trimmed(gap, old, new)
        steps += stretch.steps
        found += _compared(stretch, old, new) if steps <= _MOST_STEPS else [stretch]
    return [one for one in found if one.a < one.a_end or one.b < one.b_end]


def _trimmed(stretch: _Stretch, old: Sequence[str], new: Sequence[str]) -> _Stretch:
    """Without its common head and tail."""
    a, a_end, b, b_end = stretch.a, stretch.a_end, stretch.b, stretch.b_end
    while a < a_end and b < b_end and old[a] == new[b]:
        a, b = a + 1, b + 1
    while a < a_end and b < b_end and old[a_end - 1] == new[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    return _Stretch(a, a_end, b, b_end)


def _anchors(stretch: _Stretch, old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Where lines lie that stand once in both, as many as keep their order."""
    once = _once(old, stretch.a, stretch.a_end)
    there = _once(new, stretch.b, stretch.b_end)
    return _rising([(a, there[line]) for line, a in once.items() if line in there])


def _once(lines: Sequence[str], start: int, end: int) -> dict[str, int]:
    number = Counter(lines[start:end])
    return {lines[at]: at for at in range(start, end) if number[lines[at]] == 1}


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs, rising by their first, that rises by its second too (patience sorting)."""
    tops: list[int] = []  # the least second that ends a rising part of each length
    ends: list[int] = []  # and which pair that is
    before: list[int] = []  # the pair before each in the longest part that it ends, -1: none
    for n, (_, b) in enumerate(pairs):
        length = bisect_left(tops, b)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1], ends[length : length + 1] = [b], [n]
    found, n = [], ends[-1] if ends else -1
    while n >= 0:
        found.append(pairs[n])
        n = before[n]
    return found[::-1]


def _between(anchors: Sequence[tuple[int, int]], whole: _Stretch) -> Iterator[_Stretch]:
    ends = [(whole.a - 1, whole.b - 1), *anchors, (whole.a_end, whole.b_end)]
    return (_Stretch(a + 1, a_end, b + 1, b_end) for (a, b), (a_end, b_end) in pairwise(ends))


def _compared(stretch: _Stretch, old: Sequence[str], new: Sequence[str]) -> list[_Stretch]:
    a, b = stretch.a, stretch.b
    matcher = SequenceMatcher(None, old[a : stretch.a_end], new[b : stretch.b_end], autojunk=False)
    return [
        _Stretch(a + first, a + end, b + there, b + there_end)
        for tag, first, end, there, there_end in matcher.get_opcodes()
        if tag != "equal"
    ]


def _hunks(changes: Sequence[_Stretch]) -> Iterator[list[_Stretch]]:
    """Changes whose context meets are told together."""
    hunk: list[_Stretch] = []
    for change in changes:
        if hunk and change.a - hunk[-1].a_end > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _told(hunk: Sequence[_Stretch], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    head = min(_CONTEXT, hunk[0].a)
    tail = min(_CONTEXT, len(old) - hunk[-1].a_end)
    at, end = hunk[0].a - head, hunk[-1].a_end + tail
    yield f"@@ -{_range(at, end)} +{_range(hunk[0].b - head, hunk[-1].b_end + tail)} @@"
    for change in hunk:
        yield from (f" {line}" for line in old[at : change.a])
        yield from (f"-{line}" for line in old[change.a : change.a_end])
        yield from (f"+{line}" for line in new[change.b : change.b_end])
        at = change.a_end
    yield from (f" {line}" for line in old[at:end])


def _range(start: int, end: int) -> str:
    """First line, from one, and their number; of none the line before (GNU diff, "Detailed Description of Unified Format")."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + 1 if end > start else start},{end - start}"
