"""Price plans: check, show, compare, keep and give them; and the book that a run prices by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from re import fullmatch
from typing import Literal

from reseller_reporting.app.house import House
from reseller_reporting.app.plan_customers import Stranger, stored_accounts, strangers
from reseller_reporting.app.plan_papers import (
    CUSTOMERS,
    Papers,
    check_papers,
    kept_papers,
    read_papers,
    refuse,
    stored_form,
    stored_papers,
    with_stored_plans,
)
from reseller_reporting.control import database
from reseller_reporting.control import plans as kept
from reseller_reporting.control.plans import StoredAssignment, StoredVersion
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import CannotWrite, InvalidSettings, PlanExists, UnknownPlan
from reseller_reporting.model.ids import AccountId
from reseller_reporting.model.plan import Assignment, Assignments, Plan, UsageRule, label_of
from reseller_reporting.model.plan_findings import PlanFinding, advice
from reseller_reporting.rating.plan_resolution import (
    EVERYONE,
    PlanBook,
    Resolved,
    assignment_of,
    digest,
    figures,
    resolved_for,
    resolved_version,
    taken_over,
)
from reseller_reporting.sources.plan_files import PlanDocument
from reseller_reporting.sources.plan_text import yaml_text

_CUSTOMER_MAX = 200
_BILLED_BY = {key: UsageRule.model_fields[key].default for key in ("minimum", "increment")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check saw: the plans by their labels, and everything wrong."""

    labels: tuple[str, ...]
    assignments: int
    findings: tuple[PlanFinding, ...]
    strangers: tuple[Stranger, ...] = ()  # Lines that fit no account of the store; that is no mistake of a plan.


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of one document of an import."""

    label: str  # A version, or the customer of an assignment.
    outcome: Literal["new", "unchanged", "replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    resolved: Resolved
    digest: str
    text: str
    defaults: Mapping[str, Mapping[str, int]]  # By rule: what it bills by without saying so.


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A figure that differs; None: not stated there."""

    place: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    before: str
    after: str
    changes: tuple[Change, ...]


def plan_book(house: House, price_plans: Path | Literal["none"] | None, *, given_decks: Iterable[str] = ()) -> PlanBook:
    """What a run prices by: a file or folder, else what is stored; empty without any. All of it checked."""
    if price_plans == "none":
        return PlanBook()
    if price_plans is None:
        papers = stored_papers(house)
    else:
        papers = read_papers([price_plans])
        if not papers.assignments and len(papers.names) > 1:
            sentence = f"who gets which of {', '.join(sorted(papers.names))}? Say it in {CUSTOMERS} beside them"
            papers = papers + Papers(findings=(PlanFinding((), sentence, str(price_plans)),))
    refuse(check_papers(house, papers, given_decks))
    # Stored plans are given by assignments alone: an import prices nobody's calls by itself.
    return (
        papers.book if price_plans is not None else PlanBook(papers.book.plans, papers.assigned, places=papers.places)
    )


def check(house: House, paths: Sequence[Path]) -> Checked:
    """Files as they stand, with what they extend of the stored plans."""
    papers = read_papers(paths)
    findings = check_papers(house, with_stored_plans(house, papers))
    given = {each.name for each in papers.documents} | {str(path) for path in paths}
    return Checked(
        labels=tuple(label_of(each.content.plan, each.content.effective) for each in papers.plans if each.content),
        assignments=len(papers.assigned),
        findings=tuple(finding for finding in findings if finding.file in given),
        strangers=tuple(_strangers(house, papers)),
    )


def _strangers(house: House, papers: Papers) -> list[Stranger]:
    if not papers.assigned:
        return []
    return strangers(PlanBook(assignments=papers.assigned, places=papers.places), stored_accounts(house))


def stranger_of(house: House, plan: str, customer: str, effective: date | None) -> Stranger | None:
    """The line, where the store knows accounts and it fits none of them."""
    line = Assignment(plan=plan, customer=customer, effective=effective)
    return next(iter(strangers(PlanBook(assignments=(line,)), stored_accounts(house))), None)


