"""The documentation of the API in a browser: served by ourselves alone, under the strict policy; makes a first key."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Installation

pytestmark = pytest.mark.slow


def test_a_first_key_is_made_in_the_documentation_and_nothing_is_asked_of_others(
    opened: Page, served: Installation
) -> None:
    asked: set[str] = set()
    opened.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    opened.goto(f"{served.url}/api/v1/docs#/keys")
    make = opened.locator(".opblock-post", has_text="Make a key")
    make.locator(".opblock-summary-control").click()
    make.get_by_role("button", name="Try it out").click()
    make.locator("textarea").fill('{"name": "books", "scopes": ["runs:read"]}')
    make.get_by_role("button", name="Execute").click()
    expect(make.locator(".live-responses-table")).to_contain_text("rrk_")
    assert asked - {""} == {urlsplit(served.url).netloc}


def test_it_is_dark_as_the_system_is_and_as_it_is_chosen(opened: Page, served: Installation) -> None:
    def background() -> str:
        return str(opened.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    opened.goto(f"{served.url}/api/v1/docs")
    light = background()
    opened.emulate_media(color_scheme="dark")
    expect(opened.locator("html")).to_have_class("dark-mode")
    dark = background()
    assert dark != light
    opened.get_by_label("Light or dark").click()
    expect(opened.locator("html")).not_to_have_class("dark-mode")
    assert background() == light
    opened.reload()  # It is remembered, here as on every page.
    assert background() == light
