"""A forgotten password: a link by mail, for whom it is meant, once, and no word of who exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from job_work import do_next
from second_steps import switched_on
from sites import NOW, PASSWORD
from structlog.testing import CapturingLogger

from reseller_reporting.control.roles import Role

if TYPE_CHECKING:
    from sites import Site

HOST = "https://reports.example.com"
NEW = "another horse entirely"


@dataclass
class Post:
    """A site that sends mail, and what arrived."""

    site: Site
    arrived: list[tuple[list[str], Message]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name.
        assert isinstance(envelope.content, bytes)
        self.arrived.append((list(envelope.rcpt_tos), message_from_bytes(envelope.content)))
        return "250 OK"

    def ask(self, address: str, **headers: Any) -> Any:
        return self.site.client.post("/password/forgot/", {"email": address}, **headers)

    def work(self) -> list[Any]:
        """The worker's part; the jobs as they ended."""
        from django.conf import settings

        from reseller_reporting.control.models import Job
        from reseller_reporting.control.scoping import across_resellers

        with across_resellers():
            mails = Job.objects.filter(kind="password_mail").order_by("created_at")
            while mails.filter(state="queued", due_at__lte=settings.HOUSE.clock()).exists():
                do_next(self.site, "password_mail", settings.HOUSE)
            return list(mails)

    def link(self) -> str:
        """Of the latest message, as it is typed at this site."""
        text = self.arrived[-1][1].get_payload(decode=True)
        assert isinstance(text, bytes)
        found = re.search(rf"{HOST}(/password/reset/\S+/)", text.decode())
        assert found is not None, text
        return found[1]

    def choose(self, link: str, new: str = NEW) -> Any:
        shown = self.site.client.get(link, follow=True)
        return self.site.client.post(shown.request["PATH_INFO"], {"new_password1": new, "new_password2": new})

    def at(self, monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
        from django.conf import settings

        monkeypatch.setattr(settings, "HOUSE", replace(self.site.house, clock=lambda: NOW + later))


class FreePort(Controller):
    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@pytest.fixture
def post(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    from django.conf import settings

    found = Post(site)
    controller = FreePort(found, hostname="127.0.0.1", port=0)
    controller.start()
    settled = replace(
        site.house.settings, smtp_url=f"smtp://127.0.0.1:{controller.port}", mail_from="us@example.com", web_url=HOST
    )
    site.house = replace(site.house, settings=settled)
    monkeypatch.setattr(settings, "HOUSE", site.house)
    try:
        yield found
    finally:
        controller.stop()


def events() -> list[str]:
    from reseller_reporting.control.models import AuditEvent
    from reseller_reporting.control.scoping import across_resellers

    with across_resellers():
        return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_a_new_password_is_chosen_by_the_link(post: Post) -> None:
    user = post.site.user(Role.RESELLER_ADMIN, must_change_password=True)
    other = post.site.as_(user)
    assert "Look into your mail" in post.ask(f" {user.username.upper()} ").content.decode()
    (job,) = post.work()
    assert (job.state, user.username in job.message) == ("done", False)
    (recipients, message) = post.arrived[0]
    assert recipients == [user.username]
    assert message["Subject"] == "A new password for Reseller Reporting"
    link = post.link()
    assert link.split("/")[-2] not in str(job.payload)
    first = post.site.client.get(link)
    assert first.headers["Location"].endswith("/set-password/")  # The token is in no address that a page shows.
    assert "too short" in post.choose(link, "short").content.decode()
    assert post.choose(link).headers["Location"] == "/login/"
    assert other.get("/reports/").headers["Location"].startswith("/login/")  # Sessions of before are over.
    assert post.site.log_in(user).status_code == 200
    assert post.site.log_in(user, NEW).status_code == 302
    assert post.site.client.get("/").status_code == 200
    assert [each for each in events() if each.startswith("password")] == ["password_reset_asked", "password_reset"]


def test_a_link_works_once(post: Post) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    post.ask(user.username)
    post.work()
    link = post.link()
    assert post.choose(link).status_code == 302
    assert "used up or too old" in post.site.client.get(link).content.decode()


@pytest.mark.parametrize(("minutes", "is_good"), [(59, True), (61, False)])
def test_a_link_works_for_an_hour(post: Post, monkeypatch: pytest.MonkeyPatch, minutes: int, is_good: bool) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    post.ask(user.username)
    post.work()
    post.at(monkeypatch, timedelta(minutes=minutes))
    assert (post.site.client.get(post.link()).status_code == 302) is is_good


def test_whoever_remembers_after_all_makes_the_link_void(post: Post) -> None:
    from django.conf import settings

    user = post.site.user(Role.RESELLER_ADMIN)
    post.ask(user.username)
    post.work()
    assert settings.HOUSE is post.site.house
    assert post.site.log_in(user).status_code == 302
    post.site.client.post("/logout/")
    assert "used up or too old" in post.site.client.get(post.link()).content.decode()


def test_nobody_learns_whether_an_address_is_known(post: Post) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    post.site.user(Role.RESELLER_VIEWER, username="out@example.com", is_active=False)
    post.site.user(Role.RESELLER_VIEWER, username="ann@kazoo.example", email="ann@kazoo.example", source="kazoo")
    addresses = (user.username, "nobody@example.com", "out@example.com", "ann@kazoo.example", "not an address")
    answers = {post.ask(address).content for address in addresses}
    plain = {re.sub(rb'value="[^"]*"|"X-CSRFToken": "[^"]*"', b"", each) for each in answers}
    assert len(plain) == 1
    assert events().count("password_reset_asked") == len(addresses)
    assert len(post.work()) == 1
    assert [recipients for recipients, _ in post.arrived] == [[user.username]]


def test_the_address_of_the_link_is_the_operators_and_not_the_requests(post: Post) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "evil.example"]
    post.ask(user.username, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    post.work()
    assert "evil" not in post.arrived[0][1].as_string()
    assert post.link()


@pytest.mark.parametrize(
    "typed", ["{0}\r\nBcc: eve@example.com", "{0}, eve@example.com", "{0}\neve@example.com", "eve@example.com, {0}"]
)
def test_no_header_is_smuggled_in(post: Post, typed: str) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    assert post.ask(typed.format(user.username)).status_code == 200
    assert post.work() == []
    assert post.arrived == []


def test_one_person_gets_one_mail_in_five_minutes(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    for _ in range(4):
        assert post.ask(user.username).status_code == 200
    post.work()
    assert len(post.arrived) == 1
    post.at(monkeypatch, timedelta(minutes=6))
    post.ask(user.username)
    post.work()
    assert len(post.arrived) == 2


def test_whoever_asks_too_often_waits(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [post.ask(f"guess{number}@example.com").status_code for number in range(21)]
    assert answers == [200] * 20 + [429]
    assert len(events()) == 20
    assert post.ask("guess@example.com", REMOTE_ADDR="192.0.2.1").status_code == 200
    post.at(monkeypatch, timedelta(minutes=16))
    assert post.ask("guess@example.com").status_code == 200


def test_a_mail_server_that_is_down_is_tried_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    user, up = post.site.user(Role.RESELLER_ADMIN), post.site.house
    down = replace(up, settings=replace(up.settings, smtp_url="smtp://127.0.0.1:1"))
    monkeypatch.setattr(settings, "HOUSE", down)
    post.ask(user.username)
    assert [job.state for job in post.work()] == ["queued"]
    post.at(monkeypatch, timedelta(minutes=2))
    assert [job.state for job in post.work()] == ["done"]
    assert post.choose(post.link()).status_code == 302


@pytest.mark.parametrize("without", ["smtp_url", "web_url"])
def test_where_no_mail_can_be_sent_it_is_said_whom_to_ask(
    post: Post, monkeypatch: pytest.MonkeyPatch, without: str
) -> None:
    from django.conf import settings

    user, house = post.site.user(Role.RESELLER_ADMIN), post.site.house
    missing: dict[str, Any] = {without: None}
    monkeypatch.setattr(settings, "HOUSE", replace(house, settings=replace(house.settings, **missing)))
    assert "Ask your administrator" in post.site.client.get("/password/forgot/").content.decode()
    assert "Ask your administrator" in post.ask(user.username).content.decode()
    assert post.work() == []


def test_the_second_step_stays(post: Post) -> None:
    user = post.site.user(Role.RESELLER_ADMIN)
    switched_on(post.site, user)
    post.ask(user.username)
    post.work()
    assert post.choose(post.link()).status_code == 302
    assert post.site.log_in(user, NEW).headers["Location"] == "/login/code/"
    assert post.site.client.get("/").status_code == 302
    assert post.site.log_in(user, PASSWORD).status_code == 200


def test_no_log_has_the_link(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads it within the hour could choose the password."""
    from django.db import OperationalError

    from reseller_reporting.web import middleware, pages

    def away(_request: Any) -> None:
        raise OperationalError("It is away.")

    log = CapturingLogger()
    for module in (middleware, pages):
        monkeypatch.setattr(module, "_log", log)
    post.ask(post.site.user(Role.RESELLER_ADMIN).username)
    post.work()
    link = post.link()
    secrets = link.split("/")[3:5]
    assert all(secrets)
    for path in (link, link.rstrip("/"), f"{link}more", "/login/"):
        post.site.client.get(path)
    monkeypatch.setattr(middleware, "_key_of", away)
    post.site.client.get(link)
    paths = [call.kwargs["path"] for call in log.calls]
    # Of the last one, that it failed, too.
    assert paths == ["/password/forgot/", *["/password/reset/…"] * 3, "/login/", *["/password/reset/…"] * 2]
    assert not [call for call in log.calls if any(secret in str(call) for secret in secrets)]