def show(house: House, name: str, *, day: date | None, customer: str | None) -> Shown:
    """A plan as it counts on a day, for everyone or for one customer with what is its own."""
    day = day or house.clock().date()
    book = stored_papers(house).book
    _check_known(book, name)
    if customer is None:
        resolved = resolved_version(book, name, day)
    else:
        assignment = assignment_of(book, Account(id=AccountId(customer), name=customer), day)
        if assignment is None or assignment.plan != name:
            other = f"has `{assignment.plan}`, not `{name}`" if assignment else "has no plan"
            raise UnknownPlan(f"'{customer}' {other} on {day}; `reseller-reporting plans list` tells who has which.")
        resolved = resolved_for(book, assignment, day)
    if resolved is None:
        first = book.versions[name][0].effective
        raise UnknownPlan(f"`{name}` begins on {first}; ask for a day from then on with --at.")
    document = resolved.plan.model_dump(exclude_defaults=True)
    return Shown(
        resolved=resolved, digest=digest(resolved.plan), text=yaml_text(document), defaults=_defaults(resolved.plan)
    )


def _defaults(plan: Plan) -> dict[str, dict[str, int]]:
    """A plan that states no minimum bills a whole one all the same: nobody should learn that from an invoice."""
    found: dict[str, dict[str, int]] = {}
    for name, rule in plan.usage.items():
        if rule.per_minute is not None or rule.tiers is not None:
            steps = {key: getattr(rule, key) for key in _BILLED_BY if getattr(rule, key) == _BILLED_BY[key]}
            found |= {name: steps} if steps else {}
    return found


def import_plans(house: House, path: Path, *, replace: bool) -> list[Kept]:
    """All documents of the file or folder, or none of them."""
    papers = read_papers([path])
    refuse(finding for each in papers.documents for finding in each.findings)
    refuse(papers.findings)
    with database.opened(house.settings.database_url), database.writing():
        before = kept_papers()
        _refuse_new(house, before, before + papers)
        outcomes = [_keep_plan(house, each, replace=replace) for each in papers.plans]
        return outcomes + [_keep_assignment(stored_form(each), replace=replace) for each in papers.assigned]


def export_plans(house: House, folder: Path) -> list[Path]:
    """Each version as it was imported, and `customers.yaml`: importing the folder gives the same again."""
    versions, assignments = stored(house)
    texts = {_file_name(each): each.text for each in versions}
    if assignments:
        texts[CUSTOMERS] = yaml_text({"customers": [_line(each) for each in assignments]})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise CannotWrite(f"{error.filename or folder} cannot be written: {error.strerror}.") from error
    return [folder / name for name in texts]


def compare(house: House, before: str, after: str) -> Difference:
    """Which figures differ between two plans, each a file, a version as `retail@2026-01-01`, or a name for today's."""
    one, other = _named(house, before), _named(house, after)
    old, new = figures(one.plan), figures(other.plan)
    changes = tuple(
        Change(place=place, before=old.get(place), after=new.get(place))
        for place in dict.fromkeys((*old, *new))
        if old.get(place) != new.get(place)
    )
    return Difference(before=before, after=after, changes=changes)


def assign(
    house: House, plan: str, *, customer: str, effective: date | None, overrides: Mapping[str, str]
) -> StoredAssignment | None:
    """The customer gets the plan from that day on; what the line that stood there said, if any did."""
    if not customer.strip() or len(customer) > _CUSTOMER_MAX:
        raise InvalidSettings(f"--customer takes an id, a name or a pattern of 1 to {_CUSTOMER_MAX} characters.")
    with _changing(house, plan):
        before = kept_papers()
        _check_known(before.book, plan)
        wanted = Assignment(plan=plan, customer=customer, effective=effective, set=dict(overrides))
        paper = PlanDocument("--set", "", Assignments(customers=(wanted,)), (), {})
        _refuse_new(house, before, before + Papers(assignments=(paper,)))
        same = (customer, effective)
        old = next((each for each in kept.assignments() if (each.customer, each.effective) == same), None)
        kept.keep_assignment(stored_form(wanted))
        return old


