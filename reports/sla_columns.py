"""The columns of the SLA report."""

from collections.abc import Iterable

from readiness.model import Cause, Responsible
from readiness.rules.sla import EXCUSES
from reports.availability_columns import ASSUMED, PARTIES_TOLD, party_columns
from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column
from reports.words import ROW_KIND, YES

_CAUSES: dict[str, tuple[str, str, str]] = {
    Cause.POWER: ("mains power was lost", "बिजली न होना", "ਬਿਜਲੀ ਨਾ ਹੋਣਾ"),
    Cause.FIBRE: ("a fibre was cut", "फ़ाइबर कटना", "ਫ਼ਾਈਬਰ ਕੱਟਿਆ ਜਾਣਾ"),
    Cause.EQUIPMENT: ("equipment failed", "उपकरण की ख़राबी", "ਉਪਕਰਣ ਦੀ ਖ਼ਰਾਬੀ"),
    Cause.LAST_MILE: ("the last mile failed", "अंतिम छोर की ख़राबी", "ਆਖ਼ਰੀ ਸਿਰੇ ਦੀ ਖ਼ਰਾਬੀ"),
    Cause.ADMINISTRATIVE: ("an administrative reason", "प्रशासनिक कारण", "ਪ੍ਰਸ਼ਾਸਨਿਕ ਕਾਰਨ"),
    Cause.PLANNED: ("announced work", "घोषित कार्य", "ਐਲਾਨਿਆ ਕੰਮ"),
    Cause.UNDETERMINED: ("undetermined", "अनिर्धारित", "ਅਨਿਸ਼ਚਿਤ"),
    "force_majeure": ("force majeure declared in the contract's file", "अनुबंध की फ़ाइल में घोषित अप्रत्याशित घटना", "ਇਕਰਾਰਨਾਮੇ ਦੀ ਫ਼ਾਈਲ ਵਿੱਚ ਐਲਾਨੀ ਅਣਕਿਆਸੀ ਘਟਨਾ"),
    "party": ("another party had to act", "कार्रवाई किसी अन्य पक्ष की थी", "ਕਾਰਵਾਈ ਕਿਸੇ ਹੋਰ ਧਿਰ ਦੀ ਸੀ"),
}  # fmt: skip
_ASSUMED = {"": ("as it was seen", "जैसा देखा गया", "ਜਿਵੇਂ ਵੇਖਿਆ ਗਿਆ"), **ASSUMED}


def excuse_columns() -> dict[str, str]:
    """Excuse -> the name of its column. Time in the shadow of an outage counts under its root's cause."""
    return {excuse: f"excluded_{excuse}_ms" for excuse in EXCUSES if excuse != Cause.UPSTREAM}


def _excuses() -> Iterable[Column]:
    for excuse, name in excuse_columns().items():
        english, hindi, punjabi = _CAUSES[excuse]
        yield Column(
            name,
            WHOLE,
            "ms",
            f"Of excluded_ms, by reason: {english}.",
            f"excluded_ms में से, कारण: {hindi}।",
            f"excluded_ms ਵਿੱਚੋਂ, ਕਾਰਨ: {punjabi}।",
        )


def _parties() -> Iterable[Column]:
    for party, name in party_columns().items():
        if party is Responsible.NONE:
            yield Column(
                name,
                WHOLE,
                "ms",
                "The rest of measured_ms: not down, not seen, or nobody's to mend.",
                "measured_ms का शेष: बंद नहीं था, देखा नहीं गया, या किसी की ज़िम्मेदारी नहीं।",
                "measured_ms ਦਾ ਬਾਕੀ: ਬੰਦ ਨਹੀਂ ਸੀ, ਵੇਖਿਆ ਨਹੀਂ ਗਿਆ, ਜਾਂ ਕਿਸੇ ਦੀ ਜ਼ਿੰਮੇਵਾਰੀ ਨਹੀਂ।",
            )
        else:
            english, hindi, punjabi = PARTIES_TOLD[party]
            yield Column(
                name,
                WHOLE,
                "ms",
                f"Time down, excluded or not, in which it was for this party to act: {english}. The columns by_ add up to measured_ms.",
                f"बंद समय (अपवर्जित सहित) जिसमें कार्रवाई इनकी थी: {hindi}। by_ स्तंभों का योग measured_ms है।",
                f"ਬੰਦ ਸਮਾਂ (ਛੱਡੇ ਸਮੇਤ) ਜਿਸ ਵਿੱਚ ਕਾਰਵਾਈ ਇਹਨਾਂ ਦੀ ਸੀ: {punjabi}। by_ ਕਾਲਮਾਂ ਦਾ ਜੋੜ measured_ms ਹੈ।",
            )


