"""Until when the certificates of endpoints are valid: noted in the store when that changes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection, Engine, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from collectors.http.look import Look
from collectors.http.tables import endpoint_certificate
from storage.engine import for_writing

CertificateEnds = Callable[[str, float | None], Awaitable[bool]]
"""Is told of an endpoint when its certificate ends (UTC epoch seconds), or None: it has none; whether that is noted."""

# Behind one name may stand several servers, each with a certificate of its own that has to be renewed.
_TOGETHER_S = 3600.0
# RFC 5280 section 4.1.2.5: 9999-12-31T23:59:59Z means "never"; a day of ours must still fit behind it.
_LATEST = datetime(9999, 12, 1, tzinfo=UTC).timestamp()
_SAME_S = 600.0  # the end is reckoned from the time of the look

_ENDS = select(endpoint_certificate).order_by(endpoint_certificate.c.endpoint)

_log = structlog.get_logger()


class Certificates:
    """What good looks of the last hour showed; the certificate that ends first counts.

    A look that failed changes nothing: a certificate that nobody saw is not renewed.
    """

    def __init__(self, tell: CertificateEnds) -> None:
        self._tell = tell
        self._seen: dict[str, list[tuple[float, float]]] = {}  # endpoint -> when looked, when it ends
        self._told: dict[str, float | None] = {}

    async def take(self, look: Look) -> None:
        if look.failure:
            return
        ends = self._ends(look, look.found.certificate_s)
        if look.endpoint in self._told and _is_same(self._told[look.endpoint], ends):
            return
        if await self._tell(look.endpoint, ends):
            self._told[look.endpoint] = ends

    def _ends(self, look: Look, left_s: float | None) -> float | None:
        if left_s is None:
            self._seen.pop(look.endpoint, None)
            return None
        recent = [one for one in self._seen.get(look.endpoint, ()) if one[0] > look.at - _TOGETHER_S]
        self._seen[look.endpoint] = [*recent, (look.at, min(look.at + left_s, _LATEST))]
        return min(ends for _, ends in self._seen[look.endpoint])


def _is_same(a: float | None, b: float | None) -> bool:
    return a == b if a is None or b is None else abs(a - b) < _SAME_S


def note_certificate(engine: Engine, endpoint: str, ends_at: datetime | None) -> None:
    """The certificate of an endpoint ends then; None: it has none."""
    with for_writing(engine).begin() as connection:
        connection.execute(delete(endpoint_certificate).where(endpoint_certificate.c.endpoint == endpoint))
        if ends_at is not None:
            connection.execute(insert(endpoint_certificate).values(endpoint=endpoint, ends_at=ends_at))


def noting_certificates(engine: Engine) -> CertificateEnds:
    """As `note_certificate`; False where the store is away."""

    async def note_now(endpoint: str, ends: float | None) -> bool:
        ends_at = None if ends is None else datetime.fromtimestamp(ends, UTC)
        try:
            await asyncio.to_thread(note_certificate, engine, endpoint, ends_at)
        except SQLAlchemyError as error:
            _log.error("store is away: a certificate was not noted", endpoint=endpoint, error=type(error).__name__)
            return False
        return True

    return note_now


def certificate_ends(connection: Connection) -> Mapping[str, datetime]:
    """Endpoint -> when its certificate ends."""
    return {row.endpoint: row.ends_at for row in connection.execute(_ENDS)}
