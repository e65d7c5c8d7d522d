"""A web application on an empty database of its own, with a reseller and someone of each role."""

from __future__ import annotations

import json
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
from reseller_reporting.control.scoping import within

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

    def grow(self, count: int, *, below: str = "1" * 32) -> None:
        """An account tree of so many customers: a tenth of them at the top, the others below the first of those."""
        from reseller_reporting.control.models import KnownAccount

        own = "f" * 32
        rows = [_account(self.reseller, own, "Acme", parent="", lineage=f"/{own}/")]
        for number in range(count):
            id_ = below if number == 0 else f"{number:032x}"
            parent = own if number % 10 == 0 else below
            lineage = f"/{own}/{id_}/" if parent == own else f"/{own}/{below}/{id_}/"
            rows.append(_account(self.reseller, id_, f"Customer {number:05d}", parent=parent, lineage=lineage))
        KnownAccount.objects.bulk_create(rows, batch_size=1000)
        self.reseller.account_id, self.reseller.tree_read_at = own, NOW
        self.reseller.save()


def _account(reseller: Reseller, id_: str, name: str, *, parent: str, lineage: str) -> Any:
    from reseller_reporting.control.models import KnownAccount

    realm = f"{id_[-6:]}.sip.example.com"
    return KnownAccount(
        reseller=reseller,
        account_id=id_,
        name=name,
        realm=realm,
        parent_id=parent,
        reseller_account_id="f" * 32,
        lineage=lineage,
        sought=f"{name}\n{realm}\n{id_}".lower(),
    )


@pytest.fixture
def tree(site: Site) -> Site:
    """A site whose reseller is connected and has thirty customers."""
    from reseller_reporting.app.tenancy import KazooLogin, keep_login

    keep_login(site.house, site.reseller, KazooLogin(url="https://kazoo.example.com/v2", api_key="k" * 32))
    site.grow(30)
    return site


HOSTILE = "<script>alert(1)</script>'\"&"


@dataclass(frozen=True)
class MadeRun:
    """A report of two customers, as a worker leaves it. The first customer's account is 1…1."""

    run: Any
    folder: Path


@pytest.fixture
def made_run(tree: Site) -> MadeRun:
    return make_run(tree)


def make_run(
    site: Site,
    *,
    edition: str = "internal",
    customer_cost: str = "12.5000",
    created_by: Any = None,
    created_at: datetime = NOW,
) -> MadeRun:
    """Rows and files of a run; names in it are hostile. Of a branch, it is as someone of it ordered it."""
    from reseller_reporting.control.models import Job, JobItem, Run, RunFile

    run = Run.objects.create(
        reseller=site.reseller,
        order={"email": [], "edition": edition, "branch": created_by.account_id if created_by else ""},
        title="2026-10",
        period_name="2026-10",
        timezone="Europe/Berlin",
        state="made",
        is_complete=True,
        accounts_count=2,
        totals={"calls": 12, "billing_seconds": 3600, "reseller_cost": "7.2500", "customer_cost": customer_cost},
        created_by=created_by,
        created_at=created_at,
        made_at=NOW,
    )
    job = Job.objects.create(
        reseller=site.reseller, kind="report", run=run, state="done", percent=100, due_at=NOW, created_at=NOW
    )
    folder = site.house.settings.home / "runs" / str(run.pk)
    (folder / "accounts").mkdir(parents=True)
    accounts = []
    for id_, name, cost in (("1" * 32, HOSTILE, customer_cost), ("0" * 31 + "a", "Second", "1.0000")):
        file = f"accounts/{id_}.xlsx"
        (folder / file).write_bytes(b"workbook of " + id_.encode())
        RunFile.objects.create(
            run=run, reseller=site.reseller, name=file, kind="workbook", edition=edition, account_id=id_,
            account_name=name, size_bytes=44, sha256="0" * 64,
        )  # fmt: skip
        JobItem.objects.create(job=job, reseller=site.reseller, account_id=id_, name=name, state="made")
        accounts.append(
            {
                "id": id_, "name": name, "file": file, "status": "ok", "calls": 6, "billing_seconds": 1800,
                "reseller_cost": "3.6250", "customer_cost": cost, "price": None,
                "warnings": [{"code": "x", "message": HOSTILE, "count": 1}],
            }
        )  # fmt: skip
    texts = {
        "manifest.json": json.dumps({"accounts": accounts}),
        "summary.csv": f"Account ID,Billing Minutes\n{'1' * 32},30.333333\n{'0' * 31 + 'a'},20.50\n",
        "reseller.xlsx": "margins of all customers",
        "summary-by-country.csv": "Account ID,Name,Country Code,Country,Direction,Calls,Billing Minutes,Customer Cost\n"
        f"{'1' * 32},A,GB,United Kingdom,outbound,4,10.50,2.5000\n{'1' * 32},A,FR,<b>France,outbound,2,1.00,9.0000\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        kinds = {"manifest.json": "manifest", "summary.csv": "summary", "reseller.xlsx": "reseller"}
        kind = kinds.get(name, "countries")
        RunFile.objects.create(
            run=run, reseller=site.reseller, name=name, kind=kind, size_bytes=len(text), sha256="0" * 64
        )
    return MadeRun(run, folder)


def make_large_run(site: Site, customers: int = 5000, *, countries: int = 20) -> MadeRun:
    """A report of that many customers, each with two files, warnings and calls to so many countries."""
    from reseller_reporting.control.models import Job, JobItem, RunFile

    made = make_run(site)
    with within(site.reseller):
        job = Job.objects.get(run=made.run)
    accounts, files, items = [], [], []
    lines = ["Account ID,Name,Country Code,Country,Direction,Calls,Billing Minutes,Customer Cost"]
    for number in range(customers):
        id_, name = f"{number + 100:032x}", f"Customer {number:05d}"
        entry: dict[str, Any] = {
            "id": id_, "name": name, "file": f"accounts/{id_}.xlsx", "status": "ok", "calls": number,
            "billing_seconds": 60 * number, "reseller_cost": "3.6250", "customer_cost": f"{number}.0000", "price": None,
            "warnings": [{"code": "x", "message": f"Something about {name}.", "count": 1}] * 2,
        }  # fmt: skip
        accounts.append(entry)
        for file, kind in ((entry["file"], "workbook"), (f"statements/{id_}.pdf", "statement")):
            files.append(
                RunFile(
                    run=made.run, reseller=site.reseller, name=file, kind=kind, account_id=id_, account_name=name,
                    size_bytes=1, sha256="0" * 64,
                )
            )  # fmt: skip
        items.append(JobItem(job=job, reseller=site.reseller, account_id=id_, name=name, state="made"))
        lines += [f"{id_},{name},C{each},Country {each},outbound,2,1.50,0.2500" for each in range(countries)]
    (made.folder / "manifest.json").write_text(json.dumps({"accounts": accounts}), encoding="utf-8")
    (made.folder / "summary-by-country.csv").write_text("\n".join(lines), encoding="utf-8")
    RunFile.objects.bulk_create(files, batch_size=500)
    JobItem.objects.bulk_create(items, batch_size=500)
    return made


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
