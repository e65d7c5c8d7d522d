"""Compile the table of countries by number prefix, and their English names, into the rating room.

    python tools/make_country_table.py

Numbering plans come from phonenumberslite's metadata and names from Babel, both needed only here. The table is
committed: the same number belongs to the same country on every machine, whatever is installed there.
"""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import babel
import phonenumbers
from babel import Locale
from phonenumbers import PhoneMetadata, PhoneNumberDesc

TABLE = Path(__file__).parents[1] / "src/reseller_reporting/rating/country_table.py"

WORLD = "001"  # How the metadata marks calling codes that belong to no country.
NANP = 1
AREA_CODE_LENGTH = 3
ROW_WIDTH = 100
TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)

HEADER = '''"""Countries by leading digits of their E.164 numbers, and their English names.

Made by tools/make_country_table.py: do not edit. Where prefixes nest, the longest one decides.
"""

MADE_FROM = "phonenumberslite {phonenumbers}, Babel {babel}"
'''


# A numbering plan is written as regular expressions over whole numbers; we need to know which prefixes can still
# become a number of a region. So a pattern is read into nodes, and digits are taken off its front one at a time.


@dataclass(frozen=True, slots=True)
class Branches:
    ways: tuple["Sequence", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    body: "Sequence"
    least: int
    most: int


Node = frozenset[str] | Branches | Repeat
Sequence = tuple[Node, ...]
States = frozenset[Sequence]  # What may still follow; the empty sequence is a number that is complete.
Tree = str | dict[str, "Tree"] | None  # A region, what the next digit says, or nobody's numbers.

ANY_DIGIT = frozenset("0123456789")
ANYTHING = Repeat((ANY_DIGIT,), 0, 20)


class PatternReader:
    """Reads the few forms that numbering plans use; anything else is a reason to stop, not to guess."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def read(self) -> Sequence:
        sequence = self._branches()
        if self.at != len(self.pattern):
            raise ValueError(f"cannot read {self.pattern!r} from position {self.at}")
        return sequence

    def _branches(self) -> Sequence:
        ways = [self._sequence()]
        while self._take("|"):
            ways.append(self._sequence())
        return ways[0] if len(ways) == 1 else (Branches(tuple(ways)),)

    def _sequence(self) -> Sequence:
        nodes: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            nodes.extend(self._repeated(self._one()))
        return tuple(nodes)

    def _one(self) -> Sequence:
        if self._take("(?:") or self._take("("):
            inner = self._branches()
            self._expect(")")
            return inner
        if self._take("["):
            return (frozenset(self._class()),)
        return (self._digit(),)

    def _digit(self) -> frozenset[str]:
        if self._take(r"\d"):
            return ANY_DIGIT
        digit = self.pattern[self.at]
        if digit not in ANY_DIGIT:
            raise ValueError(f"cannot read {self.pattern!r} from position {self.at}")
        self.at += 1
        return frozenset(digit)

    def _class(self) -> Iterator[str]:
        while not self._take("]"):
            first = self._digit()
            if self._take("-"):
                (last,) = self._digit()
                yield from map(str, range(int(min(first)), int(last) + 1))
            else:
                yield from first

    def _repeated(self, body: Sequence) -> Sequence:
        if self._take("?"):
            return (Repeat(body, 0, 1),)
        if not self._take("{"):
            return body
        end = self.pattern.index("}", self.at)
        least, _, most = self.pattern[self.at : end].partition(",")
        self.at = end + 1
        return (Repeat(body, int(least), int(most or least)),)

    def _take(self, text: str) -> bool:
        found = self.pattern.startswith(text, self.at)
        self.at += len(text) if found else 0
        return found

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise ValueError(f"{self.pattern!r} lacks {text!r} at position {self.at}")


def after(sequence: Sequence, digit: str) -> Iterator[Sequence]:
    """What may follow once this digit is taken off the front; nothing when it cannot stand there."""
    if not sequence:
        return
    head, rest = sequence[0], sequence[1:]
    if isinstance(head, frozenset):
        if digit in head:
            yield rest
    elif isinstance(head, Branches):
        for way in head.ways:
            yield from after(way + rest, digit)
    else:
        if head.most:
            again = Repeat(head.body, max(head.least - 1, 0), head.most - 1)
            yield from after((*head.body, again, *rest), digit)
        if not head.least:
            yield from after(rest, digit)


def can_end(sequence: Sequence) -> bool:
    """Whether a number may be complete here, with nothing more to come."""
    return all(
        (isinstance(node, Branches) and any(map(can_end, node.ways)))
        or (isinstance(node, Repeat) and (not node.least or can_end(node.body)))
        for node in sequence
    )


def region_metadata(region: str) -> PhoneMetadata:
    metadata = PhoneMetadata.metadata_for_region(region)
    if metadata is None:
        raise LookupError(f"the metadata knows no region {region}")
    return metadata


def plan(region: str) -> States:
    """The numbers of a region: by its leading digits where the metadata names them, else by every type's pattern."""
    metadata = region_metadata(region)
    if metadata.leading_digits:
        return frozenset({(*PatternReader(metadata.leading_digits).read(), ANYTHING)})
    return pattern_states([getattr(metadata, name) for name in TYPES])


def pattern_states(descriptions: Iterable[PhoneNumberDesc | None]) -> States:
    patterns = [found.national_number_pattern for found in descriptions if found]
    return frozenset(PatternReader(pattern).read() for pattern in patterns if pattern)


def region_tree(plans: tuple[tuple[str, States], ...], depth_left: int) -> Tree:
    """Which region a number belongs to, digit by digit; where several claim one, the metadata's order decides."""

    @cache
    def resolve(states: tuple[States, ...], depth_left: int) -> Tree:
        claims = [region for (region, _), living in zip(plans, states, strict=True) if living]
        if len(claims) < 2 or not depth_left:
            return claims[0] if claims else None
        following = {
            digit: resolve(
                tuple(frozenset(s for q in living for s in after(q, digit)) for living in states), depth_left - 1
            )
            for digit in sorted(ANY_DIGIT)
        }
        complete = [r for (r, _), living in zip(plans, states, strict=True) if any(map(can_end, living))][:1]
        found = [tree for tree in (*following.values(), *complete) if tree is not None]
        # Unassigned ranges go with their neighbours, so that a prefix of one region is one entry.
        return found[0] if isinstance(found[0], str) and all(tree == found[0] for tree in found) else following

    return resolve(tuple(states for _, states in plans), depth_left)


def entries(tree: Tree, prefix: str, inherited: str) -> Iterator[tuple[str, str]]:
    """Only the prefixes that say something else than the shorter prefix before them."""
    if isinstance(tree, dict):
        for digit, below in tree.items():
            yield from entries(below, prefix + digit, inherited)
    elif tree is not None and tree != inherited:
        yield prefix, tree


def north_american() -> Iterator[tuple[str, str]]:
    """NANP by area code. What no other country owns by its area code, toll-free and the like, counts as US."""
    plans = tuple((region, plan(region)) for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[NANP] if region != "CA")
    # Canada's own service codes, 600 and 622, are not geographic: its area codes are those of its fixed lines.
    geographic = pattern_states([region_metadata("CA").fixed_line])
    yield from ((f"{NANP}{first}", "US") for first in range(2, 10))  # No area code begins with 0 or 1.
    yield from entries(region_tree((*plans, ("CA", geographic)), AREA_CODE_LENGTH), str(NANP), "US")


def prefixes() -> dict[str, str]:
    """Every prefix with its region, in the order of the digits."""
    found: dict[str, str] = dict(north_american())
    for calling_code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        if calling_code == NANP or WORLD in regions:
            continue
        main = regions[0]
        found[str(calling_code)] = main
        if len(regions) > 1:
            tree = region_tree(tuple((region, plan(region)) for region in regions), 20)
            found.update(entries(tree, str(calling_code), main))
    return dict(sorted(found.items()))


def english_names(codes: set[str]) -> dict[str, str]:
    territories: Mapping[str, str] = Locale("en").territories
    return {code: territories[code] for code in sorted(codes)}


def table() -> str:
    """The module's text, formatted as ruff would."""
    by_region: dict[str, list[str]] = {}
    for prefix, region in prefixes().items():
        by_region.setdefault(region, []).append(prefix)
    lines = [HEADER.format(phonenumbers=phonenumbers.__version__, babel=babel.__version__)]
    lines.append("PREFIXES = (")
    for region in sorted(by_region):
        rows = textwrap.wrap(" ".join(by_region[region]), ROW_WIDTH)
        lines += [f'    ("{region}", "{row}"),' for row in rows]
    lines += [")", "", "NAMES = {"]
    lines += [f'    "{code}": "{name}",' for code, name in english_names(set(by_region)).items()]
    return "\n".join([*lines, "}", ""])


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
    print(f"{TABLE.name}: {len(prefixes())} prefixes")
