"""Changes: which customers two reports of a period do not agree on, and in what."""

from collections.abc import Mapping, Sequence

from reseller_reporting.model.changes import (
    Amounts,
    CustomerChange,
    CustomerState,
    LegChanges,
    Reported,
    ReportedAccount,
)
from reseller_reporting.reports.facts import AccountFacts
from reseller_reporting.reports.usage import UsageSums


def reported_account(facts: AccountFacts, sums: UsageSums | None, legs: str | None) -> ReportedAccount:
    """What this report says of an account."""
    amounts = None
    if sums is not None:
        total = sums.total
        amounts = Amounts(
            calls=total.calls,
            billing_seconds=total.billing_seconds,
            reseller_cost_units=total.reseller_cost_units if facts.has_reseller_view else None,
            customer_cost_units=total.customer_cost_units,
            price_micros=total.price_micros,
        )
    return ReportedAccount(id=str(facts.account.id), name=facts.account.name, amounts=amounts, legs=legs)


def to_compare(before: Reported, now: Sequence[ReportedAccount]) -> list[tuple[str, str, str]]:
    """Account, and the digests of its legs then and now, where they are not the same."""
    then = {account.id: account.legs for account in before.accounts}
    pairs = ((account.id, then.get(account.id), account.legs) for account in now)
    return [(id_, old, new) for id_, old, new in pairs if old and new and old != new]


def customer_changes(
    before: Reported, now: Sequence[ReportedAccount], legs: Mapping[str, LegChanges]
) -> tuple[CustomerChange, ...]:
    """In the order of names, then ids."""
    then, current = ({account.id: account for account in accounts} for accounts in (before.accounts, now))
    changes = []
    for id_ in {**then, **current}:
        old, new = then.get(id_), current.get(id_)
        state = _state(old, new, legs.get(id_))
        if state is not None:
            known = new or old
            assert known is not None
            changes.append(
                CustomerChange(id=id_, name=known.name, state=state, before=old, now=new, legs=legs.get(id_))
            )
    return tuple(sorted(changes, key=lambda each: (each.name, each.id)))


def _state(old: ReportedAccount | None, new: ReportedAccount | None, legs: LegChanges | None) -> CustomerState | None:
    if old is None or new is None:
        return "new" if old is None else "gone"
    if new.amounts is None or old.amounts is None:
        has_failed, had_failed = new.amounts is None, old.amounts is None
        return None if has_failed and had_failed else "failed" if has_failed else "failed before"
    if (legs is not None and legs.count) or old.amounts != new.amounts:
        return "changed"
    return None if old.name == new.name else "renamed"
