"""The columns of the availability report and of the intervals behind it."""

from collections.abc import Iterable

from readiness.model import Cause, Responsible
from readiness.rules.availability import BUCKETS, CAUSES, PARTIES
from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column
from reports.words import ROW_KIND, YES

ROOT_CAUSES = tuple(cause for cause in CAUSES if cause not in {Cause.UPSTREAM, Cause.PLANNED})
"""What time in the bucket `upstream` may have as its root's cause: planned work has its own bucket."""

_CAUSES: dict[Cause, tuple[str, str, str]] = {
    Cause.POWER: ("mains power was lost", "बिजली न होना", "ਬਿਜਲੀ ਨਾ ਹੋਣਾ"),
    Cause.FIBRE: ("a fibre was cut", "फ़ाइबर कटना", "ਫ਼ਾਈਬਰ ਕੱਟਿਆ ਜਾਣਾ"),
    Cause.EQUIPMENT: ("equipment failed", "उपकरण की ख़राबी", "ਉਪਕਰਣ ਦੀ ਖ਼ਰਾਬੀ"),
    Cause.LAST_MILE: ("the last mile to the kendra failed", "केंद्र तक के अंतिम छोर की ख़राबी", "ਕੇਂਦਰ ਤੱਕ ਦੇ ਆਖ਼ਰੀ ਸਿਰੇ ਦੀ ਖ਼ਰਾਬੀ"),
    Cause.ADMINISTRATIVE: ("of an administrative reason, such as an unpaid bill", "प्रशासनिक कारण, जैसे बिल बकाया", "ਪ੍ਰਸ਼ਾਸਨਿਕ ਕਾਰਨ, ਜਿਵੇਂ ਬਕਾਇਆ ਬਿੱਲ"),
    Cause.UNDETERMINED: ("of what could not be determined, or is not on record", "अनिर्धारित या दर्ज न हुआ कारण", "ਅਨਿਸ਼ਚਿਤ ਜਾਂ ਦਰਜ ਨਾ ਹੋਇਆ ਕਾਰਨ"),
}  # fmt: skip


def bucket_columns(prefix: str = "") -> dict[str, str]:
    """Bucket -> the name of its column: up_ms, down_power_ms, planned_ms..."""
    plain = {"up", "degraded", Cause.PLANNED, "unknown"}
    return {bucket: f"{prefix}{bucket if bucket in plain else f'down_{bucket}'}_ms" for bucket in BUCKETS}


PARTIES_TOLD: dict[Responsible, tuple[str, str, str]] = {
    Responsible.AGENCY: ("the agency that keeps fibre and network equipment working", "फ़ाइबर और नेटवर्क उपकरण चलाने वाली एजेंसी", "ਫ਼ਾਈਬਰ ਅਤੇ ਨੈੱਟਵਰਕ ਉਪਕਰਣ ਚਲਾਉਣ ਵਾਲੀ ਏਜੰਸੀ"),
    Responsible.POWER_UTILITY: ("the power utility", "विद्युत कंपनी", "ਬਿਜਲੀ ਕੰਪਨੀ"),
    Responsible.PANCHAYAT: ("the panchayat", "पंचायत", "ਪੰਚਾਇਤ"),
    Responsible.KENDRA_OPERATOR: ("the kendra's operator", "केंद्र संचालक", "ਕੇਂਦਰ ਸੰਚਾਲਕ"),
    Responsible.SERVICE_OWNER: ("who runs the portal or gateway that services need", "सेवा का पोर्टल या गेटवे चलाने वाला", "ਸੇਵਾ ਦਾ ਪੋਰਟਲ ਜਾਂ ਗੇਟਵੇ ਚਲਾਉਣ ਵਾਲਾ"),
}  # fmt: skip
"""Every party but nobody, in three languages."""


def party_columns(prefix: str = "by_") -> dict[Responsible, str]:
    """Party -> the name of its column."""
    return {party: f"{prefix}{'nobody' if party is Responsible.NONE else party}_ms" for party in PARTIES}


