"""Reasons and evidence in the reader's language.

The judgement stores English sentences. Each form of sentence is a message here, with its values as
%(name)s; a sentence that has none of these forms is shown as it is.
"""

import gettext
import re
from functools import cache

from api.i18n import N_

FORMS: tuple[str, ...] = (
    N_("answers"),
    N_("%(count)s good polls in a row"),
    N_("loss: %(answered)s of %(sent)s probes answered"),
    N_("silent, and none of %(sent)s probes answered"),
    N_("still silent"),
    N_("silent at %(count)s polls in a row"),
    N_("not in the inventory"),
    N_("not observed"),
    N_("the equipment at the panchayat answers"),
)


def translated(sentence: str, catalogue: gettext.NullTranslations) -> str:
    for form, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return catalogue.gettext(form) % found.groupdict()
    return sentence


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((form, _pattern(form)) for form in FORMS)


def _pattern(form: str) -> re.Pattern[str]:
    pieces = re.split(r"%\((\w+)\)s", form)
    text = "".join(
        f"(?P<{piece}>.+?)" if n % 2 else re.escape(piece.replace("%%", "%")) for n, piece in enumerate(pieces)
    )
    return re.compile(text)
