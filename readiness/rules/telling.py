"""Why an outage was, in one sentence; and which rule made which decision. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from readiness.model import Cause, Layer, SubjectKind
from readiness.rules import causes
from readiness.rules.causes import Weights
from readiness.rules.watch import NOBODY_WATCHED


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule by its name in docs/judgement.md and its file in readiness/rules."""

    name: str
    file: str


def because(cause: Cause, confidence: float, evidence: Sequence[str], kinds: Sequence[str], weights: Weights) -> str:
    """The cause with its confidence and what spoke most for it."""
    share, reason = f"{confidence:.2f}", _reason(cause, evidence, kinds, weights)
    if not reason:
        return _alone(cause, share)
    return {
        Cause.POWER: f"power was lost, confidence {share}: {reason}",
        Cause.FIBRE: f"the fibre was cut, confidence {share}: {reason}",
        Cause.EQUIPMENT: f"equipment failed, confidence {share}: {reason}",
        Cause.UPSTREAM: f"the fault lies further up, confidence {share}: {reason}",
        Cause.LAST_MILE: f"the last mile failed, confidence {share}: {reason}",
        Cause.ADMINISTRATIVE: f"it was shut or switched off, confidence {share}: {reason}",
        Cause.PLANNED: f"it was planned work, confidence {share}: {reason}",
        Cause.UNDETERMINED: f"the cause is not determined; what was seen: {reason}",
    }[cause]


def _alone(cause: Cause, share: str) -> str:
    return {
        Cause.POWER: f"power was lost, confidence {share}",
        Cause.FIBRE: f"the fibre was cut, confidence {share}",
        Cause.EQUIPMENT: f"equipment failed, confidence {share}",
        Cause.UPSTREAM: f"the fault lies further up, confidence {share}",
        Cause.LAST_MILE: f"the last mile failed, confidence {share}",
        Cause.ADMINISTRATIVE: f"it was shut or switched off, confidence {share}",
        Cause.PLANNED: f"it was planned work, confidence {share}",
        Cause.UNDETERMINED: "the cause is not determined: nothing was seen that tells it",
    }[cause]


def _reason(cause: Cause, evidence: Sequence[str], kinds: Sequence[str], weights: Weights) -> str:
    if len(kinds) == len(evidence) and (best := causes.strongest(kinds, cause, weights)) is not None:
        return evidence[best]
    return evidence[0] if evidence and (not kinds or cause is Cause.UNDETERMINED) else ""


_OF_KIND = {
    SubjectKind.DEVICE: Rule("status_step", "status.py"),
    SubjectKind.LINK: Rule("link_by_ports", "links.py"),
    SubjectKind.SITE: Rule("site_by_devices", "village.py"),
    SubjectKind.VILLAGE: Rule("village_chain", "village.py"),
    SubjectKind.ENDPOINT: Rule("endpoint_looks", "endpoint.py"),
}
# What a reason shows, before the rule of its kind: the first that is found in it.
_BY_REASON = (
    (NOBODY_WATCHED, Rule("nobody_watched", "watch.py")),
    ("through which it is seen", Rule("seen_through", "status.py")),
    ("not polled any more", Rule("not_polled", "status.py")),
    ("references", Rule("sight", "sight.py")),
    ("flapping: ", Rule("flap_damping", "flapping.py")),
    ("limit", Rule("limits", "quality.toml")),
)
CAUSE_RULE = Rule("evidence_by_weights", "causes.toml")
SHADOW_RULE = Rule("shadow_of_root", "incidents.py")


def rule_of(kind: SubjectKind, reason: str, layer: Layer | None) -> Rule:
    """The rule by which a state with that reason was judged."""
    if layer is Layer.ENDPOINT and kind is SubjectKind.VILLAGE:
        return Rule("services_by_endpoints", "services.py")
    return next((rule for words, rule in _BY_REASON if words in reason), _OF_KIND[kind])
