"""Logging in as a person does it: the pages before the log-in, and the second step with a code of the app's."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Installation

pytestmark = pytest.mark.slow


def check_accessible(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.locator("html").evaluate("(root, scheme) => root.setAttribute('data-bs-theme', scheme)", scheme)
        page.wait_for_timeout(250)  # Colours fade.
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", ["/login/", "/login/kazoo/", "/password/forgot/"])
def test_what_is_seen_before_the_log_in(served: Installation, page: Page, path: str) -> None:
    page.goto(served.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    check_accessible(page)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_second_step_from_the_picture_to_the_end(opened: Page, served: Installation) -> None:
    opened.get_by_label("Your account").click()
    opened.get_by_role("link", name="Two-step log-in").click()
    expect(opened.get_by_alt_text("The key as a QR code")).to_be_visible()
    check_accessible(opened)
    app = pyotp.TOTP((opened.locator("#new-secret").text_content() or "").replace(" ", ""))
    step = int(time.time()) // 30
    opened.get_by_label("Code").fill(app.generate_otp(step))
    opened.get_by_role("button", name="Switch on").click()
    expect(opened.locator("#recovery-codes li")).to_have_count(10)
    check_accessible(opened)
    recovery = opened.locator("#recovery-codes li").first.text_content() or ""
    try:
        opened.get_by_label("Your account").click()
        opened.get_by_role("button", name="Log out").click()
        opened.get_by_label("Mail address or user name").fill(served.username)
        opened.get_by_label("Password").fill(served.password)
        opened.get_by_role("button", name="Log in").click()
        check_accessible(opened)
        opened.get_by_label("Code").fill(recovery)
        opened.get_by_role("button", name="Log in").click()
        expect(opened.get_by_role("heading", name="New report")).to_be_visible()
    finally:
        # The other tests' visitor has none.
        opened.goto(served.url + "/second-step/")
        check_accessible(opened)
        opened.get_by_label("Your password").fill(served.password)
        opened.get_by_role("button", name="Switch off").click()
    expect(opened.get_by_text("The second step is switched off.")).to_be_visible()