def _parties() -> Iterable[Column]:
    for party, name in party_columns().items():
        if party is Responsible.NONE:
            yield Column(
                name, WHOLE, "ms", "The rest of period_ms: it was not down, nobody could see, or no outage on record explains it.",
                "period_ms का शेष: बंद नहीं था, देखा नहीं जा सका, या कोई दर्ज बाधा उसका कारण नहीं बताती।",
                "period_ms ਦਾ ਬਾਕੀ: ਬੰਦ ਨਹੀਂ ਸੀ, ਵੇਖਿਆ ਨਹੀਂ ਜਾ ਸਕਿਆ, ਜਾਂ ਕੋਈ ਦਰਜ ਰੁਕਾਵਟ ਉਸਦਾ ਕਾਰਨ ਨਹੀਂ ਦੱਸਦੀ।",
            )  # fmt: skip
            continue
        english, hindi, punjabi = PARTIES_TOLD[party]
        yield Column(
            name, WHOLE, "ms", f"Time down, with planned work, in which it was for this party to act: {english}. The columns by_ add up to period_ms.",
            f"बंद रहने का समय (नियोजित कार्य सहित) जिसमें कार्रवाई इनकी थी: {hindi}। by_ स्तंभों का योग period_ms है।",
            f"ਬੰਦ ਰਹਿਣ ਦਾ ਸਮਾਂ (ਯੋਜਨਾਬੱਧ ਕੰਮ ਸਮੇਤ) ਜਿਸ ਵਿੱਚ ਕਾਰਵਾਈ ਇਹਨਾਂ ਦੀ ਸੀ: {punjabi}। by_ ਕਾਲਮਾਂ ਦਾ ਜੋੜ period_ms ਹੈ।",
        )  # fmt: skip


ASSUMED = {
    "_if_up": ("if it was up in all unobserved time", "यदि न देखे गए समय में चालू रहा हो", "ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਚਾਲੂ ਰਿਹਾ ਹੋਵੇ"),
    "_if_down": ("if it was down in all unobserved time", "यदि न देखे गए समय में बंद रहा हो", "ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਬੰਦ ਰਿਹਾ ਹੋਵੇ"),
}  # fmt: skip
_ABOUT_OUTAGES = {"outages": "", "outages_ended": "", "mttr": "_ms", "mtbf": "_ms", "longest": "_ms"}


def _assumed() -> Iterable[Column]:
    for suffix, (english, hindi, punjabi) in ASSUMED.items():
        for name, unit in _ABOUT_OUTAGES.items():
            plain = f"{name}{unit}"
            yield Column(
                f"{name}{suffix}{unit}", WHOLE, unit.removeprefix("_") or "outages", f"As {plain}, {english}.",
                f"{plain} की तरह, {hindi}।", f"{plain} ਵਾਂਗ, {punjabi}।",
            )  # fmt: skip


def _meaning(bucket: str) -> tuple[str, str, str]:
    fixed = {
        "up": ("Time in which all that it needs answered; for villages: ready.", "वह समय जिसमें सभी आवश्यक उपकरणों ने उत्तर दिया; गाँव के लिए: तैयार।", "ਉਹ ਸਮਾਂ ਜਿਸ ਵਿੱਚ ਸਾਰੇ ਲੋੜੀਂਦੇ ਉਪਕਰਣਾਂ ਨੇ ਜਵਾਬ ਦਿੱਤਾ; ਪਿੰਡ ਲਈ: ਤਿਆਰ।"),
        "degraded": ("Time in which it worked, but with loss or with something failing.", "वह समय जिसमें काम चला, पर क्षति या किसी विफलता के साथ।", "ਉਹ ਸਮਾਂ ਜਿਸ ਵਿੱਚ ਕੰਮ ਚੱਲਿਆ, ਪਰ ਘਾਟੇ ਜਾਂ ਕਿਸੇ ਖ਼ਰਾਬੀ ਨਾਲ।"),
        "unknown": ("Time in which nothing could be observed. Unknown is not down.", "वह समय जिसमें कुछ देखा नहीं जा सका। अज्ञात का अर्थ बंद नहीं है।", "ਉਹ ਸਮਾਂ ਜਿਸ ਵਿੱਚ ਕੁਝ ਵੇਖਿਆ ਨਹੀਂ ਜਾ ਸਕਿਆ। ਅਗਿਆਤ ਦਾ ਅਰਥ ਬੰਦ ਨਹੀਂ।"),
        Cause.PLANNED: ("Time in which it was down because of announced work, here or on the way to it.", "घोषित कार्य के कारण बंद रहने का समय, यहाँ या रास्ते में।", "ਐਲਾਨੇ ਕੰਮ ਕਾਰਨ ਬੰਦ ਰਹਿਣ ਦਾ ਸਮਾਂ, ਇੱਥੇ ਜਾਂ ਰਾਹ ਵਿੱਚ।"),
        Cause.UPSTREAM: ("Time in which it was down only because of an outage of something else on the way to it.", "केवल रास्ते में कहीं और की बाधा के कारण बंद रहने का समय।", "ਸਿਰਫ਼ ਰਾਹ ਵਿੱਚ ਕਿਤੇ ਹੋਰ ਦੀ ਰੁਕਾਵਟ ਕਾਰਨ ਬੰਦ ਰਹਿਣ ਦਾ ਸਮਾਂ।"),
    }  # fmt: skip
    if bucket in fixed:
        return fixed[bucket]
    english, hindi, punjabi = _CAUSES[Cause(bucket)]
    return (
        f"Time in which it was down because {english}.",
        f"बंद रहने का समय, कारण: {hindi}।",
        f"ਬੰਦ ਰਹਿਣ ਦਾ ਸਮਾਂ, ਕਾਰਨ: {punjabi}।",
    )


