"""The columns of the availability report and of the intervals behind it."""

from collections.abc import Iterable

from readiness.model import Cause
from readiness.rules.availability import BUCKETS, CAUSES
from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column

ROOT_CAUSES = tuple(cause for cause in CAUSES if cause not in {Cause.UPSTREAM, Cause.PLANNED})
"""What time in the bucket `upstream` may have as its root's cause: planned work has its own bucket."""

_CAUSES: dict[Cause, tuple[str, str]] = {
    Cause.POWER: ("mains power was lost", "बिजली न होना"),
    Cause.FIBRE: ("a fibre was cut", "फ़ाइबर कटना"),
    Cause.EQUIPMENT: ("equipment failed", "उपकरण की ख़राबी"),
    Cause.LAST_MILE: ("the last mile to the kendra failed", "केंद्र तक के अंतिम छोर की ख़राबी"),
    Cause.ADMINISTRATIVE: ("of an administrative reason, such as an unpaid bill", "प्रशासनिक कारण, जैसे बिल बकाया"),
    Cause.UNDETERMINED: ("of what could not be determined, or is not on record", "अनिर्धारित या दर्ज न हुआ कारण"),
}


def bucket_columns(prefix: str = "") -> dict[str, str]:
    """Bucket -> the name of its column: up_ms, down_power_ms, planned_ms..."""
    plain = {"up", "degraded", Cause.PLANNED, "unknown"}
    return {bucket: f"{prefix}{bucket if bucket in plain else f'down_{bucket}'}_ms" for bucket in BUCKETS}


def _meaning(bucket: str) -> tuple[str, str]:
    fixed = {
        "up": ("Time in which all that it needs answered; for villages: ready.", "वह समय जिसमें सभी आवश्यक उपकरणों ने उत्तर दिया; गाँव के लिए: तैयार।"),
        "degraded": ("Time in which it worked, but with loss or with something failing.", "वह समय जिसमें काम चला, पर क्षति या किसी विफलता के साथ।"),
        "unknown": ("Time in which nothing could be observed. Unknown is not down.", "वह समय जिसमें कुछ देखा नहीं जा सका। अज्ञात का अर्थ बंद नहीं है।"),
        Cause.PLANNED: ("Time in which it was down because of announced work, here or on the way to it.", "घोषित कार्य के कारण बंद रहने का समय, यहाँ या रास्ते में।"),
        Cause.UPSTREAM: ("Time in which it was down only because of an outage of something else on the way to it.", "केवल रास्ते में कहीं और की बाधा के कारण बंद रहने का समय।"),
    }  # fmt: skip
    if bucket in fixed:
        return fixed[bucket]
    english, hindi = _CAUSES[Cause(bucket)]
    return f"Time in which it was down because {english}.", f"बंद रहने का समय, कारण: {hindi}।"


def _buckets() -> Iterable[Column]:
    for bucket, name in bucket_columns().items():
        yield Column(name, WHOLE, "ms", *_meaning(bucket))


def _upstream() -> Iterable[Column]:
    for cause in ROOT_CAUSES:
        english, hindi = _CAUSES[cause]
        yield Column(
            f"upstream_{cause}_ms", WHOLE, "ms", f"Of down_upstream_ms, the time in which the outage elsewhere was because {english}.",
            f"down_upstream_ms में से वह समय जिसमें कहीं और की बाधा का कारण था: {hindi}।",
        )  # fmt: skip


def _open_buckets() -> Iterable[Column]:
    whole = bucket_columns()
    for bucket, name in bucket_columns("hours_").items():
        yield Column(
            name, WHOLE, "ms", f"Of {whole[bucket]}, what lies in the opening hours.",
            f"{whole[bucket]} का वह भाग जो खुलने के समय में है।",
        )  # fmt: skip


def _but_place(names: Iterable[str]) -> Iterable[Column]:
    return (column for column in PLACE if column.name not in set(names))


