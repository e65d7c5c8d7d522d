"""No secret in anything that a command says or leaves, however badly KAZOO behaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.scripted import Rate, ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Terminal

JUNE = ("--period", "2024-06")
COMMANDS = (
    ("--debug", "sync", *JUNE, "--json"),
    ("run", *JUNE, "--out", "out", "--json"),
    ("coverage", *JUNE, "--json"),
    ("accounts", "--json"),
    ("doctor", "--json"),
    ("doctor",),
)


@pytest.mark.parametrize("by", ["key", "password"])
@pytest.mark.parametrize(
    "faults", ["calm", "token_requests=4,error_500=0.3", "locked", "missing_view_always=1", "vanish=1"]
)
def test_no_command_shows_or_leaves_a_secret(new_terminal: Callable[[], Terminal], by: str, faults: str) -> None:
    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    alice = world.customer("Alice", parent=acme, account_id="1" * 32)
    rate = Rate(units=300, name="UK_LANDLINE")
    world.call(
        alice, started_at=datetime(2024, 6, 3, tzinfo=UTC), number="+442071234567", answered_seconds=9, rate=rate
    )
    terminal = new_terminal()
    with running(world, faults=parse_faults(faults)) as kazoo:
        credentials = {"KAZOO_API_KEY": kazoo.api_key}
        if by == "password":
            credentials = {
                "KAZOO_USERNAME": kazoo.username,
                "KAZOO_PASSWORD": kazoo.password,
                "KAZOO_ACCOUNT_NAME": kazoo.account_name,
            }
        terminal.settings |= {"KAZOO_URL": kazoo.url, **credentials}
        told = [terminal.run(*command) for command in COMMANDS]
    digest = md5(f"{kazoo.username}:{kazoo.password}".encode(), usedforsecurity=False).hexdigest()
    # Tokens are JWTs, and all begin so.
    secrets = [text.encode() for text in (kazoo.api_key, kazoo.password, digest, "eyJ0eXAi", "eyJhbGci")]
    said = [text.encode() for outcome in told for text in (outcome.out, outcome.err)]
    left = [path.read_bytes() for path in terminal.folder.rglob("*") if path.is_file()]
    assert any(said)
    for secret in secrets:
        assert not [text for text in [*said, *left] if secret in text]
