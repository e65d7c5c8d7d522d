"""Where a request came from, and whether in secret: as what connects to us has it, or as a proxy of ours says.

Invariants
- `X-Forwarded-For` and `X-Forwarded-Proto` are believed of the networks in the setting `trusted_proxies` alone.
- The first is read from its end: what stands before the first address that is none of those may be anyone's invention.
- Of several values of the second, each has to say the same: the first may be anyone's invention, too.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED_PROTO = "HTTP_X_FORWARDED_PROTO"  # As it stands in what a request brings with it.


def client_address(peer: str, forwarded_for: str, trusted: str) -> str:
    networks = _networks(trusted)
    found = _address(peer)
    if found is None or not networks:
        return peer
    for text in reversed(forwarded_for.split(",")):
        if not _is_within(found, networks):
            break
        before = _address(text)
        if before is None:
            break  # Cut off or made up: the last one that is known.
        found = before
    return str(found)


def is_forwarded_https(peer: str, forwarded_proto: str, trusted: str) -> bool:
    """Whether a proxy of ours says that it was asked by TLS."""
    found, networks = _address(peer), _networks(trusted)
    if found is None or not _is_within(found, networks):
        return False
    return all(text.strip().lower() == "https" for text in forwarded_proto.split(","))


@lru_cache(maxsize=8)
def _networks(trusted: str) -> Sequence[Network]:
    return [ipaddress.ip_network(part) for part in trusted.split(",") if part]


def _address(text: str) -> Address | None:
    """Some proxies add the port."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
