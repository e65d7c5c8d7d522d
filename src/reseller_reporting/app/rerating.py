"""Rerating: stored legs against decks and trunk limits, and what the switch charged against its own rule."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from reseller_reporting import __version__
from reseller_reporting.app.csv_files import write_problems, write_rows
from reseller_reporting.app.decks import decks as stored_decks
from reseller_reporting.app.decks import only_deck
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Pulled, Wanted
from reseller_reporting.app.progress import Progress
from reseller_reporting.app.rating_basis import Basis, basis, trunks_from, trunks_unknown
from reseller_reporting.app.stored import stored
from reseller_reporting.app.trunks import pool_accounts
from reseller_reporting.delivery.folder import RunFolder
from reseller_reporting.model.account import Account, Limits
from reseller_reporting.model.call_type import PER_MINUTE
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.problems import Problem, ReportWarning
from reseller_reporting.model.rate import MICROS_PER_UNIT, micros_text
from reseller_reporting.model.rounding import PLACES_DEFAULT, Rounding
from reseller_reporting.model.units import currency_text
from reseller_reporting.rating.audit import PARTIES, Disagreement, Party, disagreements, unlisted_entry
from reseller_reporting.rating.columns import Arithmetic
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.replay import State
from reseller_reporting.rating.rerate import Rerated, Terms, rerate
from reseller_reporting.rating.trunk import TrunkLimits, trunk_limits_of
from reseller_reporting.rating.trunk_legs import UNSTATED, Side, differs
from reseller_reporting.rating.trunk_use import TrunkUse, trunk_use
from reseller_reporting.reports.names import slug
from reseller_reporting.store import calls, snapshots
from reseller_reporting.store.calls import Pinned

FORMATS = ("parquet", "csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOrder:
    """What is to be rated, and by what."""

    wanted: Wanted
    deck: str | None = None
    side: Side = "customer"
    trunks: TrunkLimits | None = None  # None: those of the stored limits.
    arithmetic: Arithmetic = Arithmetic.KAZOO
    places: int = PLACES_DEFAULT
    rounding: Rounding = Rounding.HALF_UP
    audits: bool = False
    out: Path | None = None
    file_format: Literal["parquet", "csv"] = "csv"


@dataclass(slots=True)
class RatedAccount:
    """The sums of one account."""

    account: Account
    file: str = ""
    trunks: str = ""
    trunks_from: str = ""  # given, stored, unknown
    is_priced: bool = True  # Against a deck.
    legs: int = 0
    flat: int = 0
    burst: int = 0
    over: int = 0
    exempt: int = 0
    per_minute: int = 0
    unrated: int = 0
    billed_seconds: int = 0
    cost_micros: int = 0
    stated_units: int = 0
    tags_agree: int = 0
    tags_differ: int = 0
    audited: int = 0
    disagreements: int = 0
    difference_units: dict[Party, int] = field(default_factory=dict)  # Two ledgers are never added up.
    use: TrunkUse | None = None


@dataclass(slots=True)
class Rating:
    """What one rating made."""

    folder: Path
    pulled: Pulled
    accounts: list[RatedAccount] = field(default_factory=list)
    pool: TrunkUse | None = None  # The reseller's trunks over all its accounts at once.
    warnings: list[tuple[Account, ReportWarning]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)


def order_of(wanted: Wanted, *, trunks: str | None, **stated: Any) -> RateOrder:
    """The order of words from outside; what they cannot mean is refused here."""
    stated["arithmetic"], stated["rounding"] = Arithmetic(stated["arithmetic"]), Rounding(stated["rounding"])
    return RateOrder(wanted=wanted, trunks=None if trunks is None else parse_trunks(trunks), **stated)


def rate(house: House, order: RateOrder, progress: Progress) -> Rating:
    """Rated legs of every wanted account, their sums, and what does not agree: all files, or none."""
    deck = _deck(house, order)
    known = stored(house, order.wanted)
    facts = basis(house, known)
    rating = Rating(order.out or Path("rates") / known.period.name, known)
    with RunFolder(rating.folder) as target:
        names = _make(house, order, deck, rating, facts, target, progress)
        target.stage("manifest.json").write_text(json.dumps(rating.manifest, indent=2, ensure_ascii=False), "utf-8")
        target.publish([*names, "manifest.json"])
    return rating


def _deck(house: House, order: RateOrder) -> Deck | None:
    """An audit needs none; then only a deck that is named, or the only one there is, is rated against."""
    is_open = order.deck is None and order.audits and len(stored_decks(house)) != 1
    return None if is_open else only_deck(house, order.deck)


def _make(
    house: House,
    order: RateOrder,
    deck: Deck | None,
    rating: Rating,
    facts: dict[str, Basis],
    target: RunFolder,
    progress: Progress,
) -> list[str]:
    period, own = rating.pulled.period, rating.pulled.own
    pinned = calls.pin(house.lake)
    taken, _ = snapshots.read(house.lake, period)
    limits = {account_id: snapshot.limits for account_id, snapshot in taken.items()}
    accounts = sorted(rating.pulled.selected, key=lambda account: (account.name, account.id))
    terms = Terms(
        deck=deck,
        limits=order.trunks or TrunkLimits(),
        side=order.side,
        arithmetic=order.arithmetic,
        places=order.places,
        rounding=order.rounding,
    )
    progress.stage("Rating", len(accounts))
    names, problems = [], []
    for account, rerated in _rerated(house, order, terms, rating, pinned, accounts, limits):
        rated = _summed(account, rerated, terms)
        rated.is_priced = deck is not None
        _say_by_what(rated, order, limits.get(own.id if order.side == "reseller" else account.id))
        rated.file = f"rated/{slug(account.name)}--{account.id}.{order.file_format}"
        _write_legs(rerated.legs, target.stage(rated.file), order.file_format)
        doubts = [*facts[account.id].warnings, *([trunks_unknown(account)] if rated.trunks_from == "unknown" else [])]
        rating.warnings += [(account, doubt) for doubt in doubts]
        problems += [Problem(source=f"store:{account.id}", row=None, record_id="", reason=d.message) for d in doubts]
        problems += _unrated(account, rerated.legs) if deck is not None else []
        if order.audits:
            found = list(_audited(house, pinned, rating.pulled, account, facts[account.id].ledgers))
            rated.disagreements = len(found)
            for each in found:
                so_far = rated.difference_units.get(each.party, 0)
                rated.difference_units[each.party] = so_far + each.difference_units
            problems += [_problem(each) for each in found]
        rating.accounts.append(rated)
        names.append(rated.file)
        progress.step(account.name)
    _write_sums(rating.accounts, target.stage("sums.csv"))
    write_problems(target.stage("problems.csv"), problems)
    rating.manifest = _manifest(house, order, deck, rating, own)
    return [*names, "sums.csv", "problems.csv"]


def _say_by_what(rated: RatedAccount, order: RateOrder, limits: Limits | None) -> None:
    used = order.trunks or trunk_limits_of(limits)
    rated.trunks = f"{used.inbound}/{used.outbound}/{used.twoway}/{used.burst}"
    rated.trunks_from = trunks_from(order.trunks, limits)


def _rerated(
    house: House,
    order: RateOrder,
    terms: Terms,
    rating: Rating,
    pinned: Pinned,
    accounts: Sequence[Account],
    limits: dict[Any, Limits | None],
) -> Iterator[tuple[Account, Rerated]]:
    """Account by account; on the reseller's side all of them share its trunks, so that one replay decides for all."""
    period, own = rating.pulled.period, rating.pulled.own
    if order.side == "reseller":
        shared = order.trunks or trunk_limits_of(limits.get(own.id))
        ids = [account.id for account in pool_accounts(rating.pulled) or accounts]
        whole = rerate(_off_net(house, pinned, rating.pulled, ids), replace(terms, limits=shared))
        span = (period.from_at, period.to_at)
        answered = whole.legs["answered_seconds"].to_numpy()
        rating.pool = trunk_use(whole.trunk_legs, whole.states, shared, answered, span=span, zone=period.timezone)
        for account in accounts:
            own_rows = np.nonzero(np.asarray(pc.equal(whole.legs["account_id"], account.id)))[0]
            yield account, whole.of(own_rows)
        return
    for account in accounts:
        own_limits = order.trunks or trunk_limits_of(limits.get(account.id))
        legs = _off_net(house, pinned, rating.pulled, [account.id])
        yield account, rerate(legs, replace(terms, limits=own_limits))


