"""Phrases: sentences that other rooms make of fixed words and figures, found again by their shape.

The rooms that price and read speak English, since what they say goes into the manifest, which does not change with
the language. A document shows such a sentence in its own: the shape is looked up, its holes keep what they hold.

Owns: the shapes of what documents show, and how any shape is found. Does not own: the shapes of what pages alone show
(`sentences`), when a sentence is due, which is where it is made.

Invariant
- A text that has none of the shapes stays as it is, to the last character: nothing is ever lost.
- Whatever a text holds, it is shown: what only looks like a day, or is longer or deeper than anything of ours, is kept.
"""

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from reseller_reporting.words import formats
from reseller_reporting.words.catalog import catalog
from reseller_reporting.words.message import LOCALES, filled, mark
from reseller_reporting.words.sentences import PLAN_FINDINGS, PLAN_HINTS, PLAN_PLACES, SENTENCES

# A hole of this name holds a phrase itself, one of that name figures with their signs, and the last one a sentence of
# ours or what KAZOO or a machine said.
_NESTED, _SUM, _CAUSE = "words", "sum", "cause"
# Of what is wrong with price plans: all of it, each with its place before it; and what one of them advises.
_TOLD, _HINT = "told", "hint"
# What a hole may hold; any text unless its name says more.
# Figures are those of ASCII: other scripts have digits, too, and none of ours writes them.
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?…?"
_HELD = {
    **dict.fromkeys(("count", "seconds", "part", "places"), "[0-9]+"),
    **dict.fromkeys(
        ("amount", "other", "exact", "held", "left", "carried", "minutes", "percent", "there", "size"), _NUMBER
    ),
    **dict.fromkeys(("day", "first", "last"), _DAY),
    **dict.fromkeys(("url", "host", "place", "sender"), r"\S+"),
    "bundle": r'[^"]+',
    "code": "-?[0-9]+",
    "ip": "[0-9a-fA-F.:]+",
    "month": "[0-9]{4}-[0-9]{2}",
    "share": "[0-9/]+",
    "tag": r"\w+",
    "field": r"\w+",
}
# Figures and signs that every language writes alike, but for the mark before decimals.
_FORMULA = re.compile(r"(?:[0-9.;,×+−@/=()%… -]|\bs\b|\bmin\b)+")
_DECIMAL_POINT = re.compile(r"(?<=[0-9])\.(?=[0-9])")
# What is longer, or holds more sentences within each other, was not made by us.
_LENGTH_MAX, _DEPTH_MAX = 2_000, 12
_HOLE = re.compile(r"\\\{(\w+)\\\}")

# Why a leg cost the reseller what it did (`rating/breakdown.py`), and what it is sold for (`rating/price_words.py`).
BREAKDOWNS = (
    mark("{words} (KAZOO states {amount})"),
    mark("not answered"),
    mark("no rate"),
    mark("trunk ({tag})"),
    mark("allotment ({tag})"),
    mark("not charged ({tag})"),
    mark("within {seconds} s no-charge time"),
    mark("within {seconds} s grace"),
    mark("{sum} − {percent} % discount"),
    mark("{words} = {exact}, rounded down to {amount}"),
    mark("{words} = {exact}, rounded half up to {amount}"),
    mark("{words} = {exact}, rounded up to {amount}"),
    mark("covered by a trunk"),
    mark("covered: the reseller was charged nothing"),
    mark("covered"),
    mark("free"),
    mark('{seconds} s from "{bundle}"'),
    mark('{part} of {seconds} s from "{bundle}"'),
    mark('{seconds} s from "{bundle}"; {words}'),
    mark('{part} of {seconds} s from "{bundle}"; {words}'),
    mark('{part} of {seconds} s from "{bundle}", {words}'),
    mark("{part} of {seconds} s"),
    mark("{part} of {seconds} s of {words}"),
    mark("the reseller was charged nothing"),
    mark("reseller cost {sum}, at least {amount}"),
    mark("reseller cost {sum}"),
)

