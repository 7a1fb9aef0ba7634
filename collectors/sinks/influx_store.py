"""One InfluxDB 2 bucket, through influxdb-client: a request and what its answer means."""

import zlib
from dataclasses import dataclass
from itertools import count

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService
from urllib3.exceptions import HTTPError

from collectors.sinks.lines import samples_in
from storage.settings import InfluxSettings, resolve_secret

_TIMEOUT_MS = (3_000, 10_000)  # connecting, waiting for the answer
_REFUSED = frozenset({400, 413, 422})  # the lines are at fault; 401 or 404 is for an operator to mend
_MOST_TRIES = 200  # requests to find the bad lines of one; five bad ones among 10,000 take about 120
_MOST_SHOWN = 300  # characters of a refused line, and of the answer
_LONGEST_ASKED_S = 30.0
_GZIP = 31


class AwayError(Exception):
    """The store did not take the lines and may do so later; says nothing of whether it stored some of them."""

    def __init__(self, why: str, ask_again_s: float = 0.0) -> None:
        super().__init__(why)
        self.ask_again_s = ask_again_s


class RefusedError(Exception):
    """The store will never take these lines as they are."""


@dataclass(frozen=True, slots=True)
class Refused:
    """How many samples were refused for good; of the last line among them the answer and its beginning."""

    samples: int = 0
    why: str = ""
    line: str = ""


class InfluxStore:
    """Blocking; for a thread. Raises SecretUnavailableError where the token's reference leads nowhere."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._org, self._bucket = settings.org, settings.bucket
        self._client = InfluxDBClient(settings.url, resolve_secret(settings.token), timeout=_TIMEOUT_MS)
        self._writes = WriteService(self._client.api_client)  # type: ignore[no-untyped-call] # the library leaves it untyped

    def write(self, body: bytes) -> None:
        """Write lines that are compressed by `packed`, several after one another too."""
        try:
            self._writes.post_write(  # type: ignore[no-untyped-call]
                self._org,
                self._bucket,
                body,
                precision=WritePrecision.MS,
                content_encoding="gzip",
                content_type="text/plain; charset=utf-8",
            )
        except ApiException as error:
            if error.status in _REFUSED:
                raise RefusedError(f"{error.status}: {error.message}"[:_MOST_SHOWN]) from error
            raise AwayError(f"{error.status}: {error.reason}", _seconds(error.retry_after)) from error
        except (HTTPError, OSError) as error:
            raise AwayError(type(error).__name__) from error

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call] # the library leaves it untyped


def packed(lines: bytes) -> bytes:
    return zlib.compress(lines, 1, _GZIP)


def unpacked(body: bytes) -> bytes:
    """What was packed, of one or several after one another."""
    lines = []
    while body:
        reader = zlib.decompressobj(_GZIP)
        lines.append(reader.decompress(body))
        body = reader.unused_data
    return b"".join(lines)


def write_what_fits(store: InfluxStore, body: bytes) -> Refused:
    """Write what the store takes of lines of which it has refused some, by halves; AwayError: some may be written.

    Lines that are written twice for that change nothing: they name the same points.
    """
    pieces, refused = [unpacked(body).splitlines(keepends=True)], Refused()
    for tries in count(1):
        if not pieces:
            break
        piece = pieces.pop()
        try:
            store.write(packed(b"".join(piece)))
        except RefusedError as error:
            if len(piece) > 1 and tries < _MOST_TRIES:
                half = len(piece) // 2
                pieces += [piece[half:], piece[:half]]
            else:
                samples = refused.samples + sum(map(samples_in, piece))
                refused = Refused(samples, str(error), piece[0].decode(errors="replace")[:_MOST_SHOWN])
    return refused


def _seconds(retry_after: str | None) -> float:
    """What a Retry-After header asks for; its other form, a date, is not used by stores."""
    return min(float(retry_after), _LONGEST_ASKED_S) if retry_after and retry_after.isdecimal() else 0.0
