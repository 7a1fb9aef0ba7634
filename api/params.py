"""Types of parameters, so narrow that neither store nor calendar can refuse what passes."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _storable(moment: datetime) -> datetime:
    if not _FIRST <= moment < _LAST:
        raise ValueError(f"must lie between {_FIRST:%Y} and {_LAST:%Y}")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
RowId = Annotated[int, Field(ge=0, le=2**63 - 1)]
LINE = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters; PostgreSQL refuses NUL."""
