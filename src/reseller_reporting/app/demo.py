"""Demo: the whole main job on a simulated KAZOO, with nothing configured and nothing left behind but the files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reseller_reporting.app.first_start import NewAdministrator, make_administrator
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted
from reseller_reporting.app.progress import Progress
from reseller_reporting.app.report import Order, Report, run
from reseller_reporting.control import database
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.server import running


@contextmanager
def demo_house(house: House, *, accounts: int, calls: int, seed: int) -> Iterator[House]:
    """The same house before a made-up reseller's KAZOO, with a store of its own that goes when it is left."""
    world = GeneratedWorld(seed=seed, accounts=accounts, calls=calls)
    with (
        TemporaryDirectory(prefix="reseller-reporting-demo-") as home,
        running(world, clock=lambda: house.clock().timestamp()) as kazoo,
    ):
        settings = replace(
            house.settings,
            home=Path(home),
            store_url=str(Path(home) / "store"),
            database_url=f"sqlite:///{Path(home) / 'reseller-reporting.sqlite3'}",
            kazoo_url=kazoo.url,
            kazoo_api_key=kazoo.api_key,
            kazoo_private_networks="allowed",  # The made-up KAZOO may be typed on the page Connection as well.
        )
        yield House(settings, house.clock)


@contextmanager
def served_demo(house: House, *, accounts: int, calls: int, seed: int) -> Iterator[tuple[House, NewAdministrator]]:
    """The demo's house with someone who may log in, for the web application."""
    with demo_house(house, accounts=accounts, calls=calls, seed=seed) as made_up:
        visitor = NewAdministrator(username="demo", password="a-first-look")  # noqa: S106 - shown, and gone afterwards.
        with database.opened(made_up.settings.database_url):
            make_administrator(made_up, visitor)
        yield made_up, visitor


def demo(house: House, *, accounts: int, calls: int, seed: int, out: Path | None, progress: Progress) -> Report:
    """Last month's report of the made-up reseller."""
    with demo_house(house, accounts=accounts, calls=calls, seed=seed) as made_up:
        return run(made_up, Order(wanted=Wanted(), out=out or Path("reports") / "demo"), progress)
