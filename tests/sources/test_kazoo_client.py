"""How the client behaves with a server that refuses, breaks, hides or has forgotten the token."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from aiohttp import web

from reseller_reporting.model.errors import (
    InvalidSettings,
    KazooDenied,
    KazooProtocolError,
    KazooUnavailable,
)
from reseller_reporting.model.ids import AccountId, LegId
from reseller_reporting.sources.gregorian import gregorian
from reseller_reporting.sources.kazoo.client import RetryPolicy, renewal_time
from reseller_reporting.sources.kazoo.probe import probe
from reseller_reporting.sources.kazoo.source import Credentials, Documents, KazooSource

T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
AT_ONCE = RetryPolicy(attempts=4, wait_initial_seconds=0, wait_max_seconds=0)
ME = AccountId("a" * 32)
SECRET = "k" * 64


class Awkward:
    """A server of one's own making: answers by path in turn, the last one again and again."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Handler]] = {}
        self.asked: list[web.Request] = []
        self.logins = 0
        self.answer("/v2/api_auth", self.login)

    def answer(self, path: str, *handlers: Handler) -> None:
        self.answers[path] = list(handlers)

    async def login(self, _: web.Request) -> web.Response:
        self.logins += 1
        return crossbar({"account_id": ME, "is_reseller": True}, auth_token=f"token-{self.logins}", status=201)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        handlers = self.answers.get(request.path)
        if not handlers:
            return refusal(404, "bad_identifier")
        return await (handlers.pop(0) if len(handlers) > 1 else handlers[0])(request)

    def ask(self, question: Callable[[KazooSource], Awaitable[T]], **options: Any) -> T:
        async def run() -> T:
            runner = await started(self.handle)
            try:
                url = f"http://user:{SECRET}@127.0.0.1:{runner.addresses[0][1]}/v2?token={SECRET}"
                credentials = Credentials(url=url, api_key=SECRET)
                given = {"retry": AT_ONCE, "clock": lambda: NOW, **options}
                async with KazooSource(credentials, **given) as source:
                    return await question(source)
            finally:
                await runner.cleanup()

        return asyncio.run(run())


async def started(handle: Handler) -> web.AppRunner:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


def crossbar(data: object, *, status: int = 200, **envelope: object) -> web.Response:
    return web.json_response({"data": data, "status": "success", "request_id": "r", **envelope}, status=status)


def refusal(status: int, message: str, data: object = None) -> web.Response:
    body = {"data": data or {}, "status": "error", "error": str(status), "message": message}
    return web.json_response(body, status=status)


