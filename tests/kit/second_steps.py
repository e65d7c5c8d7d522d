"""The phone of someone who is asked for a second step."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyotp
from sites import NOW

if TYPE_CHECKING:
    from sites import Site


def secret_on(page: str) -> str:
    found = re.search(r'id="new-secret">([^<]+)<', page)
    assert found is not None
    return found[1].replace(" ", "")


def code_of(secret: str, later: timedelta = timedelta()) -> str:
    return pyotp.TOTP(secret).at(NOW + later)


def codes_on(page: str) -> list[str]:
    return re.findall(r"<li>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</li>", page)


def switched_on(site: Site, user: Any) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    client = site.as_(user)
    secret = secret_on(client.get("/second-step/").content.decode())
    return secret, codes_on(client.post("/second-step/", {"code": code_of(secret)}).content.decode())
