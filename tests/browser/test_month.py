"""The clerk's month, from the log-in to an opened workbook and whatever follows; by mouse and by keyboard."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import pytest
from office import LONG_MILLISECONDS, make_report, wait_for_customers
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Installation


@pytest.fixture(scope="module")
def served(newly_served: Installation) -> Installation:
    return newly_served


def test_the_clerks_month(opened: Page, served: Installation, tmp_path: Path) -> None:
    see_the_connection_work(opened)
    wait_for_customers(opened, served)
    follow_a_report_through_a_reload(opened, served)
    open_a_workbook(opened, tmp_path)
    send_it_again(opened, served)
    delete_and_undo(opened)
    compare_two(opened, served)


def see_the_connection_work(page: Page) -> None:
    page.get_by_role("link", name="Connection", exact=True).click()
    page.get_by_role("button", name="Test the connection").click()
    found = page.locator("#tried li")
    expect(found.first).to_be_visible(timeout=LONG_MILLISECONDS)
    expect(found.filter(has_text="Good:")).to_have_count(found.count())
    expect(page.locator("#tried")).to_contain_text("Acme")


def follow_a_report_through_a_reload(page: Page, served: Installation) -> None:
    """One button with all its defaults; KAZOO keeps silent until the page was loaded again."""
    served.town.is_open.clear()
    try:
        page.goto(served.url)
        page.get_by_role("button", name="Make the report").click()
        for _ in range(2):
            expect(page.get_by_role("heading", name="Reading calls")).to_be_visible(timeout=LONG_MILLISECONDS)
            expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
            expect(page.get_by_text("Cooper & <Sons>")).to_be_visible()
            page.reload()
        stays_folded_as_it_is_asked_for_anew(page)
    finally:
        served.town.is_open.set()
    expect(page.get_by_role("link", name="Download all")).to_be_visible(timeout=LONG_MILLISECONDS)
    expect(page.locator("#chart canvas").first).to_be_visible()


def stays_folded_as_it_is_asked_for_anew(page: Page) -> None:
    customers = page.locator("#each-customer")
    expect(customers).to_have_attribute("open", "")
    customers.locator("summary").click()
    for _ in range(2):
        with page.expect_response("**/progress?*"):
            pass
    expect(customers).not_to_have_attribute("open", "")


def open_a_workbook(page: Page, tmp_path: Path) -> None:
    with page.expect_download() as begun:
        page.get_by_role("link", name="Workbook of Cooper & <Sons>").click()
    workbook = tmp_path / begun.value.suggested_filename
    begun.value.save_as(workbook)
    book = openpyxl.load_workbook(workbook)
    # A call each day of the first four weeks, under its headings.
    assert book["Calls"].max_row == 1 + 28
    assert "Cooper & <Sons>" in {cell.value for row in book["Summary"].iter_rows() for cell in row}


def send_it_again(page: Page, served: Installation) -> None:
    served.mailbox.received.clear()
    page.get_by_label("Send it to").fill("books@example.com, boss@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    # Costs would leave for an address that nobody knows: it is asked about.
    expect(page.get_by_role("listitem").filter(has_text="books@example.com")).to_be_visible()
    page.get_by_role("button", name="Send it all the same").click()
    expect(page.get_by_text("It is on its way to books@example.com, boss@example.com.")).to_be_visible()
    sent = page.locator("li", has_text="books@example.com, boss@example.com").get_by_text("Sent", exact=True)
    for _ in range(60):
        if sent.count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(sent).to_be_visible()
    (message,) = served.mailbox.received
    assert message.rcpt_tos == ["books@example.com", "boss@example.com"]
    names = [part.get_filename() for part in message_from_bytes(message.content or b"").walk()]  # type: ignore[arg-type]
    assert any(name and name.endswith((".xlsx", ".zip")) for name in names)


def delete_and_undo(page: Page) -> None:
    page.get_by_role("button", name="Delete this report").click()
    expect(page.get_by_text("is deleted. Its files go after seven days.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("The report is back.")).to_be_visible()
    expect(page.get_by_role("link", name="Download all")).to_be_visible()


def compare_two(page: Page, served: Installation) -> None:
    page.goto(served.url)
    page.get_by_label("This month").check()
    make_report(page)
    page.get_by_role("link", name="Reports", exact=True).click()
    page.get_by_label("Search by period").fill("nothing of the kind")
    expect(page.get_by_text("Nothing is found")).to_be_visible()
    page.get_by_label("Search by period").fill("")
    boxes = page.get_by_role("checkbox", name="Compare")
    expect(boxes.nth(1)).to_be_visible()
    for number in range(2):
        boxes.nth(number).check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.get_by_role("heading", name="What changed")).to_be_visible()
    expect(page.get_by_role("row", name="Fletcher")).to_be_visible()


@pytest.mark.slow
def test_the_customers_who_failed_are_tried_again(opened: Page, served: Installation) -> None:
    wait_for_customers(opened, served)
    served.town.broken = {"1" * 32}
    try:
        opened.get_by_text("Prices, edition and more").click()
        opened.get_by_label("Ask KAZOO for everything again").check()
        opened.get_by_role("button", name="Make the report").click()
        again = opened.get_by_role("button", name="Try the failed ones again")
        expect(again).to_be_visible(timeout=LONG_MILLISECONDS)
        expect(opened.get_by_text("1 customer could not be read; the others are ready.")).to_be_visible()
        expect(opened.get_by_role("link", name="Workbook of")).to_have_count(2)
    finally:
        served.town.broken = set()
    again.click()
    expect(opened.get_by_role("link", name="Workbook of")).to_have_count(3, timeout=LONG_MILLISECONDS)
    expect(again).to_be_hidden()


@pytest.mark.slow
def test_customers_are_chosen_by_keyboard_and_kept_as_a_group(opened: Page, served: Installation) -> None:
    wait_for_customers(opened, served)
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
