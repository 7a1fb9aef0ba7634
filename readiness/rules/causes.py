"""The cause of an outage from its evidence, with weights that are data (causes.toml). Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import prod

from readiness.model import Cause, Responsible


@dataclass(frozen=True, slots=True)
class Evidence:
    """`kind` is a name in causes.toml, `sentence` what was seen."""

    kind: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`confidence` is the share of the likeliest cause, also where that is too small to name it."""

    cause: Cause
    confidence: float
    evidence: tuple[str, ...]
    responsible: Responsible


@dataclass(frozen=True, slots=True)
class Weights:
    sure_from: float
    prior: Mapping[Cause, float]
    evidence: Mapping[str, Mapping[Cause, float]]
    responsible: Mapping[Cause, Responsible]


@cache
def shipped_weights() -> Weights:
    text = files("readiness.rules").joinpath("causes.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return Weights(
        raw["sure_from"],
        _by_cause(raw["prior"]),
        {kind: _by_cause(factors) for kind, factors in raw["evidence"].items()},
        {Cause(cause): Responsible(who) for cause, who in raw["responsible"].items()},
    )


def _by_cause(factors: Mapping[str, float]) -> dict[Cause, float]:
    return {Cause(cause): factor for cause, factor in factors.items()}


def judge(evidence: Sequence[Evidence], weights: Weights) -> Verdict:
    """The likeliest cause; evidence of a kind that the weights don't name raises KeyError."""
    scores = {
        cause: prior * prod(weights.evidence[item.kind].get(cause, 1.0) for item in evidence)
        for cause, prior in weights.prior.items()
    }
    likeliest = max(scores, key=lambda cause: scores[cause])
    share = scores[likeliest] / sum(scores.values())
    cause = likeliest if share >= weights.sure_from else Cause.UNDETERMINED
    sentences = tuple(item.sentence for item in evidence)
    return Verdict(cause, round(share, 3), sentences, weights.responsible[cause])
