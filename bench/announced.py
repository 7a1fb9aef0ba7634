"""What a state announces of its own doing, put into the store when it begins: works, and ports shut for unpaid bills.

Somebody's planned work is known beforehand to whoever does it (simulator.condition), and so is what is shut for a bill. Nothing
else is told to anybody.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import Engine

from readiness.notices import Announced, declare
from readiness.rules.notices import About, NoticeKind
from readiness.store import moment
from simulator.truth import Key, Outage, Subject

_KINDS = {"planned": NoticeKind.RIGHT_OF_WAY, "administrative": NoticeKind.SHUT_DOWN}
_LASTS = {"planned": timedelta(hours=12), "administrative": timedelta(days=7)}
_ABOUT = {Subject.DEVICE: About.DEVICE, Subject.LINK: About.LINK}


def is_announced(key: Key, cause: str) -> bool:
    """Whether it is known beforehand; nobody says when they switch a PC off."""
    return key[0] in _ABOUT and cause in _KINDS and not (key[0] is Subject.DEVICE and cause == "administrative")


class Announcer:
    """Declares each root of such a cause once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: set[Key] = set()

    def update(self, outages: Mapping[Key, Outage], now: float) -> None:
        ours = {key for key, outage in outages.items() if outage.root and is_announced(key, outage.cause)}
        new = sorted(ours - self._known)
        self._known = ours
        if new:
            declare(self._engine, list(self._notices(new, outages, now)), moment(now))

    def _notices(self, new: list[Key], outages: Mapping[Key, Outage], now: float) -> Iterator[Announced]:
        for kind, subject in new:
            cause, since = outages[kind, subject].cause, moment(now)
            yield Announced(_KINDS[cause], _ABOUT[kind], subject, since, "bench", since + _LASTS[cause])
