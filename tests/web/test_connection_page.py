"""The connection to KAZOO: secrets stay secret, private networks stay private, and a test says what is wrong."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from job_work import do_next

from reseller_reporting.control.roles import Role
from reseller_reporting.control.scoping import within
from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.reach import is_public
from reseller_reporting.sources.kazoo.probe import Finding

if TYPE_CHECKING:
    from sites import Site

PUBLIC = "https://93.184.215.14/v2"
SECRET = "s3cret-key-of-the-reseller"


def typed(**stated: Any) -> dict[str, Any]:
    return {"url": PUBLIC, "method": "key", "api_key": SECRET, "timezone": "", "currency": "", "do": "keep"} | stated


def job_of(kind: str) -> Any:
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        return Job.objects.filter(kind=kind).order_by("-created_at").first()


def test_a_log_in_is_kept_sealed_and_never_shown(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    kept = client.post("/connection/", typed())
    assert kept.status_code == 200
    site.reseller.refresh_from_db()
    assert site.reseller.kazoo_url == PUBLIC
    assert SECRET not in site.reseller.sealed_credentials
    for page in (kept, client.get("/connection/"), client.get("/audit/")):
        assert SECRET not in page.content.decode()
        assert site.reseller.sealed_credentials not in page.content.decode()
    assert job_of("accounts") is not None
    assert job_of("connection") is not None


def test_a_stored_secret_stays_with_its_address(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    client.post("/connection/", typed())
    assert client.post("/connection/", typed(api_key="", currency="eur")).status_code == 200
    for do in ("keep", "test"):
        elsewhere = client.post("/connection/", typed(api_key="", url="https://93.184.215.15/v2", do=do))
        assert elsewhere.status_code == 422
        assert "Enter the API key" in elsewhere.content.decode()
    site.reseller.refresh_from_db()
    assert (site.reseller.kazoo_url, site.reseller.currency) == (PUBLIC, "EUR")


def test_after_a_change_of_the_secret_key_pages_open_and_the_log_in_is_entered_anew(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from reseller_reporting.app.connections import stored_names
    from reseller_reporting.app.upkeep import schedule

    client = site.as_(site.user(Role.RESELLER_ADMIN))
    client.post("/connection/", typed())
    changed = replace(site.house, settings=replace(site.house.settings, secret_key="another key " * 4))
    monkeypatch.setattr(settings, "HOUSE", changed)
    for path in ("/", "/reports/", "/api/v1/runs"):
        assert client.get(path).status_code == 200, path
    page = client.get("/connection/")
    assert page.status_code == 200
    assert "enter the credentials anew" in page.content.decode()
    assert client.get("/api/v1/connection").json()["uses"] == "unreadable"
    schedule(changed)  # Goes on for everyone.
    # An empty key cannot stand for what is lost; a typed one takes its place.
    assert client.post("/connection/", typed(api_key="")).status_code == 422
    assert client.post("/connection/", typed(method="login", api_key="", username="u", password="p", account_name="a"))
    site.reseller.refresh_from_db()
    assert stored_names(changed, site.reseller) == {"username": "u", "account_name": "a"}


def test_what_is_wrong_with_one_reseller_lets_the_others_work(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from reseller_reporting.app import upkeep
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import across_resellers

    def is_connected(_house: Any, reseller: Any) -> bool:
        if reseller == site.reseller:
            raise InvalidSettings("It cannot be read.")
        return True

    monkeypatch.setattr(upkeep, "is_connected", is_connected)
    upkeep.schedule(site.house)
    with across_resellers():
        assert Job.objects.filter(reseller=site.other, kind="accounts").exists()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/v2",
        "http://localhost:8000/v2",
        "http://10.0.0.1/v2",
        "http://192.168.1.1/v2",
        "http://169.254.169.254/v2",
        "http://[::1]:8000/v2",
        "http://[::ffff:10.0.0.1]/v2",
        "http://[64:ff9b::a00:1]/v2",
        "http://2130706433/v2",
        "http://0x7f.1/v2",
        "http://0.0.0.0/v2",
        "file:///etc/passwd",
        "gopher://93.184.215.14/v2",
        "https://user:password@93.184.215.14/v2",
    ],
)
@pytest.mark.parametrize("do", ["keep", "test"])
def test_no_private_network_is_asked(site: Site, url: str, do: str) -> None:
    answer = site.as_(site.user(Role.RESELLER_ADMIN)).post("/connection/", typed(url=url, do=do))
    assert answer.status_code == 422
    assert job_of("connection") is None
    site.reseller.refresh_from_db()
    assert site.reseller.kazoo_url == ""


def test_the_operator_allows_private_networks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    allowing = replace(site.house.settings, kazoo_private_networks="allowed")
    monkeypatch.setattr(settings, "HOUSE", replace(site.house, settings=allowing))
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    assert client.post("/connection/", typed(url="http://127.0.0.1:8000/v2")).status_code == 200


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v2", "http://localhost:1/v2"])
def test_an_address_is_judged_again_as_it_is_connected_to(site: Site, url: str) -> None:
    """As if the name had led elsewhere when it was typed."""
    from reseller_reporting.app.tenancy import KazooLogin, house_at

    async def ask() -> None:
        async with house_at(site.house, KazooLogin(url=url, api_key="k")).kazoo():
            pass

    with pytest.raises(InvalidSettings, match="private network"):
        asyncio.run(ask())


def test_a_name_that_changes_its_mind_gains_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Public as it is typed, this very machine as it is connected to."""
    import socket

    from reseller_reporting.app.connections import checked_login
    from reseller_reporting.app.tenancy import house_at

    answers = ["93.184.215.14"]

    def resolve(host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        address = answers.pop() if answers else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    login = checked_login(
        site.house, site.reseller, url="http://rebinding.example:8000/v2", uses_key=True, stated={"api_key": SECRET}
    )

    async def ask() -> None:
        async with house_at(site.house, login).kazoo():
            pass

    with pytest.raises(InvalidSettings, match="private network"):
        asyncio.run(ask())
    assert answers == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("2002:0a00:0001::1", False),
        ("fe80::1%eth0", False),
        ("nonsense", False),
    ],
)
def test_what_is_public(address: str, expected: bool) -> None:
    assert is_public(address) is expected


