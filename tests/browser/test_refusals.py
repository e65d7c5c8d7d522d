"""What a page refuses leaves everything as it was typed, and a browser that goes on from there comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from office import wait_for_customers
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Installation

PHONE_WIDTH = 390

pytestmark = pytest.mark.slow


def test_a_refused_order_keeps_its_ticks_and_the_way_back_from_what_follows(opened: Page, served: Installation) -> None:
    wait_for_customers(opened, served)
    opened.get_by_label("Only some of them").check()
    boxes = opened.locator("#account-list [data-account]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    opened.get_by_label("Other days").check()
    opened.get_by_label("First day").fill("2026-10-05")
    opened.get_by_label("Last day").fill("2026-10-01")
    opened.get_by_role("button", name="Make the report").click()
    expect(opened.get_by_role("alert")).to_have_text("Choose the first and the last day, the first not after the last.")
    # The list is there without a word in its search.
    expect(boxes.nth(1)).to_be_checked()
    expect(opened.locator("#chosen-count")).to_contain_text("2 of ")
    opened.get_by_label("Last day").fill("2026-10-05")
    opened.get_by_role("button", name="Make the report").click()
    opened.wait_for_url("**/reports/**")
    opened.go_back()
    expect(boxes.nth(1)).to_be_checked()
    expect(opened.get_by_label("Last day")).to_have_value("2026-10-05")
    expect(opened.get_by_role("alert")).to_have_count(0)


def test_a_group_of_a_long_name_is_replaced_when_asked_and_deleted_on_a_phone(
    opened: Page, served: Installation
) -> None:
    opened.set_viewport_size({"width": PHONE_WIDTH, "height": 800})
    wait_for_customers(opened, served)
    opened.get_by_label("Only some of them").check()
    opened.locator("#account-list [data-account]").first.check()
    name = "W" * 100
    for typed in (name, name.lower()):
        opened.get_by_text("Save this choice as a group").click()
        opened.get_by_label("Name of the group").fill(typed)
        opened.get_by_role("button", name="Save", exact=True).click()
        if typed != name:
            expect(opened.get_by_text("already. Replace what it holds by the 1 chosen customer?")).to_be_visible()
            opened.get_by_role("button", name="Replace it").click()
        expect(opened.get_by_role("status").filter(has_text=f"The group “{typed}” is saved.")).to_be_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") == PHONE_WIDTH
    opened.once("dialog", lambda dialog: dialog.accept())
    opened.get_by_role("button", name=f"Delete the group {name.lower()}").click()
    expect(opened.get_by_role("button", name=f"Delete the group {name.lower()}")).to_have_count(0)
