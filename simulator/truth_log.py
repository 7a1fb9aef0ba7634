"""The truth as a file: a JSON object a line, one for each interval (DESIGN section 8)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from simulator.truth import Key, Outage


class TruthLog:
    """Writes an interval when it ends; `close` writes those still open, with `to` null."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._open: dict[Key, tuple[Outage, float]] = {}

    def update(self, outages: Mapping[Key, Outage], now: float) -> None:
        for key, (outage, since) in list(self._open.items()):
            if outages.get(key) != outage:
                del self._open[key]
                self._write(key, outage, since, now)
        for key, outage in outages.items():
            self._open.setdefault(key, (outage, now))
        self._out.flush()

    def close(self) -> None:
        for key, (outage, since) in self._open.items():
            self._write(key, outage, since, None)
        self._open.clear()
        self._out.close()

    def _write(self, key: Key, outage: Outage, since: float, until: float | None) -> None:
        kind, subject = key
        line = {
            "subject": subject,
            "subject_kind": kind,
            "status": outage.status,
            "cause": outage.cause,
            "root": outage.root,
            "from": _iso(since),
            "to": None if until is None else _iso(until),
        }
        self._out.write(json.dumps(line, ensure_ascii=False) + "\n")


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
