"""The trend report: likely next trouble, the gravest and soonest first, with the numbers. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import pyarrow as pa

from inventory.model import Inventory, Level, Names
from readiness.rules.trend import LEAST_DAYS, ONE_IN
from readiness.trends import (
    BATTERY_DAYS,
    BATTERY_S,
    LEAST_BATTERY_S,
    LEAST_LIGHT_DB,
    LIGHT_DBM,
    WINDOW_DAYS,
    Kind,
    Outlook,
    Trend,
)
from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column, schema
from reports.places import Cells, Homes, area_cells
from reports.words import Words, joined

_MEANS: dict[Outlook, tuple[str, str, str]] = {
    Outlook.BEYOND: ("that are at their limit already", "जो सीमा पर पहुँच चुके हैं", "ਜੋ ਹੱਦ 'ਤੇ ਪਹੁੰਚ ਚੁੱਕੇ ਹਨ"),
    Outlook.FALLING: ("that fall, by more than chance", "जो गिर रहे हैं, संयोग से अधिक", "ਜੋ ਡਿੱਗ ਰਹੇ ਹਨ, ਸੰਜੋਗ ਤੋਂ ਵੱਧ"),
    Outlook.MORE_CUTS: ("feeders with more power cuts than the district's others, by more than chance", "फ़ीडर जिनमें ज़िले के अन्य फ़ीडरों से अधिक बिजली कटौती हुई, संयोग से अधिक", "ਫੀਡਰ ਜਿਨ੍ਹਾਂ ਵਿੱਚ ਜ਼ਿਲ੍ਹੇ ਦੇ ਹੋਰ ਫੀਡਰਾਂ ਨਾਲੋਂ ਵੱਧ ਬਿਜਲੀ ਕੱਟ ਲੱਗੇ, ਸੰਜੋਗ ਤੋਂ ਵੱਧ"),
    Outlook.STEADY: ("of which nothing of that can be said", "जिनके बारे में ऐसा कुछ नहीं कहा जा सकता", "ਜਿਨ੍ਹਾਂ ਬਾਰੇ ਅਜਿਹਾ ਕੁਝ ਨਹੀਂ ਕਿਹਾ ਜਾ ਸਕਦਾ"),
    Outlook.NOT_ENOUGH: ("without enough days of figures, or anything to compare with", "जिनके पर्याप्त दिनों के आँकड़े या तुलना नहीं है", "ਜਿਨ੍ਹਾਂ ਦੇ ਕਾਫ਼ੀ ਦਿਨਾਂ ਦੇ ਅੰਕੜੇ ਜਾਂ ਤੁਲਨਾ ਨਹੀਂ ਹੈ"),
}  # fmt: skip

KIND: Words = {
    Kind.LIGHT: Names("light of a fibre", "फ़ाइबर का प्रकाश", "ਫ਼ਾਈਬਰ ਦੀ ਰੋਸ਼ਨੀ"),
    Kind.BATTERY: Names("battery of a UPS", "यूपीएस की बैटरी", "ਯੂ.ਪੀ.ਐਸ. ਦੀ ਬੈਟਰੀ"),
    Kind.FEEDER: Names("electricity feeder", "बिजली फ़ीडर", "ਬਿਜਲੀ ਫੀਡਰ"),
}
OUTLOOK: Words = {
    Outlook.BEYOND: Names("at its limit already", "सीमा पर पहुँच चुका", "ਹੱਦ 'ਤੇ ਪਹੁੰਚ ਚੁੱਕਾ"),
    Outlook.FALLING: Names("falling", "गिर रहा है", "ਡਿੱਗ ਰਿਹਾ ਹੈ"),
    Outlook.MORE_CUTS: Names("more power cuts than the others", "दूसरों से अधिक बिजली कटौतियाँ", "ਹੋਰਾਂ ਨਾਲੋਂ ਵੱਧ ਬਿਜਲੀ ਕੱਟ"),
    Outlook.STEADY: Names("nothing of that can be said", "ऐसा कुछ नहीं कहा जा सकता", "ਅਜਿਹਾ ਕੁਝ ਨਹੀਂ ਕਿਹਾ ਜਾ ਸਕਦਾ"),
    Outlook.NOT_ENOUGH: Names("too few figures", "पर्याप्त आँकड़े नहीं", "ਕਾਫ਼ੀ ਅੰਕੜੇ ਨਹੀਂ"),
}  # fmt: skip

_LISTED = joined("; ", OUTLOOK.values())

TREND: tuple[Column, ...] = (
    *PLACE,
    Column("kind", TEXT, "", f"What it is about: {KIND[Kind.LIGHT].en} (as an ONT receives it, dBm), {KIND[Kind.BATTERY].en} (time that it says it would last, s), {KIND[Kind.FEEDER].en} (its power cuts).", f"विषय: {KIND[Kind.LIGHT].hi} (ONT पर, dBm), {KIND[Kind.BATTERY].hi} (बताया गया चलने का समय, s), {KIND[Kind.FEEDER].hi} (उसकी कटौतियाँ)।", f"ਵਿਸ਼ਾ: {KIND[Kind.LIGHT].pa} (ONT 'ਤੇ, dBm), {KIND[Kind.BATTERY].pa} (ਦੱਸਿਆ ਚੱਲਣ ਦਾ ਸਮਾਂ, s), {KIND[Kind.FEEDER].pa} (ਉਸਦੇ ਕੱਟ)।", KIND),
    Column("subject", TEXT, "", "The device or the feeder.", "उपकरण या फ़ीडर।", "ਉਪਕਰਣ ਜਾਂ ਫੀਡਰ।"),
    Column("site", TEXT, "", "The site of the device, or the feeder's first one.", "उपकरण का स्थल, या फ़ीडर का पहला स्थल।", "ਉਪਕਰਣ ਦੀ ਥਾਂ, ਜਾਂ ਫੀਡਰ ਦੀ ਪਹਿਲੀ ਥਾਂ।"),
    Column("outlook", TEXT, "", f"The gravest first: {_LISTED.en}.", f"सबसे गंभीर पहले: {_LISTED.hi}।", f"ਸਭ ਤੋਂ ਗੰਭੀਰ ਪਹਿਲਾਂ: {_LISTED.pa}।", OUTLOOK),
    Column("days_with_figures", WHOLE, "days", "Days of the window that have a figure.", "अवधि के वे दिन जिनके आँकड़े हैं।", "ਅਵਧੀ ਦੇ ਉਹ ਦਿਨ ਜਿਨ੍ਹਾਂ ਦੇ ਅੰਕੜੇ ਹਨ।"),
    Column("level", NUMBER, "dBm or s", "The line through the figures on the last day.", "अंतिम दिन पर आँकड़ों की रेखा का मान।", "ਆਖ਼ਰੀ ਦਿਨ ਅੰਕੜਿਆਂ ਦੀ ਰੇਖਾ ਦਾ ਮੁੱਲ।"),
    Column("limit", NUMBER, "dBm or s", "What it may not fall to.", "जिस सीमा तक नहीं गिरना चाहिए।", "ਜਿਸ ਹੱਦ ਤੱਕ ਨਹੀਂ ਡਿੱਗਣਾ ਚਾਹੀਦਾ।"),
    Column("change_a_day", NUMBER, "dB or s a day", "Slope of the line (Theil-Sen).", "रेखा का प्रतिदिन ढाल (Theil-Sen)।", "ਰੇਖਾ ਦੀ ਰੋਜ਼ਾਨਾ ਢਲਾਣ (Theil-Sen)।"),
    Column("change_a_day_low", NUMBER, "dB or s a day", "Lower bound of its interval; empty where there is none.", "उसकी निचली सीमा; न हो तो खाली।", "ਉਸਦੀ ਹੇਠਲੀ ਹੱਦ; ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("change_a_day_high", NUMBER, "dB or s a day", "Upper bound of its interval; empty where there is none.", "उसकी ऊपरी सीमा; न हो तो खाली।", "ਉਸਦੀ ਉੱਪਰਲੀ ਹੱਦ; ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("days_left", NUMBER, "days", "Days from the last one until the line reaches the limit; empty: it does not.", "अंतिम दिन से रेखा के सीमा तक पहुँचने के दिन; खाली: नहीं पहुँचती।", "ਆਖ਼ਰੀ ਦਿਨ ਤੋਂ ਰੇਖਾ ਦੇ ਹੱਦ ਤੱਕ ਪਹੁੰਚਣ ਦੇ ਦਿਨ; ਖਾਲੀ: ਨਹੀਂ ਪਹੁੰਚਦੀ।"),
    Column("days_left_low", NUMBER, "days", "The same with the lower bound of the slope.", "वही, ढाल की निचली सीमा से।", "ਉਹੀ, ਢਲਾਣ ਦੀ ਹੇਠਲੀ ਹੱਦ ਨਾਲ।"),
    Column("days_left_high", NUMBER, "days", "The same with its upper bound; empty: never.", "वही, ऊपरी सीमा से; खाली: कभी नहीं।", "ਉਹੀ, ਉੱਪਰਲੀ ਹੱਦ ਨਾਲ; ਖਾਲੀ: ਕਦੇ ਨਹੀਂ।"),
    Column("cuts", WHOLE, "power cuts", f"Power cuts of the feeder in {WINDOW_DAYS} days.", f"{WINDOW_DAYS} दिनों में फ़ीडर की बिजली कटौतियाँ।", f"{WINDOW_DAYS} ਦਿਨਾਂ ਵਿੱਚ ਫੀਡਰ ਦੇ ਬਿਜਲੀ ਕੱਟ।"),
    Column("cuts_a_month", NUMBER, "in 30 days", "The same as a rate.", "वही, 30 दिनों की दर।", "ਉਹੀ, 30 ਦਿਨਾਂ ਦੀ ਦਰ।"),
    Column("cuts_a_month_low", NUMBER, "in 30 days", "Lower bound of the rate (99 %, Garwood).", "दर की निचली सीमा (99 %, Garwood)।", "ਦਰ ਦੀ ਹੇਠਲੀ ਹੱਦ (99 %, Garwood)।"),
    Column("cuts_a_month_high", NUMBER, "in 30 days", "Upper bound of the rate.", "दर की ऊपरी सीमा।", "ਦਰ ਦੀ ਉੱਪਰਲੀ ਹੱਦ।"),
    Column("others_a_month", NUMBER, "in 30 days", "Mean rate of the district's other feeders.", "ज़िले के अन्य फ़ीडरों की औसत दर।", "ਜ਼ਿਲ੍ਹੇ ਦੇ ਹੋਰ ਫੀਡਰਾਂ ਦੀ ਔਸਤ ਦਰ।"),
    Column("chance", NUMBER, "1", "The chance of at least as many cuts, if all feeders of the district were alike.", "इतनी या अधिक कटौतियों की संभावना, यदि ज़िले के सभी फ़ीडर एक जैसे हों।", "ਇੰਨੇ ਜਾਂ ਵੱਧ ਕੱਟਾਂ ਦੀ ਸੰਭਾਵਨਾ, ਜੇ ਜ਼ਿਲ੍ਹੇ ਦੇ ਸਾਰੇ ਫੀਡਰ ਇੱਕੋ ਜਿਹੇ ਹੋਣ।"),
    Column("series", WHOLE, "series", "What the row counts: the sum of the next columns.", "पंक्ति की गिनती: अगले स्तंभों का योग।", "ਕਤਾਰ ਦੀ ਗਿਣਤੀ: ਅਗਲੇ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    *(Column(f"series_{each}", WHOLE, "series", f"Of series, those {english}.", f"series में से वे {hindi}।", f"series ਵਿੱਚੋਂ ਉਹ {punjabi}।") for each, (english, hindi, punjabi) in _MEANS.items()),
    Column("as_of", TIME, "Indian time", "When the report was made.", "रिपोर्ट बनने का समय।", "ਰਿਪੋਰਟ ਬਣਨ ਦਾ ਸਮਾਂ।"),
)  # fmt: skip

RULE = Names(
    f"A figure falls if the whole interval of its Theil-Sen slope lies below 0 and it fell by at least {LEAST_LIGHT_DB:g} dB (light, {WINDOW_DAYS} days, limit {LIGHT_DBM:g} dBm) or {LEAST_BATTERY_S:g} s (battery, {BATTERY_DAYS} nights, limit {BATTERY_S:g} s); at least {LEAST_DAYS} days are needed. Of series without any trend at most 1 in {ONE_IN} is told to fall, and of feeders that are all alike at most 1 in {ONE_IN} to have more cuts.",
    f"आँकड़ा गिरता माना जाता है यदि थाइल-सेन ढाल का पूरा अंतराल 0 से नीचे हो और गिरावट कम से कम {LEAST_LIGHT_DB:g} डीबी (प्रकाश, {WINDOW_DAYS} दिन, सीमा {LIGHT_DBM:g} डीबीएम) या {LEAST_BATTERY_S:g} सेकंड (बैटरी, {BATTERY_DAYS} रातें, सीमा {BATTERY_S:g} सेकंड) हो; कम से कम {LEAST_DAYS} दिन चाहिए। बिना प्रवृत्ति वाले {ONE_IN} में से अधिकतम 1 गिरता बताया जाता है, और एक जैसे {ONE_IN} फ़ीडरों में से अधिकतम 1 के बारे में कि उसमें अधिक कटौतियाँ हैं।",
    f"ਅੰਕੜਾ ਡਿੱਗਦਾ ਮੰਨਿਆ ਜਾਂਦਾ ਹੈ ਜੇ ਥਾਈਲ-ਸੇਨ ਢਲਾਣ ਦਾ ਪੂਰਾ ਅੰਤਰਾਲ 0 ਤੋਂ ਹੇਠਾਂ ਹੋਵੇ ਅਤੇ ਗਿਰਾਵਟ ਘੱਟੋ-ਘੱਟ {LEAST_LIGHT_DB:g} ਡੀਬੀ (ਰੌਸ਼ਨੀ, {WINDOW_DAYS} ਦਿਨ, ਹੱਦ {LIGHT_DBM:g} ਡੀਬੀਐੱਮ) ਜਾਂ {LEAST_BATTERY_S:g} ਸਕਿੰਟ (ਬੈਟਰੀ, {BATTERY_DAYS} ਰਾਤਾਂ, ਹੱਦ {BATTERY_S:g} ਸਕਿੰਟ) ਹੋਵੇ; ਘੱਟੋ-ਘੱਟ {LEAST_DAYS} ਦਿਨ ਚਾਹੀਦੇ ਹਨ। ਬਿਨਾਂ ਰੁਝਾਨ ਵਾਲੇ {ONE_IN} ਵਿੱਚੋਂ ਵੱਧ ਤੋਂ ਵੱਧ 1 ਡਿੱਗਦਾ ਦੱਸਿਆ ਜਾਂਦਾ ਹੈ, ਅਤੇ ਇੱਕੋ ਜਿਹੇ {ONE_IN} ਫੀਡਰਾਂ ਵਿੱਚੋਂ ਵੱਧ ਤੋਂ ਵੱਧ 1 ਬਾਰੇ ਕਿ ਉਸ ਵਿੱਚ ਵੱਧ ਕੱਟ ਹਨ।",
)  # fmt: skip
"""What decides."""


def trend_tables(inventory: Inventory, found: Sequence[Trend], at: datetime) -> tuple[pa.Table, pa.Table]:
    """(a row for each of `found`, a row for each district with counts), with the columns of TREND."""
    rows = [_row(inventory, each, at) for each in found]
    homes = Homes(inventory, Level.DISTRICT)
    inside: dict[str, list[Outlook]] = {}
    for each in found:
        if home := homes.of(each.area):
            inside.setdefault(home, []).append(each.outlook)
    districts = [
        {**area_cells(inventory, inventory.areas[key]), **_counts(of), "as_of": at} for key, of in inside.items()
    ]
    columns = schema(TREND)
    return pa.Table.from_pylist(rows, schema=columns), pa.Table.from_pylist(districts, schema=columns)


def _row(inventory: Inventory, each: Trend, at: datetime) -> Cells:
    return {
        **area_cells(inventory, inventory.areas[each.area]),
        "kind": str(each.kind), "subject": each.subject, "site": each.site, "outlook": str(each.outlook),
        "days_with_figures": each.days, "level": each.level, "limit": each.limit, "change_a_day": each.a_day,
        "change_a_day_low": each.a_day_low, "change_a_day_high": each.a_day_high, "days_left": each.days_left,
        "days_left_low": each.days_left_low, "days_left_high": each.days_left_high, "cuts": each.cuts,
        "cuts_a_month": each.a_month, "cuts_a_month_low": each.a_month_low, "cuts_a_month_high": each.a_month_high,
        "others_a_month": each.others_a_month, "chance": each.chance, **_counts([each.outlook]), "as_of": at,
    }  # fmt: skip


def _counts(outlooks: Iterable[Outlook]) -> Cells:
    counted = Counter(outlooks)
    return {"series": counted.total(), **{f"series_{each}": counted[each] for each in Outlook}}
