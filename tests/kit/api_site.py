"""A site for the API: a tree of accounts, a run that is made with its files, keys and clients of every role."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from sites import NOW, Site

from reseller_reporting.app.tenancy import run_folder
from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from reseller_reporting.control.models import Job, Run, RunFile, User

ROOT, ACME, BRANCH, LEAF, SHOP = ("0" * 31 + digit for digit in "abcde")
TREE = {
    ROOT: ("Acme Reseller", ""),
    ACME: ("Acme <script>alert(1)</script>", ROOT),
    BRANCH: ("Branch & Söhne", ROOT),
    LEAF: ("Leaf", BRANCH),
    SHOP: ("Shop", ROOT),
}
SUMMARY = "\ufeffAccount ID,Name,Calls,Reseller Cost,Currency\r\n" + "".join(
    f"{account},{name},{count},{cost},USD\r\n"
    for account, name, count, cost in (
        (ACME, "'=cmd|x", 3, "0.0300"),
        (BRANCH, '"Two\r\nlines, ""quoted"""', 12, "-1.5"),
        (LEAF, "Leaf", "", ""),
    )
)
LEGS = "\ufeffDate,Called,Cost\r\n" + "".join(f"2026-10-01,'+4930{row:04},0.{row:04}\r\n" for row in range(25))


@dataclass
class ApiSite:
    """`of(role)` is a client with a key that has every scope."""

    site: Site
    run: Run
    job: Job
    files: dict[str, RunFile]
    _people: dict[str, User] = field(default_factory=dict)

    def person(self, name: str) -> User:
        """`branch_admin` and `branch_viewer` belong to one branch; `other_admin` to another reseller."""
        if name not in self._people:
            people: dict[str, tuple[Role, dict[str, Any]]] = {
                "operator": (Role.OPERATOR, {}),
                "reseller_admin": (Role.RESELLER_ADMIN, {}),
                "reseller_viewer": (Role.RESELLER_VIEWER, {}),
                "branch_admin": (Role.RESELLER_ADMIN, {"account_id": BRANCH}),
                "branch_viewer": (Role.RESELLER_VIEWER, {"account_id": BRANCH}),
                "customer_admin": (Role.CUSTOMER_ADMIN, {"account_id": BRANCH}),
                "other_admin": (Role.RESELLER_ADMIN, {"reseller": self.site.other}),
            }
            role, stated = people[name]
            self._people[name] = self.site.user(role, **stated)
        return self._people[name]

    def key(self, name: str, scopes: list[str] | None = None, **stated: Any) -> str:
        from reseller_reporting.control.api_keys import Scope, make_key

        given: dict[str, Any] = {"name": "books", "now": NOW, "expires_at": None} | stated
        every = [scope.value for scope in Scope]
        _, text = make_key(self.person(name), scopes=every if scopes is None else scopes, **given)
        return text

    def of(self, name: str, scopes: list[str] | None = None, **stated: Any) -> Caller:
        if name == "stranger":
            return Caller({})
        return Caller({"Authorization": f"Bearer {self.key(name, scopes, **stated)}"})


@dataclass
class Caller:
    """JSON in, the answer out; every refusal is looked at."""

    headers: dict[str, str]
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        stated = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        more: dict[str, Any] = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        answer = self.client.generic(method, f"/api/v1{path}", headers=stated, **more)
        if answer.status_code >= 400:
            assert answer.headers["Content-Type"] == "application/problem+json", (method, path, answer.content[:300])
            assert answer.json()["status"] == answer.status_code
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, body, **headers)


@pytest.fixture
def api(site: Site) -> ApiSite:
    from reseller_reporting.api.passing import rate_limit
    from reseller_reporting.control.models import Job, JobItem, KnownAccount, Run

    rate_limit.forget()
    with within(site.reseller):
        for account, (name, parent) in TREE.items():
            above = [each for each in (ROOT, parent) if each and each != account]
            KnownAccount.objects.create(
                reseller=site.reseller,
                account_id=account,
                name=name,
                parent_id=parent,
                lineage=f"/{'/'.join([*dict.fromkeys(above), account])}/",
                sought=f"{name}\n\n{account}".lower(),
            )
        run = Run.objects.create(
            reseller=site.reseller,
            order={"period": "2026-10", "email": ["clerk@example.com"]},
            title="2026-10",
            period_name="2026-10",
            timezone="UTC",
            state="made",
            accounts_count=3,
            totals={"calls": 15},
            created_at=NOW,
            made_at=NOW,
        )
        job = Job.objects.create(
            reseller=site.reseller, kind="report", run=run, state="done", due_at=NOW, created_at=NOW
        )
        JobItem.objects.create(job=job, reseller=site.reseller, account_id=ACME, name="Acme", state="made")
        files = {each.name: each for each in _files(site, run)}
    return ApiSite(site, run, job, files)


def _files(site: Site, run: Run) -> Iterator[RunFile]:
    from reseller_reporting.control.models import KEPT_LEGS, RunFile

    folder = run_folder(site.house, run.pk)
    made = (
        ("summary.csv", "summary", "", "internal", SUMMARY),
        ("summary-by-country.csv", "countries", "", "internal", SUMMARY),
        ("reseller.xlsx", "reseller", "", "internal", "margins of all customers"),
        ("accounts/acme.xlsx", "workbook", ACME, "internal", "acme"),
        ("accounts/branch.xlsx", "workbook", BRANCH, "internal", "branch, with costs"),
        ("customer/branch.xlsx", "workbook", BRANCH, "customer", "branch, without"),
        ("customer/leaf.xlsx", "workbook", LEAF, "customer", "leaf, without"),
        ("customer/shop.xlsx", "workbook", SHOP, "customer", "shop, without"),
        ("legs/branch.csv", "legs", BRANCH, "internal", LEGS),
        (".legs/acme.parquet", KEPT_LEGS, ACME, "internal", "acme's legs, with costs"),
        (".legs/leaf.parquet", KEPT_LEGS, LEAF, "customer", "leaf's legs, without"),
    )
    for name, kind, account, edition, text in made:
        content = text.encode()
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        yield RunFile.objects.create(
            run=run,
            reseller=site.reseller,
            name=name,
            kind=kind,
            edition=edition,
            account_id=account,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
