"""Second checks of a delivery, where they are configured: the signature of its body, and its sender's address."""

import base64
import hmac
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address


def is_signed(body: bytes, given: str, *, secret: str, algorithm: str) -> bool:
    """Compare a signature with the HMAC of the body in constant time.

    Pluggy does not document the form, so hex and base64 are accepted, also with the algorithm before it, as in
    `sha256=5d41…`.
    """
    digest = hmac.new(secret.encode(), body, algorithm).digest()
    value = given.strip().removeprefix(f"{algorithm}=").encode("utf-8", "surrogatepass")
    is_hex = hmac.compare_digest(value.lower(), digest.hex().encode())
    is_base64 = hmac.compare_digest(value, base64.b64encode(digest))
    return is_hex or is_base64


def is_from(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    """Tell whether the address is in one of the networks. What is no address is in none."""
    try:
        sender = ip_address(address.strip())
    except ValueError:
        return False
    if isinstance(sender, IPv6Address) and sender.ipv4_mapped is not None:
        sender = sender.ipv4_mapped
    return any(sender in network for network in networks)


def sender_address(remote_address: str, forwarded_for: str, *, proxy_count: int) -> str:
    """Return the address that the outermost of our own proxies saw; without proxies, the one that we see.

    Everything before it in X-Forwarded-For is what the sender claims.
    """
    if not proxy_count:
        return remote_address
    hops = forwarded_for.split(",")
    return hops[-proxy_count].strip() if len(hops) >= proxy_count else ""
