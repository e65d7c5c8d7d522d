"""Icons: each is there, and none that no page shows."""

import re
from pathlib import Path

from reseller_reporting import web
from reseller_reporting.web.navigation import ENTRIES

WEB = Path(web.__file__).parent


def test_the_icons_are_those_that_are_shown() -> None:
    templates = "".join(path.read_text(encoding="utf-8") for path in (WEB / "templates").rglob("*.html"))
    shown = {*re.findall(r'{% icon "([^"]*)" %}', templates), *(entry.icon for entry in ENTRIES)}
    assert {path.stem for path in (WEB / "icons").glob("*.svg")} == shown
