"""What was said of each thing that truly failed: was it found, and was its cause right? Pure.

A root counts as found where an outage that is called a root names it, brackets it between two ports, or names the box
or site at its end; where `exact`, the thing itself or its two ports. Mains are lost by a site and told of its devices.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.visible import Seen
from inventory.model import Inventory

UNDETERMINED = "undetermined"
_SLACK_S = 15.0


@dataclass(frozen=True, slots=True)
class Said:
    """An outage as it was stored; times are UTC epoch seconds, `end` inf for what goes on."""

    number: int
    subject_kind: str
    subject: str
    status: str
    cause: str
    confidence: float
    root: bool
    explained_by: int | None
    segment: tuple[str, ...]
    evidence: tuple[str, ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """`said` is None where nothing was said of it; `root` what was said to be at its root."""

    true: Seen
    said: Said | None
    root: Said | None
    exact: bool


class Ends:
    """What of an inventory tells which subjects are one thing."""

    def __init__(self, inventory: Inventory) -> None:
        self._site_of = {device.name: device.site for device in inventory.devices.values()}
        self._ports: dict[str, list[str]] = defaultdict(list)  # link or trunk -> its ends, as a segment names them
        self._boxes: dict[str, set[str]] = defaultdict(set)  # link or trunk -> the devices at its ends
        for link in inventory.links.values():
            for name in {link.name, link.trunk} - {""}:
                self._ports[name] += [f"{link.a_device} {link.a_port}", f"{link.b_device} {link.b_port}"]
                self._boxes[name] |= {link.a_device, link.b_device}
        self._links_of: dict[str, set[str]] = defaultdict(set)  # device or site -> links and trunks
        for name, boxes in self._boxes.items():
            for box in boxes:
                self._links_of[box].add(name)
                self._links_of[self._site_of[box]].add(name)
        self._ports_of: dict[str, set[str]] = defaultdict(
            set
        )  # device or site -> its own ports, as a segment names them
        for link in inventory.links.values():
            for box, port in ((link.a_device, link.a_port), (link.b_device, link.b_port)):
                self._ports_of[box].add(f"{box} {port}")
                self._ports_of[self._site_of[box]].add(f"{box} {port}")

    def exact(self, kind: str, subject: str) -> Iterator[str]:
        """The texts by which a said outage names it."""
        yield subject
        if kind == "link":
            yield from self._ports[subject]

    def near(self, kind: str, subject: str) -> Iterator[str]:
        """The subjects beside it at which one would look for it."""
        if kind == "link":
            yield from self._boxes[subject]
        elif kind in {"device", "site"}:
            yield from self._links_of[subject]
            yield from self._ports_of[subject]

    def texts(self, said: Said) -> Iterator[str]:
        yield said.subject
        yield from said.segment
        if said.subject_kind == "device":
            yield self._site_of.get(said.subject, "")


def verdicts(truth: Sequence[Seen], said: Sequence[Said], ends: Ends) -> list[Verdict]:
    by_text: dict[str, list[Said]] = defaultdict(list)
    by_number = {one.number: one for one in said}
    for one in said:
        for text in ends.texts(one):
            by_text[text].append(one)
    named = _named(truth, by_text, ends)
    return [_verdict(true, by_text, by_number, ends, named) for true in truth]


def _named(truth: Iterable[Seen], by_text: Mapping[str, list[Said]], ends: Ends) -> dict[int, float]:
    """Root by number -> for how long, in seconds, something went on that it names: it tells of nothing shorter beside it."""
    found: dict[int, float] = defaultdict(float)
    for true in truth:
        for one in _fitting(true, by_text, ends.exact(true.subject_kind, true.subject)):
            found[one.number] = max(found[one.number], _shared_s(true, one))
    return found


def _shared_s(true: Seen, said: Said) -> float:
    return min(said.end, true.end) - max(said.start, true.start)


def invented(truth: Sequence[Seen], said: Sequence[Said], ends: Ends) -> list[Said]:
    """Roots by what was said, beside which nothing true failed then.

    A way that is told lost while both its ends work has to have failed itself: a box at its end that died is not it.
    """
    by_name: dict[str, list[Seen]] = defaultdict(list)
    beside: dict[str, list[Seen]] = defaultdict(list)
    for true in truth:
        for text in ends.exact(true.subject_kind, true.subject):
            by_name[text].append(true)
        for text in ends.near(true.subject_kind, true.subject):
            beside[text].append(true)
    return [
        one for one in said
        if one.root
        and not any(_together(true, one) for text in ends.texts(one) for true in by_name[text])
        and (one.status != "down" or not any(_together(true, one) for text in ends.texts(one) for true in beside[text]))
    ]  # fmt: skip


def early(lost: Mapping[str, Sequence[tuple[float, float]]], said: Sequence[Said], slack_s: float) -> list[float]:
    """By how many seconds devices were told to be down before they truly were, where that is more than `slack_s`.

    `lost`: begin and end of each time at which a device was truly lost, in order.
    """
    found = []
    for one in said:
        if one.subject_kind != "device" or one.status != "down":
            continue
        begins = [start for start, end in lost.get(one.subject, ()) if end > one.start and start < one.end]
        if begins and begins[0] - one.start > slack_s:
            found.append(begins[0] - one.start)
    return found


def _verdict(
    true: Seen, by_text: Mapping[str, list[Said]], by_number: Mapping[int, Said], ends: Ends, named: Mapping[int, float]
) -> Verdict:
    exact = _fitting(true, by_text, ends.exact(true.subject_kind, true.subject))
    named_root = _best(true, roots) if (roots := [one for one in exact if one.root]) else None
    if named_root and _shared_s(true, named_root) > 0:
        return Verdict(true, named_root, named_root, exact=True)
    # Mains lost by a whole feeder are one outage; each of its sites is told as part of it.
    powerless = [one for one in exact if one.cause == "power" and one.explained_by is not None]
    if true.cause == "power" and powerless:
        best = _best(true, powerless)
        return Verdict(true, best, by_number.get(best.explained_by or 0), exact=True)
    near = _fitting(true, by_text, ends.near(true.subject_kind, true.subject))
    # What is down is not found by a lost redundancy beside it, nor by what else failed there.
    own = [one for one in near if _shared_s(true, one) > named.get(one.number, -_SLACK_S)]
    if roots := [one for one in own if one.root and one.status == true.status]:
        best = _best(true, roots)
        return Verdict(true, best, best, exact=False)
    if named_root:  # it was told a moment late, and nothing else was
        return Verdict(true, named_root, named_root, exact=True)
    return Verdict(true, _best(true, exact) if exact else None, None, exact=False)


def _fitting(true: Seen, by_text: Mapping[str, list[Said]], texts: Iterable[str]) -> list[Said]:
    return [one for text in texts for one in by_text.get(text, ()) if _together(true, one)]


def _together(true: Seen, said: Said) -> bool:
    return said.start <= true.end + _SLACK_S and true.start <= said.end + _SLACK_S


def _best(true: Seen, said: Sequence[Said]) -> Said:
    """The one that lasted longest while it was true; of equals the one that came first."""

    def shared(one: Said) -> tuple[float, float]:
        return _shared_s(true, one), -one.start

    return max(said, key=shared)
