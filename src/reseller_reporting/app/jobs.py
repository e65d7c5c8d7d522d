"""Jobs: what a worker does with one that it holds, step by step; each step may be done again.

Owns: the work of each kind of job, what an error makes of it. Does not own: leases (`control.jobs`), what is due
(`upkeep`), processes (`worker`).

Invariants
- What reads KAZOO and the lake is imported by the kinds of job that need it.
- A report job calls the use case that `run` calls; its files appear whole in the run's folder.
- A message is claimed before it leaves; one that was claimed by a worker that died is never sent by itself again.
- Whoever lost the lease changes nothing: every end of a job names it.
- A database that was away meanwhile, or still is, makes nothing be done again: what was reached waits to be written.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from reseller_reporting.app import legs_csv
from reseller_reporting.app.extras import Also
from reseller_reporting.app.house import House
from reseller_reporting.app.job_progress import JobProgress
from reseller_reporting.app.orders import post
from reseller_reporting.app.progress import PREPARING
from reseller_reporting.app.recipients import check_recipients
from reseller_reporting.app.run_changes import UNDO_FOR
from reseller_reporting.app.tenancy import currency_of, house_at, house_of, read_tree, run_folder
from reseller_reporting.control import database, jobs, sessions
from reseller_reporting.control.jobs import Leased, State
from reseller_reporting.control.models import KEPT_LEGS, Delivery, IdempotencyKey, Job, JobItem, Run, RunFile
from reseller_reporting.control.plans import OWN
from reseller_reporting.control.scoping import across_resellers, within
from reseller_reporting.model.errors import (
    InvalidSettings,
    Kind,
    MailPartlyRefused,
    MailUncertain,
    ResellerReportingError,
    RunBusy,
    StoreBusy,
)
from reseller_reporting.words.alphabet import by_name

if TYPE_CHECKING:
    from reseller_reporting.app import report
    from reseller_reporting.delivery.mail_page import ReportMail

_log = structlog.get_logger()

_RECORDS_KEPT_FOR = timedelta(days=30)
_SHORT_LIVED = ("accounts", "purge", "connection", "password_mail")  # Jobs that belong to no run.
_BUSY_AGAIN_AFTER = timedelta(seconds=5)
_AGAIN_AFTER_MAX = timedelta(minutes=30)
_FULL_AGAIN_AFTER = timedelta(minutes=1)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_DISK_FULL = "The disk is full. Make room where RESELLER_REPORTING_HOME lies: it is tried again each minute."
# What a report job says of its run; all else of the row is others' to change.
_MADE = (
    "state",
    "made_at",
    "period_name",
    "timezone",
    "reseller_name",
    "accounts_count",
    "failed_count",
    "is_complete",
    "totals",
    "manifest_sha256",
)
# By the folder that a file lies in, or by its name; all others are for the books.
_KINDS_OF_FILES = {
    "legs": "legs",
    ".legs": KEPT_LEGS,
    "statements": "statement",
    "reseller": "reseller",
    "margin": "margins",
}


def perform(house: House, leased: Leased) -> None:
    """The job from where it stands to its end, or back into the queue; only what is no fault of ours is raised."""
    with across_resellers():
        job = Job.objects.select_related("reseller", "run").get(pk=leased.id)
    structlog.contextvars.bind_contextvars(job=str(job.pk), kind=job.kind, tenant=job.reseller.key or "own")
    _log.info("job began", attempt=leased.attempt)
    try:
        with within(job.reseller):
            message = _KINDS[job.kind](house, job, leased)
    except StoreBusy as busy:
        _again(house, leased, busy.sentence, after=_BUSY_AGAIN_AFTER, is_counted=False)
    except (ResellerReportingError, OSError) as failure:
        if _is_of_a_full_disk(failure):
            _again(house, leased, _DISK_FULL, after=_FULL_AGAIN_AFTER, is_counted=False)
        elif not isinstance(failure, ResellerReportingError):
            raise
        elif failure.kind is Kind.UNAVAILABLE and not isinstance(failure, MailUncertain | MailPartlyRefused):
            after = min(timedelta(seconds=30) * 2 ** (leased.attempt - 1), _AGAIN_AFTER_MAX)
            _again(house, leased, failure.sentence, after=after, is_counted=True)
        else:
            _log.warning("job failed", why=failure.sentence)
            jobs.finish(leased.id, leased.lease, State.FAILED, now=house.clock(), message=failure.sentence)
    else:
        jobs.finish(leased.id, leased.lease, State.DONE, now=house.clock(), message=message)
        _log.info("job done", message=message)


def _is_of_a_full_disk(failure: BaseException | None) -> bool:
    """Whatever was made of it on its way; the lake's engine tells it in words alone."""
    while failure is not None:
        if isinstance(failure, OSError) and failure.errno in _FULL:
            return True
        if any(os.strerror(number) in str(failure) for number in _FULL):
            return True
        failure = failure.__cause__ or failure.__context__
    return False


