"""Vectors of authorisation: numbers, trunks, and whole timelines of calls."""

from collections.abc import Mapping
from typing import Any

from reseller_reporting.rating.authorise import CallRate, Limits, OfferedCall, Party, Switch, play
from reseller_reporting.rating.kazoo_number import integer
from reseller_reporting.rating.number import classify, is_flat_rate_eligible, normalise
from reseller_reporting.rating.trunk import flat_rate_tag, trunk_limits


def check_number_eligibility(row: Mapping[str, Any]) -> None:
    number = row["in"]["number"]
    assert row["out"] == {
        "normalized": normalise(number),
        "classification": classify(number),
        "flat_rate_eligible": is_flat_rate_eligible(number),
    }


def check_trunk_authorize(row: Mapping[str, Any]) -> None:
    given = row["in"]
    is_inbound = given["direction"] == "inbound"
    tag = None
    if is_flat_rate_eligible(given["number"]):
        inbound, outbound = given["current_inbound"] + is_inbound, given["current_outbound"] + (not is_inbound)
        tag = flat_rate_tag(trunk_limits(given["limits"]), inbound=inbound, outbound=outbound)
    assert (tag or "none") == row["out"]["tag"]


def check_authz_timeline(row: Mapping[str, Any]) -> None:
    given = row["in"]
    reseller = None if given["account_is_own_reseller"] else _party(given["reseller"])
    switch = Switch(_party(given["account"]), reseller)
    timeline = play(switch, map(_call, given["calls"]), given["events"])
    for expected in row["out"]["calls"]:
        call_id = expected["id"]
        decision, reconciled = timeline.decisions[call_id], timeline.reconciled.get(call_id)
        found = {
            "id": call_id,
            "allowed": decision.is_allowed,
            "is_authorized": decision.is_authorised,
            "soft_limit": decision.is_soft_limited,
            "account_billing": decision.account_tag,
            "reseller_billing": decision.reseller_tag,
            "account_trunk_usage": decision.usage,
        }
        if reconciled is not None:
            found |= {
                "billing_seconds": reconciled.answered_seconds,
                "account_debit": reconciled.account_debit_units,
                "reseller_debit": reconciled.reseller_debit_units,
                "allotment_seconds": reconciled.allotment_seconds,
            }
        assert found == expected
    assert switch.account.balance_units == row["out"]["final_account_balance"]
    if reseller is not None:
        assert reseller.balance_units == row["out"]["final_reseller_balance"]


def _party(given: Mapping[str, Any]) -> Party:
    return Party(Limits(given["limits"]), given["balance"], given.get("good_standing", True))


def _call(given: Mapping[str, Any]) -> OfferedCall:
    return OfferedCall(
        id=given["id"],
        direction=given["direction"],
        number=given["number"],
        rate=_rate(given.get("rate") or {}),
        resource_type=given.get("resource_type", ""),
        authorizing_type=given.get("authorizing_type", ""),
    )


def _rate(reply: Mapping[str, Any]) -> CallRate:
    return CallRate(
        rate_units=integer(reply.get("Rate", 0)),
        increment_seconds=integer(reply.get("Rate-Increment", 60)),
        minimum_seconds=integer(reply.get("Rate-Minimum", 0)),
        surcharge_units=integer(reply.get("Surcharge", 0)),
        nocharge_seconds=integer(reply.get("Rate-NoCharge-Time", 0)),
        discount_percent=integer(reply.get("Discount-Percentage", 0)),
    )
