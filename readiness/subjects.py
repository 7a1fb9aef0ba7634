"""Where the subjects of judgement lie: the condition by which every query keeps to its area scope."""

from sqlalchemy import ColumnElement, Table, and_, or_, select, true

from inventory.scope import Scope
from inventory.tables import link
from readiness.model import SubjectKind


def within(table: Table, scope: Scope) -> ColumnElement[bool]:
    """Condition that the row's (subject_kind, subject) lies in the scope.

    A trunk (the fibre that several links share) lies in the scope with any of its links.
    """
    if scope.area is None:
        return true()
    kind, subject = table.c.subject_kind, table.c.subject
    trunks = select(link.c.trunk).where(scope.where_link(link.c.name))
    return or_(scope.where_subject(kind, subject), and_(kind == SubjectKind.LINK, subject.in_(trunks)))
