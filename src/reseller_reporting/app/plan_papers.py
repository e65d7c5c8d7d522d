"""Plans from wherever they stand, files or the control database, put together and checked as one book.

Every mistake is told where a person can mend it: by file and line, or by the name of what is stored.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reseller_reporting.app.house import House
from reseller_reporting.control import database
from reseller_reporting.control import plans as kept
from reseller_reporting.control.plans import StoredAssignment
from reseller_reporting.model.errors import InvalidPlan
from reseller_reporting.model.plan import Assignment, Assignments, Plan, label_of
from reseller_reporting.model.plan_findings import Place, PlanFinding
from reseller_reporting.rating.plan_check import BookFinding, Surroundings, check_book
from reseller_reporting.rating.plan_resolution import EVERYONE, PlanBook, VersionKey
from reseller_reporting.sources.plan_files import PlanDocument, plan_of, read_assignments, read_plan

CUSTOMERS = "customers.yaml"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Papers:
    """Documents as they were read, the broken ones too."""

    plans: tuple[PlanDocument[Plan], ...] = ()
    assignments: tuple[PlanDocument[Assignments], ...] = ()
    findings: tuple[PlanFinding, ...] = ()  # What is wrong before any document is read.

    def __add__(self, others: "Papers") -> "Papers":
        """Both; a version or an assignment of the others takes the place of the same one here."""
        versions = {_key(each.content) for each in others.plans if each.content}

        def is_kept(paper: PlanDocument[Plan]) -> bool:
            return paper.content is None or _key(paper.content) not in versions

        customers = {(each.customer, each.effective) for each in others.assigned}
        return Papers(
            (*filter(is_kept, self.plans), *others.plans),
            (*(each for each in self.assignments if not _customers(each) & customers), *others.assignments),
            (*self.findings, *others.findings),
        )

    @property
    def documents(self) -> tuple[PlanDocument[Any], ...]:
        return (*self.plans, *self.assignments)

    @property
    def assigned(self) -> tuple[Assignment, ...]:
        return tuple(each for paper in self.assignments if paper.content for each in paper.content.customers)

    @property
    def places(self) -> tuple[str, ...]:
        """Where each of `assigned` stands: file and line, or what is stored."""
        return tuple(
            paper.located(PlanFinding(("customers", number, "customer"), "")).where
            for paper in self.assignments
            if paper.content
            for number in range(len(paper.content.customers))
        )

    @property
    def names(self) -> set[str]:
        return {each.content.plan for each in self.plans if each.content}

    @property
    def book(self) -> PlanBook:
        """Of all that could be read. A single plan that nobody was given is everyone's."""
        plans = tuple(each.content for each in self.plans if each.content)
        assigned = self.assigned
        if not self.assignments and len(self.names) == 1:
            assigned = (Assignment(plan=plans[0].plan, customer=EVERYONE),)
            return PlanBook(plans, assigned)
        return PlanBook(plans, assigned, places=self.places)


def read_papers(paths: Sequence[Path]) -> Papers:
    """Plans of files, and of folders with what lies directly in them; `customers.yaml` says who gets which."""
    plans: list[PlanDocument[Plan]] = []
    assignments: list[PlanDocument[Assignments]] = []
    findings: list[PlanFinding] = []
    for path in paths:
        files = _files(path) if path.is_dir() else [path]
        if not files:
            findings.append(PlanFinding((), "the folder holds no *.yaml; put plans there, or name another", str(path)))
        for file in files:
            if file.name in (CUSTOMERS, Path(CUSTOMERS).with_suffix(".yml").name):
                assignments.append(read_assignments(file))
            else:
                plans.append(read_plan(file))
    return Papers(tuple(plans), tuple(assignments), tuple(findings))


def stored_papers(house: House) -> Papers:
    """All that the control database keeps; nothing where there is none yet."""
    url = house.settings.database_url
    if not database.exists(url):
        return Papers()
    with database.opened(url):
        return kept_papers()


def kept_papers() -> Papers:
    """The same, within an open database."""
    plans = (plan_of(each.text, f"stored {label_of(each.plan, each.effective)}") for each in kept.versions())
    return Papers(tuple(plans), tuple(_kept_assignment(each) for each in kept.assignments()))


def with_stored_plans(house: House, given: Papers) -> Papers:
    """The given papers, and where they extend a plan that is not among them, the stored plans to look it up in."""
    extended = {each.content.extends for each in given.plans if each.content and each.content.extends}
    assigned = {each.plan for each in given.assigned}
    if extended | assigned <= given.names:
        return given
    stored = stored_papers(house)
    return Papers(stored.plans) + given


