"""What is wrong with a price plan: where it stands, and one sentence that says what to write instead."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace

# `("usage", "us", "per_minute")`, `("one_off", 0, "on")`: keys of mappings, places in lists.
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PlanFinding:
    """`file` and `line` are filled in by who knows them."""

    place: Place
    sentence: str
    file: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """`plans/retail.yaml:12: usage.us.per_minut: there is no such key; did you mean `per_minute`?`"""
        return ": ".join(part for part in (self.where, place_text(self.place), self.sentence) if part)

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    def standing_at(self, file: str, line: int | None) -> "PlanFinding":
        return replace(self, file=file, line=line)


def place_text(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    known = list(known)
    close = difflib.get_close_matches(word.lower().replace("-", "_"), known, n=1)
    return next(iter(close or difflib.get_close_matches(word, known, n=1)), None)


def advice(word: str, known: Iterable[str], *, shown: int = 20) -> str:
    """`did you mean `x`?`, else what there is."""
    known = list(known)
    close = nearest(word, known)
    if close is not None:
        return f"did you mean `{close}`?"
    if not known:
        return "there is none"
    more = f" and {len(known) - shown} more" if len(known) > shown else ""
    return f"there {'is' if len(known) == 1 else 'are'} {', '.join(known[:shown])}{more}"
