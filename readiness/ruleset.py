"""Which rules judged since when: every decision can be traced to the text of the rule that made it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select

from readiness.tables import ruleset
from storage.engine import for_writing

_FOLDER = Path(__file__).parent / "rules"


@cache
def present() -> Mapping[str, str]:
    """File in readiness/rules -> SHA-256 of its text, of the rules of this process."""
    files = sorted(path for path in _FOLDER.iterdir() if path.suffix in {".py", ".toml"})
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in files}


def note(engine: Engine, now: datetime) -> None:
    """Store that the present rules judge from now on, unless they did so before."""
    files = json.dumps(present())
    with for_writing(engine).begin() as connection:
        last = connection.execute(select(ruleset.c.files).order_by(ruleset.c.id.desc()).limit(1)).scalar()
        if last != files:
            connection.execute(insert(ruleset).values(from_at=now, files=files))


@dataclass(frozen=True, slots=True)
class Rulesets:
    """All that ever judged, the newest first, each with when it began."""

    noted: tuple[tuple[datetime, Mapping[str, str]], ...]

    def version(self, file: str, decided_at: datetime | None) -> str:
        """SHA-256 of the file by which was decided then; empty where that isn't known, or wasn't kept yet."""
        if decided_at is None:
            return ""
        return next((files.get(file, "") for begun, files in self.noted if begun <= decided_at), "")


def noted(connection: Connection) -> Rulesets:
    rows = connection.execute(select(ruleset.c.from_at, ruleset.c.files).order_by(ruleset.c.id.desc()))
    return Rulesets(tuple((row.from_at, dict(json.loads(row.files))) for row in rows))