def _outages() -> Iterable[Column]:
    for suffix, (english, hindi, punjabi) in _ASSUMED.items():
        yield Column(
            f"outages{suffix}",
            WHOLE,
            "outages",
            f"Outages that count and touch the window, {english}.",
            f"गिनी जाने वाली बाधाएँ जो अवधि में पड़ती हैं, {hindi}।",
            f"ਗਿਣੀਆਂ ਜਾਣ ਵਾਲੀਆਂ ਰੁਕਾਵਟਾਂ ਜੋ ਮਿਆਦ ਵਿੱਚ ਪੈਂਦੀਆਂ ਹਨ, {punjabi}।",
        )
        yield Column(
            f"outages_ended{suffix}",
            WHOLE,
            "outages",
            f"Of these, outages that ended in the window, {english}.",
            f"इनमें से अवधि में समाप्त हुईं, {hindi}।",
            f"ਇਹਨਾਂ ਵਿੱਚੋਂ ਮਿਆਦ ਵਿੱਚ ਮੁੱਕੀਆਂ, {punjabi}।",
        )
        yield Column(
            f"mttr{suffix}_ms",
            WHOLE,
            "ms",
            f"Mean time to repair of those that ended, in measured time, {english}. Empty where none ended.",
            f"समाप्त हुई बाधाओं का औसत मरम्मत समय, मापे गए समय में, {hindi}। कोई न हो तो खाली।",
            f"ਮੁੱਕੀਆਂ ਰੁਕਾਵਟਾਂ ਦਾ ਔਸਤ ਮੁਰੰਮਤ ਸਮਾਂ, ਮਾਪੇ ਸਮੇਂ ਵਿੱਚ, {punjabi}। ਕੋਈ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।",
        )
        yield Column(
            f"mtbf{suffix}_ms",
            WHOLE,
            "ms",
            f"Mean time between failures: measured time in which it worked, divided by outages, {english}. Empty without outages.",
            f"विफलताओं के बीच का औसत समय: मापा गया कार्यशील समय भाग बाधाएँ, {hindi}। कोई न हो तो खाली।",
            f"ਅਸਫਲਤਾਵਾਂ ਵਿਚਕਾਰ ਔਸਤ ਸਮਾਂ: ਮਾਪਿਆ ਕਾਰਜਸ਼ੀਲ ਸਮਾਂ ਭਾਗ ਰੁਕਾਵਟਾਂ, {punjabi}। ਕੋਈ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।",
        )
        yield Column(
            f"longest{suffix}_ms",
            WHOLE,
            "ms",
            f"Measured time of the longest outage, {english}.",
            f"सबसे लंबी बाधा का मापा गया समय, {hindi}।",
            f"ਸਭ ਤੋਂ ਲੰਬੀ ਰੁਕਾਵਟ ਦਾ ਮਾਪਿਆ ਸਮਾਂ, {punjabi}।",
        )


def _without(names: Iterable[str]) -> Iterable[Column]:
    return (column for column in PLACE if column.name not in set(names))


