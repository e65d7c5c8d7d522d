"""What the shape of a plan refuses, in words of ours: where it stands, what is wrong, what to write instead.

Owns: the sentences for whatever `model.plan` does not take. Does not own: lines of files (sources.plan_files), rules
between several places (rating.plan_check).

Invariants
- Every refusal of a document is told, each place once.
- No word of the validating library reaches a person.
"""

import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import BaseModel, ValidationError

from reseller_reporting.model.plan_findings import Place, PlanFinding, advice, nearest

_PATTERNS: dict[str, tuple[str, Callable[[str], str]]] = {
    # What a pattern asks for, and what most likely was meant.
    "^[A-Z]{2}$": ("a country is a code of two capitals, such as US", str.upper),
    "^[A-Z]{3}$": ("a currency is a code of three capitals, such as USD", str.upper),
    "^[0-9]{1,15}$": (
        "a prefix is 1 to 15 digits, country code first and without +, such as 4420",
        lambda text: re.sub(r"[^0-9]|^00", "", re.sub(r"^00", "", text)),
    ),
    r"^[a-z0-9][a-z0-9._-]{0,59}$": (
        "a name is small letters, digits, `-`, `_` and `.`, 60 at most",
        lambda text: re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._"),
    ),
}
_SHOWN = 60
_AMOUNT_DIGITS = 16  # Of money; six of them are decimals.


@dataclass(frozen=True, slots=True)
class _Refusal:
    """One thing that was refused, with what the sentence may need."""

    place: Place
    given: object
    context: Mapping[str, object]
    known: tuple[str, ...]  # The keys that are known where it stands.
    before: str = ""  # What stands before it within the same braces.

    @property
    def key(self) -> str:
        return str(self.place[-1]) if self.place else ""

    @property
    def shown(self) -> str:
        """The given value as a person would point at it."""
        match self.given:
            case None:
                return "nothing"
            case dict():
                return "`key: value` pairs"
            case list() | tuple():
                return "a list"
            case value:
                text = str(value)
                return f"'{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}'"


def refusals(error: ValidationError, stated: object, model: type[BaseModel]) -> list[PlanFinding]:
    """One finding a place, in the order of the document's type."""
    found: dict[Place, PlanFinding] = {}
    for each in error.errors(include_url=False):
        kind = each["type"]
        place, is_meant = _followed(model, stated, each["loc"], is_missing=kind == "missing")
        if not is_meant or place in found:
            continue
        known, before = known_keys(model, place[:-1]), _before(stated, place)
        refusal = _Refusal(place, each["input"], each.get("ctx", {}), known, before)
        found[place] = PlanFinding(place, _sentence(kind, refusal, is_key=each["loc"][-1:] == ("[key]",)))
    return list(found.values()) or [PlanFinding((), "this cannot be read; compare it with docs/price-plans.md")]


def _before(stated: object, place: Place) -> str:
    """The value of the key before this one, if a whole number: what a comma cut off may belong to it."""
    node: Any = stated
    try:
        for step in place[:-1]:
            node = node[step]
        keys = list(node)
        text = str(node[keys[keys.index(place[-1]) - 1]]) if keys.index(place[-1]) else ""
    except (LookupError, TypeError, ValueError):
        return ""
    return text if text.isdecimal() else ""


def known_keys(model: type[BaseModel], place: Place) -> tuple[str, ...]:
    """The keys that the type of a plan knows at this place; none where names are free."""
    annotation: object = model
    for step in place:
        annotation = _inner(annotation, step)
    part = _part(annotation)
    return tuple(part.model_fields) if part else ()


def is_part(model: type[BaseModel], place: Place) -> bool:
    """Whether a mapping of known keys stands at this place, rather than a value."""
    return bool(known_keys(model, place))


def _inner(annotation: object, step: str | int) -> object:
    part = _part(annotation)
    if part is not None:
        field = part.model_fields.get(str(step))
        return field.annotation if field else None
    for each in _members(annotation):
        arguments = typing.get_args(each)
        if typing.get_origin(each) is dict:
            return arguments[1]
        if typing.get_origin(each) is tuple:
            return arguments[0]
    return None


