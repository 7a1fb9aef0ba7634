"""Names and keys made from the spelling of post offices."""

import hashlib
import re

_KIND = re.compile(r"\b[BSHP]\.?\s?O\b\.?", re.ASCII)
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def place_name(office: str) -> str:
    """The place's name: without "B.O", "SO", "HO" or "PO"; an all-capital name in ordinary case."""
    name = " ".join(_KIND.sub(" ", office).split()) or office
    return name.title() if name.isupper() else name


def slug(name: str) -> str:
    return _NOT_SLUG.sub("-", name.lower()).strip("-") or "place"


def chance(purpose: str, key: str) -> float:
    """A number in [0, 1) that is always the same for one purpose and key."""
    digest = hashlib.blake2b(f"{purpose}\0{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
