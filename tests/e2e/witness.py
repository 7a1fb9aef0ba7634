"""What the store shows from outside, at every moment: read with sqlite3 alone, beside the product's own code."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

Subject = tuple[str, str]
_HEARTBEAT_S = 6.0  # the judge notes at least each 5 s that it looks
_CONFIRMED_S = 15.0  # two silent polls and a burst, on a loaded machine


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
        self._looked_at = 0.0
        self._waits: dict[str, float] = {}

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
        known = {one.id for one in outages(store)}
        for kind, name, status, layer, transition, outage in rows:
            told = self.last.get((kind, name))
            makes = (told.after, told.layer, told.id) if told else ("unknown", layer, 0)
            if (status, layer, transition) != makes:
                found.append(f"state {(kind, name, status, layer, transition)}, but its last transition is {told}")
            if outage is not None and outage not in known:
                found.append(f"state of {name} points to outage {outage}, which is not stored")
        down = {name for kind, name, status, *_ in rows if (kind, status) == ("device", "down")}
        working = {name for kind, name, status, *_ in rows if kind == "device" and status in {"up", "degraded"}}
        return found + self._unmatched(store, down, working)

    def _unmatched(self, store: sqlite3.Connection, down: set[str], working: set[str]) -> list[str]:
        """Devices whose state and open outage disagree.

        A device may be down for a while without one: as long as the box in front of it is only suspected.
        """
        with_outage = {one.subject[1] for one in outages(store) if one.subject[0] == "device" and one.end is None}
        looked_at = newest_look(store)
        step = min(looked_at - self._looked_at, _HEARTBEAT_S)  # what the product was away for doesn't count
        self._looked_at = looked_at
        self._waits = {name: self._waits.get(name, 0.0) + step for name in down - with_outage}
        late = [f"{name} is down without an outage" for name, waits in self._waits.items() if waits > _CONFIRMED_S]
        return late + [f"{name} works and has an open outage" for name in working & with_outage]


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
        return newest_look(connection)


def newest_look(store: sqlite3.Connection) -> float:
    return float(store.execute("SELECT coalesce(max(last_at), 0) FROM watch").fetchone()[0]) / 1000


def _open(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=60, isolation_level=None)
