"""The worker as people run it: a report with its mail, and the same after a `kill -9` of anything at any moment."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter

import pytest
from months import plans
from workers import FILES, KEPT, WAIT_SECONDS_MAX, Office, check_done, kill, until

ON_A_FILE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.slow
@ON_A_FILE
def test_an_order_becomes_a_report_and_one_mail(office: Office) -> None:
    office.order()
    with office.worker():
        office.settled()
    check_done(office)


@pytest.mark.slow
@ON_A_FILE
def test_a_priced_order_becomes_what_is_for_the_customers_and_for_the_books(office: Office) -> None:
    from reseller_reporting.control.models import RunFile

    plan = "plan: retail\ncurrency: USD\nusage:\n  uk: {direction: outbound, countries: [GB], per_minute: 0.05}\n"
    plans(office.terminal, {"retail": plan})
    assert office.terminal.run("plans", "import", "plans").code == 0
    assert office.terminal.run("plans", "assign", "retail").code == 0
    also = ["accounting", "csv", "parquet", "pdf", "quickbooks", "xero"]
    office.order(edition="customer", also=also)
    with office.worker():
        office.settled()
    report = office.job()
    assert (report.state, report.message) == ("done", "The report is ready.")
    assert report.run is not None
    # Of each, 60 calls of 67 begun minutes.
    assert report.run.totals["price"] == "603.0000"
    kinds = Counter(RunFile.objects.values_list("kind", flat=True))
    assert {kind: count for kind, count in kinds.items() if count > 1} == {
        "workbook": 3, "legs": 6, "statement": 3, "accounting": 3,
    }  # fmt: skip
    assert office.files(report) == set(RunFile.objects.values_list("name", flat=True))
    editions = set(RunFile.objects.exclude(account_id="").values_list("edition", flat=True))
    assert editions == {"customer"}
    left = office.terminal.left(str(office.house.settings.home / "runs" / str(report.run_id)))
    assert {each["price"] for each in left.manifest["accounts"]} == {"201.0000"}
    headings = {name for sheet in left.book("Customer 1") for name in next(sheet.iter_rows(values_only=True))}
    assert "Price" in headings
    assert not {"Reseller Cost", "Margin"} & headings
    assert len(office.mailbox.received) == 1


@ON_A_FILE
def test_legs_are_kept_of_every_report_and_are_those_that_could_have_been_ordered(office: Office) -> None:
    from reseller_reporting.app.legs_csv import open_as_csv
    from reseller_reporting.control.models import RunFile

    office.order(also=["csv"])
    with office.worker():
        office.settled()
    kept = list(RunFile.objects.filter(kind="kept_legs"))
    assert {file.name for file in kept} == KEPT
    for file in kept:
        ordered = RunFile.objects.get(kind="legs", account_id=file.account_id)
        assert (file.edition, file.account_name) == (ordered.edition, ordered.account_name)
        with open_as_csv(office.house, file) as converted, open_as_csv(office.house, ordered) as made:
            assert converted.read() == made.read()
    report = office.job()
    left = office.terminal.left(str(office.house.settings.home / "runs" / str(report.run_id)))
    assert ".legs" not in json.dumps(left.manifest)


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["worker.child", "worker"])
def test_what_is_killed_in_the_middle_goes_on(office: Office, victim: str) -> None:
    office.order()
    with office.worker() as process:
        killed = threading.Event()

        def strike(listed: int) -> None:
            if listed == 5:
                kill(process, victim)
                killed.set()

        office.world.tell = strike
        assert killed.wait(WAIT_SECONDS_MAX)
        office.goes_on_at_once(process, victim)
        office.settled()
    check_done(office)
    assert office.job().attempts == 2


@pytest.mark.slow
@ON_A_FILE
def test_a_mail_whose_worker_is_killed_as_it_leaves_is_not_sent_twice(office: Office) -> None:
    office.order()
    with office.worker() as process:
        office.mailbox.on_message = lambda: kill(process, "worker.child")
        office.settled()
    assert len(office.mailbox.received) == 1
    assert office.delivery().state == "unknown"
    mail = office.job("mail")
    assert mail.state == "failed"
    assert "ask the recipients, then send it again" in mail.message
    assert office.job().state == "done"


@pytest.mark.slow
@ON_A_FILE
def test_a_mail_server_that_says_not_now_is_asked_again_later(office: Office) -> None:
    office.mailbox.answer = "451 Come back later"
    office.order()
    with office.worker():
        until(lambda: bool(office.mailbox.received))
        until(lambda: office.job("mail").state == "queued")
    assert office.delivery().state == "waiting"
    assert "Come back later" in office.job("mail").message
    assert office.job("mail").due_at > office.house.clock()
    from reseller_reporting.control.models import Job

    office.mailbox.answer = "250 OK"
    office.mailbox.received.clear()
    Job.objects.filter(kind="mail").update(due_at=office.house.clock())
    with office.worker():
        office.settled()
    check_done(office)


@pytest.mark.slow
@ON_A_FILE
def test_a_stop_puts_the_job_back_and_the_next_worker_goes_on(office: Office) -> None:
    office.order()
    with office.worker() as process:
        begun = threading.Event()

        def stop(listed: int) -> None:
            if listed == 5:
                process.send_signal(signal.SIGTERM)
                begun.set()

        office.world.tell = stop
        assert begun.wait(WAIT_SECONDS_MAX)
        process.wait(WAIT_SECONDS_MAX)
    assert (office.job().state, office.job().attempts) == ("queued", 0)
    with office.worker():
        office.settled()
    check_done(office)


@pytest.mark.slow
@ON_A_FILE
def test_a_cancelled_job_leaves_no_files_and_can_be_taken_up_again(office: Office) -> None:
    from reseller_reporting.control import jobs

    office.order(email=[])
    hold = threading.Event()

    def ask(listed: int) -> None:
        if listed == 1:
            hold.set()
            time.sleep(0)

    office.world.tell = ask
    with office.worker():
        assert hold.wait(WAIT_SECONDS_MAX)
        jobs.ask_cancel(office.job(), now=office.house.clock())
        office.settled()
        # It may have been done before anyone could stop it.
        state = office.job().state
        assert state in ("cancelled", "done")
        assert office.files(office.job()) == (FILES if state == "done" else set())
        assert jobs.retry(office.job(), now=office.house.clock())
        office.settled()
    assert office.job().state == "done"
    assert office.files(office.job()) == FILES
