"""What somebody sees who follows a wrong link, or asks for what too many are waiting for."""

from typing import cast

from fastapi import Request, Response
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException

from api.context import Context
from api.i18n import LANGUAGES
from api.pages.render import page
from inventory.scope import Scope

_RETRY_S = 15
"""A state's report takes about 5 s."""


async def nowhere(request: Request, error: Exception) -> Response:
    """A page where pages are, JSON elsewhere."""
    return await _told(request, cast("HTTPException", error), "error.html")


async def busy(request: Request, _: Exception) -> Response:
    """The same, with the time after which it is worth asking again (RFC 9110, 10.2.3)."""
    why = "this is being worked out, and many wait for it already: ask again"
    return await _told(request, HTTPException(503, why, {"Retry-After": str(_RETRY_S)}), "busy.html")


async def _told(request: Request, error: HTTPException, template: str) -> Response:
    language = request.url.path.split("/")[1]
    if language not in LANGUAGES or "/fragment/" in request.url.path:
        return await http_exception_handler(request, error)
    here: Context = request.app.state.context
    found = page(here, language, template, scope=Scope(), trail=(), address="")
    found.status_code = error.status_code
    found.headers.update(error.headers or {})
    return found
