"""What an error of the HTTP library means for the endpoint."""

import errno
import ssl
from collections.abc import Iterator

import httpx2

from collectors.model import Failure, Reason
from collectors.text import text

_OURS = frozenset({errno.ENETUNREACH, errno.EACCES, errno.EPERM, errno.EADDRNOTAVAIL, errno.EMFILE, errno.ENFILE})
_DETAIL = 200  # characters


def failure_of(error: BaseException) -> Failure:
    """The Failure that `error`, raised by a request, amounts to."""
    for cause in _chain(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return Failure(Reason.TLS, detail=_line(cause.verify_message))
            case ssl.SSLError():
                return Failure(Reason.TLS, detail=_line(cause.reason or str(cause)))
            case ConnectionRefusedError():
                return Failure(Reason.REFUSED)
            case OSError() if cause.errno in _OURS:
                return Failure(Reason.NO_ROUTE, detail=_line(str(cause)))
            case ConnectionError() | httpx2.RemoteProtocolError() | httpx2.NetworkError() | httpx2.InvalidURL() if (
                not isinstance(cause, httpx2.ConnectError)
            ):
                return Failure(Reason.PROTOCOL, detail=_line(f"{type(cause).__name__}: {cause}"))
    return Failure(Reason.TIMEOUT, detail=_line(f"{type(error).__name__}: {error}"))


def is_of_connecting(error: BaseException) -> bool:
    """Whether another address of the same host may still answer."""
    refused = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
    return refused and not any(isinstance(cause, ssl.SSLError) for cause in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what raised it, innermost first: that is the one which says why."""
    waiting, found = [error], []
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting += [cause for cause in (each.__cause__ or each.__context__,) if cause and cause not in found]
        waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
    return reversed(found)


def _line(words: str) -> str:
    return text(words.encode())[:_DETAIL]
