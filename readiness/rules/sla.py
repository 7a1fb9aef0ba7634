"""What a contract makes of the time that subjects were up, down or unseen, window by window. Pure.

Each millisecond that the contract measures is worked, counted as down, excused or unknown, and never two of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from inventory.hours import Hours
from readiness.model import Cause, Responsible
from readiness.rules.availability import (
    BUCKETS,
    CAUSES,
    PARTIES,
    Blame,
    Outages,
    buckets,
    open_lengths,
    outages,
    parties,
    roots,
    sums,
)
from readiness.rules.columns import DOWN, UNKNOWN, UP, Mask
from readiness.rules.contract import Calendar, Contract, Excused
from readiness.rules.spells import NONE, Codes, Millis, Period, Positions, Spans, Spells, cut, lies_in
from readiness.rules.windows import Stretch

WORKED, COUNTED, EXCUSED, UNSEEN = range(4)
PARTS = ("worked", "down", "excluded", "unknown")
EXCUSES: tuple[str, ...] = (*CAUSES, "force_majeure", "party")
"""Why time down doesn't count: its cause, or else force majeure, or else who had to act."""
_FORCE_MAJEURE, _PARTY = len(CAUSES), len(CAUSES) + 1
_ONE = 1_000_000  # shares are in millionths


@dataclass(frozen=True, slots=True)
class Pieces:
    """Time as the contract sees it: each piece of one subject lies in one window.

    `part` is a position in PARTS, `excuse` in EXCUSES (NONE: none), `party` in PARTIES; `measured` is what of its
    length lies in the contract's calendar.
    """

    spells: Spells
    window: Positions
    part: Codes
    excuse: Codes
    party: Codes
    measured: Millis


def seen_by(
    contract: Contract,
    pieces: Spells,
    blame: Blame,
    period: Period,
    *,
    stretches: Sequence[Stretch],
    majeure: Spans,
    hours: Sequence[Hours | None],
) -> Pieces:
    """The claimed `pieces` of `period` cut into windows and force majeure, and what each counts as."""
    borders = np.array([stretch.start for stretch in stretches[1:]], np.int64)
    everyone = np.arange(period.subjects, dtype=np.int64)
    edges = [
        period.key(np.repeat(everyone, len(borders)), np.tile(borders, period.subjects)),
        period.key(majeure.subject, majeure.start), period.key(majeure.subject, majeure.end),
    ]  # fmt: skip
    parts = cut(pieces, np.sort(np.concatenate(edges)), period)
    cause = _causes(parts, blame)
    party = _parties(parts, blame, cause, contract.responsible)
    excuse = _excuses(contract, cause, party, lies_in(parts, majeure, period))
    measured = parts.length if contract.measure.calendar is Calendar.ALL_DAY else open_lengths(parts, hours)
    window = np.searchsorted(borders, parts.start, side="right")
    return Pieces(parts, window, _parts(parts, excuse), excuse, party, measured)


def _causes(pieces: Spells, blame: Blame) -> Codes:
    """The cause of each piece that is down, that of the root for what is upstream, as a position in CAUSES; else NONE."""
    bucket = buckets(pieces, blame)
    root = roots(pieces, blame, bucket)
    first = BUCKETS.index(CAUSES[0])
    own = np.where(pieces.status == DOWN, bucket - first, NONE)
    return np.where(root == NONE, own, root).astype(np.int8)


def _parties(pieces: Spells, blame: Blame, cause: Codes, named: Mapping[Cause, Responsible]) -> Codes:
    """Who had to act: whom the contract names for the cause, or else the outage."""
    of_cause = np.array([PARTIES.index(named[each]) if each in named else NONE for each in CAUSES] + [NONE], np.int8)
    said = of_cause[cause]
    return np.where(said == NONE, parties(pieces, blame), said)


def _excuses(contract: Contract, cause: Codes, party: Codes, majeure: Mask) -> Codes:
    down = cause != NONE
    by_cause = np.array([each in contract.exclude.causes for each in CAUSES] + [False])[cause]
    by_party = np.array([each in contract.exclude.parties for each in PARTIES])[party]
    found = np.full(len(cause), NONE, np.int8)
    found[down & by_party] = _PARTY
    found[down & majeure] = _FORCE_MAJEURE
    return np.where(down & by_cause, cause, found)


