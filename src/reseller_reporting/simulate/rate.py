"""Rate: a price as a leg and a ledger entry carry it.

Owns: Rate. Does not own: the formula (rating), which rate a number gets (the world's deck).
"""

from dataclasses import dataclass

from reseller_reporting.rating.charge import KazooCharge, kazoo_cost
from reseller_reporting.simulate.listing import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate as a leg carries it: units of 1/10 000 per minute, and how it is sold."""

    units: int
    increment: int = 60
    minimum: int = 60
    surcharge: int = 0
    nocharge: int = 0
    discount: int = 0
    name: str = "US_DOMESTIC"
    description: str = ""

    def charge(self, answered_seconds: int) -> KazooCharge:
        return kazoo_cost(
            rate_units=self.units,
            increment_seconds=self.increment,
            minimum_seconds=self.minimum,
            surcharge_units=self.surcharge,
            nocharge_seconds=self.nocharge,
            discount_percent=self.discount,
            answered_seconds=answered_seconds,
        )

    def channel_vars(self) -> Document:
        """What rating writes on the channel: all text."""
        return {
            "rate": str(self.units),
            "rate_name": self.name,
            "rate_description": self.description,
            "rate_increment": str(self.increment),
            "rate_minimum": str(self.minimum),
            "rate_nocharge_time": str(self.nocharge),
            "surcharge": str(self.surcharge),
            "base_cost": str(self.units * ((self.minimum or 60) // 60) + self.surcharge),
            "pvt_cost": str(self.units // 3),
            "discount_percentage": str(self.discount),
        }

    def ledger_metadata(self) -> Document:
        return {
            "name": self.name,
            "description": self.description,
            "value": self.units,
            "increment": self.increment,
            "minimum": self.minimum,
            "nocharge_time": self.nocharge,
        }
