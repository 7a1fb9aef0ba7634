"""An SnmpBackend for one look at one device: nothing is asked for twice, and a device that fell silent not at all.

One that is silent to walks may still answer GETs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from collectors.model import Failure, Reason
from collectors.plan import SYS_UP_TIME
from collectors.snmp.backend import Limits, SnmpBackend, Target, Value
from collectors.snmp.single import PROOF


@dataclass(slots=True)
class Remembering:
    """`backend`, with the answers so far. Its owner closes `backend`."""

    backend: SnmpBackend
    _got: dict[str, Value | None] = field(default_factory=dict)  # None: asked for and absent
    _walked: dict[str, Mapping[str, Value]] = field(default_factory=dict)
    _silent: Failure | None = None
    _unwalked: Failure | None = None

    async def get(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        missing = [oid for oid in oids if oid not in self._got]
        if missing:
            answer = self._silent or await self._ask(target, missing)
            if isinstance(answer, Failure):
                self._silent = self._silent or _silence(answer)
                return answer
            self._got.update({oid: answer.get(oid) for oid in missing})
        return {oid: value for oid in oids if (value := self._got[oid]) is not None}

    async def _ask(self, target: Target, oids: Sequence[str]) -> Mapping[str, Value] | Failure:
        """Again where silence is followed by an answer for a single object: that proved, the backend asks otherwise."""
        once = replace(target, attempts=1)
        for number in range(PROOF):
            answer = await self.backend.get(once if number else target, oids)
            if not _silence(answer) or len(oids) == 1:
                break
            if isinstance(await self.backend.get(once, (SYS_UP_TIME,)), Failure):
                break
        return answer

    async def walk(self, target: Target, column: str, limits: Limits) -> Mapping[str, Value] | Failure:
        if column in self._walked:
            rows = self._walked[column]
            return rows if limits.whole else dict(islice(rows.items(), limits.rows))
        answer = self._silent or self._unwalked or await self.backend.walk(target, column, limits)
        if isinstance(answer, Failure):
            self._unwalked = self._unwalked or _silence(answer)
            return answer
        if limits.whole or len(answer) < limits.rows:
            self._walked[column] = answer
        return answer

    async def close(self) -> None:
        pass


def _silence(answer: Mapping[str, Value] | Failure) -> Failure | None:
    return answer if isinstance(answer, Failure) and answer.reason is Reason.TIMEOUT else None