def parse_trunks(text: str) -> TrunkLimits:
    """`0/0/8/0` as KAZOO writes it: inbound, outbound, two-way, burst; -1 is unlimited."""
    try:
        figures = [int(part) for part in text.split("/")]
        if len(figures) in (3, 4) and min(figures) >= -1:
            return TrunkLimits(**dict(zip(("inbound", "outbound", "twoway", "burst"), figures, strict=False)))
    except ValueError:
        pass
    raise InvalidSettings(f"'{text}' are no trunks. Write inbound/outbound/two-way/burst, as 0/0/8/0; -1 is unlimited.")


def _off_net(house: House, pinned: Pinned, pulled: Pulled, account_ids: Sequence[str]) -> pa.Table:
    period = pulled.period
    where = pinned.calls(account_ids, from_at=period.from_at, to_at=period.to_at, reseller_id=pulled.own.id)
    with calls.reading(where, spill=house.lake.folder / "spill") as reader:
        return reader.off_net()


def _audited(
    house: House, pinned: Pinned, pulled: Pulled, account: Account, ledgers: Sequence[Party]
) -> Iterator[Disagreement]:
    """The reseller's side is known only of its own customers. Entries of calls that nobody listed come last."""
    period = pulled.period
    where = pinned.calls([account.id], from_at=period.from_at, to_at=period.to_at, reseller_id=pulled.own.id)
    parties: tuple[Party, ...] = ("customer", "reseller") if account.reseller_id == pulled.own.id else ("customer",)
    with calls.reading(where, spill=house.lake.folder / "spill") as reader:
        for batch in reader.audited():
            yield from disagreements(batch, parties=parties, ledgers=ledgers)
        for party in parties:
            for call_id, ended_at, units in reader.unlisted(party) if party in ledgers else ():
                yield unlisted_entry(account.id, call_id, ended_at, party, units)


