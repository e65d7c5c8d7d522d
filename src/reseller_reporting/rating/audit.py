"""Audit: what KAZOO states, what its ledgers took and what its own rule comes to, leg by leg and party by party."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa

from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.as_billed import ExplainedLeg, parts_of
from reseller_reporting.rating.charge import kazoo_cost

Party = Literal["customer", "reseller"]
PARTIES: tuple[Party, Party] = ("customer", "reseller")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A leg, or an entry without one, whose figures for a party do not agree. Units; None: there is no such figure."""

    account_id: str
    leg_id: str  # Of an entry without a leg: the call id that it names.
    call_id: str
    started_at: datetime
    party: Party
    answered_seconds: int
    stated_units: int | None
    ledger_units: int | None
    computed_units: int | None
    call_type: str = PER_MINUTE
    knows_ledger: bool = True

    @property
    def difference_units(self) -> int:
        """What was taken beyond what the rule comes to; what is listed stands for a figure that is not known.

        A leg without an entry in a ledger that is known was not paid: nothing was taken.
        """
        taken = (self.ledger_units or 0) if self.knows_ledger else (self.stated_units or 0)
        due = self.computed_units if self.computed_units is not None else self.stated_units
        return taken - (due or 0)

    @property
    def reason(self) -> str:
        listed = "not listed" if self.stated_units is None else f"listed {currency_text(self.stated_units)}"
        if not self.knows_ledger:
            ledger = "ledger not known"
        else:
            ledger = "no ledger entry" if self.ledger_units is None else f"ledger {currency_text(self.ledger_units)}"
        if self.stated_units is None:
            computed = "no such call in the store"
        elif self.call_type != PER_MINUTE:
            computed = f"nothing due ({self.call_type or 'not billed'})"
        elif self.computed_units is None:
            computed = "no rate to compute it by"
        else:
            computed = f"by KAZOO's rule {currency_text(self.computed_units)}"
        return f"{self.party}: {listed}, {ledger}, {computed}; difference {currency_text(self.difference_units)}"


def disagreements(
    batch: pa.RecordBatch, *, parties: Collection[Party] = PARTIES, ledgers: Collection[Party] = PARTIES
) -> Iterator[Disagreement]:
    """Of AUDITED_LEGS those whose stated cost, ledger amount and recomputed cost are not one and the same.

    A call that cost nothing has no entry; there the absence agrees. A party whose ledger is not known is not among
    `ledgers`, and is held to the other two figures. What is not paid by the minute must have no entry either.
    """
    explained = map(
        ExplainedLeg._make, zip(*(batch.column(name).to_pylist() for name in ExplainedLeg._fields), strict=True)
    )
    names = ("account_id", "leg_id", "call_id", "started_at", "customer_ledger_units", "reseller_ledger_units")
    others = zip(*(batch.column(name).to_pylist() for name in names), strict=True)
    for leg, (account_id, leg_id, call_id, started_at, *taken_units) in zip(explained, others, strict=True):
        computed_units = _computed(leg)
        for party, ledger_units in zip(PARTIES, taken_units, strict=True):
            stated_units, call_type = getattr(leg, f"{party}_cost_units"), getattr(leg, f"{party}_call_type")
            if party not in parties or stated_units is None:
                continue
            due_units = computed_units if call_type == PER_MINUTE else 0
            knows_ledger = party in ledgers
            taken = 0 if ledger_units is None and stated_units == 0 else ledger_units
            if (taken == stated_units or not knows_ledger) and due_units in (None, stated_units):
                continue
            yield Disagreement(
                account_id=account_id,
                leg_id=leg_id,
                call_id=call_id,
                started_at=started_at,
                party=party,
                answered_seconds=leg.answered_seconds,
                stated_units=stated_units,
                ledger_units=ledger_units,
                computed_units=due_units,
                call_type=call_type or "",
                knows_ledger=knows_ledger,
            )


def unlisted_entry(account_id: str, call_id: str, ended_at: datetime, party: Party, units: int) -> Disagreement:
    """Money that a ledger took for a call that nobody listed."""
    return Disagreement(
        account_id=account_id,
        leg_id=call_id,
        call_id=call_id,
        started_at=ended_at,
        party=party,
        answered_seconds=0,
        stated_units=None,
        ledger_units=units,
        computed_units=None,
    )


def _computed(leg: ExplainedLeg) -> int | None:
    """The cost by KAZOO's rule from what is known of the rate; None where nothing is."""
    if leg.answered_seconds <= 0:
        return 0
    parts = parts_of(leg)
    return None if parts is None else kazoo_cost(**parts._asdict(), answered_seconds=leg.answered_seconds).cost_units