def _buckets() -> Iterable[Column]:
    for bucket, name in bucket_columns().items():
        yield Column(name, WHOLE, "ms", *_meaning(bucket))


def _upstream() -> Iterable[Column]:
    for cause in ROOT_CAUSES:
        english, hindi, punjabi = _CAUSES[cause]
        yield Column(
            f"upstream_{cause}_ms", WHOLE, "ms", f"Of down_upstream_ms, the time in which the outage elsewhere was because {english}.",
            f"down_upstream_ms में से वह समय जिसमें कहीं और की बाधा का कारण था: {hindi}।",
            f"down_upstream_ms ਵਿੱਚੋਂ ਉਹ ਸਮਾਂ ਜਿਸ ਵਿੱਚ ਕਿਤੇ ਹੋਰ ਦੀ ਰੁਕਾਵਟ ਦਾ ਕਾਰਨ ਸੀ: {punjabi}।",
        )  # fmt: skip


def _open_buckets() -> Iterable[Column]:
    whole = bucket_columns()
    for bucket, name in bucket_columns("hours_").items():
        yield Column(
            name, WHOLE, "ms", f"Of {whole[bucket]}, what lies in the opening hours.",
            f"{whole[bucket]} का वह भाग जो खुलने के समय में है।", f"{whole[bucket]} ਦਾ ਉਹ ਹਿੱਸਾ ਜੋ ਖੁੱਲ੍ਹਣ ਦੇ ਸਮੇਂ ਵਿੱਚ ਹੈ।",
        )  # fmt: skip


def _but_place(names: Iterable[str]) -> Iterable[Column]:
    return (column for column in PLACE if column.name not in set(names))


