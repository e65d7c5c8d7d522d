"""The control database: opened when it is needed, brought up to date by itself.

Owns: Django's settings, migrations at the first use, and what is said where the database cannot be had. Does not own:
what stands in the tables.

Invariants
- Django is configured by this module alone, and only once a database is opened.
- Whoever comes first brings the tables up to date; others that start meanwhile wait for that.
- No connection outlives `opened`: a process that is forked later inherits none. No message holds a password.
"""

import fcntl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from reseller_reporting.model.errors import DatabaseUnavailable, InvalidSettings

_SQLITE = "sqlite:///"
_VARIABLE = "RESELLER_REPORTING_DATABASE_URL"
_BUSY_SECONDS = 30
_KEPT_SECONDS = 60  # Between two requests; a connection that broke meanwhile is made anew.
_AWAY_SECONDS_MAX = 900.0
_ASKED_AGAIN_SECONDS = 2.0
# One of ours, for PostgreSQL's advisory locks.
_LOCK_KEY = 7_215_311


def exists(url: str) -> bool:
    """Whether anything can be kept there; without importing Django, and without asking a server."""
    return not url.startswith(_SQLITE) or _sqlite_file(url).is_file()


@contextmanager
def opened(url: str) -> Iterator[None]:
    """The ORM works within: tables are there and up to date."""
    configure(url)
    from django.db import DatabaseError, connections

    try:
        _prepare(url)
        yield
    except DatabaseError as error:
        raise _unavailable(url, error) from error
    finally:
        connections.close_all()


def prepare(url: str, more: Mapping[str, Any] | None = None) -> None:
    """For a process that lives with the database: tables are up to date, and no connection is held yet."""
    configure(url, more)
    from django.db import DatabaseError, connections

    try:
        _prepare(url)
    except DatabaseError as error:
        raise _unavailable(url, error) from error
    finally:
        connections.close_all()


@contextmanager
def writing() -> Iterator[None]:
    """All or nothing, one writer at a time: what was read within is still so when it is written."""
    from django.db import connection, transaction

    # SQLite's transactions begin immediate: they hold the file from their first line.
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_KEY + 1])
        yield


def reach_again() -> None:
    """After long work without it, for what must be written then: a connection that broke meanwhile is made anew, and a
    database that is away is waited for, for a quarter of an hour; then it is DatabaseError. Not within a transaction.
    """
    from django.db import DatabaseError, close_old_connections, connection

    latest = time.monotonic() + _AWAY_SECONDS_MAX
    while True:
        close_old_connections()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseError:
            connection.close()
            if time.monotonic() >= latest:
                raise
            time.sleep(_ASKED_AGAIN_SECONDS)
        else:
            return


def shown(url: str) -> str:
    """The database as messages name it: never with a user's password."""
    if url.startswith(_SQLITE):
        return str(_sqlite_file(url))
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{parts.hostname or 'localhost'}{port}{parts.path}"


def configure(url: str, more: Mapping[str, Any] | None = None) -> None:
    """Django's settings, once a process; another database later in the same process takes the place of the first.

    `more` is what a shell needs beyond the database; it counts in a process that was not configured yet.
    """
    import django
    from django.conf import settings

    from reseller_reporting.control import settings as stated

    database = _database(url)
    if not settings.configured:
        named = {name: value for name, value in vars(stated).items() if name.isupper()} | dict(more or {})
        settings.configure(DATABASES={"default": dict(database)}, **named)
        django.setup()
        return
    from django.db import connections

    if {key: connections.settings["default"].get(key) for key in database} != dict(database):
        connections.close_all()
        connections.settings = connections.configure_settings({"default": dict(database)})
        with suppress(AttributeError):  # This thread may not have had one.
            del connections["default"]


def _database(url: str) -> Mapping[str, Any]:
    if url.startswith(_SQLITE):
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(_sqlite_file(url)),
            "CONN_MAX_AGE": _KEPT_SECONDS,
            "OPTIONS": {
                "timeout": _BUSY_SECONDS,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise InvalidSettings(
            f"{_VARIABLE} is no URL; write one such as postgresql://user:password@host:5432/name."
        ) from None
    name = unquote(parts.path.lstrip("/"))
    if not name or "/" in name:
        raise InvalidSettings(f"{_VARIABLE} names no database; end it with one, as in postgresql://host/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": _KEPT_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 10, **dict(parse_qsl(parts.query))},
    }


def _sqlite_file(url: str) -> Path:
    return Path(url.removeprefix(_SQLITE)).absolute()


def _prepare(url: str) -> None:
    if url.startswith(_SQLITE):
        _make_folder(url)
    _bring_up_to_date(url)


def _make_folder(url: str) -> None:
    file = _sqlite_file(url)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable(
            f"The control database {file} cannot be made: {error.strerror}. Set {_VARIABLE} or "
            "RESELLER_REPORTING_HOME to a place of yours."
        ) from error


def _bring_up_to_date(url: str) -> None:
    if _is_up_to_date(url):
        return
    from django.core.management import call_command

    with _alone(url):
        if not _is_up_to_date(url):
            call_command("migrate", verbosity=0, interactive=False)


def _is_up_to_date(url: str) -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    known = executor.loader.disk_migrations
    newer = sorted(
        name for app, name in executor.loader.applied_migrations if app == "control" and (app, name) not in known
    )
    if newer:
        raise DatabaseUnavailable(
            f"The control database {shown(url)} was made by a newer version of this program ({newer[-1]}): install "
            f"that one, or name another database with {_VARIABLE}."
        )
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """One process at a time; the others wait."""
    from django.db import connection

    if url.startswith(_SQLITE):
        file = _sqlite_file(url)
        try:
            with file.with_name(f"{file.name}.lock").open("a") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise _unavailable(url, error) from error
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK_KEY])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK_KEY])


def _unavailable(url: str, error: Exception) -> DatabaseUnavailable:
    cause = str(error).strip().splitlines()[:1]
    why = cause[0].rstrip(".") if cause else type(error).__name__
    return DatabaseUnavailable(f"The control database {shown(url)} cannot be used: {why}. Check {_VARIABLE}.")