def stored(house: House) -> tuple[list[StoredVersion], list[StoredAssignment]]:
    """What the control database keeps; nothing where there is none yet."""
    url = house.settings.database_url
    if not database.exists(url):
        return [], []
    with database.opened(url):
        return kept.versions(), kept.assignments()


def remove(house: House, name: str) -> tuple[list[StoredVersion], list[StoredAssignment]]:
    """A version `retail@2026-01-01`, or a plan with all of its versions and whoever has it."""
    with _changing(house, _parsed(name)[0]):
        before = kept_papers()
        gone, assignments = _to_remove(before, name)
        for version in gone:
            kept.drop_version(version)
        for each in assignments:
            kept.drop_assignment(each)
        _refuse_new(house, before, kept_papers())
        return gone, assignments


def to_remove(house: House, name: str) -> tuple[list[StoredVersion], list[StoredAssignment]]:
    """What `remove` would take away, to be asked about first."""
    plan, _ = _parsed(name)
    if not database.exists(house.settings.database_url):
        _check_known(PlanBook(), plan)
    with database.opened(house.settings.database_url):
        return _to_remove(kept_papers(), name)


def _to_remove(papers: Papers, name: str) -> tuple[list[StoredVersion], list[StoredAssignment]]:
    plan, effective = _parsed(name)
    _check_known(papers.book, plan)
    versions = [each for each in kept.versions() if each.plan == plan]
    gone = [each for each in versions if effective is None or each.effective == effective]
    if not gone:
        raise UnknownPlan(f"There is no version {name}; there are {_labels(versions)}.")
    is_last = len(gone) == len(versions)
    return gone, [each for each in kept.assignments() if each.plan == plan and is_last]


def unassign(house: House, name: str, customer: str, effective: date | None) -> list[StoredAssignment]:
    """Takes a plan from a customer again: all of its lines, or the one from that day."""
    with _changing(house, name):
        lines = [each for each in kept.assignments() if (each.plan, each.customer) == (name, customer)]
        gone = [each for each in lines if effective is None or each.effective == effective]
        if not gone:
            raise UnknownPlan(
                f"'{customer}' was not given `{name}`; `reseller-reporting plans list` tells who has which."
            )
        for each in gone:
            kept.drop_assignment(each)
        return gone


