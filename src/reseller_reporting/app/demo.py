"""Demo: the whole main job on a simulated KAZOO, with nothing configured and nothing left behind but the files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from reseller_reporting import simulate
from reseller_reporting.app.first_start import NewAdministrator, make_administrator
from reseller_reporting.app.house import House
from reseller_reporting.app.ingest import Wanted
from reseller_reporting.app.plans import import_plans
from reseller_reporting.app.progress import Progress
from reseller_reporting.app.report import Order, Report, run
from reseller_reporting.control import database
from reseller_reporting.simulate.generate import GeneratedWorld
from reseller_reporting.simulate.server import SimulatedKazoo, running
from reseller_reporting.simulate.world import Login

_PLANS = Path(simulate.__file__).parent / "plans"


@dataclass(frozen=True, slots=True, kw_only=True)
class KazooVisitor:
    """An administrator of an account of the made-up KAZOO."""

    account_name: str
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """The ways in for a first look: a user of ours, and people of the made-up KAZOO: the reseller's, and a customer's,
    who sees what customers see."""

    username: str
    password: str = field(repr=False)
    of_reseller: KazooVisitor
    of_customer: KazooVisitor


@contextmanager
def demo_house(house: House, *, accounts: int, calls: int, seed: int) -> Iterator[tuple[House, SimulatedKazoo]]:
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
        yield House(settings, house.clock), kazoo


@contextmanager
def served_demo(house: House, *, accounts: int, calls: int, seed: int) -> Iterator[tuple[House, Visitor]]:
    """The demo's house with someone who may log in, for the web application.

    Its customers are read before: from the first moment on they can be chosen, and KAZOO's people come in. Logs of what
    goes well would bury what is said to the visitor.
    """
    with demo_house(house, accounts=accounts, calls=calls, seed=seed) as (loud, kazoo):
        made_up = replace(loud, settings=replace(loud.settings, log_level="warning"))
        visitor = Visitor(
            username="demo",
            password="a-first-look",  # noqa: S106 - shown, and gone afterwards.
            of_reseller=_kazoo_visitor(kazoo.logins[0]),
            # The first one of an account is its administrator.
            of_customer=_kazoo_visitor(next(each for each in kazoo.logins if each.account_id != kazoo.account_id)),
        )
        with database.opened(made_up.settings.database_url):
            make_administrator(made_up, NewAdministrator(username=visitor.username, password=visitor.password))
            import_plans(made_up, _PLANS, replace=False)
            _furnish(made_up)
        yield made_up, visitor


def _kazoo_visitor(login: Login) -> KazooVisitor:
    return KazooVisitor(account_name=login.account_name, username=login.username, password=login.password)


def _furnish(house: House) -> None:
    """Customers to choose, and the reports that a visitor finds made, or in the making, by the worker that begins with
    them: one for the reseller, one for customers, whose people see that one alone."""
    # Tables can be imported once the database is open.
    from reseller_reporting.app.orders import Asked, order_report
    from reseller_reporting.app.tenancy import read_tree
    from reseller_reporting.control.models import Reseller, User
    from reseller_reporting.control.plans import OWN
    from reseller_reporting.control.scoping import within

    reseller = Reseller.objects.get(key=OWN)
    with within(reseller):
        read_tree(house, reseller)
        visitor = User.objects.filter(reseller=reseller).first()
        for edition in ("internal", "customer"):
            order_report(house, reseller, Asked(edition=edition), user=visitor)


def demo(house: House, *, accounts: int, calls: int, seed: int, out: Path | None, progress: Progress) -> Report:
    """Last month's report of the made-up reseller."""
    with demo_house(house, accounts=accounts, calls=calls, seed=seed) as (made_up, _):
        return run(made_up, Order(wanted=Wanted(), out=out or Path("reports") / "demo"), progress)
