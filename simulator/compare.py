"""What truly was wrong beside what was said of it: the truth log and `outages --json`, row by row. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_SLACK_S = 120.0  # an outage may begin at the poll before the fault was seen, and end with the poll after
_UNDETERMINED = "undetermined"
_Key = tuple[str, str]


class Verdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    UNDETERMINED = "undetermined"
    MISSED = "missed"
    INVENTED = "invented"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of either log; times are UTC epoch seconds, `end` is None for what lasts."""

    subject_kind: str
    subject: str
    status: str
    cause: str
    root: bool
    start: float
    end: float | None
    confidence: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.subject_kind, self.subject


@dataclass(frozen=True, slots=True)
class Compared:
    """`truth` is None where nothing was wrong, `said` where nobody said a thing."""

    verdict: Verdict
    truth: Row | None
    said: Row | None


def row(line: Mapping[str, object]) -> Row:
    """A row of the truth log or of `outages --json`; KeyError, TypeError or ValueError where it is neither."""
    start, end, confidence = line["from"], line["to"], line.get("confidence")
    return Row(
        subject_kind=str(line["subject_kind"]),
        subject=str(line["subject"]),
        status=str(line["status"]),
        cause=str(line["cause"] or _UNDETERMINED),
        root=bool(line["root"]),
        start=_seconds(start),
        end=None if end is None else _seconds(end),
        confidence=None if confidence is None else float(str(confidence)),
    )


def compare(truth: Sequence[Row], said: Sequence[Row], site_of: Mapping[str, str]) -> tuple[Compared, ...]:
    """Each root of the truth with what was said of its subject then, and the roots that were said of nothing true.

    `site_of` tells each device's site: what is true of a site, such as a power cut, is said of its devices.
    """
    told: dict[_Key, list[Row]] = defaultdict(list)
    for one in said:
        for key in _keys(one, site_of):
            told[key].append(one)
    found = [_compared(true, told[true.key]) for true in truth if true.root]
    true_of: dict[_Key, list[Row]] = defaultdict(list)
    for one in truth:
        true_of[one.key].append(one)
    roots = [one for one in said if one.root]
    invented = [
        one for one in roots if not any(_together(one, true) for key in _keys(one, site_of) for true in true_of[key])
    ]
    return (*found, *(Compared(Verdict.INVENTED, None, one) for one in invented))


def _keys(said: Row, site_of: Mapping[str, str]) -> Iterator[_Key]:
    yield said.key
    if said.subject_kind == "device" and said.subject in site_of:
        yield "site", site_of[said.subject]


def summary(compared: Iterable[Compared]) -> Mapping[tuple[str, str], Counter[Verdict]]:
    """How many of each verdict, by kind of subject and true cause (for what is invented: the cause that was said)."""
    found: dict[tuple[str, str], Counter[Verdict]] = defaultdict(Counter)
    for one in compared:
        shown = one.truth or one.said
        if shown is not None:
            found[shown.subject_kind, shown.cause][one.verdict] += 1
    return found


def markdown(compared: Sequence[Compared], most: int) -> Iterator[str]:
    """Two tables: counts, and at most `most` rows of each kind, cause and verdict side by side."""
    yield f"| subject | true cause | {' | '.join(Verdict)} |"
    yield f"| --- | --- |{' ---: |' * len(Verdict)}"
    for (kind, cause), counts in sorted(summary(compared).items()):
        yield f"| {kind} | {cause} | {' | '.join(str(counts[verdict] or '') for verdict in Verdict)} |"
    yield ""
    yield "| verdict | subject | truly | said | confidence | said after |"
    yield "| --- | --- | --- | --- | ---: | ---: |"
    shown: Counter[tuple[str, str, Verdict]] = Counter()
    for one in sorted(compared, key=_order):
        row = one.truth or one.said
        if row is None:
            continue
        shown[row.subject_kind, row.cause, one.verdict] += 1
        if shown[row.subject_kind, row.cause, one.verdict] <= most:
            yield _line(one, row)


def _compared(true: Row, said: Iterable[Row]) -> Compared:
    fitting = [one for one in said if _together(one, true)]
    if not fitting:
        return Compared(Verdict.MISSED, true, None)
    best = max(fitting, key=lambda one: (one.cause == true.cause, one.cause != _UNDETERMINED, one.root, -one.start))
    if best.cause == true.cause:
        return Compared(Verdict.RIGHT, true, best)
    return Compared(Verdict.UNDETERMINED if best.cause == _UNDETERMINED else Verdict.WRONG, true, best)


def _together(one: Row, other: Row) -> bool:
    """Whether the two overlap, give or take what polling cannot know."""
    return one.start <= _end(other) + _SLACK_S and other.start <= _end(one) + _SLACK_S


def _end(one: Row) -> float:
    return float("inf") if one.end is None else one.end


def _order(one: Compared) -> tuple[str, str, str, float]:
    row = one.truth or one.said
    return (one.verdict, row.subject_kind, row.cause, row.start) if row else (one.verdict, "", "", 0.0)


def _line(one: Compared, row: Row) -> str:
    truly = f"{one.truth.status}, {one.truth.cause}" if one.truth else ""
    said = f"{one.said.status}, {one.said.cause}" if one.said else ""
    confidence = "" if one.said is None or one.said.confidence is None else f"{one.said.confidence:.2f}"
    after = f"{one.said.start - one.truth.start:+.0f} s" if one.said and one.truth else ""
    return f"| {one.verdict} | {row.subject_kind} `{row.subject}` | {truly} | {said} | {confidence} | {after} |"


def _seconds(moment: object) -> float:
    at = datetime.fromisoformat(str(moment))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
