"""Rate decks: import from files of the trade, list, show, export, remove."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from itertools import islice
from pathlib import Path
from re import fullmatch
from tempfile import TemporaryDirectory

import pyarrow as pa

from reseller_reporting.app.csv_files import check_writable, write_problems, write_rows
from reseller_reporting.app.house import House
from reseller_reporting.app.progress import Progress
from reseller_reporting.model.errors import FileRefused, InvalidSettings, UnknownDeck
from reseller_reporting.model.problems import Problem
from reseller_reporting.model.rate import BOTH, Rate, micros_text
from reseller_reporting.rating.deck import Deck
from reseller_reporting.rating.deck_rows import DeckContext, RowRefused, is_note, rates_of
from reseller_reporting.rating.number import rated_digits
from reseller_reporting.sources.deck_files import DeckFile, DeckRow, open_deck
from reseller_reporting.store import decks as stored
from reseller_reporting.store.decks import REFUSED, STAGED, DeckFacts
from reseller_reporting.store.spool import Spool

_ROWS_A_BATCH = 4_000
_KEPT = 1_000
_TWO_PRICES = "two prices for one prefix and date"
# KAZOO's own column names: what we write it and we can read again.
EXPORT_COLUMNS = (
    "prefix",
    "rate_cost",
    "rate_surcharge",
    "rate_minimum",
    "rate_increment",
    "rate_nocharge_time",
    "rate_name",
    "iso_country_code",
    "direction",
    "weight",
    "options",
    "routes",
    "effective_date",
    "currency",
    "status",
)
_EXPORTED_TEXT = frozenset(["rate_name", "iso_country_code", "options", "routes"])


@dataclass(slots=True)
class DeckImport:
    """What a file gave: how many rates, and what was refused and why."""

    deck: str
    path: Path
    rates: int = 0
    notes: int = 0  # Lines of text that are no prices.
    in_deck: int = 0
    refused_rows: int = 0
    refused: list[Problem] = field(default_factory=list)  # The first of them, in order of rows.
    reasons: Counter[str] = field(default_factory=Counter)


def import_deck(
    house: House,
    path: Path,
    *,
    name: str,
    is_whole: bool,
    effective_at: datetime | None,
    currency: str | None,
    problems: Path | None = None,
    progress: Progress,
) -> DeckImport:
    """All good rows in one commit; a file without any leaves the store as it was. `problems` gets every refused row."""
    check_deck_name(name)
    if problems is not None:
        check_writable(problems)
    asked = check_currency(currency)
    file = open_deck(path, currency=asked)
    if asked and file.currency not in ("", asked):
        raise InvalidSettings(f"{path.name} says that its prices are in {file.currency}, and --currency says {asked}.")
    context = DeckContext(
        is_kazoos=file.is_kazoos,
        is_day_first=file.is_day_first,
        currency=file.currency or asked or "",
        effective_at=effective_at,
    )
    told = DeckImport(name, path)
    progress.stage(f"Reading {path.name}")
    with house.lake.writing(), TemporaryDirectory(prefix="deck-", dir=house.lake.folder) as scratch:
        folder = Path(scratch)
        rates, refused = Spool(STAGED, folder / "rates.parquet"), _Refusals(told, folder)
        try:
            deck_currency = stored.currency_of(house.lake, name) or context.currency
            _stage(file, context, rates, refused, deck_currency=deck_currency, taken_at=house.clock())
            with stored.staging(rates, folder) as staging:
                for each in staging.refuse_contradictions():
                    refused.add(
                        each.line, each.prefix, _TWO_PRICES, f"{_TWO_PRICES} (also in row {_listed(each.others)})"
                    )
                told.rates = staging.count()
                refused.close(problems)
                if told.rates == 0:
                    first = told.refused[0] if told.refused else None
                    why = f" The first refusal: row {first.row}: {first.reason}." if first else ""
                    raise FileRefused(f"{path.name} holds no row that is a rate; nothing was imported.{why}")
                ends_at = (effective_at or house.clock()) if is_whole else None
                told.in_deck = staging.write(house.lake, name, closes_others_at=ends_at)
        finally:
            rates.close()
    return told


class _Refusals:
    """Refused rows, however many: counted by reason, the first kept at hand, all of them spooled."""

    def __init__(self, told: DeckImport, folder: Path) -> None:
        self._told, self._folder = told, folder
        self._spool = Spool(REFUSED, folder / "refused.parquet")
        self._waiting: list[tuple[int, str, str]] = []

    def add(self, line: int, prefix: str, kind: str, reason: str) -> None:
        self._told.refused_rows += 1
        self._told.reasons[kind] += 1
        self._waiting.append((line, prefix[:60], reason))
        if len(self._waiting) >= _ROWS_A_BATCH:
            self._flush()

    @property
    def deck(self) -> str:
        return self._told.deck

    def note(self) -> None:
        """A line that is no price, and not meant as one."""
        self._told.notes += 1

    def close(self, problems: Path | None) -> None:
        """Writes all of them where they are wanted, and keeps the first."""
        self._flush()
        self._told.refused = list(islice(self._in_order(), _KEPT))
        if problems is not None:
            write_problems(problems, self._in_order())
        self._spool.close()

    def _in_order(self) -> Iterator[Problem]:
        source = f"file:{self._told.path.name}"
        for batch in stored.in_order(self._spool, self._folder):
            for row in batch.to_pylist():
                yield Problem(source=source, row=row["line"], record_id=row["prefix"], reason=row["reason"])

    def _flush(self) -> None:
        columns = zip(*self._waiting, strict=True) if self._waiting else ((), (), ())
        self._spool.add(
            pa.RecordBatch.from_arrays(
                [pa.array(c, f.type) for c, f in zip(columns, REFUSED, strict=True)], schema=REFUSED
            )
        )
        self._waiting = []


def decks(house: House) -> list[DeckFacts]:
    return stored.stored_decks(house.lake)


def deck(house: House, name: str) -> Deck:
    """The deck of this name with all of its dates."""
    check_deck_name(name)
    rates = stored.read_deck(house.lake, name)
    if not rates:
        known = ", ".join(facts.name for facts in decks(house)) or "none is stored"
        raise UnknownDeck(f"There is no deck '{name}' ({known}). Import one with `reseller-reporting decks import`.")
    return Deck(name, rates)


def only_deck(house: House, name: str | None) -> Deck:
    """The deck of this name; without one the only deck there is."""
    if name is not None:
        return deck(house, name)
    names = [facts.name for facts in decks(house)]
    if len(names) == 1:
        return deck(house, names[0])
    known = f"one of {', '.join(names)}" if names else "none is stored: `reseller-reporting decks import` brings one"
    raise InvalidSettings(f"Which deck? Say --deck NAME ({known}).")


def rates_towards(house: House, name: str, number: str | None) -> list[Rate]:
    """The deck's rates, only those whose prefix the number has where one is given; in order of prefix and date."""
    rates = deck(house, name).rates
    digits = "" if number is None else rated_digits(number)
    return [rate for rate in rates if number is None or digits.startswith(rate.prefix)]


