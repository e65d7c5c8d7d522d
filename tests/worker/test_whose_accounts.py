"""Whose accounts a job reports on: those of its own reseller, whatever was ordered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from job_work import do_next

from reseller_reporting.app.orders import Asked, order_report
from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within
from reseller_reporting.simulate.scripted import ScriptedWorld
from reseller_reporting.simulate.server import running

if TYPE_CHECKING:
    from sites import Site


@pytest.mark.parametrize("chosen", ["c" * 32, "Charlie's customer", "9" * 32])
@pytest.mark.parametrize("also_own", [True, False])
def test_an_account_of_another_reseller_is_refused_by_the_job_where_no_tree_was_read_before(
    site: Site, chosen: str, also_own: bool
) -> None:
    """As it refuses what there is not. The same KAZOO has both resellers, and a report of both would be made."""
    from reseller_reporting.control.models import Job, Run, RunFile

    world = ScriptedWorld()
    acme = world.reseller("Acme", account_id="a" * 32)
    world.customer("Alice", parent=acme, account_id="1" * 32)
    charlie = world.reseller("Charlie", account_id="b" * 32)
    world.customer("Charlie's customer", parent=charlie, account_id="c" * 32)
    with running(world) as kazoo:
        stated = replace(site.house.settings, kazoo_url=kazoo.url, kazoo_api_key=kazoo.api_key)
        house = replace(site.house, settings=stated)
        accounts = ["1" * 32, chosen] if also_own else [chosen]
        with within(site.reseller):
            asked = Asked(period="2024-06", accounts=accounts, include_sub_resellers=True)
            order_report(house, site.reseller, asked, user=site.user(Role.RESELLER_ADMIN))
            job = do_next(site, "report", house)
            assert job.state == "failed"
            assert job.message.startswith(f"No customer has the id or the name '{chosen}'.")
            assert Run.objects.get().state == "failed"
            assert not RunFile.objects.exists()
            assert not Job.objects.filter(kind="mail").exists()
    runs = house.settings.home / "runs"
    assert [path for path in runs.rglob("*") if path.is_file()] == []