def _summed(account: Account, rerated: Rerated, terms: Terms) -> RatedAccount:
    legs = rerated.legs
    paid = legs["paid_by"].to_pylist()
    by_minute = pc.equal(legs["paid_by"], PER_MINUTE)
    differing = int(np.count_nonzero(differs(rerated.states, rerated.said)))
    return RatedAccount(
        account=account,
        legs=len(legs),
        flat=paid.count("flat_rate"),
        burst=paid.count("flat_rate_burst"),
        over=int(np.count_nonzero(rerated.states == State.OVER)),
        exempt=paid.count("limits_disabled"),
        per_minute=paid.count(PER_MINUTE),
        unrated=0 if terms.deck is None else int(pc.sum(pc.and_(by_minute, pc.is_null(legs["prefix"]))).as_py() or 0),
        billed_seconds=pc.sum(legs["billed_seconds"]).as_py() or 0,
        cost_micros=pc.sum(legs["cost_micros"]).as_py() or 0,
        stated_units=pc.sum(legs["stated_cost_units"]).as_py() or 0,
        tags_agree=int(np.count_nonzero(rerated.said != UNSTATED)) - differing,
        tags_differ=differing,
    )


def _unrated(account: Account, legs: pa.Table) -> list[Problem]:
    rows = legs.filter(pc.and_(pc.equal(legs["paid_by"], PER_MINUTE), pc.is_null(legs["prefix"])))
    return [
        Problem(source=f"deck:{account.id}", row=None, record_id=row["leg_id"], reason=f"no rate for {row['number']}")
        for row in rows.select(["leg_id", "number"]).to_pylist()
    ]


def _problem(found: Disagreement) -> Problem:
    return Problem(source=f"audit:{found.account_id}", row=None, record_id=found.leg_id, reason=found.reason)


# --- files -----------------------------------------------------------------------------------------------------------

_HEADERS = {
    "account_id": "Account ID",
    "started_at": "Date/time",
    "call_id": "Call ID",
    "leg_id": "Leg ID",
    "direction": "Direction",
    "number": "To Number",
    "country_code": "Country Code",
    "answered_seconds": "Answered Seconds",
    "paid_by": "Paid By",
    "prefix": "Prefix",
    "rate_name": "Rate Name",
    "per_minute_micros": "Rate",
    "billed_seconds": "Billed Seconds",
    "cost_micros": "Cost",
    "stated_call_type": "Stated Call Type",
    "stated_cost_units": "Stated Cost",
}

_TEXT = {
    _HEADERS[name]
    for name in (
        "account_id",
        "call_id",
        "leg_id",
        "direction",
        "number",
        "country_code",
        "paid_by",
        "rate_name",
        "stated_call_type",
    )
}


def _write_legs(legs: pa.Table, path: Path, file_format: str) -> None:
    if file_format == "parquet":
        pq.write_table(legs, path, compression="zstd")
        return
    write_rows(path, list(_HEADERS.values()), _cells_of(legs), text=_TEXT)


def _cells_of(legs: pa.Table) -> Iterator[Sequence[object]]:
    for batch in legs.to_batches(max_chunksize=20_000):
        columns = {name: batch.column(name).to_pylist() for name in _HEADERS}
        columns["started_at"] = [moment.isoformat() for moment in columns["started_at"]]
        for name in ("per_minute_micros", "cost_micros"):
            columns[name] = [None if micros is None else micros_text(micros) for micros in columns[name]]
        columns["stated_cost_units"] = [None if u is None else currency_text(u) for u in columns["stated_cost_units"]]
        yield from zip(*columns.values(), strict=True)


