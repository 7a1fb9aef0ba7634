"""Alerts as rows of the store."""

from sqlalchemy import Row

from alerts.model import Alert, Rule, Severity
from alerts.summary import from_json
from readiness.model import SubjectKind


def alert_of(row: Row[tuple[object, ...]]) -> Alert:
    """The alert of a row that has every column of the table `alert`."""
    return Alert(
        id=row.id,
        rule=Rule(row.rule),
        subject_kind=SubjectKind(row.subject_kind),
        subject=row.subject,
        area=row.area,
        outage=row.outage,
        severity=Severity(row.severity),
        summary=from_json(row.summary),
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
    )
