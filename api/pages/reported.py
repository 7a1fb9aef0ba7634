"""A report on a page: how many rows of each sort there are, and those that somebody has to look at."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from inventory.model import Area, Inventory, Names
from reports.columns import Value
from reports.words import Words

if TYPE_CHECKING:
    from reports.report import Report

SHOWN = 200
"""In a page; the files have all."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, the area that it is about, and the block that this lies in."""

    area: Area
    block: Area | None
    cells: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Reported:
    """`counts` has every sort with the word for it; `rows` are of the wanted sorts, `left_out` more than these."""

    report: "Report"
    rule: Names
    counts: tuple[tuple[Names, int], ...]
    rows: tuple[Row, ...]
    left_out: int
    words: Mapping[str, Words]

    def say(self, column: str, code: str) -> Names:
        """The word for a code of that column."""
        return self.words[column][code]


def reported(
    inventory: Inventory, report: "Report", sort: str, sorts: Sequence[str], wanted: Collection[str]
) -> Reported:
    """The rows of `report` whose column `sort` is one of `wanted`, in its order; every sort is counted."""
    words = {column.name: column.words for column in report.columns if column.words is not None}
    counts, cells = counted(report.table, sort), of_sorts(report.table, sort, wanted)
    return Reported(
        report,
        next(text for key, text in report.facts if key in {"threshold", "rule"}),
        tuple((words[sort][each], counts[each]) for each in sorts),
        tuple(_row(inventory, each) for each in cells.slice(0, SHOWN).to_pylist()),
        max(0, cells.num_rows - SHOWN),
        words,
    )


def counted(table: pa.Table, sort: str) -> Counter[str]:
    """How many rows there are of each sort."""
    return Counter(table[sort].to_pylist())


def of_sorts(table: pa.Table, sort: str, wanted: Collection[str]) -> pa.Table:
    """The rows of the wanted sorts, in their order: a page looks at these alone, not at all of a state."""
    return table.filter(pc.is_in(table[sort], value_set=pa.array(sorted(wanted), pa.string())))


def _row(inventory: Inventory, cells: Mapping[str, Value]) -> Row:
    area = inventory.areas[str(cells["area"])]
    block = cells["block_code"] and inventory.areas.get(f"block:{cells['block_code']}")
    return Row(area, block if isinstance(block, Area) and block.key != area.key else None, cells)
