"""The commands that stay: the web application, and a worker by itself."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reseller_reporting.cli.speech import note, tell, tell_json, the_house

if TYPE_CHECKING:
    from reseller_reporting.app.demo import KazooVisitor
    from reseller_reporting.app.first_start import NewAdministrator
    from reseller_reporting.app.house import House

Host = Annotated[
    str, typer.Option(metavar="ADDRESS", help="Where to listen; 0.0.0.0 is every address of this machine.")
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="0: any free port.")]
Ready = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout once it is ready.")]

_RULE = "-" * 72
_KAZOO_LOG_IN = "/login/kazoo/"


def serve(host: Host = "127.0.0.1", port: Port = 8020, json: Ready = False) -> None:
    """Serve the web application, with its worker and scheduler, until Ctrl-C.

    The first start makes an administrator: of RESELLER_REPORTING_ADMIN_EMAIL and …_ADMIN_PASSWORD, else it asks.

    Example: reseller-reporting serve --port 8020
    """
    from reseller_reporting.app.serving import checked_port

    house = the_house()
    checked_port(host, port)  # Before somebody is made whose password would be shown in vain.
    log_in = _make_first_administrator(house)
    public = [f"People reach it at {house.settings.web_url}"] if house.settings.web_url else []
    serve_until_told(host, port, house=house, json=json, said=lambda _: [*public, "", *log_in])


def serve_until_told(
    host: str,
    port: int,
    *,
    house: "House",
    json: bool,
    said: Callable[[str], Sequence[str]],
    more: Callable[[str], Mapping[str, Any]] = lambda _: {},
    environment: Mapping[str, str] | None = None,
) -> None:
    """`said` and `more` are what a person and a program are told of the address once pages are answered."""
    from reseller_reporting.app import logs
    from reseller_reporting.app.serving import checked_port
    from reseller_reporting.app.serving import serve as use_case

    def ready(url: str) -> None:
        if json:
            return tell_json({"url": url, **more(url)})
        # In one piece, so that no line of a log comes between.
        lines = ["", _RULE, f"Reseller Reporting is ready at {url}", *said(url), "", "Ctrl-C ends it.", _RULE]
        return tell("\n".join(lines))

    port = checked_port(host, port)
    logs.begin("serve", house.settings.log_level)
    use_case(host=host, port=port, ready=ready, environment=environment)


def serve_demo(host: str, port: int, *, accounts: int, calls: int, seed: int, json: bool) -> None:
    """The same on a simulated KAZOO, with nothing configured and nothing left behind."""
    from reseller_reporting.app.demo import served_demo
    from reseller_reporting.config import as_environment

    with served_demo(the_house(), accounts=accounts, calls=calls, seed=seed) as (made_up, visitor):

        def said(url: str) -> list[str]:
            return [
                "Reseller, customers and calls are made up, and gone when it ends.",
                "",
                "Log in",
                f"  user      {visitor.username}",
                f"  password  {visitor.password}",
                "",
                f"Or as people of the made-up KAZOO do, at {url}{_KAZOO_LOG_IN}",
                *_shown(visitor.of_reseller),
                "",
                "There, too, as one of its customers does, who sees their own reports alone",
                *_shown(visitor.of_customer),
            ]

        def more(url: str) -> dict[str, Any]:
            at = {"url": f"{url}{_KAZOO_LOG_IN}"}
            people = {"kazoo": at | asdict(visitor.of_reseller), "customer": at | asdict(visitor.of_customer)}
            return {"username": visitor.username, "password": visitor.password, **people}

        environment = as_environment(made_up.settings, os.environ)
        serve_until_told(host, port, house=made_up, json=json, said=said, more=more, environment=environment)


def _shown(person: "KazooVisitor") -> list[str]:
    return [
        f"  account   {person.account_name}",
        f"  user      {person.username}",
        f"  password  {person.password}",
    ]


def worker(json: Ready = False) -> None:
    """Work on jobs beside those of `serve`, on this machine or another one that shares database and HOME.

    Example: reseller-reporting worker
    """
    from reseller_reporting.app import logs
    from reseller_reporting.app.serving import work
    from reseller_reporting.control import database

    settings = the_house().settings
    place = database.shown(settings.database_url)
    if json:
        tell_json({"database": place})
    else:
        tell(f"Working on the jobs of {place}. Ctrl-C ends it.")
    logs.begin("workers", settings.log_level)
    work()


def _make_first_administrator(house: "House") -> Sequence[str]:
    """Where there is none yet; returns how to log in."""
    from reseller_reporting.app import first_start
    from reseller_reporting.control import database

    with database.opened(house.settings.database_url):
        if not first_start.needs_administrator():
            return ["Log in with your user name and password."]
        stated, password = first_start.from_settings(house), "that of RESELLER_REPORTING_ADMIN_PASSWORD"
        if stated is None and sys.stdin.isatty() and sys.stderr.isatty():
            stated, password = _asked(house), "the one that you have just chosen"
        stated = stated or first_start.made_up(house)
        first_start.make_administrator(house, stated)
    if stated.is_made_up:
        # At once, and again when it is of use: a start that comes to nothing must not take it along.
        note(f"There was no administrator yet. Log in as '{stated.username}' with the password {stated.password}")
        note("It is shown at this start alone, and has to be changed at the first log-in.")
        password = f"{stated.password}  (shown at this start alone; you choose your own as you log in)"
    return [
        "Log in, as the administrator that was made just now",
        f"  user      {stated.username}",
        f"  password  {password}",
    ]


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
