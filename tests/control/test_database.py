"""The control database comes up by itself, for any number of processes, and says what is wrong without a secret."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from databases import Cluster

from reseller_reporting.control import database
from reseller_reporting.control import plans as kept
from reseller_reporting.control.plans import StoredAssignment
from reseller_reporting.model.errors import DatabaseUnavailable, InvalidSettings

NOW = datetime(2026, 10, 1, 12, 30, 15, 123456, tzinfo=UTC)
MAY = date(2026, 5, 1)


def test_what_is_kept_is_read_back_to_the_letter(database_url: str) -> None:
    text = "plan: r # é → 'quotes' \\ \r\n"
    with database.opened(database_url), database.writing():
        kept.keep_version("r", MAY, text, imported_at=NOW)
        kept.keep_version("r", None, "plan: r", imported_at=NOW)
        kept.keep_version("a", MAY, "plan: a", imported_at=NOW)
        line = StoredAssignment(plan="r", customer="Café", effective=MAY, overrides={"b": "1.10", "a": "true"})
        kept.keep_assignment(line)
    with database.opened(database_url):
        found = kept.versions()
        assert [(each.plan, each.effective, each.text) for each in found] == [
            ("a", MAY, "plan: a"),
            ("r", None, "plan: r"),
            ("r", MAY, text),
        ]
        assert found[2].imported_at == NOW
        assert kept.assignments() == [line]


@pytest.mark.parametrize("effective", [None, MAY])
def test_there_is_one_text_a_version_and_one_plan_a_customer_and_day(database_url: str, effective: date | None) -> None:
    with database.opened(database_url):
        for name in ("one", "two"):
            kept.keep_version("r", effective, name, imported_at=NOW)
            kept.keep_assignment(StoredAssignment(plan=name, customer="*", effective=effective))
        assert [each.text for each in kept.versions()] == ["two"]
        assert [each.plan for each in kept.assignments()] == ["two"]

        from django.db import IntegrityError, transaction

        from reseller_reporting.control.models import PlanAssignment, PricePlanVersion

        with pytest.raises(IntegrityError), transaction.atomic():
            PricePlanVersion.objects.create(plan="r", effective=effective, text="x", digest="", imported_at=NOW)
        with pytest.raises(IntegrityError), transaction.atomic():
            PlanAssignment.objects.create(plan="x", customer="*", effective=effective)


def test_resellers_do_not_see_each_others_plans(database_url: str) -> None:
    with database.opened(database_url):
        kept.keep_version("r", None, "ours", imported_at=NOW)
        kept.keep_version("r", None, "theirs", imported_at=NOW, reseller_id="b")
        kept.keep_assignment(StoredAssignment(plan="r", customer="*", effective=None), reseller_id="b")
        assert [each.text for each in kept.versions()] == ["ours"]
        assert [each.text for each in kept.versions("b")] == ["theirs"]
        assert kept.assignments() == []


def test_a_write_that_fails_leaves_nothing(database_url: str) -> None:
    with database.opened(database_url):
        with suppress(ZeroDivisionError), database.writing():
            kept.keep_version("r", None, "x", imported_at=NOW)
            assert len(kept.versions()) == 1
            raise ZeroDivisionError
        assert kept.versions() == []


CLIENT = """
import sys
from datetime import UTC, datetime
from reseller_reporting.control import database, plans
with database.opened(sys.argv[1]), database.writing():
    plans.keep_version(f"r{len(plans.versions())}", None, "x", imported_at=datetime(2026, 1, 1, tzinfo=UTC))
