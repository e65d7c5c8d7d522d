"""Sessions of browsers, for whoever sees to the database without the web application around it."""

from datetime import datetime

from django.db import connection

_TABLE = "django_session"  # The web application's: no model of this room.


def forget_expired(*, now: datetime) -> None:
    """Django keeps the rows of sessions that are over until it is told."""
    with connection.cursor() as cursor:
        if _TABLE in connection.introspection.table_names(cursor):
            until = connection.ops.adapt_datetimefield_value(now)
            cursor.execute(f"DELETE FROM {_TABLE} WHERE expire_date < %s", [until])  # noqa: S608 - a name of ours.
