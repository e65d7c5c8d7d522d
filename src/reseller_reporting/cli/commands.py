"""The commands, each a sentence: parse, call one use case, say what happened. Heavy imports wait for their command."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reseller_reporting import __version__
from reseller_reporting.cli.deck_commands import decks
from reseller_reporting.cli.options import (
    Accounts,
    Json,
    Out,
    Period,
    PricePlans,
    Refresh,
    Source,
    SourceOption,
    SubResellers,
    Timezone,
)
from reseller_reporting.cli.plan_commands import plans
from reseller_reporting.cli.pricing_commands import price_calls
from reseller_reporting.cli.rating_commands import explain, rate
from reseller_reporting.cli.serve_commands import Host, Port, serve, serve_demo, worker
from reseller_reporting.cli.speech import (
    note,
    plans_named,
    tell,
    tell_json,
    the_house,
    the_house_and_what_is_wrong,
    wanted_of,
)
from reseller_reporting.cli.terminal import watched
from reseller_reporting.cli.what_if_command import what_if
from reseller_reporting.model.counted_words import counted

if TYPE_CHECKING:
    from reseller_reporting.app.report import Report

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="What each customer of a KAZOO reseller used, what it cost, and why: as Excel, CSV and mail.\n\n"
    "Try it with nothing configured: reseller-reporting demo\n\n"
    "Every command takes --debug, which shows where an error came from.",
)
simulate = typer.Typer(no_args_is_help=True, help="Simulated servers for trying out.\n\nExample: simulate kazoo")
cli.add_typer(simulate, name="simulate")
cli.add_typer(decks, name="decks")
cli.add_typer(plans, name="plans")
cli.command()(rate)
cli.command()(explain)
cli.command()(price_calls)
cli.command()(serve)
cli.command()(worker)
cli.command()(what_if)


class Legs(StrEnum):
    BILLABLE = "billable"
    ALL = "all"


class EditionName(StrEnum):
    INTERNAL = "internal"
    CUSTOMER = "customer"


class AlsoName(StrEnum):
    PDF = "pdf"
    ACCOUNTING = "accounting"
    QUICKBOOKS = "quickbooks"
    XERO = "xero"
    PARQUET = "parquet"
    CSV = "csv"


def also_named(texts: list[str]) -> list[AlsoName]:
    """Each text a name, or several with commas between them."""
    named = [name.strip().lower() for text in texts for name in text.split(",")]
    known = [name.value for name in AlsoName]
    for name in named:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(known)}.", param_hint="--also")
    return [AlsoName(name) for name in named]


class LanguageName(StrEnum):
    EN = "en"
    DE = "de"
    FR = "fr"
    ES = "es"
    NL = "nl"
    IT = "it"
    PT = "pt"


class CallFormat(StrEnum):
    KAZOO_CSV = "kazoo-csv"
    KAZOO_JSON = "kazoo-json"


_FAULTS = (
    "What to make difficult: calm, busy, flaky, throttled, restarting, old, strict or all; single faults, as in "
    "reset=0.1,seed=3; or both, separated by commas. Chances from 0 to 1: too_many_requests, error_500, error_502, "
    "error_503, missing_view, missing_view_always, reset, truncated, slow, repeated_key, short_pages, count_wrong, "
    "lost_entries, vanish, cut_stream, cut_stream_keyless. Numbers: slow_seconds, vanish_after, token_requests, "
    "token_seconds, clock_ahead_seconds, bucket, bucket_refill, range_seconds, rows_max, in_a_row_max, seed. On or "
    "off: chunked, raw_keys, locked, no_reseller_view, no_allotments, old, no_empty, unknown_keys, float_noise."
)


@cli.command()
def run(
    period: Period = "last-month",
    accounts: Accounts = "all",
    out: Out = None,
    email: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="Send the report there. Repeat for more recipients.")
    ] = None,
    timezone: Timezone = None,
    legs: Annotated[Legs, typer.Option(help="Which legs the call sheets list; sums are of billable legs.")] = (
        Legs.BILLABLE
    ),
    include_sub_resellers: SubResellers = False,
    source: SourceOption = Source.KAZOO,
    refresh: Refresh = False,
    price_plans: PricePlans = None,
    edition: Annotated[
        EditionName, typer.Option(help="internal: everything. customer: no cost, margin or rate of the provider.")
    ] = EditionName.INTERNAL,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHAT",
            help="Make this, too, separated by commas or repeated: parquet, csv (the rated legs of each customer); pdf "
            "(needs the extra 'pdf'), accounting, quickbooks, xero, all of which need price plans.",
        ),
    ] = None,
    language: Annotated[
        LanguageName | None, typer.Option(help="Of workbooks, statements and mails; CSV and manifest stay English.")
    ] = None,
    json: Json = False,
) -> int:
    """Make the report of a period: a workbook per customer, two summaries, and a manifest.

    Example: reseller-reporting run --period 2026-10 --email billing@example.com
    """
    from reseller_reporting.app import mailing, report
    from reseller_reporting.app.extras import Also
    from reseller_reporting.app.plans import plan_book
    from reseller_reporting.app.recipients import check_recipients

    house = the_house()
    recipients = check_recipients(house, email or [])
    order = report.Order(
        wanted=wanted_of(period, accounts, timezone, include_sub_resellers=include_sub_resellers, refresh=refresh),
        source=source.value,
        out=out,
        legs_listed=legs.value,
        plans=plan_book(house, plans_named(price_plans)),
        edition=edition.value,
        also=frozenset(Also(each.value) for each in also_named(also or [])),
        language=language and language.value,
    )
    report.check(order)
    with watched() as progress:
        made = report.run(house, order, progress)
    _tell_report(made, as_json=json)
    if recipients:
        mailing.mail(house, made, recipients)
        note(f"Sent to {', '.join(recipients)}.")
    return 0 if made.is_answered and not made.failed else 1


@cli.command()
def demo(
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Default: reports/demo.")] = None,
    accounts: Annotated[int, typer.Option(min=1, max=5000, help="How many made-up customers.")] = 12,
    calls: Annotated[int, typer.Option(min=0, help="About how many billable calls a month in all.")] = 3000,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    serve: Annotated[
        bool, typer.Option("--serve", help="Open the web application on the made-up reseller instead, until Ctrl-C.")
    ] = False,
    host: Host = "127.0.0.1",
    port: Port = 8020,
    json: Json = False,
) -> int:
    """Do the whole main job with nothing configured, on a simulated KAZOO with a made-up reseller.

    Example: reseller-reporting demo
    """
    if serve:
        serve_demo(host, port, accounts=accounts, calls=calls, seed=seed, json=json)
        return 0
    from reseller_reporting.app.demo import demo as use_case

    with watched() as progress:
        made = use_case(the_house(), accounts=accounts, calls=calls, seed=seed, out=out, progress=progress)
    _tell_report(made, as_json=json)
    return 0 if made.is_answered and not made.failed else 1


@cli.command()
def accounts(source: SourceOption = Source.KAZOO, json: Json = False) -> None:
    """List the customer tree.

    Example: reseller-reporting accounts --json
    """
    from reseller_reporting.app.ingest import customer_tree
    from reseller_reporting.app.stored import stored_tree

    own, tree = stored_tree(the_house()) if source is Source.STORE else customer_tree(the_house())
    tree = sorted(tree, key=lambda account: (account.name, account.id))
    if json:
        keys = ("id", "name", "realm", "parent_id", "reseller_id", "is_reseller")
        return tell_json({"accounts": [{key: getattr(account, key) for key in keys} for account in tree]})
    for account in tree:
        of_other = "" if account.reseller_id == own.id else "  (of a sub-reseller)"
        tell(f"{account.id}  {account.name}{'  (reseller)' if account.is_reseller else ''}{of_other}")
    note(f"{counted(len(tree), 'account')} below {own.name or 'the store'}.")
    return None


@cli.command()
def sync(
    period: Period = "last-month",
    accounts: Accounts = "all",
    timezone: Timezone = None,
    include_sub_resellers: SubResellers = False,
    refresh: Refresh = False,
    json: Json = False,
) -> int:
    """Pull a period into the store without making a report. Only what is missing is asked for.

    Example: reseller-reporting sync --period this-month
    """
    from reseller_reporting.app import ingest

    wanted = wanted_of(period, accounts, timezone, include_sub_resellers=include_sub_resellers, refresh=refresh)
    with watched() as progress:
        pulled = ingest.sync(the_house(), wanted, progress)
    if json:
        span = {"from": pulled.period.from_local.isoformat(), "to": pulled.period.to_local.isoformat()}
        failed = [{"id": id_, "reason": why} for id_, why in sorted(pulled.failed.items())]
        incomplete = [{"id": id_, "reason": why} for id_, why in sorted(pulled.incomplete.items())]
        counts = {"accounts": len(pulled.selected), "legs": pulled.legs, "malformed": pulled.malformed}
        whole = {"period": {**span, "timezone": pulled.period.timezone}, **counts}
        tell_json({**whole, "failed": failed, "incomplete": incomplete})
    else:
        tell(
            f"{pulled.period.name} ({pulled.period.timezone}): {counted(pulled.legs, 'leg')} newly read for "
            f"{counted(len(pulled.selected), 'customer')}, {counted(pulled.malformed, 'malformed record')}."
        )
        for id_, why in sorted(pulled.failed.items()):
            note(f"Failed: {id_}: {why}")
        for id_, why in sorted(pulled.incomplete.items()):
            note(f"Incomplete: {id_}: {why}")
    return 1 if pulled.failed or pulled.incomplete else 0


@cli.command()
def coverage(
    period: Period = "last-month",
    accounts: Accounts = "all",
    timezone: Timezone = None,
    include_sub_resellers: SubResellers = False,
    json: Json = False,
) -> int:
    """Tell how complete the store is: per customer what was asked, what came, whether it is final, what failed.

    Example: reseller-reporting coverage --period 2026-10
    """
    from reseller_reporting.app.completeness import State, completeness
    from reseller_reporting.cli.coverage_command import coverage_document, coverage_lines

    wanted = wanted_of(period, accounts, timezone, include_sub_resellers=include_sub_resellers, refresh=False)
    known, customers = completeness(the_house(), wanted)
    if json:
        tell_json(coverage_document(known.period, customers))
    else:
        for line in coverage_lines(customers):
            tell(line)
    return 0 if all(each.state in (State.FINAL, State.NOT_FINAL) for each in customers) else 1


@cli.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="KAZOO CDR exports, CSV or JSON, plain or .gz.")
    ],
    account: Annotated[
        str,
        typer.Option(metavar="ACCOUNT", help="Whose calls these are: a stored account's id or name, or a new one's."),
    ],
    format: Annotated[  # noqa: A002 - the option's name is a promise.
        CallFormat | None, typer.Option(help="Default: seen from the file.")
    ] = None,
    json: Json = False,
) -> None:
    """Read calls from files into the store; importing a file again changes nothing.

    Example: reseller-reporting import cdrs-2026-10.csv --account "Blue Cafe"
    """
    from reseller_reporting.app.imports import import_files

    with watched() as progress:
        read = import_files(the_house(), files, account=account, call_format=format and format.value, progress=progress)
    if json:
        rows = [
            {"file": str(each.path), "account_id": each.account.id, "legs": each.legs, "malformed": each.malformed}
            for each in read
        ]
        return tell_json({"files": rows})
    for each in read:
        tell(
            f"{each.path}: {counted(each.legs, 'leg')}, {each.malformed} malformed, "
            f"for {each.account.name} ({each.account.id})"
        )
    note("Report on them with: reseller-reporting run --source store")
    return None


@cli.command()
def doctor(json: Json = False) -> int:
    """Check settings, KAZOO, credentials, reseller rights, mail and disk, and say what to mend.

    Example: reseller-reporting doctor
    """
    from reseller_reporting.app.doctor import examine

    findings = examine(*the_house_and_what_is_wrong())
    healthy = all(finding.ok for finding in findings)
    if json:
        rows = [{"name": finding.name, "ok": finding.ok, "message": finding.message} for finding in findings]
        tell_json({"ok": healthy, "findings": rows})
    else:
        for finding in findings:
            tell(f"{'ok  ' if finding.ok else 'MEND'}  {finding.name}: {finding.message}")
    return 0 if healthy else 1


@simulate.command()
def kazoo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")] = 8000,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    accounts: Annotated[int, typer.Option(min=1, max=20000, help="How many customers.")] = 12,
    calls: Annotated[int, typer.Option(min=0, help="About how many billable calls a month in all.")] = 3000,
    faults: Annotated[str, typer.Option(metavar="PROFILE", help=_FAULTS)] = "calm",
    json: Json = False,
) -> None:
    """Serve a simulated KAZOO with a made-up reseller on 127.0.0.1, until Ctrl-C.

    Example: reseller-reporting simulate kazoo --port 8000 --accounts 200 --calls 100000
    """
    from reseller_reporting.app.simulation import Simulated, simulate_kazoo

    def ready(simulated: Simulated) -> None:
        if json:
            keys = ("url", "api_key", "account_name", "username", "password")
            people = [asdict(person) for person in simulated.people]
            return tell_json({**{key: getattr(simulated, key) for key in keys}, "people": people})
        tell(f"A simulated KAZOO listens at {simulated.url}. In another terminal:")
        tell(f"export RESELLER_REPORTING_KAZOO_URL={simulated.url}")
        tell(f"export RESELLER_REPORTING_KAZOO_API_KEY={simulated.api_key}")
        tell("reseller-reporting run")
        tell(
            f"Or log in as account '{simulated.account_name}', user '{simulated.username}', "
            f"password '{simulated.password}'. Ctrl-C ends it."
        )
        return None

    simulate_kazoo(host="127.0.0.1", port=port, seed=seed, accounts=accounts, calls=calls, faults=faults, ready=ready)


@cli.command()
def version() -> None:
    """Print the version.

    Example: reseller-reporting version
    """
    tell(__version__)


def _tell_report(made: "Report", *, as_json: bool) -> None:
    if as_json:
        return tell_json(made.manifest)
    from reseller_reporting.app.telling import sentences

    for sentence in sentences(made):
        tell(sentence)
    return None


command = typer.main.get_command(cli)
