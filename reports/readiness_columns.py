"""The columns of the readiness report and of the restoration queue."""

from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column
from reports.words import CAUSE, LAYER, RESPONSIBLE, SUBJECT_KIND

READINESS: tuple[Column, ...] = (
    *PLACE,
    Column("service", TEXT, "", "Code of the service; empty in the row that is about the villages as a whole.", "सेवा का कोड; गाँवों की समग्र पंक्ति में खाली।", "ਸੇਵਾ ਦਾ ਕੋਡ; ਪਿੰਡਾਂ ਦੀ ਸਮੁੱਚੀ ਕਤਾਰ ਵਿੱਚ ਖਾਲੀ।"),
    Column("service_en", TEXT, "", "Name of the service in English.", "सेवा का अंग्रेज़ी नाम।", "ਸੇਵਾ ਦਾ ਅੰਗਰੇਜ਼ੀ ਨਾਮ।"),
    Column("service_hi", TEXT, "", "Name of the service in Hindi.", "सेवा का हिंदी नाम।", "ਸੇਵਾ ਦਾ ਹਿੰਦੀ ਨਾਮ।"),
    Column("service_pa", TEXT, "", "Name of the service in Punjabi.", "सेवा का पंजाबी नाम।", "ਸੇਵਾ ਦਾ ਪੰਜਾਬੀ ਨਾਮ।"),
    Column("villages_total", WHOLE, "villages", "Villages of the area: the sum of the next four columns.", "क्षेत्र के गाँव: अगले चार स्तंभों का योग।", "ਖੇਤਰ ਦੇ ਪਿੰਡ: ਅਗਲੇ ਚਾਰ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    Column("villages_ready", WHOLE, "villages", "Villages whose citizens get the service, at their own kendra or at one within the travel limit.", "वे गाँव जिनके नागरिकों को सेवा मिलती है: अपने केंद्र पर या पहुँच के भीतर दूसरे केंद्र पर।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਦੇ ਨਾਗਰਿਕਾਂ ਨੂੰ ਸੇਵਾ ਮਿਲਦੀ ਹੈ: ਆਪਣੇ ਕੇਂਦਰ ਤੋਂ ਜਾਂ ਪਹੁੰਚ ਵਿੱਚ ਦੂਜੇ ਕੇਂਦਰ ਤੋਂ।"),
    Column("villages_degraded", WHOLE, "villages", "Villages whose citizens get it slowly or with a weak line.", "वे गाँव जहाँ सेवा धीमी या कमज़ोर संपर्क के साथ मिलती है।", "ਉਹ ਪਿੰਡ ਜਿੱਥੇ ਸੇਵਾ ਹੌਲੀ ਜਾਂ ਕਮਜ਼ੋਰ ਸੰਪਰਕ ਨਾਲ ਮਿਲਦੀ ਹੈ।"),
    Column("villages_blocked", WHOLE, "villages", "Villages whose citizens don't get it.", "वे गाँव जहाँ सेवा नहीं मिलती।", "ਉਹ ਪਿੰਡ ਜਿੱਥੇ ਸੇਵਾ ਨਹੀਂ ਮਿਲਦੀ।"),
    Column("villages_unknown", WHOLE, "villages", "Villages of which nobody can say, and all villages for a service that the state doesn't give yet. Unknown is not blocked.", "जिनके बारे में कुछ कहा नहीं जा सकता; जो सेवा राज्य अभी नहीं देता, उसके लिए सभी गाँव। अज्ञात का अर्थ बाधित नहीं है।", "ਜਿਨ੍ਹਾਂ ਬਾਰੇ ਕੁਝ ਕਿਹਾ ਨਹੀਂ ਜਾ ਸਕਦਾ; ਜੋ ਸੇਵਾ ਰਾਜ ਹਾਲੇ ਨਹੀਂ ਦਿੰਦਾ, ਉਸ ਲਈ ਸਾਰੇ ਪਿੰਡ। ਅਗਿਆਤ ਦਾ ਅਰਥ ਰੁਕਿਆ ਨਹੀਂ।"),
    Column("villages_elsewhere", WHOLE, "villages", "Of the ready and degraded ones, those that get it at another kendra than their own.", "तैयार और कमज़ोर में से वे जिन्हें यह दूसरे केंद्र पर मिलती है।", "ਤਿਆਰ ਅਤੇ ਕਮਜ਼ੋਰ ਵਿੱਚੋਂ ਉਹ ਜਿਨ੍ਹਾਂ ਨੂੰ ਇਹ ਦੂਜੇ ਕੇਂਦਰ ਤੋਂ ਮਿਲਦੀ ਹੈ।"),
    Column("first_failing_layer", TEXT, "", "The layer that fails first at the own kendra for most of the villages that don't get it. Empty where all do, or where it is open.", "जिन गाँवों को सेवा नहीं मिलती उनमें से अधिकांश की, अपने केंद्र पर, पहली बाधा। सबको मिलती हो या पता न हो तो खाली।", "ਜਿਨ੍ਹਾਂ ਪਿੰਡਾਂ ਨੂੰ ਸੇਵਾ ਨਹੀਂ ਮਿਲਦੀ ਉਹਨਾਂ ਵਿੱਚੋਂ ਜ਼ਿਆਦਾਤਰ ਦੀ, ਆਪਣੇ ਕੇਂਦਰ ਉੱਤੇ, ਪਹਿਲੀ ਰੁਕਾਵਟ। ਸਭ ਨੂੰ ਮਿਲਦੀ ਹੋਵੇ ਜਾਂ ਪਤਾ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।", LAYER),
    Column("citizens_known", WHOLE, "citizens", "Citizens of the villages whose population is on record; empty where none is.", "जिन गाँवों की जनसंख्या दर्ज है उनके नागरिक; किसी की दर्ज न हो तो खाली।", "ਜਿਨ੍ਹਾਂ ਪਿੰਡਾਂ ਦੀ ਆਬਾਦੀ ਦਰਜ ਹੈ ਉਹਨਾਂ ਦੇ ਨਾਗਰਿਕ; ਕਿਸੇ ਦੀ ਦਰਜ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("citizens_affected", WHOLE, "citizens", "Of these, citizens of villages that don't get it (blocked); empty where the population of none of them is on record.", "इनमें से उन गाँवों के नागरिक जहाँ सेवा नहीं मिलती (बाधित); उनमें से किसी की जनसंख्या दर्ज न हो तो खाली।", "ਇਹਨਾਂ ਵਿੱਚੋਂ ਉਹਨਾਂ ਪਿੰਡਾਂ ਦੇ ਨਾਗਰਿਕ ਜਿੱਥੇ ਸੇਵਾ ਨਹੀਂ ਮਿਲਦੀ (ਰੁਕਿਆ); ਉਹਨਾਂ ਵਿੱਚੋਂ ਕਿਸੇ ਦੀ ਆਬਾਦੀ ਦਰਜ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("citizen_hours_lost_low", NUMBER, "citizen-hours", "Over the report's period, hours for which villages were blocked times their citizens, if all unobserved time was served. Only in the row without a service.", "रिपोर्ट की अवधि में गाँवों के बाधित घंटे गुणा उनके नागरिक, यदि न देखे गए समय में सेवा मिली हो। केवल बिना सेवा वाली पंक्ति में।", "ਰਿਪੋਰਟ ਦੀ ਮਿਆਦ ਵਿੱਚ ਪਿੰਡਾਂ ਦੇ ਰੁਕੇ ਘੰਟੇ ਗੁਣਾ ਉਹਨਾਂ ਦੇ ਨਾਗਰਿਕ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਸੇਵਾ ਮਿਲੀ ਹੋਵੇ। ਸਿਰਫ਼ ਬਿਨਾਂ ਸੇਵਾ ਵਾਲੀ ਕਤਾਰ ਵਿੱਚ।"),
    Column("citizen_hours_lost_high", NUMBER, "citizen-hours", "The same, if no unobserved time was served.", "वही, यदि न देखे गए समय में सेवा न मिली हो।", "ਉਹੀ, ਜੇ ਨਾ ਵੇਖੇ ਸਮੇਂ ਵਿੱਚ ਸੇਵਾ ਨਾ ਮਿਲੀ ਹੋਵੇ।"),
    Column("as_of", TIME, "Indian time", "The moment that the counts are of: now, as the report was made.", "वह समय जिसकी यह स्थिति है: रिपोर्ट बनाने का समय।", "ਉਹ ਸਮਾਂ ਜਿਸ ਦੀ ਇਹ ਸਥਿਤੀ ਹੈ: ਰਿਪੋਰਟ ਬਣਾਉਣ ਦਾ ਸਮਾਂ।"),
)  # fmt: skip

QUEUE: tuple[Column, ...] = (
    Column("place", WHOLE, "", "Place in the queue: 1 brings most citizens back.", "क्रम में स्थान: 1 सबसे अधिक नागरिकों की सेवा लौटाता है।", "ਤਰਤੀਬ ਵਿੱਚ ਥਾਂ: 1 ਸਭ ਤੋਂ ਵੱਧ ਨਾਗਰਿਕਾਂ ਦੀ ਸੇਵਾ ਵਾਪਸ ਲਿਆਉਂਦਾ ਹੈ।"),
    Column("outage", WHOLE, "", "Number of the open outage that has to be repaired.", "जिस खुली खराबी को ठीक करना है उसकी संख्या।", "ਜਿਸ ਖੁੱਲ੍ਹੀ ਖ਼ਰਾਬੀ ਨੂੰ ਠੀਕ ਕਰਨਾ ਹੈ ਉਸਦਾ ਨੰਬਰ।"),
    Column("subject_kind", TEXT, "", "What failed: device, link, site or endpoint.", "क्या विफल हुआ: device (उपकरण), link (लाइन), site (स्थल) या endpoint (पोर्टल)।", "ਕੀ ਖ਼ਰਾਬ ਹੋਇਆ: device (ਉਪਕਰਣ), link (ਲਾਈਨ), site (ਥਾਂ) ਜਾਂ endpoint (ਪੋਰਟਲ)।", SUBJECT_KIND),
    Column("subject", TEXT, "", "Its name; empty where it lies outside the area of the report.", "उसका नाम; रिपोर्ट के क्षेत्र के बाहर हो तो खाली।", "ਉਸਦਾ ਨਾਮ; ਰਿਪੋਰਟ ਦੇ ਖੇਤਰ ਤੋਂ ਬਾਹਰ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("segment", TEXT, "", "The ports around each cut.", "हर कटाव के दोनों ओर के पोर्ट।", "ਹਰ ਕੱਟ ਦੇ ਦੋਵੇਂ ਪਾਸਿਆਂ ਦੇ ਪੋਰਟ।"),
    Column("cause", TEXT, "", "Cause as far as it is known.", "कारण, जहाँ तक पता है।", "ਕਾਰਨ, ਜਿੱਥੋਂ ਤੱਕ ਪਤਾ ਹੈ।", CAUSE),
    Column("confidence", NUMBER, "", "How sure the cause is, 0 to 1.", "कारण कितना निश्चित है, 0 से 1।", "ਕਾਰਨ ਕਿੰਨਾ ਪੱਕਾ ਹੈ, 0 ਤੋਂ 1।"),
    Column("responsible", TEXT, "", "Who has to act.", "किसे कार्रवाई करनी है।", "ਕਿਸ ਨੇ ਕਾਰਵਾਈ ਕਰਨੀ ਹੈ।", RESPONSIBLE),
    Column("since", TIME, "Indian time", "When the outage began.", "खराबी कब शुरू हुई।", "ਖ਼ਰਾਬੀ ਕਦੋਂ ਸ਼ੁਰੂ ਹੋਈ।"),
    Column("villages_back", WHOLE, "villages", "Blocked villages that get services again by this repair alone.", "वे बाधित गाँव जिन्हें केवल इस मरम्मत से सेवा फिर मिलेगी।", "ਉਹ ਰੁਕੇ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਨੂੰ ਸਿਰਫ਼ ਇਸ ਮੁਰੰਮਤ ਨਾਲ ਸੇਵਾ ਮੁੜ ਮਿਲੇਗੀ।"),
    Column("citizens_back", WHOLE, "citizens", "Their citizens; empty where no population of them is on record.", "उनके नागरिक; जनसंख्या दर्ज न हो तो खाली।", "ਉਹਨਾਂ ਦੇ ਨਾਗਰਿਕ; ਆਬਾਦੀ ਦਰਜ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("villages_better", WHOLE, "villages", "Villages that get all their services instead of some.", "वे गाँव जिन्हें कुछ के बदले सभी सेवाएँ मिलेंगी।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਨੂੰ ਕੁਝ ਦੀ ਥਾਂ ਸਾਰੀਆਂ ਸੇਵਾਵਾਂ ਮਿਲਣਗੀਆਂ।"),
    Column("villages_still_missing", WHOLE, "villages", "Villages that need this repair and others.", "वे गाँव जिन्हें यह और दूसरी मरम्मतें भी चाहिए।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਨੂੰ ਇਹ ਅਤੇ ਹੋਰ ਮੁਰੰਮਤਾਂ ਵੀ ਚਾਹੀਦੀਆਂ ਹਨ।"),
    Column("still_missing", TEXT, "", "What else has to be repaired for these.", "उनके लिए और क्या ठीक करना है; “in another area”: दूसरे क्षेत्र में।", "ਉਹਨਾਂ ਲਈ ਹੋਰ ਕੀ ਠੀਕ ਕਰਨਾ ਹੈ; “in another area”: ਦੂਜੇ ਖੇਤਰ ਵਿੱਚ।"),
    Column("lat", NUMBER, "°", "Latitude of what failed where it is a device or site, WGS 84.", "विफल उपकरण या स्थल का अक्षांश, WGS 84।", "ਖ਼ਰਾਬ ਉਪਕਰਣ ਜਾਂ ਥਾਂ ਦਾ ਅਕਸ਼ਾਂਸ਼, WGS 84।"),
    Column("lon", NUMBER, "°", "Longitude of it.", "उसका देशांतर।", "ਉਸਦਾ ਦੇਸ਼ਾਂਤਰ।"),
)  # fmt: skip
