"""Outside: a resolver that finds no host of this installation's own networks, for URLs that a user typed.

The address is judged as the connection is made: a name that changes its mind after it was checked gains nothing.
"""

import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver

from reseller_reporting.model.errors import InvalidSettings
from reseller_reporting.model.reach import is_public


class PublicResolver(ThreadedResolver):
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        public = [each for each in found if is_public(each["host"])]
        if not public:
            raise refused(host)
        return public


def connector(*, limit: int, is_public_only: bool) -> aiohttp.TCPConnector:
    return aiohttp.TCPConnector(limit=limit, resolver=PublicResolver() if is_public_only else None)


def refused(host: str) -> InvalidSettings:
    return InvalidSettings(
        f"{host} lies in a private network, which this installation does not ask. The operator allows it with "
        "RESELLER_REPORTING_KAZOO_PRIVATE_NETWORKS=allowed."
    )


def check_literal(url: str) -> None:
    """A URL that names its address outright asks no resolver."""
    host = urlsplit(url).hostname or ""
    is_address = host.replace(".", "").isdigit() or ":" in host
    if is_address and not is_public(host):
        raise refused(host)
