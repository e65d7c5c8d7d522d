"""The demo, served, in Debian's Chromium: what a person sees who opens it for a first look."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.conftest import Terminal


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed here (apt-get install chromium)")
    # A container lets no browser make a sandbox of its own.
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": ["--no-sandbox", "--disable-dev-shm-usage"],
    }


@pytest.fixture(scope="module")
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
