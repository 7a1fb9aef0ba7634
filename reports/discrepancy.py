"""The discrepancy report: gram panchayats that are claimed to be ready against what was seen of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from inventory import rollout
from inventory.model import Area, Device, GpRollout, Inventory, Level, Lifecycle, Names, Site, SiteKind
from inventory.scope import Scope, areas_in
from readiness.rules import claims
from readiness.rules.claims import FINDINGS, LEAST_DAYS, Finding, Seen
from readiness.rules.spells import Millis, Period, Spells
from readiness.rules.uptime import last_day, midnight
from readiness.rules.village import ESSENTIAL
from reports.columns import NUMBER, PLACE, TEXT, TIME, WHOLE, Column, schema
from reports.places import Cells, Homes, area_cells
from reports.words import GP_STATE, PERMITTED_BY, Words, joined
from storage.types import FIRST, from_millis, to_millis

_MEANS: Mapping[Finding, tuple[str, str, str]] = {
    Finding.NEVER_OPERATED: ("claimed ready, and not once seen to work", "तैयार बताई गईं, पर एक बार भी चालू नहीं दिखीं", "ਤਿਆਰ ਦੱਸੀਆਂ ਗਈਆਂ, ਪਰ ਇੱਕ ਵਾਰ ਵੀ ਚਾਲੂ ਨਹੀਂ ਦਿਸੀਆਂ"),
    Finding.RARELY_OPERATED: ("claimed ready, and working less than the stated share of the time", "तैयार बताई गईं, पर बताए गए हिस्से से कम समय चालू रहीं", "ਤਿਆਰ ਦੱਸੀਆਂ ਗਈਆਂ, ਪਰ ਦੱਸੇ ਹਿੱਸੇ ਤੋਂ ਘੱਟ ਸਮਾਂ ਚਾਲੂ ਰਹੀਆਂ"),
    Finding.OPERATES_UNCLAIMED: ("claimed not ready, and yet working at least the stated share of the time", "तैयार नहीं बताई गईं, फिर भी बताए गए हिस्से या उससे अधिक समय चालू रहीं", "ਤਿਆਰ ਨਹੀਂ ਦੱਸੀਆਂ ਗਈਆਂ, ਫਿਰ ਵੀ ਦੱਸੇ ਹਿੱਸੇ ਜਾਂ ਵੱਧ ਸਮਾਂ ਚਾਲੂ ਰਹੀਆਂ"),
    Finding.NOT_MONITORED: ("with a claim, but with nothing that can be observed: unknown, not false", "जिनका दावा है पर देखने योग्य कुछ नहीं: अज्ञात, असत्य नहीं", "ਜਿਨ੍ਹਾਂ ਦਾ ਦਾਅਵਾ ਹੈ ਪਰ ਦੇਖਣ ਯੋਗ ਕੁਝ ਨਹੀਂ: ਅਗਿਆਤ, ਝੂਠ ਨਹੀਂ"),
    Finding.UNDECIDED: ("with a claim that too little or unobserved time leaves open", "जिनका दावा बहुत कम या न देखे गए समय के कारण तय नहीं हो सका", "ਜਿਨ੍ਹਾਂ ਦਾ ਦਾਅਵਾ ਬਹੁਤ ਘੱਟ ਜਾਂ ਨਾ ਦੇਖੇ ਸਮੇਂ ਕਰਕੇ ਤੈਅ ਨਹੀਂ ਹੋ ਸਕਿਆ"),
    Finding.NOT_CLAIMED: ("of which nobody stated anything", "जिनके बारे में कोई दावा नहीं है", "ਜਿਨ੍ਹਾਂ ਬਾਰੇ ਕੋਈ ਦਾਅਵਾ ਨਹੀਂ"),
    Finding.AGREES: ("where claim and observation agree", "जहाँ दावा और अवलोकन मेल खाते हैं", "ਜਿੱਥੇ ਦਾਅਵਾ ਅਤੇ ਅਸਲ ਮੇਲ ਖਾਂਦੇ ਹਨ"),
}  # fmt: skip

FINDING: Words = {
    Finding.NEVER_OPERATED: Names("claimed ready, never seen to work", "तैयार बताई गई, कभी चालू नहीं दिखी", "ਤਿਆਰ ਦੱਸੀ ਗਈ, ਕਦੇ ਚਾਲੂ ਨਹੀਂ ਦਿਸੀ"),
    Finding.RARELY_OPERATED: Names("claimed ready, works too rarely", "तैयार बताई गई, बहुत कम चालू रहती है", "ਤਿਆਰ ਦੱਸੀ ਗਈ, ਬਹੁਤ ਘੱਟ ਚਾਲੂ ਰਹਿੰਦੀ ਹੈ"),
    Finding.OPERATES_UNCLAIMED: Names("works, though not claimed ready", "चालू है, पर तैयार नहीं बताई गई", "ਚਾਲੂ ਹੈ, ਪਰ ਤਿਆਰ ਨਹੀਂ ਦੱਸੀ ਗਈ"),
    Finding.NOT_MONITORED: Names("cannot be observed", "देखी नहीं जा सकती", "ਵੇਖੀ ਨਹੀਂ ਜਾ ਸਕਦੀ"),
    Finding.UNDECIDED: Names("undecided", "अनिर्णीत", "ਫ਼ੈਸਲਾ ਨਹੀਂ ਹੋਇਆ"),
    Finding.NOT_CLAIMED: Names("nothing was claimed", "कोई दावा नहीं", "ਕੋਈ ਦਾਅਵਾ ਨਹੀਂ"),
    Finding.AGREES: Names("claim and observation agree", "दावा और अवलोकन मेल खाते हैं", "ਦਾਅਵਾ ਅਤੇ ਅਸਲ ਮੇਲ ਖਾਂਦੇ ਹਨ"),
}  # fmt: skip

_LISTED = joined("; ", FINDING.values())

DISCREPANCY: tuple[Column, ...] = (
    *PLACE,
    Column("site", TEXT, "", "Name of the gram panchayat's site that was observed.", "देखे गए ग्राम पंचायत स्थल का नाम।", "ਦੇਖੀ ਗਈ ਗ੍ਰਾਮ ਪੰਚਾਇਤ ਥਾਂ ਦਾ ਨਾਮ।"),
    Column("finding", TEXT, "", f"Claim against observation, the gravest first: {_LISTED.en}.", f"दावा और अवलोकन, सबसे गंभीर पहले: {_LISTED.hi}।", f"ਦਾਅਵਾ ਅਤੇ ਅਸਲ, ਸਭ ਤੋਂ ਗੰਭੀਰ ਪਹਿਲਾਂ: {_LISTED.pa}।", FINDING),
    Column("claimed_state", TEXT, "", "State of roll-out that was claimed at the end of the period.", "अवधि के अंत में बताई गई स्थिति।", "ਅਵਧੀ ਦੇ ਅੰਤ ਵਿੱਚ ਦੱਸੀ ਗਈ ਸਥਿਤੀ।", GP_STATE),
    Column("claimed_from", TEXT, "", "First day of that state.", "उस स्थिति का पहला दिन।", "ਉਸ ਸਥਿਤੀ ਦਾ ਪਹਿਲਾ ਦਿਨ।"),
    Column("claim_source", TEXT, "", "The list that says so.", "जिस सूची में यह दावा है।", "ਜਿਸ ਸੂਚੀ ਵਿੱਚ ਇਹ ਦਾਅਵਾ ਹੈ।"),
    Column("claim_stated_on", TEXT, "", "Date of that list.", "उस सूची की तारीख।", "ਉਸ ਸੂਚੀ ਦੀ ਤਾਰੀਖ।"),
    Column("pending_with", TEXT, "", "Whose permission the right of way waits for.", "मार्ग की अनुमति किसके पास लंबित है।", "ਰਾਹ ਦੀ ਮਨਜ਼ੂਰੀ ਕਿਸ ਕੋਲ ਬਾਕੀ ਹੈ।", PERMITTED_BY),
    Column("observed_from", TIME, "Indian time", "Since when the claim is compared: the beginning of the period, or of the claim if that is later.", "तुलना कब से है: अवधि का आरंभ, या दावे का, यदि वह बाद में हो।", "ਤੁਲਨਾ ਕਦੋਂ ਤੋਂ ਹੈ: ਅਵਧੀ ਦਾ ਆਰੰਭ, ਜਾਂ ਦਾਅਵੇ ਦਾ, ਜੇ ਉਹ ਬਾਅਦ ਵਿੱਚ ਹੋਵੇ।"),
    Column("operated_percent_low", NUMBER, "%", "Share of the time since then in which the site worked (up or degraded), if it was down in all unobserved time.", "तब से उस समय का हिस्सा जिसमें स्थल चालू था, यदि न देखे गए समय में बंद रहा हो।", "ਉਦੋਂ ਤੋਂ ਸਮੇਂ ਦਾ ਉਹ ਹਿੱਸਾ ਜਿਸ ਵਿੱਚ ਥਾਂ ਚਾਲੂ ਸੀ, ਜੇ ਨਾ ਦੇਖੇ ਸਮੇਂ ਵਿੱਚ ਬੰਦ ਰਹੀ ਹੋਵੇ।"),
    Column("operated_percent_high", NUMBER, "%", "The same share, if it worked in all unobserved time.", "वही हिस्सा, यदि न देखे गए समय में चालू रहा हो।", "ਉਹੀ ਹਿੱਸਾ, ਜੇ ਨਾ ਦੇਖੇ ਸਮੇਂ ਵਿੱਚ ਚਾਲੂ ਰਹੀ ਹੋਵੇ।"),
    Column("unknown_percent", NUMBER, "%", "Share of that time in which nothing was observed.", "उस समय का हिस्सा जिसमें कुछ देखा नहीं गया।", "ਉਸ ਸਮੇਂ ਦਾ ਹਿੱਸਾ ਜਿਸ ਵਿੱਚ ਕੁਝ ਦੇਖਿਆ ਨਹੀਂ ਗਿਆ।"),
    Column("first_seen", TIME, "Indian time", "When it was first seen to work in that time; empty where it was not.", "उस समय में पहली बार चालू कब दिखा; नहीं दिखा तो खाली।", "ਉਸ ਸਮੇਂ ਵਿੱਚ ਪਹਿਲੀ ਵਾਰ ਚਾਲੂ ਕਦੋਂ ਦਿਸੀ; ਨਹੀਂ ਦਿਸੀ ਤਾਂ ਖਾਲੀ।"),
    Column("last_seen", TIME, "Indian time", "Until when it was last seen to work; the end of the period where it still was.", "आख़िरी बार कब तक चालू दिखा; अब भी हो तो अवधि का अंत।", "ਆਖ਼ਰੀ ਵਾਰ ਕਦੋਂ ਤੱਕ ਚਾਲੂ ਦਿਸੀ; ਹਾਲੇ ਵੀ ਹੋਵੇ ਤਾਂ ਅਵਧੀ ਦਾ ਅੰਤ।"),
    Column("gps", WHOLE, "gram panchayats", "Gram panchayats of the row: the sum of the next columns.", "पंक्ति की ग्राम पंचायतें: अगले स्तंभों का योग।", "ਕਤਾਰ ਦੀਆਂ ਗ੍ਰਾਮ ਪੰਚਾਇਤਾਂ: ਅਗਲੇ ਕਾਲਮਾਂ ਦਾ ਜੋੜ।"),
    *(Column(f"gps_{each}", WHOLE, "gram panchayats", f"Of gps, those {english}.", f"gps में से वे {hindi}।", f"gps ਵਿੱਚੋਂ ਉਹ {punjabi}।") for each, (english, hindi, punjabi) in _MEANS.items()),
    Column("as_of", TIME, "Indian time", "The moment that the claims are of: the end of the period.", "दावे किस समय के हैं: अवधि का अंत।", "ਦਾਅਵੇ ਕਿਸ ਸਮੇਂ ਦੇ ਹਨ: ਅਵਧੀ ਦਾ ਅੰਤ।"),
)  # fmt: skip


def threshold(percent: float) -> Names:
    """What decides."""
    return Names(
        f"A gram panchayat operates if its site works (up or degraded) in at least {percent:g} % of the time since its claim began, within the period. Unobserved time counts either way: where it decides, the finding is undecided, and so it is where less than {LEAST_DAYS} days can be compared.",
        f"ग्राम पंचायत चालू मानी जाती है यदि अवधि में, दावे के आरंभ से, कम से कम {percent:g} % समय उसका स्थल चालू या कमज़ोर रहा हो। न देखा गया समय दोनों ओर गिना जाता है: जहाँ निर्णय उसी पर टिके, या तुलना {LEAST_DAYS} दिन से कम की हो, वहाँ {FINDING[Finding.UNDECIDED].hi}।",
        f"ਗ੍ਰਾਮ ਪੰਚਾਇਤ ਚਾਲੂ ਮੰਨੀ ਜਾਂਦੀ ਹੈ ਜੇ ਮਿਆਦ ਵਿੱਚ, ਦਾਅਵੇ ਦੀ ਸ਼ੁਰੂਆਤ ਤੋਂ, ਘੱਟੋ-ਘੱਟ {percent:g} % ਸਮਾਂ ਉਸਦੀ ਥਾਂ ਚਾਲੂ ਜਾਂ ਕਮਜ਼ੋਰ ਰਹੀ ਹੋਵੇ। ਨਾ ਦੇਖਿਆ ਸਮਾਂ ਦੋਵੇਂ ਪਾਸੇ ਗਿਣਿਆ ਜਾਂਦਾ ਹੈ: ਜਿੱਥੇ ਫ਼ੈਸਲਾ ਉਸੇ 'ਤੇ ਟਿਕੇ, ਜਾਂ ਤੁਲਨਾ {LEAST_DAYS} ਦਿਨਾਂ ਤੋਂ ਘੱਟ ਦੀ ਹੋਵੇ, ਉੱਥੇ {FINDING[Finding.UNDECIDED].pa}।",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gps:
    """Gram panchayats, each with its first site (None: it has none) and the claim in force (None: there is none)."""

    areas: tuple[Area, ...]
    sites: tuple[Site | None, ...]
    claims: tuple[GpRollout | None, ...]
    monitored: frozenset[str]  # names of sites

    @classmethod
    def of(cls, inventory: Inventory, scope: Scope, end: datetime) -> Self:
        """Those in scope, at the end of a period. Raises UnknownAreaError."""
        wanted = areas_in(inventory, scope)
        areas = tuple(area for key, area in inventory.areas.items() if area.level is Level.GP and key in wanted)
        sites: dict[str, Site] = {}
        for site in inventory.sites.values():
            if site.kind is SiteKind.GP:
                sites.setdefault(site.area, site)
        stated = rollout.gps(inventory, last_day(end))
        observed = frozenset(device.site for device in inventory.devices.values() if _observed(device))
        at_home = tuple(sites.get(area.key) for area in areas)
        return cls(areas, at_home, tuple(stated.get(area.key) for area in areas), observed)

    @property
    def names(self) -> tuple[str, ...]:
        """The sites, in the order of the areas that have one."""
        return tuple(site.name for site in self.sites if site)

    def since(self) -> Millis:
        """When the claim of each site in `names` began, in ms since 1970."""
        begun = (claim for claim, site in zip(self.claims, self.sites, strict=True) if site)
        days = (max(each.valid_from, FIRST.date()) if each else FIRST.date() for each in begun)
        return np.array([max(0, to_millis(midnight(day))) for day in days], np.int64)


def _observed(device: Device) -> bool:
    seen = bool(device.primary_ip or device.seen_through)
    return seen and device.status is Lifecycle.ACTIVE and device.role in ESSENTIAL[SiteKind.GP]


def discrepancy(
    inventory: Inventory, gps: Gps, spells: Spells, period: Period, *, percent: float
) -> tuple[pa.Table, pa.Table]:
    """(a row for each gram panchayat, the gravest first; a row for each district), with the columns of DISCREPANCY.

    `spells` are those of `gps.names` over the period.
    """
    found = _with_sites_missing(gps, claims.seen(spells, gps.since(), period))
    ready = np.array([claim is not None and claim.state in rollout.READY for claim in gps.claims], np.bool_)
    claimed = np.array([claim is not None for claim in gps.claims], np.bool_)
    monitored = np.array([site is not None and site.name in gps.monitored for site in gps.sites], np.bool_)
    verdict = claims.findings(found, ready=ready, claimed=claimed, monitored=monitored, percent=percent)
    rows = [
        _row(inventory, gps, found, n, finding=FINDINGS[code], end=period.end)
        for n, code in enumerate(verdict.tolist())
    ]
    order = np.argsort(verdict, kind="stable").tolist()
    table = pa.Table.from_pylist([rows[n] for n in order], schema=schema(DISCREPANCY))
    return table, pa.Table.from_pylist(_districts(inventory, gps, verdict, period), schema=schema(DISCREPANCY))


def _with_sites_missing(gps: Gps, found: Seen) -> Seen:
    """`found` with a place for each gram panchayat; of one without a site nothing was seen in no time."""
    place = np.array([site is not None for site in gps.sites], np.bool_)

    def spread(values: Millis, empty: int) -> Millis:
        wide = np.full(len(place), empty, np.int64)
        wide[place] = values
        return wide

    return Seen(
        spread(found.whole, 0), spread(found.worked, 0), spread(found.unknown, 0),
        spread(found.first, claims.NEVER_SEEN), spread(found.last, claims.NEVER_SEEN),
    )  # fmt: skip


def _row(inventory: Inventory, gps: Gps, found: Seen, n: int, *, finding: Finding, end: int) -> Cells:
    site, claim = gps.sites[n], gps.claims[n]
    return {
        **area_cells(inventory, gps.areas[n]),
        "site": site.name if site else None,
        "finding": str(finding),
        **(_claim_cells(claim) if claim else {}),
        **(_seen_cells(found, n, end) if found.whole[n] and site and site.name in gps.monitored else {}),
        **_counts([finding]),
        "as_of": from_millis(end),
    }


def _claim_cells(claim: GpRollout) -> Cells:
    return {
        "claimed_state": str(claim.state),
        "claimed_from": claim.valid_from.isoformat(),
        "claim_source": claim.source or None,
        "claim_stated_on": claim.stated_on.isoformat() if claim.stated_on else None,
        "pending_with": "; ".join(claim.pending_with) or None,
    }


def _seen_cells(found: Seen, n: int, end: int) -> Cells:
    low, high = (float(each[n]) for each in claims.shares(found))
    return {
        "observed_from": from_millis(end - int(found.whole[n])),
        "operated_percent_low": round(low, 2),
        "operated_percent_high": round(high, 2),
        "unknown_percent": round(100 * float(found.unknown[n]) / float(found.whole[n]), 2),
        "first_seen": _moment(found.first[n]),
        "last_seen": _moment(found.last[n]),
    }


def _moment(at: np.int64) -> datetime | None:
    return None if at == claims.NEVER_SEEN else from_millis(int(at))


def _counts(findings: Sequence[Finding]) -> Cells:
    return {"gps": len(findings), **{f"gps_{each}": findings.count(each) for each in FINDINGS}}


def _districts(inventory: Inventory, gps: Gps, verdict: NDArray[np.int8], period: Period) -> list[Cells]:
    homes = Homes(inventory, Level.DISTRICT)
    inside: dict[str, list[Finding]] = {}
    for area, code in zip(gps.areas, verdict.tolist(), strict=True):
        if home := homes.of(area.key):
            inside.setdefault(home, []).append(FINDINGS[code])
    end = from_millis(period.end)
    return [{**area_cells(inventory, inventory.areas[key]), **_counts(of), "as_of": end} for key, of in inside.items()]
