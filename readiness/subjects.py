"""Where the subjects of judgement lie: the condition by which every query keeps to its area scope."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select, true

from inventory.scope import Scope
from inventory.tables import area, device, link, site
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


def names_in(connection: Connection, scope: Scope) -> dict[SubjectKind, Sequence[str]]:
    """The names of the subjects that `within` selects, by kind; a kind that isn't limited is missing."""
    if scope.area is None:
        return {}
    names = {
        SubjectKind.DEVICE: select(device.c.name).where(scope.where_device(device.c.name)),
        SubjectKind.SITE: select(site.c.name).where(scope.where_site(site.c.name)),
        SubjectKind.VILLAGE: select(area.c.key).where(scope.where_area(area.c.key)),
    }
    found: dict[SubjectKind, Sequence[str]] = {kind: connection.scalars(query).all() for kind, query in names.items()}
    links = connection.execute(select(link.c.name, link.c.trunk).where(scope.where_link(link.c.name)))
    return found | {SubjectKind.LINK: sorted({name for row in links for name in row})}
