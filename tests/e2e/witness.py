"""What the store shows from outside, at every moment: read with sqlite3 alone, beside the product's own code."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

Subject = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A row of `transition`; times are UTC epoch seconds."""

    id: int
    subject: Subject
    at: float
    recorded_at: float
    before: str
    after: str
    reason: str
    layer: str


@dataclass(frozen=True, slots=True)
class Lasted:
    """A row of `outage`; times are UTC epoch seconds."""

    id: int
    subject: Subject
    status: str
    start: float
    end: float | None
    root: bool
    explained_by: int | None


class Witness(threading.Thread):
    """Looks about ten times a second, each time with a connection of its own.

    So the store has no user while the product is dead, and the next start has to recover it.
    """

    def __init__(self, store: Path) -> None:
        super().__init__(name="witness", daemon=True)
        self._store = store
        self._over = threading.Event()
        self.seen: dict[int, Told] = {}
        self.last: dict[Subject, Told] = {}
        self.wrong: list[str] = []
        self.looks = 0

    def run(self) -> None:
        while not self._over.wait(0.1):
            self.look()

    def close(self) -> None:
        self._over.set()
        self.join(60)
        self.look()

    def look(self) -> None:
        """One snapshot: what is new, and whether the present state is what the transitions make it."""
        with closing(_open(self._store)) as store:
            store.execute("BEGIN")
            for told in transitions(store, max(self.seen, default=0)):
                self.seen[told.id] = self.last[told.subject] = told
            self.wrong += self._contradictions(store)
        self.looks += 1

    def _contradictions(self, store: sqlite3.Connection) -> list[str]:
        found = []
        rows = store.execute("SELECT subject_kind, subject, status, layer, transition, outage FROM state").fetchall()
        known = outages(store)
        numbers = {one.id for one in known}
        open_now = {one.subject: one for one in known if one.end is None}
        for kind, name, status, layer, transition, outage in rows:
            told = self.last.get((kind, name))
            makes = (told.after, told.layer, told.id) if told else ("unknown", layer, 0)
            if (status, layer, transition) != makes:
                found.append(f"state {(kind, name, status, layer, transition)}, but its last transition is {told}")
            if outage is not None and outage not in numbers:
                found.append(f"state of {name} points to outage {outage}, which is not stored")
            if kind == "device" and status == "down" and (kind, name) not in open_now:
                found.append(f"{name} is down without an outage, by {told}")
            if kind == "device" and status in {"up", "degraded"} and (kind, name) in open_now:
                found.append(f"{name} is {status} and has an open outage, by {told}")
        return found


def transitions(store: sqlite3.Connection, after: int = 0) -> list[Told]:
    rows = store.execute(
        "SELECT id, subject_kind, subject, at, recorded_at, from_status, to_status, reason, layer"
        " FROM transition WHERE id > ? ORDER BY id",
        (after,),
    )
    return [Told(row[0], (row[1], row[2]), row[3] / 1000, row[4] / 1000, *row[5:]) for row in rows]


def outages(store: sqlite3.Connection) -> list[Lasted]:
    rows = store.execute(
        "SELECT id, subject_kind, subject, status, from_at, to_at, root, explained_by FROM outage ORDER BY id"
    )
    return [
        Lasted(row[0], (row[1], row[2]), row[3], row[4] / 1000, row[5] and row[5] / 1000, bool(row[6]), row[7])
        for row in rows
    ]


def stored(store: Path) -> tuple[list[Told], list[Lasted]]:
    """Every transition and outage."""
    with closing(_open(store)) as connection:
        connection.execute("BEGIN")
        return transitions(connection), outages(connection)


def last_look(store: Path) -> float:
    """When the judge last noted that it saw something; 0 for never."""
    with closing(_open(store)) as connection:
        return float(connection.execute("SELECT coalesce(max(last_at), 0) FROM watch").fetchone()[0]) / 1000


def _open(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60, isolation_level=None)