# How the lines of a statement came about (`rating/usage_lines.py`, `statement_charges.py`, `statement_adjustments.py`).
EVIDENCE = (
    mark("1 call, 1 minute billed"),
    mark("{count} calls, 1 minute billed"),
    mark("1 call, {minutes} minutes billed"),
    mark("{count} calls, {minutes} minutes billed"),
    mark("{words}, {amount} of them from bundles"),
    mark("{words}, 1 call covered"),
    mark("{words}, {count} calls covered"),
    mark("{words}, 1 call without a price"),
    mark("{words}, {count} calls without a price"),
    mark("{amount} of 1 minute drawn, {left} left; {carried} of them were carried over"),
    mark("{amount} of 1 minute drawn, {left} left"),
    mark("1 minute drawn from a pool that several customers share"),
    mark("{amount} of {minutes} minutes drawn, {left} left; {carried} of them were carried over"),
    mark("{amount} of {minutes} minutes drawn, {left} left"),
    mark("{amount} minutes drawn from a pool that several customers share"),
    mark("on {day}"),
    mark("{words} × {share} of a month, {first} to {last}"),
    mark("({words})"),
    mark("{there} there, {words}: {sum}"),
    mark("at least {amount}"),
    mark("at least {amount}, {words}"),
    mark("at most {amount}, {words}"),
    mark("at most {amount}"),
    mark("{amount} included"),
    mark("at least {sum}; {amount} spent"),
    mark("{percent} % held by {amount}: {held}"),
    mark("{percent} % of {amount}"),
    mark("{percent} % of {amount} + {words}"),
    mark("{amount} off {sum}"),
    mark("{amount} to {places} decimals, down"),
    mark("{amount} to {places} decimals, half up"),
    mark("{amount} to {places} decimals, up"),
)

# Units and texts of lines that nobody gave a text of its own.
LINES = (mark("minutes"), mark("each"), mark("percent"), mark("Rounding"), mark("Minimum spend"))

# Values of columns that are words of ours; the country of a number that leads nowhere.
VALUES = (mark("inbound"), mark("outbound"), mark("Unknown"))

# What a report warns of; why it has no prices, and why KAZOO gave no answer, is a sentence of its own. What KAZOO said,
# or a machine, stays in its words.
WARNINGS = (
    mark("No price plan is given to this customer."),
    mark("No prices: {cause}"),
    mark("The period is not over: figures will still grow."),
    mark("No calls of this period are in the store for this account."),
    mark("The store lacks a part of this period; `reseller-reporting sync` brings it."),
    mark("The account's services could not be read."),
    mark("The account's limits could not be read."),
    mark("The account's users could not be read."),
    mark(
        "{reseller} is no reseller in KAZOO, which then lists no reseller types and costs: "
        "the reseller columns are empty."
    ),
    mark("The reseller figures of this account belong to its own reseller, a sub-reseller, and are left out."),
    mark("The services of {reseller} could not be read: what it pays for its customers is not known."),
    mark("The customer's ledger and the list of calls do not agree: listed {amount}, in the ledger {other}."),
    mark("The reseller's ledger and the list of calls do not agree: listed {amount}, in the ledger {other}."),
    mark("Calls were listed without the reseller's view: reseller types and costs are missing."),
    mark("Malformed records are in no sum; the sheet Problems lists them."),
    mark(
        "Nothing says for how many seconds these calls were charged: their billing minutes are the answered ones, "
        "and they are in no sum of charged seconds."
    ),
    mark("Answered calls by the minute that KAZOO found no rate for: nobody was charged."),
    mark("Calls without a price: no figure of prices holds them."),
    mark("Calls are priced below what the reseller paid for them."),
    mark("The reseller's own ledger could not be read: {cause}"),
    mark("The ledger could not be read: {cause}"),
    mark("Call documents could not be read: {cause}"),
    mark("Calls over a month's end may be missing: {cause}"),
    mark(
        "KAZOO sums its ledger of {month} (UTC) up to {amount} for {seconds} charged "
        "seconds, the entries it lists to {other} for {rest}"
    ),
    mark("Ledger entries without id, amount or time"),
    mark("KAZOO lacks the view that lists a month's records; they count as none. {cause}"),
    mark("KAZOO announced {count} rows and sent {rest}"),
    mark("The services could not be read: {cause}"),
    mark("The limits could not be read: {cause}"),
    mark("The users could not be read: {cause}"),
    mark("The devices could not be read: {cause}"),
)

# What the replay of trunks says where it has no figures, and of a leg whose tag differs (`app/trunks.py`).
TRUNKS = (
    mark("Not known: the account's limits could not be read."),
    mark("Not known: the reseller's limits could not be read."),
    mark("None: the reseller's limits, as KAZOO shows them, hold no trunks."),
    mark(
        "Not known: all of the reseller's accounts share its trunks, and for {count} of the {accounts} "
        "the store lacks calls of this period. A run over all accounts brings them."
    ),
    mark("over: no trunk was free"),
    mark("no trunk asked for"),
)

# Why a report is not held against an earlier one (`app/report.py`).
COMPARISONS = (mark("Only reports of all customers are compared."),)