def _again(house: House, leased: Leased, sentence: str, *, after: timedelta, is_counted: bool) -> None:
    now = house.clock()
    state = jobs.put_back(leased.id, leased.lease, now=now, due_at=now + after, message=sentence, is_counted=is_counted)
    _log.warning("job put back", why=sentence, state=state.value, seconds=int(after.total_seconds()))


# Reports.


def _make_report(house: House, job: Job, leased: Leased) -> str:
    if not job.checkpoint.get("recorded"):
        # What makes reports takes a while to load: said before it is.
        jobs.write(job.pk, leased.lease, stage=PREPARING, stage_done=0, stage_total=None)
    from reseller_reporting.app import report

    run = job.run
    assert run is not None, "a report job has its run"
    if not job.checkpoint.get("recorded"):
        own = house_of(house, job.reseller)
        order = _read_order(own, job, run.order, out=run_folder(house, run.pk))
        report.check(order)
        with JobProgress(job.pk, job.reseller_id, leased.lease, house.clock) as progress:
            made = report.run(own, order, progress)
        database.reach_again()
        _record(house, job, run, made, leased)
    failed = Run.objects.values_list("failed_count", flat=True).get(pk=run.pk)
    if failed:
        return f"{failed} {'customer' if failed == 1 else 'customers'} could not be read; the others are ready."
    return "The report is ready."


def _read_order(house: House, job: Job, stated: Mapping[str, Any], *, out: Path) -> "report.Order":
    """What the job makes of it. Plans are of the installation's own reseller: no other one is priced by them."""
    from reseller_reporting.app import report
    from reseller_reporting.app.ingest import Wanted
    from reseller_reporting.app.plans import plan_book

    is_priced = bool(stated.get("price_plans")) and job.reseller.key == OWN
    accounts = stated.get("accounts")
    return report.Order(
        wanted=Wanted(
            period=stated["period"],
            timezone=stated.get("timezone"),
            accounts=None if accounts is None else list(accounts),
            include_sub_resellers=bool(stated.get("include_sub_resellers")),
            refresh=bool(stated.get("refresh")),
        ),
        source=str(stated.get("source", "kazoo")),
        out=out,
        legs_listed=str(stated.get("legs", "billable")),
        plans=plan_book(house, None if is_priced else "none"),
        edition=str(stated.get("edition", "internal")),
        also=frozenset(_extra(str(name)) for name in stated.get("also") or ()),
        language=stated.get("language"),
        keeps_legs=True,
    )


def _extra(name: str) -> Also:
    try:
        return Also(name)
    except ValueError:
        raise InvalidSettings(f"This version makes no {name} beside a report. Order it without.") from None


def _record(house: House, job: Job, run: Run, made: "report.Report", leased: Leased) -> None:
    """The run's rows, and the mail that it was ordered with, at once with the checkpoint that says so.

    It took its time: what was made of the run meanwhile stands, and one that nobody wants any more is mailed to nobody.
    """
    now = house.clock()
    files = _files(run, made)
    with transaction.atomic():
        jobs.write(job.pk, leased.lease, checkpoint={"recorded": True}, message="")
        is_deleted = Run.objects.select_for_update().values_list("deleted_at", flat=True).get(pk=run.pk) is not None
        is_cancelled = Job.objects.filter(pk=job.pk, cancel_asked=True).exists()
        RunFile.objects.filter(run=run).delete()
        RunFile.objects.bulk_create(files, batch_size=500)
        run.state = "made"
        run.made_at = now
        run.period_name, run.timezone = made.period.name, made.period.timezone
        run.reseller_name = made.reseller.name[:500]
        run.accounts_count, run.failed_count = len(made.entries), len(made.failed)
        run.is_complete = all(facts.complete for facts, _ in made.entries)
        run.totals = made.manifest["totals"] | {"currency": currency_of(house, job.reseller)}
        run.manifest_sha256 = next(file.sha256 for file in files if file.kind == "manifest")
        run.save(update_fields=_MADE)
        _settle_items(job, made)
        if run.order.get("email") and not (is_deleted or is_cancelled):
            key = f"{run.pk}/{job.pk}"  # A retried job's mail may have left already.
            post(house, run, run.order["email"], unique_key=key, user=job.created_by)


