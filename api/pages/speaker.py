"""Saying things in one language: what templates call to turn values into text."""

import gettext
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from urllib.parse import quote

from babel import dates
from markupsafe import Markup

from api import i18n, sentences, words
from inventory.model import Area, GpRollout, Names, Role, SiteKind
from readiness.model import Cause, Layer, Readiness, Responsible, Status, SubjectKind
from readiness.rules.rings import RingStatus
from readiness.services import ServiceRow

_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY = re.compile(r"\b(?:Mo|Tu|We|Th|Fr|Sa|Su)\b")
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Speaker:
    language: str

    @cached_property
    def catalogue(self) -> gettext.NullTranslations:
        return i18n.catalogue(self.language)

    def say(self, text: str) -> str:
        """A message of api.words in this language."""
        return self.catalogue.gettext(text)

    def name(self, names: Names) -> Markup:
        """The name as HTML; one that is missing in this language is given in English, and marked so."""
        text, fallback = names.in_language(self.language)
        if not fallback or self.language == i18n.SOURCE:
            return Markup("<bdi>{}</bdi>").format(text)
        remark = self.say(i18n.N_("No name in this language is known; this is the English one"))
        return Markup('<bdi lang="en" class="fallback" title="{}">{}</bdi>').format(remark, text)

    def code(self, text: str) -> Markup:
        """A name that is the same in every language: a device, a port."""
        return Markup("<bdi>{}</bdi>").format(text)

    def link(self, kind: str, key: str) -> str:
        """Address of the page of an area or village."""
        return f"/{self.language}/{kind}/{quote(key, safe=':')}"

    def plain_name(self, names: Names) -> str:
        return names.in_language(self.language)[0]

    def status(self, status: Status | Readiness) -> str:
        return self.say((words.READINESS if isinstance(status, Readiness) else words.STATUS)[status])

    def look(self, status: Status | Readiness) -> str:
        return words.LOOK[status]

    def layer(self, layer: Layer) -> str:
        return self.say(words.LAYER[layer])

    def cause(self, cause: Cause) -> str:
        return self.say(words.CAUSE[cause])

    def responsible(self, responsible: Responsible) -> str:
        return self.say(words.RESPONSIBLE[responsible])

    def subject_kind(self, kind: SubjectKind) -> str:
        return self.say(words.SUBJECT_KIND[kind])

    def ring(self, status: RingStatus) -> str:
        return self.say(words.RING[status])

    def cuts(self, segment: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The ports around each cut of an outage."""
        return zip(segment[::2], segment[1::2], strict=True)

    def channel(self, channel: str) -> str:
        """A channel; one that a state made up itself as it is."""
        return self.say(words.CHANNEL[channel]) if channel in words.CHANNEL else channel

    def lacking(self, service: ServiceRow, endpoints: Mapping[str, Names]) -> str:
        """What is in the way of a service; `endpoints` are the names of portals by code."""
        if service.peripheral:
            known = {str(role): text for role, text in words.ROLE.items()}
            name = self.say(known[service.peripheral]) if service.peripheral in known else service.peripheral
            return self.say(i18n.N_("absent at the kendra: %(name)s")) % {"name": name}
        if service.layer is None:
            return self.say(i18n.N_("Not determined"))
        layer = self.layer(service.layer)
        if not service.endpoint:
            return layer
        portal = endpoints.get(service.endpoint, Names(service.endpoint))
        return f"{layer} ({self.plain_name(portal)})"

    def channels(self, channels: Iterable[str]) -> str:
        """Ways to a service, as a list."""
        return ", ".join(map(self.channel, channels))

    def about_km(self, km: float) -> str:
        """An estimated distance by road."""
        return self.say(i18n.N_("about %(km)s km by road")) % {"km": i18n.number(round(km, 1), self.language)}

    def eyes(self, eyes: str) -> str:
        """Who saw an endpoint."""
        return self.say(words.EYES.get(eyes, words.OWN_EYES))

    def gp_state(self, claim: GpRollout) -> str:
        """How far the roll-out is said to be, and whose permission it waits for."""
        waiting = ", ".join(self.say(words.PERMITTED_BY[each]) for each in claim.pending_with)
        state = self.say(words.GP_STATE[claim.state])
        return f"{state} ({waiting})" if waiting else state

    def level(self, area: Area) -> str:
        return self.say(words.LEVEL[area.level])

    def role(self, role: Role) -> str:
        return self.say(words.ROLE[role])

    def site_kind(self, kind: SiteKind) -> str:
        return self.say(words.SITE_KIND[kind])

    def parts(self, first: Area) -> str:
        """Title of a table of areas of the level of `first`."""
        return self.say(words.BY_LEVEL[first.level])

    def sentence(self, text: str) -> str:
        """A reason or a piece of evidence that the judgement wrote down."""
        return sentences.translated(text, self.catalogue)

    def moment(self, at: datetime) -> str:
        return i18n.moment(at, self.language)

    def form_time(self, at: datetime) -> str:
        """As a field for date and time has it, in Indian time."""
        return f"{at.astimezone(i18n.INDIA):%Y-%m-%dT%H:%M}"

    def clock(self, at: datetime) -> str:
        return i18n.clock(at, self.language)

    def time(self, at: datetime) -> str:
        """The time of a day that is said already, with its seconds."""
        return f"{at.astimezone(i18n.INDIA):%H:%M:%S}"

    def failure(self, reason: str) -> str:
        """Why a poll failed, by its word of collectors.model; a new one as it is."""
        return self.say(words.FAILURE[reason]) if reason in words.FAILURE else reason

    def day(self, day: date) -> str:
        return i18n.day(day, self.language)

    def full_day(self, day: date) -> str:
        return i18n.full_day(day, self.language)

    def duration(self, length: timedelta) -> str:
        return i18n.duration(length, self.language)

    def number(self, value: float) -> str:
        return i18n.number(value, self.language)

    def counted(self, letter: str, value: int) -> Markup:
        """A count that the page's script keeps up to date by its letter."""
        return Markup('<span data-count="{}">{}</span>').format(letter, self.number(value))

    def distance(self, km: float) -> str:
        if km < 0.5:
            return self.say(i18n.N_("in the village"))
        return self.say(i18n.N_("%(km)s km away")) % {"km": i18n.number(round(km, 1), self.language)}

    def hours(self, hours: str) -> str:
        """Opening hours with the days of the week in this language."""
        names = dates.get_day_names("abbreviated", locale=self.language)
        return _DAY.sub(lambda found: names[_DAYS.index(found[0])], hours.replace(";", ","))

    def text(self, names: Names) -> str:
        """A word or sentence of the reports."""
        return self.plain_name(names)

    def measure(self, value: float, unit: str) -> Markup:
        """A figure with a unit that is the same in every language."""
        return Markup("<bdi>{} {}</bdi>").format(self.number(round(value, 1)), unit)

    def rate(self, bits: float) -> str:
        """Bits per second with a prefix: "3.2 Mbit/s"."""
        scale, prefix = next(((scale, p) for scale, p in _PREFIXES if bits >= scale), (1e3, "k"))
        return f"{i18n.number(round(bits / scale, 1), self.language)} {prefix}bit/s"

    def script_words(self) -> str:
        """JSON of the texts that the page's script shows."""
        own = {name: self.say(text) for name, text in words.SCRIPT.items()}
        return json.dumps({**own, "map": {key: self.say(text) for key, text in words.MAP_TEXTS.items()}})

    def chart_lines(self) -> str:
        return json.dumps([self.say(text) for text in words.TRAFFIC])
