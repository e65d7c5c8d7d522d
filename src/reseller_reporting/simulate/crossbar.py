"""Crossbar: the web application that answers for a world as KAZOO's API does.

Owns: the paths, who may read what, the order in which a request is judged. Does not own: the answers' content.

A request is judged in this order: is it a path of ours, is the token good, do the faults let it through, may it read
the account, then the handler, whose answer the faults may spoil once more.
"""

import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from aiohttp import web

from reseller_reporting.simulate import crossbar_accounts, crossbar_calls, gregorian
from reseller_reporting.simulate.crossbar_answers import (
    Refused,
    Reply,
    bad_identifier,
    chunks,
    error_body,
    forbidden,
    invalid_credentials,
    success_body,
)
from reseller_reporting.simulate.crossbar_listing import Ask
from reseller_reporting.simulate.crossbar_tokens import Token, Tokens, api_auth, user_auth
from reseller_reporting.simulate.faults import CALM, Faults
from reseller_reporting.simulate.faults_at_work import NO_ACCOUNT, Asked, Ending, FaultsAtWork
from reseller_reporting.simulate.faults_in_answers import spoilt_reply
from reseller_reporting.simulate.world import AccountRecord, World

RANGE_SECONDS_MAX = 2_682_000
Clock = Callable[[], float]
Handler = Callable[[Ask], Reply]
WebHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Those of which there are most come first: a path is looked for in this order.
_GETS: Mapping[str, Handler] = {
    "/cdrs/{cdr}": crossbar_calls.cdr_document,
    "": crossbar_accounts.account,
    "/descendants": crossbar_accounts.descendants,
    "/children": crossbar_accounts.children,
    "/users": crossbar_accounts.users,
    "/devices": crossbar_accounts.devices,
    "/phone_numbers": crossbar_accounts.phone_numbers,
    "/limits": crossbar_accounts.limits,
    "/services": crossbar_accounts.services,
    "/services/summary": crossbar_accounts.services_summary,
    "/allotments": crossbar_accounts.allotments,
    "/allotments/consumed": crossbar_accounts.allotments_consumed,
    "/cdrs": crossbar_calls.cdrs,
    "/users/{user}": crossbar_accounts.user,
    "/users/{user}/cdrs": crossbar_calls.cdrs,
    "/cdrs/legs/{cdr}": crossbar_calls.cdr_legs,
    "/ledgers": crossbar_calls.ledger_totals,
    "/ledgers/available": crossbar_calls.ledgers_available,
    "/ledgers/total": crossbar_calls.ledger_total,
    "/ledgers/summary/{month}": crossbar_calls.ledger_summary,
    "/ledgers/{source}": crossbar_calls.ledger_entries,
    "/ledgers/{source}/{entry}": crossbar_calls.ledger_entry,
}


class LoggedRequest(NamedTuple):
    """A request as it came in; the body, which may hold secrets, is not kept."""

    method: str
    path: str
    query: dict[str, str]


