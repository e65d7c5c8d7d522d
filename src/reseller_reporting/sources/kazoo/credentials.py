"""Credentials: where KAZOO is and who asks, never shown in full."""

import hashlib
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from reseller_reporting.model.errors import InvalidSettings


@dataclass(frozen=True, slots=True)
class Credentials:
    url: str = field(repr=False)  # It may carry a password.
    api_key: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    account_name: str | None = None
    account_realm: str | None = None  # In the place of the name.
    is_public_only: bool = False  # Hosts of this installation's own networks are not asked.

    def login(self) -> tuple[str, dict[str, object]]:
        """The endpoint and the body of the log-in; the key is preferred where both stand."""
        if self.api_key:
            return "api_auth", {"api_key": self.api_key}
        if not (self.username and self.password and (self.account_name or self.account_realm)):
            raise InvalidSettings(
                "Credentials for KAZOO are incomplete: give an API key, or user name, password and account name."
            )
        digest = hashlib.md5(f"{self.username.lower()}:{self.password}".encode(), usedforsecurity=False).hexdigest()
        named = {"account_realm": self.account_realm} if self.account_realm else {"account_name": self.account_name}
        return "user_auth", {"credentials": digest, "method": "md5", **named}


def check_url(url: str) -> str:
    """The base URL without a slash at its end and without what may hold a secret."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidSettings(
            "The KAZOO URL cannot be read. Write it like https://kazoo.example.com:8443/v2."
        ) from error
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidSettings(
            "The KAZOO URL must begin with http:// or https:// and name a host, like https://kazoo.example.com:8443/v2."
        )
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""