_SUMS = [
    "Account ID",
    "Name",
    "Legs",
    "Flat-rate",
    "Burst",
    "Over",
    "Exempt",
    "Per-minute",
    "Unrated",
    "Billed Seconds",
    "Cost",
    "Stated Cost",
    "Difference",
    "Tags Agree",
    "Tags Differ",
    "Audit Disagreements",
    "Audit Customer Difference",
    "Audit Reseller Difference",
    "Trunks",
    "Trunks From",
]


def _write_sums(accounts: Sequence[RatedAccount], path: Path) -> None:
    write_rows(path, _SUMS, map(_sums_cells, accounts), text={"Account ID", "Name", "Trunks From"})


def _sums_cells(each: RatedAccount) -> Sequence[object]:
    return [
        each.account.id,
        each.account.name,
        each.legs,
        each.flat,
        each.burst,
        each.over,
        each.exempt,
        each.per_minute,
        each.unrated,
        each.billed_seconds if each.is_priced else None,
        _cost_text(each),
        currency_text(each.stated_units),
        micros_text(each.cost_micros - each.stated_units * MICROS_PER_UNIT) if each.is_priced else None,
        each.tags_agree,
        each.tags_differ,
        each.disagreements,
        currency_text(each.difference_units.get("customer", 0)),
        currency_text(each.difference_units.get("reseller", 0)),
        each.trunks,
        each.trunks_from,
    ]


def _cost_text(each: RatedAccount) -> str | None:
    """Without a deck nothing has a price, which is not the same as free."""
    return micros_text(each.cost_micros) if each.is_priced else None


def _manifest(house: House, order: RateOrder, deck: Deck | None, rating: Rating, own: Account) -> dict[str, Any]:
    period = rating.pulled.period
    sums = [_sums_document(each) for each in rating.accounts]
    return {
        "period": {
            "from": period.from_local.isoformat(),
            "to": period.to_local.isoformat(),
            "timezone": period.timezone,
        },
        "made_by": __version__,
        "reseller": {"id": own.id, "name": own.name},
        "deck": None if deck is None else deck.name,
        "currency": _currency(house, deck),
        "side": order.side,
        "arithmetic": order.arithmetic.value,
        "accounts": sums,
        "pool": None if rating.pool is None else use_document(rating.pool),
        "totals": {
            "legs": sum(each.legs for each in rating.accounts),
            "over": sum(each.over for each in rating.accounts),
            "unrated": sum(each.unrated for each in rating.accounts),
            "cost": None if deck is None else micros_text(sum(each.cost_micros for each in rating.accounts)),
            "stated_cost": currency_text(sum(each.stated_units for each in rating.accounts)),
            "audit_disagreements": sum(each.disagreements for each in rating.accounts),
            "audit_difference": {party: _difference(rating.accounts, party) for party in PARTIES},
        },
        "warnings": [
            {"account": account.id, "code": each.code, "message": each.message, "count": each.count}
            for account, each in rating.warnings
        ],
    }


def _difference(accounts: Sequence[RatedAccount], party: Party) -> str:
    return currency_text(sum(each.difference_units.get(party, 0) for each in accounts))


def _currency(house: House, deck: Deck | None) -> str:
    """The deck's own, where it says one."""
    stated = next((rate.currency for rate in deck.rates if rate.currency), "") if deck else ""
    return stated or house.settings.currency


def _sums_document(each: RatedAccount) -> dict[str, Any]:
    return {
        "id": each.account.id,
        "name": each.account.name,
        "file": each.file,
        "legs": each.legs,
        "flat_rate": each.flat,
        "flat_rate_burst": each.burst,
        "over": each.over,
        "exempt": each.exempt,
        "per_minute": each.per_minute,
        "unrated": each.unrated,
        "billed_seconds": each.billed_seconds if each.is_priced else None,
        "cost": _cost_text(each),
        "stated_cost": currency_text(each.stated_units),
        "tags_agree": each.tags_agree,
        "tags_differ": each.tags_differ,
        "audit_disagreements": each.disagreements,
        "audit_difference": {party: _difference([each], party) for party in PARTIES},
        "trunks": each.trunks,
        "trunks_from": each.trunks_from,
    }


def use_document(use: TrunkUse) -> dict[str, Any]:
    """Everything but the single minutes."""
    figures = {name: value for name, value in asdict(replace(use, minutes=None)).items() if name != "minutes"}
    return figures | {"peak_at": use.peak_at and use.peak_at.isoformat(), "peak_by_hour": list(use.peak_by_hour)}
