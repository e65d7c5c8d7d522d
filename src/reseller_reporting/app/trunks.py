"""Trunks: an account's legs on its own trunks, and on those that the reseller's accounts share.

Owns: which accounts share a pool and when its use can be known. Does not own: the replay, its figures, the sheet.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled
from reseller_reporting.model.account import Account, Limits, Snapshot
from reseller_reporting.model.tables import OFF_NET_LEGS, TRUNK_LEGS
from reseller_reporting.model.trunks import Ran, TagDifference, TrunkFigures, Trunks
from reseller_reporting.rating.replay import State, replay_columns
from reseller_reporting.rating.trunk import TrunkLimits, trunk_limits_of
from reseller_reporting.rating.trunk_legs import UNSTATED, LegArrays, Side, differs, leg_arrays
from reseller_reporting.rating.trunk_use import TrunkUse, ran, trunk_use
from reseller_reporting.store import calls, coverage
from reseller_reporting.store.calls import CallsReader, Pinned
from reseller_reporting.store.coverage import Covered

# More are counted; a sheet of them tells no more than the first.
DIFFERENCES_MAX = 200

_REPLAYED = {
    State.FLAT: "flat_rate",
    State.BURST: "flat_rate_burst",
    State.OVER: "over: no trunk was free",
    State.INELIGIBLE: "no trunk asked for",
}
_ON_TRUNKS = (State.FLAT, State.BURST, State.OVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The reseller's trunks over all its accounts at once."""

    limits: Limits
    use: TrunkUse
    accounts: int
    states: dict[str, Any] = field(repr=False)  # By account: a State for each of its off-net legs, in order.
    digest: str  # Of everything that the figures come from.

    def share(self, account_id: str) -> "PoolShare | None":
        states = self.states.get(account_id)
        if states is None or not np.isin(states, _ON_TRUNKS).any():
            return None
        return PoolShare(limits=self.limits, use=self.use, accounts=self.accounts, states=states)

    def figures(self, shares: Sequence[TrunkFigures]) -> TrunkFigures:
        """What ran on it of the accounts that are reported on, given each one's share."""
        agreeing = [share.agreeing for share in shares if share.agreeing is not None]
        differing = [share.differing for share in shares if share.differing is not None]
        is_stated = len(agreeing) == len(differing) == len(shares)
        flat, burst, over, not_asked = (
            _together([getattr(share, name) for share in shares]) for name in ("flat", "burst", "over", "not_asked")
        )
        return TrunkFigures(
            limits=self.limits,
            flat=flat,
            burst=burst,
            over=over,
            not_asked=not_asked,
            calls_max=trunk_limits_of(self.limits).calls_max,
            peak=self.use.peak,
            peak_at=self.use.peak_at,
            demand_peak=self.use.demand_peak,
            full_seconds=self.use.full_seconds,
            peak_by_hour=self.use.peak_by_hour,
            agreeing=sum(agreeing) if is_stated else None,
            differing=sum(differing) if is_stated else None,
            differences=(),
            accounts=self.accounts,
            legs_of_all=_legs_of_all(self.use),
        )


