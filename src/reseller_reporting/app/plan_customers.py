"""Lines that give a plan to a customer whom nobody knows: a slip of one letter leaves a customer without its prices."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reseller_reporting.app.house import House
from reseller_reporting.model.account import Account
from reseller_reporting.model.period import parse_period
from reseller_reporting.model.plan import Assignment
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.plan_resolution import PlanBook, fits
from reseller_reporting.words.alphabet import plain

CODE = "plan_for_nobody"


@dataclass(frozen=True, slots=True)
class Stranger:
    """A line that fits no account, and the name that was probably meant."""

    assignment: Assignment
    place: str  # `plans/customers.yaml:3`; empty where nobody can tell.
    nearest: str | None

    @property
    def message(self) -> str:
        """The same words wherever the line stands, so that files and the database give the same manifest."""
        line = self.assignment
        since = f" from {line.effective}" if line.effective else ""
        meant = f" Did you mean '{self.nearest}'?" if self.nearest else ""
        return f"The plan {line.plan} is given to '{line.customer}'{since}, whom no known account fits.{meant}"

    @property
    def sentence(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


def strangers(book: PlanBook, known: Iterable[Account]) -> list[Stranger]:
    """The lines that fit none of the accounts, in an order of their own; none where no account is known at all."""
    accounts = list(known)
    if not accounts:
        return []
    places = book.places or ("",) * len(book.assignments)
    ids, names = {str(account.id) for account in accounts}, sorted({account.name for account in accounts})
    found = [
        Stranger(each, place, _nearest(each.customer, names))
        for each, place in zip(book.assignments, places, strict=True)
        if each.customer not in ids and not any(fits(each.customer, name) for name in names)
    ]
    # Files and the database hold their lines in different orders.
    return sorted(found, key=lambda each: (each.assignment.customer, each.assignment.effective or date.min))


def stranger_warnings(found: Sequence[Stranger]) -> Iterator[ReportWarning]:
    return (ReportWarning(CODE, each.message) for each in found)


def stored_accounts(house: House) -> list[Account]:
    """Every account that the store has ever seen, the reseller's own too; none is asked for, and none made."""
    if not house.settings.store_folder.is_dir():
        return []
    from reseller_reporting.store import snapshots

    now = house.clock()
    taken, _ = snapshots.read(house.lake, parse_period("this-month", timezone="UTC", now=now))
    return [snapshot.account for snapshot in taken.values()]


def _nearest(customer: str, names: Sequence[str]) -> str | None:
    """Accents and capitals are what people leave out."""
    as_sought: dict[str, str] = {}
    for name in names:
        as_sought.setdefault(plain(name), name)
    close = difflib.get_close_matches(plain(customer.strip("*?")), as_sought, n=1)
    return as_sought[close[0]] if close else None
