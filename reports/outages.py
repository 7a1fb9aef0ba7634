"""The outages report: what failed in a period, each with its cause, who had to act, and whom it cut off."""

import pyarrow as pa

from inventory.columnar import column
from inventory.model import Inventory, Names
from inventory.scope import Scope, areas_in
from readiness import read
from readiness.blame import outages_by_number
from readiness.model import SubjectKind
from readiness.read import OutageRow
from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column, Value, schema
from reports.places import Cells, area_cells
from reports.read import Wanted, as_report
from reports.report import Report
from reports.words import CAUSE, RESPONSIBLE, STATUS, SUBJECT_KIND, YES
from storage.types import to_millis

_AREA = tuple(each for each in PLACE if each.name not in {"lat", "lon"})

OUTAGES: tuple[Column, ...] = (
    *_AREA,
    Column("outage", WHOLE, "", "Number of the outage.", "खराबी की संख्या।", "ਖ਼ਰਾਬੀ ਦਾ ਨੰਬਰ।"),
    Column("subject_kind", TEXT, "", "What failed: device, link, site, village or endpoint.", "क्या विफल हुआ: device (उपकरण), link (लाइन), site (स्थल), village (गाँव) या endpoint (पोर्टल)।", "ਕੀ ਖ਼ਰਾਬ ਹੋਇਆ: device (ਉਪਕਰਣ), link (ਲਾਈਨ), site (ਥਾਂ), village (ਪਿੰਡ) ਜਾਂ endpoint (ਪੋਰਟਲ)।", SUBJECT_KIND),
    Column("subject", TEXT, "", "Its name. The area is that of its site; of a line, of its near end, or of the far one where only that lies in the report's area; empty for a portal.", "उसका नाम। क्षेत्र उसके स्थल का है; लाइन का, पास वाले सिरे का, या दूर वाले का यदि केवल वही रिपोर्ट के क्षेत्र में हो; पोर्टल के लिए खाली।", "ਉਸਦਾ ਨਾਮ। ਖੇਤਰ ਉਸਦੀ ਥਾਂ ਦਾ ਹੈ; ਲਾਈਨ ਦਾ, ਨੇੜਲੇ ਸਿਰੇ ਦਾ, ਜਾਂ ਦੂਰਲੇ ਦਾ ਜੇ ਸਿਰਫ਼ ਉਹੀ ਰਿਪੋਰਟ ਦੇ ਖੇਤਰ ਵਿੱਚ ਹੋਵੇ; ਪੋਰਟਲ ਲਈ ਖਾਲੀ।"),
    Column("status", TEXT, "", "down or degraded (a ring without its second way).", "down (बंद) या degraded (कमज़ोर: रिंग का दूसरा मार्ग नहीं)।", "down (ਬੰਦ) ਜਾਂ degraded (ਕਮਜ਼ੋਰ: ਰਿੰਗ ਦਾ ਦੂਜਾ ਰਾਹ ਨਹੀਂ)।", STATUS),
    Column("from", TIME, "Indian time", "When it began, also where that was before the period.", "कब शुरू हुई, अवधि से पहले भी।", "ਕਦੋਂ ਸ਼ੁਰੂ ਹੋਈ, ਮਿਆਦ ਤੋਂ ਪਹਿਲਾਂ ਵੀ।"),
    Column("to", TIME, "Indian time", "When it ended, also where that was after the period; empty while it goes on.", "कब समाप्त हुई, अवधि के बाद भी; जारी हो तो खाली।", "ਕਦੋਂ ਖ਼ਤਮ ਹੋਈ, ਮਿਆਦ ਤੋਂ ਬਾਅਦ ਵੀ; ਜਾਰੀ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("in_period_ms", WHOLE, "ms", "How much of it lies in the period, and in time in which somebody watched.", "उसका कितना समय अवधि में है, और उस समय में जब निगरानी चल रही थी।", "ਉਸਦਾ ਕਿੰਨਾ ਸਮਾਂ ਮਿਆਦ ਵਿੱਚ ਹੈ, ਅਤੇ ਉਸ ਸਮੇਂ ਵਿੱਚ ਜਦੋਂ ਨਿਗਰਾਨੀ ਚੱਲ ਰਹੀ ਸੀ।"),
    Column("cause", TEXT, "", "Cause as far as it is known.", "कारण, जहाँ तक पता है।", "ਕਾਰਨ, ਜਿੱਥੋਂ ਤੱਕ ਪਤਾ ਹੈ।", CAUSE),
    Column("confidence", NUMBER, "", "How sure the cause is, 0 to 1.", "कारण कितना निश्चित है, 0 से 1।", "ਕਾਰਨ ਕਿੰਨਾ ਪੱਕਾ ਹੈ, 0 ਤੋਂ 1।"),
    Column("responsible", TEXT, "", "Who has to act.", "किसे कार्रवाई करनी है।", "ਕਿਸ ਨੇ ਕਾਰਵਾਈ ਕਰਨੀ ਹੈ।", RESPONSIBLE),
    Column("root", TEXT, "", "yes where it failed by itself; empty where another outage explains it.", "yes (हाँ) जहाँ वह स्वयं विफल हुआ; दूसरी खराबी के कारण हो तो खाली।", "yes (ਹਾਂ) ਜਿੱਥੇ ਉਹ ਆਪ ਖ਼ਰਾਬ ਹੋਇਆ; ਦੂਜੀ ਖ਼ਰਾਬੀ ਕਰਕੇ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।", YES),
    Column("explained_by", WHOLE, "", "Number of the outage that explains it.", "जिस खराबी के कारण यह हुई उसकी संख्या।", "ਜਿਸ ਖ਼ਰਾਬੀ ਕਰਕੇ ਇਹ ਹੋਈ ਉਸਦਾ ਨੰਬਰ।"),
    Column("explained_by_subject", TEXT, "", "What failed there; empty where it lies outside the area of the report.", "वहाँ क्या विफल हुआ; रिपोर्ट के क्षेत्र के बाहर हो तो खाली।", "ਉੱਥੇ ਕੀ ਖ਼ਰਾਬ ਹੋਇਆ; ਰਿਪੋਰਟ ਦੇ ਖੇਤਰ ਤੋਂ ਬਾਹਰ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("segment", TEXT, "", "The ports around each cut.", "हर कटाव के दोनों ओर के पोर्ट।", "ਹਰ ਕੱਟ ਦੇ ਦੋਵੇਂ ਪਾਸਿਆਂ ਦੇ ਪੋਰਟ।"),
    Column("ring", TEXT, "", "The ring that it lies on.", "वह रिंग जिस पर यह है।", "ਉਹ ਰਿੰਗ ਜਿਸ ਉੱਤੇ ਇਹ ਹੈ।"),
    Column("one_armed", TEXT, "", "yes where the ring lost its second way here while all on it still worked.", "yes (हाँ) जहाँ रिंग का दूसरा मार्ग टूटा पर उस पर सब चलता रहा।", "yes (ਹਾਂ) ਜਿੱਥੇ ਰਿੰਗ ਦਾ ਦੂਜਾ ਰਾਹ ਟੁੱਟਿਆ ਪਰ ਉਸ ਉੱਤੇ ਸਭ ਚੱਲਦਾ ਰਿਹਾ।", YES),
    Column("villages", WHOLE, "villages", "Villages that it takes services from.", "वे गाँव जिनकी सेवा इससे रुकी।", "ਉਹ ਪਿੰਡ ਜਿਨ੍ਹਾਂ ਦੀ ਸੇਵਾ ਇਸ ਨਾਲ ਰੁਕੀ।"),
    Column("citizens", WHOLE, "citizens", "Their citizens; empty where no population of them is on record.", "उनके नागरिक; जनसंख्या दर्ज न हो तो खाली।", "ਉਹਨਾਂ ਦੇ ਨਾਗਰਿਕ; ਆਬਾਦੀ ਦਰਜ ਨਾ ਹੋਵੇ ਤਾਂ ਖਾਲੀ।"),
    Column("evidence", TEXT, "", "What speaks for the cause, in English.", "कारण के पक्ष में क्या है, अंग्रेज़ी में।", "ਕਾਰਨ ਦੇ ਹੱਕ ਵਿੱਚ ਕੀ ਹੈ, ਅੰਗਰੇਜ਼ੀ ਵਿੱਚ।"),
    Column("lat", NUMBER, "°", "Latitude of that site, or of the village, WGS 84.", "उस स्थल या गाँव का अक्षांश, WGS 84।", "ਉਸ ਥਾਂ ਜਾਂ ਪਿੰਡ ਦਾ ਅਕਸ਼ਾਂਸ਼, WGS 84।"),
    Column("lon", NUMBER, "°", "Longitude of it.", "उसका देशांतर।", "ਉਸਦਾ ਦੇਸ਼ਾਂਤਰ।"),
)  # fmt: skip


class _Places:
    """Where subjects stand that lie inside `scope`. A trunk, the fibre that several links share, has all their ends."""

    def __init__(self, inventory: Inventory, scope: Scope) -> None:
        self._inventory, self._inside = inventory, areas_in(inventory, scope)
        self.everywhere = scope.area is None
        names = (column(inventory.links, name).to_pylist() for name in ("trunk", "a_device", "b_device"))
        self._trunks: dict[str, list[str]] = {}
        for trunk, near, far in zip(*names, strict=True):
            if trunk:
                self._trunks.setdefault(trunk, []).extend((near, far))

    def of(self, row: OutageRow) -> tuple[str | None, float | None, float | None]:
        """Key of the area, and the point; None where it has none, or none inside."""
        if row.kind is SubjectKind.VILLAGE:
            village = self._inventory.areas.get(row.subject)
            return (village.key, village.lat, village.lon) if village and self._is_inside(village.key) else _NOWHERE
        for name in self._sites(row):
            site = self._inventory.sites.get(name)
            if site and self._is_inside(site.area):
                return site.area, site.lat, site.lon
        return _NOWHERE

    def names(self, row: OutageRow) -> bool:
        """Whether a report of the scope may name it."""
        return self.everywhere or row.kind is SubjectKind.ENDPOINT or self.of(row) is not _NOWHERE

    def _is_inside(self, area: str) -> bool:
        return area in self._inside

    def _sites(self, row: OutageRow) -> tuple[str, ...]:
        if row.kind is SubjectKind.SITE:
            return (row.subject,)
        link = self._inventory.links.get(row.subject) if row.kind is SubjectKind.LINK else None
        devices = (link.a_device, link.b_device) if link else self._trunks.get(row.subject, (row.subject,))
        return tuple(device.site for name in devices if (device := self._inventory.devices.get(name)))


_NOWHERE: tuple[None, None, None] = (None, None, None)


def outages_report(wanted: Wanted) -> Report:
    """Every outage that touches the period, the oldest first. Raises UnknownAreaError."""
    places = _Places(wanted.inventory, wanted.area)
    found = read.outages(wanted.engine, wanted.scope, wanted.start, wanted.end)
    if wanted.scope != wanted.area:  # areas of another time: the store was asked for more
        found = [row for row in found if places.names(row)]
    table = _table(wanted, found, places)
    title = Names("Outages", "बाधाएँ", "ਰੁਕਾਵਟਾਂ")
    return as_report(
        wanted, name="outages", title=title, columns=OUTAGES, table=table, districts=table.slice(0, 0), as_of=wanted.now
    )


def _table(wanted: Wanted, found: list[OutageRow], places: _Places) -> pa.Table:
    """By columns: a year of a state has close to a million outages, in some thousand areas."""
    at = [places.of(row) for row in found]
    keys = sorted({area for area, _, _ in at if area})
    known: list[Cells] = [area_cells(wanted.inventory, wanted.inventory.areas[key]) for key in keys]
    number = {key: n for n, key in enumerate(keys)}
    where = pa.array([None if area is None else number[area] for area, _, _ in at], pa.int64())
    areas = pa.Table.from_pylist(known, schema=schema(_AREA)).take(where)
    roots = _roots(wanted, found, places)
    own = schema(OUTAGES[len(_AREA) :])
    cells = [_cells(wanted, row, point, roots) for row, (_, *point) in zip(found, at, strict=True)]
    by_column = list(zip(*cells, strict=True)) or [()] * len(own)
    rest = [pa.array(values, field.type) for values, field in zip(by_column, own, strict=True)]
    return pa.table([*areas.columns, *rest], schema=schema(OUTAGES))


def _roots(wanted: Wanted, found: list[OutageRow], places: _Places) -> dict[int, str]:
    """Number of the outages that explain others -> what failed, where the report may name it."""
    explaining = {row.explained_by for row in found if row.explained_by is not None}
    rows = outages_by_number(wanted.engine, explaining).values()
    return {row.id: row.subject for row in rows if places.names(row)}


def _cells(wanted: Wanted, row: OutageRow, point: list[float | None], roots: dict[int, str]) -> tuple[Value, ...]:
    cuts = zip(row.segment[::2], row.segment[1::2], strict=True)
    explained = row.explained_by
    evidence = row.evidence if explained is None or explained in roots else read.without_root(row).evidence
    return (
        row.id, row.kind, row.subject, row.status, row.start, row.end, _watched_ms(wanted, row), row.cause,
        row.confidence, row.responsible, "yes" if row.root else None, explained,
        None if explained is None else roots.get(explained), "; ".join(f"{near} - {far}" for near, far in cuts) or None,
        row.ring or None, "yes" if row.one_armed else None, row.villages, row.citizens, "; ".join(evidence) or None,
        *point,
    )  # fmt: skip


def _watched_ms(wanted: Wanted, row: OutageRow) -> int:
    ends = [each for each in (row.end, wanted.end, wanted.blind_since) if each is not None]
    return max(0, to_millis(min(ends)) - to_millis(max(row.start, wanted.start)))
