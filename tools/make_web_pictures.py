"""Pictures of the web application's pages, for the documents, or of every page, to be looked at.

    ./dev python tools/make_web_pictures.py               # renews docs/images/web-*.png
    ./dev python tools/make_web_pictures.py --all FOLDER  # each page in light, dark, on a phone and in German

Needs Chromium. `serve` runs before the demo's simulated KAZOO with the plans of docs/examples, and is used as a clerk
does: two reports are made, compared, the connection tried, people added, the second step switched on. With `--all` it
is also used as nobody wants to: reports are cancelled, customers fail, passwords are wrong, and nothing is there yet.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, cast
from unittest.mock import patch
from urllib.parse import urlsplit

import pyotp
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from reseller_reporting.app import demo
from reseller_reporting.app.demo import Visitor, served_demo
from reseller_reporting.app.house import House
from reseller_reporting.config import as_environment, load_settings
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.world import ForcedAnswer, Span, StoredCdr

if TYPE_CHECKING:
    from asyncio.base_events import Server

ROOT = Path(__file__).parents[1]
PLANS = ROOT / "docs" / "examples" / "plans"
PROGRAM = (sys.executable, "-m", "reseller_reporting")
# Which pages the documents show: the size of the window, and whether it is dark.
SHOWN = {
    "audit": [("web-audit", 1100, 600, False)],
    "compare": [("web-compare", 1100, 760, False)],
    "connection-tried": [("web-connection", 1100, 860, False)],
    "progress": [("web-progress", 1100, 760, False)],
    "report": [("web-report", 1100, 1120, False), ("web-report-phone", 390, 844, False)],
    "runs": [("web-reports", 1100, 500, False)],
    "run": [("web-run", 1100, 1000, False), ("web-run-dark", 1100, 1000, True)],
    "users": [("web-users", 1100, 760, False)],
}
_PATIENCE_MS = 60_000
_WEB_URL = "http://reports.example.com"  # Where mails lead; it is none of this machine.


class MadeUpWorld(GeneratedWorld):
    """The demo's, whose calls may be held back, and whose accounts may be broken."""

    is_open: ClassVar[threading.Event] = threading.Event()
    broken: ClassVar[set[str]] = set()

    def cdrs(self, account_id: str, month: str, span: Span) -> Iterator[StoredCdr]:
        self.is_open.wait(120)
        return super().cdrs(account_id, month, span)

    def forced_answer(self, account_id: str, path: str) -> ForcedAnswer | None:
        if account_id in self.broken and "/cdrs" in path:
            return ForcedAnswer(404, "bad_identifier", {"message": "bad identifier"})
        return super().forced_answer(account_id, path)


MadeUpWorld.is_open.set()


@dataclass
class Mailbox:
    """A mail server that keeps what it is given."""

    received: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.received.append(envelope.content)
        return "250 OK"

    def text(self) -> str:
        """Of the last message."""
        part = next(part for part in message_from_bytes(self.received[-1]).walk() if not part.is_multipart())
        return str(part.get_payload(decode=True), "utf-8")  # type: ignore[arg-type]


class _FreePort(Controller):
    def _trigger_server(self) -> None:
        self.port = cast("Server", self.server).sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Installation:
    url: str
    visitor: Visitor
    home: Path
    mailbox: Mailbox