def says(response: Callable[[], web.Response]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        return response()

    return handler


@pytest.fixture
def server() -> Awkward:
    made = Awkward()
    made.answer(f"/v2/accounts/{ME}", says(lambda: crossbar({"id": ME, "name": "Acme", "timezone": "UTC"})))
    return made


async def name_of(source: KazooSource) -> str:
    return (await source.reseller()).name


def truncated() -> web.Response:
    return web.Response(body=b'{"data": {"name": "Ac', content_type="application/json")


@pytest.mark.parametrize(
    "failure",
    [
        lambda: refusal(429, "too_many_requests"),
        lambda: refusal(500, "unspecified_fault"),
        lambda: web.Response(status=502, text="<html>bad gateway</html>", content_type="text/html"),
        lambda: refusal(503, "datastore_unreachable"),
        truncated,
        lambda: web.Response(status=200, body=b"", content_type="application/json"),
    ],
)
def test_a_passing_failure_is_tried_again(server: Awkward, failure: Callable[[], web.Response]) -> None:
    path = f"/v2/accounts/{ME}"
    good = server.answers[path][0]
    server.answer(path, says(failure), says(failure), good)
    assert server.ask(name_of) == "Acme"
    assert len(server.asked) == 4


def test_a_lasting_failure_names_the_url_and_the_cause_without_secrets(server: Awkward) -> None:
    server.answer(f"/v2/accounts/{ME}", says(lambda: refusal(503, "datastore_fault")))
    with pytest.raises(KazooUnavailable, match=r"http://127.0.0.1:\d+/v2 .*503 datastore_fault") as caught:
        server.ask(name_of)
    assert SECRET not in caught.value.sentence
    assert "token-1" not in caught.value.sentence
    assert len(server.asked) == 1 + AT_ONCE.attempts


class Bucket:
    """Gives a token at every third question of an account, whoever asks."""

    def __init__(self, every: int) -> None:
        self.every = every
        self.asked = 0

    async def handle(self, _: web.Request) -> web.StreamResponse:
        self.asked += 1
        if self.asked % self.every:
            return refusal(429, "too_many_requests", {"message": "too many requests"})
        return crossbar({"id": "202610-x", "timestamp": gregorian(OCTOBER[0]), "custom_channel_vars": {"rate": "1"}})


def documents_of(bucket: Bucket, server: Awkward, count: int) -> Documents:
    ids = [LegId(f"202610-{number}") for number in range(count)]
    for leg_id in ids:
        server.answer(f"/v2/accounts/{ME}/cdrs/{leg_id}", bucket.handle)
    return server.ask(lambda source: source.leg_documents(ME, ids))


def test_whoever_waits_for_a_bucket_gets_through_however_many_wait(server: Awkward) -> None:
    """Each is refused more often than it may be when all of them ask at once; one after the other none is."""
    found = documents_of(Bucket(every=3), server, 100)
    assert (found.table.num_rows, found.unread, found.failure) == (100, 0, None)


def test_a_bucket_that_stays_empty_is_given_up_for_all_who_wait(server: Awkward) -> None:
    bucket = Bucket(every=10**9)
    found = documents_of(bucket, server, 100)
    assert (found.table.num_rows, found.unread) == (0, 100)
    assert isinstance(found.failure, KazooUnavailable)
    assert bucket.asked < 60


def test_a_bucket_that_is_empty_for_one_account_holds_up_no_other(server: Awkward) -> None:
    """The other one is answered while the first still waits, which it does until then."""
    other, is_answered = AccountId("b" * 32), asyncio.Event()
    refused = 0

    async def stubborn(_: web.Request) -> web.StreamResponse:
        nonlocal refused
        refused += 1
        if is_answered.is_set():
            return crossbar({"id": ME, "name": "Acme"})
        return refusal(429, "too_many_requests")

    async def quick(_: web.Request) -> web.StreamResponse:
        if refused:
            is_answered.set()
        return crossbar({})

    server.answer(f"/v2/accounts/{ME}", stubborn)
    server.answer(f"/v2/accounts/{other}/allotments", quick)

    async def both(source: KazooSource) -> list[object]:
        return await asyncio.gather(*(name_of(source) for _ in range(3)), source.allotments(other))

    assert server.ask(both, retry=RetryPolicy(attempts=50, wait_initial_seconds=0, wait_max_seconds=0))[0] == "Acme"


def test_a_refused_token_is_renewed_once_for_all_who_wait(server: Awkward) -> None:
    async def with_new_token(request: web.Request) -> web.Response:
        await asyncio.sleep(0)
        if request.headers["X-Auth-Token"] == "token-1":
            return refusal(401, "invalid_credentials")
        return crossbar({"id": ME, "name": "Acme", "timezone": "UTC"})

    server.answer(f"/v2/accounts/{ME}", with_new_token)

    async def many(source: KazooSource) -> list[str]:
        return await asyncio.gather(*(name_of(source) for _ in range(10)))

    assert server.ask(many) == ["Acme"] * 10
    assert server.logins == 2


def test_a_token_refused_twice_is_denied(server: Awkward) -> None:
    server.answer(f"/v2/accounts/{ME}", says(lambda: refusal(401, "invalid credentials")))
    with pytest.raises(KazooDenied, match="refuses a token"):
        server.ask(name_of)
    assert server.logins == 2


def test_the_token_goes_in_the_header_and_the_version_in_the_agent(server: Awkward) -> None:
    server.ask(name_of)
    headers = server.asked[-1].headers
    assert headers["X-Auth-Token"] == "token-1"
    assert headers["User-Agent"].startswith("reseller-reporting/")
    assert server.asked[-1].query_string == ""


@pytest.mark.parametrize(
    ("status", "message", "match"),
    [
        (401, "invalid_credentials", "refuses the credentials"),
        (400, "validation error", "does not accept these credentials"),
        (423, "locked", "locked"),
    ],
)
def test_wrong_credentials_are_denied_at_once(server: Awkward, status: int, message: str, match: str) -> None:
    server.answer("/v2/api_auth", says(lambda: refusal(status, message)))
    with pytest.raises(KazooDenied, match=match):
        server.ask(name_of)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(text="<!doctype html><h1>Welcome</h1>", content_type="text/html"),
        lambda: web.Response(status=404, text="<h1>404</h1>", content_type="text/html"),
        lambda: refusal(404, "not_found"),
        lambda: web.json_response({"hello": "world"}),
        lambda: web.Response(text="hello"),
    ],
)
def test_a_wrong_path_says_to_check_the_url(server: Awkward, answer: Callable[[], web.Response]) -> None:
    server.answer("/v2/api_auth", says(answer))
    with pytest.raises(KazooProtocolError, match="Check the URL"):
        server.ask(name_of)


def test_a_redirect_is_not_followed(server: Awkward) -> None:
    location = {"Location": "https://elsewhere.example/v2/api_auth?secret=1"}
    server.answer("/v2/api_auth", says(lambda: web.Response(status=301, headers=location)))
    with pytest.raises(KazooProtocolError, match=r"redirects to https://elsewhere.example/v2/api_auth\."):
        server.ask(name_of)


