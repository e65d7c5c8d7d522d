"""The commands that price calls by a plan."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reseller_reporting.cli.options import Json
from reseller_reporting.cli.speech import note, tell, tell_json, the_house
from reseller_reporting.cli.terminal import watched
from reseller_reporting.model.counted_words import counted

if TYPE_CHECKING:
    from reseller_reporting.app.price_calls import PricedCalls

_SHOWN = 20


def price_calls(
    plan: Annotated[Path, typer.Option(metavar="FILE", help="A price plan; see docs/price-plans.md.")],
    calls: Annotated[
        Path,
        typer.Option(
            metavar="FILE.csv",
            help="Columns id, direction, number (the called one), started_at (ISO 8601; without an offset it is UTC), "
            "seconds (answered); optional country (of the far end; default: told by the number of an outbound call) "
            "and reseller_cost. Others are kept.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE.csv", help="The same rows in the same order, with billed_seconds, price, rule, explanation."
        ),
    ],
    deck: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="A deck that the plan names, from a file. Default: the stored one."),
    ] = None,
    trunks: Annotated[
        str | None,
        typer.Option(metavar="I/O/T/B", help="The customer's trunks, as 0/0/8/0, for `over-trunks` and `per: trunk`."),
    ] = None,
    users: Annotated[int | None, typer.Option(min=0, help="How many users, for bundles `per: user`.")] = None,
    devices: Annotated[int | None, typer.Option(min=0, help="How many devices, for bundles `per: device`.")] = None,
    problems: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write every refused row, and calls without a price, to this CSV."),
    ] = None,
    json: Json = False,
) -> int:
    """Price a plain list of calls of one customer by a plan file; the list is one period. No store of calls is needed.

    Example: reseller-reporting price-calls --plan retail.yaml --calls calls.csv --out priced.csv --deck gold=gold.csv
    """
    from reseller_reporting.app import price_calls as use_case
    from reseller_reporting.app.csv_files import write_problems

    order = use_case.CallsOrder(
        plan=plan, calls=calls, out=out, decks=tuple(deck or ()), trunks=trunks, users=users, devices=devices
    )
    with watched() as progress:
        told = use_case.price_calls(the_house(), order, progress)
    if problems is not None:
        write_problems(problems, told.problems)
    if json:
        tell_json(_document(told))
    else:
        _tell(told)
    return 1 if told.refused else 0


def _tell(told: "PricedCalls") -> None:
    from reseller_reporting.model.rate import micros_text

    for line in told.lines:
        tell(f"{line.text}: {micros_text(line.amount_micros)} ({line.evidence})")
    tell(f"{counted(told.calls, 'call')}, {micros_text(told.total_micros)} in all, written to {told.out}")
    if told.without_offset:
        were = "was" if told.without_offset == 1 else "were"
        note(f"{counted(told.without_offset, 'time')} had no offset and {were} read as UTC.")
    if told.unpriced:
        calls = "1 call has" if told.unpriced == 1 else f"{told.unpriced} calls have"
        note(f"{calls} no price, an empty one in the file; --problems FILE says why.")
    for problem in told.refused[:_SHOWN]:
        note(f"refused: {problem.source} row {problem.row}: {problem.reason}")
    if len(told.refused) > _SHOWN:
        note(f"… and {len(told.refused) - _SHOWN} more; --problems FILE writes them all.")


def _document(told: "PricedCalls") -> dict[str, Any]:
    from reseller_reporting.model.rate import micros_text

    return {
        "file": str(told.out),
        "calls": told.calls,
        "unpriced": told.unpriced,
        "without_offset": told.without_offset,
        "total": micros_text(told.total_micros),
        "lines": [
            {
                "kind": line.kind,
                "key": line.key,
                "text": line.text,
                "calls": line.calls,
                "minutes": str(line.quantity),
                "amount": micros_text(line.amount_micros),
                "evidence": line.evidence,
            }
            for line in told.lines
        ],
        "refused": [
            {"source": each.source, "row": each.row, "id": each.record_id, "reason": each.reason}
            for each in told.refused
        ],
    }
