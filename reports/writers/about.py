"""What every file says of itself: what it is, of when, and who made the data."""

from collections.abc import Iterable, Iterator

from inventory.hours import INDIA
from inventory.model import Names
from reports.report import Fact, Report
from reports.words import each_way


def about(report: Report) -> list[tuple[str, str]]:
    """(key, text) pairs, in the order to print."""
    facts = [
        ("report", report.name),
        ("title", _all(report.title)),
        ("area", _all(report.area)),
        ("as_of", report.as_of.astimezone(INDIA).isoformat(timespec="seconds")),
        ("period_start", report.start.astimezone(INDIA).isoformat(timespec="seconds")),
        ("period_end", report.end.astimezone(INDIA).isoformat(timespec="seconds")),
        ("made_by", "Pahunch"),
    ]
    noted = [*report.facts, *sources(report)]
    facts += [(key, text) for key, names in noted for text in _each(names)]
    return facts + [(f"code {column} {code}", _all(word)) for column, code, word in _codes(report)]


def sources(report: Report) -> Iterator[Fact]:
    """Who made the data, under which licence, and what has to be known of them."""
    for source in report.sources:
        parts = (source.title, source.licence, source.attribution)
        yield f"source {source.key}", each_way(". ".join(part for part in parts if part))
        if any(_each(source.remark)):
            yield f"remark {source.key}", source.remark


def _codes(report: Report) -> Iterator[tuple[str, str, Names]]:
    for column in report.columns:
        for code, word in (column.words or {}).items():
            yield column.name, code, word


def _each(names: Names) -> Iterable[str]:
    """The text in each language that has one, the same text once."""
    return dict.fromkeys(text for text in (names.en, names.hi, names.pa) if text)


def _all(names: Names) -> str:
    return " / ".join(_each(names))


def definitions(report: Report) -> list[tuple[str, str, str, str, str]]:
    """(column, unit, definition in English, in Hindi, in Punjabi) of every column."""
    return [(c.name, c.unit, c.definition_en, c.definition_hi, c.definition_pa) for c in report.columns]


def text(report: Report) -> str:
    """Both as plain text, a line each."""
    columns = [
        f"{name} [{unit}]: {_all(Names(*texts))}" if unit else f"{name}: {_all(Names(*texts))}"
        for name, unit, *texts in definitions(report)
    ]
    return "\n".join([*(f"{key}: {text}" for key, text in about(report)), "", *columns, ""])