AVAILABILITY: tuple[Column, ...] = (
    Column("row", TEXT, "", "What the row is about: the name of a site, or the key of an area.", "पंक्ति का विषय: स्थल का नाम या क्षेत्र की कुंजी।", "ਕਤਾਰ ਦਾ ਵਿਸ਼ਾ: ਸਥਾਨ ਦਾ ਨਾਮ ਜਾਂ ਖੇਤਰ ਦੀ ਕੁੰਜੀ।"),
    Column("kind", TEXT, "", "Its kind: that of the site (gp, kendra, block_pop, district_pop, noc) or the level of the area.", "प्रकार: स्थल का (gp, kendra, block_pop, district_pop, noc) या क्षेत्र का स्तर।", "ਕਿਸਮ: ਸਥਾਨ ਦੀ (gp, kendra, block_pop, district_pop, noc) ਜਾਂ ਖੇਤਰ ਦਾ ਪੱਧਰ।", ROW_KIND),
    Column("name_en", TEXT, "", "Its name in English.", "अंग्रेज़ी नाम।", "ਅੰਗਰੇਜ਼ੀ ਨਾਮ।"),
    Column("name_hi", TEXT, "", "Its name in Hindi; empty where no source has one.", "हिंदी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।", "ਹਿੰਦੀ ਨਾਮ; ਜਿੱਥੇ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ ਉੱਥੇ ਖਾਲੀ।"),
    Column("name_pa", TEXT, "", "Its name in Punjabi; empty where no source has one.", "पंजाबी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।", "ਪੰਜਾਬੀ ਨਾਮ; ਜਿੱਥੇ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ ਉੱਥੇ ਖਾਲੀ।"),
    *_but_place(["name_en", "name_hi", "name_pa", "lat", "lon"]),
    Column("lat", NUMBER, "°", "Latitude of its point, WGS 84.", "बिंदु का अक्षांश, WGS 84।", "ਬਿੰਦੂ ਦਾ ਅਕਸ਼ਾਂਸ਼, WGS 84।"),
    Column("lon", NUMBER, "°", "Longitude of its point, WGS 84.", "बिंदु का देशांतर, WGS 84।", "ਬਿੰਦੂ ਦਾ ਦੇਸ਼ਾਂਤਰ, WGS 84।"),
    Column("approximate", TEXT, "", "yes where that point stands in for a place that no source gives.", "yes जहाँ यह बिंदु अज्ञात स्थान की जगह रखा गया है।", "yes ਜਿੱਥੇ ਇਹ ਬਿੰਦੂ ਅਗਿਆਤ ਥਾਂ ਦੀ ਜਗ੍ਹਾ ਰੱਖਿਆ ਗਿਆ ਹੈ।", YES),
    Column("counted", WHOLE, "subjects", "Sites or villages whose time is added up in the row; 1 for a row about one of them.", "जिन स्थलों या गाँवों का समय पंक्ति में जोड़ा गया है उनकी संख्या; एक ही के लिए 1।", "ਜਿਨ੍ਹਾਂ ਸਥਾਨਾਂ ਜਾਂ ਪਿੰਡਾਂ ਦਾ ਸਮਾਂ ਕਤਾਰ ਵਿੱਚ ਜੋੜਿਆ ਗਿਆ ਹੈ ਉਹਨਾਂ ਦੀ ਗਿਣਤੀ; ਇੱਕ ਹੀ ਲਈ 1।"),
    Column("period_ms", WHOLE, "ms", "Length of the period times counted: the sum of the next columns up to unknown_ms.", "अवधि गुणा counted: unknown_ms तक के अगले स्तंभों का योग।", "ਮਿਆਦ ਗੁਣਾ counted: unknown_ms ਤੱਕ ਦੇ ਅਗਲੇ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    *_buckets(),
    Column("available_percent_low", NUMBER, "%", "Share of period_ms that is up or degraded, if it was down in all unobserved time. Planned work counts as down.", "period_ms का वह हिस्सा जो चालू या कमज़ोर था, यदि न देखे गए समय में बंद रहा हो। नियोजित कार्य बंद गिना जाता है।", "period_ms ਦਾ ਉਹ ਹਿੱਸਾ ਜੋ ਚਾਲੂ ਜਾਂ ਕਮਜ਼ੋਰ ਸੀ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਬੰਦ ਰਿਹਾ ਹੋਵੇ। ਯੋਜਨਾਬੱਧ ਕੰਮ ਬੰਦ ਗਿਣਿਆ ਜਾਂਦਾ ਹੈ।"),
    Column("available_percent_high", NUMBER, "%", "The same share, if it was up in all unobserved time.", "वही हिस्सा, यदि न देखे गए समय में चालू रहा हो।", "ਉਹੀ ਹਿੱਸਾ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਚਾਲੂ ਰਿਹਾ ਹੋਵੇ।"),
    *_upstream(),
    *_parties(),
    Column("outages", WHOLE, "outages", "Outages that touch the period. One that goes on after time in which nothing was seen is one outage.", "अवधि में पड़ने वाली बाधाएँ। न देखे गए समय के बाद जारी रही बाधा एक ही गिनी जाती है।", "ਮਿਆਦ ਵਿੱਚ ਪੈਣ ਵਾਲੀਆਂ ਰੁਕਾਵਟਾਂ। ਨਾ ਵੇਖੇ ਸਮੇਂ ਤੋਂ ਬਾਅਦ ਜਾਰੀ ਰਹੀ ਰੁਕਾਵਟ ਇੱਕ ਹੀ ਗਿਣੀ ਜਾਂਦੀ ਹੈ।"),
    Column("outages_ended", WHOLE, "outages", "Of these, outages that ended in the period.", "इनमें से वे जो अवधि में समाप्त हुईं।", "ਇਹਨਾਂ ਵਿੱਚੋਂ ਉਹ ਜੋ ਮਿਆਦ ਵਿੱਚ ਮੁੱਕੀਆਂ।"),
    Column("mttr_ms", WHOLE, "ms", "Mean time to repair: time seen down in the period of the outages that ended in it, divided by outages_ended, in whole ms. Empty where none ended.", "औसत मरम्मत समय: अवधि में समाप्त हुई बाधाओं का देखा गया बंद समय भाग outages_ended, पूर्ण ms में। कोई समाप्त न हुई हो तो खाली।", "ਔਸਤ ਮੁਰੰਮਤ ਸਮਾਂ: ਮਿਆਦ ਵਿੱਚ ਮੁੱਕੀਆਂ ਰੁਕਾਵਟਾਂ ਦਾ ਵੇਖਿਆ ਬੰਦ ਸਮਾਂ ਭਾਗ outages_ended, ਪੂਰੇ ms ਵਿੱਚ। ਕੋਈ ਨਾ ਮੁੱਕੀ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("mtbf_ms", WHOLE, "ms", "Mean time between failures: time up or degraded divided by outages, in whole ms. Empty without outages.", "विफलताओं के बीच का औसत समय: चालू या कमज़ोर समय भाग outages, पूर्ण ms में। कोई बाधा न हो तो खाली।", "ਅਸਫਲਤਾਵਾਂ ਵਿਚਕਾਰ ਔਸਤ ਸਮਾਂ: ਚਾਲੂ ਜਾਂ ਕਮਜ਼ੋਰ ਸਮਾਂ ਭਾਗ outages, ਪੂਰੇ ms ਵਿੱਚ। ਕੋਈ ਰੁਕਾਵਟ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("longest_ms", WHOLE, "ms", "Time seen down in the period of the longest outage; 0 where there was none.", "सबसे लंबी बाधा का अवधि में देखा गया बंद समय; कोई न हो तो 0।", "ਸਭ ਤੋਂ ਲੰਬੀ ਰੁਕਾਵਟ ਦਾ ਮਿਆਦ ਵਿੱਚ ਵੇਖਿਆ ਬੰਦ ਸਮਾਂ; ਕੋਈ ਨਾ ਹੋਵੇ ਤਾਂ 0।"),
    *_assumed(),
    Column("hours", TEXT, "", "Opening hours in Indian time, as the inventory has them: of the kendra itself, of the one that serves the village, or of the first kendra of the site's area. Empty where not on record, and for rows of many.", "भारतीय समय में खुलने का समय, जैसा सूची में है: स्वयं केंद्र का, गाँव के केंद्र का, या स्थल के क्षेत्र के पहले केंद्र का। दर्ज न हो या पंक्ति अनेक की हो तो खाली।", "ਭਾਰਤੀ ਸਮੇਂ ਵਿੱਚ ਖੁੱਲ੍ਹਣ ਦਾ ਸਮਾਂ, ਜਿਵੇਂ ਸੂਚੀ ਵਿੱਚ ਹੈ: ਖ਼ੁਦ ਕੇਂਦਰ ਦਾ, ਪਿੰਡ ਦੇ ਕੇਂਦਰ ਦਾ, ਜਾਂ ਸਥਾਨ ਦੇ ਖੇਤਰ ਦੇ ਪਹਿਲੇ ਕੇਂਦਰ ਦਾ। ਦਰਜ ਨਾ ਹੋਵੇ ਜਾਂ ਕਤਾਰ ਕਈਆਂ ਦੀ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("hours_counted", WHOLE, "subjects", "Of counted, those whose opening hours are on record: the hours_ columns are about these alone.", "counted में से वे जिनके खुलने का समय दर्ज है: hours_ स्तंभ केवल इन्हीं के हैं।", "counted ਵਿੱਚੋਂ ਉਹ ਜਿਨ੍ਹਾਂ ਦੇ ਖੁੱਲ੍ਹਣ ਦਾ ਸਮਾਂ ਦਰਜ ਹੈ: hours_ ਕਾਲਮ ਸਿਰਫ਼ ਇਹਨਾਂ ਦੇ ਹਨ।"),
    Column("hours_period_ms", WHOLE, "ms", "Opening hours within the period: the sum of the next columns up to hours_unknown_ms. Holidays are those of the file reports.holidays.", "अवधि में खुलने का समय: hours_unknown_ms तक के अगले स्तंभों का योग। अवकाश reports.holidays फ़ाइल से हैं।", "ਮਿਆਦ ਵਿੱਚ ਖੁੱਲ੍ਹਣ ਦਾ ਸਮਾਂ: hours_unknown_ms ਤੱਕ ਦੇ ਅਗਲੇ ਕਾਲਮਾਂ ਦਾ ਜੋੜ। ਛੁੱਟੀਆਂ reports.holidays ਫ਼ਾਈਲ ਤੋਂ ਹਨ।"),
    *_open_buckets(),
    Column("hours_available_percent_low", NUMBER, "%", "As available_percent_low, of hours_period_ms. Empty where that is 0.", "available_percent_low की तरह, hours_period_ms का। वह 0 हो तो खाली।", "available_percent_low ਵਾਂਗ, hours_period_ms ਦਾ। ਉਹ 0 ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("hours_available_percent_high", NUMBER, "%", "As available_percent_high, of hours_period_ms.", "available_percent_high की तरह, hours_period_ms का।", "available_percent_high ਵਾਂਗ, hours_period_ms ਦਾ।"),
    Column("as_of", TIME, "Indian time", "When the report was made from what was then stored.", "उस समय दर्ज जानकारी से रिपोर्ट बनने का समय।", "ਉਸ ਸਮੇਂ ਦਰਜ ਜਾਣਕਾਰੀ ਤੋਂ ਰਿਪੋਰਟ ਬਣਨ ਦਾ ਸਮਾਂ।"),
)  # fmt: skip
