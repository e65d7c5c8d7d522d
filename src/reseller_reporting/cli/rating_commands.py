"""The commands that rate legs again, and that explain a price."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseller_reporting.cli.options import Accounts, Json, Period, SubResellers, Timezone
from reseller_reporting.cli.speech import note, tell, tell_json, the_house, wanted_of
from reseller_reporting.cli.terminal import watched
from reseller_reporting.model.counted_words import counted

if TYPE_CHECKING:
    from reseller_reporting.app.rerating import Rating


class SideOption(StrEnum):
    CUSTOMER = "customer"
    RESELLER = "reseller"


class ArithmeticOption(StrEnum):
    KAZOO = "kazoo"
    EXACT = "exact"


class RoundingOption(StrEnum):
    DOWN = "down"
    HALF_UP = "half-up"
    UP = "up"


class FileFormat(StrEnum):
    CSV = "csv"
    PARQUET = "parquet"


DeckName = Annotated[
    str | None, typer.Option("--deck", metavar="NAME", help="A stored deck; needed where there are several.")
]
Trunks = Annotated[
    str | None,
    typer.Option(
        metavar="I/O/T/B", help="Inbound/outbound/two-way/burst trunks, as 0/0/8/0. Default: the stored limits."
    ),
]
Arithmetic = Annotated[
    ArithmeticOption, typer.Option(help="kazoo: the switch's doubles, truncated. exact: whole numbers, rounded once.")
]


def rate(
    period: Period = "last-month",
    accounts: Accounts = "all",
    deck: DeckName = None,
    side: Annotated[
        SideOption, typer.Option(help="customer: each account on its own trunks. reseller: all on the reseller's.")
    ] = SideOption.CUSTOMER,
    trunks: Trunks = None,
    arithmetic: Arithmetic = ArithmeticOption.KAZOO,
    places: Annotated[int, typer.Option(min=0, max=6, help="Decimals of a leg's exact cost.")] = 4,
    rounding: Annotated[RoundingOption, typer.Option(help="Which way a leg's exact cost is rounded.")] = (
        RoundingOption.HALF_UP
    ),
    audit: Annotated[
        bool, typer.Option("--audit", help="Also list legs whose listed, ledger and recomputed cost do not agree.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Default: rates/PERIOD.")] = None,
    format: Annotated[FileFormat, typer.Option(help="Of the rated legs.")] = FileFormat.CSV,  # noqa: A002
    timezone: Timezone = None,
    include_sub_resellers: SubResellers = False,
    json: Json = False,
) -> int:
    """Rate stored legs against a deck and trunk limits: rated legs, sums, what is unrated, what does not agree.

    Example: reseller-reporting rate --period 2026-10 --deck wholesale --trunks 0/0/8/0 --audit
    """
    from reseller_reporting.app import rerating

    order = rerating.order_of(
        wanted_of(period, accounts, timezone, include_sub_resellers=include_sub_resellers),
        deck=deck,
        side=side.value,
        trunks=trunks,
        arithmetic=arithmetic.value,
        places=places,
        rounding=rounding.value,
        audits=audit,
        out=out,
        file_format=format.value,
    )
    with watched() as progress:
        made = rerating.rate(the_house(), order, progress)
    if json:
        tell_json(made.manifest)
    else:
        _tell(made, audits=audit)
    return 0


def _tell(made: "Rating", *, audits: bool) -> None:
    totals = made.manifest["totals"]
    tell(f"{counted(totals['legs'], 'leg')} of {counted(len(made.accounts), 'account')} in {made.folder}")
    for each in made.manifest["accounts"]:
        cost = "nothing priced" if each["cost"] is None else f"{each['unrated']} unrated; cost {each['cost']}"
        tell(
            f"{each['name']}: {each['flat_rate']} on trunks, {each['flat_rate_burst']} burst, {each['over']} over, "
            f"{cost}, stated {each['stated_cost']}"
        )
    pool = made.manifest["pool"]
    if pool:
        tell(f"All on the reseller's trunks: peak {pool['peak']} of {pool['demand_peak']} wanted, {pool['over']} over.")
    if totals["cost"] is None:
        tell(f"In all: no deck was named, so that nothing is priced; stated {totals['stated_cost']}.")
    else:
        tell(f"In all: cost {totals['cost']}, stated {totals['stated_cost']}, {totals['unrated']} unrated.")
    if audits:
        count, money = totals["audit_disagreements"], totals["audit_difference"]
        tell(
            f"Audit: {count} disagreements; beyond what was due, customers paid {money['customer']} "
            f"and the reseller {money['reseller']} (problems.csv)."
        )
    for account, warning in made.warnings:
        note(f"{account.name}: {warning.message}")


def explain(
    call: Annotated[
        str | None, typer.Argument(metavar="[CALL ID]", help="A stored call; or leave it out and name a number.")
    ] = None,
    number: Annotated[str | None, typer.Option(metavar="NUMBER", help="The called one.")] = None,
    direction: Annotated[str, typer.Option(metavar="DIRECTION", help="inbound or outbound.")] = "outbound",
    seconds: Annotated[int, typer.Option(help="Answered seconds.")] = 60,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When the call begins, as 2026-10-05T12:00 or with an offset; else UTC."),
    ] = None,
    deck: DeckName = None,
    trunks: Trunks = None,
    side: Annotated[
        SideOption, typer.Option(help="Whose trunks: the account's own, or the reseller's that all accounts share.")
    ] = SideOption.CUSTOMER,
    arithmetic: Arithmetic = ArithmeticOption.KAZOO,
    period: Period = "last-month",
    accounts: Accounts = "all",
    timezone: Timezone = None,
    json: Json = False,
) -> None:
    """Explain what a call costs: prefix, steps, surcharge, discount, trunks at that second, each with its source.

    Of a stored call its own figures and its trunks at that second; of a number what a deck says, and with --accounts
    and --at what that account's trunks would have.

    Example: reseller-reporting explain --number +442071234567 --seconds 125 --deck wholesale
    """
    from reseller_reporting.app import explaining
    from reseller_reporting.model.errors import InvalidSettings

    house = the_house()
    if (call is None) == (number is None):
        raise InvalidSettings("Explain what? Name a call id, or --number with --seconds and --deck.")
    if call is not None:
        wanted = wanted_of(period, accounts, timezone, include_sub_resellers=True)
        steps = explaining.explain_call(
            house, call, wanted, deck=deck, trunks=trunks, arithmetic=arithmetic.value, side=side.value
        )
    else:
        assert number is not None
        steps = explaining.explain_question(
            house,
            explaining.Question(number=number, direction=direction, answered_seconds=seconds, at=_moment(at)),
            None if accounts == "all" else wanted_of(period, accounts, timezone, include_sub_resellers=True),
            deck=deck,
            trunks=trunks,
            arithmetic=arithmetic.value,
            side=side.value,
        )
    if json:
        return tell_json({"steps": [{"what": s.what, "value": s.value, "source": s.source} for s in steps]})
    width = max(len(step.what) for step in steps)
    for step in steps:
        tell(f"{step.what:<{width}}  {step.value}{f'   ({step.source})' if step.source else ''}")
    note("Add --json for programs.")
    return None


def _moment(text: str | None) -> datetime:
    from reseller_reporting.app.house import utc_now
    from reseller_reporting.model.errors import InvalidSettings

    if text is None:
        return utc_now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidSettings(f"'{text}' is no time. Write it as 2026-10-05T12:00.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
