"""What every file says of itself: what it is, of when, and who made the data."""

from inventory.hours import INDIA
from reports.report import Report


def about(report: Report) -> list[tuple[str, str]]:
    """(key, text) pairs, in the order to print."""
    facts = [
        ("report", report.name),
        ("title", f"{report.title.en} / {report.title.hi}"),
        ("area", " / ".join(name for name in (report.area.en, report.area.hi) if name)),
        ("as_of", report.as_of.astimezone(INDIA).isoformat(timespec="seconds")),
        ("period_start", report.start.astimezone(INDIA).isoformat(timespec="seconds")),
        ("period_end", report.end.astimezone(INDIA).isoformat(timespec="seconds")),
        ("made_by", "Pahunch"),
        *report.facts,
    ]
    for source in report.sources:
        facts.append((f"source {source.key}", f"{source.title}. {source.licence}. {source.attribution}".strip()))
        remarks = (source.remark.en, source.remark.hi)
        facts += [(f"remark {source.key}", remark) for remark in remarks if remark]
    return facts


def definitions(report: Report) -> list[tuple[str, str, str, str]]:
    """(column, unit, definition in English, in Hindi) of every column."""
    return [(c.name, c.unit, c.definition_en, c.definition_hi) for c in report.columns]


def lines(report: Report) -> list[str]:
    """Both as plain text."""
    columns = [
        f"{name} [{unit}]: {en} / {hi}" if unit else f"{name}: {en} / {hi}"
        for name, unit, en, hi in definitions(report)
    ]
    return [*(f"{key}: {text}" for key, text in about(report)), "", *columns]