SLA: tuple[Column, ...] = (
    Column("row", TEXT, "", "What the row is about: the name of a subject, or the key of an area.", "पंक्ति का विषय: वस्तु का नाम या क्षेत्र की कुंजी।", "ਕਤਾਰ ਦਾ ਵਿਸ਼ਾ: ਵਸਤੂ ਦਾ ਨਾਮ ਜਾਂ ਖੇਤਰ ਦੀ ਕੁੰਜੀ।"),
    Column("kind", TEXT, "", "Its kind, role or medium, or the level of the area.", "उसका प्रकार, भूमिका या माध्यम, या क्षेत्र का स्तर।", "ਉਸਦੀ ਕਿਸਮ, ਭੂਮਿਕਾ ਜਾਂ ਮਾਧਿਅਮ, ਜਾਂ ਖੇਤਰ ਦਾ ਪੱਧਰ।", ROW_KIND),
    Column("name_en", TEXT, "", "Its name in English.", "अंग्रेज़ी नाम।", "ਅੰਗਰੇਜ਼ੀ ਨਾਮ।"),
    Column("name_hi", TEXT, "", "Its name in Hindi; empty where no source has one.", "हिंदी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।", "ਹਿੰਦੀ ਨਾਮ; ਜਿੱਥੇ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ ਉੱਥੇ ਖਾਲੀ।"),
    Column("name_pa", TEXT, "", "Its name in Punjabi; empty where no source has one.", "पंजाबी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।", "ਪੰਜਾਬੀ ਨਾਮ; ਜਿੱਥੇ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ ਉੱਥੇ ਖਾਲੀ।"),
    *_without(["name_en", "name_hi", "name_pa"]),
    Column("window", TEXT, "", "First day (India) of the contract's measurement window.", "अनुबंध की माप-अवधि का पहला दिन (भारत)।", "ਇਕਰਾਰਨਾਮੇ ਦੀ ਮਾਪ-ਮਿਆਦ ਦਾ ਪਹਿਲਾ ਦਿਨ (ਭਾਰਤ)।"),
    Column("whole", TEXT, "", "yes where all of that window lies in the report's period; others are measured but not judged.", "yes यदि पूरी माप-अवधि रिपोर्ट की अवधि में है; शेष मापी जाती हैं, पर आँकी नहीं जातीं।", "yes ਜੇ ਪੂਰੀ ਮਾਪ-ਮਿਆਦ ਰਿਪੋਰਟ ਦੀ ਮਿਆਦ ਵਿੱਚ ਹੈ; ਬਾਕੀ ਮਾਪੀਆਂ ਜਾਂਦੀਆਂ ਹਨ, ਪਰ ਪਰਖੀਆਂ ਨਹੀਂ ਜਾਂਦੀਆਂ।", YES),
    Column("counted", WHOLE, "subjects", "Subjects whose time is added up in the row.", "जिन वस्तुओं का समय जोड़ा गया है उनकी संख्या।", "ਜਿਨ੍ਹਾਂ ਵਸਤੂਆਂ ਦਾ ਸਮਾਂ ਜੋੜਿਆ ਗਿਆ ਹੈ ਉਹਨਾਂ ਦੀ ਗਿਣਤੀ।"),
    Column("measured_ms", WHOLE, "ms", "Time of the window in the contract's calendar: the sum of the next four columns.", "अनुबंध के कैलेंडर में अवधि का समय: अगले चार स्तंभों का योग।", "ਇਕਰਾਰਨਾਮੇ ਦੇ ਕੈਲੰਡਰ ਵਿੱਚ ਮਿਆਦ ਦਾ ਸਮਾਂ: ਅਗਲੇ ਚਾਰ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    Column("worked_ms", WHOLE, "ms", "Time up or degraded.", "चालू या कमज़ोर समय।", "ਚਾਲੂ ਜਾਂ ਕਮਜ਼ੋਰ ਸਮਾਂ।"),
    Column("down_ms", WHOLE, "ms", "Time down that the contract counts.", "बंद समय जो अनुबंध में गिना जाता है।", "ਬੰਦ ਸਮਾਂ ਜੋ ਇਕਰਾਰਨਾਮੇ ਵਿੱਚ ਗਿਣਿਆ ਜਾਂਦਾ ਹੈ।"),
    Column("excluded_ms", WHOLE, "ms", "Time down that the contract excludes: the sum of the columns excluded_ with a reason.", "बंद समय जो अनुबंध अपवर्जित करता है: कारण वाले excluded_ स्तंभों का योग।", "ਬੰਦ ਸਮਾਂ ਜੋ ਇਕਰਾਰਨਾਮਾ ਛੱਡਦਾ ਹੈ: ਕਾਰਨ ਵਾਲੇ excluded_ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    Column("unknown_ms", WHOLE, "ms", "Time in which nothing could be observed. Unknown is not down, and is never excluded.", "वह समय जिसमें कुछ देखा नहीं जा सका। अज्ञात का अर्थ बंद नहीं है, और वह कभी अपवर्जित नहीं होता।", "ਉਹ ਸਮਾਂ ਜਿਸ ਵਿੱਚ ਕੁਝ ਵੇਖਿਆ ਨਹੀਂ ਜਾ ਸਕਿਆ। ਅਗਿਆਤ ਦਾ ਅਰਥ ਬੰਦ ਨਹੀਂ, ਅਤੇ ਉਹ ਕਦੇ ਛੱਡਿਆ ਨਹੀਂ ਜਾਂਦਾ।"),
    *_excuses(),
    *_parties(),
    Column("available_percent_low", NUMBER, "%", "Availability by the contract's formula if it was down in all unobserved time. Empty where nothing is measured.", "अनुबंध के सूत्र से उपलब्धता, यदि न देखे गए समय में बंद रहा हो। कुछ मापा न गया हो तो खाली।", "ਇਕਰਾਰਨਾਮੇ ਦੇ ਸੂਤਰ ਨਾਲ ਉਪਲਬਧਤਾ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਬੰਦ ਰਿਹਾ ਹੋਵੇ। ਕੁਝ ਮਾਪਿਆ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("available_percent_high", NUMBER, "%", "The same, if it was up in all unobserved time.", "वही, यदि न देखे गए समय में चालू रहा हो।", "ਉਹੀ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਚਾਲੂ ਰਿਹਾ ਹੋਵੇ।"),
    Column("target_percent", NUMBER, "%", "What the contract promises.", "अनुबंध का वादा।", "ਇਕਰਾਰਨਾਮੇ ਦਾ ਵਾਅਦਾ।"),
    Column("met", WHOLE, "subjects", "Subjects that kept the target, whatever happened unobserved. Only whole windows are judged.", "वस्तुएँ जिन्होंने लक्ष्य पाया, न देखे गए समय में जो भी हुआ हो। केवल पूरी अवधियाँ आँकी जाती हैं।", "ਵਸਤੂਆਂ ਜਿਨ੍ਹਾਂ ਨੇ ਟੀਚਾ ਪਾਇਆ, ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਜੋ ਵੀ ਹੋਇਆ ਹੋਵੇ। ਸਿਰਫ਼ ਪੂਰੀਆਂ ਮਿਆਦਾਂ ਪਰਖੀਆਂ ਜਾਂਦੀਆਂ ਹਨ।"),
    Column("missed", WHOLE, "subjects", "Subjects that missed it, whatever happened unobserved.", "वस्तुएँ जो लक्ष्य चूकीं, न देखे गए समय में जो भी हुआ हो।", "ਵਸਤੂਆਂ ਜੋ ਟੀਚਾ ਖੁੰਝੀਆਂ, ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਜੋ ਵੀ ਹੋਇਆ ਹੋਵੇ।"),
    Column("undecided", WHOLE, "subjects", "Subjects of which that depends on what nobody saw.", "वस्तुएँ जिनका निर्णय न देखे गए समय पर निर्भर है।", "ਵਸਤੂਆਂ ਜਿਨ੍ਹਾਂ ਦਾ ਫ਼ੈਸਲਾ ਨਾ ਵੇਖੇ ਸਮੇਂ ਉੱਤੇ ਨਿਰਭਰ ਹੈ।"),
    *_outages(),
    Column("deduction_rupees_low", NUMBER, "₹", "What the slabs deduct at the least: if it was up in all unobserved time. Empty without a fee on record.", "स्लैब से न्यूनतम कटौती: यदि न देखे गए समय में चालू रहा हो। शुल्क दर्ज न हो तो खाली।", "ਸਲੈਬਾਂ ਤੋਂ ਘੱਟੋ-ਘੱਟ ਕਟੌਤੀ: ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਚਾਲੂ ਰਿਹਾ ਹੋਵੇ। ਫ਼ੀਸ ਦਰਜ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("deduction_rupees_high", NUMBER, "₹", "What they deduct at the most: if it was down in all unobserved time.", "अधिकतम कटौती: यदि न देखे गए समय में बंद रहा हो।", "ਵੱਧ ਤੋਂ ਵੱਧ ਕਟੌਤੀ: ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਬੰਦ ਰਿਹਾ ਹੋਵੇ।"),
    Column("arithmetic_low", TEXT, "", "How deduction_rupees_low comes about: for one subject its availability and slab, for several how many in which slab.", "deduction_rupees_low कैसे बनी: एक वस्तु के लिए उपलब्धता और स्लैब, अनेक के लिए किस स्लैब में कितनी।", "deduction_rupees_low ਕਿਵੇਂ ਬਣੀ: ਇੱਕ ਵਸਤੂ ਲਈ ਉਪਲਬਧਤਾ ਅਤੇ ਸਲੈਬ, ਕਈਆਂ ਲਈ ਕਿਸ ਸਲੈਬ ਵਿੱਚ ਕਿੰਨੀਆਂ।"),
    Column("arithmetic_high", TEXT, "", "The same of deduction_rupees_high.", "वही, deduction_rupees_high के लिए।", "ਉਹੀ, deduction_rupees_high ਲਈ।"),
    Column("as_of", TIME, "Indian time", "When the report was made from what was then stored.", "उस समय दर्ज जानकारी से रिपोर्ट बनने का समय।", "ਉਸ ਸਮੇਂ ਦਰਜ ਜਾਣਕਾਰੀ ਤੋਂ ਰਿਪੋਰਟ ਬਣਨ ਦਾ ਸਮਾਂ।"),
)  # fmt: skip
