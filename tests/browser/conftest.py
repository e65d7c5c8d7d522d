"""The demo, served, in Debian's Chromium: what a person sees who opens it for a first look."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from serving import serving

if TYPE_CHECKING:
    from tests.conftest import Terminal


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module, not of the session as pytest-playwright has it: while it is open, an event loop runs in this thread,
    and no other test could have one."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed here (apt-get install chromium)")
    with sync_playwright() as playwright:
        # A container lets no browser make a sandbox of its own.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        with playwright.chromium.launch(executable_path=chromium, args=arguments) as opened:
            yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """In a window of its own, without cookies."""
    with browser.new_context(color_scheme="light", locale="en") as context:
        yield context.new_page()


@pytest.fixture(scope="session")
def demo(new_terminal: Callable[[], Terminal]) -> Iterator[dict[str, str]]:
    """Its address and log-in: `url`, `username`, `password`."""
    with serving(new_terminal(), "demo", "--serve", "--accounts", "6", "--calls", "200") as (_, said):
        yield said


@pytest.fixture
def opened(demo: dict[str, str], page: Page) -> Iterator[Page]:
    """Logged in, at the first page. A script that fails, or that the policy refuses, fails the test."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(demo["url"])
    page.get_by_label("Mail address or user name").fill(demo["username"])
    page.get_by_label("Password").fill(demo["password"])
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    yield page
    assert complaints == []
