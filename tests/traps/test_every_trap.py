"""Every trap that the description of KAZOO's API names, and the tests that meet it.

The description is not ours to copy; where it stands beside the checkout, its traps are held against this list.
"""

import re
from pathlib import Path

import pytest

API = Path(__file__).resolve().parents[3] / "shared" / "kazoo" / "api.md"
TESTS = Path(__file__).resolve().parents[1]

# What the description calls a trap, by words of its sentence; where it is met: a file, words of a test's name or id.
NAMED: dict[str, tuple[str, str]] = {
    "2nd request omits `created_from": ("traps/test_listings.py", "every_page_repeats_the_range"),
    "absent `next_start_key` is the *only* end": ("sources/test_kazoo_client.py", "an_empty_page_with_a_key_is_not"),
    "hits *after* the first chunk": ("traps/test_matrix.py", "streams that stop before the next month without a key"),
    "(month boundary)": ("sources/test_kazoo_completeness.py", "every_leg_around_a_months_end_is_read_once"),
    "(paging across two month databases)": ("traps/test_listings.py", "a_range_over_a_months_end_is_read_in_one_page"),
    "CSV carries no envelope": ("traps/test_listings.py", "tables_without_an_envelope"),
    "Unit trap": ("simulate/test_listing.py", "cost_is_in_units_and_rate_in_currency"),
}  # fmt: skip
# Those it describes without the word.
DESCRIBED: tuple[tuple[str, str], ...] = (
    ("traps/test_tokens.py", "both_forms_of_401"),
    ("traps/test_tokens.py", "one_log_in_serves_a_whole_run"),
    ("traps/test_tokens.py", "nobody_is_masqueraded_as"),
    ("traps/test_tokens.py", "calls_without_the_resellers_columns"),
    ("traps/test_tokens.py", "a_sub_resellers_customer_are_not_ours"),
    ("traps/test_matrix.py", "a token that dies in the middle of a long pull"),
    ("traps/test_matrix.py", "plain 429 without Retry-After"),
    ("traps/test_matrix.py", "buckets that run empty"),
    ("traps/test_matrix.py", "503 in every spelling"),
    ("traps/test_matrix.py", "a view that is missing once"),
    ("traps/test_matrix.py", "a_view_that_is_missing_to_the_end"),
    ("traps/test_matrix.py", "a connection reset in the middle of a body"),
    ("traps/test_matrix.py", "JSON that stops half-way"),
    ("traps/test_matrix.py", "an_answer_that_does_not_come"),
    ("traps/test_matrix.py", "chunked envelopes with figures as text"),
    ("traps/test_matrix.py", "streams that stop with a key"),
    ("traps/test_matrix.py", "a_paging_key_that_repeats"),
    ("traps/test_matrix.py", "keys of old installations"),
    ("traps/test_matrix.py", "pages shorter than asked for"),
    ("traps/test_matrix.py", "a shorter longest range"),
    ("traps/test_matrix.py", "no answers of many rows"),
    ("traps/test_matrix.py", "empty columns left out"),
    ("traps/test_matrix.py", "an_old_kazoo"),
    ("traps/test_matrix.py", "keys that nobody knows"),
    ("traps/test_matrix.py", "the noise of doubles"),
    ("traps/test_matrix.py", "an_account_that_vanishes"),
    ("traps/test_listings.py", "closed_ranges_and_ledgers_in_half_open"),
    ("traps/test_listings.py", "at_the_very_edge_of_a_range"),
    ("traps/test_listings.py", "no_range_is_longer_than_31_days_and_an_hour"),
    ("traps/test_listings.py", "a_difference_is_a_warning_with_both_figures"),
    ("sources/test_kazoo_holdings.py", "data_that_is_an_object_is_merged"),
    ("sources/test_kazoo_holdings.py", "allotments_that_are_not_configured"),
    ("sources/test_kazoo_legs.py", "a_leg_saved_a_day_late"),
    ("sources/test_kazoo_legs.py", "a_leg_filed_by_its_end"),
)


@pytest.mark.parametrize(("file", "words"), [*NAMED.values(), *DESCRIBED], ids=lambda text: text)
def test_each_trap_has_its_test(file: str, words: str) -> None:
    told = (TESTS / file).read_text("utf-8")
    assert re.search(rf'def test_\w*{re.escape(words)}|^    "{re.escape(words)}":', told, re.MULTILINE)


@pytest.mark.skipif(not API.exists(), reason="the description of KAZOO's API is not beside the checkout")
def test_each_trap_that_the_description_names_is_in_the_list() -> None:
    traps = re.findall(r"^\* \*\*(?:Trap|Unit trap).*$", API.read_text("utf-8"), re.MULTILINE)
    assert len(traps) == len(NAMED)
    for trap in traps:
        assert sum(words in trap for words in NAMED) == 1, trap
