"""What rooms below say to people is said in every language: the code is read for sentences, each must have a shape."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

import reseller_reporting
from reseller_reporting.model.errors import InvalidPlan
from reseller_reporting.model.plan import Plan
from reseller_reporting.model.plan_findings import PlanFinding
from reseller_reporting.rating.plan_check import Surroundings, check_plan
from reseller_reporting.words.language import Words
from reseller_reporting.words.message import LANGUAGES
from reseller_reporting.words.sentences import ON_PAGES, SENTENCES

SOURCE = Path(reseller_reporting.__file__).parent
TRANSLATED = [language for language in LANGUAGES if language != "en"]

# Where a sentence that a page shows can be made.
MODULES = (
    "app/carry_over.py",
    "app/connections.py",
    "app/groups.py",
    "app/ingest.py",
    "app/job_progress.py",
    "app/jobs.py",
    "app/mailing.py",
    "app/orders.py",
    "app/people.py",
    "app/pricing.py",
    "app/pull.py",
    "app/recipients.py",
    "app/report.py",
    "app/resellers.py",
    "app/run_changes.py",
    "app/second_factor.py",
    "app/selection.py",
    "app/unit.py",
    "control/jobs.py",
    "control/sealing.py",
    "delivery/folder.py",
    "delivery/mail.py",
    "delivery/smtp.py",
    "model/period.py",
    "model/reach.py",
    "rating/bundles.py",
    "rating/plan_columns.py",
    "rating/pricing.py",
    "rating/statement_charges.py",
    "sources/kazoo/accounts.py",
    "sources/kazoo/cdrs.py",
    "sources/kazoo/client.py",
    "sources/kazoo/credentials.py",
    "sources/kazoo/paging.py",
    "sources/kazoo/probe.py",
    "sources/kazoo/snapshots.py",
    "store/lake.py",
    "worker/loop.py",
)
# Sentences of these modules that no page shows: of the command line, of settings as the program starts, of a log.
NOT_ON_PAGES = (
    "--accounts names no account",
    "The list of accounts ",
    "The SMTP URL ",
    "The password for ",
    "The store cannot lie in ",
    "The secret key in ",
    "accounts below ",
    "runs removed",
    "is no version; write it",
    "cannot be priced again",
    "The workbooks and statements are for customers",
    "Nobody knows whether it arrived",  # Always the end of a longer one, below.
)
# What holes may hold, together and by themselves; one of them fits, whatever the hole is.
SAMPLES = ("7", "https://kazoo.example.com/v2", "2026-10", "0.50", "(Two words)", "did not answer in time. Check", "x.")
CHOSEN_WORDS = ("7", "customers", "customer", "services", "kazoo.example.com", "10.0.0.1", "ahead of", "", "0.50")


def sentences(module: str) -> Iterator[list[str | None]]:
    """The text of each literal that reads as a sentence, in parts; None where a value goes in."""
    tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
    skipped = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    skipped -= {id(node) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))  # A docstring.
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "say":
            skipped |= {id(part) for part in ast.walk(node)}  # Said in a language already.
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        parts = _parts(node)
        stated = "".join(part or "" for part in parts)
        if " " in stated and stated[-1:] == "." and (stated[0].isupper() or parts[0] is None or stated[0] in "'-"):
            yield parts


def _parts(node: ast.AST) -> list[str | None]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [str(each.value) if isinstance(each, ast.Constant) else None for each in node.values]
    return []


def shown(parts: list[str | None]) -> str:
    return "".join("…" if part is None else part for part in parts)


FOUND = [
    pytest.param(parts, id=f"{module}: {shown(parts)[:60]}")
    for module in MODULES
    for parts in sentences(module)
    if not any(known in shown(parts) for known in NOT_ON_PAGES)
]


def test_the_code_has_many_sentences() -> None:
    assert len(FOUND) > 100


@pytest.mark.parametrize("parts", FOUND)
def test_a_sentence_of_the_code_is_said_in_every_language(parts: list[str | None]) -> None:
    fitting = next((text for text in filled(parts) if Words("de").phrase(text) != text), None)
    assert fitting is not None, f"words/sentences.py lacks it: {shown(parts)}"
    for language in TRANSLATED:
        assert Words(language).phrase(fitting) != fitting


def filled(parts: list[str | None]) -> Iterator[str]:
    for sample in SAMPLES:
        yield "".join(sample if part is None else part for part in parts)
    for chosen in product(CHOSEN_WORDS, repeat=min(parts.count(None), 4)):
        values = iter(chosen)
        yield "".join(next(values, "7") if part is None else part for part in parts)


def test_pages_name_no_option_of_the_command_line() -> None:
    spoken = [each for each in SENTENCES if each not in ON_PAGES]
    assert not [each for each in spoken if re.search(r"(^|[ @`])--[a-z]|@FILE", each)]
    assert not [each for each in ON_PAGES.values() if "RESELLER_REPORTING_" in each or "reseller-reporting " in each]


@pytest.mark.parametrize(
    ("english", "german"),
    [
        (
            "KAZOO at https://k.example/v2 cannot be used: it answers 429 (asked for /accounts/a). Try again later.",
            (
                "KAZOO unter https://k.example/v2 ist nicht nutzbar: es antwortet 429 (gefragt nach /accounts/a). "
                "Versuchen Sie es später erneut."
            ),
        ),
        (
            (
                "The ledger could not be read: KAZOO at https://k.example/v2 does not permit /accounts/a/ledgers with "
                "these credentials (forbidden)."
            ),
            (
                "Das Buchungsjournal konnte nicht gelesen werden: KAZOO unter https://k.example/v2 erlaubt "
                "/accounts/a/ledgers mit diesen Zugangsdaten nicht (forbidden)."
            ),
        ),
        (
            (
                "The mail server m.example:25 hung up. Check host and port in the SMTP URL; port 465 wants smtps://. "
                "The reports are safe in /srv/run."
            ),
            (
                "Der Mailserver m.example:25 hat aufgelegt. Prüfen Sie Host und Port in der SMTP-URL; Port 465 will "
                "smtps://. Die Berichte liegen sicher in /srv/run."
            ),
        ),
        (
            "Cancelled. Nobody knows whether it arrived: ask the recipients, then send it again.",
            "Abgebrochen. Niemand weiß, ob es ankam: Fragen Sie die Empfänger und senden Sie dann erneut.",
        ),
        ("kazoo.example.com is 2001:db8::1.", "kazoo.example.com hat die Adresse 2001:db8::1."),
        (
            "No prices: The plan names the deck 'retail', which is not stored.",
            "Keine Preise: Der Plan nennt die Tariftabelle „retail“, die nicht gespeichert ist.",
        ),
        ("It is KAZOO's own sentence: eacces is closed.", "It is KAZOO's own sentence: eacces is closed."),
    ],
)
def test_a_sentence_within_another_is_said_too(english: str, german: str) -> None:
    assert Words("de").phrase(english) == german
    assert Words("en").phrase(english) == english


def of_plans(currency: str, decks: dict[str, str]) -> str:
    """What is told of a plan in dollars by the deck `retail`, with a figure of a customer's own, among these."""
    plan = Plan.model_validate({"plan": "p", "currency": "USD", "usage": {"all": {"deck": "retail"}}})
    found = check_plan(plan, Surroundings(currency=currency, decks=decks))
    own = PlanFinding(("customers", 0, "set"), found[0].text).standing_at(
        "stored plan of 'Café: 1' from 2026-02-01", None
    )
    return InvalidPlan([each.standing_at("stored p@2026-01-01", 7) for each in found] + [own]).sentence


