"""Tally: what a window of a listing has given so far, and what must be told of it."""

from dataclasses import dataclass, field
from datetime import datetime

from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.model.window_read import WindowRead
from reseller_reporting.sources.gregorian import at
from reseller_reporting.sources.kazoo.windows import Window


@dataclass(slots=True)
class Tally:
    """`window` is closed: both of its ends belong to it."""

    listing: str
    window: Window
    taken_at: datetime
    pages: int = 0
    records: int = 0
    kept: int = 0
    failure: str = ""
    warnings: list[ReportWarning] = field(default_factory=list)

    def add(self, records: int, kept: int) -> None:
        self.pages += 1
        self.records += records
        self.kept += kept

    def told(self) -> list[ReportWarning]:
        """The warnings that came since this was asked; with any of them the window is not whole."""
        taken = [*self.warnings]
        self.warnings.clear()
        self.failure = self.failure or next((warning.message for warning in taken), "")
        return taken

    def ended(self, *, failure: str = "") -> WindowRead:
        return WindowRead(
            listing=self.listing,
            created_from=at(self.window.created_from),
            created_to=at(self.window.created_to),
            taken_at=self.taken_at,
            pages=self.pages,
            records=self.records,
            kept=self.kept,
            failure=failure or self.failure,
        )
