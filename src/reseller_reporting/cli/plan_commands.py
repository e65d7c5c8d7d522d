"""The commands about price plans."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reseller_reporting.cli.options import Json
from reseller_reporting.cli.speech import note, tell, tell_json, the_house
from reseller_reporting.model.counted_words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reseller_reporting.app.house import House
    from reseller_reporting.control.plans import StoredAssignment, StoredVersion
    from reseller_reporting.model.plan_findings import PlanFinding

plans = typer.Typer(
    no_args_is_help=True,
    help="Price plans: what your customers owe, from which day on, and who gets which.\n\nExample: plans check plans/",
)
Name = Annotated[str, typer.Argument(metavar="PLAN", help="The plan's id.")]
Customer = Annotated[
    str | None, typer.Option(metavar="WHO", help="A customer's id, its exact name, or a pattern such as 'Carrier*'.")
]
_EVERYONE = "*"


@plans.command()
def check(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE|FOLDER...", help="Plans, and customers.yaml.")],
    json: Json = False,
) -> int:
    """Look for every mistake in files of plans; each is told with file, line, place and what to write instead.

    Example: reseller-reporting plans check plans/
    """
    from reseller_reporting.app import plans as use_cases

    told = use_cases.check(the_house(), paths)
    if json:
        rows = [_finding_document(finding) for finding in told.findings]
        notes = [each.sentence for each in told.strangers]
        tell_json({"ok": not rows, "plans": list(told.labels), "findings": rows, "notes": notes})
    else:
        for finding in told.findings:
            tell(finding.text)
        if told.findings:
            note(f"{counted(len(told.findings), 'mistake')}. Nothing is priced by plans with any.")
        else:
            given = f", {counted(told.assignments, 'line')} of customers" if told.assignments else ""
            tell(f"No mistake in {counted(len(told.labels), 'plan')}: {', '.join(told.labels) or 'none'}{given}.")
        for each in told.strangers:
            note(each.sentence)
    return 2 if told.findings else 0


@plans.command()
def show(
    plan: Name,
    at: Annotated[str | None, typer.Option(metavar="DATE", help="As it counts on that day. Default: today.")] = None,
    customer: Annotated[
        str | None, typer.Option(metavar="WHO", help="With what is this customer's own; an id or exact name.")
    ] = None,
    json: Json = False,
) -> None:
    """Show a stored plan with everything that it takes over from others.

    Example: reseller-reporting plans show retail --at 2026-10-16 --customer "Blue Cafe"
    """
    from reseller_reporting.app import plans as use_cases

    shown = use_cases.show(the_house(), plan, day=_day(at), customer=customer)
    if json:
        document = shown.resolved.plan.model_dump(mode="json", exclude_defaults=True)
        billed_by = {name: dict(figures) for name, figures in shown.defaults.items()}
        whole = {"label": shown.resolved.label, "digest": shown.digest, "plan": document, "defaults": billed_by}
        return tell_json(whole)
    tell(f"# {shown.resolved.label}, digest {shown.digest}")
    tell(shown.text.rstrip("\n"))
    for line in _default_lines(shown.defaults):
        tell(line)
    return None


@plans.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE|FOLDER", help="A plan, or plans with customers.yaml.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Also what stands in the place of a stored version or line.")
    ] = False,
    json: Json = False,
) -> None:
    """Check plans and keep them in the control database: all of them, or none.

    Example: reseller-reporting plans import plans/
    """
    from reseller_reporting.app import plans as use_cases

    house = the_house()
    kept = use_cases.import_plans(house, path, replace=replace)
    if json:
        return tell_json({"kept": [{"label": each.label, "outcome": each.outcome} for each in kept]})
    for each in kept:
        tell(f"{each.label}: {each.outcome}")
    if not use_cases.stored(house)[1]:
        note("No customer has a plan yet. Give one to everyone with: reseller-reporting plans assign PLAN")
    return None


@plans.command()
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made where it is missing.")],
    json: Json = False,
) -> None:
    """Write all stored plans as they were imported, with customers.yaml; importing the folder gives the same again.

    Example: reseller-reporting plans export plans/
    """
    from reseller_reporting.app import plans as use_cases

    files = use_cases.export_plans(the_house(), folder)
    others = sorted(set(folder.glob("*.yaml")) - set(files))
    if json:
        return tell_json({"files": [str(file) for file in files]})
    tell(f"{counted(len(files), 'file')} written to {folder}")
    if others:
        note(f"{folder} also holds {', '.join(path.name for path in others)}, which is of no stored plan.")
    return None


@plans.command()
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A file, a version as retail@2026-01-01, or a plan.")],
    after: Annotated[str, typer.Argument(metavar="B", help="What it is compared with, named in the same ways.")],
    json: Json = False,
) -> None:
    """Tell which figures differ between two plans, from what to what.

    Example: reseller-reporting plans diff retail@2026-01-01 plans/retail.yaml
    """
    from reseller_reporting.app import plans as use_cases

    difference = use_cases.compare(the_house(), before, after)
    if json:
        rows = [{"place": each.place, "from": each.before, "to": each.after} for each in difference.changes]
        return tell_json({"from": difference.before, "to": difference.after, "changes": rows})
    for each in difference.changes:
        if each.before is None:
            tell(f"{each.place}: new, {each.after}")
        elif each.after is None:
            tell(f"{each.place}: gone, was {each.before}")
        else:
            tell(f"{each.place}: {each.before} -> {each.after}")
    note(f"{counted(len(difference.changes), 'figure')} differ{'s' if len(difference.changes) == 1 else ''}.")
    return None


@plans.command()
def assign(
    plan: Name,
    customer: Customer = None,
    effective: Annotated[str | None, typer.Option(metavar="DATE", help="From that day on. Default: always.")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="A figure of this customer's own. Repeat for more."),
    ] = None,
    json: Json = False,
) -> None:
    """Give a stored plan to a customer, to all whose names fit a pattern, or to everyone.

    Example: reseller-reporting plans assign retail --customer "Blue Cafe" --set recurring.twoway_trunks.price=27.50
    """
    from reseller_reporting.app import plans as use_cases

    overrides, day, who = use_cases.parse_set(set_ or []), _day(effective), customer or _EVERYONE
    house = the_house()
    old = use_cases.assign(house, plan, customer=who, effective=day, overrides=overrides)
    _note_stranger(house, plan, who, day)
    if json:
        line = _line_document(plan, who, day, overrides)
        before = _line_document(old.plan, old.customer, old.effective, old.overrides) if old else None
        return tell_json({"assigned": line, "replaced": before})
    own = "".join(f", {path} {value}" for path, value in overrides.items())
    instead = f" (instead of {old.plan}{_own_figures(old)})" if old else ""
    tell(f"{_who(who)} has {plan}{_since(day)}{own}{instead}.")
    return None


def _note_stranger(house: "House", plan: str, customer: str, effective: date | None) -> None:
    from reseller_reporting.app import plans as use_cases

    stranger = use_cases.stranger_of(house, plan, customer, effective)
    if stranger is not None:
        note(stranger.sentence)


@plans.command("list")
def list_(json: Json = False) -> None:
    """List the stored plans, their versions, and who has which.

    Example: reseller-reporting plans list
    """
    from reseller_reporting.app import plans as use_cases
    from reseller_reporting.model.plan import label_of

    versions, assignments = use_cases.stored(the_house())
    if json:
        rows = [
            {
                "plan": each.plan,
                "effective": each.effective and each.effective.isoformat(),
                "label": label_of(each.plan, each.effective),
                "text_sha256": each.digest,
                "imported_at": each.imported_at.isoformat(),
            }
            for each in versions
        ]
        lines = [_line_document(each.plan, each.customer, each.effective, each.overrides) for each in assignments]
        return tell_json({"versions": rows, "customers": lines})
    for version in versions:
        since = version.effective or "since ever"
        tell(f"{version.plan}  {since}  imported {version.imported_at:%Y-%m-%d %H:%M} UTC")
    for each in assignments:
        tell(f"{_who(each.customer)}: {each.plan}{_since(each.effective)}{_own_figures(each)}")
    if not versions:
        note("No price plan is stored. Bring one with: reseller-reporting plans import FILE")
    elif not assignments:
        note("No customer has a plan yet. Give one to everyone with: reseller-reporting plans assign PLAN")
    return None


@plans.command()
def remove(
    plan: Annotated[str, typer.Argument(metavar="PLAN", help="A plan, or one version of it as retail@2026-01-01.")],
    customer: Annotated[
        str | None, typer.Option(metavar="WHO", help="Only take the plan from this customer (* for everyone).")
    ] = None,
    effective: Annotated[
        str | None, typer.Option(metavar="DATE", help="With --customer: only the line from that day.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; needed where no person can answer.")] = False,
    json: Json = False,
) -> None:
    """Take a plan, one version of it, or a customer's line out of the control database.

    Without --customer the plan's text goes with it, so that is asked first.

    Example: reseller-reporting plans remove retail@2026-01-01
    """
    from reseller_reporting.app import plans as use_cases
    from reseller_reporting.model.errors import InvalidSettings
    from reseller_reporting.model.plan import label_of

    if customer is None and effective is not None:
        raise InvalidSettings(f"--effective goes with --customer; a version is named as {plan}@{effective}.")
    house = the_house()
    if customer is not None:
        lines = use_cases.unassign(house, plan, customer, _day(effective))
        labels: list[str] = []
    else:
        if not yes and not _is_meant(*use_cases.to_remove(house, plan)):
            return note("Nothing was removed.")
        versions, lines = use_cases.remove(house, plan)
        labels = [label_of(each.plan, each.effective) for each in versions]
    if json:
        gone = [_line_document(each.plan, each.customer, each.effective, each.overrides) for each in lines]
        return tell_json({"versions": labels, "customers": gone})
    for label in labels:
        tell(f"{label} is gone.")
    for each in lines:
        tell(f"{_who(each.customer)} no longer has {each.plan}{_since(each.effective)}.")
    return None


def _is_meant(versions: "list[StoredVersion]", lines: "list[StoredAssignment]") -> bool:
    """A person says so; where none is there, nothing is taken away unasked."""
    from reseller_reporting.model.errors import InvalidSettings
    from reseller_reporting.model.plan import label_of

    labels = ", ".join(label_of(each.plan, each.effective) for each in versions)
    given = f", and with it {counted(len(lines), 'line')} of customers" if lines else ""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InvalidSettings(f"This removes {labels}{given}. Say --yes if that is meant.")
    return typer.confirm(f"Remove {labels}{given}?", err=True)


@plans.command()
def schema(
    json: Annotated[bool, typer.Option("--json", help="The same: a schema is JSON.")] = False,  # noqa: ARG001
) -> None:
    """Print the JSON Schema of a plan's file, for editors that check while one writes.

    Example: reseller-reporting plans schema > price-plan.schema.json
    """
    from reseller_reporting.app import plans as use_cases

    tell_json(dict(use_cases.schema()))


def _day(text: str | None) -> date | None:
    from reseller_reporting.model.errors import InvalidSettings

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidSettings(f"'{text}' is no date. Write it as 2026-10-01.") from None


def _default_lines(defaults: "Mapping[str, Mapping[str, int]]") -> list[str]:
    """Rules of the same defaults together, as a comment, so that what is shown is still a plan."""
    rules: dict[str, list[str]] = {}
    for name, figures in defaults.items():
        said = ", ".join(f"{key} {seconds}" for key, seconds in figures.items())
        rules.setdefault(said, []).append(name)
    return [f"# By default, in seconds: {said}, in {', '.join(names)}" for said, names in rules.items()]


def _who(customer: str) -> str:
    return "Everyone" if customer == _EVERYONE else customer


def _since(effective: date | None) -> str:
    return f" from {effective}" if effective else ""


def _own_figures(each: "StoredAssignment") -> str:
    return "".join(f", {path} {value}" for path, value in each.overrides.items())


def _finding_document(finding: "PlanFinding") -> dict[str, Any]:
    from reseller_reporting.model.plan_findings import place_text

    return {
        "file": finding.file,
        "line": finding.line,
        "place": place_text(finding.place),
        "message": finding.sentence,
    }


def _line_document(plan: str, customer: str, effective: date | None, overrides: "Mapping[str, str]") -> dict[str, Any]:
    return {
        "plan": plan,
        "customer": customer,
        "effective": effective and effective.isoformat(),
        "set": dict(overrides),
    }
