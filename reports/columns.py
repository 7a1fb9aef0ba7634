"""The columns of a report: one declaration for the tables, the files, their definitions and the docs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from reports.words import GP_STATE, LAYER, STATUS, Words

Value = str | int | float | datetime | None

TEXT = pa.string()
WHOLE = pa.int64()
NUMBER = pa.float64()
TIME = pa.timestamp("ms", "Asia/Kolkata")


@dataclass(frozen=True, slots=True)
class Column:
    """`unit` is empty for text; the definition says what exactly was counted, in English, Hindi and Punjabi.

    Cells that hold codes, several with "; " between them, have `words` for people.
    """

    name: str
    type: pa.DataType
    unit: str
    definition_en: str
    definition_hi: str
    definition_pa: str
    words: Words | None = None


def schema(columns: Iterable[Column]) -> pa.Schema:
    return pa.schema([(column.name, column.type) for column in columns])


PLACE: tuple[Column, ...] = (
    Column("area", TEXT, "", "Key of the area: level and code.", "क्षेत्र की कुंजी: स्तर और कोड।", "ਖੇਤਰ ਦੀ ਕੁੰਜੀ: ਪੱਧਰ ਅਤੇ ਕੋਡ।"),
    Column("code", TEXT, "", "Code of the area in the source named by code_source.", "code_source में बताए स्रोत में क्षेत्र का कोड।", "code_source ਵਿੱਚ ਦੱਸੇ ਸਰੋਤ ਵਿੱਚ ਖੇਤਰ ਦਾ ਕੋਡ।"),
    Column("code_source", TEXT, "", "Where the code comes from: lgd is the Local Government Directory; anything else stands in for an LGD code.", "कोड का स्रोत: lgd यानी स्थानीय शासन निर्देशिका; बाकी सब LGD कोड के स्थान पर रखे गए हैं।", "ਕੋਡ ਦਾ ਸਰੋਤ: lgd ਯਾਨੀ ਸਥਾਨਕ ਸ਼ਾਸਨ ਡਾਇਰੈਕਟਰੀ; ਬਾਕੀ ਸਭ LGD ਕੋਡ ਦੀ ਥਾਂ ਰੱਖੇ ਗਏ ਹਨ।"),
    Column("name_en", TEXT, "", "Name of the area in English.", "क्षेत्र का अंग्रेज़ी नाम।", "ਖੇਤਰ ਦਾ ਅੰਗਰੇਜ਼ੀ ਨਾਮ।"),
    Column("name_hi", TEXT, "", "Name of the area in Hindi; empty where no source has one.", "क्षेत्र का हिंदी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।", "ਖੇਤਰ ਦਾ ਹਿੰਦੀ ਨਾਮ; ਜਿੱਥੇ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ ਉੱਥੇ ਖਾਲੀ।"),
    Column("name_pa", TEXT, "", "Name of the area in Punjabi; empty where no source has one.", "क्षेत्र का पंजाबी नाम; जहाँ किसी स्रोत में नहीं है वहाँ खाली।", "ਖੇਤਰ ਦਾ ਪੰਜਾਬੀ ਨਾਮ; ਜਿੱਥੇ ਕਿਸੇ ਸਰੋਤ ਵਿੱਚ ਨਹੀਂ ਉੱਥੇ ਖਾਲੀ।"),
    Column("block_code", TEXT, "", "Code of the block that the area lies in.", "जिस विकासखंड में क्षेत्र है उसका कोड।", "ਜਿਸ ਬਲਾਕ ਵਿੱਚ ਖੇਤਰ ਹੈ ਉਸਦਾ ਕੋਡ।"),
    Column("block_en", TEXT, "", "Name of that block in English.", "उस विकासखंड का अंग्रेज़ी नाम।", "ਉਸ ਬਲਾਕ ਦਾ ਅੰਗਰੇਜ਼ੀ ਨਾਮ।"),
    Column("block_hi", TEXT, "", "Name of that block in Hindi.", "उस विकासखंड का हिंदी नाम।", "ਉਸ ਬਲਾਕ ਦਾ ਹਿੰਦੀ ਨਾਮ।"),
    Column("block_pa", TEXT, "", "Name of that block in Punjabi.", "उस विकासखंड का पंजाबी नाम।", "ਉਸ ਬਲਾਕ ਦਾ ਪੰਜਾਬੀ ਨਾਮ।"),
    Column("district_code", TEXT, "", "Code of the district that the area lies in.", "जिस ज़िले में क्षेत्र है उसका कोड।", "ਜਿਸ ਜ਼ਿਲ੍ਹੇ ਵਿੱਚ ਖੇਤਰ ਹੈ ਉਸਦਾ ਕੋਡ।"),
    Column("district_en", TEXT, "", "Name of that district in English.", "उस ज़िले का अंग्रेज़ी नाम।", "ਉਸ ਜ਼ਿਲ੍ਹੇ ਦਾ ਅੰਗਰੇਜ਼ੀ ਨਾਮ।"),
    Column("district_hi", TEXT, "", "Name of that district in Hindi.", "उस ज़िले का हिंदी नाम।", "ਉਸ ਜ਼ਿਲ੍ਹੇ ਦਾ ਹਿੰਦੀ ਨਾਮ।"),
    Column("district_pa", TEXT, "", "Name of that district in Punjabi.", "उस ज़िले का पंजाबी नाम।", "ਉਸ ਜ਼ਿਲ੍ਹੇ ਦਾ ਪੰਜਾਬੀ ਨਾਮ।"),
    Column("lat", NUMBER, "°", "Latitude of the area's point, WGS 84.", "क्षेत्र के बिंदु का अक्षांश, WGS 84।", "ਖੇਤਰ ਦੇ ਬਿੰਦੂ ਦਾ ਅਕਸ਼ਾਂਸ਼, WGS 84।"),
    Column("lon", NUMBER, "°", "Longitude of the area's point, WGS 84.", "क्षेत्र के बिंदु का देशांतर, WGS 84।", "ਖੇਤਰ ਦੇ ਬਿੰਦੂ ਦਾ ਦੇਸ਼ਾਂਤਰ, WGS 84।"),
)  # fmt: skip
"""Where a row lies."""

COVERAGE: tuple[Column, ...] = (
    *PLACE,
    Column("villages_total", WHOLE, "villages", "Villages of the area in the inventory: the sum of the next four columns.", "सूची में क्षेत्र के गाँव: अगले चार स्तंभों का योग।", "ਸੂਚੀ ਵਿੱਚ ਖੇਤਰ ਦੇ ਪਿੰਡ: ਅਗਲੇ ਚਾਰ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    Column("villages_ready", WHOLE, "villages", "Villages whose serving kendra's PC answered at the last polls.", "वे गाँव जिनके केंद्र के कंप्यूटर ने पिछली जाँचों में उत्तर दिया।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਦੇ ਕੇਂਦਰ ਦੇ ਕੰਪਿਊਟਰ ਨੇ ਪਿਛਲੀਆਂ ਜਾਂਚਾਂ ਵਿੱਚ ਜਵਾਬ ਦਿੱਤਾ।"),
    Column("villages_degraded", WHOLE, "villages", "Villages that can get services, but with loss or with something of the kendra or panchayat equipment failing.", "वे गाँव जहाँ सेवा मिल सकती है, पर संपर्क में क्षति है या केंद्र या पंचायत का कोई उपकरण विफल है।", "ਉਹ ਪਿੰਡ ਜਿੱਥੇ ਸੇਵਾ ਮਿਲ ਸਕਦੀ ਹੈ, ਪਰ ਸੰਪਰਕ ਵਿੱਚ ਘਾਟਾ ਹੈ ਜਾਂ ਕੇਂਦਰ ਜਾਂ ਪੰਚਾਇਤ ਦਾ ਕੋਈ ਉਪਕਰਣ ਖ਼ਰਾਬ ਹੈ।"),
    Column("villages_blocked", WHOLE, "villages", "Villages that cannot get services at the kendra that serves them.", "वे गाँव जिन्हें अपने केंद्र पर सेवा नहीं मिल सकती।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਨੂੰ ਆਪਣੇ ਕੇਂਦਰ ਤੋਂ ਸੇਵਾ ਨਹੀਂ ਮਿਲ ਸਕਦੀ।"),
    Column("villages_unknown", WHOLE, "villages", "Villages of which nothing could be observed. Unknown is not blocked.", "वे गाँव जिनके बारे में कुछ देखा नहीं जा सका। अज्ञात का अर्थ बाधित नहीं है।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਬਾਰੇ ਕੁਝ ਵੇਖਿਆ ਨਹੀਂ ਜਾ ਸਕਿਆ। ਅਗਿਆਤ ਦਾ ਅਰਥ ਰੁਕਿਆ ਨਹੀਂ।"),
    Column("served_percent_low", NUMBER, "%", "Share of villages that are ready or degraded, if every unknown one were blocked. Empty without villages.", "तैयार या कमज़ोर गाँवों का हिस्सा, यदि हर अज्ञात गाँव बाधित हो। गाँव न हों तो खाली।", "ਤਿਆਰ ਜਾਂ ਕਮਜ਼ੋਰ ਪਿੰਡਾਂ ਦਾ ਹਿੱਸਾ, ਜੇ ਹਰ ਅਗਿਆਤ ਪਿੰਡ ਰੁਕਿਆ ਹੋਵੇ। ਪਿੰਡ ਨਾ ਹੋਣ ਤਾਂ ਖਾਲੀ।"),
    Column("served_percent_high", NUMBER, "%", "The same share, if every unknown village were ready.", "वही हिस्सा, यदि हर अज्ञात गाँव तैयार हो।", "ਉਹੀ ਹਿੱਸਾ, ਜੇ ਹਰ ਅਗਿਆਤ ਪਿੰਡ ਤਿਆਰ ਹੋਵੇ।"),
    Column("kendras_total", WHOLE, "kendras", "Kendras that stand in the area.", "क्षेत्र में स्थित केंद्र।", "ਖੇਤਰ ਵਿੱਚ ਸਥਿਤ ਕੇਂਦਰ।"),
    Column("kendras_ready", WHOLE, "kendras", "Of these, kendras whose PC answers.", "इनमें से वे केंद्र जिनका कंप्यूटर उत्तर देता है।", "ਇਹਨਾਂ ਵਿੱਚੋਂ ਉਹ ਕੇਂਦਰ ਜਿਨ੍ਹਾਂ ਦਾ ਕੰਪਿਊਟਰ ਜਵਾਬ ਦਿੰਦਾ ਹੈ।"),
    Column("kendras_unknown", WHOLE, "kendras", "Of these, kendras of which nothing could be observed.", "इनमें से वे केंद्र जिनके बारे में कुछ देखा नहीं जा सका।", "ਇਹਨਾਂ ਵਿੱਚੋਂ ਉਹ ਕੇਂਦਰ ਜਿਨ੍ਹਾਂ ਬਾਰੇ ਕੁਝ ਵੇਖਿਆ ਨਹੀਂ ਜਾ ਸਕਿਆ।"),
    Column("citizens_total", WHOLE, "citizens", "Citizens of all villages of the area; empty unless the population of every village is on record.", "क्षेत्र के सभी गाँवों के नागरिक; जब तक हर गाँव की जनसंख्या दर्ज न हो, खाली।", "ਖੇਤਰ ਦੇ ਸਾਰੇ ਪਿੰਡਾਂ ਦੇ ਨਾਗਰਿਕ; ਜਦ ਤੱਕ ਹਰ ਪਿੰਡ ਦੀ ਆਬਾਦੀ ਦਰਜ ਨਾ ਹੋਵੇ, ਖਾਲੀ।"),
    Column("citizens_known", WHOLE, "citizens", "Citizens of the villages whose population is on record; empty where none is.", "जिन गाँवों की जनसंख्या दर्ज है उनके नागरिक; किसी की दर्ज न हो तो खाली।", "ਜਿਨ੍ਹਾਂ ਪਿੰਡਾਂ ਦੀ ਆਬਾਦੀ ਦਰਜ ਹੈ ਉਹਨਾਂ ਦੇ ਨਾਗਰਿਕ; ਕਿਸੇ ਦੀ ਦਰਜ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("citizens_served", WHOLE, "citizens", "Of citizens_known, those in villages that are ready or degraded.", "citizens_known में से वे जो तैयार या कमज़ोर गाँवों में हैं।", "citizens_known ਵਿੱਚੋਂ ਉਹ ਜੋ ਤਿਆਰ ਜਾਂ ਕਮਜ਼ੋਰ ਪਿੰਡਾਂ ਵਿੱਚ ਹਨ।"),
    Column("gps_total", WHOLE, "gram panchayats", "Gram panchayats of the area.", "क्षेत्र की ग्राम पंचायतें।", "ਖੇਤਰ ਦੀਆਂ ਗ੍ਰਾਮ ਪੰਚਾਇਤਾਂ।"),
    Column("gps_uncommissioned", WHOLE, "gram panchayats", "Of these, those stated to have no network yet (planned, right of way pending, laid): that nothing works there is no outage.", "इनमें से वे जिनमें बताए अनुसार अभी नेटवर्क नहीं है (नियोजित, मार्ग की अनुमति लंबित, फ़ाइबर बिछा): वहाँ कुछ न चलना बाधा नहीं है।", "ਇਹਨਾਂ ਵਿੱਚੋਂ ਉਹ ਜਿਨ੍ਹਾਂ ਵਿੱਚ, ਦੱਸੇ ਅਨੁਸਾਰ, ਅਜੇ ਨੈੱਟਵਰਕ ਨਹੀਂ (ਯੋਜਨਾਬੱਧ, ਰਾਹ ਦੀ ਇਜਾਜ਼ਤ ਬਾਕੀ, ਫ਼ਾਈਬਰ ਵਿਛਿਆ): ਉੱਥੇ ਕੁਝ ਨਾ ਚੱਲਣਾ ਰੁਕਾਵਟ ਨਹੀਂ।"),
    Column("gp_rollout", TEXT, "", "State of roll-out that is claimed of the gram panchayat: planned, right_of_way, laid, commissioned, service_ready or operational. Empty for wider areas, and where nobody stated any.", "ग्राम पंचायत के बारे में बताई गई स्थिति: planned (नियोजित), right_of_way (मार्ग की अनुमति लंबित), laid (फ़ाइबर बिछा), commissioned (चालू किया गया), service_ready (सेवा के लिए तैयार) या operational (संचालित)। बड़े क्षेत्रों के लिए और बिना दावे के खाली।", "ਗ੍ਰਾਮ ਪੰਚਾਇਤ ਬਾਰੇ ਦੱਸੀ ਗਈ ਸਥਿਤੀ: planned (ਯੋਜਨਾਬੱਧ), right_of_way (ਰਾਹ ਦੀ ਇਜਾਜ਼ਤ ਬਾਕੀ), laid (ਫ਼ਾਈਬਰ ਵਿਛਿਆ), commissioned (ਚਾਲੂ ਕੀਤਾ), service_ready (ਸੇਵਾ ਲਈ ਤਿਆਰ) ਜਾਂ operational (ਚੱਲ ਰਿਹਾ)। ਵੱਡੇ ਖੇਤਰਾਂ ਲਈ ਅਤੇ ਦਾਅਵੇ ਬਿਨਾਂ ਖਾਲੀ।", GP_STATE),
    Column("gp_status", TEXT, "", "Status of the gram panchayat's site: up, degraded, down or unknown. Empty for wider areas.", "ग्राम पंचायत स्थल की स्थिति: up (चालू), degraded (कमज़ोर), down (बंद) या unknown (अज्ञात)। बड़े क्षेत्रों के लिए खाली।", "ਗ੍ਰਾਮ ਪੰਚਾਇਤ ਸਥਾਨ ਦੀ ਸਥਿਤੀ: up (ਚਾਲੂ), degraded (ਕਮਜ਼ੋਰ), down (ਬੰਦ) ਜਾਂ unknown (ਅਗਿਆਤ)। ਵੱਡੇ ਖੇਤਰਾਂ ਲਈ ਖਾਲੀ।", STATUS),
    Column("gp_since", TIME, "Indian time", "Since when it has had that status.", "यह स्थिति कब से है।", "ਇਹ ਸਥਿਤੀ ਕਦੋਂ ਤੋਂ ਹੈ।"),
    Column("first_failing_layer", TEXT, "", "The layer that fails first, counted from the ground, for most of the blocked villages. Empty where none is blocked.", "अधिकांश बाधित गाँवों की पहली बाधा, नीचे से गिनने पर। कोई गाँव बाधित न हो तो खाली।", "ਜ਼ਿਆਦਾਤਰ ਰੁਕੇ ਪਿੰਡਾਂ ਦੀ ਪਹਿਲੀ ਰੁਕਾਵਟ, ਹੇਠੋਂ ਗਿਣਨ ਉੱਤੇ। ਕੋਈ ਪਿੰਡ ਰੁਕਿਆ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।", LAYER),
    Column("gp_seen_up_percent_low", NUMBER, "%", "Share of the report's period in which the gram panchayat's site was up or degraded, if it was down in all unobserved time.", "रिपोर्ट की अवधि का वह हिस्सा जिसमें ग्राम पंचायत स्थल चालू या कमज़ोर था, यदि न देखे गए समय में वह बंद रहा हो।", "ਰਿਪੋਰਟ ਦੀ ਮਿਆਦ ਦਾ ਉਹ ਹਿੱਸਾ ਜਿਸ ਵਿੱਚ ਗ੍ਰਾਮ ਪੰਚਾਇਤ ਸਥਾਨ ਚਾਲੂ ਜਾਂ ਕਮਜ਼ੋਰ ਸੀ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਉਹ ਬੰਦ ਰਿਹਾ ਹੋਵੇ।"),
    Column("gp_seen_up_percent_high", NUMBER, "%", "The same share, if it was up in all unobserved time.", "वही हिस्सा, यदि न देखे गए समय में वह चालू रहा हो।", "ਉਹੀ ਹਿੱਸਾ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਉਹ ਚਾਲੂ ਰਿਹਾ ਹੋਵੇ।"),
    Column("served_time_percent_low", NUMBER, "%", "Share of the report's period, over all villages of the area, in which they were ready or degraded, if they were blocked in all unobserved time.", "क्षेत्र के सभी गाँवों की अवधि का वह हिस्सा जिसमें वे तैयार या कमज़ोर थे, यदि न देखे गए समय में वे बाधित रहे हों।", "ਖੇਤਰ ਦੇ ਸਾਰੇ ਪਿੰਡਾਂ ਦੀ ਮਿਆਦ ਦਾ ਉਹ ਹਿੱਸਾ ਜਿਸ ਵਿੱਚ ਉਹ ਤਿਆਰ ਜਾਂ ਕਮਜ਼ੋਰ ਸਨ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਉਹ ਰੁਕੇ ਰਹੇ ਹੋਣ।"),
    Column("served_time_percent_high", NUMBER, "%", "The same share, if they were ready in all unobserved time.", "वही हिस्सा, यदि न देखे गए समय में वे तैयार रहे हों।", "ਉਹੀ ਹਿੱਸਾ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਉਹ ਤਿਆਰ ਰਹੇ ਹੋਣ।"),
    Column("as_of", TIME, "Indian time", "The moment that the counts and statuses are of: the end of the period.", "वह समय जिसकी यह स्थिति है: अवधि का अंत।", "ਉਹ ਸਮਾਂ ਜਿਸ ਦੀ ਇਹ ਸਥਿਤੀ ਹੈ: ਮਿਆਦ ਦਾ ਅੰਤ।"),
)  # fmt: skip
