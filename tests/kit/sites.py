"""A web application on an empty database of its own, with a reseller and someone of each role."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from reseller_reporting import web
from reseller_reporting.app.house import House
from reseller_reporting.config import PREFIX, load_settings
from reseller_reporting.control import database
from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from reseller_reporting.control.models import Reseller, User

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
PASSWORD = "correct horse battery"


@dataclass
class Site:
    """`client` is nobody yet; `as_` logs one in without the log-in page."""

    house: House
    reseller: Reseller
    other: Reseller
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def user(self, role: Role, *, reseller: Reseller | None = None, **stated: Any) -> User:
        from reseller_reporting.control.models import User

        name = f"{role}-{User.log_ins.count()}@example.com"
        if role is Role.CUSTOMER_ADMIN:
            stated.setdefault("account_id", "1" * 32)
        named: dict[str, Any] = {
            "username": name,
            "reseller": reseller or self.reseller,
            "role": role.value,
            "created_at": NOW,
        } | stated
        return User.log_ins.create_user(password=PASSWORD, **named)

    def as_(self, user: User) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def log_in(self, user: User, password: str = PASSWORD, **more: Any) -> Any:
        return self.client.post("/login/", {"username": user.username, "password": password, **more})


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Brought up once; every test gets a copy."""
    file = tmp_path_factory.mktemp("web") / "empty.sqlite3"
    database.prepare(f"sqlite:///{file}")
    return file


@pytest.fixture
def site(tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    from reseller_reporting.control.models import Reseller

    home = tmp_path / "home"
    home.mkdir()
    house = House(load_settings({f"{PREFIX}HOME": str(home)}, working_folder=tmp_path), clock=lambda: NOW)
    shutil.copy(empty_database, home / "reseller-reporting.sqlite3")
    database.configure(house.settings.database_url)
    monkeypatch.setattr(settings, "HOUSE", house)
    monkeypatch.setattr(settings, "ALLOWED_HOSTS", ["testserver"])
    monkeypatch.setattr(settings, "STATIC_ROOT", str(Path(web.__file__).parent / "static"))
    # The real one is slow on purpose.
    monkeypatch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
    from django.contrib.auth import hashers

    get_hashers: Any = hashers.get_hashers

    get_hashers.cache_clear()
    try:
        yield Site(
            house=house,
            reseller=Reseller.objects.create(key="", name="Acme", created_at=NOW),
            other=Reseller.objects.create(key="charlie", name="Charlie", created_at=NOW),
        )
    finally:
        connections.close_all()
        get_hashers.cache_clear()