@dataclass
class Camera:
    """Takes what is asked for of each page that it is shown."""

    page: Page
    out: Path
    takes_all: bool
    german: BrowserContext

    def take(self, name: str, *, by_address: bool = True, again: bool = False) -> None:
        """`by_address`: the page comes again by its address alone, in another language, too. `again`: it answers what
        was sent, and does so once more in that language; the camera is left at that page."""
        if not self.takes_all:
            for file, width, height, is_dark in SHOWN.get(name, []):
                self._shot(self.page, file, width, height, is_dark=is_dark, is_whole=False)
            return
        self._shot(self.page, f"{name}-light", 1100, 760)
        self._shot(self.page, f"{name}-dark", 1100, 760, is_dark=True)
        self._shot(self.page, f"{name}-phone", 390, 844)
        if again:
            url = f"{urlsplit(self.page.url).scheme}://{urlsplit(self.page.url).netloc}"
            self.page.context.add_cookies([{"name": "django_language", "value": "de", "url": url}])
            self.page.reload()
            self._shot(self.page, f"{name}-german", 1100, 760)
            self.page.context.clear_cookies(name="django_language")
        elif by_address:
            self.german.clear_cookies()
            self.german.add_cookies(self.page.context.cookies())  # type: ignore[arg-type]  # As they were given.
            with self.german.new_page() as page:
                page.goto(self.page.url)
                page.wait_for_load_state("networkidle")
                self._shot(page, f"{name}-german", 1100, 760)

    def _shot(
        self, page: Page, file: str, width: int, height: int, *, is_dark: bool = False, is_whole: bool = True
    ) -> None:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.evaluate("(scheme) => document.documentElement.setAttribute('data-bs-theme', scheme)", _scheme(is_dark))
        page.wait_for_timeout(400)  # Colours fade, a chart is drawn anew.
        page.screenshot(path=self.out / f"{file}.png", full_page=is_whole)
        page.evaluate("(scheme) => document.documentElement.setAttribute('data-bs-theme', scheme)", _scheme(False))
        page.set_viewport_size({"width": 1100, "height": 760})
        print(file)


def _scheme(is_dark: bool) -> str:
    return "dark" if is_dark else "light"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    asked = parser.parse_args()
    out = asked.all or ROOT / "docs" / "images"
    out.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not installed here (apt-get install chromium).")
    with served() as installation, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        with browser:
            walk(browser, installation, out, takes_all=asked.all is not None)
            if asked.all:
                with mailing(Mailbox()) as smtp_url, served_empty(smtp_url) as (url, password):
                    walk_where_nothing_is(browser, url, password, out)


@contextmanager
def camera_in(browser: Browser, out: Path, *, takes_all: bool) -> Iterator[Camera]:
    """In a window of its own, without cookies."""
    with (
        browser.new_context(color_scheme="light", locale="en-GB") as context,
        browser.new_context(color_scheme="light", locale="de-DE") as german,
    ):
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        page.on("dialog", lambda dialog: dialog.accept())
        yield Camera(page, out, takes_all, german)


@contextmanager
def mailing(mailbox: Mailbox) -> Iterator[str]:
    controller = _FreePort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@contextmanager
def served() -> Iterator[Installation]:
    """The demo's, with a mail server and with the plans of the documents."""
    house, mailbox = House(load_settings({}, working_folder=ROOT / "docs")), Mailbox()
    with (
        patch.object(demo, "GeneratedWorld", MadeUpWorld),
        mailing(mailbox) as smtp_url,
        served_demo(house, accounts=14, calls=12_000, seed=1) as (made_up, visitor),
    ):
        mail = {"smtp_url": smtp_url, "mail_from": "reports@example.com", "web_url": _WEB_URL}
        environment = as_environment(replace(made_up.settings, **mail), os.environ)  # type: ignore[arg-type]
        subprocess.run([*PROGRAM, "plans", "import", str(PLANS)], env=environment, check=True, capture_output=True)
        with serving(environment) as url:
            yield Installation(url, visitor, made_up.settings.home, mailbox)


@contextmanager
def served_empty(smtp_url: str) -> Iterator[tuple[str, str]]:
    """Its address, and the administrator's password: no KAZOO is connected."""
    password = "a first password of ours"  # noqa: S105 - of a database that goes when this ends.
    with TemporaryDirectory(prefix="reseller-reporting-pictures-") as home:
        stated = {
            "HOME": home,
            "ADMIN_EMAIL": "office@example.com",
            "ADMIN_PASSWORD": password,
            "KAZOO_PRIVATE_NETWORKS": "allowed",
            "SMTP_URL": smtp_url,
            "MAIL_FROM": "reports@example.com",
        }
        others = {name: value for name, value in os.environ.items() if not name.startswith("RESELLER_REPORTING_")}
        with serving(others | {f"RESELLER_REPORTING_{name}": value for name, value in stated.items()}) as url:
            yield url, password


