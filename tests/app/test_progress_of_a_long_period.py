"""A report about many months shows how far it is long before the first customer is read to the end."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reseller_reporting.app import ingest
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted
from reseller_reporting.app.progress import CALLS, Quiet
from reseller_reporting.config import load_settings
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running

NOW = datetime(2026, 7, 10, tzinfo=UTC)


class Watching(Quiet):
    """What the stage of calls was told, in order."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.steps: list[str] = []
        self._stage = ""

    def stage(self, name: str, total: int | None = None) -> None:
        self._stage = name
        if name == CALLS:
            self.total = total

    def step(self, note: str = "", *, account_id: str = "") -> None:  # noqa: ARG002 - As everyone tells it.
        if self._stage == CALLS:
            self.steps.append(account_id)


@pytest.mark.parametrize(
    ("period", "steps_each"),
    [("2026-06", 1), ("2026-06-01..2026-06-08", 1), ("2024-07-01..2026-07-01", 26)],
)
def test_every_customer_has_a_step_for_a_month_or_so_and_ends_with_the_last(
    tmp_path: Path, period: str, steps_each: int
) -> None:
    world = ScriptedWorld()
    acme = world.reseller("Acme")
    for name in ("Alice", "Bob"):
        world.customer(name, parent=acme)
    with running(world, clock=NOW.timestamp) as kazoo:
        environ = {"HOME": str(tmp_path), "KAZOO_URL": kazoo.url, "KAZOO_API_KEY": kazoo.api_key}
        settings = load_settings({f"RESELLER_REPORTING_{k}": v for k, v in environ.items()}, working_folder=tmp_path)
        watching = Watching()
        ingest.sync(House(settings, lambda: NOW), Wanted(period=period, timezone="UTC"), watching)
    assert watching.total == 2 * steps_each == len(watching.steps)
    ends = [each for each in watching.steps if each]
    assert len(set(ends)) == len(ends) == 2
    if steps_each > 1:
        # Not all at once at the end: that would tell nobody how long it takes.
        assert watching.steps.index(ends[0]) > steps_each // 2