def _part(annotation: object) -> type[BaseModel] | None:
    parts = [each for each in _members(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]
    return parts[0] if parts else None


def _members(annotation: object) -> list[object]:
    """The types of a union, annotations taken off."""
    if typing.get_origin(annotation) is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return [member for each in typing.get_args(annotation) for member in _members(each)]
    return [annotation]


def _followed(
    model: type[BaseModel], stated: object, location: tuple[str | int, ...], *, is_missing: bool
) -> tuple[Place, bool]:
    """The place in the document, and whether the refusal is of the branch that the document took.

    Where a price or a part with a price may stand, the library tells what both of them refuse, with the branch's name
    in the location; a mapping is a part that went wrong, everything else a price that did.
    """
    node: Any = stated
    place: list[str | int] = []
    steps: tuple[Any, ...] = location[:-1] if is_missing else location
    for step in steps:
        if (isinstance(node, dict) and step in node) or (
            isinstance(node, list) and isinstance(step, int) and step < len(node)
        ):
            node = node[step]
            place.append(step)
        elif step != "[key]":
            is_of_part = str(step)[:1].isupper()
            if is_part(model, tuple(place)) and is_of_part is not isinstance(node, dict):
                return tuple(place), False
    return (*place, location[-1]) if is_missing else tuple(place), True


def _sentence(kind: str, refusal: _Refusal, *, is_key: bool) -> str:
    if is_key:
        return _of_pattern(refusal, refusal.key)
    if refusal.place[-2:-1] == ("set",):
        return f"{refusal.shown} stands where one value must; write the whole path with points, then the value"
    say = _SENTENCES.get(kind)
    return say(refusal) if say else f"{refusal.shown} cannot stand here"


def _of_unknown(refusal: _Refusal) -> str:
    if refusal.key.isdecimal() and refusal.given is None:
        meant = f"{refusal.before or 0}.{refusal.key}"
        return f"within braces a comma begins a new key; write decimals with a point, such as {meant}"
    return f"there is no key `{refusal.key}` here; {advice(refusal.key, refusal.known)}"


def _of_missing(refusal: _Refusal) -> str:
    return f"the key is missing; add `{refusal.key}: …`"


def _of_number(refusal: _Refusal) -> str:
    if isinstance(refusal.given, bool | dict | list | None):
        return f"{refusal.shown} stands where a number must; write one such as 0.015"
    text = str(refusal.given)
    meant = _meant_number(text)
    return f"{refusal.shown} is no number; write {meant or 'one with a decimal point and nothing else, such as 0.015'}"


def _meant_number(text: str) -> str | None:
    """`0,015`, `$5`, `1 000.50`, `5 %`, `.5`: the number that a person sees there; None where it could be two."""
    bare = re.sub(r"[\s_'’$€£%]|(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", "", text)
    if re.fullmatch(r"[+-]?[0-9]*,[0-9]{1,2}|[+-]?0?,[0-9]+", bare):
        bare = bare.replace(",", ".")
    if re.fullmatch(r"[+-]?\.[0-9]+", bare):
        bare = bare.replace(".", "0.")
    return bare if re.fullmatch(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?", bare) else None


def _of_whole_number(refusal: _Refusal) -> str:
    return f"{refusal.shown} is no whole number; write one such as 60"


def _of_decimals(refusal: _Refusal) -> str:
    return _too_many_decimals(refusal, int(str(refusal.context["decimal_places"])))


def _too_many_decimals(refusal: _Refusal, places: int) -> str:
    words = {4: "four", 6: "six"}.get(places, str(places))
    rounded = Decimal(str(refusal.given)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{refusal.shown} has too many decimals, at most {words} count; write {_trimmed(rounded)}"


def _trimmed(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of_digits(refusal: _Refusal) -> str:
    """Digits in all: of a small number with many decimals those are too many, and told first by the library."""
    most = int(str(refusal.context.get("max_digits", _AMOUNT_DIGITS)))
    places = 6 if most == _AMOUNT_DIGITS else 4
    before_point, _, after = str(refusal.given).lstrip("+-").partition(".")
    if len(after) > places and len(before_point) <= most - places:
        return _too_many_decimals(refusal, places)
    return f"{refusal.shown} is larger than a plan can hold; write at most {most - places} digits before the point"


def _of_least(refusal: _Refusal) -> str:
    least = refusal.context["ge"]
    return f"{refusal.shown} is below what is possible; write {least} or more"


def _of_most(refusal: _Refusal) -> str:
    return f"{refusal.shown} is above what is possible; write {refusal.context['le']} or less"


def _of_pattern(refusal: _Refusal, given: str) -> str:
    for pattern, (words, meant) in _PATTERNS.items():
        if refusal.context.get("pattern") == pattern:
            suggested = meant(given)
            hint = f"; write {suggested}" if suggested != given and re.fullmatch(pattern, suggested) else ""
            return f"'{given[:_SHOWN]}' is not possible: {words}{hint}"
    return f"'{given[:_SHOWN]}' is not possible here"


def _of_choice(refusal: _Refusal) -> str:
    choices = re.findall(r"'([^']*)'", str(refusal.context["expected"]))
    close = nearest(str(refusal.given), choices) or next(
        (choice for choice in choices if choice.startswith(str(refusal.given).lower()[:2])), None
    )
    hint = f"; did you mean `{close}`?" if close else ""
    return f"{refusal.shown} is not one of {', '.join(choices)}{hint}"


def _of_date(refusal: _Refusal) -> str:
    return f"{refusal.shown} is no date; write it as 2026-01-31"


def _of_yes_or_no(refusal: _Refusal) -> str:
    return f"{refusal.shown} is neither true nor false; write one of them"


def _of_list(refusal: _Refusal) -> str:
    example = f"[{refusal.given}]" if isinstance(refusal.given, str) else "[…]"
    return f"{refusal.shown} stands where a list must; write {example}"


def _of_mapping(refusal: _Refusal) -> str:
    return f"{refusal.shown} stands where `key: value` pairs must; indent them below this key"


def _of_text(refusal: _Refusal) -> str:
    return f"{refusal.shown} stands where a text must; write one, or leave the key out"


def _of_long_text(refusal: _Refusal) -> str:
    return f"the text is too long; use at most {refusal.context['max_length']} characters"


def _of_empty_list(refusal: _Refusal) -> str:
    return f"`{refusal.key}` is an empty list; name at least one entry"


_SENTENCES: dict[str, Callable[[_Refusal], str]] = {
    "extra_forbidden": _of_unknown,
    "missing": _of_missing,
    "no_number": _of_number,
    "decimal_type": _of_number,
    "decimal_parsing": _of_number,
    "finite_number": _of_number,
    "no_whole_number": _of_whole_number,
    "int_type": _of_whole_number,
    "int_parsing": _of_whole_number,
    "int_parsing_size": _of_whole_number,
    "decimal_max_places": _of_decimals,
    "decimal_max_digits": _of_digits,
    "decimal_whole_digits": _of_digits,
    "greater_than_equal": _of_least,
    "less_than_equal": _of_most,
    "string_pattern_mismatch": lambda refusal: _of_pattern(refusal, str(refusal.given)),
    "enum": _of_choice,
    "no_date": _of_date,
    "date_type": _of_date,
    "date_parsing": _of_date,
    "date_from_datetime_parsing": _of_date,
    "date_from_datetime_inexact": _of_date,
    "bool_type": _of_yes_or_no,
    "bool_parsing": _of_yes_or_no,
    "tuple_type": _of_list,
    "dict_type": _of_mapping,
    "model_type": _of_mapping,
    "string_type": _of_text,
    "string_too_long": _of_long_text,
    "too_short": _of_empty_list,
}
