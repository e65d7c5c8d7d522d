"""Price plans from YAML files: every figure from its text, every mistake with its line.

Owns: what YAML a plan may be, and where in a file each place of it stands. Does not own: what a plan may say
(model.plan), rules between several places (rating.plan_check).

Invariants
- No scalar is guessed at: `NO` is Norway, `on` a key, `0.10` a decimal of ten cents, since only text is taken.
- All mistakes of a file are told, each with its line; after one of YAML itself there is nothing more to tell.
- A file cannot make the reader slow or deep: it is at most a megabyte, without aliases, and read event by event.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from reseller_reporting.model.plan import Assignments, Plan
from reseller_reporting.model.plan_findings import Place, PlanFinding
from reseller_reporting.model.plan_refusals import refusals

BYTES_MAX = 1_000_000
_DEPTH_MAX = 20
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# libyaml where it is there: the same events, ten times as fast.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PlanDocument(Generic[Read]):
    """What a file said: its content, or what is wrong with it, and the line of each place."""

    name: str  # As messages call it.
    text: str
    content: Read | None
    findings: tuple[PlanFinding, ...]
    lines: dict[Place, int]
    rest: Read | None = None  # Of broken content, what is left without its wrong entries: enough to check the others.

    def knows(self, place: Place) -> int:
        """How many steps of the place stand in this file."""
        return next((size for size in range(len(place), 0, -1) if place[:size] in self.lines), 0)

    def located(self, finding: PlanFinding) -> PlanFinding:
        """The finding with this file's name and the line of its place, else of what holds that."""
        return finding.standing_at(self.name, self.lines.get(finding.place[: self.knows(finding.place)]))


def read_plan(path: Path) -> PlanDocument[Plan]:
    return _read(path, Plan)


def read_assignments(path: Path) -> PlanDocument[Assignments]:
    return _read(path, Assignments)


def plan_of(text: str, name: str) -> PlanDocument[Plan]:
    """A plan from a text that was a file once."""
    return _document(text, name, Plan)


