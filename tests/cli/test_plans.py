"""The commands about price plans, and the book that a run prices by."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reseller_reporting.app.house import House
from reseller_reporting.app.plans import plan_book
from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.model.account import Account
from reseller_reporting.model.errors import InvalidPlan
from reseller_reporting.model.ids import AccountId
from reseller_reporting.rating.plan_resolution import PlanBook, resolve

if TYPE_CHECKING:
    from tests.conftest import Terminal

DOCS = Path(__file__).parents[2] / "docs"
RETAIL = "plan: retail\neffective: 2026-01-01\nusage:\n  us: {countries: [US], per_minute: 0.0150}\nrecurring:\n  twoway_trunks: 29.99\n"
WHOLESALE = (
    "plan: wholesale\nextends: retail\neffective: 2026-02-01\nusage:\n  us: {countries: [US], per_minute: 0.0090}\n"
)
CUSTOMERS = "customers:\n  - {plan: retail}\n  - {plan: wholesale, customer: 'Carrier*'}\n"


def write(terminal: Terminal, **files: str) -> str:
    """A folder of plans, by names without their endings."""
    folder = terminal.folder / "plans"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return "plans"


def imported(terminal: Terminal, **files: str) -> None:
    outcome = terminal.run("plans", "import", write(terminal, **files))
    assert outcome.code == 0, outcome.err


def house(terminal: Terminal) -> House:
    environ = {PREFIX + name: value for name, value in terminal.settings.items()}
    return House(load_settings(environ, working_folder=terminal.folder))


def label_of(book: PlanBook, name: str, day: date = date(2026, 10, 20)) -> str | None:
    found = resolve(book, Account(id=AccountId(name), name=name), day, date(day.year, day.month, day.day + 1))
    return found[0].label if found else None


# Check.


def test_check_tells_every_mistake_of_every_file_one_a_line(terminal: Terminal) -> None:
    folder = write(
        terminal,
        a="plan: a\nusage:\n  us: {countries: [US], per_minut: 1}\n  uk: {countries: [GB], per_minute: 0.1234567}\n",
        b="plan: b\n\tname: x\n",
    )
    outcome = terminal.run("plans", "check", folder)
    assert outcome.code == 2
    assert outcome.out.splitlines() == [
        "plans/a.yaml:3: usage.us.per_minut: there is no key `per_minut` here; did you mean `per_minute`?",
        "plans/a.yaml:4: usage.uk.per_minute: '0.1234567' has too many decimals, at most six count; write 0.123457",
        "plans/b.yaml:2: the line is indented with a tab, which YAML does not allow; use spaces",
    ]
    assert outcome.err == "3 mistakes. Nothing is priced by plans with any.\n"


def test_what_is_sound_in_a_broken_plan_is_checked_all_the_same(terminal: Terminal) -> None:
    folder = write(
        terminal,
        a="plan: a\nnme: A\nusage:\n  us: {countries: [US], per_minut: 1}\n  uk: {countries: [GB], deck: gold}\n"
        "  gb: {countries: [GB], free: true}\nrecurring:\n  twoway_trunk: 29.99\n  did_us: {price: 1,50}\n",
        b="plan: b\nextends: a\nrecurring:\n  user: 3\n",
        customers="customers:\n  - {plan: a, set: {usage.us.per_minute: 1}}\n  - {plan: c, customer: X}\n",
    )
    outcome = terminal.run("plans", "check", folder)
    assert outcome.code == 2
    assert sorted(line.split("; ")[0] for line in outcome.out.splitlines()) == [
        "plans/a.yaml:2: nme: there is no key `nme` here",
        "plans/a.yaml:4: usage.us.per_minut: there is no key `per_minut` here",
        "plans/a.yaml:5: usage.uk.deck: there is no deck `gold`",
        "plans/a.yaml:6: usage.gb.countries[0]: the country GB is `uk`'s already, for inbound calls",
        "plans/a.yaml:8: recurring.twoway_trunk: `twoway_trunk` is nothing that KAZOO counts",
        "plans/a.yaml:9: recurring.did_us.50: within braces a comma begins a new key",
        "plans/customers.yaml:3: customers[1].plan: there is no plan `c`",
    ]
    assert "such as 1.50\n" in outcome.out


@pytest.mark.parametrize(
    "broken",
    [
        "plan: a\nusage:\n  us: {countries: [US], per_minut: 1}\n",  # The only price is not read.
        "plan: a\ncurrency: Usd\nusage:\n  us: {countries: [US], free: true}\n",
        "plan: a\nusage: [1]\nminimum_spend: 5\n",
        "plan: A!\nminimum_spend: 5\n",
        "plan: a\n\tx: 1\n",
        "plan: a\nminimum_spend: 5\nminimum_spend: 6\n",
        "plan: a\nusage:\n  us: {countries: [US], per_minute: &x 1}\n",
    ],
)
def test_one_mistake_is_never_told_as_two(terminal: Terminal, broken: str) -> None:
    own = "{plan: a, customer: X, set: {usage.us.per_minute: 1}}"
    folder = write(
        terminal,
        a=broken,
        b="plan: b\nextends: a\nminimum_spend: 5\n",
        customers=f"customers:\n  - {{plan: b}}\n  - {own}\n",
    )
    outcome = terminal.run("plans", "check", folder)
    assert outcome.err == "1 mistake. Nothing is priced by plans with any.\n", outcome.out


def test_what_a_rule_bills_by_without_saying_so_is_shown(terminal: Terminal) -> None:
    rules = "  us: {countries: [US], per_minute: 1}\n  uk: {countries: [GB], per_minute: 1, minimum: 6, increment: 6}\n"
    more = "  ca: {countries: [CA], per_minute: 1}\n  fr: {countries: [FR], per_minute: 1, increment: 1}\n"
    imported(terminal, retail=f"plan: retail\nusage:\n{rules}{more}  de: {{countries: [DE], free: true}}\n")
    shown = terminal.run("plans", "show", "retail")
    assert shown.out.endswith(
        "# By default, in seconds: minimum 60, increment 60, in us, ca\n# By default, in seconds: minimum 60, in fr\n"
    )
    (terminal.folder / "again.yaml").write_text(shown.out)
    assert terminal.run("plans", "check", "again.yaml").code == 0
    document = terminal.run("plans", "show", "retail", "--json").document
    assert document["defaults"] == {
        **{rule: {"minimum": 60, "increment": 60} for rule in ("us", "ca")},
        "fr": {"minimum": 60},
    }


RELATED = [
    ({"a": "plan: a\nusage:\n  us: {countries: [US], free: true}\n  mine:\n    free: true\n    countries:\n      - CA\n      - US\n"}, "a.yaml:8: usage.mine.countries[1]: the country US is `us`'s already"),
    ({"a": "plan: a\nextends: b\n", "b": "plan: b\nextends: a\n"}, "a.yaml:2: extends: plans extend each other in a circle: a → b → a"),
    ({"a": "plan: a\nextends: c\n", "b": "plan: b\nminimum_spend: 5\n"}, "a.yaml:2: extends: there is no plan `c`"),
    ({"a": "plan: a\ncurrency: EUR\nminimum_spend: 5\n"}, "a.yaml:2: currency: the plan is in EUR, the reseller in USD"),
    ({"a": "plan: a\n# nothing\n"}, "a.yaml:1: the plan has no price"),
    ({"a": "plan: a\nusage:\n  us:\n    deck: gold\n"}, "a.yaml:4: usage.us.deck: there is no deck `gold`; none is stored"),
    ({"a": "plan: a\nminimum_spend: 5\n", "b": "plan: a\nminimum_spend: 6\n"}, "b.yaml:1: plan: a is there twice"),
    ({"a": "plan: a\nusage:\n  us: {countries: [US], free: true}\n", "b": "plan: b\nextends: a\nusage:\n  mine: {countries: [US], free: true}\n"}, "b.yaml:4: usage.mine.countries[0]: the country US is `us`'s already"),
    ({"a": "plan: a\nminimum_spend: 5\n", "customers": "customers:\n  - plan: a\n    set:\n      minimum_spent: 5\n"}, "customers.yaml:4: customers[0].set.minimum_spent: there is no `minimum_spent` in a plan; did you mean `minimum_spend`?"),
    ({"a": "plan: a\nminimum_spend: 5\n", "customers": "customers:\n  - {plan: a}\n  - {plan: A}\n"}, "customers.yaml:3: customers[1].plan: 'A' is not possible"),
    ({"a": "plan: a\nminimum_spend: 5\n", "customers": "customers:\n  - {plan: a}\n  - {plan: a}\n"}, "customers.yaml:3: customers[1]: '*' has a plan from the beginning already"),
    ({"a": "plan: a\nminimum_spend: 5\n", "customers": "customers:\n  - {plan: b}\n"}, "customers.yaml:2: customers[0].plan: there is no plan `b`"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "finding"), RELATED)
def test_what_several_places_make_together_is_told_where_it_stands(
    terminal: Terminal, files: dict[str, str], finding: str
) -> None:
    outcome = terminal.run("plans", "check", write(terminal, **files))
    assert outcome.code == 2
    assert f"plans/{finding}" in outcome.out
    # And nothing is priced by it.
    with pytest.raises(InvalidPlan) as caught:
        plan_book(house(terminal), terminal.folder / "plans")
    assert finding in caught.value.sentence
    assert caught.value.is_wrong_usage


def test_check_speaks_json(terminal: Terminal) -> None:
    outcome = terminal.run("plans", "check", write(terminal, a="plan: a\nusage: {us: {fre: true}}\n"), "--json")
    assert outcome.code == 2
    assert outcome.document == {
        "ok": False,
        "plans": [],
        "findings": [
            {
                "file": "plans/a.yaml",
                "line": 2,
                "place": "usage.us.fre",
                "message": "there is no key `fre` here; did you mean `free`?",
            }
        ],
        "notes": [],
    }


def test_a_good_plan_is_told_so(terminal: Terminal) -> None:
    outcome = terminal.run("plans", "check", write(terminal, a=RETAIL, b=WHOLESALE, customers=CUSTOMERS))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "No mistake in 2 plans: retail@2026-01-01, wholesale@2026-02-01, 2 lines of customers.\n"


def test_what_is_not_there_is_told(terminal: Terminal) -> None:
    (terminal.folder / "empty").mkdir()
    outcome = terminal.run("plans", "check", "none.yaml", "empty")
    assert outcome.code == 2
    assert outcome.out.splitlines() == [
        "empty: the folder holds no *.yaml; put plans there, or name another",
        "none.yaml: does not exist",
    ]


def test_a_file_may_extend_a_stored_plan(terminal: Terminal) -> None:
    folder = write(terminal, wholesale=WHOLESALE)
    assert "there is no plan `retail`" in terminal.run("plans", "check", folder).out
    imported(terminal, retail=RETAIL)
    assert terminal.run("plans", "check", "plans/wholesale.yaml").code == 0


def test_a_deck_of_the_store_is_known_with_its_currency(terminal: Terminal) -> None:
    (terminal.folder / "rates.csv").write_text("prefix,rate_cost,rate_increment,rate_minimum\n44,0.01,60,60\n")
    assert terminal.run("decks", "import", "rates.csv", "--name", "gold", "--currency", "EUR").code == 0
    folder = write(terminal, a="plan: a\nusage:\n  us: {deck: gold}\n  uk: {deck: golf, countries: [GB]}\n")
    lines = terminal.run("plans", "check", folder).out.splitlines()
    assert lines == [
        "plans/a.yaml:3: usage.us.deck: the deck `gold` is in EUR, the plan in USD; use one in USD",
        "plans/a.yaml:4: usage.uk.deck: there is no deck `golf`; did you mean `gold`?",
    ]


def test_the_examples_pass_the_check(terminal: Terminal) -> None:
    outcome = terminal.run("plans", "check", DOCS / "examples" / "plans")
    assert outcome.code == 0, outcome.out
    book = plan_book(house(terminal), DOCS / "examples" / "plans")
    assert label_of(book, "Blue Cafe") == "retail@2026-10-16+Blue Cafe"
    assert label_of(book, "Carrier One") == "wholesale@2026-01-01"
    assert label_of(book, "Alice") == "retail@2026-01-01"


def test_the_plan_in_the_documentation_passes_the_check_but_for_its_deck(terminal: Terminal) -> None:
    blocks = (DOCS / "price-plans.md").read_text("utf-8").split("```yaml\n")
    folder = write(terminal, retail=blocks[1].split("```")[0])
    (finding,) = terminal.run("plans", "check", folder).out.splitlines()
    assert finding.endswith("usage.world.deck: there is no deck `gold`; none is stored, `decks import` brings one")


def test_the_published_schema_is_that_of_the_types(terminal: Terminal) -> None:
    printed = terminal.run("plans", "schema").out
    assert (DOCS / "price-plan.schema.json").read_text("utf-8") == printed
    price = json.loads(printed)["$defs"]["MinuteStep"]["properties"]["per_minute"]
    assert {each["type"] for each in price["anyOf"]} == {"number", "string"}


# Keep.


def test_a_folder_is_imported_whole_and_exported_to_the_letter(terminal: Terminal) -> None:
    comment = RETAIL + "# Agreed on 3 March\r\n"
    imported(
        terminal,
        retail=comment,
        wholesale=WHOLESALE,
        customers=CUSTOMERS
        + "  - {plan: retail, customer: Blue Cafe, effective: 2026-10-16, set: {recurring.twoway_trunks: 27.50, usage.us.direction: outbound}}\n",
    )
    assert terminal.run("plans", "export", "out").out == "3 files written to out\n"
    out = terminal.folder / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "customers.yaml",
        "retail@2026-01-01.yaml",
        "wholesale@2026-02-01.yaml",
    ]
    assert (out / "retail@2026-01-01.yaml").read_bytes() == comment.encode()
    again = terminal.run("plans", "import", "out", "--json")
    assert {each["outcome"] for each in again.document["kept"]} == {"unchanged"}
    before = terminal.run("plans", "list", "--json").document
    terminal.settings["HOME"] = str(terminal.folder / "other-home")
    assert terminal.run("plans", "import", "out").code == 0
    after = terminal.run("plans", "list", "--json").document
    assert after["customers"] == before["customers"]
    assert [each["text_sha256"] for each in after["versions"]] == [each["text_sha256"] for each in before["versions"]]


def test_a_folder_with_one_mistake_is_not_imported_at_all(terminal: Terminal) -> None:
    outcome = terminal.run("plans", "import", write(terminal, a=RETAIL, b="plan: b\nusage: {us: {fre: true}}\n"))
    assert outcome.code == 2
    assert "plans/b.yaml:2: usage.us.fre: there is no key `fre` here" in outcome.complaint
    assert terminal.run("plans", "list", "--json").document == {"versions": [], "customers": []}


def test_another_text_for_a_stored_version_needs_to_be_asked_for(terminal: Terminal) -> None:
    imported(terminal, retail=RETAIL)
    folder = write(terminal, retail=RETAIL.replace("0.0150", "0.0160"), new=WHOLESALE)
    outcome = terminal.run("plans", "import", folder)
    assert outcome.code == 2
    assert "retail@2026-01-01, which is stored" in outcome.complaint
    assert "--replace" in outcome.complaint
    assert [each["plan"] for each in terminal.run("plans", "list", "--json").document["versions"]] == ["retail"]
    outcome = terminal.run("plans", "import", folder, "--replace")
    assert outcome.out == "wholesale@2026-02-01: new\nretail@2026-01-01: replaced\n"


def test_an_import_that_breaks_a_stored_plan_is_refused(terminal: Terminal) -> None:
    imported(terminal, retail=RETAIL, wholesale=WHOLESALE)
    clash = "plan: retail\neffective: 2026-05-01\nusage:\n  other: {countries: [US], free: true}\n"
    write(terminal, may=clash)
    outcome = terminal.run("plans", "import", "plans/may.yaml")
    assert outcome.code == 2
    assert "the country US is `other`'s already" in outcome.complaint


def test_an_old_mistake_does_not_stand_in_the_way_of_mending(terminal: Terminal) -> None:
    (terminal.folder / "rates.csv").write_text("prefix,rate_cost,rate_increment,rate_minimum\n44,0.01,60,60\n")
    terminal.run("decks", "import", "rates.csv", "--name", "gold")
    imported(terminal, a="plan: a\nusage: {us: {deck: gold}}\n", b="plan: b\nusage: {us: {deck: gold}}\n")
    terminal.run("decks", "remove", "gold")
    write(terminal, a="plan: a\nusage: {us: {free: true}}\n")
    assert terminal.run("plans", "import", "plans/a.yaml", "--replace").code == 0
    with pytest.raises(InvalidPlan, match=r"stored b:2: usage\.us\.deck: there is no deck `gold`"):
        plan_book(house(terminal), None)


# Give.


def test_assign_gives_a_plan_with_figures_of_ones_own(terminal: Terminal) -> None:
    imported(terminal, retail=RETAIL)
    assert terminal.run("plans", "assign", "retail").out == "Everyone has retail.\n"
    told = terminal.run(
        "plans", "assign", "retail", "--customer", "Blue Cafe", "--effective", "2026-10-16",
        "--set", "recurring.twoway_trunks.price=27.50", "--set", "minimum_spend=10",
    )  # fmt: skip
    assert told.out == (
        "Blue Cafe has retail from 2026-10-16, recurring.twoway_trunks.price 27.50, minimum_spend 10.\n"
    )
    book = plan_book(house(terminal), None)
    assert label_of(book, "Blue Cafe") == "retail@2026-10-16+Blue Cafe"
    assert label_of(book, "Blue Cafe", date(2026, 10, 15)) == "retail@2026-01-01"
    again = terminal.run("plans", "assign", "retail", "--customer", "Blue Cafe", "--effective", "2026-10-16")
    assert "(instead of retail, " in again.out
    assert terminal.run("plans", "list").out.splitlines()[1:] == [
        "Everyone: retail",
        "Blue Cafe: retail from 2026-10-16",
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["retial"], "There is no plan `retial`; did you mean `retail`?"),
        (["retail", "--set", "minimum_spend"], "--set takes PATH=VALUE"),
        (["retail", "--set", "=5"], "--set takes PATH=VALUE"),
        (["retail", "--set", "minimum_spend=5", "--set", "minimum_spend=6"], "--set names minimum_spend twice"),
        (["retail", "--set", "minimum_spent=5"], "--set: minimum_spent: there is no `minimum_spent` in a plan; did you mean"),
        (["retail", "--set", "usage.us.per_minute=0.0000001"], "--set: usage.us.per_minute: '0.0000001' has too many decimals"),
        (["retail", "--set", "usage.us.free=true"], "usage.us: per_minute and free are several prices"),
        (["retail", "--effective", "tomorrow"], "'tomorrow' is no date"),
        (["retail", "--customer", "x" * 201], "--customer takes an id, a name or a pattern"),
    ],
)  # fmt: skip
def test_what_cannot_be_assigned_is_refused_and_nothing_kept(
    terminal: Terminal, arguments: list[str], sentence: str
) -> None:
    imported(terminal, retail=RETAIL)
    outcome = terminal.run("plans", "assign", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.complaint
    assert terminal.run("plans", "list", "--json").document["customers"] == []


def test_stored_plans_price_nothing_until_they_are_given(terminal: Terminal) -> None:
    assert plan_book(house(terminal), None) == PlanBook()
    outcome = terminal.run("plans", "import", write(terminal, retail=RETAIL))
    assert "No customer has a plan yet" in outcome.err
    assert label_of(plan_book(house(terminal), None), "Alice") is None
    terminal.run("plans", "assign", "retail")
    assert label_of(plan_book(house(terminal), None), "Alice") == "retail@2026-01-01"
    assert plan_book(house(terminal), "none") == PlanBook()


def test_a_file_or_folder_with_one_plan_is_everyones(terminal: Terminal) -> None:
    folder = write(terminal, retail=RETAIL, later=RETAIL.replace("2026-01-01", "2026-10-10"))
    for path in (folder, f"{folder}/later.yaml"):
        book = plan_book(house(terminal), terminal.folder / path)
        assert label_of(book, "Alice") == "retail@2026-10-10"


def test_of_several_plans_somebody_must_say_who_gets_which(terminal: Terminal) -> None:
    write(terminal, retail=RETAIL, wholesale=WHOLESALE)
    with pytest.raises(InvalidPlan, match="who gets which of retail, wholesale"):
        plan_book(house(terminal), terminal.folder / "plans")


# Show, compare, take away.


def test_show_tells_a_plan_as_it_counts_on_a_day(terminal: Terminal) -> None:
    imported(
        terminal,
        retail=RETAIL,
        later=RETAIL.replace("2026-01-01", "2026-10-16").replace("29.99", "31"),
        customers=CUSTOMERS.replace(
            "  - {plan: wholesale, customer: 'Carrier*'}\n",
            "  - {plan: retail, customer: Blue Cafe, set: {recurring.twoway_trunks: 27.50}}\n",
        ),
    )
    shown = terminal.run("plans", "show", "retail", "--at", "2026-10-15").out
    assert shown.startswith("# retail@2026-01-01, digest ")
    assert "  twoway_trunks: {price: 29.99}\n" in shown
    assert "price: 31" in terminal.run("plans", "show", "retail", "--at", "2026-10-16").out
    own = terminal.run("plans", "show", "retail", "--at", "2026-10-15", "--customer", "Blue Cafe", "--json").document
    assert own["label"] == "retail@2026-01-01+Blue Cafe"
    assert own["plan"]["recurring"]["twoway_trunks"] == {"price": "27.50"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["retial"], "There is no plan `retial`; did you mean `retail`?"),
        (["retail", "--at", "2025-12-31"], "`retail` begins on 2026-01-01"),
        (["retail", "--customer", "Carrier One", "--at", "2026-10-01"], "'Carrier One' has `wholesale`, not `retail` on 2026-10-01"),
        (["retail", "--at", "yesterday"], "'yesterday' is no date"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_told(terminal: Terminal, arguments: list[str], sentence: str) -> None:
    imported(terminal, retail=RETAIL, wholesale=WHOLESALE, customers=CUSTOMERS)
    outcome = terminal.run("plans", "show", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.complaint


def test_without_any_stored_plan_people_are_told_how_to_bring_one(terminal: Terminal) -> None:
    for command in ("show", "assign", "remove"):  # What is not there needs no --yes.
        outcome = terminal.run("plans", command, "retail")
        assert outcome.code == 2
        assert "none is stored. Bring one with" in outcome.complaint
    assert "Bring one with" in terminal.run("plans", "list").err
    assert terminal.run("plans", "export", "out").out == "0 files written to out\n"
    # And no database was made to say so.
    assert not (terminal.folder / "home" / "reseller-reporting.sqlite3").exists()


def test_diff_tells_which_figures_changed_from_what_to_what(terminal: Terminal) -> None:
    changed = RETAIL.replace("0.0150", "0.0175").replace("twoway_trunks: 29.99", "users: {price: 5}")
    imported(terminal, retail=RETAIL, later=RETAIL.replace("2026-01-01", "2026-10-16").replace("29.99", "31"))
    write(terminal, new=changed)
    expected = [
        "usage.us.per_minute: 0.015 -> 0.0175",
        "recurring.twoway_trunks.price: gone, was 29.99",
        "recurring.users.price: new, 5",
    ]
    assert terminal.run("plans", "diff", "retail@2026-01-01", "plans/new.yaml").out.splitlines() == expected
    assert terminal.run("plans", "diff", "plans/retail.yaml", "plans/new.yaml").out.splitlines() == expected
    versions = terminal.run("plans", "diff", "retail@2026-01-01", "retail@2026-10-16", "--json").document
    assert versions["changes"] == [
        {"place": "effective", "from": "2026-01-01", "to": "2026-10-16"},
        {"place": "recurring.twoway_trunks.price", "from": "29.99", "to": "31"},
    ]
    same = terminal.run("plans", "diff", "plans/retail.yaml", "retail@2026-01-01")
    assert (same.out, same.err) == ("", "0 figures differ.\n")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("retail@2026-03-01", "There is no version retail@2026-03-01; there are retail@2026-01-01."),
        ("retail@march", "'retail@march' is no version; write it as retail@2026-01-31."),
        ("other", "There is no plan `other`; there is retail."),
    ],
)
def test_what_cannot_be_compared_or_removed_is_told(terminal: Terminal, name: str, sentence: str) -> None:
    imported(terminal, retail=RETAIL)
    for arguments in (["diff", name, "retail"], ["remove", name]):
        outcome = terminal.run("plans", *arguments)
        assert outcome.code == 2
        assert outcome.complaint == sentence


def test_remove_takes_a_version_a_plan_or_a_customers_line(terminal: Terminal) -> None:
    later = RETAIL.replace("2026-01-01", "2026-10-16")
    imported(terminal, retail=RETAIL, later=later, wholesale=WHOLESALE, customers=CUSTOMERS)
    unasked = terminal.run("plans", "remove", "retail")
    assert unasked.code == 2
    sentence = "This removes retail@2026-01-01, retail@2026-10-16, and with it 1 line of customers. Say --yes if that is meant."
    assert unasked.complaint == sentence
    held = terminal.run("plans", "remove", "retail", "--yes")
    assert held.code == 2
    assert "stored wholesale@2026-02-01:2: extends: there is no plan `retail`" in held.complaint
    assert terminal.run("plans", "remove", "retail@2026-10-16", "--yes").out == "retail@2026-10-16 is gone.\n"
    gone = terminal.run("plans", "remove", "wholesale", "--yes").out
    assert gone == "wholesale@2026-02-01 is gone.\nCarrier* no longer has wholesale.\n"
    assert terminal.run("plans", "remove", "retail", "--customer", "*").out == "Everyone no longer has retail.\n"
    left = terminal.run("plans", "list", "--json").document
    assert ([each["label"] for each in left["versions"]], left["customers"]) == (["retail@2026-01-01"], [])
    assert terminal.run("plans", "remove", "retail", "--customer", "Bob").code == 2
    assert terminal.run("plans", "remove", "retail", "--effective", "2026-01-01").code == 2


@pytest.mark.parametrize(("answer", "is_gone"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_person_is_asked_before_a_plan_is_removed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, answer: str, is_gone: bool
) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    imported(terminal, retail=RETAIL, customers=CUSTOMERS.splitlines()[0] + "\n  - {plan: retail}\n")
    monkeypatch.setattr(sys, "stdin", Screen(answer))
    monkeypatch.setattr(io, "StringIO", Screen)  # What the terminal of tests writes to.
    outcome = terminal.run("plans", "remove", "retail")
    assert outcome.code == 0
    assert "Remove retail@2026-01-01, and with it 1 line of customers? [y/N]:" in outcome.err
    assert ("retail@2026-01-01 is gone." in outcome.out) is is_gone
    assert bool(terminal.run("plans", "list", "--json").document["versions"]) is not is_gone


def test_a_database_that_cannot_be_had_is_told_once(terminal: Terminal) -> None:
    terminal.settings["DATABASE_URL"] = "postgresql://u:s3cret@127.0.0.1:1/plans"
    outcome = terminal.run("plans", "list")
    assert outcome.code == 1
    assert outcome.complaint.startswith("The control database postgresql://127.0.0.1:1/plans cannot be used: ")
    assert "s3cret" not in outcome.err


JSON: list[tuple[list[str], Callable[[dict[str, Any]], bool]]] = [
    (["import", "plans"], lambda told: told["kept"][0] == {"label": "retail@2026-01-01", "outcome": "unchanged"}),
    (["export", "out"], lambda told: told["files"] == ["out/retail@2026-01-01.yaml"]),
    (["assign", "retail", "--set", "minimum_spend=5"], lambda told: told["assigned"]["set"] == {"minimum_spend": "5"}),
    (["show", "retail", "--at", "2026-10-01"], lambda told: told["plan"]["plan"] == "retail"),
    (["remove", "retail", "--yes"], lambda told: told["versions"] == ["retail@2026-01-01"]),
]


@pytest.mark.parametrize(("arguments", "holds"), JSON)
def test_outcomes_as_json(terminal: Terminal, arguments: list[str], holds: Callable[[dict[str, Any]], bool]) -> None:
    imported(terminal, retail=RETAIL)
    outcome = terminal.run("plans", *arguments, "--json")
    assert outcome.code == 0, outcome.err
    assert holds(outcome.document), outcome.out
