"""The walls between resellers: without a scope a table of theirs raises, within one it shows its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django_scopes.exceptions import ScopeError

from reseller_reporting.control import database
from reseller_reporting.control.roles import MATRIX, Action, Role, may

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[None]:
    with database.opened(f"sqlite:///{tmp_path / 'control.sqlite3'}"):
        yield


def tenant_models() -> list[Any]:
    from django.apps import apps

    return [
        model
        for model in apps.get_app_config("control").get_models()
        if any(field.name == "reseller" for field in model._meta.get_fields() if field.concrete)
    ]


def test_every_table_that_names_its_reseller_raises_outside_of_a_scope(opened: None) -> None:
    from reseller_reporting.control.scoping import Scoped

    assert len(tenant_models()) >= 12
    for model in tenant_models():
        assert isinstance(model.objects, Scoped), model
        everything = model.objects
        for ask in (everything.all, everything.count, everything.first, everything.exists, everything.exclude):
            with pytest.raises(ScopeError):
                ask()


def test_a_reseller_sees_its_own(opened: None) -> None:
    from reseller_reporting.control.models import AccountGroup, Reseller
    from reseller_reporting.control.scoping import across_resellers, within

    acme, charlie = (Reseller.objects.create(key=key, name=key, created_at=NOW) for key in ("acme", "charlie"))
    for reseller in (acme, charlie):
        AccountGroup.objects.create(reseller=reseller, name=f"of {reseller.name}", updated_at=NOW)
    with within(acme):
        assert [group.name for group in AccountGroup.objects.all()] == ["of acme"]
        with pytest.raises(AccountGroup.DoesNotExist):
            AccountGroup.objects.get(name="of charlie")
    with across_resellers():
        assert AccountGroup.objects.count() == 2
    with pytest.raises(AssertionError), within(None):
        pass


def test_everyone_sees_their_account_and_those_below_it(opened: None) -> None:
    from reseller_reporting.control.models import KnownAccount, Reseller, User
    from reseller_reporting.control.scoping import within
    from reseller_reporting.control.visibility import visible_accounts

    acme, charlie = (Reseller.objects.create(key=key, name=key, created_at=NOW) for key in ("acme", "charlie"))
    # Of the other reseller, ids begin alike, and one is the same.
    for reseller, tree in (
        (acme, {"a": "/a/", "b": "/a/b/", "bb": "/a/b/bb/", "c": "/a/c/"}),
        (charlie, {"b": "/x/b/", "d": "/x/b/d/"}),
    ):
        for id_, lineage in tree.items():
            KnownAccount.objects.create(reseller=reseller, account_id=id_, name=id_, lineage=lineage, sought=id_)
    expected = {
        (Role.OPERATOR, ""): ["a", "b", "bb", "c"],
        (Role.RESELLER_ADMIN, ""): ["a", "b", "bb", "c"],
        (Role.RESELLER_VIEWER, "a"): ["a", "b", "bb", "c"],
        (Role.RESELLER_VIEWER, "b"): ["b", "bb"],
        (Role.CUSTOMER_ADMIN, "b"): ["b", "bb"],
        (Role.CUSTOMER_ADMIN, "bb"): ["bb"],
        (Role.CUSTOMER_ADMIN, ""): [],
    }
    for (role, account_id), ids in expected.items():
        user = User(reseller=acme, role=role.value, account_id=account_id, is_active=True)
        with within(acme):
            seen = visible_accounts(user).order_by("account_id")
            assert list(seen.values_list("account_id", flat=True)) == ids, (role, account_id)
            user.is_active = False
            assert not visible_accounts(user).exists()


def test_roles_grow_from_customer_to_operator() -> None:
    customer, viewer, admin, operator = (
        MATRIX[role] for role in (Role.CUSTOMER_ADMIN, Role.RESELLER_VIEWER, Role.RESELLER_ADMIN, Role.OPERATOR)
    )
    assert customer < viewer < admin < operator == set(Action)
    assert Action.SEE_INTERNAL_EDITION not in customer


def test_a_role_that_is_none_may_nothing(opened: None) -> None:
    from reseller_reporting.control.models import User

    assert not any(may(User(role="root", is_active=True), action) for action in Action)


def test_a_customers_admin_without_an_account_cannot_be(opened: None) -> None:
    from django.db import IntegrityError

    from reseller_reporting.control.models import Reseller, User

    acme = Reseller.objects.create(key="acme", name="Acme", created_at=NOW)
    with pytest.raises(IntegrityError):
        User.log_ins.create_user("x", "y", reseller=acme, role=Role.CUSTOMER_ADMIN.value, created_at=NOW)
