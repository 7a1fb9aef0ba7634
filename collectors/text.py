"""Text from devices, which may hold anything."""

import unicodedata

MOST = 1000  # characters of one text that are kept


def text(raw: bytes) -> str:
    """`raw` as printable text on one line, at most MOST characters.

    UTF-8 where it is, else Latin-1; NULs at the end go, line breaks become spaces, what cannot be
    printed goes. Octets that are no text at all come back as hexadecimal, "0x04d6aa".
    """
    raw = raw.rstrip(b"\0")
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    if _binary(decoded):
        return f"0x{raw[:MOST].hex()}"
    line = " ".join("".join(character if printable(character) else " " for character in decoded).split())
    return line[:MOST]


def printable(character: str) -> bool:
    """Letters of every script, signs and the space; no control, format, surrogate or unassigned ones."""
    return unicodedata.category(character)[0] != "C" or character in "\u200c\u200d"  # joiners, for Indic scripts


def gpon_serial(raw: bytes) -> str:
    """An ONT's serial (G.984.3): four letters and four octets, "HWTC1A2B3C4D"; else as text()."""
    if len(raw) == 8 and raw[:4].isalnum():
        return raw[:4].decode("ascii") + raw[4:].hex().upper()
    return text(raw)


def mac(raw: bytes) -> str:
    """A MAC address, "00:1a:c1:40:90:80"; else as text()."""
    return raw.hex(":") if len(raw) == 6 else text(raw)


def _binary(decoded: str) -> bool:
    """Whether control characters other than white space make up more than an eighth."""
    strange = sum(unicodedata.category(character) == "Cc" and not character.isspace() for character in decoded)
    return strange * 8 > len(decoded)
