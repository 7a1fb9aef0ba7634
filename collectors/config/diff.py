"""What differs between two configurations. Pure."""

import difflib
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Lines."""

    added: int
    removed: int


NONE = Counts(0, 0)


def unified(before: str, after: str, names: tuple[str, str]) -> str:
    """A unified diff with three lines of context; empty where nothing differs."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    return "".join(f"{line}\n" for line in lines)


def counts(before: str, after: str) -> Counts:
    """How many lines are there that weren't, and the other way round; a line that moved is neither.

    Its time grows with the number of lines only, which difflib's doesn't.
    """
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return Counts((new - old).total(), (old - new).total())
