"""Which columns of a report are printed on paper, and their headings: a page has no room for all."""

from collections.abc import Mapping
from dataclasses import dataclass

from inventory.model import Names


@dataclass(frozen=True, slots=True)
class Printed:
    """`column` of the report; times in ms are printed in hours."""

    column: str
    head: Names


_NAME = Printed("name_en", Names("Name", "नाम", "ਨਾਮ"))
_HIGH_LOW = (
    Printed("available_percent_low", Names("Available %, at least", "उपलब्ध %, कम से कम", "ਉਪਲਬਧ %, ਘੱਟੋ-ਘੱਟ")),
    Printed("available_percent_high", Names("Available %, at most", "उपलब्ध %, अधिक से अधिक", "ਉਪਲਬਧ %, ਵੱਧ ਤੋਂ ਵੱਧ")),
)
_UNKNOWN = Printed("unknown_ms", Names("Unknown, h", "अज्ञात, घं", "ਅਗਿਆਤ, ਘੰ"))
_COUNTED = Printed("counted", Names("Counted", "गिने गए", "ਗਿਣੇ ਗਏ"))

PRINTED: Mapping[str, tuple[Printed, ...]] = {
    "availability": (
        Printed("row", Names("Row", "पंक्ति", "ਕਤਾਰ")), _NAME, _COUNTED, *_HIGH_LOW,
        Printed("down_power_ms", Names("Power, h", "बिजली, घं", "ਬਿਜਲੀ, ਘੰ")),
        Printed("down_fibre_ms", Names("Fibre, h", "फ़ाइबर, घं", "ਫ਼ਾਈਬਰ, ਘੰ")),
        Printed("down_equipment_ms", Names("Equipment, h", "उपकरण, घं", "ਉਪਕਰਣ, ਘੰ")),
        Printed("down_upstream_ms", Names("Elsewhere, h", "कहीं और, घं", "ਕਿਤੇ ਹੋਰ, ਘੰ")),
        Printed("planned_ms", Names("Planned, h", "नियोजित, घं", "ਯੋਜਨਾਬੱਧ, ਘੰ")), _UNKNOWN,
        Printed("outages", Names("Outages", "बाधाएँ", "ਰੁਕਾਵਟਾਂ")),
    ),
    "coverage": (
        Printed("area", Names("Area", "क्षेत्र", "ਖੇਤਰ")), _NAME,
        Printed("villages_total", Names("Villages", "गाँव", "ਪਿੰਡ")),
        Printed("villages_ready", Names("Ready", "तैयार", "ਤਿਆਰ")),
        Printed("villages_degraded", Names("Degraded", "कमज़ोर", "ਕਮਜ਼ੋਰ")),
        Printed("villages_blocked", Names("Blocked", "बाधित", "ਰੁਕੇ")),
        Printed("villages_unknown", Names("Unknown", "अज्ञात", "ਅਗਿਆਤ")),
        Printed("citizens_known", Names("Citizens", "नागरिक", "ਨਾਗਰਿਕ")),
        Printed("citizens_served", Names("Served", "सेवा में", "ਸੇਵਾ ਵਿੱਚ")),
    ),
    "sla": (
        Printed("row", Names("Row", "पंक्ति", "ਕਤਾਰ")), _NAME,
        Printed("window", Names("From", "से", "ਤੋਂ")), _COUNTED,
        Printed("worked_ms", Names("Worked, h", "कार्यशील, घं", "ਚਾਲੂ, ਘੰ")),
        Printed("down_ms", Names("Down, h", "बंद, घं", "ਬੰਦ, ਘੰ")),
        Printed("excluded_ms", Names("Excluded, h", "अपवर्जित, घं", "ਛੱਡਿਆ, ਘੰ")), _UNKNOWN, *_HIGH_LOW,
        Printed("target_percent", Names("Target %", "लक्ष्य %", "ਟੀਚਾ %")),
        Printed("met", Names("Met", "पाया", "ਪਾਇਆ")),
        Printed("missed", Names("Missed", "चूका", "ਖੁੰਝਿਆ")),
        Printed("undecided", Names("Undecided", "अनिर्णीत", "ਅਨਿਸ਼ਚਿਤ")),
        Printed("deduction_rupees_low", Names("₹, at least", "₹, कम से कम", "₹, ਘੱਟੋ-ਘੱਟ")),
        Printed("deduction_rupees_high", Names("₹, at most", "₹, अधिक से अधिक", "₹, ਵੱਧ ਤੋਂ ਵੱਧ")),
    ),
    "discrepancy": (
        Printed("area", Names("Area", "क्षेत्र", "ਖੇਤਰ")), _NAME,
        Printed("finding", Names("Finding", "निष्कर्ष", "ਸਿੱਟਾ")),
        Printed("claimed_state", Names("Claimed", "दावा", "ਦਾਅਵਾ")),
        Printed("claim_source", Names("By", "स्रोत", "ਸਰੋਤ")),
        Printed("claim_stated_on", Names("Stated on", "कब बताया", "ਕਦੋਂ ਦੱਸਿਆ")),
        Printed("operated_percent_low", Names("Operated %, at least", "चला %, कम से कम", "ਚੱਲਿਆ %, ਘੱਟੋ-ਘੱਟ")),
        Printed("operated_percent_high", Names("Operated %, at most", "चला %, अधिक से अधिक", "ਚੱਲਿਆ %, ਵੱਧ ਤੋਂ ਵੱਧ")),
        Printed("last_seen", Names("Last seen", "पिछली बार देखा", "ਪਿਛਲੀ ਵਾਰ ਵੇਖਿਆ")),
    ),
    "readiness": (
        Printed("area", Names("Area", "क्षेत्र", "ਖੇਤਰ")), _NAME,
        Printed("service_en", Names("Service", "सेवा", "ਸੇਵਾ")),
        Printed("villages_total", Names("Villages", "गाँव", "ਪਿੰਡ")),
        Printed("villages_ready", Names("Ready", "तैयार", "ਤਿਆਰ")),
        Printed("villages_degraded", Names("Degraded", "कमज़ोर", "ਕਮਜ਼ੋਰ")),
        Printed("villages_blocked", Names("Blocked", "बाधित", "ਰੁਕੇ")),
        Printed("villages_unknown", Names("Unknown", "अज्ञात", "ਅਗਿਆਤ")),
        Printed("villages_elsewhere", Names("Elsewhere", "कहीं और", "ਕਿਤੇ ਹੋਰ")),
        Printed("citizens_affected", Names("Citizens affected", "प्रभावित नागरिक", "ਪ੍ਰਭਾਵਿਤ ਨਾਗਰਿਕ")),
    ),
    "outages": (
        Printed("subject", Names("What failed", "क्या विफल", "ਕੀ ਖ਼ਰਾਬ")), _NAME,
        Printed("from", Names("From", "से", "ਤੋਂ")),
        Printed("to", Names("To", "तक", "ਤੱਕ")),
        Printed("in_period_ms", Names("In the period, h", "अवधि में, घं", "ਮਿਆਦ ਵਿੱਚ, ਘੰ")),
        Printed("cause", Names("Cause", "कारण", "ਕਾਰਨ")),
        Printed("responsible", Names("Who acts", "कौन करेगा", "ਕੌਣ ਕਰੇਗਾ")),
        Printed("root", Names("By itself", "स्वयं", "ਆਪ")),
        Printed("villages", Names("Villages", "गाँव", "ਪਿੰਡ")),
        Printed("citizens", Names("Citizens", "नागरिक", "ਨਾਗਰਿਕ")),
    ),
    "queue": (
        Printed("place", Names("Place", "क्रम", "ਕ੍ਰਮ")),
        Printed("subject", Names("What failed", "क्या विफल", "ਕੀ ਖ਼ਰਾਬ")),
        Printed("cause", Names("Cause", "कारण", "ਕਾਰਨ")),
        Printed("responsible", Names("Who acts", "कौन करेगा", "ਕੌਣ ਕਰੇਗਾ")),
        Printed("since", Names("Since", "कब से", "ਕਦੋਂ ਤੋਂ")),
        Printed("villages_back", Names("Villages back", "गाँव लौटेंगे", "ਪਿੰਡ ਮੁੜਨਗੇ")),
        Printed("citizens_back", Names("Citizens back", "नागरिक लौटेंगे", "ਨਾਗਰਿਕ ਮੁੜਨਗੇ")),
        Printed("villages_still_missing", Names("Still missing", "फिर भी बाकी", "ਫਿਰ ਵੀ ਬਾਕੀ")),
    ),
    "trend": (
        Printed("area", Names("Area", "क्षेत्र", "ਖੇਤਰ")), _NAME,
        Printed("kind", Names("Kind", "प्रकार", "ਕਿਸਮ")),
        Printed("subject", Names("Subject", "विषय", "ਵਿਸ਼ਾ")),
        Printed("outlook", Names("Outlook", "संभावना", "ਸੰਭਾਵਨਾ")),
        Printed("level", Names("Level", "स्तर", "ਪੱਧਰ")),
        Printed("limit", Names("Limit", "सीमा", "ਹੱਦ")),
        Printed("days_left_low", Names("Days left, at least", "शेष दिन, कम से कम", "ਬਾਕੀ ਦਿਨ, ਘੱਟੋ-ਘੱਟ")),
        Printed("days_left_high", Names("Days left, at most", "शेष दिन, अधिक से अधिक", "ਬਾਕੀ ਦਿਨ, ਵੱਧ ਤੋਂ ਵੱਧ")),
        Printed("cuts_a_month", Names("Cuts a month", "प्रति माह कटौतियाँ", "ਪ੍ਰਤੀ ਮਹੀਨਾ ਕੱਟ")),
    ),
}  # fmt: skip

