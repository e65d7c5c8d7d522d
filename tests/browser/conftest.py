"""The application, served, in Debian's Chromium: what a clerk sees who opens it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mailboxes import Mailbox, taking_mail
from playwright.sync_api import Browser, Page, sync_playwright
from serving import serving

from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running
from reseller_reporting.simulate.world import ForcedAnswer, Span, StoredCdr

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


class Town(ScriptedWorld):
    """Acme with three customers, who called each day of last month and of this one; Ann is an administrator of its own.
    A test may hold it, or break a customer's calls."""

    def __init__(self) -> None:
        super().__init__()
        self.is_open = threading.Event()
        self.is_open.set()
        self.broken: set[str] = set()
        acme = self.reseller("Acme", account_id="a" * 32)
        ann = self.login(acme, username="ann", password="her password in KAZOO")
        self.logins[-1] = replace(ann, owner_id=self.user(acme, "Ann", "O'Hara", username="ann", level="admin"))
        rate = Rate(units=300, surcharge=100, increment=60, minimum=60, name="UK_LANDLINE")
        today = datetime.now(UTC)
        for number, name in enumerate(("Baker", "Cooper & <Sons>", "Fletcher")):
            customer = self.customer(name, parent=acme, account_id=f"{number + 1}" * 32)
            for month in ((today.replace(day=1) - timedelta(days=1)).replace(day=1), today.replace(day=1)):
                for day in range(min(28, today.day if month.month == today.month else 28)):
                    started_at = month.replace(day=day + 1, hour=0, minute=0, second=10 * number, microsecond=0)
                    self.call(customer, started_at=started_at, number="+442071234567", answered_seconds=90, rate=rate)

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        assert self.is_open.wait(60)
        return super().cdrs(account_id, month, span)

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
        if account_id in self.broken and "/cdrs" in path:
            return ForcedAnswer(404, "bad_identifier", {"message": "bad identifier"})
        return super().forced_answer(account_id, path)


@dataclass(frozen=True)
class Installation:
    """`serve` before the town's KAZOO, with a mail server: one for all tests of browsers but those of the month."""

    url: str
    username: str
    password: str
    town: Town
    mailbox: Mailbox
    home: Path


@pytest.fixture(scope="session")
def served(new_terminal: Callable[[], Terminal]) -> Iterator[Installation]:
    with installed(new_terminal()) as installation:
        yield installation


@pytest.fixture(scope="module")
def newly_served(new_terminal: Callable[[], Terminal]) -> Iterator[Installation]:
    """One that knows no month yet: what others have read before is not read again."""
    with installed(new_terminal()) as installation:
        yield installation


@contextmanager
def installed(terminal: Terminal) -> Iterator[Installation]:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed here (apt-get install chromium)")
    town, mailbox = Town(), Mailbox()
    username, password = "clerk@example.com", "a password of some length"
    with running(town) as kazoo, taking_mail(mailbox) as smtp_url:
        terminal.connect(kazoo).settings |= {
            "SMTP_URL": smtp_url,
            "MAIL_FROM": "reports@example.com",
            "KAZOO_PRIVATE_NETWORKS": "allowed",
            "ADMIN_EMAIL": username,
            "ADMIN_PASSWORD": password,
        }
        with serving(terminal, "serve") as (_, said):
            home = Path(terminal.settings["HOME"])
            yield Installation(said["url"].rstrip("/"), username, password, town, mailbox, home)


def log_in(served: Installation, page: Page) -> None:
    page.goto(served.url)
    page.get_by_label("Mail address or user name").fill(served.username)
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


@pytest.fixture
def opened(served: Installation, page: Page) -> Iterator[Page]:
    """Logged in, at the first page. A script that fails, or that the policy refuses, fails the test."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    log_in(served, page)
    yield page
    # Tests ask for what is not there, and for what fails.
    assert [each for each in complaints if "Failed to load resource" not in each] == []