def _parts(pieces: Spells, excuse: Codes) -> Codes:
    of_down = np.where(excuse == NONE, np.int8(COUNTED), np.int8(EXCUSED))
    of_rest = np.where(pieces.status == UNKNOWN, np.int8(UNSEEN), np.int8(WORKED))
    return np.where(pieces.status == DOWN, of_down, of_rest)


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of each (group of subjects, window), window by window within a group: ms by PARTS, EXCUSES and PARTIES.

    `slabs` counts the subjects of the cell by how many thresholds they missed: if all unseen time was up, and if it was down.
    Subjects without measured time, and windows that are not whole, miss none and are not counted.
    """

    subjects: Positions
    part: Millis
    excuse: Millis
    party: Millis
    outages: Outages
    met: Positions
    missed: Positions
    slabs_if_up: Positions
    slabs_if_down: Positions

    def grouped(self, row: Positions, rows: int, windows: int) -> Self:
        """The same, added up by the row of each subject; a negative row isn't counted."""
        into = np.where(
            np.repeat(row, windows) < 0, NONE, np.repeat(row, windows) * windows + np.tile(np.arange(windows), len(row))
        )

        def added(values: Millis) -> Millis:
            return sums_by_row(values, into, rows * windows)

        return type(self)(
            added(self.subjects), added(self.part), added(self.excuse), added(self.party),
            self.outages.grouped(into, rows * windows), added(self.met), added(self.missed),
            added(self.slabs_if_up), added(self.slabs_if_down),
        )  # fmt: skip


def sums_by_row(values: Millis, row: Positions, rows: int) -> Millis:
    counted = row >= 0
    total = np.zeros((rows, *values.shape[1:]), np.int64)
    np.add.at(total, row[counted], values[counted])
    return total


def cells(contract: Contract, seen: Pieces, stretches: Sequence[Stretch], subjects: int) -> Cells:
    """A cell for each subject and window."""
    windows = len(stretches)
    cell = seen.spells.subject * windows + seen.window
    count = subjects * windows
    part = sums(cell, seen.part, seen.measured, (count, len(PARTS)))
    whole = np.tile(np.array([stretch.whole for stretch in stretches]), subjects)
    low, high, base = shares(contract, part)
    judged = whole & (base > 0)
    target = int(contract.measure.target_percent * 10_000)
    return Cells(
        np.ones(count, np.int64), part, sums(cell, seen.excuse, seen.measured, (count, len(EXCUSES))),
        sums(cell, seen.party, seen.measured, (count, len(PARTIES))), _outages(seen, cell, count),
        (judged & (low * _ONE >= target * base)).astype(np.int64), (judged & (high * _ONE < target * base)).astype(np.int64),
        _slabs(contract, high, base, judged), _slabs(contract, low, base, judged),
    )  # fmt: skip


def shares(contract: Contract, part: Millis) -> tuple[Millis, Millis, Millis]:
    """Available time at least and at most, and the time of which it is a share, of sums whose last axis is PARTS."""
    excused = part[..., EXCUSED]
    total = part.sum(axis=-1)
    if contract.measure.excluded_time is Excused.AS_AVAILABLE:
        low: Millis = part[..., WORKED] + excused
        return low, low + part[..., UNSEEN], total
    return part[..., WORKED], part[..., WORKED] + part[..., UNSEEN], total - excused


def _outages(seen: Pieces, cell: Positions, cells: int) -> Outages:
    """Outages that count: what is excused ends one, and so does the window."""
    timed = seen.measured > 0
    status = np.where(seen.part == EXCUSED, np.int8(UP), seen.spells.status)
    told = replace(seen.spells, subject=cell, status=status).where(timed)
    return outages(told, cells, seen.measured[timed])


def _slabs(contract: Contract, available: Millis, base: Millis, judged: Mask) -> Positions:
    """Per cell a one in the place of how many thresholds were missed; zeros where nothing is judged."""
    thresholds = np.array(contract.thresholds, np.int64)
    missed = (available[:, None] * _ONE < thresholds[None, :] * base[:, None]).sum(axis=1)
    found = np.zeros((len(available), len(thresholds) + 1), np.int64)
    found[np.flatnonzero(judged), missed[judged]] = 1
    return found


def deduction(contract: Contract, slabs: NDArray[np.int64]) -> int | None:
    """Paise to deduct for so many subjects in each slab, each subject's rounded to a paisa (half up); None without a fee."""
    if contract.fee_paise is None:
        return None
    return int(sum(count * amount(contract, slab) for slab, count in enumerate(slabs.tolist())))


def amount(contract: Contract, slab: int) -> int:
    """Paise that one subject costs in a slab; 0 where the contract has no fee."""
    return ((contract.fee_paise or 0) * contract.rates[slab] + _ONE // 2) // _ONE
