"""Searching: what a few words find among the rows that someone sees; of several words, each is in it somewhere."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from reseller_reporting.control.models import AuditEvent, KnownAccount, Run, User
from reseller_reporting.control.spoken_periods import means
from reseller_reporting.control.visibility import sees_everything, visible_files

_WORDS_MAX = 8


def accounts(rows: QuerySet[KnownAccount], text: str) -> QuerySet[KnownAccount]:
    """In name, realm and id."""
    for word in _words(text.lower()):
        rows = rows.filter(sought__contains=word)
    return rows


def runs(rows: QuerySet[Run], text: str, user: User) -> QuerySet[Run]:
    """In the period, as people name it, customers that are theirs to see, and, for the reseller's own people, who
    ordered it."""
    periods = list(rows.order_by().values_list("period_name", flat=True).distinct()) if text.strip() else []
    for word in _words(text):
        of_customer = visible_files(user).filter(account_name__icontains=word).values("run_id")
        # Not by what the name holds: the day after the last one is part of it.
        meant = [period for period in periods if means(word, period, language=user.language)]
        found = Q(period_name__in=meant) | Q(pk__in=of_customer)
        if sees_everything(user):
            found |= Q(created_by__username__icontains=word)
        rows = rows.filter(found)
    return rows


def users(rows: QuerySet[User], text: str) -> QuerySet[User]:
    """In name and address."""
    for word in _words(text):
        rows = rows.filter(Q(username__contains=word.lower()) | Q(name__icontains=word))
    return rows


def events(rows: QuerySet[AuditEvent], text: str) -> QuerySet[AuditEvent]:
    """In person, action, subject and the beginning of the address."""
    for word in _words(text):
        rows = rows.filter(
            Q(who__icontains=word)
            | Q(action__icontains=word)
            | Q(subject__icontains=word)
            | Q(address__startswith=word)
        )
    return rows


def _words(text: str) -> Iterator[str]:
    yield from text.split()[:_WORDS_MAX]
