"""Templates, one environment a language."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api import i18n
from api.context import Context
from api.pages.speaker import Speaker

TEMPLATES = Path(__file__).parents[1] / "templates"


@cache
def environment(language: str) -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(i18n.catalogue(language), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.globals["say"] = Speaker(language)
    made.globals["languages"] = [(code, i18n.own_name(code)) for code in i18n.LANGUAGES]
    return made


def page(here: Context, language: str, template: str, **values: Any) -> Response:
    """The template as HTML."""
    now = here.clock()
    text = (
        environment(language)
        .get_template(template)
        .render(
            language=language,
            asset=here.assets.url,
            now=now,
            blind_since=here.blind_since(),
            sources=list(here.inventory.sources.values()),
            **values,
        )
    )
    return HTMLResponse(text)