PRINTED_DISTRICTS: Mapping[str, tuple[Printed, ...]] = {
    "discrepancy": (
        _NAME,
        Printed("gps", Names("Gram panchayats", "ग्राम पंचायतें", "ਗ੍ਰਾਮ ਪੰਚਾਇਤਾਂ")),
        Printed("gps_never_operated", Names("Claimed ready, never worked", "तैयार बताई, कभी चालू नहीं", "ਤਿਆਰ ਦੱਸੀ, ਕਦੇ ਚਾਲੂ ਨਹੀਂ")),
        Printed("gps_rarely_operated", Names("Claimed ready, rarely works", "तैयार बताई, बहुत कम चालू", "ਤਿਆਰ ਦੱਸੀ, ਬਹੁਤ ਘੱਟ ਚਾਲੂ")),
        Printed("gps_operates_unclaimed", Names("Works unclaimed", "बिना दावे चालू", "ਬਿਨਾਂ ਦਾਅਵੇ ਚਾਲੂ")),
        Printed("gps_not_monitored", Names("Not observed", "देखी नहीं जा सकतीं", "ਵੇਖੀਆਂ ਨਹੀਂ ਜਾ ਸਕਦੀਆਂ")),
        Printed("gps_undecided", Names("Undecided", "अनिर्णीत", "ਅਨਿਸ਼ਚਿਤ")),
        Printed("gps_not_claimed", Names("No claim", "कोई दावा नहीं", "ਕੋਈ ਦਾਅਵਾ ਨਹੀਂ")),
        Printed("gps_agrees", Names("Agree", "मेल खाती हैं", "ਮੇਲ ਖਾਂਦੀਆਂ ਹਨ")),
    ),
    "trend": (
        _NAME,
        Printed("series", Names("Looked at", "देखे गए", "ਵੇਖੇ ਗਏ")),
        Printed("series_beyond", Names("At their limit", "सीमा पर", "ਹੱਦ 'ਤੇ")),
        Printed("series_falling", Names("Falling", "गिर रहे", "ਡਿੱਗ ਰਹੇ")),
        Printed("series_more_cuts", Names("More power cuts", "अधिक बिजली कटौतियाँ", "ਵੱਧ ਬਿਜਲੀ ਕੱਟ")),
        Printed("series_steady", Names("Nothing to say", "कुछ नहीं कहा जा सकता", "ਕੁਝ ਨਹੀਂ ਕਿਹਾ ਜਾ ਸਕਦਾ")),
        Printed("series_not_enough", Names("Too few figures", "पर्याप्त आँकड़े नहीं", "ਕਾਫ਼ੀ ਅੰਕੜੇ ਨਹੀਂ")),
    ),
}  # fmt: skip
"""Of districts, where these columns are counts and the others are empty."""
