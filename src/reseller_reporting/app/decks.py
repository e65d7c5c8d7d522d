"""Rate decks: import from files of the trade, list, show, export, remove."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from re import fullmatch
from tempfile import TemporaryDirectory

from reseller_reporting.app.house import House
from reseller_reporting.app.progress import Progress
from reseller_reporting.model.errors import FileRefused, InvalidSettings, UnknownDeck
from reseller_reporting.model.problems import Problem
from reseller_reporting.model.rate import BOTH, Rate, micros_text
from reseller_reporting.rating.deck import Deck, conflicts
from reseller_reporting.rating.deck_rows import DeckContext, RowRefused, is_note, rates_of
from reseller_reporting.rating.number import rated_digits
from reseller_reporting.sources.deck_files import DeckFile, DeckRow, open_deck
from reseller_reporting.store import decks as stored
from reseller_reporting.store.decks import STAGED, DeckFacts
from reseller_reporting.store.spool import Spool

_ROWS_A_BATCH = 4_000
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


@dataclass(slots=True)
class DeckImport:
    """What a file gave: how many rates, and every row that was refused."""

    deck: str
    path: Path
    rates: int = 0
    notes: int = 0  # Lines of text that are no prices.
    in_deck: int = 0
    refused: list[Problem] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


def import_deck(
    house: House,
    path: Path,
    *,
    name: str,
    is_whole: bool,
    effective_at: datetime | None,
    currency: str | None,
    progress: Progress,
) -> DeckImport:
    """All good rows in one commit; a file without any leaves the store as it was."""
    check_deck_name(name)
    file = open_deck(path)
    context = DeckContext(
        is_kazoos=file.is_kazoos,
        is_day_first=file.is_day_first,
        currency=currency or file.currency,
        effective_at=effective_at,
    )
    told = DeckImport(name, path)
    progress.stage(f"Reading {path.name}")
    with house.lake.writing(), TemporaryDirectory(prefix="deck-", dir=house.lake.folder) as folder:
        spool = Spool(STAGED, Path(folder) / "rates.parquet")
        try:
            _stage(file, context, spool, told, taken_at=house.clock())
            _keep(house, spool, told, Path(folder), closes_at=(effective_at or house.clock()) if is_whole else None)
        finally:
            spool.close()
    return told


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


def deck_from_file(path: Path, name: str) -> tuple[Deck, list[Problem]]:
    """A deck that is not stored, and the rows that are no rates of it; of two prices for one prefix neither counts."""
    file = open_deck(path)
    context = DeckContext(
        is_kazoos=file.is_kazoos, is_day_first=file.is_day_first, currency=file.currency, effective_at=None
    )
    told = DeckImport(name, path)
    rates: list[Rate] = []
    line_of: dict[int, int] = {}
    for row in _priced(file, told):
        try:
            for rate in rates_of(row.cells, context):
                line_of[id(rate)] = row.line
                rates.append(rate)
        except RowRefused as refusal:
            _refuse(told, row.line, row.cells.get("prefix", ""), str(refusal))
    contradictory: dict[int, Rate] = {}
    for conflict in conflicts(rates):
        contradictory |= {id(rate): rate for rate in (conflict.kept, conflict.refused)}
    for key, rate in contradictory.items():
        _refuse(told, line_of[key], rate.prefix, "two prices for one prefix and date")
    kept = [rate for rate in rates if id(rate) not in contradictory]
    if not kept:
        raise FileRefused(f"{path.name} holds no row that is a rate.")
    return Deck(name, kept), sorted(told.refused, key=lambda problem: problem.row or 0)


def write_csv(rates: Sequence[Rate], path: Path) -> None:
    """Rates by KAZOO's column names, with the dates and withdrawals that KAZOO does not know."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(EXPORT_COLUMNS)
        writer.writerows(map(_cells, rates))


def write_problems(refused: Sequence[Problem], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Source", "Row", "Record ID", "Reason"])
        writer.writerows([each.source, each.row, each.record_id, each.reason] for each in refused)


def check_deck_name(name: str) -> str:
    if not fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,59}", name):
        raise InvalidSettings(
            f"'{name}' cannot name a deck. Use letters, digits, spaces, points, hyphens: 60 characters at most."
        )
    return name


def _stage(file: DeckFile, context: DeckContext, spool: Spool, told: DeckImport, *, taken_at: datetime) -> None:
    source = f"file:{file.path.name}"
    waiting: list[tuple[int, Rate]] = []
    for row in _priced(file, told):
        try:
            waiting += [(row.line, rate) for rate in rates_of(row.cells, context)]
        except RowRefused as refusal:
            _refuse(told, row.line, row.cells.get("prefix", ""), str(refusal))
        if len(waiting) >= _ROWS_A_BATCH:
            spool.add(stored.staged_batch(told.deck, waiting, source=source, taken_at=taken_at))
            waiting = []
    if waiting:
        spool.add(stored.staged_batch(told.deck, waiting, source=source, taken_at=taken_at))


def _priced(file: DeckFile, told: DeckImport) -> Iterator[DeckRow]:
    for row in file.rows():
        if is_note(row.cells):
            told.notes += 1
        else:
            yield row


def _keep(house: House, spool: Spool, told: DeckImport, folder: Path, *, closes_at: datetime | None) -> None:
    refused_lines: list[int] = []
    for each in stored.contradictions(spool, folder):
        for line in each.lines:
            others = ", ".join(str(other) for other in each.lines if other != line)
            _refuse(told, line, each.prefix, "two prices for one prefix and date", f" (also in row {others})")
        refused_lines += each.lines
    told.rates = spool.count - len(refused_lines)
    if told.rates <= 0:
        first = f" The first refusal: row {told.refused[0].row}: {told.refused[0].reason}." if told.refused else ""
        raise FileRefused(f"{told.path.name} holds no row that is a rate; nothing was imported.{first}")
    told.in_deck = stored.write_deck(
        house.lake, told.deck, spool, refused_lines=refused_lines, closes_others_at=closes_at
    )
    told.refused.sort(key=lambda problem: problem.row or 0)


def _refuse(told: DeckImport, line: int, prefix: str, reason: str, detail: str = "") -> None:
    told.reasons[_kind(reason)] += 1
    source = f"file:{told.path.name}"
    told.refused.append(Problem(source=source, row=line, record_id=prefix[:60], reason=reason + detail))


def _kind(reason: str) -> str:
    """A reason without its figures, to count by: `the prefix '44x' is no number` counts as one kind."""
    quoted = reason.split("'")
    return "…".join(quoted[::2]) if len(quoted) > 1 else "".join("#" if c.isdigit() else c for c in reason)


def _cells(rate: Rate) -> list[object]:
    return [
        rate.prefix,
        micros_text(rate.per_minute_micros),
        micros_text(rate.surcharge_micros),
        rate.minimum_seconds,
        rate.increment_seconds,
        rate.nocharge_seconds,
        rate.name,
        rate.country_code,
        "" if rate.directions == BOTH else ",".join(rate.directions),
        rate.weight,
        ",".join(rate.options),
        rate.routes[0] if rate.routes else "",
        "" if rate.effective_at is None else f"{rate.effective_at:%Y-%m-%d}",
        rate.currency,
        "closed" if rate.is_closed else "",
    ]