def schema() -> Mapping[str, object]:
    """The JSON Schema of a plan's file, for editors and programs."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Plan.model_json_schema(),
        "title": "Price plan",
    }


def parse_set(texts: Sequence[str]) -> dict[str, str]:
    """`recurring.twoway_trunks.price=27.50` as path and value."""
    found: dict[str, str] = {}
    for text in texts:
        path, equals, value = text.partition("=")
        if not equals or not path.strip() or not value.strip():
            raise InvalidSettings(f"--set takes PATH=VALUE, such as recurring.twoway_trunks.price=27.50, not '{text}'.")
        if path.strip() in found:
            raise InvalidSettings(f"--set names {path.strip()} twice; keep one of them.")
        found[path.strip()] = value.strip()
    return found


@contextmanager
def _changing(house: House, name: str) -> Iterator[None]:
    """The database, for a change to a plan that must be in it; none is made to say that it is not."""
    if not database.exists(house.settings.database_url):
        _check_known(PlanBook(), name)
    with database.opened(house.settings.database_url), database.writing():
        yield


def _refuse_new(house: House, before: Papers, after: Papers) -> None:
    """Refuses what is wrong afterwards and was not before: an old mistake does not stand in the way of mending."""
    known = set(check_papers(house, before))
    refuse(each for each in check_papers(house, after) if each not in known)


def _keep_plan(house: House, paper: PlanDocument[Plan], *, replace: bool) -> Kept:
    plan = paper.content
    assert plan is not None, "what was broken was refused"
    label = label_of(plan.plan, plan.effective)
    old = next((each for each in kept.versions() if (each.plan, each.effective) == (plan.plan, plan.effective)), None)
    if old and old.text == paper.text:
        return Kept(label=label, outcome="unchanged")
    if old and not replace:
        raise PlanExists(
            f"{paper.name} is another text for {label}, which is stored: give it a new `effective` to change prices "
            "from a day on, or say --replace. Nothing was imported."
        )
    kept.keep_version(plan.plan, plan.effective, paper.text, imported_at=house.clock())
    return Kept(label=label, outcome="replaced" if old else "new")


def _keep_assignment(wanted: StoredAssignment, *, replace: bool) -> Kept:
    same = (wanted.customer, wanted.effective)
    old = next((each for each in kept.assignments() if (each.customer, each.effective) == same), None)
    since = f" from {wanted.effective}" if wanted.effective else ""
    label = f"{'everyone' if wanted.customer == EVERYONE else wanted.customer}{since}: {wanted.plan}"
    if old == wanted:
        return Kept(label=label, outcome="unchanged")
    if old and not replace:
        raise PlanExists(
            f"'{wanted.customer}' has {old.plan}{since} already: give the line a new `effective`, or say --replace. "
            "Nothing was imported."
        )
    kept.keep_assignment(wanted)
    return Kept(label=label, outcome="replaced" if old else "new")


def _named(house: House, text: str) -> Resolved:
    """What a person means by a file's path, a version, or a plan's name."""
    today = house.clock().date()
    if Path(text).is_file():
        papers = read_papers([Path(text)])
        refuse(finding for each in papers.documents for finding in each.findings)
        plan = next((each.content for each in papers.plans if each.content), None)
        if plan is None:
            raise InvalidSettings(f"{text} says who gets which plan; name files of plans.")
        return taken_over(with_stored_plans(house, papers).book, plan, plan.effective or today)
    book = stored_papers(house).book
    name, effective = _parsed(text)
    _check_known(book, name)
    if effective is None:
        version = book.in_force(name, today) or book.versions[name][0]
    else:
        found = [each for each in book.versions[name] if each.effective == effective]
        if not found:
            labels = ", ".join(label_of(each.plan, each.effective) for each in book.versions[name])
            raise UnknownPlan(f"There is no version {text}; there are {labels}.")
        version = found[0]
    return taken_over(book, version, version.effective or today)


def _check_known(book: PlanBook, name: str) -> None:
    if name in book.versions:
        return
    if not book.versions:
        raise UnknownPlan(
            f"There is no plan `{name}`: none is stored. Bring one with `reseller-reporting plans import FILE`."
        )
    raise UnknownPlan(f"There is no plan `{name}`; {advice(name, book.versions)}.".replace("?.", "?"))


def _parsed(text: str) -> tuple[str, date | None]:
    """`retail@2026-01-01` as name and day."""
    name, at, day = text.partition("@")
    try:
        return name, date.fromisoformat(day) if at else None
    except ValueError:
        raise InvalidSettings(f"'{text}' is no version; write it as {name or 'retail'}@2026-01-31.") from None


def _labels(versions: Sequence[StoredVersion]) -> str:
    return ", ".join(label_of(each.plan, each.effective) for each in versions)


def _file_name(version: StoredVersion) -> str:
    name = f"{label_of(version.plan, version.effective)}.yaml"
    # A plan may be named so, but that file has another meaning.
    return "customers@.yaml" if name == CUSTOMERS else name


def _line(each: StoredAssignment) -> dict[str, object]:
    line: dict[str, object] = {"plan": each.plan}
    if each.customer != EVERYONE:
        line["customer"] = each.customer
    if each.effective:
        line["effective"] = each.effective
    figures_of_own = {path: _figure(text) for path, text in each.overrides.items()}
    return {**line, "set": figures_of_own} if figures_of_own else line


def _figure(text: str) -> object:
    """As people write it: a number without quotes."""
    return Decimal(text) if fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text
