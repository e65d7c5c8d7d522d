"""A reseller with one of everything that can be asked for, all of it recognisable: for trying who gets to see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sites import NOW, Site

from reseller_reporting.app.tenancy import KazooLogin, keep_login, run_folder
from reseller_reporting.control.scoping import within

if TYPE_CHECKING:
    from reseller_reporting.control.models import Reseller


@dataclass(frozen=True)
class Tenant:
    """Two customers, `first` with one below it and `second`; a report of both, made for customers to see. `words` are
    in all that it keeps; `seconds_words` in what is of the second customer alone, `internal_words` in what the reseller
    pays."""

    reseller: Reseller
    first: str
    second: str
    rows: dict[str, Any]
    words: tuple[str, ...]
    seconds_words: tuple[str, ...]
    whole_words: tuple[str, ...]
    cost: str = "7311.0"


def furnished(site: Site, reseller: Reseller, mark: str, digit: str) -> Tenant:
    from reseller_reporting.control import audit
    from reseller_reporting.control.models import AccountGroup, Delivery, Job, JobItem, Recipient, Run, User

    own, first, below, second = (f"{digit}{each}" * 16 for each in "0123")
    reseller.account_id, reseller.tree_read_at = own, NOW
    keep_login(site.house, reseller, KazooLogin(url=f"https://{mark}.example.com/v2", api_key="k" * 32))
    reseller.save()
    _tree(reseller, mark, own, first, below, second)
    given: dict[str, Any] = {"reseller": reseller, "created_at": NOW}
    with within(reseller):
        recipient = f"bills@{mark}.example.com"
        run = Run.objects.create(
            order={"email": [recipient], "branch": ""}, title="2026-10", period_name="2026-10", timezone="UTC",
            state="made", is_complete=True, accounts_count=2, made_at=NOW,
            totals={"calls": 12, "billing_seconds": 60, "reseller_cost": "7499.0000", "customer_cost": "1.0000"},
            **given,
        )  # fmt: skip
        finished: dict[str, Any] = {"state": "done", "percent": 100, "due_at": NOW} | given
        job = Job.objects.create(kind="report", run=run, **finished)
        tested = Job.objects.create(
            kind="connection", state="done", due_at=NOW,
            checkpoint={"findings": [{"name": "kazoo", "ok": True, "message": f"Found {mark}."}]}, **given,
        )  # fmt: skip
        for account_id, name in ((first, f"{mark} First"), (second, f"{mark} Second")):
            JobItem.objects.create(job=job, reseller=reseller, account_id=account_id, name=name, state="made")
        files = _files(site, run, mark, first, second)
        group = AccountGroup.objects.create(
            reseller=reseller, name=f"{mark} group", account_ids=[first, second], updated_at=NOW
        )
        someone = User.log_ins.create_user(
            username=f"someone@{mark}.example.com", password="x" * 20, role="reseller_viewer", **given
        )
        Recipient.objects.create(reseller=reseller, address=recipient, last_used_at=NOW)
        Delivery.objects.create(run=run, unique_key=mark, recipients=[recipient], state="sent", **given)
        audit.record("report_ordered", at=NOW, reseller=reseller, user=someone, subject=f"{mark} subject")
    rows = {"run": run, "job": job, "tested": tested, "group": group, "user": someone, "files": files}
    return Tenant(
        reseller, first, second, rows,
        words=(mark, own, first, below, second, str(run.pk), str(job.pk), str(tested.pk)),
        seconds_words=(f"{mark} Second", second),
        whole_words=("7499.0", "7,499.0", recipient, f"someone@{mark}", f"{mark} subject", f"https://{mark}"),
    )  # fmt: skip


def _tree(reseller: Reseller, mark: str, own: str, first: str, below: str, second: str) -> None:
    from reseller_reporting.control.models import KnownAccount

    for account_id, name, above in (
        (own, f"{mark} Reseller", ()),
        (first, f"{mark} First", (own,)),
        (below, f"{mark} Below", (own, first)),
        (second, f"{mark} Second", (own,)),
    ):
        KnownAccount.objects.create(
            reseller=reseller,
            account_id=account_id,
            name=name,
            parent_id=above[-1] if above else "",
            reseller_account_id=own,
            lineage="/".join(("", *above, account_id, "")),
            sought=f"{name}\n\n{account_id}".lower(),
        )


def _files(site: Site, run: Any, mark: str, first: str, second: str) -> dict[str, Any]:
    from reseller_reporting.control.models import KEPT_LEGS, RunFile

    head = "Account ID,Name,Country Code,Country,Direction,Calls,Billing Minutes,Customer Cost\n"
    lines = "".join(
        f"{each},{mark} {name},GB,{mark}land,outbound,1,1,1\n" for each, name in ((first, "First"), (second, "Second"))
    )
    entries = ",".join(
        f'{{"id": "{each}", "name": "{mark} {name}", "status": "ok", "calls": 6, "billing_seconds": 60, '
        f'"reseller_cost": "7311.0000", "customer_cost": "1.0000", "warnings": []}}'
        for each, name in ((first, "First"), (second, "Second"))
    )
    made = {}
    for name, kind, edition, account_id, text in (
        ("manifest.json", "manifest", "internal", "", f'{{"accounts": [{entries}]}}'),
        ("summary.csv", "summary", "internal", "", head + lines),
        ("summary-by-country.csv", "countries", "internal", "", head + lines),
        ("accounts/first.xlsx", "workbook", "customer", first, f"{mark} First"),
        ("legs/first.csv", "legs", "customer", first, f"Called,Cost\n{mark} First,1\n"),
        ("accounts/second.xlsx", "workbook", "customer", second, f"{mark} Second"),
        ("internal/first.xlsx", "workbook", "internal", first, "7311.0"),
        (".legs/first.parquet", KEPT_LEGS, "internal", first, "7311.0"),
        (".legs/second.parquet", KEPT_LEGS, "customer", second, f"{mark} Second"),
    ):
        path = run_folder(site.house, run.pk) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        made[name] = RunFile.objects.create(
            run=run, reseller=run.reseller, name=name, kind=kind, edition=edition, account_id=account_id,
            account_name=f"{mark} {'First' if account_id == first else 'Second'}" if account_id else "",
            size_bytes=len(text), sha256="0" * 64,
        )  # fmt: skip
    return made
