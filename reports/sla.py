"""The SLA report: a contract's figures for each row and measurement window, and how they come about."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from inventory.model import Inventory, Names
from inventory.scope import Scope, areas_in
from readiness.ledger import Asked, Ledger, ledger
from readiness.months import transitions_in
from readiness.rules.availability import PARTIES
from readiness.rules.contract import Contract
from readiness.rules.sla import EXCUSES, PARTS, UNSEEN, WORKED, Cells, Pieces, amount, cells, deduction, seen_by, shares
from readiness.rules.spells import NONE, Millis, Period, Spans
from readiness.rules.windows import Stretch, stretches
from readiness.sequence import COMPLETE
from reports.availability import OWN_ROWS, About, By, Counted, Of, Rows, counted, item_cells, outage_cells, rows_of
from reports.availability_columns import party_columns
from reports.columns import Value, schema
from reports.contract_facts import NOT_CONFIRMED, contract_facts
from reports.intervals import Interval, intervals
from reports.read import Progress, Wanted, as_report, behind, blamed, holiday_facts
from reports.report import Report
from reports.sla_columns import SLA, excuse_columns

Measured = tuple[Interval, dict[str, str | int | None]]
"""An interval, and what a contract makes of it: window, part, excuse and measured_ms."""

_TITLE = Names("Service level", "सेवा स्तर", "ਸੇਵਾ ਪੱਧਰ")
_PLACE = tuple(column.name for column in SLA[: [column.name for column in SLA].index("window")])
_PAISE = 100


@dataclass(frozen=True, slots=True)
class _Seen:
    """The subjects of a contract, what they were, and what the contract makes of it."""

    subjects: Counted
    found: Ledger
    pieces: Pieces
    windows: tuple[Stretch, ...]

    def cells(self, contract: Contract) -> Cells:
        return cells(contract, self.pieces, self.windows, len(self.subjects.names))


def sla_report(wanted: Wanted, contract: Contract, by: About, progress: Progress) -> Report:
    """A row for each of `by` and window, in that order. Raises UnknownAreaError."""
    subjects = _covered(wanted, contract)
    progress(f"reading what {len(subjects.names)} subjects were", 0.3)
    seen = _seen(wanted, contract, subjects)
    progress(f"adding up {len(seen.pieces.window)} intervals", 0.7)
    total = seen.cells(contract)
    own = next(each for each, kind in OWN_ROWS.items() if kind is subjects.kind)
    table, districts = (
        _table(wanted, contract, seen, total, rows_of(wanted.inventory, wanted.area, subjects, each))
        for each in (own if by is About.SUBJECT else By(by), By.DISTRICT)
    )
    return as_report(
        wanted, name="sla", title=_title(contract), columns=SLA, table=table, districts=districts, as_of=wanted.now,
        facts=(*contract_facts(contract), *holiday_facts(wanted)), warning=None if contract.confirmed else NOT_CONFIRMED,
    )  # fmt: skip


def sla_intervals(wanted: Wanted, contract: Contract, row: str) -> Iterator[Measured]:
    """The intervals behind a row of the report, each with what the contract makes of it. Raises UnknownAreaError."""
    of = behind(wanted, row, Of(contract.covers.of))
    covered = frozenset(_covered(wanted, contract).names)
    subjects = of.at([n for n, name in enumerate(of.names) if name in covered])
    seen = _seen(wanted, contract, subjects)
    told = transitions_in(
        wanted.engine, wanted.history, wanted.start, wanted.end, kinds=[subjects.kind], scope=wanted.scope,
        subjects=subjects.names, schema=COMPLETE,
    )  # fmt: skip
    cut = replace(seen.found, pieces=seen.pieces.spells)
    pieces = seen.pieces
    for n, one in enumerate(intervals(cut, subjects, told, blamed(wanted.engine, cut))):
        yield (
            replace(one, party=PARTIES[pieces.party[n]]),
            {
                "window": seen.windows[pieces.window[n]].first.isoformat(),
                "part": PARTS[pieces.part[n]],
                "excuse": EXCUSES[pieces.excuse[n]] if pieces.excuse[n] != NONE else None,
                "measured_ms": int(pieces.measured[n]),
            },
        )


def _covered(wanted: Wanted, contract: Contract) -> Counted:
    """The subjects in the asked area that the contract covers. Raises UnknownAreaError."""
    found = counted(wanted.inventory, wanted.area, Of(contract.covers.of), wanted.holidays)
    if not contract.covers.areas:
        return found
    inside = frozenset().union(*(areas_in(wanted.inventory, Scope(area)) for area in contract.covers.areas))
    return found.at([n for n, area in enumerate(found.areas) if area in inside])


def _seen(wanted: Wanted, contract: Contract, subjects: Counted) -> _Seen:
    asked: Asked = wanted.asked(subjects.kind, subjects.names)
    found = ledger(wanted.engine, wanted.history, wanted.inventory, asked)
    windows = stretches(wanted.start, wanted.end, contract.measure.window)
    pieces = seen_by(
        contract, found.pieces, found.blame, found.period, stretches=windows,
        majeure=_majeure(wanted.inventory, contract, subjects, found.period), hours=subjects.parsed_hours(),
    )  # fmt: skip
    return _Seen(subjects, found, pieces, windows)


def _majeure(inventory: Inventory, contract: Contract, subjects: Counted, period: Period) -> Spans:
    """The force majeure of each subject, by its area. Raises UnknownAreaError."""
    rows = [
        (n, *span.millis)
        for span in contract.exclude.force_majeure
        for areas in [frozenset().union(*(areas_in(inventory, Scope(area)) for area in span.areas))]
        for n, area in enumerate(subjects.areas)
        if area in areas and span.millis[0] < period.end and span.millis[1] > period.start
    ]
    subject, start, end = np.array(rows, np.int64).reshape(-1, 3).T
    return Spans(subject, start, end, np.zeros(len(rows), np.int64))


def _table(wanted: Wanted, contract: Contract, seen: _Seen, total: Cells, rows: Rows) -> pa.Table:
    windows = seen.windows
    found = total.grouped(rows.row_of, len(rows.items), len(windows))
    places = [cells for item in rows.items for cells in [item_cells(wanted.inventory, item)] * len(windows)]
    columns: dict[str, Iterable[Value] | Millis] = {name: [place.get(name) for place in places] for name in _PLACE}
    columns |= {
        "window": [window.first.isoformat() for window in windows] * len(rows.items),
        "whole": ["yes" if window.whole else "no" for window in windows] * len(rows.items),
        "counted": found.subjects,
        "target_percent": [float(contract.measure.target_percent)] * len(places),
        "as_of": [wanted.now] * len(places),
    }
    columns |= _sums(found) | _judged(contract, found) | _outages(found) | _deductions(contract, found)
    arrays = [pa.array(columns[column.name], column.type) for column in SLA]
    return pa.table(arrays, schema=schema(SLA))


def _sums(found: Cells) -> dict[str, Iterable[Value] | Millis]:
    return {
        "measured_ms": found.part.sum(axis=1),
        **{f"{part}_ms": found.part[:, n] for n, part in enumerate(PARTS)},
        **{name: found.excuse[:, EXCUSES.index(excuse)] for excuse, name in excuse_columns().items()},
        **{name: found.party[:, PARTIES.index(party)] for party, name in party_columns().items()},
    }


def _judged(contract: Contract, found: Cells) -> dict[str, Iterable[Value] | Millis]:
    low, high, base = (each.tolist() for each in shares(contract, found.part))
    judged = found.slabs_if_up.sum(axis=1)
    return {
        "available_percent_low": [percent(part, whole) for part, whole in zip(low, base, strict=True)],
        "available_percent_high": [percent(part, whole) for part, whole in zip(high, base, strict=True)],
        "met": found.met,
        "missed": found.missed,
        "undecided": judged - found.met - found.missed,
    }


def percent(part: int, whole: int) -> float | None:
    """Rounded down to four digits: what falls short of a target never looks as if it reached it."""
    return part * 1_000_000 // whole / 10_000 if whole else None


def _outages(found: Cells) -> dict[str, Iterable[Value] | Millis]:
    worked, unseen = found.part[:, WORKED], found.part[:, UNSEEN]
    told = found.outages
    return (
        outage_cells(told.seen, worked, "")
        | outage_cells(told.if_up, worked + unseen, "_if_up")
        | outage_cells(told.if_down, worked, "_if_down")
    )


def _deductions(contract: Contract, found: Cells) -> dict[str, Iterable[Value] | Millis]:
    low, high, base = (each.tolist() for each in shares(contract, found.part))
    columns: dict[str, Iterable[Value] | Millis] = {}
    for name, slabs, available in (("low", found.slabs_if_up, high), ("high", found.slabs_if_down, low)):
        paise = [deduction(contract, each) for each in slabs]
        columns[f"deduction_rupees_{name}"] = [None if each is None else each / _PAISE for each in paise]
        columns[f"arithmetic_{name}"] = [
            arithmetic(contract, each.tolist(), part, whole)
            for each, part, whole in zip(slabs, available, base, strict=True)
        ]
    return columns


def arithmetic(contract: Contract, slabs: Sequence[int], available: int, base: int) -> str | None:
    """How a deduction comes about, in signs that need no language; None where nothing is judged."""
    if not sum(slabs):
        return None
    parts = [_slab(contract, slab, count, sum(slabs)) for slab, count in enumerate(slabs) if count]
    if sum(slabs) == 1:
        return f"{available} / {base} ms = {percent(available, base)} %: {parts[0]}"
    total = deduction(contract, np.array(slabs))
    return " + ".join(parts) + ("" if total is None else f" = ₹{_rupees(total)}")


def _slab(contract: Contract, slab: int, count: int, of: int) -> str:
    bound = f"< {contract.slabs[slab - 1].below_percent} %" if slab else _never(contract)
    times = f"{count} × " if of > 1 else ""
    rate = contract.slabs[slab - 1].percent_of_fee if slab else 0
    if contract.fee_rupees is None:
        return f"{times}({bound}: {rate} %)"
    return f"{times}({bound}: {rate} % × ₹{contract.fee_rupees} = ₹{_rupees(amount(contract, slab))})"


def _never(contract: Contract) -> str:
    return f"≥ {contract.slabs[0].below_percent} %" if contract.slabs else "—"


def _rupees(paise: int) -> str:
    return f"{paise // _PAISE}.{paise % _PAISE:02d}"


def _title(contract: Contract) -> Names:
    own = contract.title
    pairs = ((_TITLE.en, own.en), (_TITLE.hi, own.hi or own.en), (_TITLE.pa, own.pa or own.en))
    return Names(*(f"{title}: {name}" for title, name in pairs))
