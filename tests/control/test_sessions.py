"""Sessions that are over go, on SQLite and on a real PostgreSQL; a database without the web's tables is no failure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reseller_reporting.control import database

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_sessions_that_are_over_are_forgotten(database_url: str) -> None:
    with database.opened(database_url):
        from django.contrib.sessions.models import Session
        from django.db import connection

        from reseller_reporting.control.sessions import forget_expired

        for name, lasts in (("over", timedelta(seconds=-1)), ("on", timedelta(seconds=1))):
            Session.objects.create(session_key=name, session_data="x", expire_date=NOW + lasts)
        forget_expired(now=NOW)
        assert list(Session.objects.values_list("session_key", flat=True)) == ["on"]
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE django_session")
        forget_expired(now=NOW)
