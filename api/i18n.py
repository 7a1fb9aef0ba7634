"""Languages of the pages: catalogues, times and numbers.

A language is a folder of api/locale; its .po file is compiled in memory when it is first used.
"""

import gettext
import io
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, dates, negotiate_locale, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

INDIA = ZoneInfo("Asia/Kolkata")
SOURCE = "en"  # the language that the code is written in
LOCALE = Path(__file__).parent / "locale"
LANGUAGES: tuple[str, ...] = (SOURCE, *sorted(p.parts[-3] for p in LOCALE.glob("*/LC_MESSAGES/messages.po")))


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "to be translated where it is shown"
    return text


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The translations of one of LANGUAGES; English has none to make."""
    if language == SOURCE:
        return gettext.NullTranslations()
    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        compiled = io.BytesIO()
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def preferred(accept_language: str, cookie: str) -> str:
    """The language for one who named none in the address."""
    wanted = [part.split(";")[0].strip() for part in accept_language.split(",")]
    chosen = negotiate_locale([cookie, *wanted], LANGUAGES, sep="-")
    return chosen or SOURCE


def own_name(language: str) -> str:
    """What the language calls itself."""
    return (Locale(language).get_display_name(language) or language).title()


def moment(at: datetime, language: str) -> str:
    """Date and time in Indian time: "21 Nov, 15:30"."""
    return dates.format_datetime(at, "d MMM, HH:mm", tzinfo=INDIA, locale=language)


def clock(at: datetime, language: str) -> str:
    """Date and time with the year and the seconds, in Indian time."""
    return dates.format_datetime(at, "d MMMM y, HH:mm:ss", tzinfo=INDIA, locale=language)


def day(on: date, language: str) -> str:
    return dates.format_date(on, "d MMM", locale=language)


def full_day(on: date, language: str) -> str:
    """A day with its year."""
    return dates.format_date(on, "d MMM y", locale=language)


def duration(length: timedelta, language: str) -> str:
    """The length in its largest unit: "3 hours"."""
    return dates.format_timedelta(length, locale=language, threshold=1.5)


def number(value: float, language: str) -> str:
    """Grouped as in India: 12,34,567."""
    return numbers.format_decimal(value, locale=Locale.parse(f"{language}_IN"))
