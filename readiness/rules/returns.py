"""What the return of a silent place says of the outage that is over: did it reboot, or run on? Pure.

sysUpTime is the time since the agent started (SNMPv2-MIB, RFC 3418); read after the return, it dates
the start before or inside the silence. Times are UTC epoch seconds.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf

from inventory.hours import Hours
from readiness.model import Cause, Responsible, SubjectKind
from readiness.rules import causes
from readiness.rules.causes import Evidence, Weights
from readiness.rules.facts import announced
from readiness.rules.graph import Graph
from readiness.rules.notices import Board, is_notice
from readiness.rules.outages import Outage

_SLACK_S = 30.0  # agents that cache sysUpTime lag by up to half a minute
_MOST = 0.6
_LONG_S = 1200.0  # who ran for so long had mains then, however long the silence was
_EARLY_S = 3600.0  # who opens a kendra may switch its PC on a while before
_WAY_LOST = frozenset(
    {
        "port_down",
        "ports_down",
        "both_sides_down",
        "one_way",
        "several_beyond",
        "loss_of_signal",
        "trunk_back",
        "trunk_lost",
    }
)
"""What a neighbour, or an OLT, that was heard told of the way to it, or what lay between ways that were told lost."""
_HAD_MAINS = frozenset({"feeder_alive", "feeder_back", "ups_here_on_mains"})


@dataclass(frozen=True, slots=True)
class Boot:
    """When a device that is back had started, by what it said at `told_at`."""

    device: str
    started_at: float
    told_at: float

    def tells_of(self, outage: Outage) -> bool:
        return self.told_at >= outage.finding.start

    def is_inside(self, outage: Outage) -> bool:
        return self.started_at > outage.finding.start - _SLACK_S

    def ran_unheard(self, outage: Outage, polls_s: float) -> bool:
        """Whether it ran for most of the silence: what kept it silent so long was neither its power nor itself.

        `polls_s`: how long polls may take to find out that something is back.
        """
        ran_s = self.told_at - self.started_at
        return ran_s > polls_s and ran_s > (self.told_at - outage.finding.start) / 2

    def started_anew(self, outage: Outage, polls_s: float) -> bool:
        ran_long = self.told_at - self.started_at > max(polls_s, _LONG_S)
        return self.is_inside(outage) and not ran_long and not self.ran_unheard(outage, polls_s)


def evidence(
    outage: Outage,
    boots: Collection[Boot],
    *,
    at_end: bool,
    on_wire: bool,
    polls_s: float = 0.0,
    apart: bool = False,
    by_radio: bool = False,
) -> tuple[Evidence, ...]:
    """What those that are back say of an outage.

    `at_end`: the outage is about a device that carries nobody else; `on_wire`: only a wire inside
    its place leads to it, that no digger cuts; `polls_s`: how long polls may take to find a return;
    `by_radio`: no fibre leads to it; `apart`: the boxes at the dark ends of its cuts have their mains from different feeders.
    """
    told = sorted((boot for boot in boots if boot.tells_of(outage)), key=lambda boot: boot.device)
    kind, name = outage.finding.subject
    own = [boot for boot in told if kind is SubjectKind.DEVICE and boot.device == name]
    # Where a way was called cut, the boxes at its dark end tell more than those that merely lay behind them.
    own = own or [boot for boot in told if boot.device in ends(outage)]
    if len(own) == 1:
        wire = (
            "end_ran_on" if outage.end is None or outage.end - outage.finding.start > polls_s else "end_ran_on_briefly"
        )
        ran_on = wire if at_end and on_wire else "radio_ran_on" if by_radio else "ran_on"
        return _of_itself(outage, own[0], at_end, polls_s, ran_on)
    between = [boot for boot in told if boot not in own]
    lived = sum(not boot.is_inside(outage) for boot in between) * 2 > len(between)
    anew = "ends_started_anew" if own and apart and lived else "behind_started_anew"
    return _of_those_behind(outage, own or told, polls_s, anew)


def ends(outage: Outage) -> frozenset[str]:
    """The devices at the dark ends of the cuts by which an outage is told."""
    return frozenset(port.split(" ", 1)[0] for port in outage.finding.segment[1::2])


def _of_itself(outage: Outage, own: Boot, at_end: bool, polls_s: float, ran_on: str) -> tuple[Evidence, ...]:
    unseen = not at_end and _WAY_LOST.isdisjoint(outage.finding.kinds)  # it may have lain behind something else
    if own.is_inside(outage) and own.ran_unheard(outage, polls_s):
        said = Evidence("ran_unheard", f"{own.device} had run for most of the silence when it was back")
        return () if at_end else (said,)
    if own.is_inside(outage):
        alone = "started_anew" if _HAD_MAINS.isdisjoint(outage.finding.kinds) else "started_anew_alone"
        kind = "end_started_anew" if at_end else alone
        return (Evidence(kind, f"{own.device} had started anew when it was back"),)
    # What stayed dark when its feeder was back may have lain behind something else by then.
    hidden = ran_on == "ran_on" and (unseen or "feeder_back" in outage.finding.kinds)
    return (Evidence("ran_on_unseen" if hidden else ran_on, f"{own.device} had run on when it was back"),)


def _of_those_behind(outage: Outage, told: Sequence[Boot], polls_s: float, kind: str) -> tuple[Evidence, ...]:
    anew = sum(boot.started_anew(outage, polls_s) for boot in told)
    if anew and anew >= _MOST * len(told):
        return (Evidence(kind, f"{anew} of {len(told)} devices behind it had started anew"),)
    ran = sum(not boot.is_inside(outage) for boot in told)
    if ran and ran >= _MOST * len(told):
        return (Evidence("behind_ran_on", f"{ran} of {len(told)} devices behind it had run on"),)
    return ()


def back_early(outage: Outage, hours: Hours) -> tuple[Evidence, ...]:
    """What the end of an outage says of a PC that was silent from its kendra's closing time on: nobody opened since."""
    if outage.end is None or "closing_time" not in outage.finding.kinds:
        return ()
    opens = hours.opens_after(datetime.fromtimestamp(outage.finding.start, UTC))
    if opens is None or outage.end >= opens.timestamp() - _EARLY_S:
        return ()
    return (Evidence("back_while_closed", "it was back long before the kendra opened again"),)


