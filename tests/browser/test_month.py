"""The clerk's month, from the log-in to an opened workbook; and every page by an audit of accessibility."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

LONG_MILLISECONDS = 120_000  # For a job on a busy machine.


def wait_for_customers(page: Page) -> None:
    """The worker reads them by itself after the start."""
    for _ in range(240):
        if page.get_by_label("Only some of them").count():
            return
        page.wait_for_timeout(250)
        page.reload()
    raise AssertionError("the customers were never read")


def make_report(page: Page) -> None:
    page.get_by_role("button", name="Make the report").click()
    expect(page.get_by_role("link", name="Download all")).to_be_visible(timeout=LONG_MILLISECONDS)


def assert_accessible(page: Page, where: str) -> None:
    """In light and in dark, by the rules of WCAG A and AA and the best practices; and no sideways scroll on a phone."""
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
        page.wait_for_timeout(300)  # Colours fade into each other.
        found: Any = Axe().run(page)
        faults = [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found.response["violations"]]
        assert faults == [], (where, theme)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, where
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_month_in_one_click(opened: Page, tmp_path: Path) -> None:
    wait_for_customers(opened)
    make_report(opened)
    expect(opened.locator("#chart canvas").first).to_be_visible()
    with opened.expect_download() as begun:
        opened.get_by_role("link", name="Workbook of").first.click()
    workbook = tmp_path / begun.value.suggested_filename
    begun.value.save_as(workbook)
    sheets = openpyxl.load_workbook(workbook, read_only=True).sheetnames
    assert "Calls" in " ".join(sheets)
    opened.get_by_role("link", name="Reports", exact=True).click()
    opened.get_by_label("Search by period").fill("nothing of the kind")
    expect(opened.get_by_text("Nothing is found")).to_be_visible()
    opened.get_by_label("Search by period").fill("")
    opened.get_by_role("list").get_by_role("link", name="20").first.click()
    opened.get_by_role("button", name="Delete this report").click()
    opened.get_by_role("button", name="Undo").click()
    expect(opened.get_by_text("The report is back.")).to_be_visible()


def test_customers_are_chosen_by_keyboard_and_kept_as_a_group(opened: Page) -> None:
    wait_for_customers(opened)
    opened.get_by_label("Only some of them").focus()
    opened.keyboard.press("Space")
    boxes = opened.locator("#account-list [data-account]")
    expect(boxes.first).to_be_visible()
    boxes.first.focus()
    opened.keyboard.press("Space")
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Space")
    count = opened.locator("#chosen-count")
    expect(count).to_contain_text("2 of ")
    # What a search does not show stays chosen.
    opened.get_by_label("Search by name").fill("no such customer")
    expect(opened.get_by_text("Nothing is found")).to_be_visible()
    expect(count).to_contain_text("2 of ")
    opened.get_by_label("Search by name").fill("")
    expect(boxes.first).to_be_checked()
    opened.get_by_text("Save this choice as a group").click()
    opened.get_by_label("Name of the group").fill("Gold")
    opened.get_by_role("button", name="Save", exact=True).click()
    opened.get_by_role("button", name="Choose none").click()
    expect(count).to_contain_text("0 of ")
    opened.get_by_role("button", name="Gold (2)").click()
    expect(count).to_contain_text("2 of ")
    make_report(opened)
    expect(opened.get_by_role("link", name="Workbook of")).to_have_count(2)


@pytest.mark.parametrize("path", ["/", "/reports/", "/connection/", "/users/", "/audit/", "/password/"])
def test_every_page_passes_the_audit(opened: Page, path: str) -> None:
    wait_for_customers(opened)
    if path != "/":
        opened.goto(opened.url.rstrip("/") + path)
    else:
        opened.get_by_label("Only some of them").check()
        expect(opened.locator("[data-account]").first).to_be_visible()
        opened.get_by_text("Prices, edition and more").click()
    assert_accessible(opened, path)


def test_a_report_passes_the_audit(opened: Page) -> None:
    wait_for_customers(opened)
    make_report(opened)
    assert_accessible(opened, "run")
