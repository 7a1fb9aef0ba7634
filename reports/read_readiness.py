"""Reading what the readiness report and the queue are made of. Both are about the present moment."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from inventory.model import Level, Names
from inventory.scope import villages_in
from readiness.ledger import past
from readiness.model import Layer, Readiness, SubjectKind
from readiness.offer import offer_of
from readiness.queue import QueueRow, Repairs
from readiness.read import words
from readiness.rules.lost import lost
from readiness.rules.verdicts import verdict
from reports.columns import Value, schema
from reports.read import Wanted, as_report
from reports.readiness import Seen, readiness, whole_of
from reports.readiness_columns import QUEUE, READINESS
from reports.report import Report
from storage.settings import Settings


def readiness_report(wanted: Wanted, level: Level, settings: Settings) -> Report:
    """Which services villages get now, by areas of `level`; citizen-hours are of the period. Raises UnknownAreaError."""
    found = list(villages_in(wanted.inventory, wanted.area))
    villages = tuple(village.key for village in found)
    citizens = np.array([-1 if village.population is None else village.population for village in found], np.int64)
    whole, _ = past(wanted.engine, wanted.history, wanted.inventory, wanted.asked(SubjectKind.VILLAGE, villages))
    offer = offer_of(wanted.inventory, settings)
    offer.refresh(wanted.engine, wanted.now, wanted.blind_since)
    states = words(wanted.engine, wanted.scope, SubjectKind.VILLAGE, blind_since=wanted.blind_since)
    told = {key: verdict(Readiness(status), Layer(layer) if layer else None) for key, (status, layer) in states.items()}
    names, services = offer.of(villages)
    unknown = verdict(Readiness.UNKNOWN, None)
    seen = Seen(
        villages, names, services, whole_of(told, villages, unknown), citizens, lost(whole, np.maximum(citizens, 0)),
        wanted.now,
    )  # fmt: skip
    travel = settings.readiness
    facts = (
        ("travel", Names(
            f"a citizen is taken to go {travel.travel_km:g} km, on roads {travel.road_factor:g} times the straight line",
            f"माना गया कि नागरिक {travel.travel_km:g} किमी तक जाता है; सड़क सीधी रेखा की {travel.road_factor:g} गुना मानी गई",
            f"ਮੰਨਿਆ ਗਿਆ ਕਿ ਨਾਗਰਿਕ {travel.travel_km:g} ਕਿ.ਮੀ. ਤੱਕ ਜਾਂਦਾ ਹੈ; ਸੜਕ ਸਿੱਧੀ ਰੇਖਾ ਦੀ {travel.road_factor:g} ਗੁਣਾ ਮੰਨੀ ਗਈ",
        )),
    )  # fmt: skip
    return as_report(
        wanted, name="readiness", title=Names("Readiness of e-services", "ई-सेवाओं की तैयारी", "ਈ-ਸੇਵਾਵਾਂ ਦੀ ਤਿਆਰੀ"), columns=READINESS,
        table=readiness(wanted.inventory, seen, level),
        districts=readiness(wanted.inventory, seen, Level.DISTRICT, by_service=False), as_of=wanted.now, facts=facts,
    )  # fmt: skip


def queue_report(wanted: Wanted) -> Report:
    """The restoration queue of the area."""
    found = Repairs(wanted.inventory).queue(wanted.engine, wanted.scope, wanted.now, blind_since=wanted.blind_since)
    rows = [_row(wanted, place, row) for place, row in enumerate(found.rows, start=1)]
    table = pa.Table.from_pylist(rows, schema=schema(QUEUE))
    facts = (("unexplained", _unexplained(found.unexplained.villages)),)
    return as_report(
        wanted, name="queue", title=Names("Restoration queue", "मरम्मत का क्रम", "ਮੁਰੰਮਤ ਦੀ ਤਰਤੀਬ"), columns=QUEUE, table=table,
        districts=table.slice(0, 0), as_of=wanted.now, facts=facts,
    )  # fmt: skip


def _unexplained(villages: int) -> Names:
    return Names(
        f"{villages} blocked villages are not explained by an open outage yet",
        f"{villages} बाधित गाँवों का कारण अभी किसी खुली खराबी से पता नहीं चलता",
        f"{villages} ਰੁਕੇ ਪਿੰਡਾਂ ਦਾ ਕਾਰਨ ਹਾਲੇ ਕਿਸੇ ਖੁੱਲ੍ਹੀ ਖ਼ਰਾਬੀ ਤੋਂ ਪਤਾ ਨਹੀਂ ਲੱਗਦਾ",
    )


def _row(wanted: Wanted, place: int, row: QueueRow) -> dict[str, Value]:
    lat, lon = _position(wanted, row)
    return {
        "place": place, "outage": row.outage, "subject_kind": row.kind, "subject": row.subject or None,
        "segment": "; ".join(_cuts(row)) or None, "cause": row.cause, "confidence": row.confidence,
        "responsible": row.responsible, "since": row.since, "villages_back": row.back.villages,
        "citizens_back": row.back.citizens, "villages_better": row.better.villages,
        "villages_still_missing": sum(one.people.villages for one in row.missing),
        "still_missing": "; ".join(", ".join(name or "in another area" for name in one.subjects) for one in row.missing) or None,
        "lat": lat, "lon": lon,
    }  # fmt: skip


def _cuts(row: QueueRow) -> Iterator[str]:
    return (f"{near} - {far}" for near, far in zip(row.segment[::2], row.segment[1::2], strict=True))


def _position(wanted: Wanted, row: QueueRow) -> tuple[float | None, float | None]:
    inventory = wanted.inventory
    device = inventory.devices.get(row.subject) if row.kind is SubjectKind.DEVICE else None
    site = inventory.sites.get(device.site if device else row.subject)
    return (site.lat, site.lon) if site else (None, None)
