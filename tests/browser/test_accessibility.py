"""Every page by an audit of accessibility, in light and in dark, and no wider than a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from office import LONG_MILLISECONDS, make_report, wait_for_customers
from playwright.sync_api import expect
from serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page
    from tests.browser.conftest import Installation
    from tests.conftest import Terminal

pytestmark = pytest.mark.slow


WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def assert_accessible(page: Page, where: str, *, rules: list[str] | None = None, narrow: int = 320) -> None:
    """By the rules of WCAG A and AA and, unless some are named, the best practices."""
    options: Any = {"runOnly": {"type": "tag", "values": rules}} if rules else None
    for theme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.setAttribute('data-bs-theme', theme)", theme)
        page.wait_for_timeout(300)  # Colours fade into each other.
        found: Any = Axe().run(page, options=options)
        faults = [
            (fault["id"], [(node["html"][:200], node["any"][0]["message"]) for node in fault["nodes"]])
            for fault in found.response["violations"]
        ]
        assert faults == [], (where, theme, faults)
    page.set_viewport_size({"width": narrow, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= narrow, where
    page.set_viewport_size({"width": 1280, "height": 800})


@pytest.mark.parametrize("path", ["/", "/reports/", "/connection/", "/users/", "/audit/", "/password/"])
def test_pages_of_the_menu(opened: Page, served: Installation, path: str) -> None:
    wait_for_customers(opened, served)
    if path != "/":
        opened.goto(served.url + path)
    else:
        opened.get_by_label("Only some of them").check()
        expect(opened.locator("[data-account]").first).to_be_visible()
        opened.get_by_text("Prices, edition and more").click()
    assert_accessible(opened, path)


def test_a_report_from_its_beginning_to_its_end(opened: Page, served: Installation) -> None:
    wait_for_customers(opened, served)
    served.town.is_open.clear()
    try:
        opened.get_by_text("Prices, edition and more").click()
        opened.get_by_label("Ask KAZOO for everything again").check()
        opened.get_by_role("button", name="Make the report").click()
        expect(opened.get_by_role("heading", name="Reading calls")).to_be_visible(timeout=LONG_MILLISECONDS)
        assert_accessible(opened, "progress")
    finally:
        served.town.is_open.set()
    expect(opened.get_by_role("link", name="Download all")).to_be_visible(timeout=LONG_MILLISECONDS)
    assert_accessible(opened, "run")
    first = opened.url
    opened.goto(served.url)
    opened.get_by_label("This month").check()
    make_report(opened)
    second = opened.url
    ids = [url.rstrip("/").rpartition("/")[2] for url in (first, second)]
    opened.goto(f"{served.url}/reports/compare?run={ids[0]}&run={ids[1]}")
    expect(opened.get_by_role("heading", name="What changed")).to_be_visible()
    assert_accessible(opened, "compare")
    opened.goto(second)
    opened.get_by_role("button", name="Delete this report").click()
    assert_accessible(opened, "undo")
    opened.get_by_role("link", name="Deleted").click()
    expect(opened.get_by_role("button", name="Bring back").first).to_be_visible()
    assert_accessible(opened, "deleted")


def test_an_order_that_is_refused_and_a_group_that_is_there_already(opened: Page, served: Installation) -> None:
    wait_for_customers(opened, served)
    opened.get_by_label("Only some of them").check()
    opened.get_by_label("Other days").check()
    opened.get_by_role("button", name="Make the report").click()
    expect(opened.get_by_role("alert").first).to_be_visible()
    assert_accessible(opened, "refused order")
    opened.goto(served.url)
    opened.get_by_label("Only some of them").check()
    opened.locator("#account-list [data-account]").first.check()
    for _ in range(2):
        opened.get_by_text("Save this choice as a group").click()
        opened.get_by_label("Name of the group").fill("Late ones")
        opened.get_by_role("button", name="Save", exact=True).click()
        expect(opened.get_by_role("button", name="Late ones (1)")).to_be_visible()
    expect(opened.get_by_role("button", name="Replace it")).to_be_visible()
    assert_accessible(opened, "group that is there")


def test_a_report_that_is_cancelled_and_one_whose_customers_fail(opened: Page, served: Installation) -> None:
    wait_for_customers(opened, served)
    opened.on("dialog", lambda dialog: dialog.accept())
    served.town.is_open.clear()
    try:
        order_anew(opened)
        expect(opened.get_by_role("heading", name="Reading calls")).to_be_visible(timeout=LONG_MILLISECONDS)
        held = opened.url
        opened.goto(served.url)
        opened.get_by_role("button", name="Make the report").click()
        expect(opened.get_by_text("It waits for another report")).to_be_visible(timeout=LONG_MILLISECONDS)
        assert_accessible(opened, "waiting")
        opened.get_by_role("button", name="Cancel").click()
        expect(opened.get_by_role("heading", name="Cancelled")).to_be_visible()
        assert_accessible(opened, "cancelled")
        opened.goto(held)
        opened.get_by_role("button", name="Cancel").click()
        expect(opened.get_by_text("Being cancelled")).to_be_visible()
        assert_accessible(opened, "being cancelled")
    finally:
        served.town.is_open.set()
    opened.goto(served.url)
    served.town.broken = {"1" * 32}
    try:
        order_anew(opened)
        expect(opened.get_by_role("button", name="Try the failed ones again")).to_be_visible(timeout=LONG_MILLISECONDS)
    finally:
        served.town.broken = set()
    assert_accessible(opened, "customers who failed")
    opened.get_by_label("Send it to").fill("stranger@example.com")
    opened.get_by_role("button", name="Send", exact=True).click()
    expect(opened.get_by_role("button", name="Send it all the same")).to_be_visible()
    assert_accessible(opened, "question before the mail")


def order_anew(page: Page) -> None:
    page.get_by_text("Prices, edition and more").click()
    page.get_by_label("Ask KAZOO for everything again").check()
    page.get_by_role("button", name="Make the report").click()


def test_people_of_kazoo_among_users_and_in_the_audit_trail(
    opened: Page, served: Installation, browser: Browser
) -> None:
    wait_for_customers(opened, served)
    with browser.new_context(color_scheme="light", locale="en") as context:
        page = context.new_page()
        page.goto(f"{served.url}/login/kazoo/")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".invalid-feedback").first).to_be_visible()
        assert_accessible(page, "refused log-in by KAZOO")
        page.get_by_label("Account").fill("Acme")
        page.get_by_label("User name").fill("ann")
        page.get_by_label("Password").fill(served.town.logins[-1].password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{served.url}/")
        page.get_by_label("Your account").click()
        assert_accessible(page, "menu of someone of KAZOO")
    opened.goto(f"{served.url}/users/")
    person = opened.get_by_role("listitem").filter(has_text="Ann O'Hara")
    expect(person).to_be_visible()
    assert_accessible(opened, "users of KAZOO")
    person.get_by_role("link").click()
    assert_accessible(opened, "one user of KAZOO")
    opened.goto(f"{served.url}/audit/")
    expect(opened.get_by_role("cell", name="ann Acme").first).to_be_visible()
    assert_accessible(opened, "audit of KAZOO")


def test_where_nothing_is_yet(new_terminal: Callable[[], Terminal], page: Page) -> None:
    terminal, email, password = new_terminal(), "clerk@example.com", "a password of some length"
    terminal.settings |= {"ADMIN_EMAIL": email, "ADMIN_PASSWORD": password}
    with serving(terminal, "serve") as (_, said):
        url = said["url"].rstrip("/")
        page.goto(f"{url}/password/forgot/")
        assert_accessible(page, "no mail for passwords")
        page.goto(url)
        page.get_by_label("Mail address or user name").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("Connect to your KAZOO first")).to_be_visible()
        assert_accessible(page, "not connected")
        for path in ("/reports/", "/reports/?deleted=1", "/connection/"):
            page.goto(url + path)
            assert_accessible(page, f"nothing yet: {path}")


def test_a_user_and_what_is_not_theirs(opened: Page, served: Installation, browser: Browser) -> None:
    opened.goto(f"{served.url}/users/")
    opened.get_by_label("Mail address").fill("nobody")
    opened.get_by_role("button", name="Add").click()
    expect(opened.locator(".invalid-feedback").first).to_be_visible()
    assert_accessible(opened, "refused user")
    opened.get_by_label("Mail address").fill("viewer@example.com")
    opened.get_by_label("Role").select_option("reseller_viewer")
    opened.get_by_role("button", name="Add").click()
    password = opened.locator("#made-password").inner_text()
    assert_accessible(opened, "made password")
    opened.goto(f"{served.url}/users/")
    opened.get_by_role("link", name="viewer@example.com").click()
    assert_accessible(opened, "one user")
    with browser.new_context(color_scheme="light", locale="en") as context:
        page = context.new_page()
        page.goto(served.url)
        page.get_by_label("Mail address or user name").fill("viewer@example.com")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_label("Old password").fill(password)
        for label in ("New password", "New password once more"):
            page.get_by_label(label, exact=True).fill("short")
        page.locator("main button[type=submit]").click()
        expect(page.get_by_text("This password is too short. It needs at least 12 characters.")).to_be_visible()
        page.get_by_label("Old password").fill(password)
        for label in ("New password", "New password once more"):
            page.get_by_label(label, exact=True).fill("another one of some length")
        assert_accessible(page, "first password")
        page.locator("main button[type=submit]").click()
        page.goto(f"{served.url}/users/")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert_accessible(page, "403")


def test_what_is_not_there_and_what_fails(opened: Page, served: Installation) -> None:
    opened.goto(f"{served.url}/nowhere")
    assert_accessible(opened, "404")
    wait_for_customers(opened, served)
    make_report(opened)
    run_id = opened.url.rstrip("/").rpartition("/")[2]
    (served.home / "runs" / run_id / "manifest.json").write_text("no document any more")
    answer = opened.reload()
    assert answer is not None
    assert answer.status == 500
    assert_accessible(opened, "500")


def test_the_log_in_and_when_it_is_closed(page: Page, served: Installation) -> None:
    page.goto(served.url)
    assert_accessible(page, "log-in")
    for _ in range(6):
        page.get_by_label("Mail address or user name").fill("somebody@example.com")
        page.get_by_label("Password").fill("not the password")
        page.get_by_role("button", name="Log in").click()
        if not page.get_by_role("button", name="Log in").count():
            break
        assert_accessible(page, "refused") if _ == 0 else None
    assert_accessible(page, "locked out")


def test_the_documentation_of_the_api(opened: Page, served: Installation) -> None:
    opened.goto(f"{served.url}/api/v1/docs")
    expect(opened.locator(".opblock").first).to_be_visible()
    # The order of its headings and its landmarks are Swagger's.
    assert_accessible(opened, "docs", rules=WCAG)
    opened.locator(".opblock-summary-control").first.click()
    expect(opened.get_by_role("button", name="Try it out")).to_be_visible()
    assert_accessible(opened, "an operation of the docs", rules=WCAG)
