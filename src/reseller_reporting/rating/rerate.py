"""Rerate: what trunks and a deck of one's own say of a month of legs, beside what the switch stated.

The steps, in their order: exempt numbers cost nothing; eligible ones take a trunk while one is free; all else is paid
by the minute, at the price in force when the leg started. A leg without a price is unrated, never free.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.call_type import FLAT_RATE_BURST, FLAT_RATE_TRUNK, PER_MINUTE
from reseller_reporting.model.rate import BOTH, MICROS_PER_UNIT
from reseller_reporting.model.rounding import PLACES_DEFAULT, Rounding
from reseller_reporting.model.tables import RERATED_LEGS
from reseller_reporting.rating.authorise import LIMITS_DISABLED
from reseller_reporting.rating.columns import Arithmetic, Edition, country_codes
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.replay import State, TrunkLegs, replay_columns
from reseller_reporting.rating.trunk import TrunkLimits
from reseller_reporting.rating.trunk_legs import Side, leg_arrays

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """By what legs are rated again."""

    deck: Deck | None  # None: only trunks are replayed, and nothing is priced.
    limits: TrunkLimits
    side: Side = "customer"
    arithmetic: Arithmetic = Arithmetic.KAZOO
    places: int = PLACES_DEFAULT
    rounding: Rounding = Rounding.HALF_UP


@dataclass(frozen=True, slots=True)
class Rerated:
    """RERATED_LEGS in the order of the legs, and the replay that they come from."""

    legs: pa.Table
    trunk_legs: TrunkLegs
    states: Any
    said: Any  # What the switch's tags mean of each leg, as in `trunk_legs.SaidOfLegs`.

    def of(self, places: Any) -> "Rerated":
        """Some of the legs; what became of each was decided among all."""
        legs = TrunkLegs(
            self.trunk_legs.starts[places],
            self.trunk_legs.ends[places],
            self.trunk_legs.is_outbound[places],
            self.trunk_legs.is_eligible[places],
        )
        return Rerated(self.legs.take(pa.array(places)), legs, self.states[places], self.said[places])


def rerate(legs: pa.Table, terms: Terms) -> Rerated:
    """`legs` are OFF_NET_LEGS in total order: of one account, or of all that share the reseller's trunks."""
    legs = legs.combine_chunks()
    numbers = legs["dialed_number"]
    arrays = leg_arrays(legs.to_batches(), [terms.side])
    trunk_legs = arrays.trunk_legs()
    states = replay_columns(trunk_legs, terms.limits)
    paid_by = np.select(
        [arrays.is_exempt, states == State.FLAT, states == State.BURST],
        [LIMITS_DISABLED, FLAT_RATE_TRUNK, FLAT_RATE_BURST],
        PER_MINUTE,
    )
    priced = _priced(legs, paid_by == PER_MINUTE, terms)
    far = pc.if_else(pc.equal(legs["direction"], "outbound"), numbers, legs["caller_id_number"])
    columns: dict[str, Any] = {
        "number": numbers,
        "country_code": country_codes(far.combine_chunks()).cast(pa.string()),
        "paid_by": pa.array(paid_by.tolist(), pa.string()),
        "stated_call_type": pc.fill_null(legs[f"{terms.side}_call_type"], ""),
        "stated_cost_units": legs[f"{terms.side}_cost_units"],
        **priced,
    }
    for name in RERATED_LEGS.names:
        if name not in columns:
            columns[name] = legs[name]
    table = pa.table({name: columns[name] for name in RERATED_LEGS.names}, schema=RERATED_LEGS)
    return Rerated(table, trunk_legs, states, arrays.said[terms.side].states)


def _priced(legs: pa.Table, by_minute: Any, terms: Terms) -> dict[str, Any]:
    """Rate and cost of every leg; what a trunk carries costs nothing, and still shows its rate."""
    count = len(legs)
    place = np.full(count, -1, np.int64)
    seconds, costs = np.zeros(count, np.int64), np.zeros(count, np.int64)
    rates: list[Any] = []
    for edition, chosen in _editions(legs, terms):
        rated = edition.rate(
            legs["dialed_number"].take(pa.array(chosen)).combine_chunks(),
            legs["answered_seconds"].to_numpy()[chosen],
            arithmetic=terms.arithmetic,
            places=terms.places,
            rounding=terms.rounding,
        )
        place[chosen] = np.where(rated.rows >= 0, rated.rows + len(rates), -1)
        seconds[chosen] = rated.seconds
        costs[chosen] = rated.costs * (MICROS_PER_UNIT if terms.arithmetic is Arithmetic.KAZOO else 1)
        rates += edition.rates
    unrated = place < 0
    costs[~by_minute] = 0
    seconds[~by_minute] = 0
    index = pa.array(place, mask=unrated)
    return {
        "prefix": pa.array([rate.prefix for rate in rates], pa.string()).take(index),
        "rate_name": pa.array([rate.name for rate in rates], pa.string()).take(index),
        "per_minute_micros": pa.array([rate.per_minute_micros for rate in rates], pa.int64()).take(index),
        "billed_seconds": pa.array(seconds, mask=unrated & by_minute),
        "cost_micros": pa.array(costs, mask=unrated & by_minute),
    }


def _editions(legs: pa.Table, terms: Terms) -> list[tuple[Edition, Any]]:
    """The deck as it was in force for each part of the legs, and the places of those legs."""
    if terms.deck is None or not len(legs):
        return []
    starts = legs["started_at"].cast(pa.int64()).to_numpy()
    begin, end = int(starts.min()), int(starts.max()) + 1
    changes = terms.deck.changes(_moment(begin), _moment(end))
    bounds = [begin, *map(microseconds_of, changes), end]
    parts = []
    for first, after in pairwise(bounds):
        within = (starts >= first) & (starts < after)
        for direction in BOTH:
            chosen = np.nonzero(within & np.asarray(pc.equal(legs["direction"], direction)))[0]
            if len(chosen):
                parts.append((Edition(terms.deck, direction, _moment(first)), chosen))
    return parts


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def microseconds_of(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
