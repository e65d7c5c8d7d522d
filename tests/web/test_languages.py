"""Every word of every page in every language: nothing is missing, nothing is out of date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

if TYPE_CHECKING:
    from sites import Site

ROOT = Path(__file__).parents[2]


def test_every_message_is_translated() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_messages.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stderr


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_a_page_says_in_which_language_it_is(site: Site, language: str) -> None:
    page = site.client.get("/login/", headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}">' in page
    assert ("Log in</h1>" in page) == (language == "en")


def test_a_chosen_language_wins_over_the_browsers(site: Site) -> None:
    site.client.post("/language/", {"language": "nl", "next": "/login/"})
    assert "Aanmelden</h1>" in site.client.get("/login/", headers={"Accept-Language": "de"}).content.decode()
    led = site.client.post("/language/", {"language": "nl", "next": "https://evil.example/"})
    assert led.headers["Location"] == "/"
