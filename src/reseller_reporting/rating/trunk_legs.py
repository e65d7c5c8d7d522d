"""Trunk legs: off-net legs as the replay of trunks wants them, as arrays whatever their number, and what each party's
tag said of them.

Owns: which leg asks for a trunk, and whether a tag agrees with the replay. Does not own: the rules for one number
(number), the replay.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from reseller_reporting.model.call_type import FLAT_RATE_BURST, FLAT_RATE_TRUNK
from reseller_reporting.model.tables import TRUNK_LEGS
from reseller_reporting.rating.authorise import HARD_LIMIT, LIMITS_DISABLED, LIMITS_ENFORCED
from reseller_reporting.rating.number import EMERGENCY, TOLLFREE_US, classify, is_flat_rate_eligible
from reseller_reporting.rating.replay import State, TrunkLegs

Side = Literal["customer", "reseller"]

UNSTATED = -1  # No tag says anything.
# The rules for a number of North America in full look at its area code alone: one number stands for all of it.
_SAME_AREA = r"^(\+1[0-9]{3})[0-9]{7}$"
_AREA_NUMBER = r"\10000000"
_ALLOTMENT = "allotment_"


@dataclass(frozen=True, slots=True)
class SaidOfLegs:
    """What the switch said of each leg for one party."""

    states: Any  # int8: the State that the tag means, or UNSTATED. INELIGIBLE: something else came before trunks.
    cost_units: Any  # int64, 0 where not known.
    is_cost_known: Any  # bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LegArrays:
    """Off-net legs in total order, in arrays of one length."""

    starts: Any  # int64 microseconds
    ends: Any
    is_outbound: Any  # bool
    is_eligible: Any  # bool: its number may use trunks.
    is_exempt: Any  # bool: nobody pays for such a number.
    answered_seconds: Any  # int64
    accounts: Any  # int32: the place of its account among those asked for; -1 of none of them.
    said: dict[Side, SaidOfLegs]

    def __len__(self) -> int:
        return len(self.starts)

    def trunk_legs(self) -> TrunkLegs:
        """All that may use trunks by their number, whatever paid for them."""
        return TrunkLegs(self.starts, self.ends, self.is_outbound, self.is_eligible)

    def asking_legs(self, side: Side) -> TrunkLegs:
        """The same without those that an allotment or a limit settled before this party's trunks were asked."""
        asked = self.said[side].states != State.INELIGIBLE
        return TrunkLegs(self.starts, self.ends, self.is_outbound, self.is_eligible & asked)


def leg_arrays(
    batches: Iterable[pa.RecordBatch], sides: Sequence[Side], *, account_ids: Sequence[str] = ()
) -> LegArrays:
    """`batches` have the columns of TRUNK_LEGS at least; nothing of a batch is kept but numbers."""
    ids = pa.array(account_ids, pa.string())
    parts = [_of_batch(batch, sides, ids) for batch in batches] or [
        _of_batch(pa.RecordBatch.from_pylist([], schema=TRUNK_LEGS), sides, ids)
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    said = {
        side: SaidOfLegs(
            *(columns.pop(f"{side}_{name}") for name in ("states", "cost_units", "is_cost_known")),
        )
        for side in sides
    }
    return LegArrays(**columns, said=said)


def differs(states: Any, said: Any) -> Any:
    """Where a tag says another thing than the replay: burst is not flat, and no trunk is no trunk whatever paid."""
    return (said != UNSTATED) & (_on_trunk(states) != _on_trunk(said))


def _on_trunk(states: Any) -> Any:
    return np.where(states == State.INELIGIBLE, np.int8(State.OVER), states)


def _of_batch(batch: pa.RecordBatch, sides: Sequence[Side], account_ids: pa.Array) -> dict[str, Any]:
    starts = batch.column("started_at").cast(pa.int64()).to_numpy()
    is_outbound = _flags(pc.equal(batch.column("direction"), "outbound"))
    may_use, is_emergency, is_tollfree = _number_flags(batch.column("dialed_number"))
    is_exempt = is_emergency | (is_tollfree & is_outbound)
    columns = {
        "starts": starts,
        "ends": starts + batch.column("duration_seconds").to_numpy() * 1_000_000,
        "is_outbound": is_outbound,
        "is_eligible": may_use & ~is_exempt,
        "is_exempt": is_exempt,
        "answered_seconds": batch.column("answered_seconds").to_numpy(),
        "accounts": pc.fill_null(pc.index_in(batch.column("account_id"), account_ids), -1).to_numpy(),
    }
    for side in sides:
        costs = batch.column(f"{side}_cost_units")
        columns[f"{side}_states"] = _said(batch, side)
        columns[f"{side}_cost_units"] = pc.fill_null(costs, 0).to_numpy()
        columns[f"{side}_is_cost_known"] = _flags(pc.is_valid(costs))
    return columns


def _number_flags(numbers: pa.Array) -> tuple[Any, Any, Any]:
    """Whether each number may use trunks, is an emergency number, is toll-free."""
    alike = pc.replace_substring_regex(numbers, pattern=_SAME_AREA, replacement=_AREA_NUMBER).dictionary_encode()
    answers = np.zeros((len(alike.dictionary), 3), np.bool_)
    for place, number in enumerate(alike.dictionary.to_pylist()):
        kind = classify(number)
        answers[place] = is_flat_rate_eligible(number), kind == EMERGENCY, kind == TOLLFREE_US
    return tuple(answers[alike.indices.to_numpy()].T)


def _said(batch: pa.RecordBatch, side: Side) -> Any:
    tags = pc.fill_null(batch.column(f"{side}_call_type"), "").dictionary_encode()
    of_tag = np.array([_meaning(tag) for tag in tags.dictionary.to_pylist()] or [UNSTATED], np.int8)
    said = of_tag[tags.indices.to_numpy()]
    if side == "reseller":
        # Where the customer could not pay, the reseller was never asked.
        refused = pc.is_in(batch.column("customer_call_type"), pa.array([LIMITS_ENFORCED, HARD_LIMIT]))
        unasked = pc.equal(pc.fill_null(batch.column("reseller_call_type"), ""), LIMITS_ENFORCED)
        said[_flags(pc.and_(refused, unasked))] = State.INELIGIBLE
    return said


def _meaning(tag: str) -> int:
    if not tag:
        return UNSTATED
    if tag.startswith(_ALLOTMENT) or tag in (LIMITS_DISABLED, HARD_LIMIT):
        return State.INELIGIBLE
    return {FLAT_RATE_TRUNK: State.FLAT, FLAT_RATE_BURST: State.BURST}.get(tag, State.OVER)


def _flags(column: pa.Array) -> Any:
    return column.to_numpy(zero_copy_only=False).astype(np.bool_)