def remove_deck(house: House, name: str) -> int:
    """How many rates are gone."""
    rates = len(deck(house, name).rates)
    with house.lake.writing():
        stored.remove_deck(house.lake, name)
    return rates


def deck_from_file(house: House, path: Path, name: str, progress: Progress) -> tuple[Deck, list[Problem]]:
    """A deck that is not kept, and the first of the rows that are no rates: by the rules of an import."""
    with TemporaryDirectory(prefix="deck-") as folder:
        elsewhere = replace(house, settings=replace(house.settings, store_url=folder))
        told = import_deck(
            elsewhere, path, name=name, is_whole=False, effective_at=None, currency=None, progress=progress
        )
        return deck(elsewhere, name), told.refused


def write_csv(rates: Sequence[Rate], path: Path) -> None:
    """Rates by KAZOO's column names, with the dates and withdrawals that KAZOO does not know."""
    check_writable(path)
    write_rows(path, EXPORT_COLUMNS, map(_cells, rates), text=_EXPORTED_TEXT)


def check_deck_name(name: str) -> str:
    if not fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}", name):
        raise InvalidSettings(
            f"'{name}' cannot name a deck. Use letters, digits, spaces, points, hyphens: 60 characters at most."
        )
    return name


def check_currency(code: str | None) -> str | None:
    if code is not None and not fullmatch("[A-Za-z]{3}", code):
        raise InvalidSettings(f"'{code}' is no currency. Write its ISO 4217 code, as USD.")
    return code and code.upper()


def _stage(
    file: DeckFile, context: DeckContext, spool: Spool, refused: _Refusals, *, deck_currency: str, taken_at: datetime
) -> None:
    """A deck is in one currency, or its prices could not be added up: that of its first price that names one."""
    source = f"file:{file.path.name}"
    deck = refused.deck
    waiting: list[tuple[int, Rate]] = []
    for row in _priced(file, refused):
        try:
            rates = rates_of(row.cells, context)
            deck_currency = deck_currency or rates[0].currency
            if rates[0].currency not in ("", deck_currency):
                raise RowRefused(f"the price is in … in a deck in {deck_currency}", rates[0].currency)
            waiting += [(row.line, rate) for rate in rates]
        except RowRefused as refusal:
            refused.add(row.line, row.cells.get("prefix", ""), refusal.kind, str(refusal))
        if len(waiting) >= _ROWS_A_BATCH:
            spool.add(stored.staged_batch(deck, waiting, source=source, taken_at=taken_at))
            waiting = []
    if waiting:
        spool.add(stored.staged_batch(deck, waiting, source=source, taken_at=taken_at))


def _priced(file: DeckFile, refused: _Refusals) -> Iterator[DeckRow]:
    for row in file.rows():
        if "broken" not in row.cells and is_note(row.cells):
            refused.note()
        else:
            yield row


def _listed(lines: Sequence[int]) -> str:
    return ", ".join(map(str, lines))


def _cells(rate: Rate) -> list[object]:
    return [
        rate.prefix,
        micros_text(rate.per_minute_micros),
        micros_text(rate.surcharge_micros),
        rate.minimum_seconds,
        rate.increment_seconds,
        rate.nocharge_seconds,
        f"'{rate.name}" if rate.name.startswith("'") else rate.name,  # Reading takes one away, as from a guard.
        rate.country_code,
        "" if rate.directions == BOTH else ",".join(rate.directions),
        rate.weight,
        ",".join(rate.options),
        _route_cell(rate.routes),
        "" if rate.effective_at is None else _moment(rate.effective_at),
        rate.currency,
        "closed" if rate.is_closed else "",
    ]


def _route_cell(routes: Sequence[str]) -> str:
    """One expression as it is, several as KAZOO's task reads them."""
    return routes[0] if len(routes) == 1 else json.dumps(routes) if routes else ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d}" if at.time() == time() else at.isoformat()