def test_a_key_that_repeats_is_an_error(server: Awkward) -> None:
    endless = says(lambda: crossbar([], page_size=0, next_start_key="again"))
    server.answer(f"/v2/accounts/{ME}/ledgers/per-minute-voip", endless)

    async def ledger(source: KazooSource) -> int:
        return sum([batch.num_rows async for batch in source.ledger_entries(ME, *OCTOBER)])

    with pytest.raises(KazooProtocolError, match="again and again"):
        server.ask(ledger)


def leg(name: str, day: int) -> dict[str, object]:
    start = int(datetime(2026, 10, day, tzinfo=UTC).timestamp()) + 62_167_219_200
    return {
        "id": f"202610-{name}",
        "call_id": name,
        "timestamp": str(start),
        "direction": "inbound",
        "unknown": {"x": 1},
    }


async def read_legs(source: KazooSource) -> tuple[list[str], set[str]]:
    ids, warnings = [], set()
    async for page in source.legs(ME, *OCTOBER):
        ids += page.legs["leg_id"].to_pylist()
        warnings |= {warning.code for warning in page.warnings}
    return sorted(ids), warnings


def inner_only(*handlers: Handler) -> Handler:
    """Answers the pages of October itself; windows around the month's end are empty."""
    waiting = list(handlers)

    async def handler(request: web.Request) -> web.StreamResponse:
        if "ascending" in request.query or int(request.query["created_from"]) >= gregorian(OCTOBER[1]):
            return crossbar([])
        return await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(request)

    return handler


def test_a_chunked_envelope_with_its_quoted_numbers_is_read(server: Awkward) -> None:
    pages = (
        says(lambda: crossbar([leg("one", 2)], page_size="1", next_start_key="g2w+/=")),
        says(lambda: crossbar([leg("one", 2), leg("two", 1)], page_size="2")),
    )
    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(*pages))
    assert server.ask(read_legs) == (["202610-one", "202610-two"], set())
    assert {request.query.get("start_key") for request in server.asked} == {None, "g2w+/="}


def test_a_page_that_announces_another_size_is_warned_of(server: Awkward) -> None:
    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(says(lambda: crossbar([leg("one", 2)], page_size=2))))
    assert server.ask(read_legs) == (["202610-one"], {"page_size_mismatch"})


def test_an_answer_too_large_is_asked_for_in_smaller_pages(server: Awkward) -> None:
    async def pages(request: web.Request) -> web.Response:
        if int(request.query["page_size"]) > 100:
            return refusal(416, "range not satisfiable")
        return crossbar([leg("one", 2)])

    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(pages))
    assert server.ask(read_legs)[0] == ["202610-one"]


@pytest.mark.parametrize("stated", ["is more than 700000 seconds from", "is too far from"])
def test_a_maximum_range_is_taken_from_the_message_or_found_by_halving(server: Awkward, stated: str) -> None:
    async def pages(request: web.Request) -> web.Response:
        first, last = int(request.query["created_from"]), int(request.query["created_to"])
        if last - first > 700_000:
            message = f"created_to {last} {stated} created_from {first}"
            return refusal(400, "validation error", {"created_from": {"date_range": {"message": message}}})
        return crossbar([leg("one", 2)] if first == gregorian(OCTOBER[0]) else [])

    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(pages))
    assert server.ask(read_legs)[0] == ["202610-one"]


def test_a_range_that_is_refused_in_the_middle_of_its_pages_is_not_begun_again(server: Awkward) -> None:
    """In shorter pieces its first rows would come a second time."""
    message = "created_to 2 is more than 700000 seconds from created_from 1"
    refused = says(lambda: refusal(400, "validation error", {"created_from": {"date_range": {"message": message}}}))
    first = says(lambda: crossbar([leg("one", 2)], page_size=1, next_start_key="more"))
    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(first, refused, first))
    with pytest.raises(KazooProtocolError, match="date_range"):
        server.ask(read_legs)


def test_an_empty_page_with_a_key_is_not_the_end(server: Awkward) -> None:
    """Nor is a short one; only an answer without a key is."""
    pages = (
        says(lambda: crossbar([], page_size=0, next_start_key="one")),
        says(lambda: crossbar([leg("one", 2)], page_size=1, next_start_key=[63884419200, "two"])),
        says(lambda: crossbar([], next_start_key="three")),
        says(lambda: crossbar([leg("two", 1)], page_size=1)),
    )
    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(*pages))
    assert server.ask(read_legs) == (["202610-one", "202610-two"], set())
    assert {request.query.get("start_key") for request in server.asked} >= {"one", '[63884419200,"two"]', "three"}