def _together(parts: Sequence[Ran]) -> Ran:
    """A cost that one of them does not know is not known."""
    costs = [part.cost_units for part in parts if part.cost_units is not None]
    return Ran(
        legs=sum(part.legs for part in parts),
        answered_seconds=sum(part.answered_seconds for part in parts),
        cost_units=sum(costs) if len(costs) == len(parts) else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolShare:
    """What became of one account's legs in the pool; travels to the process that makes its workbook."""

    limits: Limits
    use: TrunkUse
    accounts: int
    states: Any = field(repr=False)


def pool_accounts(pulled: Pulled) -> list[Account]:
    """The accounts that share the reseller's trunks: those whose reseller it is, whatever is reported on."""
    return [account for account in pulled.tree if account.reseller_id == pulled.own.id]


def read_pool(
    house: House,
    pinned: Pinned,
    pulled: Pulled,
    taken: Mapping[Any, Snapshot],
    covered: Mapping[str, list[Covered]],
) -> Pool | str | None:
    """One replay over all accounts that share the trunks; a sentence where a part of them is not known."""
    own, accounts = pulled.own, pool_accounts(pulled)
    if not own.is_reseller or not own.id or not accounts:
        return None
    snapshot = taken.get(own.id)
    if snapshot is None or snapshot.limits is None:
        return "Not known: the reseller's limits could not be read."
    if trunk_limits_of(snapshot.limits) == TrunkLimits():
        return "None: the reseller's limits, as KAZOO shows them, hold no trunks."
    lacking = sum(_is_lacking(account, pulled, covered, house.clock()) for account in accounts)
    if lacking:
        return (
            f"Not known: all of the reseller's accounts share its trunks, and for {lacking} of the {len(accounts)} "
            "the store lacks calls of this period. A run over all accounts brings them."
        )
    period, ids = pulled.period, [account.id for account in accounts]
    where = pinned.calls(ids, from_at=period.from_at, to_at=period.to_at, reseller_id=own.id)
    with calls.reading(where, spill=house.lake.folder / "spill") as reader:
        arrays = leg_arrays(reader.off_net_batches(TRUNK_LEGS), ["reseller"], account_ids=ids)
    states, use = _replayed(
        arrays, "reseller", snapshot.limits, span=(period.from_at, period.to_at), zone=period.timezone
    )
    return Pool(
        limits=snapshot.limits,
        use=use,
        accounts=len(accounts),
        states=_by_account(states, arrays.accounts, ids),
        digest=_digest(arrays, snapshot.limits),
    )


def _is_lacking(account: Account, pulled: Pulled, covered: Mapping[str, list[Covered]], now: datetime) -> bool:
    pulls = coverage.in_force(covered.get(account.id, []), pulled.period)
    return account.id in pulled.failed or not pulls or bool(coverage.gaps(pulls, pulled.period, until=now))


def _replayed(
    arrays: LegArrays, side: Side, limits: Limits, *, span: tuple[datetime, datetime], zone: str
) -> tuple[Any, TrunkUse]:
    shown, legs = trunk_limits_of(limits), arrays.asking_legs(side)
    states = replay_columns(legs, shown)
    use = trunk_use(legs, states, shown, arrays.answered_seconds, span=span, zone=zone)
    return states, replace(use, minutes=None)


def _by_account(states: Any, places: Any, ids: Sequence[str]) -> dict[str, Any]:
    order = np.argsort(places, kind="stable")
    ends = np.cumsum(np.bincount(places, minlength=len(ids)))
    return dict(zip(ids, np.split(states[order], ends[:-1]), strict=True))


def _digest(arrays: LegArrays, limits: Limits) -> str:
    digest = hashlib.sha256(repr(limits).encode())
    legs = arrays.asking_legs("reseller")
    for column in (
        legs.starts,
        legs.ends,
        legs.is_outbound,
        legs.is_eligible,
        arrays.answered_seconds,
        arrays.accounts,
    ):
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()


def trunks_of(
    reader: CallsReader,
    limits: Limits | None,
    pool: PoolShare | str | None,
    *,
    span: tuple[datetime, datetime],
    zone: str,
) -> Trunks:
    """Of one account, by the limits of its snapshot and its share in the pool."""
    arrays = leg_arrays(reader.off_net_batches(TRUNK_LEGS), ["customer", "reseller"])
    parties: list[tuple[Side, Limits, TrunkUse, Any]] = []
    if limits is not None and _has_trunks(arrays, limits):
        states, use = _replayed(arrays, "customer", limits, span=span, zone=zone)
        parties.append(("customer", limits, use, states))
    if isinstance(pool, PoolShare):
        parties.append(("reseller", pool.limits, pool.use, pool.states))
    different = {side: np.nonzero(differs(states, arrays.said[side].states))[0] for side, _, _, states in parties}
    rows = _rows(reader, different.values())
    figures = {
        side: _figures(arrays, side, shown, use, states, [rows[place] for place in _first(different[side])])
        for side, shown, use, states in parties
    }
    own = figures.get("customer") or ("Not known: the account's limits could not be read." if limits is None else None)
    if not isinstance(pool, PoolShare):
        return Trunks(own=own, pool=pool)
    shared = replace(figures["reseller"], accounts=pool.accounts, legs_of_all=_legs_of_all(pool.use))
    return Trunks(own=own, pool=shared)


def _has_trunks(arrays: LegArrays, limits: Limits) -> bool:
    """By its limits, or by what the switch says: trunks that only the tags know of are a difference to be seen."""
    said = arrays.said["customer"].states
    return trunk_limits_of(limits) != TrunkLimits() or bool(np.isin(said, (State.FLAT, State.BURST)).any())


def _figures(
    arrays: LegArrays, side: Side, limits: Limits, use: TrunkUse, states: Any, rows: Sequence[Mapping[str, Any]]
) -> TrunkFigures:
    said = arrays.said[side]
    assert len(states) == len(arrays), "The legs of the pool and of the account are of one version."
    of_state = {state: ran(states, state, arrays.answered_seconds, said) for state in State}
    differing = int(np.count_nonzero(differs(states, said.states)))
    return TrunkFigures(
        limits=limits,
        flat=of_state[State.FLAT],
        burst=of_state[State.BURST],
        over=of_state[State.OVER],
        not_asked=of_state[State.INELIGIBLE],
        calls_max=trunk_limits_of(limits).calls_max,
        peak=use.peak,
        peak_at=use.peak_at,
        demand_peak=use.demand_peak,
        full_seconds=use.full_seconds,
        peak_by_hour=use.peak_by_hour,
        agreeing=int(np.count_nonzero(said.states != UNSTATED)) - differing,
        differing=differing,
        differences=tuple(
            TagDifference(
                started_at=row["started_at"],
                call_id=row["call_id"],
                direction=row["direction"],
                number=row["dialed_number"],
                said=row[f"{side}_call_type"],
                replayed=_REPLAYED[State(int(states[row["place"]]))],
            )
            for row in rows
        ),
    )


def _legs_of_all(use: TrunkUse) -> tuple[int, int, int, int]:
    return use.flat, use.burst, use.over, use.ineligible


def _first(places: Any) -> list[int]:
    return [int(place) for place in places[:DIFFERENCES_MAX]]


def _rows(reader: CallsReader, different: Any) -> dict[int, dict[str, Any]]:
    """The legs at the first of these places, read once more: for so few no call id is kept in memory."""
    wanted = sorted({place for places in different for place in _first(places)})
    found: dict[int, dict[str, Any]] = {}
    begin = 0
    for batch in reader.off_net_batches(OFF_NET_LEGS) if wanted else ():
        inside = [place for place in wanted if begin <= place < begin + len(batch)]
        rows = batch.take(pa.array([place - begin for place in inside], pa.int64())).to_pylist()
        found.update({place: {**row, "place": place} for place, row in zip(inside, rows, strict=True)})
        begin += len(batch)
        if begin > wanted[-1]:
            break
    return found