def _files(run: Run, made: "report.Report") -> list[RunFile]:
    from reseller_reporting.app import report

    books = [
        (entry["file"], "workbook", entry["id"], entry["name"]) for entry in made.manifest["accounts"] if entry["file"]
    ]
    others = [(report.SUMMARY, "summary"), (report.COUNTRIES, "countries"), (report.MANIFEST, "manifest")]
    # In their folders, its legs and its statement are called after what a workbook is called after.
    owners = {PurePosixPath(name).stem: (account_id, account) for name, _, account_id, account in books}
    paths = [PurePosixPath(name) for name in (*(each["file"] for each in made.manifest["files"]), *made.kept_legs)]
    more = [(str(path), _kind_of(path), *(owners[path.stem] if path.parent.name else ("", ""))) for path in paths]
    edition = str(run.order.get("edition", "internal"))
    named = [*books, *more, *((name, kind, "", "") for name, kind in others)]
    return [
        RunFile(
            run=run,
            reseller_id=run.reseller_id,
            name=name,
            kind=kind,
            edition=edition if account_id else "internal",  # What sums all customers is for none of them.
            account_id=account_id,
            account_name=account_name[:500],
            size_bytes=(made.folder / name).stat().st_size,
            sha256=_sha256(made.folder / name),
        )
        for name, kind, account_id, account_name in named
    ]


def _kind_of(path: PurePosixPath) -> str:
    return _KINDS_OF_FILES.get(path.parent.name) or _KINDS_OF_FILES.get(path.stem, "accounting")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _settle_items(job: Job, made: "report.Report") -> None:
    """Every customer's end, whatever was written on the way; made anew, for pages show them in the order of their rows,
    which is that of their names."""
    rows = [
        JobItem(
            job=job,
            reseller_id=job.reseller_id,
            account_id=facts.account.id,
            name=facts.account.name[:500],
            state="failed" if facts.status == "failed" else "made",
            message=facts.warnings[0].message if facts.status == "failed" and facts.warnings else "",
        )
        for facts, _ in sorted(made.entries, key=lambda each: by_name(each[0].account.name, each[0].account.id))
    ]
    JobItem.objects.filter(job=job).delete()
    JobItem.objects.bulk_create(rows, batch_size=500)


# Mail.


def _send_mail(house: House, job: Job, leased: Leased) -> str:
    from reseller_reporting.app import mailing

    delivery = Delivery.objects.select_related("run").get(pk=job.payload["delivery"])
    if delivery.state == "sent":
        return _sent(delivery)
    if delivery.state in ("sending", "unknown"):
        raise _given_up(delivery, "The worker stopped while it was being sent.")
    run = delivery.run
    if run.deleted_at is not None:
        raise _deleted()
    own = house_of(house, job.reseller)
    check_recipients(own, delivery.recipients)
    letter = mailing.Letter(
        folder=run_folder(house, run.pk),
        reseller=run.reseller_name or job.reseller.name,
        period=run.period_name,
        timezone=run.timezone,
        language=run.order.get("language"),
    )
    with mailing.one_set(letter.folder):
        message = mailing.compose_letter(own, letter, delivery.recipients)
        jobs.write(job.pk, leased.lease, stage="Sending mail")
        # Claimed by whoever finds it waiting; from here on it is this attempt or nobody.
        if not Delivery.objects.filter(pk=delivery.pk, state="waiting", run__deleted_at=None).update(state="sending"):
            if Run.objects.filter(pk=run.pk, deleted_at=None).exists():
                raise jobs.LeaseLost
            raise _deleted()
        return _transmit(own, delivery, message)


def _transmit(house: House, delivery: Delivery, message: "ReportMail") -> str:
    from reseller_reporting.app import mailing

    try:
        mailing.send(house, message)
    except MailPartlyRefused as partly:
        _keep_sent(house, delivery, partly.sentence)
        return partly.sentence
    except MailUncertain as uncertain:
        raise _given_up(delivery, uncertain.sentence) from None
    except ResellerReportingError as failure:
        _keep_unsent(delivery, failure.sentence)
        raise
    _keep_sent(house, delivery, "")
    return _sent(delivery)


def _deleted() -> RunBusy:
    return RunBusy("The report was deleted before it was sent.")


# Whether it left is known here alone, and is written even if the job is another worker's by now, who holds it for lost.