def _read(path: Path, model: type[Read]) -> PlanDocument[Read]:
    name = str(path)
    try:
        if not path.is_file():
            return _refused(name, "is no file" if path.exists() else "does not exist")
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except OSError as error:
        return _refused(name, f"cannot be read: {error.strerror}")
    if len(content) > BYTES_MAX:
        return _refused(name, "is larger than a megabyte, which no price plan is; name the right file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _refused(name, "the file is not UTF-8; save it with that encoding", line)
    return _document(text, name, model)


def _refused(name: str, sentence: str, line: int | None = None, text: str = "") -> PlanDocument[Any]:
    return PlanDocument(name, text, None, (PlanFinding((), sentence, name, line),), {})


def _document(text: str, name: str, model: type[Read]) -> PlanDocument[Read]:
    if unprintable := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, unprintable.start()) + 1
        return _refused(name, "a control character stands here; a plan is plain text", line, text)
    reading = _Reading()
    try:
        stated = reading.whole(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        line, sentence = _broken(error, text)
        return _refused(name, sentence, line, text)
    except _NotAPlan as problem:
        return _refused(name, problem.sentence, problem.line, text)
    findings = list(reading.findings)
    content = rest = None
    if reading.is_whole:
        if not isinstance(stated, dict):
            example = "plan: NAME" if model is Plan else "customers:"
            return _refused(name, f"`key: value` pairs are expected, with `{example}` among them", 1, text)
        try:
            content = model.model_validate(stated)
        except ValidationError as error:
            refused = refusals(error, stated, model)
            findings += refused
            rest = _rest(stated, [each.place for each in refused], model)
    rest = content if findings and rest is None else rest
    document = PlanDocument(name, text, None if findings else content, (), reading.lines)
    located = [each if each.line else document.located(each) for each in findings]
    located = [each.standing_at(name, each.line) for each in sorted(located, key=lambda each: each.line or 0)]
    return PlanDocument(name, text, document.content, tuple(located), reading.lines, rest)


# What names a document, and what the rest of it is read by: without it there is nothing to check.
_NEEDED = frozenset({"plan", "effective", "extends", "currency", "customers"})


def _rest(stated: dict[str, Any], refused: list[Place], model: type[Read]) -> Read | None:
    """The document without each entry that something was refused in, as far as that is one of several."""
    left = {key: dict(value) if isinstance(value, dict) else value for key, value in stated.items()}
    for place in refused:
        if not place or place[0] in _NEEDED:
            return None
        section = left.get(str(place[0]))
        if isinstance(section, dict) and len(place) > 1:
            section.pop(place[1], None)
        else:
            left.pop(str(place[0]), None)
    try:
        return model.model_validate(left)
    except ValidationError:
        return None


class _NotAPlan(Exception):
    """What ends the reading of a file."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


@dataclass
class _Reading:
    """YAML events to texts, lists and mappings; the first of two equal keys counts."""

    lines: dict[Place, int] = field(default_factory=dict)
    findings: list[PlanFinding] = field(default_factory=list)
    is_whole: bool = True  # Nothing had to be left out that a check of the rest would miss.

    def whole(self, events: Iterator[yaml.Event]) -> object:
        content: object = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _NotAPlan(_line(event), "a second document begins here; keep one plan a file, without `---`")
            elif isinstance(event, yaml.NodeEvent):
                content = self._node(event, events, ())
        if documents == 0:
            raise _NotAPlan(1, "the file is empty; a plan begins with `plan: NAME`")
        return content

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], place: Place) -> object:
        self.lines.setdefault(place, _line(event))
        if len(place) > _DEPTH_MAX:
            raise _NotAPlan(_line(event), "this is nested deeper than any plan; check the brackets and the indentation")
        if getattr(event, "anchor", None) is not None:
            self._leave_out(event, "anchors (`&`) and aliases (`*`) are not read; write it out, or use `extends`")
        if (tag := getattr(event, "tag", None) or "!") != "!":
            tag = str(tag).replace("tag:yaml.org,2002:", "!!")
            self._leave_out(event, f"the tag `{tag}` is not read; write the value alone")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, place)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, place)
        return _text(event) if isinstance(event, yaml.ScalarEvent) else None

    def _sequence(self, events: Iterator[yaml.Event], place: Place) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, (*place, len(items))))
        return items

    def _mapping(self, events: Iterator[yaml.Event], place: Place) -> dict[str, object]:
        entries: dict[str, object] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _NotAPlan(_line(event), "a key must be a plain text; check the brackets here")
            if event.anchor is not None:
                self._leave_out(event, "anchors (`&`) and aliases (`*`) are not read; write it out, or use `extends`")
            key = str(event.value)
            if key in entries:
                first = self.lines[*place, key]
                sentence = f"the key stands twice, first in line {first}; keep one of them"
                self.findings.append(PlanFinding((*place, key), sentence, line=_line(event)))
                _Reading()._node(next(events), events, ())
                continue
            self.lines[*place, key] = _line(event)
            entries[key] = self._node(next(events), events, (*place, key))
        return entries

    def _leave_out(self, event: yaml.Event, sentence: str) -> None:
        self.is_whole = False
        self.findings.append(PlanFinding((), sentence, line=_line(event)))


def _line(event: yaml.Event) -> int:
    assert event.start_mark is not None
    return int(event.start_mark.line) + 1


def _text(event: yaml.ScalarEvent) -> str | None:
    text = str(event.value)
    return None if text in _NULLS and event.implicit[0] else text


# What YAML's reader found, by words of its own, to what a person may do.
_ADVICE = (
    (
        "mapping values are not allowed",
        "a key cannot stand here; check the indentation, or quote a text with `: ` in it",
    ),
    ("could not find expected ':'", "a key must be followed by `: ` and its value"),
    ("cannot start any token", "a text that begins with @, ` or % needs quotes"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing"),
    ("end of stream", "a quote or a bracket is not closed"),
    ("document end", "a quote or a bracket is not closed"),
    ("escape character", "a backslash within double quotes must be doubled; or use single quotes"),
    ("undefined alias", "anchors (`&`) and aliases (`*`) are not read; write it out, or use `extends`"),
    ("undefined tag handle", "tags (`!`) are not read; quote a text that begins with `!`"),
    ("did not find expected", "this does not belong to the lines above; check the indentation, quotes and brackets"),
    ("block end", "this does not belong to the lines above; check the indentation, quotes and brackets"),
)


def _broken(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line and what to do, where the file is no YAML."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = int(mark.line) + 1 if mark else 1
    lines = text.splitlines() or [""]
    tabbed = [number for number, each in enumerate(lines, start=1) if number <= line + 1 and re.match(r"[ ]*\t", each)]
    if tabbed:
        return tabbed[-1], "the line is indented with a tab, which YAML does not allow; use spaces"
    problem = str(getattr(error, "problem", ""))
    advised = next((sentence for words, sentence in _ADVICE if words in problem), None)
    return min(line, len(lines)), advised or "this is no YAML; check quotes, brackets and indentation"
