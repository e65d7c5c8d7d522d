"""Price plans from YAML: what is read, and what every mistake is told as, with its line."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reseller_reporting.model.plan import Plan, RecurringPrice
from reseller_reporting.sources import plan_files
from reseller_reporting.sources.plan_files import BYTES_MAX, plan_of, read_assignments, read_plan
from reseller_reporting.sources.plan_text import yaml_text


def plan(text: str) -> Plan:
    document = plan_of(text, "p.yaml")
    assert document.content is not None, [finding.text for finding in document.findings]
    return document.content


def told(text: str) -> list[str]:
    document = plan_of(text, "p.yaml")
    assert document.content is None
    return [finding.text for finding in document.findings]


def usage(fields: str) -> str:
    return f"plan: x\nusage:\n  us: {{{fields}}}\n"


# What is read.


def test_every_figure_is_its_text() -> None:
    read = plan(usage("per_minute: 0.10, minimum: 6") + "minimum_spend: 12345678.123456\n")
    assert str(read.usage["us"].per_minute) == "0.10"
    assert read.usage["us"].minimum == 6
    assert read.minimum_spend == Decimal("12345678.123456")


def test_what_yaml_takes_for_something_else_is_a_text_here() -> None:
    read = plan(
        "plan: 007\nname: yes\ncurrency: USD\neffective: 2026-01-31\nusage:\n  no: {countries: [NO], prefixes: [0447], free: true}\n"
        "one_off:\n  - {text: 1e3, amount: -5.5, on: 2026-10-05}\n"
    )
    assert (read.plan, read.name, read.effective) == ("007", "yes", date(2026, 1, 31))
    assert (read.usage["no"].countries, read.usage["no"].prefixes) == (("NO",), ("0447",))
    assert (read.one_off[0].text, read.one_off[0].on) == ("1e3", date(2026, 10, 5))


def test_a_price_alone_and_a_part_with_a_price_may_stand_for_each_other() -> None:
    read = plan("plan: x\nrecurring:\n  users: 12\n  did_us: {price: '1.50'}\n")
    assert read.recurring == {"users": Decimal(12), "did_us": RecurringPrice(price=Decimal("1.50"))}


def test_nothing_stated_is_not_the_same_as_the_default_stated() -> None:
    assert plan(usage("free: true, minimum: 60")).usage["us"].model_fields_set == {"free", "minimum"}


# What is refused, and how it is told.

SHAPES = [
    (usage("per_minut: 1"), 3, "usage.us.per_minut: there is no key `per_minut` here; did you mean `per_minute`?"),
    ("plan: x\nprices: {}\n", 2, "prices: there is no key `prices` here; there are plan, name,"),
    (usage("per_minute: 0.0234567"), 3, "per_minute: '0.0234567' has too many decimals, at most six count; write 0.023457"),
    (usage("per_minute: 0.12345678901234567890"), 3, "at most six count; write 0.123457"),
    (usage("per_minute: -1"), 3, "usage.us.per_minute: '-1' is below what is possible; write 0 or more"),
    (usage("per_minute: '0,015'"), 3, "'0,015' is no number; write 0.015"),
    (usage("per_minute: 0,015"), 3, "within braces a comma begins a new key; write decimals with a point, such as 0.015"),
    (usage("per_minute: $5"), 3, "'$5' is no number; write 5"),
    (usage("per_minute: .5"), 3, "'.5' is no number; write 0.5"),
    (usage("per_minute: 1e-3"), 3, "'1e-3' is no number; write one with a decimal point"),
    (usage("per_minute: 1_000"), 3, "'1_000' is no number; write 1000"),
    (usage("per_minute: '1,000.50'"), 3, "'1,000.50' is no number; write one with a decimal point"),
    (usage("per_minute: .nan"), 3, "'.nan' is no number"),
    (usage("per_minute: .inf"), 3, "'.inf' is no number"),
    (usage("per_minute: ''"), 3, "'' is no number"),
    (usage("per_minute: [1]"), 3, "a list stands where a number must"),
    (usage("per_minute: 123456789012345678"), 3, "is larger than a plan can hold"),
    (usage("per_minute: " + "9" * 50), 3, "is no number"),
    (usage("per_minute: 1, minimum: 6.5"), 3, "usage.us.minimum: '6.5' is no whole number; write one such as 60"),
    (usage("per_minute: 1, increment: 0"), 3, "usage.us.increment: '0' is below what is possible; write 1 or more"),
    (usage("per_minute: 1, minimum: 90000"), 3, "'90000' is above what is possible; write 86400 or less"),
    (usage("free: maybe"), 3, "usage.us.free: 'maybe' is neither true nor false"),
    (usage("free: true, direction: in"), 3, "'in' is not one of inbound, outbound, both; did you mean `inbound`?"),
    (usage("free: true, classes: [tollfree]"), 3, "usage.us.classes[0]: 'tollfree' is not one of tollfree_us"),
    (usage("free: true, prefixes: ['+44']"), 3, "usage.us.prefixes[0]: '+44' is not possible: a prefix is 1 to 15 digits"),
    (usage("free: true, prefixes: ['0044 20']"), 3, "write 4420"),
    (usage("free: true, countries: [us]"), 3, "a country is a code of two capitals, such as US; write US"),
    (usage("free: true, countries: US"), 3, "usage.us.countries: 'US' stands where a list must; write [US]"),
    ("plan: x\nname:\n", 2, "name: nothing stands where a text must; write one, or leave the key out"),
    (usage("tiers: {steps: []}"), 3, "usage.us.tiers.steps: `steps` is an empty list; name at least one entry"),
    ("plan: Retail 2026\n", 1, "plan: 'Retail 2026' is not possible: a name is small letters"),
    ("plan: Retail 2026\n", 1, "write retail-2026"),
    ("plan: x\nusage:\n  US mobile: {free: true}\n", 3, "usage.US mobile: 'US mobile' is not possible"),
    ("plan: x\nusage: 5\n", 2, "usage: '5' stands where `key: value` pairs must"),
    ("plan: x\nusage:\n  us: 5\n", 3, "usage.us: '5' stands where `key: value` pairs must"),
    ("name: x\n", 1, "plan: the key is missing; add `plan: …`"),
    ("plan: x\none_off:\n  - {text: a, amount: 1, on: 2026-02-01}\n  - {amount: 1, on: 2026-02-01}\n", 4, "one_off[1].text: the key is missing"),
    ("plan: x\none_off:\n  - {text: a, amount: 1, on: 20260201}\n", 3, "one_off[0].on: '20260201' is no date; write it as 2026-01-31"),
    ("plan: x\neffective: 2026-02-30\n", 2, "effective: '2026-02-30' is no date"),
    ("plan: x\neffective: 1767225600\n", 2, "effective: '1767225600' is no date"),
    ("plan: x\ncurrency: usd\n", 2, "currency: 'usd' is not possible: a currency is a code of three capitals, such as USD; write USD"),
    ("plan: x\nbundles:\n  b:\n    minutes: -5\n", 4, "bundles.b.minutes: '-5' is below what is possible; write 0 or more"),
    ("plan: x\nrecurring:\n  users: a lot\n", 3, "recurring.users: 'a lot' is no number"),
    ("plan: x\nrecurring:\n  users: {prize: 1}\n", 3, "recurring.users.prize: there is no key `prize` here; did you mean `price`?"),
    ("plan: x\nrecurring:\n  users:\n    price: 1\n    included: x\n", 5, "recurring.users.included: 'x' is no whole number"),
    ("plan: x\nrecurring:\n  users:\n", 3, "recurring.users: nothing stands where a number must"),
    ("plan: x\nminimum_spend: {of: usage}\n", 2, "minimum_spend.amount: the key is missing; add `amount: …`"),
    ("plan: x\nminimum_spend: {amount: 1, of: calls}\n", 2, "minimum_spend.of: 'calls' is not one of usage, recurring, one-off"),
    ("plan: x\ntaxes:\n  vat: {name: VAT, percent: 119}\n", 3, "taxes.vat.percent: '119' is above what is possible; write 100 or less"),
    ("plan: x\ntaxes:\n  vat: {name: VAT, percent: 1.23456}\n", 3, "at most four count; write 1.2346"),
    ("plan: x\ntaxes:\n  vat: {name: VAT, percent: 19%}\n", 3, "'19%' is no number; write 19"),
    ("plan: x\nrounding: {total: {places: 7}}\n", 2, "rounding.total.places: '7' is above what is possible; write 6 or less"),
    ("plan: x\nproration: day\n", 2, "proration: 'day' is not one of none, days; did you mean `days`?"),
    ("plan: x\ntrunks: {twoway: -2}\n", 2, "trunks.twoway: '-2' is below what is possible; write -1 or more"),
    ("plan: x\nname: " + "n" * 201 + "\n", 2, "name: the text is too long; use at most 200 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "sentence"), SHAPES)
def test_what_a_plan_cannot_say_is_told_with_its_line(text: str, line: int, sentence: str) -> None:
    (finding,) = told(text)
    assert finding.startswith(f"p.yaml:{line}: ")
    assert sentence in finding


BROKEN = [
    ("", 1, "the file is empty"),
    ("# nothing\n", 1, "the file is empty"),
    ("- a\n- b\n", 1, "`key: value` pairs are expected, with `plan: NAME` among them"),
    ("retail\n", 1, "`key: value` pairs are expected"),
    ("plan: x\nusage:\n\tus: 1\n", 3, "indented with a tab, which YAML does not allow; use spaces"),
    ("plan: x\nplan: y\n", 2, "plan: the key stands twice, first in line 1; keep one of them"),
    ("plan: x\nusage:\n  a: {free: true}\n  a: {free: true}\n", 4, "usage.a: the key stands twice, first in line 3"),
    ("plan: x\n---\nplan: y\n", 2, "a second document begins here; keep one plan a file"),
    ("plan: x\nname: &a y\n", 2, "anchors (`&`) and aliases (`*`) are not read"),
    ("plan: x\nname: *a\n", 2, "anchors (`&`) and aliases (`*`) are not read"),
    ("plan: !!str x\n", 1, "the tag `!!str` is not read"),
    ("plan: !!python/object/apply:os.system [x]\n", 1, "is not read"),
    ("? [a, b]\n: c\n", 1, "a key must be a plain text"),
    ("plan: x\nname: a: b\n", 2, "quote a text with `: ` in it"),
    ("plan: x\n y: 1\n", 2, "check the indentation"),
    ("plan: x\nname: 'open\n", 2, "a quote or a bracket is not closed"),
    ("plan: x\nname: @home\n", 2, "needs quotes"),
    ("plan: x\nname: a\x07b\n", 2, "a control character stands here"),
    ("plan: " + "[" * 60 + "]" * 60 + "\n", 1, "nested deeper than any plan"),
]


@pytest.mark.parametrize("loader", [yaml.SafeLoader, plan_files._LOADER])
@pytest.mark.parametrize(("text", "line", "sentence"), BROKEN)
def test_what_is_no_yaml_of_a_plan_is_told_with_its_line(
    monkeypatch: pytest.MonkeyPatch, loader: Any, text: str, line: int, sentence: str
) -> None:
    monkeypatch.setattr(plan_files, "_LOADER", loader)
    (finding,) = told(text)
    assert finding.startswith(f"p.yaml:{line}: ")
    assert sentence in finding


def test_all_mistakes_of_a_file_are_told_in_the_order_of_their_lines() -> None:
    text = "plan: x\nusage:\n  a: {per_minut: 1}\n  b: {free: true, direction: up}\nlegs: some\nplan: y\n"
    lines = [finding.split(":")[1] for finding in told(text)]
    assert lines == ["3", "4", "5", "6"]


def test_no_word_of_the_validating_library_reaches_a_person() -> None:
    for text, _, _ in SHAPES:
        for finding in told(text):
            for word in ("Input", "pydantic", "validat", "dictionary", "tuple", "None"):
                assert word not in finding


# Files.


def write(folder: Path, content: bytes, name: str = "p.yaml") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def refused(path: Path) -> str:
    document = read_plan(path)
    (finding,) = document.findings
    assert document.content is None
    return finding.text


def test_a_file_that_is_none_of_ours_is_told_by_its_name(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.yaml") == f"{tmp_path}/none.yaml: does not exist"
    assert refused(tmp_path).endswith("is no file")
    assert "larger than a megabyte" in refused(write(tmp_path, b"#" * (BYTES_MAX + 1)))
    latin = refused(write(tmp_path, "plan: x\nname: Café\n".encode("latin-1")))
    assert latin.endswith("p.yaml:2: the file is not UTF-8; save it with that encoding")


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    document = read_plan(write(tmp_path, b"\xef\xbb\xbfplan: x\r\nname: Caf\xc3\xa9\r\n"))
    assert document.content is not None
    assert document.content.name == "Café"


def test_a_megabyte_of_brackets_and_a_bomb_of_aliases_are_refused_at_once(tmp_path: Path) -> None:
    assert "brackets and" in refused(write(tmp_path, b"a: " + b"[" * 900_000))
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    document = read_plan(write(tmp_path, bomb.encode()))
    assert document.content is None
    assert {finding.sentence for finding in document.findings} == {
        "anchors (`&`) and aliases (`*`) are not read; write it out, or use `extends`"
    }


def test_customers_are_read_with_their_own_figures(tmp_path: Path) -> None:
    text = (
        b"customers:\n  - {plan: a}\n  - {plan: a, customer: NO, effective: 2026-10-16, set: {minimum_spend: 27.50}}\n"
    )
    document = read_assignments(write(tmp_path, text))
    assert document.content is not None
    everyone, norway = document.content.customers
    assert (everyone.customer, everyone.effective, norway.customer) == ("*", None, "NO")
    assert (norway.effective, norway.set) == (date(2026, 10, 16), {"minimum_spend": "27.50"})


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{plan: a, customers: x}", "customers[0].customers: there is no key `customers` here; did you mean `customer`?"),
        ("{customer: x}", "customers[0].plan: the key is missing"),
        ("{plan: a, set: {recurring: {users: 5}}}", "customers[0].set.recurring: `key: value` pairs stands where one value"),
        ("{plan: a, set: [x]}", "customers[0].set: a list stands where `key: value` pairs must"),
        ("{plan: a, effective: today}", "customers[0].effective: 'today' is no date"),
    ],
)  # fmt: skip
def test_lines_of_customers_that_cannot_be_are_told(tmp_path: Path, line: str, sentence: str) -> None:
    path = write(tmp_path, f"# who\ncustomers:\n  - {line}\n".encode(), "customers.yaml")
    (finding,) = read_assignments(path).findings
    assert finding.text.startswith(f"{path}:3: {sentence}")


# Written and read again.

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,8}", fullmatch=True)
FIGURES = st.decimals(0, 1000, places=4)


@settings(deadline=None)
@given(
    name=TEXTS,
    prefixes=st.lists(st.from_regex(r"[0-9]{1,15}", fullmatch=True), max_size=3),
    rules=st.dictionaries(NAMES, FIGURES, min_size=1, max_size=3),
    recurring=st.dictionaries(TEXTS, FIGURES, max_size=3),
)
def test_a_plan_that_is_written_reads_back_as_the_same(
    name: str, prefixes: list[str], rules: dict[str, Decimal], recurring: dict[str, Decimal]
) -> None:
    stated = {
        "plan": "x",
        "name": name,
        "effective": date(2026, 1, 1),
        "usage": {each: {"prefixes": prefixes, "per_minute": price} for each, price in rules.items()},
        "recurring": {each: {"price": price, "text": name} for each, price in recurring.items()},
    }
    written = yaml_text(Plan.model_validate(stated).model_dump(exclude_defaults=True))
    assert plan(written) == Plan.model_validate(stated)
    # Readers that guess at types are not led astray either.
    assert yaml.safe_load(written)["name"] == name
