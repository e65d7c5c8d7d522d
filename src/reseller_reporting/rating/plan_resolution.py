"""Which plan a customer has on which days, with everything that it takes over from others and its own overrides.

Owns: versions in force, `extends`, `set`, who gets which plan, and how a period falls into segments. Does not own:
whether what comes out makes sense (plan_check), and how it prices anything.

Words
- *version*: a plan from a day on; *chain*: the version in force and those that it extends, the nearest first.
- *segment*: days of a period through which a customer has one and the same plan.

Invariants
- A label says one content: equal labels of one book mean equal plans. Its date is the latest that the content has.
- What a document states wins over what it takes over, a default never does.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from pydantic import BaseModel, ValidationError

from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import InvalidPlan
from reseller_reporting.model.plan import Assignment, Plan, label_of
from reseller_reporting.model.plan_findings import Place, PlanFinding, advice
from reseller_reporting.model.plan_refusals import known_keys, refusals

EVERYONE = "*"
TRIED = "+what-if"  # The end of a label: with figures that are only tried.
# What makes a plan itself; neither taken over nor overridden.
_OWN = ("plan", "name", "effective", "extends")
# Entries with names, of which a plan takes over those that it has none of itself.
_NAMED = ("rounding", "usage", "bundles", "recurring", "discounts", "taxes")
_PRICE_ALONE = {"recurring": "price", "minimum_spend": "amount"}
Stated = dict[str, object]
VersionKey = tuple[str, date | None]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A plan as it counts on a day."""

    plan: Plan
    chain: tuple[VersionKey, ...]
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Whole local days `[from_day, to_day)` with one plan."""

    plan: Plan
    label: str  # `retail@2026-10-16`; with overrides `retail@2026-10-16+Blue Cafe`.
    version: str  # A digest of what the plan says.
    from_day: date
    to_day: date


@dataclass(frozen=True)
class PlanBook:
    """All versions of all plans, and who gets which. Plain data, so that it goes to any process."""

    plans: tuple[Plan, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    figures: Mapping[str, object] = field(default_factory=dict)  # Tried on every plan that has a place for them.
    places: tuple[str, ...] = ()  # Where a person finds each assignment; none where nobody asked.

    @property
    def is_empty(self) -> bool:
        """Nobody has a plan."""
        return not self.assignments

    @cached_property
    def versions(self) -> Mapping[str, tuple[Plan, ...]]:
        """The versions of each plan, the oldest first."""
        found: dict[str, list[Plan]] = {}
        for plan in sorted(self.plans, key=lambda each: (each.plan, _day(each.effective))):
            found.setdefault(plan.plan, []).append(plan)
        return {name: tuple(versions) for name, versions in found.items()}

    @cached_property
    def assigned(self) -> Mapping[str, tuple[Assignment, ...]]:
        """The assignments of each id, name or pattern."""
        found: dict[str, list[Assignment]] = {}
        for each in self.assignments:
            found.setdefault(each.customer, []).append(each)
        return {customer: tuple(several) for customer, several in found.items()}

    @cached_property
    def patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        """Patterns in the order in which they are tried: the longer first, everyone last."""
        texts = sorted((text for text in self.assigned if is_pattern(text)), key=lambda text: (-len(text), text))
        return tuple((text, _pattern(text)) for text in texts)

    @cached_property
    def _known(self) -> dict[tuple[str, date | None, date], "tuple[Resolved, str] | None"]:
        """What a line comes out as on a day, with its digest: most customers share theirs."""
        return {}

    def resolved(self, assignment: Assignment, day: date) -> "tuple[Resolved, str] | None":
        """What one of the book's own lines comes out as on a day, with its digest."""
        key = (assignment.customer, assignment.effective, day)
        if key not in self._known:
            found = resolved_for(self, assignment, day)
            self._known[key] = (found, digest(found.plan)) if found else None
        return self._known[key]

    def in_force(self, name: str, day: date) -> Plan | None:
        begun = [plan for plan in self.versions.get(name, ()) if _day(plan.effective) <= day]
        return begun[-1] if begun else None


