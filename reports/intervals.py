"""The intervals behind a row of the availability report: each with its bucket, and why it lies in it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from inventory.hours import INDIA
from readiness.ledger import Ledger, changes
from readiness.proved import PROVED
from readiness.read import OutageRow
from readiness.rules.availability import BUCKETS, CAUSES, PARTIES, buckets, open_lengths, parties, roots
from readiness.rules.columns import STATUSES, UNKNOWN, UP
from readiness.rules.spells import NONE
from readiness.rules.watch import NOBODY_WATCHED
from readiness.terminal import show as show_table
from reports.availability import Counted
from storage.types import from_millis


@dataclass(frozen=True, slots=True)
class Interval:
    """[start, end) of a subject in one bucket; `open_ms` of it lie in the opening hours.

    `party` had to act; `outage` is what is blamed, `root` the outage at its root; None where the time is not down, or
    nothing explains it. `reasons` are what was said of the status, then the outage's evidence.
    """

    subject: str
    start: datetime
    end: datetime
    ms: int
    open_ms: int
    status: str
    bucket: str
    root_cause: str
    party: str
    outage: int | None
    root: OutageRow | None
    reasons: tuple[str, ...]


def intervals(found: Ledger, subjects: Counted, told: pa.Table, outages: Mapping[int, OutageRow]) -> Iterator[Interval]:
    """By subject and time. `told` are the transitions that `found` was made of, with their reasons."""
    pieces, bucket = found.pieces, buckets(found.pieces, found.blame)
    root_cause = roots(pieces, found.blame, bucket)
    party = parties(pieces, found.blame)
    open_ms = open_lengths(pieces, subjects.parsed_hours())
    reason = _reasons(found, subjects, told)
    for n, claim in enumerate(pieces.claim.tolist()):
        outage = outages[int(found.blamed[claim])] if claim != NONE else None
        start, end = int(pieces.start[n]), int(pieces.end[n])
        yield Interval(
            subjects.names[pieces.subject[n]], from_millis(start), from_millis(end), end - start, int(open_ms[n]),
            STATUSES[pieces.status[n]], BUCKETS[bucket[n]], CAUSES[root_cause[n]] if root_cause[n] != NONE else "",
            PARTIES[party[n]], outage.id if outage else None, outages.get(outage.explained_by or outage.id) if outage else None,
            (reason[n], *(outage.evidence if outage else ())),
        )  # fmt: skip


def _reasons(found: Ledger, subjects: Counted, told: pa.Table) -> list[str]:
    """What was said when the status of each piece began; empty before anything was said."""
    known, rows = changes(told, subjects.names)
    order = np.lexsort((known.number, known.at, known.subject))
    ordered, said = known.where(order), told["reason"].take(rows[order]).to_pylist()
    key = found.period.key(ordered.subject, ordered.at)
    place = np.searchsorted(key, found.period.key(found.pieces.subject, found.pieces.start), side="right") - 1
    whose, status = (np.append(column, NONE)[place] for column in (ordered.subject, ordered.status))
    unseen = (found.pieces.status == UNKNOWN) & (status != UNKNOWN)
    texts = np.array([*said, ""], np.object_)[place]
    texts[unseen] = NOBODY_WATCHED
    texts[(found.pieces.status == UP) & (status == UNKNOWN)] = PROVED
    texts[whose != found.pieces.subject] = ""
    reasons: list[str] = texts.tolist()
    return reasons


def as_object(one: Interval) -> dict[str, str | int | list[str] | None]:
    """One line of `--expand --json`; times in UTC."""
    return {
        "subject": one.subject, "from": _utc(one.start), "to": _utc(one.end), "ms": one.ms, "open_ms": one.open_ms,
        "status": one.status, "bucket": one.bucket, "root_cause": one.root_cause or None,
        "responsible": one.party, "outage": one.outage,
        "root": one.root.id if one.root else None, "root_subject": one.root.subject if one.root else None,
        "reasons": [reason for reason in one.reasons if reason],
    }  # fmt: skip


def _utc(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def show(found: Sequence[Interval], console: Console) -> None:
    """A table of the intervals, and the sums that the row shows."""
    table = Table(
        "Subject", "From (IST)", "To (IST)", "ms", "Open ms", "Bucket", "Responsible", "Outage", "Root", "Why"
    )
    for one in found:
        root = f"{one.root.subject}: {one.root_cause or one.bucket}" if one.root else ""
        cells = (
            one.subject, _local(one.start), _local(one.end), str(one.ms), str(one.open_ms), one.bucket, one.party,
            str(one.outage or ""), root, "; ".join(reason for reason in one.reasons if reason),
        )  # fmt: skip
        table.add_row(*map(escape, cells))
    show_table(table, console)
    sums = Counter[str]()
    for one in found:
        sums[one.bucket] += one.ms
    console.print(
        ", ".join(f"{bucket}: {sums[bucket]} ms" for bucket in BUCKETS if sums[bucket]), f"sum: {sums.total()} ms"
    )


def _local(at: datetime) -> str:
    return at.astimezone(INDIA).isoformat(sep=" ", timespec="milliseconds")[:-6]
