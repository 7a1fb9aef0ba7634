"""Files of the history that cannot be read: none of them may keep the others from being used.

What is damaged is put aside by the folder's writer, under a name that nobody looks for; nothing of it is deleted.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import structlog
from sqlalchemy.exc import SQLAlchemyError

ASIDE = ".unreadable"
"""How the name of a file ends that was put aside."""

_REFUSED = frozenset({errno.EIO, errno.EACCES, errno.EPERM, errno.ESTALE})  # another time it may be given

_log = structlog.get_logger()


class UnreadableError(Exception):
    """The file at `path` is damaged, or not what its name says."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


MISHAPS: tuple[type[Exception], ...] = (
    ArithmeticError, LookupError, OSError, SQLAlchemyError, UnreadableError, ValueError, pa.ArrowException,
)  # fmt: skip
"""What one bad row or file, or a store or disk that is away, may raise in whatever reads it.

A loop that others have to outlive catches these, tells them in the log and goes on; what is left is a fault of ours.
"""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What Arrow says of a damaged file, or its footer, becomes UnreadableError; what the disk says stays an OSError."""
    try:
        yield
    except (pa.ArrowException, KeyError, ValueError) as error:  # KeyError: a column that is named isn't there
        raise UnreadableError(path, str(error)) from error
    except OSError as error:
        if error.errno is not None:  # Arrow's own have none
            raise
        raise UnreadableError(path, str(error)) from error


@dataclass(slots=True)
class Damage:
    """What a writer met: files put `aside`, and how often work on others was left for another time (`skipped`)."""

    aside: list[Path] = field(default_factory=list)
    skipped: int = 0

    def put_aside(self, error: UnreadableError) -> Path:
        """Rename the file; returns the path that it had. OSError: it stays."""
        error.path.rename(error.path.with_name(error.path.name + ASIDE))
        self.aside.append(error.path)
        _log.error("history file unreadable, put aside", file=f"{error.path}{ASIDE}", error=error.reason)
        return error.path

    @contextmanager
    def skipping(self, folder: Path) -> Iterator[None]:
        """Do without what the disk refuses to give of a file, until the next time; a full disk is an OSError as ever."""
        try:
            yield
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            self.skipped += 1
            _log.error("history left as it is", folder=str(folder), error=str(error))
