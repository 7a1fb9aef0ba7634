"""Types of parameters, so narrow that neither store nor calendar can refuse what passes."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from storage.types import FIRST, LAST, is_usual


def _storable(moment: datetime) -> datetime:
    if not is_usual(moment):
        raise ValueError(f"must lie between {FIRST:%Y} and {LAST:%Y}")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
RowId = Annotated[int, Field(ge=0, le=2**63 - 1)]
LINE = r"^[^\x00-\x1f\x7f]*$"
"""Text without control characters; PostgreSQL refuses NUL."""
