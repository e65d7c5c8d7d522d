"""The matrix: for every trap of KAZOO's API a run that meets it, held against the run of a calm day."""

from collections.abc import Callable
from typing import Any

import pytest

from reseller_reporting.sources.kazoo.client import RetryPolicy
from reseller_reporting.sources.kazoo.source import KazooSource

ALICE, BOB, CAROL = "1" * 32, "2" * 32, "3" * 32

# Faults after which nothing is missing, and nothing says that it were.
HARMLESS = {
    "a token that dies in the middle of a long pull": "token_requests=25",
    "a token that dies within fewer requests than run side by side": "token_requests=3",
    "plain 429 without Retry-After": "too_many_requests=0.3",
    "buckets that run empty": "bucket=36",
    "500": "error_500=0.4",
    "502": "error_502=0.4",
    "503 in every spelling": "error_503=0.4",
    "a view that is missing once": "missing_view=0.4",
    "a connection reset in the middle of a body": "reset=0.4",
    "JSON that stops half-way": "truncated=0.4",
    "slow answers": "slow=0.3,slow_seconds=0.02",
    "chunked envelopes with figures as text": "chunked",
    "streams that stop with a key": "chunked,cut_stream=0.5",
    "streams that stop before the next month without a key": "chunked,cut_stream_keyless=1",
    "streams that would stop if they were asked for": "cut_stream=1,cut_stream_keyless=1",
    "pages shorter than asked for": "short_pages=0.5",
    "every page shorter than asked for": "short_pages=1",
    "keys of old installations": "raw_keys",
    "keys of old installations in streams": "raw_keys,chunked",
    "a token that is refused before its time and after it": "token_seconds=1,token_requests=25",
    "a clock that goes ten minutes ahead": "clock_ahead_seconds=600",
    "a shorter longest range": "range_seconds=259200",
    "no answers of many rows": "rows_max=5",
    "empty columns left out": "no_empty",
    "keys that nobody knows": "unknown_keys",
    "the noise of doubles": "float_noise",
    "busy": "busy,slow_seconds=0.01",
    "flaky": "flaky",
    "throttled": "throttled",
    "restarting": "restarting",
    "all": "all,slow_seconds=0.01",
}


@pytest.mark.parametrize("faults", HARMLESS.values(), ids=HARMLESS)
def test_figures_are_those_of_a_calm_day(faults: str, run_june: Callable[..., Any], calm_june: Any) -> None:
    june = run_june(faults)
    assert june.outcome.code == 0, june.outcome.err
    assert june.left.manifest == calm_june.left.manifest
    assert june.files == calm_june.files


REPEATED = ("too_many_requests", "error_500", "error_502", "error_503", "missing_view", "reset", "truncated")


@pytest.mark.parametrize("fault", REPEATED)
def test_what_failed_in_passing_was_asked_again(fault: str, run_june: Callable[..., Any], calm_june: Any) -> None:
    assert len(run_june(f"{fault}=0.4").kazoo.requests) > len(calm_june.kazoo.requests) * 1.2


def test_an_answer_that_does_not_come_is_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, run_june: Callable[..., Any], calm_june: Any
) -> None:
    impatient = RetryPolicy(answer_seconds_max=0.15)
    defaults = KazooSource.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "retry", impatient)
    june = run_june("slow=0.08,slow_seconds=0.4")
    assert june.files == calm_june.files
    assert len(june.kazoo.requests) > len(calm_june.kazoo.requests)


@pytest.mark.parametrize(
    "faults", ["range_seconds=43200", "rows_max=1"], ids=["half a day at a time", "a row at a time"]
)
def test_a_month_end_that_cannot_be_read_whole_is_said(faults: str, run_june: Callable[..., Any]) -> None:
    june = run_june(faults)
    assert june.outcome.code == 0
    for account_id in (ALICE, BOB, CAROL):
        assert june.left.row(account_id)["Complete"] == "no"
        assert "month's end may be missing" in june.warnings(account_id)["month_end_not_read"]


def test_half_a_day_at_a_time_loses_no_call_that_lasted_less(run_june: Callable[..., Any], calm_june: Any) -> None:
    june = run_june("range_seconds=43200")
    for account_id in (ALICE, BOB, CAROL):
        assert figures(june, account_id) == figures(calm_june, account_id)


def test_a_view_that_is_missing_to_the_end_makes_a_report_that_is_not_complete(run_june: Callable[..., Any]) -> None:
    june = run_june("missing_view_always=1")
    assert june.outcome.code == 0
    for account_id in (ALICE, BOB, CAROL):
        assert june.left.row(account_id)["Complete"] == "no"
        assert june.left.row(account_id)["SIP Devices"] == "3"
        assert "datastore_missing_view" in june.warnings(account_id)


@pytest.mark.parametrize("requests", [0, 1, 3, 5, 7])
def test_an_account_that_vanishes_fails_alone(requests: int, run_june: Callable[..., Any], calm_june: Any) -> None:
    """Seed 2 takes Bob: before or after his document, amid his snapshot, amid his calls."""
    june = run_june(f"vanish=0.4,vanish_after={requests},seed=2")
    assert june.outcome.code == 1
    bob = june.left.account(BOB)
    assert (bob["status"], bob["file"]) == ("failed", None)
    row = june.left.row(BOB)
    assert (row["Calls"], row["Complete"]) == ("", "no")
    assert f"knows no /accounts/{BOB}" in row["Warnings"]
    for account_id in (ALICE, CAROL):
        assert june.left.row(account_id) == calm_june.left.row(account_id)
        name = june.left.account(account_id)["file"]
        assert june.files[name] == calm_june.files[name]


def test_a_paging_key_that_repeats_ends_the_listing_and_says_so(run_june: Callable[..., Any], calm_june: Any) -> None:
    """Alice has many pages of calls; the others have one page, but the reseller's ledger has many."""
    june = run_june("repeated_key=1")
    assert june.outcome.code == 1
    assert "same page" in june.left.row(ALICE)["Warnings"]
    assert june.left.account(ALICE)["status"] == "failed"
    for account_id in (BOB, CAROL):
        assert figures(june, account_id) == figures(calm_june, account_id)
        assert june.left.row(account_id)["Complete"] == "no"
        assert "same page" in june.warnings(account_id)["reseller_ledger_unread"]


def test_an_old_kazoo_gives_the_same_calls_and_quantities_but_no_invoices(
    run_june: Callable[..., Any], calm_june: Any
) -> None:
    june = run_june("old")
    assert june.outcome.code == 0
    for account_id in (ALICE, BOB, CAROL):
        assert figures(june, account_id) == figures(calm_june, account_id)
        assert june.left.row(account_id)["SIP Devices"] == "3"
        assert june.left.row(account_id)["User Admins"] == "1"
        # Whoever shows no invoice does not say that nothing is to be paid.
        assert calm_june.left.row(BOB)["Customer Recurring Cost"] == "20.9700"
        assert june.left.row(account_id)["Customer Recurring Cost"] == ""
        assert june.left.row(account_id)["Reseller Recurring Cost"] == ""
        assert june.left.row(account_id)["Complete"] == calm_june.left.row(account_id)["Complete"]
        assert "shows no invoices" in june.warnings(account_id)["no_invoices"]


def figures(june: Any, account_id: str) -> dict[str, Any]:
    """All that the manifest counts and sums of an account."""
    entry = june.left.account(account_id)
    return {key: value for key, value in entry.items() if key not in ("file", "sha256", "warnings")}
