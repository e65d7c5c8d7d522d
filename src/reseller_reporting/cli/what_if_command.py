"""The command that prices a stored period under other plans."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from reseller_reporting.cli.options import Accounts, Json, Period, PricePlans, SubResellers, Timezone
from reseller_reporting.cli.speech import note, plans_named, tell, tell_json, the_house, wanted_of
from reseller_reporting.cli.terminal import watched


def what_if(
    period: Period = "last-month",
    price_plans: PricePlans = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="FILE|FOLDER", help="Other plans in place of those: a plan's file gives it to everyone."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="PATH=VALUE",
            help="A figure changed in every plan that has it, a customer's own too. Repeat for more.",
        ),
    ] = None,
    accounts: Accounts = "all",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write a row for each customer, with every figure.")
    ] = None,
    timezone: Timezone = None,
    include_sub_resellers: SubResellers = False,
    json: Json = False,
) -> int:
    """Price a stored period under other plans, or with a figure changed: what each customer would pay and leave.

    Nothing is asked of KAZOO, and nothing is kept.

    Example: reseller-reporting what-if --period 2026-10 --set recurring.twoway_trunks=27.50
    """
    from reseller_reporting.app import what_if as use_case
    from reseller_reporting.app.plans import parse_set, plan_book

    house = the_house()
    order = use_case.WhatIfOrder(
        wanted=wanted_of(period, accounts, timezone, include_sub_resellers=include_sub_resellers),
        plans=plan_book(house, plans_named(price_plans)),
        others=None if against is None else plan_book(house, Path(against)),
        figures=parse_set(set_ or []),
        out=out,
    )
    with watched() as progress:
        told = use_case.what_if(house, order, progress)
    if json:
        tell_json(told.document)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in use_case.lines(told, width=width):
            tell(line)
        if out is not None:
            note(f"A row for each customer is in {out}.")
    for warning in told.warnings:
        note(f"{warning.message}{f' ({warning.count})' if warning.count else ''}")
    return 1 if told.changes and not told.totals.customers else 0
