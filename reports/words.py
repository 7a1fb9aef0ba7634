"""What the codes in reports are called: the code stays in its column for programs, these words are for people.

Pages say the same (api/words.py); a test holds both together.
"""

from collections.abc import Iterable, Mapping

from inventory.model import GpState, Level, Medium, Names, Role, SiteKind
from readiness.model import Cause, Layer, Responsible, Status, SubjectKind

Words = Mapping[str, Names]
LANGUAGES = ("en", "hi", "pa")

STATUS: Words = {
    Status.UP: Names("Working", "चालू", "ਚਾਲੂ"),
    Status.DEGRADED: Names("Degraded", "कमज़ोर", "ਕਮਜ਼ੋਰ"),
    Status.DOWN: Names("Not working", "बंद", "ਬੰਦ"),
    Status.UNKNOWN: Names("Unknown", "अज्ञात", "ਅਗਿਆਤ"),
}
LAYER: Words = {
    Layer.NOT_COMMISSIONED: Names("Not commissioned", "अभी चालू नहीं किया गया", "ਹਾਲੇ ਚਾਲੂ ਨਹੀਂ ਕੀਤਾ ਗਿਆ"),
    Layer.POWER: Names("Power", "बिजली", "ਬਿਜਲੀ"),
    Layer.GP_EQUIPMENT: Names("Panchayat equipment", "पंचायत के उपकरण", "ਪੰਚਾਇਤ ਦੇ ਉਪਕਰਣ"),
    Layer.BACKHAUL: Names("Backhaul", "मुख्य नेटवर्क तक लाइन", "ਮੁੱਖ ਨੈੱਟਵਰਕ ਤੱਕ ਲਾਈਨ"),
    Layer.LAST_MILE: Names("Last mile", "अंतिम छोर", "ਆਖ਼ਰੀ ਸਿਰਾ"),
    Layer.KENDRA_HARDWARE: Names("Kendra", "केंद्र", "ਕੇਂਦਰ"),
    Layer.ENDPOINT: Names("Service portal", "सेवा पोर्टल", "ਸੇਵਾ ਪੋਰਟਲ"),
}
CAUSE: Words = {
    Cause.POWER: Names("power supply", "बिजली आपूर्ति", "ਬਿਜਲੀ ਸਪਲਾਈ"),
    Cause.FIBRE: Names("fibre cut", "फ़ाइबर कटना", "ਫ਼ਾਈਬਰ ਕੱਟਿਆ ਜਾਣਾ"),
    Cause.EQUIPMENT: Names("equipment failure", "उपकरण की ख़राबी", "ਉਪਕਰਣ ਦੀ ਖ਼ਰਾਬੀ"),
    Cause.UPSTREAM: Names("fault further up the network", "नेटवर्क में आगे की ख़राबी", "ਨੈੱਟਵਰਕ ਵਿੱਚ ਅੱਗੇ ਦੀ ਖ਼ਰਾਬੀ"),
    Cause.LAST_MILE: Names("last mile", "अंतिम छोर", "ਆਖ਼ਰੀ ਸਿਰਾ"),
    Cause.ADMINISTRATIVE: Names("administrative", "प्रशासनिक", "ਪ੍ਰਸ਼ਾਸਨਿਕ"),
    Cause.PLANNED: Names("planned work", "नियोजित कार्य", "ਯੋਜਨਾਬੱਧ ਕੰਮ"),
    Cause.UNDETERMINED: Names("not determined", "निर्धारित नहीं", "ਨਿਰਧਾਰਿਤ ਨਹੀਂ"),
}
RESPONSIBLE: Words = {
    Responsible.AGENCY: Names("network agency", "नेटवर्क एजेंसी", "ਨੈੱਟਵਰਕ ਏਜੰਸੀ"),
    Responsible.POWER_UTILITY: Names("electricity company", "विद्युत कंपनी", "ਬਿਜਲੀ ਕੰਪਨੀ"),
    Responsible.PANCHAYAT: Names("gram panchayat", "ग्राम पंचायत", "ਗ੍ਰਾਮ ਪੰਚਾਇਤ"),
    Responsible.KENDRA_OPERATOR: Names("kendra operator", "केंद्र संचालक", "ਕੇਂਦਰ ਸੰਚਾਲਕ"),
    Responsible.SERVICE_OWNER: Names("owner of the portal", "पोर्टल का संचालक विभाग", "ਪੋਰਟਲ ਦਾ ਸੰਚਾਲਕ ਵਿਭਾਗ"),
    Responsible.NONE: Names("nobody", "कोई नहीं", "ਕੋਈ ਨਹੀਂ"),
}
SUBJECT_KIND: Words = {
    SubjectKind.DEVICE: Names("device", "उपकरण", "ਉਪਕਰਣ"),
    SubjectKind.LINK: Names("line", "लाइन", "ਲਾਈਨ"),
    SubjectKind.SITE: Names("site", "स्थल", "ਥਾਂ"),
    SubjectKind.VILLAGE: Names("village", "गाँव", "ਪਿੰਡ"),
    SubjectKind.ENDPOINT: Names("portal", "पोर्टल", "ਪੋਰਟਲ"),
}
GP_STATE: Words = {
    GpState.PLANNED: Names("planned", "नियोजित", "ਯੋਜਨਾ ਵਿੱਚ"),
    GpState.RIGHT_OF_WAY: Names("permission to lay the fibre is pending", "फ़ाइबर बिछाने की अनुमति लंबित", "ਫ਼ਾਈਬਰ ਵਿਛਾਉਣ ਦੀ ਮਨਜ਼ੂਰੀ ਬਾਕੀ"),
    GpState.LAID: Names("fibre laid", "फ़ाइबर बिछ गया", "ਫ਼ਾਈਬਰ ਵਿਛ ਗਿਆ"),
    GpState.COMMISSIONED: Names("network commissioned", "नेटवर्क चालू किया गया", "ਨੈੱਟਵਰਕ ਚਾਲੂ ਕੀਤਾ ਗਿਆ"),
    GpState.SERVICE_READY: Names("ready for services", "सेवाओं के लिए तैयार", "ਸੇਵਾਵਾਂ ਲਈ ਤਿਆਰ"),
    GpState.OPERATIONAL: Names("in operation", "संचालन में", "ਚੱਲ ਰਿਹਾ ਹੈ"),
}  # fmt: skip
PERMITTED_BY: Words = {
    "forest": Names("forest department", "वन विभाग", "ਜੰਗਲਾਤ ਵਿਭਾਗ"),
    "highway": Names("highway authority", "राजमार्ग प्राधिकरण", "ਰਾਜਮਾਰਗ ਅਥਾਰਟੀ"),
    "railway": Names("railway", "रेलवे", "ਰੇਲਵੇ"),
    "other": Names("another office", "अन्य कार्यालय", "ਹੋਰ ਦਫ਼ਤਰ"),
}
LEVEL: Words = {
    Level.STATE: Names("State", "राज्य", "ਰਾਜ"),
    Level.DISTRICT: Names("District", "ज़िला", "ਜ਼ਿਲ੍ਹਾ"),
    Level.SUBDISTRICT: Names("Tehsil", "तहसील", "ਤਹਿਸੀਲ"),
    Level.BLOCK: Names("Block", "विकासखंड", "ਬਲਾਕ"),
    Level.GP: Names("Gram panchayat", "ग्राम पंचायत", "ਗ੍ਰਾਮ ਪੰਚਾਇਤ"),
    Level.VILLAGE: Names("Village", "गाँव", "ਪਿੰਡ"),
}
SITE_KIND: Words = {
    SiteKind.GP: Names("Panchayat site", "पंचायत स्थल", "ਪੰਚਾਇਤ ਥਾਂ"),
    SiteKind.BLOCK_POP: Names("Block node", "विकासखंड नोड", "ਬਲਾਕ ਨੋਡ"),
    SiteKind.DISTRICT_POP: Names("District node", "ज़िला नोड", "ਜ਼ਿਲ੍ਹਾ ਨੋਡ"),
    SiteKind.NOC: Names("State network centre", "राज्य नेटवर्क केंद्र", "ਰਾਜ ਨੈੱਟਵਰਕ ਕੇਂਦਰ"),
    SiteKind.KENDRA: Names("Kendra", "केंद्र", "ਕੇਂਦਰ"),
}
ROLE: Words = {
    Role.ROUTER: Names("Router", "राउटर", "ਰਾਊਟਰ"),
    Role.OLT: Names("OLT (optical line terminal)", "ओएलटी (फ़ाइबर का मुख्य यंत्र)", "ਓ.ਐਲ.ਟੀ. (ਫ਼ਾਈਬਰ ਦਾ ਮੁੱਖ ਯੰਤਰ)"),
    Role.ONT: Names("ONT (optical terminal)", "ओएनटी (फ़ाइबर का अंतिम यंत्र)", "ਓ.ਐਨ.ਟੀ. (ਫ਼ਾਈਬਰ ਦਾ ਆਖ਼ਰੀ ਯੰਤਰ)"),
    Role.SWITCH: Names("Switch", "स्विच", "ਸਵਿੱਚ"),
    Role.RADIO: Names("Radio", "रेडियो", "ਰੇਡੀਓ"),
    Role.UPS: Names("UPS", "यूपीएस", "ਯੂ.ਪੀ.ਐਸ."),
    Role.SOLAR: Names("Solar power", "सौर ऊर्जा", "ਸੂਰਜੀ ਊਰਜਾ"),
    Role.PC: Names("Computer", "कंप्यूटर", "ਕੰਪਿਊਟਰ"),
    Role.PRINTER: Names("Printer", "प्रिंटर", "ਪ੍ਰਿੰਟਰ"),
    Role.BIOMETRIC: Names("Fingerprint reader", "अंगुलि-छाप यंत्र", "ਉਂਗਲਾਂ ਦੇ ਨਿਸ਼ਾਨ ਵਾਲਾ ਯੰਤਰ"),
    Role.CAMERA: Names("Camera", "कैमरा", "ਕੈਮਰਾ"),
}
_MEDIUM: Words = {
    Medium.FIBRE: Names("Fibre", "फ़ाइबर", "ਫ਼ਾਈਬਰ"),
    Medium.RADIO: Names("Radio", "रेडियो", "ਰੇਡੀਓ"),
    Medium.COPPER: Names("Copper", "ताँबे का तार", "ਤਾਂਬੇ ਦੀ ਤਾਰ"),
}
_ENDPOINT: Words = {"endpoint": Names("Portal", "पोर्टल", "ਪੋਰਟਲ")}
ROW_KIND: Words = {**_MEDIUM, **ROLE, **SITE_KIND, **LEVEL, **_ENDPOINT}
"""Of a row about a device, link, site, endpoint or area. A gram panchayat and its site have one code, and the area's name."""
YES: Words = {"yes": Names("yes", "हाँ", "ਹਾਂ")}


def listed(codes: str, words: Words) -> Names:
    """The words of several codes with "; " between them; a code without a word stands for itself."""
    return joined("; ", [words.get(code, each_way(code)) for code in codes.split("; ")])


def joined(between: str, texts: Iterable[Names]) -> Names:
    """One text of several, in each language."""
    some = list(texts)
    return Names(*(between.join(each.in_language(language)[0] for each in some) for language in LANGUAGES))


def in_each(*parts: str | Names) -> Names:
    """The parts one after the other, in each language."""
    return joined("", [each_way(part) if isinstance(part, str) else part for part in parts])


def each_way(text: str) -> Names:
    """A text that is the same in every language: a date, a name, a figure."""
    return Names(text, text, text)
