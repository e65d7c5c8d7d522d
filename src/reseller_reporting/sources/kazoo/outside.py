"""Outside: a resolver that finds no host of this installation's own networks, for URLs that a user typed.

The address is judged as the connection is made: a name that changes its mind after it was checked gains nothing.
"""

import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from reseller_reporting.model.reach import is_public, not_reached


class PublicResolver(ThreadedResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise not_reached(host)
        return public


def connector(*, limit: int, is_public_only: bool) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(limit=limit, resolver=PublicResolver() if is_public_only else None)


def check_literal(url: str) -> None:
    """A URL that names its address outright asks no resolver."""
    host = urlsplit(url).hostname or ""
    is_address = host.replace(".", "").isdigit() or ":" in host
    if is_address and not is_public(host):
        raise not_reached(host)