def _keep_sent(house: House, delivery: Delivery, message: str) -> None:
    database.reach_again()
    theirs = Delivery.objects.filter(pk=delivery.pk, state__in=("sending", "unknown"))
    theirs.update(state="sent", message=message, sent_at=house.clock())


def _keep_unsent(delivery: Delivery, message: str) -> None:
    """The next attempt may claim it; where there is none any more, it has failed, and somebody may send it again."""
    database.reach_again()
    with transaction.atomic():
        theirs = Delivery.objects.filter(pk=delivery.pk)
        if not theirs.filter(state="sending").update(state="waiting", message=message):
            theirs.filter(state="unknown").update(state="failed", message=message)


def _given_up(delivery: Delivery, why: str) -> MailUncertain:
    """Sent by itself a second time, it might arrive twice: a person decides."""
    sentence = f"{why} {jobs.NOBODY_KNOWS}"
    # Its first worker may have told meanwhile.
    Delivery.objects.filter(pk=delivery.pk, state__in=("sending", "unknown")).update(state="unknown", message=sentence)
    return MailUncertain(sentence)


def _sent(delivery: Delivery) -> str:
    return f"Sent to {', '.join(delivery.recipients)}."


# Housekeeping.


def _read_accounts(house: House, job: Job, leased: Leased) -> str:
    jobs.write(job.pk, leased.lease, stage="Reading the account tree")
    return f"{read_tree(house, job.reseller)} accounts below {job.reseller.name}."


def _test_connection(house: House, job: Job, leased: Leased) -> str:
    """What `doctor` finds of the KAZOO that was typed, or else of the stored one; the end of the job forgets what was
    typed. What was found is not looked for again."""
    from reseller_reporting.app.connections import unsealed_login
    from reseller_reporting.app.doctor import examine_kazoo

    findings = job.checkpoint.get("findings")
    if findings is None:
        jobs.write(job.pk, leased.lease, stage="Testing the connection")
        own = house_of(house, job.reseller)
        if sealed := job.payload.get("sealed"):
            own = house_at(own, unsealed_login(house, sealed))
        findings = [{"name": each.name, "ok": each.ok, "message": each.message} for each in examine_kazoo(own)]
        jobs.write(job.pk, leased.lease, checkpoint={"findings": findings})
    if all(each["ok"] for each in findings):
        return "The connection works."
    return "The connection does not work yet: its findings say why."


def _purge(house: House, job: Job, leased: Leased) -> str:  # noqa: ARG001 - it is short, and says nothing on its way.
    """Runs past their time, and those that were deleted long enough ago: first the files, then the row."""
    now = house.clock()
    oldest = now - timedelta(days=round(house.settings.retention_months * 365.25 / 12))
    is_expired = Q(created_at__lt=oldest) | Q(deleted_at__lt=now - UNDO_FOR)
    is_worked_on = Exists(Job.objects.filter(run=OuterRef("pk"), state__in=(State.QUEUED, State.RUNNING)))
    expired = Run.objects.filter(is_expired).exclude(is_worked_on)
    removed = 0
    for run_id in list(expired.values_list("pk", flat=True)):
        # Claimed: from here on nobody brings it back, since it looks deleted for as long as it is there.
        if not expired.filter(pk=run_id).update(deleted_at=F("created_at")):
            continue
        folder = run_folder(house, run_id)
        if folder.exists():
            shutil.rmtree(folder)
        Run.objects.filter(pk=run_id).delete()
        removed += 1
    legs_csv.remove_old(house, now=now)
    IdempotencyKey.objects.filter(created_at__lt=now - _RECORDS_KEPT_FOR).delete()
    sessions.forget_expired(now=now)
    old = Job.objects.filter(kind__in=_SHORT_LIVED, ended_at__lt=now - _RECORDS_KEPT_FOR)
    old.exclude(pk=job.pk).delete()
    return f"{removed} runs removed."


def _send_password_mail(house: House, job: Job, leased: Leased) -> str:  # noqa: ARG001 - As every kind is called.
    from reseller_reporting.app import password_reset

    return password_reset.send(house_of(house, job.reseller), job)


_KINDS: dict[str, Callable[[House, Job, Leased], str]] = {
    "report": _make_report,
    "mail": _send_mail,
    "accounts": _read_accounts,
    "connection": _test_connection,
    "purge": _purge,
    "password_mail": _send_password_mail,
}


def held(job_id: UUID, lease: str) -> Leased:
    """What a child process was told to do, from the row."""
    with across_resellers():
        job = Job.objects.get(pk=job_id)
    return Leased(id=job.pk, kind=job.kind, reseller_id=job.reseller_id, lease=lease, attempt=job.attempts)