def resolve(book: PlanBook, account: Account, from_day: date, to_day: date) -> list[Segment]:
    """The account's plans through the days `[from_day, to_day)`, in order; days without any are in no segment.

    The book is a checked one: what cannot be resolved raises InvalidPlan.
    """
    segments: list[Segment] = []
    days = [from_day, *(day for day in _turns(book, account) if from_day < day < to_day), to_day]
    for first, end in pairwise(days):
        assignment = assignment_of(book, account, first)
        found = book.resolved(assignment, first) if assignment else None
        if found is None:
            continue
        resolved, version = found
        last = segments[-1] if segments else None
        if last and last.label == resolved.label and last.to_day == first:
            first = segments.pop().from_day  # noqa: PLW2901 - the days of one plan are one segment.
        segments.append(
            Segment(
                plan=resolved.plan,
                label=resolved.label,
                version=version,
                from_day=first,
                to_day=end,
            )
        )
    return segments


def assignment_of(book: PlanBook, account: Account, day: date) -> Assignment | None:
    """Which line gives the account its plan: id before name before pattern before everyone, the newest of them."""
    for customer in (account.id, account.name):
        if not is_pattern(customer) and (found := _newest(book.assigned.get(customer, ()), day)):
            return found
    size, best = -1, list[Assignment]()
    for text, pattern in book.patterns:
        if best and len(text) < size:
            break
        if pattern.fullmatch(account.name) and (found := _newest(book.assigned[text], day)):
            size, best = len(text), [*best, found]
    # Of two patterns of one length the newer line counts; of one day, the first by its text.
    return max(best, key=lambda each: _day(each.effective)) if best else None


def resolved_for(book: PlanBook, assignment: Assignment, day: date) -> Resolved | None:
    """The assigned plan with the customer's overrides; None before its first version begins."""
    base = resolved_version(book, assignment.plan, day)
    if base is not None and assignment.set:
        plan = with_overrides(base.plan, assignment.set)
        begun = max(_day(assignment.effective), *(_day(effective) for _, effective in base.chain))
        base = Resolved(plan, base.chain, f"{label_of(assignment.plan, begun)}+{assignment.customer}")
    return _tried(book.figures, base) if base and book.figures else base


def _tried(tried: Mapping[str, object], base: Resolved) -> Resolved:
    """The book's own figures go before a customer's; a plan that has a place for none of them stays as it is."""
    plan, elsewhere = with_figures(base.plan, tried)
    return base if elsewhere.keys() == tried.keys() else Resolved(plan, base.chain, f"{base.label}{TRIED}")


def resolved_version(book: PlanBook, name: str, day: date) -> Resolved | None:
    """The version of the plan in force on the day, with what it takes over."""
    version = book.in_force(name, day)
    return taken_over(book, version, day) if version else None


def taken_over(book: PlanBook, version: Plan, day: date) -> Resolved:
    """The version with what it takes over from others on that day."""
    chain = _chain(book, version, day)
    stated: Stated = {}
    for each in reversed(chain):
        stated = _over(stated, _stated(each))
    keys = tuple((each.plan, each.effective) for each in chain)
    begun = max(_day(effective) for _, effective in keys)
    return Resolved(_plan(stated), keys, label_of(version.plan, begun))


