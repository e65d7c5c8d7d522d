"""A window of a listing, as it was read: what was asked of KAZOO, and what came."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRead:
    """Both ends belong to the window; they are times of saving, which KAZOO lists by, not of the calls' start."""

    listing: str  # cdrs, per-minute-voip
    created_from: datetime
    created_to: datetime
    taken_at: datetime
    pages: int
    records: int  # As KAZOO listed them.
    kept: int  # Legs, malformed records or entries that lie in the span asked for.
    failure: str = ""  # Why it is not whole; empty where it is.