AVAILABILITY: tuple[Column, ...] = (
    Column("row", TEXT, "", "What the row is about: the name of a site, or the key of an area.", "पंक्ति का विषय: स्थल का नाम या क्षेत्र की कुंजी।"),
    Column("kind", TEXT, "", "Its kind: that of the site (gp, kendra, block_pop, district_pop, noc) or the level of the area.", "प्रकार: स्थल का (gp, kendra, block_pop, district_pop, noc) या क्षेत्र का स्तर।"),
    Column("name_en", TEXT, "", "Its name in English.", "अंग्रेज़ी नाम।"),
    Column("name_hi", TEXT, "", "Its name in Hindi; empty where no source has one.", "हिंदी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।"),
    *_but_place(["name_en", "name_hi", "lat", "lon"]),
    Column("lat", NUMBER, "°", "Latitude of its point, WGS 84.", "बिंदु का अक्षांश, WGS 84।"),
    Column("lon", NUMBER, "°", "Longitude of its point, WGS 84.", "बिंदु का देशांतर, WGS 84।"),
    Column("approximate", TEXT, "", "yes where that point stands in for a place that no source gives.", "yes जहाँ यह बिंदु अज्ञात स्थान की जगह रखा गया है।"),
    Column("counted", WHOLE, "subjects", "Sites or villages whose time is added up in the row; 1 for a row about one of them.", "जिन स्थलों या गाँवों का समय पंक्ति में जोड़ा गया है उनकी संख्या; एक ही के लिए 1।"),
    Column("period_ms", WHOLE, "ms", "Length of the period times counted: the sum of the next columns up to unknown_ms.", "अवधि गुणा counted: unknown_ms तक के अगले स्तंभों का योग।"),
    *_buckets(),
    Column("available_percent_low", NUMBER, "%", "Share of period_ms that is up or degraded, if it was down in all unobserved time. Planned work counts as down.", "period_ms का वह हिस्सा जो चालू या कमज़ोर था, यदि न देखे गए समय में बंद रहा हो। नियोजित कार्य बंद गिना जाता है।"),
    Column("available_percent_high", NUMBER, "%", "The same share, if it was up in all unobserved time.", "वही हिस्सा, यदि न देखे गए समय में चालू रहा हो।"),
    *_upstream(),
    Column("outages", WHOLE, "outages", "Outages that touch the period. One that goes on after time in which nothing was seen is one outage.", "अवधि में पड़ने वाली बाधाएँ। न देखे गए समय के बाद जारी रही बाधा एक ही गिनी जाती है।"),
    Column("outages_ended", WHOLE, "outages", "Of these, outages that ended in the period.", "इनमें से वे जो अवधि में समाप्त हुईं।"),
    Column("mttr_ms", WHOLE, "ms", "Mean time to repair: time seen down in the period of the outages that ended in it, divided by outages_ended, in whole ms. Empty where none ended.", "औसत मरम्मत समय: अवधि में समाप्त हुई बाधाओं का देखा गया बंद समय भाग outages_ended, पूर्ण ms में। कोई समाप्त न हुई हो तो खाली।"),
    Column("longest_ms", WHOLE, "ms", "Time seen down in the period of the longest outage; 0 where there was none.", "सबसे लंबी बाधा का अवधि में देखा गया बंद समय; कोई न हो तो 0।"),
    Column("hours", TEXT, "", "Opening hours in Indian time, as the inventory has them: of the kendra itself, of the one that serves the village, or of the first kendra of the site's area. Empty where not on record, and for rows of many.", "भारतीय समय में खुलने का समय, जैसा सूची में है: स्वयं केंद्र का, गाँव के केंद्र का, या स्थल के क्षेत्र के पहले केंद्र का। दर्ज न हो या पंक्ति अनेक की हो तो खाली।"),
    Column("hours_counted", WHOLE, "subjects", "Of counted, those whose opening hours are on record: the hours_ columns are about these alone.", "counted में से वे जिनके खुलने का समय दर्ज है: hours_ स्तंभ केवल इन्हीं के हैं।"),
    Column("hours_period_ms", WHOLE, "ms", "Opening hours within the period: the sum of the next columns up to hours_unknown_ms. Public holidays are not on record and count as any other day.", "अवधि में खुलने का समय: hours_unknown_ms तक के अगले स्तंभों का योग। सार्वजनिक अवकाश दर्ज नहीं हैं और अन्य दिनों की तरह गिने जाते हैं।"),
    *_open_buckets(),
    Column("hours_available_percent_low", NUMBER, "%", "As available_percent_low, of hours_period_ms. Empty where that is 0.", "available_percent_low की तरह, hours_period_ms का। वह 0 हो तो खाली।"),
    Column("hours_available_percent_high", NUMBER, "%", "As available_percent_high, of hours_period_ms.", "available_percent_high की तरह, hours_period_ms का।"),
    Column("as_of", TIME, "Indian time", "When the report was made from what was then stored.", "उस समय दर्ज जानकारी से रिपोर्ट बनने का समय।"),
)  # fmt: skip
