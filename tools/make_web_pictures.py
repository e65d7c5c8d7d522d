"""Pictures of the web application's pages, for the documents, or of every page, to be looked at.

    ./dev python tools/make_web_pictures.py               # renews docs/images/web-*.png
    ./dev python tools/make_web_pictures.py --all FOLDER  # each page in light, dark, on a phone and in German

Needs Chromium. `serve` runs before the demo's simulated KAZOO with the plans of docs/examples, and is used as a clerk
does: two reports are made, compared, the connection tried, people added, the second step switched on.
"""

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from reseller_reporting.app.demo import served_demo
from reseller_reporting.app.house import House
from reseller_reporting.config import as_environment, load_settings

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


@dataclass
class Camera:
    """Takes what is asked for of each page that it is shown."""

    page: Page
    out: Path
    takes_all: bool
    german: BrowserContext

    def take(self, name: str, *, by_address: bool = True) -> None:
        """`by_address`: the page comes again by its address alone, in another language, too."""
        if not self.takes_all:
            for file, width, height, is_dark in SHOWN.get(name, []):
                self._shot(self.page, file, width, height, is_dark=is_dark, is_whole=False)
            return
        self._shot(self.page, f"{name}-light", 1100, 760)
        self._shot(self.page, f"{name}-dark", 1100, 760, is_dark=True)
        self._shot(self.page, f"{name}-phone", 390, 844)
        if by_address:
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
    with served() as (url, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        with browser:
            walk(browser, url, password, out, takes_all=asked.all is not None)


@contextmanager
def served() -> Iterator[tuple[str, str]]:
    """The application's address, and the password of `demo`."""
    house = House(load_settings({}, working_folder=ROOT / "docs"))
    with served_demo(house, accounts=14, calls=12_000, seed=1) as (made_up, visitor):
        environment = as_environment(made_up.settings, os.environ)
        subprocess.run([*PROGRAM, "plans", "import", str(PLANS)], env=environment, check=True, capture_output=True)
        command = [*PROGRAM, "serve", "--port", "0", "--json"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                yield json.loads(_until_ready(process))["url"].rstrip("/"), visitor.password
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


def walk(browser: Browser, url: str, password: str, out: Path, *, takes_all: bool) -> None:
    with (
        browser.new_context(color_scheme="light", locale="en-GB") as context,
        browser.new_context(color_scheme="light", locale="de-DE") as german,
    ):
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        camera = Camera(page, out, takes_all, german)
        for name, path in (("login", "/login/"), ("kazoo-login", "/login/kazoo/"), ("forgot", "/password/forgot/")):
            page.goto(url + path)
            camera.take(name)
        page.goto(url + "/login/")
        page.get_by_role("button", name="Log in", exact=True).click()
        camera.take("login-refused", by_address=False)
        log_in(page, password)
        page.goto(url + "/reports/")
        camera.take("runs-empty")
        reports(camera, url)
        office(camera, url)
        second_step(camera, url, password)


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Mail address or user name").fill("demo")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


def reports(camera: Camera, url: str) -> None:
    """Two months are made and compared; one more is watched."""
    page = camera.page
    page.goto(url)
    page.get_by_label("Only some of them").check()
    page.wait_for_load_state("networkidle")
    camera.take("report")
    page.get_by_text("Prices, edition and more", exact=True).click()
    camera.take("report-unfolded", by_address=False)
    addresses = []
    for period in ("This month", "Last month"):
        page.goto(url)
        page.get_by_label(period).check()
        page.get_by_role("button", name="Make the report").click()
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


def office(camera: Camera, url: str) -> None:
    """The connection, people, the audit trail, the API, and what is not there."""
    page = camera.page
    page.goto(url + "/connection/")
    camera.take("connection")
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Its clock agrees with ours.").wait_for()
    camera.take("connection-tried", by_address=False)
    for address, role in (("clerk@example.com", "Viewer"), ("office@example.com", "Administrator")):
        page.goto(url + "/users/")
        page.get_by_label("Mail address").fill(address)
        page.get_by_label("Role").select_option(label=role)
        page.get_by_role("button", name="Add").click()
        page.get_by_text(address).first.wait_for()
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


def second_step(camera: Camera, url: str, password: str) -> None:
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
    log_in(page, password)
    page.wait_for_url("**/login/code/**")
    camera.take("second-step")


if __name__ == "__main__":
    main()
