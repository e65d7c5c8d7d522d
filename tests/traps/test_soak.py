"""A short soak: a made-up month from a KAZOO where everything goes wrong gives the calm one's files, byte for byte.

The long one, with a million legs, is `benchmarks/soak.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from reseller_reporting.simulate.faults import parse_faults
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from tests.conftest import Terminal

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def files_of_october(terminal: Terminal, faults: str, fault_clock: Callable[[], float]) -> tuple[dict[str, bytes], int]:
    """The files of a run under these faults, and how many legs were read."""
    world = GeneratedWorld(seed=3, accounts=8, calls=2_000)
    with running(world, clock=NOW.timestamp, faults=parse_faults(faults), fault_clock=fault_clock) as kazoo:
        terminal.connect(kazoo).settings["KAZOO_PAGE_SIZE"] = "50"
        outcome = terminal.run("run", "--period", "2026-10", "--out", "out")
    assert outcome.code == 0, outcome.err
    left = terminal.left()
    assert [row["Warnings"] for row in left.summary if row["Complete"] != "yes"] == []
    return left.files(), left.manifest["totals"]["legs_read"]


@pytest.mark.slow
def test_a_month_under_all_faults_at_once_is_the_calm_one(
    new_terminal: Callable[[], Terminal], new_fault_clock: Callable[[], Callable[[], float]]
) -> None:
    calm, legs = files_of_october(new_terminal(), "calm", new_fault_clock())
    assert legs > 2_000
    for seed in (1, 2):
        disturbed, _ = files_of_october(new_terminal(), f"all,seed={seed}", new_fault_clock())
        assert disturbed == calm
