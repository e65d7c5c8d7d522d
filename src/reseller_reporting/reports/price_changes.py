"""Price changes: what each customer owes and leaves under one set of plans and under another, side by side.

Invariants
- A customer that either side cannot price is in no sum; it is named with the reason, and its figures are empty, not 0.
- Totals are the sums of the rows, to the last digit. What calls and services cost the reseller is one on both sides.
- Unknown is empty: a margin of which one part is unknown is unknown, and in no total.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from reseller_reporting.model.account import Account
from reseller_reporting.reports.facts import PriceFacts
from reseller_reporting.reports.figure_text import amount_text, count_text, noise_free
from reseller_reporting.reports.margins import Margins, margins_of

CHANGE_COLUMNS = (
    "Account ID",
    "Name",
    "Usage Before",
    "Usage After",
    "Recurring Before",
    "Recurring After",
    "Net Before",
    "Net After",
    "Difference",
    "Reseller Cost",
    "Reseller Recurring Cost",
    "Margin Before",
    "Margin After",
    "Customer Pays",
    "Calls",
    "Unpriced Before",
    "Unpriced After",
    "Calls Below Cost Before",
    "Calls Below Cost After",
    "Currency",
    "Plans Before",
    "Plans After",
    "Not Compared",
)
CHANGE_TEXT_COLUMNS = frozenset(
    {"Account ID", "Name", "Customer Pays", "Currency", "Plans Before", "Plans After", "Not Compared"}
)
_NOTHING = Margins(usage=None, cost=None, recurring=None, reseller_recurring=None, net=None)
Told = PriceFacts | str  # What one side makes of a customer, or why it makes nothing.
_NO_PLAN = "No price plan is given to this customer."


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """One customer under both sets of plans; a text says why there are no figures, None that no plan fits."""

    account: Account
    currency: str
    calls: int
    reseller_cost_units: int | None
    reseller_recurring: Decimal | None
    before: Told | None
    after: Told | None

    @property
    def not_compared(self) -> str:
        """Why; empty where both sides have figures."""
        why = [(name, told) for name, told in (("before", self.before), ("after", self.after)) if not _is_priced(told)]
        if len(why) == 2 and self.before == self.after:
            return str(self.before or _NO_PLAN)
        return " ".join(f"{name.capitalize()}: {told or _NO_PLAN}" for name, told in why)

    @property
    def margins_before(self) -> Margins:
        return self._margins(self.before)

    @property
    def margins_after(self) -> Margins:
        return self._margins(self.after)

    @property
    def difference(self) -> Decimal | None:
        """What the customer owes more, before tax; that is what the reseller gains, since its costs stay."""
        before, after = self.margins_before.net, self.margins_after.net
        return None if before is None or after is None else after - before

    @property
    def pays(self) -> str:
        difference = self.difference
        if difference is None:
            return ""
        return "more" if difference > 0 else "less" if difference < 0 else "the same"

    def _margins(self, told: Told | None) -> Margins:
        return margins_of(
            told.statement if isinstance(told, PriceFacts) else None,
            reseller_cost_units=self.reseller_cost_units,
            reseller_recurring=self.reseller_recurring,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTotals:
    """Over the customers that both sides priced; a margin over those of them whose margin is known."""

    customers: int
    pay_more: int
    pay_less: int
    usage: tuple[Decimal, Decimal]
    recurring: tuple[Decimal, Decimal]
    net: tuple[Decimal, Decimal]
    difference: Decimal
    gained: Decimal
    lost: Decimal  # Not positive.
    margin: tuple[Decimal, Decimal] | None  # None: of no customer is it known.
    margin_unknown: int
    at_a_loss: tuple[int, int]  # Customers whose margin is negative.
    unpriced_calls: tuple[int, int]
    calls_below_cost: tuple[int, int]


def totals_of(changes: Sequence[PriceChange]) -> ChangeTotals:
    compared = [each for each in changes if not each.not_compared]
    differences = [each.difference or Decimal(0) for each in compared]
    known = [each for each in compared if each.margins_before.margin is not None]

    def both(figure: Callable[[Margins], Decimal | None], of: Sequence[PriceChange]) -> tuple[Decimal, Decimal]:
        return (
            sum((noise_free(figure(each.margins_before) or Decimal(0)) for each in of), Decimal(0)),
            sum((noise_free(figure(each.margins_after) or Decimal(0)) for each in of), Decimal(0)),
        )

    def counts(figure: Callable[[Told | None], int | None]) -> tuple[int, int]:
        return (
            sum(figure(each.before) or 0 for each in compared),
            sum(figure(each.after) or 0 for each in compared),
        )

    return ChangeTotals(
        customers=len(compared),
        pay_more=sum(difference > 0 for difference in differences),
        pay_less=sum(difference < 0 for difference in differences),
        usage=both(lambda each: each.usage, compared),
        recurring=both(lambda each: each.recurring, compared),
        net=both(lambda each: each.net, compared),
        difference=sum(differences, Decimal(0)),
        gained=sum((each for each in differences if each > 0), Decimal(0)),
        lost=sum((each for each in differences if each < 0), Decimal(0)),
        margin=both(lambda each: each.margin, known) if known else None,
        margin_unknown=len(compared) - len(known),
        at_a_loss=(
            sum((each.margins_before.margin or 0) < 0 for each in known),
            sum((each.margins_after.margin or 0) < 0 for each in known),
        ),
        unpriced_calls=counts(_unpriced),
        calls_below_cost=counts(_below_cost),
    )


def change_row(change: PriceChange) -> dict[str, str]:
    """The customer's line of the CSV file; a customer that is not compared has no figure but its calls and costs."""
    is_compared = not change.not_compared
    before, after = (change.margins_before, change.margins_after) if is_compared else (_NOTHING, _NOTHING)
    told_before, told_after = (change.before, change.after) if is_compared else (None, None)
    return {
        "Account ID": change.account.id,
        "Name": change.account.name,
        "Usage Before": amount_text(before.usage),
        "Usage After": amount_text(after.usage),
        "Recurring Before": amount_text(before.recurring),
        "Recurring After": amount_text(after.recurring),
        "Net Before": amount_text(before.net),
        "Net After": amount_text(after.net),
        "Difference": amount_text(change.difference),
        "Reseller Cost": amount_text(change.margins_before.cost),
        "Reseller Recurring Cost": amount_text(change.reseller_recurring),
        "Margin Before": amount_text(before.margin),
        "Margin After": amount_text(after.margin),
        "Customer Pays": change.pays,
        "Calls": count_text(change.calls),
        "Unpriced Before": count_text(_unpriced(told_before)),
        "Unpriced After": count_text(_unpriced(told_after)),
        "Calls Below Cost Before": count_text(_below_cost(told_before)),
        "Calls Below Cost After": count_text(_below_cost(told_after)),
        "Currency": change.currency,
        "Plans Before": _plans(change.before),
        "Plans After": _plans(change.after),
        "Not Compared": change.not_compared,
    }


