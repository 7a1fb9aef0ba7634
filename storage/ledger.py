"""Of which hours figures were made, and of which metrics.

made.json in the history's folder is written after the figures are on disk: lost or old, it only
makes them be made again.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from storage.atomic import replacing

_NAME = "made.json"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ledger:
    """`hours`: hour since the epoch -> highest sequence among the files that its figures were made of."""

    metrics: tuple[str, ...] = ()
    hours: Mapping[int, int] = field(default_factory=dict)

    def has(self, hour: int, last: int) -> bool:
        """Whether all files of the hour up to the sequence `last` are in the figures."""
        return self.hours.get(hour, -1) >= last

    def with_hour(self, hour: int, last: int) -> "Ledger":
        return Ledger(self.metrics, {**self.hours, hour: last})

    def without(self, hours: Collection[int]) -> "Ledger":
        return Ledger(self.metrics, {hour: last for hour, last in self.hours.items() if hour not in hours})


def read_ledger(folder: Path) -> Ledger:
    """What of the history in `folder` there are figures of; nothing where none were made yet."""
    try:
        return TypeAdapter(Ledger).validate_json((folder / _NAME).read_bytes())
    except FileNotFoundError:
        return Ledger()
    except ValidationError as error:
        _log.error("history ledger unreadable, figures are made again", file=str(folder / _NAME), error=str(error))
        return Ledger()


def write_ledger(folder: Path, ledger: Ledger) -> None:
    with replacing(folder / _NAME) as file:
        file.write(json.dumps(asdict(ledger)).encode())
