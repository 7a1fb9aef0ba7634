"""An SnmpBackend for one look at one device: nothing is asked for twice, and a device that fell silent not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from collectors.model import Failure, Reason
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value


@dataclass(slots=True)
class Remembering:
    """`backend`, with the answers so far. Its owner closes `backend`."""

    backend: SnmpBackend
    _got: dict[str, Value | None] = field(default_factory=dict)  # None: asked for and absent
    _walked: dict[str, Mapping[str, Value]] = field(default_factory=dict)
    _silent: Failure | None = None

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        missing = [oid for oid in oids if oid not in self._got]
        if missing:
            answer = self._silent or await self.backend.get(target, missing)
            if isinstance(answer, Failure):
                return self._failed(answer)
            self._got.update({oid: answer.get(oid) for oid in missing})
        return {oid: value for oid in oids if (value := self._got[oid]) is not None}

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        if column in self._walked:
            rows = self._walked[column]
            return rows if limits.whole else dict(islice(rows.items(), limits.rows))
        answer = self._silent or await self.backend.walk(target, column, limits)
        if isinstance(answer, Failure):
            return self._failed(answer)
        if limits.whole or len(answer) < limits.rows:
            self._walked[column] = answer
        return answer

    async def close(self) -> None:
        pass

    def _failed(self, failure: Failure) -> Failure:
        if failure.reason is Reason.TIMEOUT:
            self._silent = failure
        return failure
