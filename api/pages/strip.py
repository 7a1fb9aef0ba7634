"""The last days of a village as a strip: one bar a day, its parts in proportion to their time."""

from datetime import timedelta

from markupsafe import Markup

from api.i18n import N_
from api.pages.speaker import Speaker
from readiness.model import Readiness
from readiness.rules.uptime import Day

_HEIGHT = 48
_WIDTH = 20
_DAY = timedelta(days=1)
# Drawn from the ground up.
_ORDER = (Readiness.READY, Readiness.DEGRADED, Readiness.UNKNOWN, Readiness.BLOCKED)

# Unknown is striped and degraded dotted, so that the strip is read without its colours.
_PATTERNS = Markup(
    '<defs><pattern id="strip-unknown" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="stripe-ground" width="6" height="6"/><path class="stripe-line" d="M0 6L6 0"/></pattern>'
    '<pattern id="strip-degraded" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect class="dot-ground" width="5" height="5"/><circle class="dot" cx="2.5" cy="2.5" r="1.6"/></pattern></defs>'
)


def draw(days: tuple[Day, ...], speaker: Speaker) -> Markup:
    """An `<svg>`; each day's parts are in its tooltip. The part of today that is still to come stays empty."""
    bars = Markup().join(_bar(day, number * _WIDTH, speaker) for number, day in enumerate(days))
    title = speaker.say(N_("The last %(days)s days")) % {"days": speaker.number(len(days))}
    return Markup(
        '<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>'
    ).format(len(days) * _WIDTH, _HEIGHT, title, _PATTERNS, bars)


def _bar(day: Day, x: int, speaker: Speaker) -> Markup:
    ground = float(_HEIGHT)
    drawn = []
    for status in _ORDER:
        height = _HEIGHT * (day.parts.get(status, timedelta()) / _DAY)
        if height:
            ground -= height
            drawn.append(
                Markup('<rect class="{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
                    speaker.look(status), x + 1, ground, _WIDTH - 2, height
                )
            )
    return Markup("<g><title>{}</title>{}</g>").format(_told(day, speaker), Markup().join(drawn))


def _told(day: Day, speaker: Speaker) -> str:
    parts = ((status, day.parts.get(status, timedelta())) for status in _ORDER)
    said = [f"{speaker.status(status)} {speaker.duration(length)}" for status, length in parts if length]
    return f"{speaker.day(day.day)}: {', '.join(said)}"
