"""Explain: one stored call, or any number against a deck, figure by figure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from reseller_reporting.app.decks import deck as stored_deck
from reseller_reporting.app.decks import only_deck
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted
from reseller_reporting.app.rerating import parse_trunks
from reseller_reporting.app.stored import stored
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import InvalidSettings, UnknownCall
from reseller_reporting.model.rate import BOTH
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.as_billed import ExplainedLeg, parts_of
from reseller_reporting.rating.columns import Arithmetic
from reseller_reporting.rating.explanation import Step, deck_steps, number_steps, parts_steps
from reseller_reporting.rating.replay import State
from reseller_reporting.rating.rerate import Terms, rerate
from reseller_reporting.rating.trunk import TrunkLimits, trunk_limits_of
from reseller_reporting.store import calls, snapshots
from reseller_reporting.store.calls import AccountCalls

_STATE_WORDS = {
    State.FLAT: "a trunk was free",
    State.BURST: "only a burst trunk was free",
    State.OVER: "no trunk was free",
    State.INELIGIBLE: "its number may use no trunk",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A number and a duration, before any call was made."""

    number: str
    direction: str
    answered_seconds: int
    at: datetime


def explain_question(house: House, question: Question, deck: str | None, arithmetic: str) -> list[Step]:
    if question.direction not in BOTH:
        raise InvalidSettings(f"'{question.direction}' is no direction. Write inbound or outbound.")
    if question.answered_seconds < 0:
        raise InvalidSettings("--seconds cannot be negative.")
    steps = deck_steps(
        only_deck(house, deck),
        question.number,
        question.direction,
        question.at,
        question.answered_seconds,
        arithmetic=Arithmetic(arithmetic),
    )
    return [*number_steps(question.number), *steps]


def explain_call(
    house: House, call_id: str, wanted: Wanted, *, deck: str | None, trunks: str | None, arithmetic: str
) -> list[Step]:
    """Every leg of this call id in the period: what KAZOO states, by which rate, and its trunks at that second."""
    known = stored(house, wanted)
    period, own = known.period, known.own
    pinned = calls.pin(house.lake)
    taken, _ = snapshots.read(house.lake, period)
    steps: list[Step] = []
    for account in known.selected:
        where = pinned.calls([account.id], from_at=period.from_at, to_at=period.to_at, reseller_id=own.id)
        with calls.reading(where, spill=house.lake.folder / "spill") as reader:
            found = reader.call(call_id)
        for row in found.to_pylist():
            snapshot = taken.get(account.id)
            limits = parse_trunks(trunks) if trunks else trunk_limits_of(snapshot.limits if snapshot else None)
            steps += _leg_steps(house, account, where, row, limits)
            if deck is not None:
                steps += deck_steps(
                    stored_deck(house, deck),
                    row["dialed_number"],
                    row["direction"],
                    row["started_at"],
                    row["answered_seconds"],
                    arithmetic=Arithmetic(arithmetic),
                )
    if not steps:
        raise UnknownCall(f"The store holds no call '{call_id}' in {period.name}. Name another --period, or pull it.")
    return steps


def _leg_steps(
    house: House, account: Account, where: AccountCalls, row: dict[str, Any], limits: TrunkLimits
) -> list[Step]:
    leg = ExplainedLeg(**{name: row[name] for name in ExplainedLeg._fields})
    started_at = row["started_at"]
    steps = [
        Step("leg", str(row["leg_id"]), account.name),
        Step(
            "started", f"{started_at:%Y-%m-%d %H:%M:%S} UTC, {leg.direction}, {leg.answered_seconds} s answered", "CDR"
        ),
        *number_steps(leg.dialed_number),
        Step(
            "customer",
            f"{leg.customer_call_type or 'on-net'}, {currency_text(leg.customer_cost_units)}",
            "as KAZOO lists it",
        ),
    ]
    if leg.reseller_call_type is not None:
        stated = currency_text(leg.reseller_cost_units or 0)
        steps.append(Step("reseller", f"{leg.reseller_call_type or 'not billed'}, {stated}", "as KAZOO lists it"))
    parts = parts_of(leg)
    if parts is not None:
        source = "the call's document" if leg.has_document else "the ledger entry"
        steps += parts_steps(parts, leg.answered_seconds, source)
    return [*steps, *_trunk_steps(house, where, str(row["leg_id"]), limits)]


def _trunk_steps(house: House, where: AccountCalls, leg_id: str, limits: TrunkLimits) -> list[Step]:
    """The account's trunks when the leg began, by a replay of its legs since the period's begin."""
    with calls.reading(where, spill=house.lake.folder / "spill") as reader:
        legs = reader.off_net()
    places = np.nonzero(np.asarray(legs["leg_id"].to_pylist(), object) == leg_id)[0]
    if not len(places):
        return []
    place = int(places[0])
    rerated = rerate(legs.slice(0, place + 1), Terms(deck=None, limits=limits))
    trunk_legs, states = rerated.trunk_legs, rerated.states
    start = trunk_legs.starts[place]
    held = ((states[:place] == State.FLAT) | (states[:place] == State.BURST)) & (trunk_legs.ends[:place] > start)
    outbound = int(np.count_nonzero(held & trunk_legs.is_outbound[:place]))
    inbound = int(np.count_nonzero(held)) - outbound
    shown = f"{limits.inbound}/{limits.outbound}/{limits.twoway}/{limits.burst}"
    return [
        Step(
            "trunks", f"{shown}, with {inbound} inbound and {outbound} outbound calls on them", "replay of the period"
        ),
        Step("replay", _STATE_WORDS[State(int(states[place]))], "replay of the period"),
    ]
