"""Whether somebody watches: what nobody saw is unknown, however it stood before. Pure."""

from datetime import datetime, timedelta

NOBODY_WATCHED = "nobody watched"


def blind_since(last_at: datetime | None, now: datetime, gap_s: float) -> datetime | None:
    """`last_at`, the newest sign of the judge, where it is more than `gap_s` ago; None while somebody watches.

    None too where nobody has ever watched: then the stored states are what was put there.
    """
    return last_at if last_at is not None and now - last_at > timedelta(seconds=gap_s) else None