def test_a_test_leaves_its_findings_and_forgets_what_was_typed(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    page = client.post("/connection/", typed(do="test", url="http://93.184.215.14:1/v2")).content.decode()
    assert "KAZOO is being asked" in page
    job = job_of("connection")
    assert SECRET not in str(job.payload)
    # By an installation whose operator allows it, so that the test asks no network but this machine.
    from reseller_reporting.app.connections import sealed_login
    from reseller_reporting.app.tenancy import KazooLogin

    job.payload = {"sealed": sealed_login(site.house, KazooLogin(url="http://127.0.0.1:1/v2", api_key=SECRET))}
    job.save()
    job = do_next(site, "connection")
    assert (job.state, job.payload) == ("done", {})
    part = client.get(f"/connection/test/{job.pk}").content.decode()
    assert "private network" in part
    assert "hx-trigger" not in part
    assert SECRET not in part


def typed_elsewhere(site: Site) -> dict[str, str]:
    from reseller_reporting.app.connections import sealed_login
    from reseller_reporting.app.tenancy import KazooLogin

    return {"sealed": sealed_login(site.house, KazooLogin(url="http://127.0.0.1:1/v2", api_key=SECRET))}


@pytest.mark.parametrize(
    ("found", "told"),
    [(True, "The connection works."), (False, "The connection does not work yet: its findings say why.")],
)
def test_a_test_whose_worker_went_after_it_tells_what_was_found(
    site: Site, monkeypatch: pytest.MonkeyPatch, found: bool, told: str
) -> None:
    """And does not try the stored connection in its place."""
    from reseller_reporting.app import doctor
    from reseller_reporting.control import jobs
    from reseller_reporting.control.scoping import within

    asked: list[str | None] = []

    def examine(house: Any) -> list[Finding]:
        asked.append(house.settings.kazoo_url)
        return [Finding("log-in", ok=found, message="")]

    finish = jobs.finish

    def fall(*_arguments: Any, **_named: Any) -> None:
        monkeypatch.setattr(jobs, "finish", finish)
        raise RuntimeError

    with within(site.reseller):
        job = jobs.enqueue("connection", site.reseller, now=site.house.clock(), payload=typed_elsewhere(site))
    monkeypatch.setattr(doctor, "examine_kazoo", examine)
    monkeypatch.setattr(jobs, "finish", fall)
    with pytest.raises(RuntimeError):
        do_next(site, "connection")
    job.refresh_from_db()
    jobs.put_back(job.pk, job.lease, now=job.due_at, due_at=job.due_at, message="", is_counted=True)
    job = do_next(site, "connection")
    assert (job.state, job.message, job.payload) == ("done", told, {})
    assert asked == ["http://127.0.0.1:1/v2"]


@pytest.mark.parametrize("end", ["failed", "unreadable", "cancelled", "cancelled at work", "worker gone"])
def test_what_was_typed_is_forgotten_however_its_test_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    from reseller_reporting.app import doctor
    from reseller_reporting.control import jobs
    from reseller_reporting.control.models import Job
    from reseller_reporting.control.scoping import within

    def refuse(_house: Any) -> None:
        raise InvalidSettings("It fails.")

    now = site.house.clock()
    with within(site.reseller):
        job = jobs.enqueue("connection", site.reseller, now=now, payload=typed_elsewhere(site))
        at_work = {"state": "running", "lease": "l", "attempts": 3, "heartbeat_at": now - 2 * jobs.LEASE}
        if end == "cancelled":
            jobs.ask_cancel(job, now=now)
        elif end == "cancelled at work":
            Job.objects.update(**at_work)
            jobs.ask_cancel(job, now=now)
            jobs.put_back(job.pk, "l", now=now, due_at=now, message="", is_counted=False)
        elif end == "worker gone":
            Job.objects.update(**at_work)
            assert jobs.requeue_lost(now=now) == 1
        else:
            if end == "unreadable":
                Job.objects.update(payload={"sealed": "of another key"})
            monkeypatch.setattr(doctor, "examine_kazoo", refuse)
            do_next(site, "connection")
        job.refresh_from_db()
    assert (job.state, job.payload) == ("cancelled" if "cancelled" in end else "failed", {})


@pytest.mark.parametrize(
    ("role", "stated", "status"),
    [
        (Role.OPERATOR, {}, 200),
        (Role.RESELLER_ADMIN, {}, 200),
        (Role.RESELLER_ADMIN, {"account_id": "1" * 32}, 403),
        (Role.RESELLER_VIEWER, {}, 403),
        (Role.CUSTOMER_ADMIN, {}, 403),
    ],
)
def test_who_connects(site: Site, role: Role, stated: dict[str, Any], status: int) -> None:
    client = site.as_(site.user(role, **stated))
    assert client.get("/connection/").status_code == status
    assert client.post("/connection/", typed()).status_code == status


@pytest.mark.parametrize("web_url", [None, "https://reports.example.com"])
@pytest.mark.parametrize(("key", "path"), [("", "/login/kazoo/"), ("charlie", "/login/kazoo/charlie/")])
def test_an_admin_can_hand_out_where_their_people_log_in_once_a_connection_is_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch, web_url: str | None, key: str, path: str
) -> None:
    from django.conf import settings

    house = replace(site.house, settings=replace(site.house.settings, web_url=web_url))
    monkeypatch.setattr(settings, "HOUSE", house)
    reseller = site.other if key else site.reseller
    client = site.as_(site.user(Role.RESELLER_ADMIN, reseller=reseller))
    assert "/login/kazoo/" not in client.get("/connection/").content.decode()
    assert site.client.get(path).status_code == 404
    address = f"{web_url or 'http://testserver'}{path}"
    for page in (client.post("/connection/", typed()), client.get("/connection/")):
        assert f'<a href="{address}">{address}</a>' in page.content.decode()
    assert site.client.get(path).status_code == 200
    # Of another secret key, the log-in that is stored lets nobody in.
    monkeypatch.setattr(
        settings,
        "HOUSE",
        replace(house, settings=replace(house.settings, secret_key="another key of 32 characters, or more")),
    )
    assert "/login/kazoo/" not in client.get("/connection/").content.decode()