@pytest.mark.parametrize(
    ("told", "german"),
    [
        (of_plans("USD", {}), "es gibt keine Tariftabelle `retail`; gespeichert ist keine, `decks import` bringt eine"),
        (of_plans("USD", {"retial": ""}), "es gibt keine Tariftabelle `retail`; meinten Sie `retial`?"),
        (of_plans("USD", {"other": ""}), "es gibt keine Tariftabelle `retail`; es gibt other"),
        (
            of_plans("USD", {f"x{n}": "" for n in range(22)}),
            f"es gibt keine Tariftabelle `retail`; es gibt {', '.join(f'x{n}' for n in range(20))} und 2 weitere",
        ),
        (
            of_plans("USD", {"retail": "EUR"}),
            "die Tariftabelle `retail` ist in EUR, der Plan in USD; nehmen Sie eine in USD",
        ),
        (of_plans("EUR", {"retail": "USD"}), "geben Sie die Preise also in EUR an"),
    ],
)
def test_what_came_to_be_wrong_with_stored_plans_is_said(told: str, german: str) -> None:
    said = Words("de").phrase(told)
    assert german in said
    assert "gespeichert: p@2026-01-01:7: " in said
    assert "gespeicherter Plan von „Café: 1“ ab 01.02.2026: customers[0].set: " in said
    for language in TRANSLATED:
        other = Words(language).phrase(told)
        assert not [words for words in (" there ", "stored", "the plan") if words in other], other
    assert Words("en").phrase(told).replace("1 Feb 2026", "2026-02-01") == told


def test_what_a_file_of_plans_holds_is_kept() -> None:
    text = "There is a mistake in the price plans: plans/a.yaml:3: usage.x: '1,5' is no number; write 1.5"
    assert Words("de").phrase(text).endswith(text.partition(": ")[2])


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("unknown direction: 'x', 7 calls covered", "unbekannte Richtung: 'x', 7 calls covered"),
        ("timestamp is not a time: 'on 2026-10-01'", "timestamp ist keine Zeit: 'on 2026-10-01'"),
    ],
)
def test_what_others_wrote_is_kept_whatever_it_looks_like(english: str, german: str) -> None:
    assert Words("de").phrase(english) == german


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(
    "text",
    [
        "on 2026-02-30",
        "on 0000-01-01",
        "x × 1 of a month, 2026-99-99 to 2026-99-99",
        "on ٢٠٢٦-١٠-٠١",
        "٣ calls, 1 minute billed",
        "٣ files",
        "(" * 1_000 + ")" * 1_000,
        "at least 1, " * 160 + "minutes",
        "y" * 2_500 + ", 1 call covered",
    ],
)
def test_no_text_stops_a_run(text: str, language: str) -> None:
    """A malformed record is quoted in what is said of it: whatever it holds is shown."""
    assert Words(language).phrase(text)
    if len(text) > 2_000 or (not text.isascii() and "×" not in text):
        assert Words(language).phrase(text) == text


def test_a_day_that_no_calendar_has_is_kept() -> None:
    said = Words("de").phrase("x × 1 of a month, 2026-99-99 to 2026-10-01")
    assert "2026-99-99" in said
    assert "01.10.2026" in said
