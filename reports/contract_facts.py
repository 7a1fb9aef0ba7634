"""What an SLA report says of the contract behind it, in three languages."""

from collections.abc import Iterator

from inventory.model import Names
from readiness.rules.contract import Calendar, Contract, Exclude, Excused, Window
from reports.report import Fact
from reports.words import CAUSE, RESPONSIBLE, SITE_KIND, SUBJECT_KIND, Words, each_way, in_each, joined

NOT_CONFIRMED = Names(
    "Not confirmed by the state: the figures of this contract are an example.",
    "राज्य द्वारा पुष्ट नहीं: इस अनुबंध के आँकड़े उदाहरण हैं।",
    "ਰਾਜ ਵੱਲੋਂ ਪੁਸ਼ਟ ਨਹੀਂ: ਇਸ ਇਕਰਾਰਨਾਮੇ ਦੇ ਅੰਕੜੇ ਮਿਸਾਲ ਹਨ।",
)
_COVERED: Words = {**SITE_KIND, **SUBJECT_KIND}
_WINDOW: Words = {
    Window.MONTH: Names("month", "महीना", "ਮਹੀਨਾ"),
    Window.QUARTER: Names("quarter", "तिमाही", "ਤਿਮਾਹੀ"),
    Window.YEAR: Names("year", "वर्ष", "ਸਾਲ"),
}
_CALENDAR: Words = {
    Calendar.ALL_DAY: Names("24x7", "24x7", "24x7"),
    Calendar.KENDRA: Names("opening hours of the kendra", "केंद्र के खुलने का समय", "ਕੇਂਦਰ ਦੇ ਖੁੱਲ੍ਹਣ ਦਾ ਸਮਾਂ"),
}
_EXCUSED: Words = {
    Excused.LEFT_OUT: Names("left out of what is measured", "मापे गए समय से बाहर", "ਮਾਪੇ ਸਮੇਂ ਤੋਂ ਬਾਹਰ"),
    Excused.AS_AVAILABLE: Names("counted as available", "उपलब्ध गिना जाता है", "ਉਪਲਬਧ ਗਿਣਿਆ ਜਾਂਦਾ ਹੈ"),
}
_TO_ACT = Names("to be mended by: ", "जिसकी मरम्मत इनकी थी: ", "ਜਿਸਦੀ ਮੁਰੰਮਤ ਇਹਨਾਂ ਦੀ ਸੀ: ")


def contract_facts(contract: Contract) -> Iterator[Fact]:
    """What was promised, and what isn't counted."""
    if not contract.confirmed:
        yield "contract", NOT_CONFIRMED
    covers, measure, exclude = contract.covers, contract.measure, contract.exclude
    yield (
        "contract",
        in_each(
            contract.name,
            ": ",
            _COVERED[covers.of],
            ", ",
            ", ".join(covers.areas) or "*",
            "; ",
            RESPONSIBLE[contract.party],
        ),
    )
    yield from (("contract_source", each_way(source)) for source in contract.sources)
    yield (
        "measure",
        in_each(_WINDOW[measure.window], ", ", _CALENDAR[measure.calendar], f", ≥ {measure.target_percent} %"),
    )
    yield "excluded", in_each(_excluded(exclude), " (", _EXCUSED[measure.excluded_time], ")")
    for span in exclude.force_majeure:
        when = f"{span.start.isoformat()} - {span.end.isoformat()}, {', '.join(span.areas)}: "
        yield "force_majeure", in_each(when, Names(span.text.en, span.text.hi, span.text.pa))
    yield from (
        ("responsible", in_each(CAUSE[cause], ": ", RESPONSIBLE[party]))
        for cause, party in contract.responsible.items()
    )
    if contract.fee_rupees is not None:
        yield "fee", each_way(f"₹{contract.fee_rupees}")
    yield from (("slab", each_way(f"< {slab.below_percent} %: {slab.percent_of_fee} %")) for slab in contract.slabs)


def _excluded(exclude: Exclude) -> Names:
    """The causes and parties whose time doesn't count."""
    causes = [CAUSE[cause] for cause in sorted(exclude.causes)]
    parties = [in_each(_TO_ACT, RESPONSIBLE[party]) for party in sorted(exclude.parties)]
    return joined(", ", [*causes, *parties]) if causes or parties else each_way("-")