def test_records_of_wrong_types_do_not_lose_their_page(server: Awkward) -> None:
    odd = {
        **leg("odd", 3),
        "caller_id_name": 17,
        "duration_seconds": "12",
        "rate": 0.03,
        "cost": None,
        "owner_id": None,
    }
    server.answer(f"/v2/accounts/{ME}/cdrs", inner_only(says(lambda: crossbar([leg("one", 2), odd, "no record"]))))

    async def pages(source: KazooSource) -> Any:
        return [page async for page in source.legs(ME, *OCTOBER)]

    read = server.ask(pages)
    legs = {each["leg_id"]: each for page in read for each in page.legs.to_pylist()}
    assert legs["202610-odd"]["caller_id_name"] == "17"
    assert legs["202610-odd"]["duration_seconds"] == 12
    assert legs["202610-odd"]["rate_units"] == 300
    assert [each["reason"] for page in read for each in page.problems.to_pylist()] == ["not a record"]


def test_an_unreachable_server_is_given_up_soon() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound but not listening: connections are refused.
        credentials = Credentials(url=f"http://127.0.0.1:{taken.getsockname()[1]}/v2", api_key=SECRET)

        async def enter() -> None:
            policy = RetryPolicy(attempts=20, wait_initial_seconds=0.01, wait_max_seconds=0.02)
            async with KazooSource(credentials, retry=policy, clock=lambda: NOW):
                pass

        with pytest.raises(KazooUnavailable, match=r"http://127.0.0.1:\d+/v2 .*no connection"):
            asyncio.run(enter())


@pytest.mark.parametrize("url", ["kazoo.example.com/v2", "ftp://kazoo.example.com", "http://", "http://x:y/v2"])
def test_a_url_of_no_use_is_seen_without_asking(url: str) -> None:
    with pytest.raises(InvalidSettings):
        KazooSource(Credentials(url=url, api_key=SECRET), clock=lambda: NOW)


def test_credentials_do_not_show_their_secrets() -> None:
    shown = repr(Credentials(url=f"https://u:{SECRET}@h/v2", api_key=SECRET, username="ann", password=SECRET))
    assert SECRET not in shown
    assert "ann" in shown


def test_a_token_is_renewed_before_its_lifetime_is_over() -> None:
    import base64

    def token(**claims: int) -> str:
        payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        return f"head.{payload}.signature"

    renewed = renewal_time(token(iat=1000, exp=4600), NOW)
    assert renewed is not None
    assert (renewed - NOW).total_seconds() == 3540
    assert renewal_time(token(iat=1000, exp=900), NOW) is None
    assert renewal_time("opaque", NOW) is None


def test_probe_finds_everything_in_order(server: Awkward) -> None:
    server.answer(f"/v2/accounts/{ME}", says(lambda: crossbar({"id": ME, "name": "Acme", "is_reseller": True})))
    assert [finding.ok for finding in probed(server)] == [True] * 7


def test_probe_stops_at_what_the_rest_stands_on(server: Awkward) -> None:
    server.answer("/v2/api_auth", says(lambda: refusal(423, "locked")))
    assert [(each.name, each.ok) for each in probed(server)][-1] == ("kazoo account", False)
    server.answer("/v2/api_auth", says(lambda: refusal(401, "invalid_credentials")))
    assert [(each.name, each.ok) for each in probed(server)][-1] == ("kazoo credentials", False)
    server.answer("/v2/api_auth", says(lambda: refusal(404, "not_found")))
    assert [(each.name, each.ok) for each in probed(server)][-1] == ("kazoo api", False)


@pytest.mark.parametrize("status", [401, 403, 423])
def test_probe_takes_no_other_servers_refusal_for_crossbars(server: Awkward, status: int) -> None:
    server.answer("/v2/api_auth", says(lambda: web.Response(status=status, text="Forbidden")))
    *_, last = probed(server)
    assert (last.name, last.ok) == ("kazoo api", False)
    assert "does not answer as KAZOO's Crossbar does" in last.message


def test_probe_tells_a_wrong_clock_and_a_missing_flag(server: Awkward) -> None:
    async def login(request: web.Request) -> web.Response:
        data = {"account_id": ME, "is_reseller": False}
        return crossbar(data, auth_token="t", status=201, timestamp="2026-11-02T11:00:00Z")

    server.answer("/v2/api_auth", login)
    assert {each.name for each in probed(server) if not each.ok} == {"kazoo reseller", "kazoo clock"}


def probed(server: Awkward) -> Any:
    async def run() -> Any:
        runner = await started(server.handle)
        try:
            credentials = Credentials(url=f"http://127.0.0.1:{runner.addresses[0][1]}/v2", api_key=SECRET)
            return await probe(credentials, clock=lambda: NOW, retry=AT_ONCE)
        finally:
            await runner.cleanup()

    return asyncio.run(run())