def check_papers(house: House, papers: Papers, given_decks: Iterable[str] = ()) -> list[PlanFinding]:
    """Everything that is wrong: with single documents first, then with what they make together.

    `given_decks` are known beside the stored ones.
    """
    found = [*papers.findings]
    found += [finding for each in papers.documents for finding in each.findings]
    if any(each.content is None for each in papers.plans):
        return [*dict.fromkeys((*found, *_of_the_rest(house, papers, given_decks)))]
    located = (_located(papers, each) for each in check_book(papers.book, surroundings(house, papers, given_decks)))
    return [*dict.fromkeys((*found, *located))]


def _of_the_rest(house: House, papers: Papers, given_decks: Iterable[str]) -> list[PlanFinding]:
    """What is wrong beside what keeps plans from being read whole, and is so whatever stands there in the end."""
    plans = tuple(replace(each, content=each.content or each.rest) for each in papers.plans)
    is_every_plan_there = all(each.content for each in plans)
    left = replace(papers, plans=tuple(each for each in plans if each.content))
    return [
        _located(left, each)
        for each in check_book(left.book, surroundings(house, left, given_decks))
        # Figures of customers may be for an entry that could not be read, and so may the only price of a plan;
        # what extends or assigns a plan that could not be read would be told for no fault of its own.
        if each.finding.place
        and "set" not in each.finding.place
        and (is_every_plan_there or each.finding.place[-1] not in ("extends", "plan"))
    ]


def surroundings(house: House, papers: Papers, given_decks: Iterable[str] = ()) -> Surroundings:
    """The reseller's currency, and the stored decks where a plan names any, with those given beside them."""
    names_deck = any(rule.deck for each in papers.plans if each.content for rule in each.content.usage.values())
    around = surroundings_of(house, (path for each in papers.assigned for path in each.set), names_deck=names_deck)
    return replace(around, decks={**around.decks, **dict.fromkeys(given_decks, "")})


def surroundings_of(house: House, paths: Iterable[str], *, names_deck: bool = False) -> Surroundings:
    """What single figures must agree with; the stored decks only where one of them may name a deck."""
    names_deck = names_deck or any(path.endswith(".deck") for path in paths)
    return Surroundings(currency=house.settings.currency, decks=_decks(house) if names_deck else {})


def refuse(findings: Iterable[PlanFinding]) -> None:
    """Raises where there is any."""
    if told := list(findings):
        raise InvalidPlan(told)


def assignment_text(value: object) -> str:
    """A figure of `set` as it is kept: its text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def stored_form(each: Assignment) -> StoredAssignment:
    overrides = {path: assignment_text(value) for path, value in each.set.items()}
    return StoredAssignment(plan=each.plan, customer=each.customer, effective=each.effective, overrides=overrides)


def _kept_assignment(each: StoredAssignment) -> PlanDocument[Assignments]:
    since = f" from {each.effective}" if each.effective else ""
    assignment = Assignment(plan=each.plan, customer=each.customer, effective=each.effective, set=dict(each.overrides))
    return PlanDocument(f"stored plan of '{each.customer}'{since}", "", Assignments(customers=(assignment,)), (), {})


def _decks(house: House) -> Mapping[str, str]:
    if not house.settings.store_folder.is_dir():
        return {}
    from reseller_reporting.store.decks import stored_decks

    return {facts.name: facts.currency for facts in stored_decks(house.lake)}


def _files(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix in _SUFFIXES and path.is_file() and path.name[0] != "."
    )


def _key(plan: Plan) -> VersionKey:
    return plan.plan, plan.effective


def _customers(paper: PlanDocument[Assignments]) -> set[tuple[str, object]]:
    return {(each.customer, each.effective) for each in paper.content.customers} if paper.content else set()


def _located(papers: Papers, each: BookFinding) -> PlanFinding:
    """The finding at the document that states its place: the plan's own, else the nearest that it extends."""
    if each.assignment is not None:
        return _located_assignment(papers, each.assignment, each.finding)
    # The last of two documents for one version is the one too many.
    by_key = {_key(paper.content): paper for paper in papers.plans if paper.content}
    documents = [by_key[key] for key in each.versions]
    best = max(documents, key=lambda paper: paper.knows(each.finding.place))
    return best.located(each.finding)


def _located_assignment(papers: Papers, number: int, finding: PlanFinding) -> PlanFinding:
    """Assignments are numbered through all documents; each document counts its own."""
    for paper in papers.assignments:
        count = len(paper.content.customers) if paper.content else 0
        if number < count:
            # What stands in no file has one line, which its name tells.
            place: Place = ("customers", number, *finding.place[2:]) if paper.lines else finding.place[3:]
            return paper.located(PlanFinding(place, finding.sentence))
        number -= count
    return finding
