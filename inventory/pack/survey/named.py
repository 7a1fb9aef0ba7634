"""Offices that the surveyors named in their free text: where a tehsil, block or hospital really is."""

from collections.abc import Mapping

import pandas as pd

from inventory.pack.geometry import Point

COLLECTORATE = ("Transport/Admin", r"\bcollectorat")
TEHSIL = ("Transport/Admin", r"^(?!.*\bsub).*\bt(?:eh|ah)si")
BLOCK = ("Transport/Admin", r"\bblock head|\bblock h\.? ?q|\bblock office|\bjanpad|\bpanchayat samiti|\bb\.?d\.?o\b")
HOSPITAL = ("Medical", r"\bdist(?:rict|\.)? hosp|\b[zj]ila (?:hosp|chikit)")


def named(facilities: pd.DataFrame, kind: tuple[str, str]) -> pd.DataFrame:
    """The facilities of a category whose text matches, in the order of their numbers."""
    category, pattern = kind
    text = facilities["description"].str.casefold()
    found = facilities[(facilities["category"] == category) & text.str.contains(pattern, regex=True)]
    return found.iloc[found["facility_id"].astype(int).argsort(kind="stable")]


def positions(found: pd.DataFrame, by: str) -> Mapping[str, Point]:
    """The position of the first facility for each value of the column `by`."""
    first = found.drop_duplicates(by)
    return {key: (lat, lon) for key, lat, lon in zip(first[by], first["lat"], first["lon"], strict=True)}
