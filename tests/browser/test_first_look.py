"""The frame of every page: the menu, light and dark, a phone, another language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_the_frame_works_by_hand_and_by_keyboard(opened: Page) -> None:
    expect(opened.get_by_role("heading", name="New report")).to_be_visible()
    opened.keyboard.press("Tab")
    expect(opened.get_by_role("link", name="Skip to the content")).to_be_focused()
    opened.get_by_label("Your account").click()
    expect(opened.get_by_role("button", name="Log out")).to_be_visible()
    opened.keyboard.press("Escape")
    expect(opened.get_by_role("button", name="Log out")).to_be_hidden()


def test_light_and_dark_are_remembered(opened: Page) -> None:
    root = opened.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    opened.get_by_label("Light or dark").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    opened.reload()
    expect(root).to_have_attribute("data-bs-theme", "dark")


def test_the_icon_of_light_and_dark_stands_in_the_middle_of_its_button(opened: Page) -> None:
    button = opened.get_by_label("Light or dark")
    for _ in range(2):
        around, within = button.bounding_box(), button.locator("svg:visible").bounding_box()
        assert around is not None
        assert within is not None
        for start, size in (("x", "width"), ("y", "height")):
            assert abs(around[start] + around[size] / 2 - within[start] - within[size] / 2) < 1  # type: ignore[literal-required]
        button.click()


def test_a_phone_needs_no_scrolling_sideways(opened: Page) -> None:
    opened.set_viewport_size({"width": 320, "height": 700})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    opened.get_by_label("Menu").click()
    expect(opened.get_by_role("link", name="New report", exact=True)).to_be_visible()


def test_another_language_and_out(opened: Page) -> None:
    opened.get_by_label("Language", exact=True).select_option("de")
    opened.get_by_role("button", name="Choose").click()
    expect(opened.get_by_role("heading", name="Neuer Bericht")).to_be_visible()
    opened.get_by_label("Ihr Konto").click()
    opened.get_by_role("button", name="Abmelden").click()
    expect(opened.get_by_role("heading", name="Anmelden")).to_be_visible()
