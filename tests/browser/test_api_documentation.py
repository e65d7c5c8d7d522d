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
