"""ESRI Shapefile: the points alone, in UTF-8 (.cpg) and WGS 84 (.prj).

Its table (dBASE) has names of at most 10 characters and texts of at most 254 octets.
"""

from collections.abc import Iterable
from pathlib import Path

from reports.columns import TEXT, TIME
from reports.report import Report
from reports.writers.about import text
from reports.writers.geo import points

_NAME = 10  # characters
_TEXT = 254  # octets
_BESIDE = ".about.txt"


def write(report: Report, path: Path) -> None:
    """`path` and the files that belong to it. What the short names stand for is told in a text beside them."""
    short = short_names(column.name for column in report.columns)
    frame = points(report)
    for column in report.columns:
        if column.type in (TEXT, TIME):
            frame[column.name] = [_cut(each) if isinstance(each, str) else None for each in frame[column.name]]
    frame.rename(columns=short).to_file(path, driver="ESRI Shapefile", encoding="UTF-8", geometry_type="Point")
    names = "\n".join(f"{name}: {column}" for column, name in short.items())
    path.with_name(path.name + _BESIDE).write_text(f"{names}\n\n{text(report)}", encoding="utf-8-sig")


def short_names(columns: Iterable[str]) -> dict[str, str]:
    """Of each column a name of at most 10 characters: the longest words lose letters; of equal ones the last a number."""
    found: dict[str, str] = {}
    for column in columns:
        short, taken, number = _short(column, _NAME), set(found.values()), 2
        while short in taken:
            short = f"{_short(column, _NAME - len(str(number)))}{number}"
            number += 1
        found[column] = short
    return found


def _short(name: str, most: int) -> str:
    words = name.split("_")
    while len("_".join(words)) > most and max(map(len, words)) > 1:
        longest = max(range(len(words)), key=lambda n: len(words[n]))
        words[longest] = words[longest][:-1]
    return "_".join(words)[:most]


def _cut(value: str) -> str:
    """As much as fits, in whole characters."""
    return value.encode()[:_TEXT].decode(errors="ignore")