def change_days(book: PlanBook, name: str) -> list[date]:
    """The days on which the plan's content may change: its versions', and those of all that it ever extends."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in seen:
            seen.add(each)
            waiting += [version.extends for version in book.versions.get(each, ()) if version.extends]
    return sorted({_day(version.effective) for each in seen for version in book.versions.get(each, ())})


def with_overrides(plan: Plan, overrides: Mapping[str, object]) -> Plan:
    """The plan with single figures replaced. Raises InvalidPlan with every path that leads nowhere."""
    changed, elsewhere = with_figures(plan, overrides)
    if elsewhere:
        raise InvalidPlan([PlanFinding(("set", path), sentence) for path, sentence in elsewhere.items()])
    return changed


def with_figures(plan: Plan, figures: Mapping[str, object]) -> tuple[Plan, dict[str, str]]:
    """The plan with those figures that it has a place for, and the paths that lead nowhere in it, each with why.

    Raises InvalidPlan where a figure is none that may stand in its place.
    """
    stated = _stated(plan)
    elsewhere: dict[str, str] = {}
    # Shorter paths first: `recurring.x` before `recurring.x.price`, whatever order they were kept in.
    for path in sorted(figures, key=lambda each: (each.count("."), each)):
        # On a copy: a path that leads nowhere leaves nothing behind.
        changed = dict(stated)
        try:
            _override(changed, path, figures[path])
        except _LeadsNowhere as problem:
            elsewhere[path] = problem.sentence
        else:
            stated = changed
    if elsewhere.keys() == figures.keys():
        return plan, elsewhere
    try:
        return Plan.model_validate(stated), elsewhere
    except ValidationError as error:
        raise InvalidPlan([_of_path(each, figures) for each in refusals(error, stated, Plan)]) from error


def digest(plan: Plan) -> str:
    """Twelve digits that say whether two plans say the same: defaults and trailing zeros do not count, order does."""
    document = _canonical(plan.model_dump(exclude_defaults=True))
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def figures(plan: Plan) -> dict[str, str]:
    """Every stated figure by its place, to compare two plans."""
    found: dict[str, str] = {}
    _flatten(_canonical(_stated(plan)), "", found)
    return found


def is_pattern(customer: str) -> bool:
    return "*" in customer or "?" in customer


def fits(customer: str, name: str) -> bool:
    """Whether a line for this name or pattern is for the account of that name."""
    return _pattern(customer).fullmatch(name) is not None if is_pattern(customer) else customer == name


def _day(effective: date | None) -> date:
    return effective or date.min


def _pattern(text: str) -> re.Pattern[str]:
    """`*` any text, `?` any character, everything else itself."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _newest(assignments: Iterable[Assignment], day: date) -> Assignment | None:
    begun = [each for each in assignments if _day(each.effective) <= day]
    return max(begun, key=lambda each: _day(each.effective), default=None)


def _turns(book: PlanBook, account: Account) -> list[date]:
    """Every day on which anything may change for the account."""
    candidates = [*book.assigned.get(account.id, ()), *book.assigned.get(account.name, ())]
    for text, pattern in book.patterns:
        if pattern.fullmatch(account.name):
            candidates += book.assigned[text]
    days = {_day(each.effective) for each in candidates}
    for name in {each.plan for each in candidates}:
        days.update(change_days(book, name))
    return sorted(days)


def _chain(book: PlanBook, version: Plan, day: date) -> list[Plan]:
    """The version and what it extends. Raises InvalidPlan where that is not there, has not begun, or comes round."""
    chain = [version]
    while (above := chain[-1].extends) is not None:
        names = [each.plan for each in chain]
        if above in names:
            round_trip = " → ".join([*names[names.index(above) :], above])
            raise InvalidPlan([PlanFinding(("extends",), f"plans extend each other in a circle: {round_trip}")])
        if above not in book.versions:
            sentence = f"there is no plan `{above}`; {advice(above, book.versions)}"
            raise InvalidPlan([PlanFinding(("extends",), sentence)])
        extended = book.in_force(above, day)
        if extended is None:
            first = book.versions[above][0].effective
            sentence = f"`{above}` begins only on {first}, after this plan does; give it an earlier version"
            raise InvalidPlan([PlanFinding(("extends",), sentence)])
        chain.append(extended)
    return chain


def _stated(part: BaseModel) -> Stated:
    """What a document states, as plain data with exact figures; what it leaves open is absent."""
    stated = part.model_dump(exclude_unset=True)
    assert isinstance(stated, dict)
    return stated


def _over(below: Stated, above: Stated) -> Stated:
    """What `above` states, on top of what it takes over from `below`."""
    merged = {key: value for key, value in below.items() if key not in _OWN}
    for key, value in above.items():
        under = merged.get(key)
        if key in _NAMED and isinstance(under, dict) and isinstance(value, dict):
            merged[key] = {**under, **value}
        elif key == "one_off" and isinstance(under, tuple) and isinstance(value, tuple):
            merged[key] = (*under, *value)
        else:
            merged[key] = value
    return merged


def _plan(stated: Stated) -> Plan:
    """A price alone is written out as the part that it stands for: readers of a plan find one shape."""
    whole = {**stated, "extends": None}
    for key, price in _PRICE_ALONE.items():
        value = whole.get(key)
        if key == "recurring" and isinstance(value, dict):
            whole[key] = {name: _part(each, price) for name, each in value.items()}
        elif value is not None:
            whole[key] = _part(value, price)
    return Plan.model_validate(whole)


