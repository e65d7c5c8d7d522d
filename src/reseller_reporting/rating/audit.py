"""Audit: what KAZOO states, what its ledgers took and what its own rule comes to, leg by leg and party by party."""

from collections.abc import Iterator
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
    """A leg whose figures for one party do not agree. Units; None: there is no such figure."""

    account_id: str
    leg_id: str
    call_id: str
    started_at: datetime
    party: Party
    answered_seconds: int
    stated_units: int
    ledger_units: int | None
    computed_units: int | None

    @property
    def difference_units(self) -> int:
        """What was taken beyond what the rule comes to; against the list where nothing can be computed."""
        taken = self.ledger_units if self.ledger_units is not None else self.stated_units
        due = self.computed_units if self.computed_units is not None else self.stated_units
        return taken - due

    @property
    def reason(self) -> str:
        ledger = "no ledger entry" if self.ledger_units is None else f"ledger {currency_text(self.ledger_units)}"
        computed = (
            "no rate to compute it by"
            if self.computed_units is None
            else f"by KAZOO's rule {currency_text(self.computed_units)}"
        )
        return f"{self.party}: listed {currency_text(self.stated_units)}, {ledger}, {computed}"


def disagreements(batch: pa.RecordBatch, *, parties: tuple[Party, ...] = PARTIES) -> Iterator[Disagreement]:
    """Of AUDITED_LEGS those whose stated cost, ledger amount and recomputed cost are not one and the same.

    A call that cost nothing has no entry; there the absence agrees.
    """
    explained = map(
        ExplainedLeg._make, zip(*(batch.column(name).to_pylist() for name in ExplainedLeg._fields), strict=True)
    )
    names = ("account_id", "leg_id", "call_id", "started_at", "customer_ledger_units", "reseller_ledger_units")
    others = zip(*(batch.column(name).to_pylist() for name in names), strict=True)
    for leg, (account_id, leg_id, call_id, started_at, *ledgers) in zip(explained, others, strict=True):
        computed_units = _computed(leg)
        for party, ledger_units in zip(PARTIES, ledgers, strict=True):
            stated_units = getattr(leg, f"{party}_cost_units")
            if party not in parties or getattr(leg, f"{party}_call_type") != PER_MINUTE or stated_units is None:
                continue
            taken = 0 if ledger_units is None and stated_units == 0 else ledger_units
            if taken == stated_units and computed_units in (None, stated_units):
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
                computed_units=computed_units,
            )


def _computed(leg: ExplainedLeg) -> int | None:
    """The cost by KAZOO's rule from what is known of the rate; None where nothing is."""
    if leg.answered_seconds <= 0:
        return 0
    parts = parts_of(leg)
    return None if parts is None else kazoo_cost(**parts._asdict(), answered_seconds=leg.answered_seconds).cost_units
