"""What a clerk does in the browser again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG_MILLISECONDS = 120_000  # For a job on a busy machine.


def wait_for_customers(page: Page, served: Any) -> None:
    """The worker reads them by itself after the start. Ends at the first page."""
    for _ in range(240):
        page.goto(served.url)
        if page.get_by_label("Only some of them").count():
            return
        page.wait_for_timeout(250)
    raise AssertionError("the customers were never read")


def make_report(page: Page) -> None:
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_role("link", name="Download all")).to_be_visible(timeout=LONG_MILLISECONDS)
