"""What a pack holds and what its data lacks, with counts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable."""

    code: str
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    state: str
    findings: tuple[Finding, ...]

    def as_text(self) -> str:
        width = max(len(f"{each.count:,}") for each in self.findings)
        return "\n".join([f"{self.state}:", *(f"{each.count:>{width},} {each.text}" for each in self.findings)])

    def as_json(self) -> dict[str, object]:
        found = [{"code": each.code, "count": each.count, "text": each.text} for each in self.findings]
        return {"state": self.state, "findings": found}
