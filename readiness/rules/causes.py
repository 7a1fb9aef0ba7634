"""The cause of an outage from its evidence, with weights that are data (causes.toml). Pure."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from math import exp, fsum, log

from readiness.model import Cause, Responsible


@dataclass(frozen=True, slots=True)
class Evidence:
    """`kind` is a name in causes.toml, `sentence` what was seen. Who announced something may name who has to act."""

    kind: str
    sentence: str
    responsible: Responsible | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`confidence` is the share of the likeliest cause, also where that is too small to name it.

    `kinds` are the names in causes.toml of each sentence in `evidence`, `weights` the version of that file.
    """

    cause: Cause
    confidence: float
    evidence: tuple[str, ...]
    responsible: Responsible
    kinds: tuple[str, ...] = ()
    weights: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """`version` is the date in the file and the begin of the SHA-256 of its text."""

    version: str
    sure_from: float
    prior: Mapping[Cause, float]
    evidence: Mapping[str, Mapping[Cause, float]]
    responsible: Mapping[Cause, Responsible]

    def naming(self, kinds: Iterable[str]) -> "Weights":
        """Also these kinds, by which another version judged: what isn't named here speaks for no cause."""
        return replace(self, evidence={**{kind: {} for kind in kinds}, **self.evidence})


@cache
def shipped_weights() -> Weights:
    text = files("readiness.rules").joinpath("causes.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    return Weights(
        f"{raw['version']} {sha256(text.encode()).hexdigest()[:12]}",
        raw["sure_from"],
        _by_cause(raw["prior"]),
        {kind: _by_cause(factors) for kind, factors in raw["evidence"].items()},
        {Cause(cause): Responsible(who) for cause, who in raw["responsible"].items()},
    )


def _by_cause(factors: Mapping[str, float]) -> dict[Cause, float]:
    return {Cause(cause): factor for cause, factor in factors.items()}


def shares(kinds: Sequence[str], weights: Weights) -> dict[Cause, float]:
    """How likely each cause is; they add up to 1. A kind that the weights don't name raises KeyError."""
    factors = [weights.evidence[kind] for kind in kinds]
    # A sum by fsum is the same in whatever order: so is the cause, whoever spoke first.
    scores = {
        cause: exp(fsum([log(prior), *(log(factor.get(cause, 1.0)) for factor in factors)]))
        for cause, prior in weights.prior.items()
    }
    total = fsum(scores.values())
    return {cause: score / total for cause, score in scores.items()}


def judge(evidence: Sequence[Evidence], weights: Weights) -> Verdict:
    """The likeliest cause; evidence of a kind that the weights don't name raises KeyError."""
    kinds = tuple(item.kind for item in evidence)
    found = shares(kinds, weights)
    likeliest = max(found, key=lambda cause: found[cause])
    cause = likeliest if found[likeliest] >= weights.sure_from else Cause.UNDETERMINED
    sentences = tuple(item.sentence for item in evidence)
    confidence = round(found[likeliest], 3)
    named = {one.responsible for one in evidence if one.responsible and _speaks_for(one.kind, cause, weights)}
    acts = min(named, default=weights.responsible[cause])
    return Verdict(cause, confidence, sentences, acts, kinds, weights.version)


def _speaks_for(kind: str, cause: Cause, weights: Weights) -> bool:
    return weights.evidence[kind].get(cause, 1.0) > 1


def strongest(kinds: Sequence[str], cause: Cause, weights: Weights) -> int | None:
    """The place of the evidence that speaks most for `cause` against the others; None where none does."""
    lift = [_lift(weights.evidence.get(kind, {}), cause, weights) for kind in kinds]
    best = max(range(len(lift)), key=lift.__getitem__, default=None)
    return None if best is None or lift[best] <= 1 else best


def _lift(factors: Mapping[Cause, float], cause: Cause, weights: Weights) -> float:
    """By how much the evidence raises the odds of `cause`."""
    others = fsum(prior * factors.get(other, 1.0) for other, prior in weights.prior.items() if other is not cause)
    plain = fsum(prior for other, prior in weights.prior.items() if other is not cause)
    return factors.get(cause, 1.0) * plain / others if others else 1.0