def change_document(change: PriceChange) -> dict[str, Any]:
    """The same for programs. Of a customer that is not compared the side that is known is told, and is in no total."""
    before, after = change.margins_before, change.margins_after
    return {
        "id": change.account.id,
        "name": change.account.name,
        "calls": change.calls,
        "usage": _both(_text(before.usage), _text(after.usage)),
        "recurring": _both(_text(before.recurring), _text(after.recurring)),
        "net": _both(_text(before.net), _text(after.net)),
        "difference": _text(change.difference),
        "reseller_cost": _text(before.cost),
        "reseller_recurring_cost": _text(before.reseller_recurring),
        "margin": _both(_text(before.margin), _text(after.margin)),
        "pays": change.pays or None,
        "unpriced_calls": _both(_unpriced(change.before), _unpriced(change.after)),
        "calls_below_cost": _both(_below_cost(change.before), _below_cost(change.after)),
        "plans": _both(_versions(change.before), _versions(change.after)),
        "not_compared": change.not_compared or None,
    }


def totals_document(totals: ChangeTotals) -> dict[str, Any]:
    return {
        "customers": totals.customers,
        "pay_more": totals.pay_more,
        "pay_less": totals.pay_less,
        "usage": _both(*map(_text, totals.usage)),
        "recurring": _both(*map(_text, totals.recurring)),
        "net": _both(*map(_text, totals.net)),
        "difference": _text(totals.difference),
        "gained": _text(totals.gained),
        "lost": _text(totals.lost),
        "margin": _both(*map(_text, totals.margin or (None, None))),
        "margin_unknown": totals.margin_unknown,
        "at_a_loss": _both(*totals.at_a_loss),
        "unpriced_calls": _both(*totals.unpriced_calls),
        "calls_below_cost": _both(*totals.calls_below_cost),
    }


def _is_priced(told: Told | None) -> bool:
    return isinstance(told, PriceFacts)


def _unpriced(told: Told | None) -> int | None:
    return told.statement.unpriced_calls if isinstance(told, PriceFacts) else None


def _below_cost(told: Told | None) -> int | None:
    return told.calls_below_cost if isinstance(told, PriceFacts) else None


def _versions(told: Told | None) -> dict[str, str]:
    """The plans by which it was priced, each with a digest of what it says."""
    return dict(told.versions) if isinstance(told, PriceFacts) else {}


def _plans(told: Told | None) -> str:
    return " ".join(told.statement.plans) if isinstance(told, PriceFacts) else ""


def _both(before: object, after: object) -> dict[str, object]:
    return {"before": before, "after": after}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_text(amount)