# Why a record is no leg, or a leg has no price (`sources/listing.py`, `app/pricing.py`).
REASONS = (
    mark("not a record"),
    mark("no id"),
    mark("no start"),
    mark("no direction"),
    mark("unknown direction: {value}"),
    mark("timestamp is not a time: {value}"),
    mark("{field} is not a number of seconds: {value}"),
    mark("{field} is negative: {value}"),
    mark("{field} is not a number: {value}"),
    mark("{tag} is per_minute without {field}"),
    mark("no price: no rule of the plan fits this call ({number})"),
    mark("no price: what the reseller was charged for this call is not known ({number})"),
    mark("no price: no plan was in force when this call began ({number})"),
    mark("price {amount} below reseller cost {other}"),
)

# Those that begin with a sentence of ours come last: one that tells what others said must not be taken for them.
_SHAPES = (*REASONS, *WARNINGS, *SENTENCES, *TRUNKS, *COMPARISONS, *BREAKDOWNS, *EVIDENCE, *LINES, *VALUES)


class _Shape(NamedTuple):
    message: str
    pattern: re.Pattern[str]


@lru_cache(maxsize=65_536)
def translated(text: str, language: str, depth: int = 0) -> str:
    """The sentence in that language, and itself where it is none of ours. `depth` counts the sentences around it."""
    if len(text) > _LENGTH_MAX or depth > _DEPTH_MAX:
        return text
    said = _said(text, language, depth)
    if said is not None:
        return said
    return _with_decimals(text, language) if _FORMULA.fullmatch(text) else text


def _said(text: str, language: str, depth: int) -> str | None:
    known = catalog(language)
    if text in _SAID:
        return known.gettext(text)
    for shape in _beginning_with(text[:1]):
        found = shape.pattern.fullmatch(text)
        if found is not None:
            held = {name: _held(name, value, language, depth + 1) for name, value in found.groupdict().items()}
            return filled(known.gettext(shape.message), held)
    return None


def _held(name: str, value: str, language: str, depth: int) -> str:
    if name == _NESTED:
        return translated(value, language, depth)
    if name == _TOLD:
        return " | ".join(_finding(each, language) for each in value.split(" | "))
    if name == _HINT:
        return _said_of_plans(PLAN_HINTS, value, language) or value
    if name == _CAUSE:
        return value if depth > _DEPTH_MAX else _said(value, language, depth) or value
    if _HELD.get(name) == _DAY:
        return _day(value, language)
    is_figures = _HELD.get(name) == _NUMBER or (name == _SUM and _FORMULA.fullmatch(value) is not None)
    return _with_decimals(value, language) if is_figures else value


def _finding(text: str, language: str) -> str:
    """`stored retail@2026-01-01: usage.us.deck: there is no deck …`: names and sentences may hold colons, too."""
    parts = text.split(": ")
    for place in range(len(parts)):
        said = _said_of_plans(PLAN_FINDINGS, ": ".join(parts[place:]), language)
        if said is not None:
            return ": ".join([*_where(parts[:place], language), said])
    return text


def _where(parts: list[str], language: str) -> list[str]:
    for shape in PLAN_PLACES:
        for end in range(len(parts), 0, -1):
            said = _said_of_plans((shape,), ": ".join(parts[:end]), language)
            if said is not None:
                return [said, *parts[end:]]
    return parts


def _said_of_plans(shapes: tuple[str, ...], text: str, language: str) -> str | None:
    for shape in _compiled(shapes):
        found = shape.pattern.fullmatch(text)
        if found is not None:
            held = {name: _held(name, value, language, 0) for name, value in found.groupdict().items()}
            return filled(catalog(language).gettext(shape.message), held)
    return None


def _day(text: str, language: str) -> str:
    """A day that no calendar has is kept: a malformed record may state one."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return formats.short_day(day, LOCALES[language])


def _with_decimals(text: str, language: str) -> str:
    return _DECIMAL_POINT.sub(formats.decimal_mark(LOCALES[language]), text)


_SAID = frozenset(shape for shape in _SHAPES if "{" not in shape)


@lru_cache(maxsize=1)
def _with_holes() -> list[_Shape]:
    return _compiled(tuple(shape for shape in _SHAPES if "{" in shape))


@lru_cache(maxsize=8)
def _compiled(shapes: tuple[str, ...]) -> list[_Shape]:
    return [_Shape(shape, _pattern(shape)) for shape in shapes]


@lru_cache(maxsize=1_024)
def _beginning_with(initial: str) -> list[_Shape]:
    """Those that a text with this initial may have, in their order."""
    return [shape for shape in _with_holes() if shape.message[0] in ("{", initial)]


def _pattern(shape: str) -> re.Pattern[str]:
    return re.compile(_HOLE.sub(lambda hole: f"(?P<{hole[1]}>{_HELD.get(hole[1], '.+')})", re.escape(shape)), re.DOTALL)
