"""What somebody sees who follows a wrong link."""

from typing import cast

from fastapi import Request, Response
from fastapi.exception_handlers import http_exception_handler
from starlette.exceptions import HTTPException

from api.context import Context
from api.i18n import LANGUAGES
from api.pages.render import page
from inventory.scope import Scope


async def nowhere(request: Request, error: Exception) -> Response:
    """A page where pages are, JSON elsewhere."""
    language = request.url.path.split("/")[1]
    if language not in LANGUAGES or "/fragment/" in request.url.path:
        return await http_exception_handler(request, cast("HTTPException", error))
    here: Context = request.app.state.context
    found = page(here, language, "error.html", scope=Scope(), trail=(), address="")
    found.status_code = 404
    return found
