"""Visitors: whether KAZOO knows someone by their own user name and password, and what they are there.

Owns: one log-in and one look at the user. Does not own: who of them may come in.

Invariants
- A password leaves as KAZOO's digest of it, and is kept nowhere; no message holds either.
- No answer is followed elsewhere, and none is read beyond what a log-in can need.
- Imports neither tables nor the lake: the web's own process asks this.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from reseller_reporting import __version__
from reseller_reporting.model.errors import KazooUnavailable
from reseller_reporting.sources.kazoo.credentials import Credentials, check_url
from reseller_reporting.sources.kazoo.outside import check_literal, connector

_SECONDS_MAX = 15  # Somebody waits before a page.
_ANSWER_BYTES_MAX = 1_000_000
_REFUSALS = frozenset({400, 401, 402, 403, 423})  # Wrong, unknown, locked or not permitted: KAZOO says no.


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    account_id: str
    user_id: str
    username: str
    name: str
    email: str
    is_admin: bool


async def ask_for(credentials: Credentials) -> Visitor | None:
    """Who it is; None when KAZOO lets nobody in by this. KazooUnavailable when it gives no answer to go by."""
    url = check_url(credentials.url)
    if credentials.is_public_only:
        check_literal(url)
    try:
        async with aiohttp.ClientSession(
            connector=connector(limit=1, is_public_only=credentials.is_public_only),
            timeout=aiohttp.ClientTimeout(total=_SECONDS_MAX, sock_connect=5),
            headers={"User-Agent": f"reseller-reporting/{__version__}", "Accept": "application/json"},
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as http:
            return await _ask(http, url, credentials)
    except (aiohttp.ClientError, OSError) as error:
        raise KazooUnavailable(f"KAZOO at {url} gives no answer ({type(error).__name__}). Try again later.") from None


async def _ask(http: aiohttp.ClientSession, url: str, credentials: Credentials) -> Visitor | None:
    endpoint, data = credentials.login()
    body = msgspec.json.encode({"data": data})
    granted = await _answer(http, "PUT", f"{url}/{endpoint}", _REFUSALS, data=body)
    if granted is None:
        return None
    found, token = granted.get("data"), granted.get("auth_token")
    account_id, user_id = (_id(found, name) for name in ("account_id", "owner_id"))
    if not (account_id and user_id and isinstance(token, str)):
        return None  # Such as an account's own key: that is nobody.
    # A user who was deleted meanwhile is not there.
    where = f"{url}/accounts/{quote(account_id, safe='')}/users/{quote(user_id, safe='')}"
    shown = await _answer(http, "GET", where, _REFUSALS | {404}, headers={"X-Auth-Token": token})
    person = shown.get("data") if shown else None
    if not isinstance(person, dict) or person.get("enabled") is False:
        return None
    return Visitor(
        account_id=account_id,
        user_id=user_id,
        username=_line(person.get("username")) or _line(credentials.username),
        name=" ".join(filter(None, (_line(person.get("first_name")), _line(person.get("last_name"))))),
        email=_line(person.get("email")),
        is_admin=person.get("priv_level") == "admin",
    )


async def _answer(
    http: aiohttp.ClientSession, verb: str, url: str, refusals: frozenset[int], **more: Any
) -> dict[str, Any] | None:
    """The envelope; None when it is a refusal."""
    headers = {"Content-Type": "application/json"} | more.pop("headers", {})
    async with http.request(verb, url, allow_redirects=False, headers=headers, **more) as response:
        if response.status in refusals:
            return None
        content = b""
        async for part in response.content.iter_chunked(65_536):
            content += part
            if len(content) > _ANSWER_BYTES_MAX:
                break
        try:
            answer = msgspec.json.decode(content) if response.status in (200, 201) else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = None
    if not isinstance(answer, dict):
        raise KazooUnavailable(f"KAZOO at {url.partition('/v2')[0]}/v2 answers {response.status} to a log-in.")
    return answer


def _id(data: object, name: str) -> str:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value.isalnum() and len(value) <= 64 else ""


def _line(value: object) -> str:
    """A text of KAZOO in one printable line."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(each if each.isprintable() else " " for each in value).split())[:200]