def known(outage: Outage) -> tuple[Evidence, ...] | None:
    """What the outage was judged by; None where that was not kept, as of a shadow."""
    finding = outage.finding
    if len(finding.kinds) != len(finding.evidence):
        return None
    return tuple(Evidence(kind, sentence) for kind, sentence in zip(finding.kinds, finding.evidence, strict=True))


def again(outage: Outage, more: Sequence[Evidence], weights: Weights) -> Outage:
    """The outage as judged with `more` evidence; itself where there is none that is new."""
    before = known(outage)
    said = {item.sentence for item in before or ()}
    new = [item for item in more if item.sentence not in said]
    return outage if before is None or not new else _judged(outage, (*before, *new), weights)


def reconsidered(outage: Outage, said: Sequence[Evidence], weights: Weights) -> Outage:
    """The outage as judged with what people say of it now, in place of what they said before."""
    before = known(outage)
    if before is None:
        return outage
    seen = [item for item in before if not is_notice(item.kind)]
    had = [item.sentence for item in before if is_notice(item.kind)]
    return outage if had == [item.sentence for item in said] else _judged(outage, (*seen, *said), weights)


def _judged(outage: Outage, evidence: Sequence[Evidence], weights: Weights) -> Outage:
    old = outage.finding
    verdict = causes.judge(evidence, weights.naming(old.kinds))
    own = {Cause.EQUIPMENT, Cause.ADMINISTRATIVE, Cause.UNDETERMINED}
    keeps = old.responsible is Responsible.KENDRA_OPERATOR and verdict.cause in own
    finding = replace(
        old, cause=verdict.cause, confidence=verdict.confidence, evidence=verdict.evidence, kinds=verdict.kinds,
        weights=verdict.weights, responsible=old.responsible if keeps else verdict.responsible,
    )  # fmt: skip
    return replace(outage, finding=finding)


def shadow_again(shadow: Outage, root: Outage) -> Outage:
    """What the root explained, after the root was judged again."""
    old, cause = shadow.finding, shadow.finding.cause
    if cause is Cause.POWER and root.finding.cause is not Cause.POWER:
        cause = Cause.UPSTREAM
    finding = replace(
        old, cause=cause, confidence=root.finding.confidence, responsible=root.finding.responsible
    )  # fmt: skip
    return replace(shadow, finding=finding)


def said_of(graph: Graph, board: Board, outage: Outage) -> tuple[Evidence, ...]:
    """What people announced or answered about an outage."""
    kind, name = outage.finding.subject
    start, end = outage.finding.start, inf if outage.end is None else outage.end
    if kind is SubjectKind.DEVICE and name in graph.index:
        return announced(graph, board, (graph.index[name],), (), start=start, end=end)
    if kind is not SubjectKind.LINK:
        return ()
    links = [graph.link_index[name]] if name in graph.link_index else []
    links = graph.links_on(name) if not links and name in graph.trunks else links
    ends = sorted({int(node) for link in links for node in (graph.a[link], graph.b[link]) if not graph.at_noc[node]})
    return announced(graph, board, ends, links, start=start, end=end)
