"""Reach: which network addresses anyone may reach, and which lie within a network of somebody's own."""

import ipaddress

from reseller_reporting.model.errors import InvalidSettings


def is_public(text: str) -> bool:
    """Whether anyone may reach it; what carries another address inside is as public as that one."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _carried(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def not_reached(host: str) -> InvalidSettings:
    return InvalidSettings(
        f"{host} lies in a private network, which this installation does not ask. The operator allows it with "
        "RESELLER_REPORTING_KAZOO_PRIVATE_NETWORKS=allowed."
    )


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour
