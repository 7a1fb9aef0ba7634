"""Where the subjects of judgement lie: the joins by which every query keeps to its area scope."""

from sqlalchemy import ColumnElement, Select, Table, select, true

from inventory.model import Level
from inventory.scope import Scope
from inventory.tables import area, device, link, site
from readiness.model import SubjectKind

_KIND = "subject_kind"


def _device_subjects(scope: Scope) -> Select[tuple[str]]:
    return (
        select(device.c.name)
        .join_from(device, site, site.c.name == device.c.site)
        .join(area, area.c.key == site.c.area)
        .where(scope.where(area.c.path))
    )


def _site_subjects(scope: Scope) -> Select[tuple[str]]:
    return select(site.c.name).join_from(site, area, area.c.key == site.c.area).where(scope.where(area.c.path))


def _village_subjects(scope: Scope) -> Select[tuple[str]]:
    return select(area.c.key).where(area.c.level == Level.VILLAGE, scope.where(area.c.path))


def within(table: Table, scope: Scope) -> ColumnElement[bool]:
    """Condition that the row's (subject_kind, subject) lies in the scope.

    A link lies in the scope with either end, and a trunk (the fibre that several links share)
    with any of its links.
    """
    if scope.area is None:
        return true()
    kind, subject = table.c[_KIND], table.c.subject
    boxes = _device_subjects(scope)
    touching = link.c.a_device.in_(boxes) | link.c.b_device.in_(boxes)
    return (
        ((kind == SubjectKind.DEVICE) & subject.in_(boxes))
        | ((kind == SubjectKind.SITE) & subject.in_(_site_subjects(scope)))
        | ((kind == SubjectKind.VILLAGE) & subject.in_(_village_subjects(scope)))
        | (
            (kind == SubjectKind.LINK)
            & (subject.in_(select(link.c.name).where(touching)) | subject.in_(select(link.c.trunk).where(touching)))
        )
    )
