"""Basis of a rating: what the store holds of a period, account by account, and what is not known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled
from reseller_reporting.model.account import Account, Limits
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.problems import ReportWarning
from reseller_reporting.rating.audit import Party
from reseller_reporting.rating.trunk import TrunkLimits
from reseller_reporting.store import coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Of one account."""

    has_calls: bool  # Whether any of the period was ever pulled or imported.
    ledgers: tuple[Party, ...]  # Whose ledger was read.
    warnings: tuple[ReportWarning, ...]


def basis(house: House, pulled: Pulled) -> dict[str, Basis]:
    """By account; a period of which the store holds nothing at all is refused."""
    covered = coverage.read(house.lake, pulled.period)
    now = house.clock()
    found = {account.id: _of(covered.get(account.id, []), pulled, now) for account in pulled.selected}
    if not any(each.has_calls for each in found.values()):
        raise InvalidSettings(
            f"The store holds no calls of {pulled.period.name}. Pull them with `reseller-reporting sync --period "
            f"{pulled.period.name}`, or import files."
        )
    return {str(account_id): each for account_id, each in found.items()}


def trunks_from(given: TrunkLimits | None, limits: Limits | None) -> str:
    """Where the limits of a replay come from."""
    if given is not None:
        return "given"
    return "unknown" if limits is None else "stored"


def trunks_unknown(account: Account) -> ReportWarning:
    return ReportWarning(
        "trunks_unknown",
        f"The store holds no trunk limits of {account.name}: it was rated as if it had none. Name them with --trunks.",
    )


def _of(pulls: Sequence[coverage.Covered], pulled: Pulled, now: datetime) -> Basis:
    period = pulled.period
    in_force = coverage.in_force(list(pulls), period)
    missing = coverage.gaps(in_force, period, until=min(period.to_at, now))
    warnings = []
    if not in_force:
        warnings.append(ReportWarning("no_calls", f"The store holds no calls of {period.name}: nothing was rated."))
    elif missing:
        warnings.append(ReportWarning("calls_missing", "Parts of the period were never read.", len(missing)))
    unread = {warning.code for pull in in_force for warning in pull.warnings}
    has_ledger = bool(in_force) and all(pull.has_ledger for pull in in_force)
    ledgers: list[Party] = []
    if has_ledger:
        ledgers.append("customer")
        if "reseller_ledger_unread" not in unread:
            ledgers.append("reseller")
    return Basis(has_calls=bool(in_force), ledgers=tuple(ledgers), warnings=tuple(warnings))
