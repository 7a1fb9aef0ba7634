"""What a contract promises, what it excuses and what falling short costs: data, one TOML file a contract. Pure.

docs/reports.md explains each key; reports/contracts/ has an example.
"""

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from readiness.model import Cause, Responsible

# Thousandths of a percent are as fine as contracts are written, and keep all sums in whole numbers.
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=3)]
_PPM_A_PERCENT = 10_000


class ContractError(ValueError):
    """The text is no contract; the message has a line for each thing that is wrong."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Part):
    """One text in the product's languages."""

    en: str = Field(min_length=1, max_length=500)
    hi: str = Field("", max_length=500)
    pa: str = Field("", max_length=500)


class Covered(StrEnum):
    """Whose time is measured."""

    GP = "gp"
    KENDRA = "kendra"
    SITE = "site"
    VILLAGE = "village"
    DEVICE = "device"
    LINK = "link"
    ENDPOINT = "endpoint"


class Calendar(StrEnum):
    ALL_DAY = "24x7"
    KENDRA = "kendra"  # opening hours without holidays


class Window(StrEnum):
    """What a percentage is measured over, in Indian time; years are financial years."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Excused(StrEnum):
    """What becomes of time that is excluded."""

    LEFT_OUT = "left_out"  # of what is measured
    AS_AVAILABLE = "as_available"


class Covers(_Part):
    of: Covered
    areas: tuple[str, ...] = ()  # keys; none: all


class Measure(_Part):
    calendar: Calendar = Calendar.ALL_DAY
    window: Window = Window.MONTH
    target_percent: Percent
    excluded_time: Excused = Excused.LEFT_OUT


class ForceMajeure(_Part):
    """Areas in which time down is excused from `from` until before `to`."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    areas: tuple[str, ...] = Field(min_length=1)
    text: Text

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start >= self.end:
            raise ValueError("'to' is not after 'from'")
        return self

    @property
    def millis(self) -> tuple[int, int]:
        return _millis(self.start), _millis(self.end)


class Exclude(_Part):
    causes: frozenset[Cause] = frozenset()
    parties: frozenset[Responsible] = frozenset()
    force_majeure: tuple[ForceMajeure, ...] = ()


class Slab(_Part):
    """Below this availability that share of the fee is deducted, unless a lower slab holds."""

    below_percent: Percent
    percent_of_fee: Percent


class Contract(_Part):
    """A contract; `fee_rupees` is what is paid for one subject and window, None where it isn't on record."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,60}$")
    title: Text
    party: Responsible = Responsible.AGENCY
    confirmed: bool = False  # by the state: until then every report says that it is not
    sources: tuple[str, ...] = ()
    covers: Covers
    measure: Measure
    exclude: Exclude = Exclude()
    responsible: dict[Cause, Responsible] = Field(default_factory=dict)
    fee_rupees: Annotated[Decimal, Field(ge=0, le=10_000_000_000, decimal_places=2)] | None = None
    slabs: tuple[Slab, ...] = Field((), alias="slab")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        pairs = list(zip(self.slabs, self.slabs[1:], strict=False))
        if any(lower.below_percent >= higher.below_percent for higher, lower in pairs):
            raise ValueError("slabs stand from the highest below_percent down, each once")
        if any(lower.percent_of_fee < higher.percent_of_fee for higher, lower in pairs):
            raise ValueError("a lower slab can't cost less than a higher one")
        if Cause.UPSTREAM in self.responsible or Cause.UPSTREAM in self.exclude.causes:
            raise ValueError(
                "'upstream' is no cause here: time in the shadow of an outage counts under its root's cause"
            )
        return self

    @property
    def thresholds(self) -> tuple[int, ...]:
        """`below_percent` of each slab, in millionths."""
        return tuple(ppm(slab.below_percent) for slab in self.slabs)

    @property
    def rates(self) -> tuple[int, ...]:
        """What is deducted where no threshold is missed, the first, the second..., in millionths of the fee."""
        return (0, *(ppm(slab.percent_of_fee) for slab in self.slabs))

    @property
    def fee_paise(self) -> int | None:
        return None if self.fee_rupees is None else int(self.fee_rupees * 100)


def ppm(percent: Decimal) -> int:
    """Millionths of one in a percentage."""
    return int(percent * _PPM_A_PERCENT)


def _millis(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // (datetime.resolution * 1000)


def parse_contract(text: str) -> Contract:
    """The contract that a TOML text states. Raises ContractError."""
    try:
        return Contract.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"is not TOML: {error}") from None
    except ValidationError as error:
        told = (f"{'.'.join(map(str, one['loc'])) or 'contract'}: {one['msg']}" for one in error.errors())
        raise ContractError("\n".join(told)) from None