"""


@pytest.mark.slow
def test_many_processes_may_start_at_once_on_an_empty_database(database_url: str) -> None:
    """Each counts what is there before it adds one: two writers at a time would count the same."""
    clients = [
        subprocess.Popen([sys.executable, "-c", CLIENT, database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for client in clients:
        _, complaint = client.communicate(timeout=120)
        assert client.returncode == 0, complaint
    with database.opened(database_url):
        assert [each.plan for each in kept.versions()] == [f"r{number}" for number in range(6)]


def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    with database.opened(database_url):
        from django.db import connection
        from django.db.migrations.recorder import MigrationRecorder

        MigrationRecorder(connection).record_applied("control", "9999_of_tomorrow")
    newer = r"newer version of this program \(9999_of_tomorrow\)"
    with pytest.raises(DatabaseUnavailable, match=newer), database.opened(database_url):
        pass


def test_the_models_have_no_change_without_a_migration(database_url: str) -> None:
    with database.opened(database_url):
        from django.core.management import call_command

        call_command("makemigrations", "control", check=True, dry_run=True, verbosity=0)


# SQLite.


def test_a_connection_that_broke_meanwhile_is_made_anew(postgresql: Cluster) -> None:
    import psycopg

    url = postgresql.database("breaks")
    with database.opened(url):
        assert kept.versions() == []
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = 'breaks' AND pid <> pg_backend_pid()"
            )
        database.reach_again()
        assert kept.versions() == []


@pytest.mark.parametrize("away_count", [0, 3, 10_000])
def test_a_database_that_is_away_is_waited_for_and_given_up_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away_count: int
) -> None:
    from django.db import OperationalError
    from django.db.backends.base.base import BaseDatabaseWrapper

    real, asked, now = BaseDatabaseWrapper.cursor, [0], [0.0]

    def cursor(self: BaseDatabaseWrapper) -> Any:
        asked[0] += 1
        if asked[0] <= away_count:
            raise OperationalError("gone")
        return real(self)

    def sleep(seconds: float) -> None:
        now[0] += seconds

    with database.opened(f"sqlite:///{tmp_path / 'control.sqlite3'}"):
        monkeypatch.setattr(database, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
        monkeypatch.setattr(BaseDatabaseWrapper, "cursor", cursor)
        if away_count < 10_000:
            database.reach_again()
            assert asked == [away_count + 1]
        else:
            with pytest.raises(OperationalError, match="gone"):
                database.reach_again()
            assert 600 < now[0] < 1000
        monkeypatch.undo()


def test_sqlite_writes_ahead_and_its_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "new" / "control.sqlite3"
    assert not database.exists(f"sqlite:///{file}")
    with database.opened(f"sqlite:///{file}"):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)
    assert database.exists(f"sqlite:///{file}")


def test_what_is_no_database_is_told_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "control.sqlite3"
    file.write_text("not a database, but a letter to one\n" * 50)
    with (
        pytest.raises(DatabaseUnavailable, match="file is not a database") as caught,
        database.opened(f"sqlite:///{file}"),
    ):
        pass
    assert str(file) in caught.value.sentence


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    url = f"sqlite:///{tmp_path / 'file' / 'control.sqlite3'}"
    with pytest.raises(DatabaseUnavailable, match="cannot be made"), database.opened(url):
        pass


# URLs.


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    url = "postgresql://keeper:s3cret@127.0.0.1:1/plans"
    with pytest.raises(DatabaseUnavailable) as caught, database.opened(url):
        pass
    assert "postgresql://127.0.0.1:1/plans" in caught.value.sentence
    assert "s3cret" not in caught.value.sentence
    assert "keeper" not in database.shown(url)


@pytest.mark.parametrize(
    "url", ["postgresql://host", "postgresql://host/", "postgresql://host/a/b", "postgresql://h:x/d"]
)
def test_a_url_without_a_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="RESELLER_REPORTING_DATABASE_URL"), database.opened(url):
        pass


# What does not need it does not pay for it.

IMPORTED = """
import sys
sys.argv = {arguments!r}
from reseller_reporting.cli import main
try:
    main()
finally:
    print("django" in sys.modules, file=sys.stderr)
"""


def _imports_django(tmp_path: Path, *arguments: str) -> bool:
    environment = {**os.environ, "RESELLER_REPORTING_HOME": str(tmp_path / "home")}
    environment.pop("RESELLER_REPORTING_DATABASE_URL", None)
    code = IMPORTED.format(arguments=["reseller-reporting", *arguments])
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    return done.stderr.splitlines()[-1] == "True"


def test_help_and_lists_of_nothing_import_no_django(tmp_path: Path) -> None:
    assert not _imports_django(tmp_path, "--help")
    assert not _imports_django(tmp_path, "plans", "list")
    assert not (tmp_path / "home" / "reseller-reporting.sqlite3").exists()
    (tmp_path / "p.yaml").write_text("plan: p\nminimum_spend: 5\n")
    assert not _imports_django(tmp_path, "plans", "check", "p.yaml")
    assert _imports_django(tmp_path, "plans", "import", "p.yaml")
