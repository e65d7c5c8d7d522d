"""The walls between resellers: a table of theirs answers within a reseller's scope, and raises outside of one.

Owns: `within` and `across_resellers` (the scopes of django-scopes, in our words), the manager that asks for one.

Invariants
- What runs for a request or a job runs `within` one reseller. `across_resellers` is for finding out which.
- A generator (a streamed answer) outlives the request's scope: it opens its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import models
from django_scopes import get_scope, scope, scopes_disabled
from django_scopes.manager import DisabledQuerySet

Row = TypeVar("Row", bound=models.Model)


@contextmanager
def within(reseller: Any) -> Iterator[None]:
    """Rows of this reseller, and no others."""
    assert reseller is not None, "a scope of nobody would be a scope of everybody"
    with scope(reseller=reseller):
        yield


@contextmanager
def across_resellers() -> Iterator[None]:
    """Rows of all of them: for finding whose a request or a job is, and for what concerns the installation."""
    with scopes_disabled():
        yield


class _Closed(DisabledQuerySet):  # type: ignore[misc]  # It has no types.
    """django-scopes closes most ways to ask; these it leaves open."""

    exists = contains = explain = in_bulk = exclude = distinct = select_related = prefetch_related = (
        DisabledQuerySet.error
    )


class Scoped(models.Manager[Row]):
    """`objects` of every table that names its reseller."""

    def get_queryset(self) -> models.QuerySet[Row]:
        now = get_scope()
        if not now.get("_enabled", True):
            return super().get_queryset()
        if now.get("reseller") is None:
            disabled: models.QuerySet[Row] = _Closed(self.model, using=self._db, missing_scopes=frozenset({"reseller"}))
            return disabled
        return super().get_queryset().filter(reseller=now["reseller"])

    def all(self) -> models.QuerySet[Row]:
        return self.get_queryset().all()  # Which raises where there is no scope.
