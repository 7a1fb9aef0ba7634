"""What a reader has to know beside a table, in three languages, and what each note is called on paper."""

from collections.abc import Mapping

from inventory.model import Names
from reports.availability import By, Of

_OF: Mapping[Of, tuple[str, str]] = {
    Of.VILLAGE: ("हर गाँव", "ਹਰ ਪਿੰਡ"),
    Of.SITE: ("हर स्थल", "ਹਰ ਥਾਂ"),
    Of.GP: ("हर पंचायत स्थल", "ਹਰ ਪੰਚਾਇਤ ਥਾਂ"),
    Of.KENDRA: ("हर केंद्र", "ਹਰ ਕੇਂਦਰ"),
    Of.DEVICE: ("हर उपकरण", "ਹਰ ਉਪਕਰਣ"),
    Of.LINK: ("हर लाइन", "ਹਰ ਲਾਈਨ"),
    Of.ENDPOINT: ("हर पोर्टल", "ਹਰ ਪੋਰਟਲ"),
}
_BY: Mapping[By, tuple[str, str]] = {
    By.SITE: ("स्थल", "ਥਾਂ"),
    By.DEVICE: ("उपकरण", "ਉਪਕਰਣ"),
    By.LINK: ("लाइन", "ਲਾਈਨ"),
    By.ENDPOINT: ("पोर्टल", "ਪੋਰਟਲ"),
    By.VILLAGE: ("गाँव", "ਪਿੰਡ"),
    By.GP: ("ग्राम पंचायत", "ਗ੍ਰਾਮ ਪੰਚਾਇਤ"),
    By.BLOCK: ("विकासखंड", "ਬਲਾਕ"),
    By.SUBDISTRICT: ("तहसील", "ਤਹਿਸੀਲ"),
    By.DISTRICT: ("ज़िला", "ਜ਼ਿਲ੍ਹਾ"),
    By.STATE: ("राज्य", "ਰਾਜ"),
}

LABELS: Mapping[str, Names] = {
    "as_of": Names("As of", "किस समय की स्थिति", "ਕਿਸ ਸਮੇਂ ਦੀ ਸਥਿਤੀ"),
    "made_at": Names("Made at", "बनाने का समय", "ਬਣਾਉਣ ਦਾ ਸਮਾਂ"),
    "inventory": Names("Inventory", "सूची", "ਸੂਚੀ"),
    "areas_in_force_on": Names("Areas as of", "क्षेत्र किस दिन के", "ਖੇਤਰ ਕਿਸ ਦਿਨ ਦੇ"),
    "approximate": Names("Approximate places", "अनुमानित स्थान", "ਅੰਦਾਜ਼ਨ ਥਾਵਾਂ"),
    "planned": Names("Planned sites", "नियोजित स्थल", "ਯੋਜਨਾਬੱਧ ਥਾਵਾਂ"),
    "holidays": Names("Holidays", "अवकाश", "ਛੁੱਟੀਆਂ"),
    "counted": Names("Counted", "क्या गिना गया", "ਕੀ ਗਿਣਿਆ ਗਿਆ"),
    "threshold": Names("Threshold", "सीमा", "ਹੱਦ"),
    "rule": Names("Rule", "नियम", "ਨਿਯਮ"),
    "travel": Names("Travel", "पहुँच की दूरी", "ਪਹੁੰਚ ਦੀ ਦੂਰੀ"),
    "unexplained": Names("Not explained", "बिना कारण", "ਬਿਨਾਂ ਕਾਰਨ"),
    "contract": Names("Contract", "अनुबंध", "ਇਕਰਾਰਨਾਮਾ"),
    "contract_source": Names("Source of the contract", "अनुबंध का स्रोत", "ਇਕਰਾਰਨਾਮੇ ਦਾ ਸਰੋਤ"),
    "measure": Names("Measured", "माप", "ਮਾਪ"),
    "excluded": Names("Excluded", "अपवर्जित", "ਛੱਡਿਆ"),
    "force_majeure": Names("Force majeure", "अप्रत्याशित घटना", "ਅਣਕਿਆਸੀ ਘਟਨਾ"),
    "responsible": Names("Responsible", "ज़िम्मेदार", "ਜ਼ਿੰਮੇਵਾਰ"),
    "fee": Names("Fee", "शुल्क", "ਫ਼ੀਸ"),
    "slab": Names("Slab", "स्लैब", "ਸਲੈਬ"),
    "source": Names("Source", "स्रोत", "ਸਰੋਤ"),
    "remark": Names("Remark", "टिप्पणी", "ਟਿੱਪਣੀ"),
}
"""What notes are called, by the first word of their key."""


def counted_fact(of: Of, by: By) -> Names:
    """Whose time an availability report counts, and what a row is about."""
    return Names(
        f"time of each {of}, a row for each {by}",
        f"{_OF[of][0]} का समय; हर पंक्ति: {_BY[by][0]}",
        f"{_OF[of][1]} ਦਾ ਸਮਾਂ; ਹਰ ਕਤਾਰ: {_BY[by][1]}",
    )


def approximate_fact(guessed: int, sites: int) -> Names:
    return Names(
        f"{guessed} of {sites} sites stand at a place that no source gives",
        f"{sites} में से {guessed} स्थल ऐसी जगह दिखाए गए हैं जो किसी स्रोत में नहीं है",
        f"{sites} ਵਿੱਚੋਂ {guessed} ਥਾਵਾਂ ਅਜਿਹੀ ਜਗ੍ਹਾ ਵਿਖਾਈਆਂ ਗਈਆਂ ਹਨ ਜੋ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ",
    )


def planned_fact(planned: int, sites: int) -> Names:
    return Names(
        f"{planned} of {sites} sites are planned by rule, not surveyed",
        f"{sites} में से {planned} स्थल नियम के अनुसार नियोजित हैं, सर्वेक्षण से नहीं",
        f"{sites} ਵਿੱਚੋਂ {planned} ਥਾਵਾਂ ਨਿਯਮ ਅਨੁਸਾਰ ਯੋਜਨਾਬੱਧ ਹਨ, ਸਰਵੇਖਣ ਤੋਂ ਨਹੀਂ",
    )
