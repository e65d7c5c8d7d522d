"""Order: how rows stand in every document, so that the same rows always give the same bytes."""

from reseller_reporting.model.account import Account
from reseller_reporting.reports.usage import Figures


def account_order(account: Account) -> tuple[str, str]:
    """By name in code points, then by id."""
    return account.name, account.id


def country_order(group: tuple[tuple[str, str], Figures]) -> tuple[int, str, str]:
    """Dearest first; then by code and direction, which is all there is without the reseller's view."""
    (code, direction), figures = group
    return -(figures.reseller_cost_units or 0), code, direction


def priced_country_order(group: tuple[tuple[str, str], Figures]) -> tuple[int, str, str]:
    """For customers' eyes: the dearest first by what they are asked for, not by what it costs the reseller."""
    (code, direction), figures = group
    return -(figures.price_micros or 0), code, direction


def rate_order(group: tuple[tuple[str, int], Figures]) -> tuple[int, int, str, int]:
    """Dearest first; then by name and rate."""
    (name, rate_units), figures = group
    return -(figures.reseller_cost_units or 0), -figures.customer_cost_units, name, rate_units
