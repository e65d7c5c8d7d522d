"""The commands about rate decks."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from reseller_reporting.cli.options import Json
from reseller_reporting.cli.speech import note, tell, tell_json, the_house
from reseller_reporting.cli.terminal import watched
from reseller_reporting.model.counted_words import counted

decks = typer.Typer(
    no_args_is_help=True,
    help="Rate decks: what each prefix costs, with dates.\n\nExample: decks import rates.csv --name wholesale",
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The deck's name.")]
_SHOWN = 20


@decks.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or other delimited text, as carriers send it.")],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Which deck the rates belong to; a new name is a new deck.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace/--amend", help="The file is the whole deck, or only what changes (the default).")
    ] = False,
    effective: Annotated[
        str | None, typer.Option(metavar="DATE", help="From when rows count that name no date, as 2026-10-01.")
    ] = None,
    currency: Annotated[str | None, typer.Option(metavar="CODE", help="Where the file names none, as USD.")] = None,
    problems: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every refused row to this CSV.")] = None,
    json: Json = False,
) -> None:
    """Read a deck from a file, in KAZOO's column names or the trade's. Rows that make no sense are refused one by one.

    Example: reseller-reporting decks import "rates 2026-10.csv" --name wholesale
    """
    from reseller_reporting.app.decks import import_deck

    with watched() as progress:
        told = import_deck(
            the_house(),
            file,
            name=name,
            is_whole=replace,
            effective_at=_day(effective),
            currency=currency,
            problems=problems,
            progress=progress,
        )
    if json:
        refused = [{"row": each.row, "prefix": each.record_id, "reason": each.reason} for each in told.refused]
        return tell_json(
            {
                "deck": told.deck,
                "file": str(told.path),
                "rates": told.rates,
                "in_deck": told.in_deck,
                "notes": told.notes,
                "refused_rows": told.refused_rows,
                "reasons": dict(told.reasons.most_common()),
                "refused": refused,
            }
        )
    tell(
        f"{counted(told.rates, 'rate')} read into '{told.deck}', which now holds {told.in_deck}; "
        f"{counted(told.refused_rows, 'row')} refused."
    )
    for problem in told.refused[:_SHOWN]:
        note(f"row {problem.row}: {problem.reason}")
    if told.refused_rows > _SHOWN:
        note(f"… and {told.refused_rows - _SHOWN} more; --problems FILE writes them all. By reason:")
        for reason, count in told.reasons.most_common(_SHOWN):
            note(f"{count:>8}  {reason}")
    return None


@decks.command("list")
def list_(json: Json = False) -> None:
    """List the stored decks.

    Example: reseller-reporting decks list
    """
    from reseller_reporting.app import decks as use_cases

    found = use_cases.decks(the_house())
    if json:
        return tell_json(
            {
                "decks": [
                    {
                        "name": each.name,
                        "rates": each.rates,
                        "prefixes": each.prefixes,
                        "closed": each.closed,
                        "first_effective": each.first_at and each.first_at.isoformat(),
                        "last_effective": each.last_at and each.last_at.isoformat(),
                        "currency": each.currency,
                        "imported_at": each.taken_at.isoformat(),
                    }
                    for each in found
                ]
            }
        )
    for each in found:
        until = f", last change {each.last_at:%Y-%m-%d}" if each.last_at else ""
        prefixes = "1 prefix" if each.prefixes == 1 else f"{each.prefixes} prefixes"
        tell(f"{each.name}: {counted(each.rates, 'rate')} of {prefixes}{until} {each.currency}".rstrip())
    if not found:
        note("No deck is stored. Import one with: reseller-reporting decks import FILE --name NAME")
    return None


@decks.command()
def show(
    name: Name,
    number: Annotated[str | None, typer.Option(metavar="NUMBER", help="Only the prefixes of this number.")] = None,
    json: Json = False,
) -> None:
    """Show the rates of a deck, or those that lead to a number.

    Example: reseller-reporting decks show wholesale --number +442071234567
    """
    from reseller_reporting.app import decks as use_cases
    from reseller_reporting.model.rate import micros_text

    rates = use_cases.rates_towards(the_house(), name, number)
    if json:
        return tell_json(
            {
                "deck": name,
                "rates": [
                    {
                        "prefix": rate.prefix,
                        "per_minute": micros_text(rate.per_minute_micros),
                        "surcharge": micros_text(rate.surcharge_micros),
                        "minimum_seconds": rate.minimum_seconds,
                        "increment_seconds": rate.increment_seconds,
                        "nocharge_seconds": rate.nocharge_seconds,
                        "name": rate.name,
                        "directions": list(rate.directions),
                        "effective_at": rate.effective_at and rate.effective_at.isoformat(),
                        "is_closed": rate.is_closed,
                    }
                    for rate in rates
                ],
            }
        )
    for rate in rates:
        since = f"from {rate.effective_at:%Y-%m-%d}" if rate.effective_at else "since ever"
        price = "closed" if rate.is_closed else f"{micros_text(rate.per_minute_micros)}/min"
        selling = f"{rate.minimum_seconds}/{rate.increment_seconds}"
        tell(f"{rate.prefix:<15} {price:>14} {selling:>7} {since}  {rate.name}")
    return None


@decks.command()
def export(
    name: Name,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Default: NAME.csv in the working folder.")] = None,
    json: Json = False,
) -> None:
    """Write a deck as CSV in KAZOO's column names; importing that file gives the same deck.

    Example: reseller-reporting decks export wholesale --out wholesale.csv
    """
    from reseller_reporting.app import decks as use_cases

    path = out or Path(f"{name}.csv")
    rates = use_cases.deck(the_house(), name).rates
    use_cases.write_csv(rates, path)
    if json:
        return tell_json({"deck": name, "file": str(path), "rates": len(rates)})
    tell(f"{counted(len(rates), 'rate')} written to {path}")
    return None


@decks.command()
def remove(name: Name, json: Json = False) -> None:
    """Take a deck out of the store.

    Example: reseller-reporting decks remove wholesale
    """
    from reseller_reporting.app import decks as use_cases

    gone = use_cases.remove_deck(the_house(), name)
    if json:
        return tell_json({"deck": name, "rates": gone})
    tell(f"'{name}' with {counted(gone, 'rate')} is gone from the store.")
    return None


def _day(text: str | None) -> datetime | None:
    from reseller_reporting.model.errors import InvalidSettings

    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise InvalidSettings(f"'{text}' is no date. Write it as 2026-10-01.") from None
