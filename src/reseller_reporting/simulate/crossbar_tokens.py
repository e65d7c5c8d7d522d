"""Tokens and logging in: who asks, and until when.

Owns: user_auth, api_auth, the tokens. Does not own: which account a token may read (crossbar).

Times
- A token lives from its issue to its `exp`, Unix seconds; use does not lengthen it.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from reseller_reporting.simulate.crossbar_answers import Refused, Reply, expired, invalid, invalid_credentials
from reseller_reporting.simulate.world import AccountRecord, World

API_KEY_LENGTH = 64
_DIGESTS = {"md5": hashlib.md5, "sha": hashlib.sha1}


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says of its bearer. `text` is the token itself."""

    account_id: str
    expires_at: float
    text: str


class Tokens:
    """Issues and reads tokens, signed with a secret of this server."""

    def __init__(self, life_seconds: float) -> None:
        self._life_seconds = life_seconds
        self._secret = secrets.token_bytes(32)

    def issue(self, account_id: str, owner_id: str | None, now: float) -> str:
        header = _encode({"typ": "JWT", "alg": "HS256"})
        # Two log-ins within a second give two tokens: when one of them dies, the other lives.
        claims = {"iss": "kazoo", "account_id": account_id, "owner_id": owner_id, "iat": int(now)}
        claims["jti"] = secrets.token_hex(8)
        body = f"{header}.{_encode({**claims, 'exp': int(now + self._life_seconds)})}"
        return f"{body}.{self._signature(body)}"

    def read(self, text: str, now: float) -> Token:
        """The token, or one of the two kinds of 401."""
        body, _, signature = text.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            raise invalid_credentials()
        claims = msgspec.json.decode(_decode(body.rpartition(".")[2]))
        if claims["exp"] <= now:
            raise expired()
        return Token(claims["account_id"], claims["exp"], text)

    def _signature(self, body: str) -> str:
        return _base64(hmac.digest(self._secret, body.encode(), "sha256"))


def user_auth(world: World, tokens: Tokens, data: Mapping[str, object], now: float) -> Reply:
    """`PUT /user_auth`: the digest of name and password, and one of three ways to name the account."""
    method, credentials = data.get("method", "md5"), data.get("credentials")
    if method not in _DIGESTS:
        raise invalid("method", "enum", "Value not found in enumerated list of values", method)
    if not isinstance(credentials, str):
        raise invalid("credentials", "required", "Field is required but missing")
    record = _named_account(world, data)
    if not record.enabled:
        raise Refused(423, "locked", {"message": "account disabled"})
    for login in world.logins:
        secret = f"{login.username.lower()}:{login.password}".encode()
        if login.account_id == record.id and _DIGESTS[str(method)](secret).hexdigest() == credentials:
            return _welcome(record, login.owner_id, tokens, now)
    raise invalid_credentials()


def api_auth(world: World, tokens: Tokens, data: Mapping[str, object], now: float) -> Reply:
    """`PUT /api_auth`: the account's own key; there is no owner."""
    api_key = data.get("api_key")
    if not isinstance(api_key, str):
        raise invalid("api_key", "required", "Field is required but missing")
    if len(api_key) != API_KEY_LENGTH:
        rule = "minLength" if len(api_key) < API_KEY_LENGTH else "maxLength"
        raise invalid("api_key", rule, f"String must be of {API_KEY_LENGTH} characters")
    for other in data.keys() - {"api_key"}:
        raise invalid(other, "additionalProperties", "Strict checking of data is enabled; property not in schema")
    login = next((each for each in world.logins if each.api_key == api_key), None)
    record = world.account(login.account_id) if login else None
    if record is None:
        raise invalid_credentials()
    return _welcome(record, None, tokens, now)


def _welcome(record: AccountRecord, owner_id: str | None, tokens: Tokens, now: float) -> Reply:
    data: dict[str, object] = {
        "account_id": record.id,
        "account_name": record.name,
        "is_reseller": record.is_reseller,
        "reseller_id": record.reseller_id,
        "language": "en-us",
        "apps": [],
    }
    if owner_id is not None:
        data["owner_id"] = owner_id
    return Reply(data, status=201, auth_token=tokens.issue(record.id, owner_id, now))


def _named_account(world: World, data: Mapping[str, object]) -> AccountRecord:
    given = {key: str(data[key]) for key in ("account_name", "account_realm", "realm", "phone_number") if data.get(key)}
    if not given:
        raise invalid("account_name", "required", "Field is required but missing")
    named_by, value = next(iter(given.items()))
    for record in _known_accounts(world):
        if named_by == "account_name" and _normalised(record.name) == _normalised(value):
            return record
        if named_by in ("account_realm", "realm") and record.realm == value.lower():
            return record
        if named_by == "phone_number" and value in world.phone_numbers(record.id):
            return record
    shown = "account_realm" if named_by == "realm" else named_by
    raise invalid(shown, "not_found", f"The provided {shown} could not be found", value)


def _known_accounts(world: World) -> list[AccountRecord]:
    """Accounts that have a login, and what lies below them."""
    ids = {login.account_id for login in world.logins}
    own = [record for record in map(world.account, sorted(ids)) if record is not None]
    return own + [below for record in own for below in world.descendants(record.id) if below.id not in ids]


def _normalised(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _encode(claims: Mapping[str, object]) -> str:
    return _base64(msgspec.json.encode(claims))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
