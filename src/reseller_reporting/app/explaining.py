"""Explain: one stored call, or any number against a deck, figure by figure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from reseller_reporting.app.decks import deck as stored_deck
from reseller_reporting.app.decks import only_deck
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted
from reseller_reporting.app.rerating import parse_trunks
from reseller_reporting.app.stored import stored
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import InvalidSettings, UnknownCall
from reseller_reporting.model.rate import BOTH, OUTBOUND
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.as_billed import ExplainedLeg, parts_of
from reseller_reporting.rating.columns import Arithmetic
from reseller_reporting.rating.explanation import Step, deck_steps, number_steps, parts_steps
from reseller_reporting.rating.number import is_flat_rate_eligible
from reseller_reporting.rating.replay import STATE_OF_TAG, State
from reseller_reporting.rating.rerate import Rerated, Terms, microseconds_of, rerate
from reseller_reporting.rating.trunk import TrunkLimits, flat_rate_tag, trunk_limits_of
from reseller_reporting.rating.trunk_legs import Side
from reseller_reporting.store import calls, snapshots

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


def explain_question(
    house: House,
    question: Question,
    wanted: Wanted | None,
    *,
    deck: str | None,
    trunks: str | None,
    arithmetic: str,
    side: Side,
) -> list[Step]:
    """`wanted` names the account that would make the call, and the stored period in which it would begin."""
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
    steps = [*number_steps(question.number), *steps]
    if wanted is None:
        if trunks is not None:
            raise InvalidSettings("Whose trunks? Name one account with --accounts, and the moment with --at.")
        return steps
    known = stored(house, wanted)
    if len(known.selected) != 1:
        raise InvalidSettings("A call is made by one account: name it with --accounts.")
    if not known.period.from_at <= question.at < known.period.to_at:
        raise InvalidSettings(f"--at lies outside {known.period.name}. Name its --period.")
    replayed = _Replayed(house, known, trunks)
    return [*steps, *replayed.steps_of_question(known.selected[0], question, side)]


def explain_call(
    house: House, call_id: str, wanted: Wanted, *, deck: str | None, trunks: str | None, arithmetic: str, side: Side
) -> list[Step]:
    """Every leg of this call id in the period: what KAZOO states, by which rate, and its trunks at that second."""
    known = stored(house, wanted)
    period, own = known.period, known.own
    pinned = calls.pin(house.lake)
    replayed = _Replayed(house, known, trunks)
    steps: list[Step] = []
    for account in known.selected:
        where = pinned.calls([account.id], from_at=period.from_at, to_at=period.to_at, reseller_id=own.id)
        with calls.reading(where, spill=house.lake.folder / "spill") as reader:
            found = reader.call(call_id)
        for row in found.to_pylist():
            steps += _leg_steps(account, row)
            steps += replayed.steps_of_leg(account, str(row["leg_id"]), row["started_at"], side)
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


def _leg_steps(account: Account, row: dict[str, Any]) -> list[Step]:
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
    return steps


class _Replayed:
    """The trunks at a moment of the period, by a replay of what began before it."""

    def __init__(self, house: House, known: Pulled, trunks: str | None) -> None:
        self._house, self._known = house, known
        self._given = None if trunks is None else parse_trunks(trunks)
        self._pinned = calls.pin(house.lake)
        self._taken, _ = snapshots.read(house.lake, known.period)

    def steps_of_leg(self, account: Account, leg_id: str, at: datetime, side: Side) -> list[Step]:
        """None for a leg that never came to a trunk, as on-net ones."""
        legs = self._legs(account, at, side)
        places = np.nonzero(np.asarray(legs["leg_id"].to_pylist(), object) == leg_id)[0]
        if not len(places):
            return []
        place = int(places[0])
        limits, source = self._limits(account, side)
        rerated = rerate(legs.slice(0, place + 1), Terms(deck=None, limits=limits, side=side))
        held = _held(rerated, place, int(rerated.trunk_legs.starts[place]))
        state = State(int(rerated.states[place]))
        return self._told(side, limits, source, held, state)

    def steps_of_question(self, account: Account, question: Question, side: Side) -> list[Step]:
        """A call that was never made comes after all that began by its moment."""
        legs = self._legs(account, question.at, side)
        limits, source = self._limits(account, side)
        rerated = rerate(legs, Terms(deck=None, limits=limits, side=side))
        inbound, outbound = _held(rerated, len(legs), microseconds_of(question.at))
        goes_out = question.direction == OUTBOUND
        if not is_flat_rate_eligible(question.number):
            state = State.INELIGIBLE
        else:
            tag = flat_rate_tag(limits, inbound=inbound + (not goes_out), outbound=outbound + goes_out)
            state = STATE_OF_TAG[tag]
        return self._told(side, limits, source, (inbound, outbound), state)

    def _told(self, side: Side, limits: TrunkLimits, source: str, held: tuple[int, int], state: State) -> list[Step]:
        shown = f"{limits.inbound}/{limits.outbound}/{limits.twoway}/{limits.burst}"
        whose = "of the account" if side == "customer" else "of the reseller, shared by all its accounts"
        return [
            Step(
                "trunks", f"{shown}, with {held[0]} inbound and {held[1]} outbound calls on them", f"{source}, {whose}"
            ),
            Step("replay", _STATE_WORDS[state], "replay of the period"),
        ]

    def _limits(self, account: Account, side: Side) -> tuple[TrunkLimits, str]:
        if self._given is not None:
            return self._given, "--trunks"
        snapshot = self._taken.get(self._known.own.id if side == "reseller" else account.id)
        limits = snapshot.limits if snapshot else None
        return trunk_limits_of(limits), "not known, taken as none" if limits is None else "stored limits"

    def _legs(self, account: Account, at: datetime, side: Side) -> pa.Table:
        """What began at the moment or before it."""
        own, period = self._known.own, self._known.period
        shared = [one.id for one in self._known.tree if one.reseller_id == own.id]
        ids = shared if side == "reseller" and shared else [account.id]
        until = min(at + timedelta(microseconds=1), period.to_at)
        where = self._pinned.calls(ids, from_at=period.from_at, to_at=until, reseller_id=own.id)
        with calls.reading(where, spill=self._house.lake.folder / "spill") as reader:
            return reader.off_net()


def _held(rerated: Rerated, place: int, now: int) -> tuple[int, int]:
    """Inbound and outbound calls before this place that hold a trunk at the moment."""
    states, legs = rerated.states[:place], rerated.trunk_legs
    held = ((states == State.FLAT) | (states == State.BURST)) & (legs.ends[:place] > now)
    outbound = int(np.count_nonzero(held & legs.is_outbound[:place]))
    return int(np.count_nonzero(held)) - outbound, outbound
