"""What a message says. Pure: an alert, an event and a language go in, plain text comes out.

Names and device strings come from files and networks that others write, so `safe` takes out of
them what a mail header, a chat program or a screen would act on.
"""

import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

from alerts.model import Alert, Event, Rule
from inventory.hours import INDIA
from inventory.model import Names

_Catalogue = Mapping[str, Mapping[str, str]]
_LONGEST = 120
_TITLES = {Rule.HOST_KEY_CHANGED: "look", Rule.CONFIG_CHANGED: "note", Rule.CERTIFICATE_ENDS: "look"}
"""Of alerts about what works: nothing is down."""
_JOINERS = "\u200c\u200d"  # Indian scripts need them inside words
# Every chat program makes links of "://" and calls people at "@"; "<" begins a link or a call in
# Slack and a tag elsewhere. Look-alikes keep the name readable.
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'", "[": "(", "]": ")"})


@dataclass(frozen=True, slots=True)
class Message:
    title: str
    body: str
    link: str


def render(alert: Alert, event: Event, language: str, page_url: str) -> Message:
    """The message in `language` ("en", "hi", "pa"); times are Indian time."""
    words = catalogue()[language]
    subject = words["rule"][alert.rule].format(name=_named(alert, language))
    link = f"{page_url.rstrip('/')}/{words['page']['language']}/area/{quote(alert.area)}"
    lines = [_period(alert, event, words["line"]), *_lines(alert, words), link]
    title = words["title"][_kind_of_title(alert, event)].format(subject=subject)
    return Message(title, "\n".join(line for line in lines if line), link)


def _kind_of_title(alert: Alert, event: Event) -> str:
    return event if event is not Event.FIRING else _TITLES.get(alert.rule, event)


def safe(text: str) -> str:
    """`text` on one line, at most 120 characters, without anything a reader's program acts on."""
    kept = "".join(c for c in text if c in _JOINERS or c.isspace() or unicodedata.category(c)[0] != "C")
    line = " ".join(kept.split()).translate(_LOOKALIKES).replace("://", ":/ /")
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


@cache
def catalogue() -> Mapping[str, _Catalogue]:
    """language -> section -> key -> text, from messages.toml."""
    text = Path(__file__).with_name("messages.toml").read_text(encoding="utf-8")
    words: Mapping[str, _Catalogue] = tomllib.loads(text)
    return words


def _named(alert: Alert, language: str) -> str:
    around = [_in(names, language) for names in alert.summary.within]
    return (
        f"{_in(alert.summary.names, language)} ({', '.join(around)})" if around else _in(alert.summary.names, language)
    )


def _in(names: Names, language: str) -> str:
    return safe(names.in_language(language)[0])


def _period(alert: Alert, event: Event, words: Mapping[str, str]) -> str:
    since = _time(alert.opened_at)
    if event is Event.RESOLVED and alert.resolved_at is not None:
        return words["until"].format(since=since, until=_time(alert.resolved_at))
    return words["since"].format(since=since)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(INDIA):%d-%m-%Y %H:%M} IST"


def _lines(alert: Alert, words: _Catalogue) -> list[str]:
    summary, line = alert.summary, words["line"]
    acting = words["responsible"][summary.responsible]
    if alert.rule is Rule.HOST_KEY_CHANGED:
        return [line["host_key"], line["responsible"].format(responsible=acting)]
    if alert.rule is Rule.CONFIG_CHANGED:
        return [line["changed"].format(added=summary.added, removed=summary.removed)]
    if alert.rule is Rule.CERTIFICATE_ENDS:
        ends = line["certificate"].format(ends=_time(summary.ends_at)) if summary.ends_at else ""
        return [ends, line["responsible"].format(responsible=acting) if acting else ""]
    if alert.rule is Rule.ENDPOINT_DOWN:
        people = "" if summary.citizens is None else line["citizens"].format(citizens=summary.citizens)
        lost = line["services"].format(villages=summary.villages)
        return [lost, people, line["responsible"].format(responsible=acting) if acting else ""]
    cause = line["cause"].format(cause=words["cause"][summary.cause], confidence=round(summary.confidence * 100))
    segment = line["segment"].format(segment=" – ".join(safe(port) for port in summary.segment))
    cut_off = alert.rule is not Rule.REDUNDANCY_LOST
    return [
        line["again"] if alert.rule is Rule.FLAPPING else "",
        line["behind"].format(villages=summary.villages, sites=summary.sites) if cut_off else line["spare"],
        cause,
        line["layer"].format(layer=words["layer"][summary.layer]) if cut_off else "",
        line["ring"].format(ring=safe(summary.ring)) if summary.ring else "",
        segment if summary.segment else "",
        line["responsible"].format(responsible=acting) if acting else "",
    ]