def test_an_operator_works_for_another_reseller_and_nobody_else_does(site: Site) -> None:
    operator = site.as_(site.user(Role.OPERATOR))
    assert "Charlie" in operator.get("/connection/").content.decode()
    operator.post("/connection/reseller", {"reseller": site.other.pk})
    operator.post("/connection/", typed())
    site.other.refresh_from_db()
    assert site.other.kazoo_url == PUBLIC
    assert operator.post("/connection/reseller", {"name": "Dora & Co"}).status_code == 302
    assert "Dora &amp; Co" in operator.get("/connection/").content.decode()
    admin = site.as_(site.user(Role.RESELLER_ADMIN))
    assert "Charlie" not in admin.get("/connection/").content.decode()
    assert admin.post("/connection/reseller", {"reseller": site.other.pk}).status_code == 403


def test_what_is_wrong_in_a_browser_is_mended_in_a_browser(site: Site) -> None:
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    page = client.post("/connection/", typed(url="https://me:pass@kazoo.example.com/v2")).content.decode()
    assert "type them into the fields below it" in page
    assert "RESELLER_REPORTING_" not in page
    assert "three letters, such as EUR. Empty: USD." in page


def test_findings_that_are_all_good_are_summed_up(site: Site) -> None:
    from reseller_reporting.control.models import Job

    client = site.as_(site.user(Role.RESELLER_ADMIN))
    client.post("/connection/", typed(do="test", url="http://93.184.215.14:1/v2"))
    job = job_of("connection")
    for is_good in (True, False):
        findings = [
            {"name": "a", "ok": True, "message": "It speaks Crossbar."},
            {"name": "b", "ok": is_good, "message": "x"},
        ]
        with within(site.reseller):
            Job.objects.filter(pk=job.pk).update(state="done", checkpoint={"findings": findings})
        assert ("All is well." in client.get(f"/connection/test/{job.pk}").content.decode()) is is_good


def test_a_name_that_is_looked_up_for_ever_holds_no_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor do those whose look-up nobody waits for any more let more than a few begin."""
    from threading import Event

    from reseller_reporting.app import connections

    is_over, begun = Event(), list[str]()

    def look_up(host: str, *_arguments: Any, **_named: Any) -> list[Any]:
        begun.append(host)
        assert is_over.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(connections, "LOOK_UP_SECONDS_MAX", 0.01)
    client = site.as_(site.user(Role.RESELLER_ADMIN))
    try:
        for _ in range(10):
            page = client.post("/connection/", typed(url="https://slow.example.com/v2"))
            assert page.status_code == 422
            assert "slow.example.com could not be looked up in time" in page.content.decode()
        assert len(begun) <= 8
    finally:
        is_over.set()