@dataclass(slots=True)
class Crossbar:
    """A world, and the rules of one installation. `requests`, when given, grows with every request."""

    world: World
    clock: Clock = time.time
    token_life_seconds: float = 3600
    range_seconds_max: int = RANGE_SECONDS_MAX
    requests: list[LoggedRequest] | None = None
    faults: Faults = CALM
    fault_clock: Clock = time.monotonic
    tokens: Tokens = field(init=False)
    _at_work: FaultsAtWork = field(init=False)

    def __post_init__(self) -> None:
        true_clock, ahead_seconds = self.clock, self.faults.clock_ahead_seconds
        if ahead_seconds:
            self.clock = lambda: true_clock() + ahead_seconds
        self.tokens = Tokens(self.faults.token_seconds or self.token_life_seconds)
        self._at_work = FaultsAtWork(self.faults, self.fault_clock)

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self._speak], client_max_size=2**20)
        application.router.add_put("/v2/user_auth", self._user_auth)
        application.router.add_put("/v2/api_auth", self._api_auth)
        for path, handler in _GETS.items():
            application.router.add_get(f"/v2/accounts/{{account}}{path}", self._about_account(handler, path))
        return application

    @web.middleware
    async def _speak(self, request: web.Request, handler: WebHandler) -> web.StreamResponse:
        """Turns every outcome, the web server's own included, into Crossbar's words."""
        if self.requests is not None:
            query = {key: value for key, value in request.query.items() if key != "auth_token"}
            self.requests.append(LoggedRequest(request.method, request.path, query))
        try:
            return await handler(request)
        except Refused as refused:
            return self._refusal(request, refused)
        except web.HTTPMethodNotAllowed:
            return self._refusal(request, Refused(405, "invalid_method", {"message": "method not allowed"}))
        except web.HTTPNotFound:
            return self._refusal(request, Refused(404, "not_found", {"message": "not found"}))

    async def _user_auth(self, request: web.Request) -> web.StreamResponse:
        ending = await self._at_work.meet(_asked(request))
        reply = user_auth(self.world, self.tokens, await _body(request), self.clock())
        return await self._success(request, reply, reply.auth_token, ending)

    async def _api_auth(self, request: web.Request) -> web.StreamResponse:
        ending = await self._at_work.meet(_asked(request))
        reply = api_auth(self.world, self.tokens, await _body(request), self.clock())
        return await self._success(request, reply, reply.auth_token, ending)

    def _about_account(self, handler: Handler, path: str) -> WebHandler:
        async def answer(request: web.Request) -> web.StreamResponse:
            return await self._answer(request, handler, path)

        return answer

    async def _answer(self, request: web.Request, handler: Handler, path: str) -> web.StreamResponse:
        token = self._token(request)
        parts = dict(request.match_info)
        asked = _asked(request, token, parts["account"], path)
        ending = await self._at_work.meet(asked)
        record = self._readable(token, parts["account"])
        forced = self.world.forced_answer(record.id, path.format(**parts))
        if forced is not None and forced.status >= 400:
            raise Refused(forced.status, forced.message, forced.data)
        if forced is not None:
            return await self._success(request, Reply(forced.data, status=forced.status), token.text, ending)
        reader = self.world.account(token.account_id)
        ask = Ask(
            world=self.world,
            token=token,
            reads_as_reseller=reader is not None and reader.is_reseller,
            account=record,
            query=request.query,
            parts=parts,
            now=gregorian.from_unix(self.clock()),
            range_seconds_max=self.range_seconds_max,
        )
        reply = spoilt_reply(self._at_work, asked, handler, ask)
        return await self._success(request, reply, token.text, ending)

    def _token(self, request: web.Request) -> Token:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        text = request.headers.get("X-Auth-Token") or request.query.get("auth_token") or bearer
        if not text:
            raise invalid_credentials()
        return self.tokens.read(text, self.clock())

    def _readable(self, token: Token, account_id: str) -> AccountRecord:
        """The account, if it is the token's own or lies anywhere below it."""
        record = self.world.account(account_id)
        if record is None:
            raise bad_identifier()
        if token.account_id not in (record.id, *record.tree):
            raise forbidden()
        return record

    async def _success(self, request: web.Request, reply: Reply, token: str, ending: Ending) -> web.StreamResponse:
        if ending is not Ending.WHOLE:
            return await self._half(request, reply, token, ending)
        if not reply.chunked:
            body = success_body(reply, token, self.clock())
            return web.Response(status=reply.status, body=body, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for chunk in chunks(reply, token, self.clock()):
            await response.write(chunk)
        await response.write_eof()
        return response

    async def _half(self, request: web.Request, reply: Reply, token: str, ending: Ending) -> web.StreamResponse:
        """Half of a body: as if it were all of it, or until the connection is reset."""
        now = self.clock()
        body = b"".join(chunks(reply, token, now)) if reply.chunked else success_body(reply, token, now)
        half = body[: len(body) // 2]
        if ending is Ending.TRUNCATED:
            return web.Response(status=reply.status, body=half, content_type="application/json")
        response = web.StreamResponse(status=reply.status, headers={"Content-Type": "application/json"})
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(half)
        _reset(request)
        return response

    def _refusal(self, request: web.Request, refused: Refused) -> web.Response:
        token = request.headers.get("X-Auth-Token", "")
        body = error_body(refused, token, self.clock())
        return web.Response(status=refused.status, body=body, content_type="application/json")


def _asked(request: web.Request, token: Token | None = None, account_id: str = NO_ACCOUNT, path: str = "") -> Asked:
    return Asked(
        method=request.method,
        url_path=request.path,
        query=request.query,
        address=request.remote or "",
        account_id=account_id,
        path=path,
        token=token.text if token else "",
        is_own_account=token is None or token.account_id == account_id,
    )


def _reset(request: web.Request) -> None:
    """Ends the connection without a farewell: the other side sees it reset, not closed."""
    transport = request.transport
    if transport is None:
        return
    wire = transport.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _body(request: web.Request) -> Mapping[str, object]:
    """The `data` of a request's envelope."""
    try:
        envelope = msgspec.json.decode(await request.read())
    except msgspec.MsgspecError as error:
        raise Refused(400, "parse_error", {"message": "the body is no JSON"}) from error
    data = envelope.get("data") if isinstance(envelope, dict) else None
    if not isinstance(data, dict):
        raise Refused(400, "invalid request", {"message": "the body has no data"})
    return data
