"""The commands that stay: the web application, and a worker by itself."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from reseller_reporting.cli.speech import note, tell, tell_json, the_house

if TYPE_CHECKING:
    from reseller_reporting.app.first_start import NewAdministrator
    from reseller_reporting.app.house import House

Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 is every address of this machine.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")]
Ready = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout once it is ready.")]


def serve(host: Host = "127.0.0.1", port: Port = 8020, json: Ready = False) -> None:
    """Serve the web application, with its worker and scheduler, until Ctrl-C.

    The first start makes an administrator: of RESELLER_REPORTING_ADMIN_EMAIL and …_ADMIN_PASSWORD, else it asks.

    Example: reseller-reporting serve --port 8020
    """
    house = the_house()
    _make_first_administrator(house)
    serve_until_told(host, port, json=json)


def serve_until_told(
    host: str,
    port: int,
    *,
    json: bool,
    more: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    from reseller_reporting.app import logs
    from reseller_reporting.app.serving import checked_port
    from reseller_reporting.app.serving import serve as use_case

    def ready(url: str) -> None:
        if json:
            return tell_json({"url": url, **(more or {})})
        tell(f"Reseller Reporting is at {url}")
        for name, value in (more or {}).items():
            tell(f"{name.capitalize()}: {value}")
        note("Ctrl-C ends it.")
        return None

    port = checked_port(host, port)
    logs.begin("serve")
    use_case(host=host, port=port, ready=ready, environment=environment)


def serve_demo(host: str, port: int, *, accounts: int, calls: int, seed: int, json: bool) -> None:
    """The same on a simulated KAZOO, with nothing configured and nothing left behind."""
    from reseller_reporting.app.demo import served_demo
    from reseller_reporting.config import as_environment

    with served_demo(the_house(), accounts=accounts, calls=calls, seed=seed) as (made_up, visitor):
        log_in = {"username": visitor.username, "password": visitor.password}
        environment = as_environment(made_up.settings, os.environ)
        serve_until_told(host, port, json=json, more=log_in, environment=environment)


def worker(json: Ready = False) -> None:
    """Work on jobs beside those of `serve`, on this machine or another one that shares database and HOME.

    Example: reseller-reporting worker
    """
    from reseller_reporting.app import logs
    from reseller_reporting.app.serving import work
    from reseller_reporting.control import database

    place = database.shown(the_house().settings.database_url)
    if json:
        tell_json({"database": place})
    else:
        tell(f"Working on the jobs of {place}. Ctrl-C ends it.")
    logs.begin("workers")
    work()


def _make_first_administrator(house: "House") -> None:
    from reseller_reporting.app import first_start
    from reseller_reporting.control import database

    with database.opened(house.settings.database_url):
        if not first_start.needs_administrator():
            return
        stated = first_start.from_settings(house)
        if stated is None and sys.stdin.isatty() and sys.stderr.isatty():
            stated = _asked(house)
        stated = stated or first_start.made_up(house)
        first_start.make_administrator(house, stated)
    if stated.is_made_up:
        note(f"There was no administrator yet. Log in as '{stated.username}' with the password {stated.password}")
        note("It is shown this once, and has to be changed at the first log-in.")


def _asked(house: "House") -> "NewAdministrator":
    from reseller_reporting.app import first_start
    from reseller_reporting.model.errors import InvalidSettings

    note("There is no administrator yet. Who are you?")
    while True:
        try:
            email = house.settings.admin_email or first_start.checked_email(typer.prompt("Mail address", err=True))
            password = typer.prompt(
                "Password, 12 characters or more", hide_input=True, confirmation_prompt=True, err=True
            )
            first_start.check_password(password)
        except InvalidSettings as wrong:
            note(wrong.sentence)
        else:
            return first_start.NewAdministrator(username=email, password=password)