@contextmanager
def serving(environment: Mapping[str, str]) -> Iterator[str]:
    command = [*PROGRAM, "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            yield json.loads(_until_ready(process))["url"].rstrip("/")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _until_ready(process: "subprocess.Popen[bytes]") -> bytes:
    said = b""
    for line in process.stdout or ():
        said += line
        if said.rstrip().endswith(b"}"):
            return said
    sys.exit("serve ended before it was ready.")


def walk(browser: Browser, here: Installation, out: Path, *, takes_all: bool) -> None:
    with camera_in(browser, out, takes_all=takes_all) as camera:
        before_log_in(camera, here.url)
        log_in(camera.page, here.url, here.visitor.username, here.visitor.password)
        reports(camera, here.url)
        if takes_all:
            unlucky_reports(camera, here)
            person_of_kazoo(browser, here, out)
        made = office(camera, here.url)
        if takes_all:
            for username, password in made.items():
                someone(browser, here, out, username, password)
            forgotten(browser, here, out)
            refusals(camera, here)
        second_step(camera, here.url, here.visitor)


def before_log_in(camera: Camera, url: str) -> None:
    page = camera.page
    for name, path in (("login", "/login/"), ("kazoo-login", "/login/kazoo/"), ("forgot", "/password/forgot/")):
        page.goto(url + path)
        camera.take(name)
    if not camera.takes_all:
        return
    page.goto(url + "/login/")
    submit(page)
    camera.take("login-empty", again=True)
    log_in(page, url, "somebody", "not their password")
    camera.take("login-refused", again=True)
    page.goto(url + "/login/kazoo/")
    for label, text in (("Account", "nobody"), ("User name", "somebody"), ("Password", "not their password")):
        page.get_by_label(label).fill(text)
    submit(page)
    camera.take("kazoo-login-refused", again=True)
    page.goto(url + "/password/forgot/")
    page.get_by_label("Mail address").fill("nobody@example.com")
    submit(page)
    camera.take("forgot-sent", again=True)
    for _ in range(5):
        log_in(page, url, "somebody else", "not their password")
    camera.take("locked-out", again=True)


def log_in(page: Page, url: str, username: str, password: str) -> None:
    page.goto(url + "/login/")
    page.get_by_label("Mail address or user name").fill(username)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_load_state("networkidle")


def reports(camera: Camera, url: str) -> None:
    """Two months are made and compared; one more is watched."""
    page = camera.page
    page.goto(url)
    camera.take("home")
    page.get_by_label("Only some of them").check()
    page.wait_for_load_state("networkidle")
    camera.take("report")
    page.get_by_text("Prices, edition and more", exact=True).click()
    camera.take("report-unfolded", by_address=False)
    addresses = []
    for period in ("This month", "Last month"):
        order(page, url, period)
        page.locator("[aria-current=step]").filter(has_text=re.compile("calls|workbooks")).wait_for()
        camera.take("progress")
        page.get_by_role("link", name="Download all").wait_for()
        addresses.append(page.url)
    page.wait_for_load_state("networkidle")
    camera.take("run")
    page.get_by_label("Search customers").fill("zz")
    page.get_by_text("Nothing is found").wait_for()
    camera.take("run-search", by_address=False)
    page.goto(url + "/reports/")
    camera.take("runs")
    pair = "&".join(f"run={re.sub(r'.*/reports/|/', '', address)}" for address in addresses)
    page.goto(f"{url}/reports/compare?{pair}")
    camera.take("compare")


def order(page: Page, url: str, period: str = "Last month", *, is_anew: bool = False) -> None:
    page.goto(url)
    page.get_by_label(period).check()
    if is_anew:
        page.get_by_text("Prices, edition and more", exact=True).click()
        page.get_by_label("Ask KAZOO for everything again").check()
    page.get_by_role("button", name="Make the report").click()


def unlucky_reports(camera: Camera, here: Installation) -> None:
    """Refused, waiting, cancelled, with customers who fail; sent to strangers, and deleted."""
    page = camera.page
    page.goto(here.url)
    page.get_by_label("Other days").check()
    page.get_by_label("First day").fill("2026-10-05")
    page.get_by_label("Last day").fill("2026-10-01")
    page.get_by_label("Send it to").fill("nobody at all")
    page.get_by_label("Only some of them").check()
    page.get_by_role("button", name="Make the report").click()
    page.wait_for_load_state("networkidle")
    camera.take("report-refused", again=True)
    groups(camera, here.url)
    MadeUpWorld.is_open.clear()
    order(page, here.url, is_anew=True)
    page.get_by_role("heading", name="Reading calls").wait_for()
    held = page.url
    order(page, here.url, "This month")
    page.get_by_text("It waits for another report").wait_for()
    camera.take("waiting")
    page.get_by_role("button", name="Cancel").click()
    page.goto(held)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Being cancelled").wait_for()
    camera.take("cancelling")
    MadeUpWorld.is_open.set()
    page.get_by_role("heading", name="Cancelled").wait_for()
    camera.take("cancelled")
    broken(camera, here)
    page.get_by_label("Send it to").fill("books@example.com, boss@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    camera.take("send-asked", again=True)
    page.goto(here.url + "/reports/")
    page.locator("#run-list a.fw-bold").first.click()
    page.get_by_label("Send it to").fill("books@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name="Send it all the same").click()
    page.get_by_text("It is on its way").wait_for()
    camera.take("sent")
    page.get_by_role("button", name="Delete this report").click()
    page.get_by_role("button", name="Undo").wait_for()
    camera.take("undo")
    page.goto(here.url + "/reports/?deleted=1")
    camera.take("runs-deleted")
    page.goto(here.url + "/reports/?q=nothing+of+the+kind")
    camera.take("runs-not-found")
    page.goto(here.url + "/reports/compare")
    camera.take("compare-refused")


def groups(camera: Camera, url: str) -> None:
    page = camera.page
    for _ in range(2):
        page.goto(url)
        page.get_by_label("Only some of them").check()
        boxes = page.locator("#account-list [data-account]")
        boxes.nth(0).check()
        boxes.nth(2).check()
        page.get_by_text("Save this choice as a group").click()
        page.get_by_label("Name of the group").fill("Those who pay late")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_load_state("networkidle")
    camera.take("group-asked", by_address=False)
    page.get_by_role("button", name="Replace it").click()
    page.get_by_text("is saved.").wait_for()
    camera.take("group-saved", by_address=False)


def broken(camera: Camera, here: Installation) -> None:
    """Some customers, and then all of them."""
    page = camera.page
    page.goto(here.url)
    page.get_by_label("Only some of them").check()
    ids = page.locator("#account-list [data-account]")
    ids.first.wait_for()
    accounts = [str(each.get_attribute("data-account")) for each in ids.all()]
    for name, number in (("failed", len(accounts)), ("failed-customers", 2)):
        MadeUpWorld.broken.update(accounts[:number])
        order(page, here.url, is_anew=True)
        page.get_by_role("button", name=re.compile("Try the failed ones again|Make it again")).wait_for()
        page.wait_for_load_state("networkidle")
        camera.take(name)
        MadeUpWorld.broken.clear()


def person_of_kazoo(browser: Browser, here: Installation, out: Path) -> None:
    with camera_in(browser, out, takes_all=True) as camera:
        page, who = camera.page, here.visitor.of_reseller
        page.goto(here.url + "/login/kazoo/")
        page.get_by_label("Account").fill(who.account_name)
        page.get_by_label("User name").fill(who.username)
        page.get_by_label("Password").fill(who.password)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.wait_for_url(here.url + "/")
        page.get_by_label("Your account").click()
        camera.take("kazoo-home", by_address=False)


def office(camera: Camera, url: str) -> dict[str, str]:
    """The connection, people, the audit trail, the API, and what is not there. Who was added, and their passwords."""
    page, made = camera.page, {}
    page.goto(url + "/connection/")
    camera.take("connection")
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Its clock agrees with ours.").wait_for()
    camera.take("connection-tried", by_address=False)
    customer = customer_name(page, url)
    for address, role, account in (
        ("clerk@example.com", "Viewer", ""),
        ("office@example.com", "Administrator", ""),
        ("customer@example.com", "Customer", customer),
    ):
        page.goto(url + "/users/")
        page.get_by_label("Mail address").fill(address)
        page.get_by_label("Role").select_option(label=role)
        page.get_by_label("Account", exact=True).fill(account)
        page.get_by_role("button", name="Add").click()
        page.get_by_text(address).first.wait_for()
        made[address] = page.locator("#made-password").inner_text()
    camera.take("password", by_address=False)
    page.goto(url + "/users/")
    camera.take("users")
    page.get_by_role("link", name="clerk@example.com").click()
    camera.take("user")
    for name, path in (("audit", "/audit/"), ("not-there", "/not/there/"), ("password-change", "/password/")):
        page.goto(url + path)
        camera.take(name)
    page.goto(url + "/api/v1/docs")
    page.wait_for_load_state("networkidle")
    camera.take("api")
    return made


def customer_name(page: Page, url: str) -> str:
    page.goto(url)
    page.get_by_label("Only some of them").check()
    return page.locator("#account-list .form-check-label").first.inner_text()


def someone(browser: Browser, here: Installation, out: Path, username: str, password: str) -> None:
    """Who chooses a password, and then sees what their role may see."""
    who = username.partition("@")[0]
    with camera_in(browser, out, takes_all=True) as camera:
        page = camera.page
        log_in(page, here.url, username, password)
        camera.take(f"{who}-first")
        for old, new, again in ((password + "?", "a word", "a word"), (password, f"{username}.1", "another word")):
            page.goto(here.url + "/password/")
            page.get_by_label("Old password").fill(old)
            page.get_by_label("New password", exact=True).fill(new)
            page.get_by_label("New password once more").fill(again)
            submit(page)
            camera.take(f"{who}-password-{'short' if new == again else 'alike'}", again=True)
        page.goto(here.url + "/password/")
        page.get_by_label("Old password").fill(password)
        page.get_by_label("New password", exact=True).fill("three words together")
        page.get_by_label("New password once more").fill("three words together")
        submit(page)
        page.goto(here.url + "/")
        page.wait_for_load_state("networkidle")
        camera.take(f"{who}-home")
        page.goto(here.url + "/reports/")
        camera.take(f"{who}-runs")
        page.locator("#run-list a.fw-bold").last.click()
        page.wait_for_load_state("networkidle")
        camera.take(f"{who}-run")
        if who != "office":
            page.goto(here.url + "/connection/")
            camera.take(f"{who}-connection")
            page.goto(here.url + "/users/")
            camera.take(f"{who}-not-for-you")


def submit(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()


def forgotten(browser: Browser, here: Installation, out: Path) -> None:
    with camera_in(browser, out, takes_all=True) as camera:
        page, before = camera.page, len(here.mailbox.received)
        page.goto(here.url + "/password/forgot/")
        page.get_by_label("Mail address").fill("clerk@example.com")
        page.get_by_role("button", name="Send the link").click()
        for _ in range(120):
            if len(here.mailbox.received) > before:
                break
            page.wait_for_timeout(250)
        path = here.mailbox.text().partition(_WEB_URL)[2].split()[0]
        page.goto(here.url + path)
        camera.take("reset")
        for label in ("New password", "New password once more"):
            page.get_by_label(label, exact=True).fill("qwerty123456")
        submit(page)
        camera.take("reset-refused", again=True)
        page.goto(here.url + path.replace("-", "-0"))
        camera.take("reset-too-old")


def refusals(camera: Camera, here: Installation) -> None:
    """What a form or a page refuses, and what fails."""
    page, url = camera.page, here.url
    page.goto(url + "/users/")
    page.get_by_label("Mail address").fill("nobody")
    page.get_by_label("Role").select_option(label="Customer")
    page.get_by_role("button", name="Add").click()
    page.locator(".invalid-feedback").first.wait_for()
    camera.take("user-refused", again=True)
    page.goto(url + "/users/")
    page.locator("li.list-group-item", has_text="KAZOO").get_by_role("link").click()
    camera.take("user-of-kazoo")
    page.goto(url + "/users/")
    page.locator("li.list-group-item", has_text="office@example.com").get_by_role("button", name="Shut out").click()
    camera.take("user-shut-out")
    page.goto(url + "/audit/?q=nothing+of+the+kind")
    camera.take("audit-not-found")
    page.goto(url + "/connection/")
    page.get_by_label("Address").fill("https://kazoo.example.com/v1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    camera.take("connection-refused", again=True)
    page.goto(url + "/connection/")
    page.get_by_label("Address").fill("http://127.0.0.1:9/v2")
    page.get_by_label("API key").fill("no key of anybody")
    page.get_by_role("button", name="Test without saving").click()
    page.locator("#tried .text-danger").first.wait_for()
    camera.take("connection-failed", by_address=False)
    page.goto(url + "/api/v1/docs")
    page.locator(".opblock-summary-control").first.click()
    page.wait_for_load_state("networkidle")
    camera.take("api-unfolded", by_address=False)
    page.goto(url + "/reports/")
    page.locator("#run-list a.fw-bold").last.click()
    page.wait_for_load_state("networkidle")
    run_id = page.url.rstrip("/").rpartition("/")[2]
    (here.home / "runs" / run_id / "manifest.json").write_text("no document any more")
    page.reload()
    camera.take("failed-page")
    page.goto(url + "/users/")
    page.context.clear_cookies(name="reseller_reporting_csrf")
    with page.expect_navigation():
        page.get_by_role("button", name="Add").click()
    camera.take("csrf", again=True)


def walk_where_nothing_is(browser: Browser, url: str, password: str, out: Path) -> None:
    with camera_in(browser, out, takes_all=True) as camera:
        page = camera.page
        page.goto(url + "/password/forgot/")
        camera.take("new-forgot")
        log_in(page, url, "office@example.com", password)
        paths = {"home": "/", "runs": "/reports/", "connection": "/connection/", "users": "/users/", "audit": "/audit/"}
        for name, path in (paths | {"deleted": "/reports/?deleted=1"}).items():
            page.goto(url + path)
            camera.take(f"new-{name}")


def second_step(camera: Camera, url: str, who: Visitor) -> None:
    page = camera.page
    page.goto(url + "/second-step/")
    camera.take("second-step-new")
    app = pyotp.TOTP((page.locator("#new-secret").text_content() or "").replace(" ", ""))
    page.get_by_label("Code").fill(app.generate_otp(int(time.time()) // 30))
    page.get_by_role("button", name="Switch on").click()
    page.locator("#recovery-codes").wait_for()
    camera.take("recovery-codes", by_address=False)
    page.goto(url + "/second-step/")
    camera.take("second-step-on")
    page.get_by_label("Your account").click()
    page.get_by_role("button", name="Log out").click()
    log_in(page, url, who.username, who.password)
    page.wait_for_url("**/login/code/**")
    camera.take("second-step")


if __name__ == "__main__":
    main()
