"""What is wrong with an import, and where."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from inventory.kinds import BOUNDARIES, BOUNDARIES_FILE, BY_NAME


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`line` is where the row begins (1: the header); 0 where the whole file or a stored row is meant."""

    file: str
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field} {self.reason}" if self.field else f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the rows of an import come from.

    `lines` is kind -> key -> line for the kinds that were read; rows of other kinds come from the
    store. `refused` is kind -> keys of rows with problems of their own: whoever names them isn't
    at fault. `unreadable` are the kinds whose file could not be read at all.
    """

    lines: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    refused: Mapping[str, Collection[str]] = field(default_factory=dict)
    unreadable: Collection[str] = ()

    def problem(self, kind: str, key: str, column: str, reason: str) -> Problem:
        """A problem of one row."""
        return Problem(file_of(kind), self.lines.get(kind, {}).get(key, 0), column, reason)

    def excused(self, kind: str, key: str) -> bool:
        """Whether the row may well exist, had its file been in order."""
        return kind in self.unreadable or key in self.refused.get(kind, ())


def file_of(kind: str) -> str:
    return BOUNDARIES_FILE if kind == BOUNDARIES else BY_NAME[kind].file