def _part(value: object, price: str) -> object:
    return value if isinstance(value, dict) else {price: value}


class _LeadsNowhere(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _override(stated: Stated, path: str, value: object) -> None:
    """Puts the value where the path leads, into the stated data; entries must be there, their fields need not."""
    words = path.split(".")
    if words[0] in (*_OWN, "currency"):
        raise _LeadsNowhere(f"`{words[0]}` belongs to the plan; give the customer another plan instead")
    node: object = stated
    place: Place = ()
    while words:
        step, words = _step(node, place, words)
        is_last = not words
        if isinstance(node, dict):
            inner = node.get(step)
            price = _PRICE_ALONE.get(str(place[0] if len(place) == 1 else step if not place else ""))
            if is_last and price and isinstance(inner, dict):
                node[step] = {**inner, price: value}
            elif is_last:
                node[step] = _checked_leaf((*place, step), value, path)
            else:
                node[step] = _opened(inner, price)
                node = node[step]
        else:
            assert isinstance(node, list)
            assert isinstance(step, int)
            node[step] = value if is_last else _opened(node[step], None)
            node = node[step]
        place = (*place, step)


def _step(node: object, place: Place, words: list[str]) -> tuple[str | int, list[str]]:
    """The next key, which may have points itself, and the words after it."""
    shown = ".".join(str(each) for each in place) or "a plan"
    if isinstance(node, list):
        if words[0].isascii() and words[0].isdigit() and int(words[0]) < len(node):
            return int(words[0]), words[1:]
        raise _LeadsNowhere(f"`{shown}` is a list of {len(node)}; name an entry by 0 to {len(node) - 1}")
    if not isinstance(node, dict):
        raise _LeadsNowhere(f"`{shown}` is one value, with nothing below it")
    fields = known_keys(Plan, place)
    known = fields or tuple(str(key) for key in node)
    for size in range(len(words), 0, -1):
        if (key := ".".join(words[:size])) in known:
            return key, words[size:]
    raise _LeadsNowhere(f"there is no `{words[0]}` in {shown}; {advice(words[0], known)}")


def _opened(inner: object, price: str | None) -> object:
    """What lies below, ready to be changed: parts as mappings, lists as lists."""
    if inner is None:
        return {}
    if isinstance(inner, dict):
        return dict(inner)
    if isinstance(inner, tuple | list):
        return list(inner)
    return {price: inner} if price else inner


def _checked_leaf(place: Place, value: object, path: str) -> object:
    """One value replaces one value: a whole part, list or group is not one."""
    if place[0] in _PRICE_ALONE and len(place) == (2 if place[0] == "recurring" else 1):
        return {_PRICE_ALONE[str(place[0])]: value}
    keys = known_keys(Plan, place)
    if keys:
        raise _LeadsNowhere(f"this is more than one value; say which, as in {path}.{keys[-1]}")
    return value


def _of_path(finding: PlanFinding, overrides: Mapping[str, object]) -> PlanFinding:
    """A refused figure, told at the override that set it."""
    place = ".".join(str(step) for step in finding.place)
    path = next((each for each in overrides if place == each or place.startswith(f"{each}.")), None)
    return PlanFinding(("set", path) if path else ("set",), finding.sentence)


def _canonical(value: object) -> object:
    match value:
        case dict():
            return {str(key): _canonical(each) for key, each in value.items()}
        case list() | tuple():
            return [_canonical(each) for each in value]
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case date():
            return value.isoformat()
        case bool() | None:
            return value
        case _:
            return str(value)


def _flatten(value: object, path: str, found: dict[str, str]) -> None:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            _flatten(each, f"{path}.{key}" if path else str(key), found)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if any(isinstance(each, dict) for each in value):
            for number, each in enumerate(value):
                _flatten(each, f"{path}[{number}]", found)
        else:
            found[path] = ", ".join(map(str, value))
    else:
        found[path] = _word(value)


def _word(value: object) -> str:
    return {"None": "none", "True": "true", "False": "false"}.get(str(value), str(value))
