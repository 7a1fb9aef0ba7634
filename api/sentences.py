"""Reasons and evidence in the reader's language.

The judgement stores English sentences. Each form of sentence is a message here, with its values as
%(name)s, where %(reason)s is a sentence too; one that has none of these forms is shown as it is.
"""

import gettext
import re
from functools import cache

from api.i18n import N_

# A form that is the beginning of another one comes after it.
FORMS: tuple[str, ...] = (
    # of devices
    N_("answers"),
    N_("%(count)s good polls in a row"),
    N_("loss: %(answered)s of %(sent)s probes answered"),
    N_("silent, and none of %(sent)s probes answered"),
    N_("still silent"),
    N_("silent at %(count)s polls in a row"),
    N_("silent, but the collector could not see its references either"),
    N_("the collector sees none of its references"),
    N_("alive, but: %(word)s"),
    N_("answers echo requests, but its management is silent"),
    N_("answers echo requests"),
    N_("echo requests lost: %(value)s, limit %(limit)s"),
    N_("echo requests take %(value)s, limit %(limit)s"),
    N_("%(port)s receives %(value)s of its speed, limit %(limit)s"),
    N_("%(port)s sends %(value)s of its speed, limit %(limit)s"),
    N_("%(port)s receives weak light: %(value)s, limit %(limit)s"),
    N_("%(port)s receives too much light: %(value)s, limit %(limit)s"),
    N_("%(port)s sends weak light: %(value)s, limit %(limit)s"),
    N_("flapping: %(count)s outages within %(minutes)s minutes"),
    N_("within its limits again"),
    N_("offline at its OLT"),
    N_("%(device)s, through which it is seen, is silent"),
    N_("%(reason)s, and what it hangs on was not heard since"),
    N_("its PC answers, and it is not connected"),
    N_("not polled any more"),
    N_("not observed yet"),
    N_("nobody watched"),
    # of links
    N_("its port is up"),
    N_("a port of it is down"),
    N_("a port of it was shut by its administrator"),
    N_("neither end says how its port is"),
    N_("what lies behind it answers"),
    N_("silent, but what lies behind it answers"),
    N_("the ONT is online"),
    N_("the ONT is not online"),
    N_("the OLT lost the ONT's signal"),
    # of sites and villages
    N_("all essential devices answer"),
    N_("no device of it can be observed"),
    N_("no kendra with a PC that can be observed serves this village"),
    N_("no network has been commissioned here yet, as is stated"),
    N_("the kendra's PC answers"),
    N_("the equipment at the panchayat answers"),
    N_("not in the inventory"),
    N_("not observed"),
    N_("proved by the kendra's own check-in, which came late"),
    # of endpoints
    N_("answers as it should"),
    N_("answers slower than in %(count)s s"),
    N_("answers with status %(status)s"),
    N_("answers without the expected text"),
    N_("does not answer"),
    N_("refuses connections"),
    N_("its answer is not proper HTTP"),
    N_("its answer does not end in time"),
    N_("its certificate or encryption is not in order"),
    N_("the name of its host leads nowhere"),
    N_("the name of its host leads to an address that is not public"),
    N_("its address is not public and not allowed by the settings"),
    N_("there is no way to it from there"),
    N_("nobody could look"),
    N_("not looked at any more"),
    N_("failed %(count)s times and then answered"),
    N_("%(count)s of %(all)s kendras that look do not reach it"),
    N_("%(count)s of %(all)s kendras that look reach it"),
    N_("%(reason)s, but nothing else was seen from there either"),
    N_("nothing comes back from any of %(count)s endpoints"),
    N_("%(count)s of %(all)s services need %(endpoint)s, which is %(word)s"),
    # evidence
    N_("%(count)s sites beyond it fell silent together"),
    N_("%(count)s sites on feeder %(feeder)s fell silent within minutes"),
    N_("%(lost)s of %(all)s ONTs on %(trunk)s were lost together, the OLT answers"),
    N_("%(device)s told its OLT that it lost power"),
    N_("%(device)s is silent while the box it hangs on answers"),
    N_("a way to it lies inside one site"),
    N_("all %(count)s neighbours lost %(device)s"),
    N_("all boxes of site %(site)s fell silent"),
    N_("another box of site %(site)s still answers"),
    N_("boxes on feeder %(feeder)s that still answer: %(count)s"),
    N_("explained by %(subject)s"),
    N_("port shut by its administrator: %(port)s"),
    N_("%(device)s told by a trap that it lost power"),
    N_("port down: %(port)s; the boxes at both ends answer"),
    N_("port down: %(ports)s"),
    N_("port still up: %(port)s"),
    N_("the OLT lost the light of %(device)s"),
    N_("others of its trunk that lost their light with %(device)s are back"),
    N_("the others that fell silent with it on feeder %(feeder)s are back"),
    N_("the link lies inside one site"),
    N_("work announced by %(who)s was to be over by then"),
    N_("work announced by %(who)s: %(what)s"),
    N_("UPS %(device)s at %(site)s fed from its battery"),
    N_("UPS %(device)s at %(site)s lost mains only well after that"),
    N_("UPS %(device)s had mains until the silence"),
    N_("UPS %(device)s had fed from its battery for %(count)s minutes, its whole charge"),
    N_("UPS %(device)s had fed from its battery for %(count)s minutes, with %(left)s left"),
    N_("it fell silent when the kendra closes, at %(time)s"),
    N_("it fell silent at this hour on %(count)s of the last %(all)s days too"),
    N_("feeder %(feeder)s lost mains at this hour on %(count)s of the last %(all)s days too"),
    N_("%(device)s had started anew when it was back"),
    N_("%(device)s had run on when it was back"),
    N_("%(device)s had run for most of the silence when it was back"),
    N_("it was back long before the kendra opened again"),
    N_("%(count)s of %(all)s devices behind it had started anew"),
    N_("%(count)s of %(all)s devices behind it had run on"),
    # causes in one sentence
    N_("power was lost, confidence %(share)s: %(reason)s"),
    N_("the fibre was cut, confidence %(share)s: %(reason)s"),
    N_("equipment failed, confidence %(share)s: %(reason)s"),
    N_("the fault lies further up, confidence %(share)s: %(reason)s"),
    N_("the last mile failed, confidence %(share)s: %(reason)s"),
    N_("it was shut or switched off, confidence %(share)s: %(reason)s"),
    N_("it was planned work, confidence %(share)s: %(reason)s"),
    N_("the cause is not determined; what was seen: %(reason)s"),
    N_("power was lost, confidence %(share)s"),
    N_("the fibre was cut, confidence %(share)s"),
    N_("equipment failed, confidence %(share)s"),
    N_("the fault lies further up, confidence %(share)s"),
    N_("the last mile failed, confidence %(share)s"),
    N_("it was shut or switched off, confidence %(share)s"),
    N_("it was planned work, confidence %(share)s"),
    N_("the cause is not determined: nothing was seen that tells it"),
    # evidence of what people said
    N_("%(who)s answered on %(date)s at %(time)s: %(word)s"),
    N_("announced by %(who)s: a bill is unpaid for %(subject)s"),
    N_("announced by %(who)s: %(subject)s is shut down"),
    N_("announced by %(who)s: mains are cut at %(subject)s"),
    N_("announced by %(who)s: works on the right of way at %(subject)s"),
    N_("%(device)s is degraded: %(reason)s"),
    N_("%(device)s is %(word)s"),
)
# What %(word)s may be: statuses, causes, and reasons of collectors.model.
WORDS: tuple[str, ...] = (
    N_("up"),
    N_("degraded"),
    N_("down"),
    N_("unknown"),
    N_("cut off"),
    N_("refused"),
    N_("authentication"),
    N_("protocol"),
    N_("power"),
    N_("fibre"),
    N_("equipment"),
    N_("last_mile"),
    N_("administrative"),
    N_("planned"),
    N_("host_key"),
    N_("host_key_changed"),
    N_("deadline"),
)


def translated(sentence: str, catalogue: gettext.NullTranslations) -> str:
    found = form_of(sentence)
    if found is None:
        return sentence
    form, values = found
    word = values.get("word")
    if word in WORDS:
        values["word"] = catalogue.gettext(word)
    if "reason" in values:
        values["reason"] = translated(values["reason"], catalogue)
    return catalogue.gettext(form) % values


def form_of(sentence: str) -> tuple[str, dict[str, str]] | None:
    """The form that the sentence has and its values; None for one of no known form."""
    for form, pattern in _patterns():
        if found := pattern.fullmatch(sentence):
            return form, found.groupdict()
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    # A value is any text: a form that begins with one would take what begins with another form's words.
    words_first = sorted(FORMS, key=lambda form: form.startswith("%("))
    return tuple((form, _pattern(form)) for form in words_first)


def _pattern(form: str) -> re.Pattern[str]:
    pieces = re.split(r"%\((\w+)\)s", form)
    return re.compile("".join(f"(?P<{piece}>.+?)" if n % 2 else re.escape(piece) for n, piece in enumerate(pieces)))
