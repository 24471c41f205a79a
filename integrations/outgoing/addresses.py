"""Where webhooks may go: public addresses of the Internet, over HTTPS, and nowhere else.

Whoever types a URL here makes this machine connect to it. Without a look at the very address that
is connected to, the URL could name this machine, its cloud's metadata or its neighbours.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

LONGEST_URL = 500

_HTTPS_PORT = 443
_HTTP_PORT = 80
# Below it are the services of other protocols, such as mail.
_FIRST_FREE_PORT = 1024

_GLOBAL_UNICAST = IPv6Network("2000::/3")
# Two ways of writing an IPv4 address into one of IPv6 that leads somewhere else.
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")
# Where IPv4 is reached through a translator; the last 32 bits are the IPv4 address.
_NAT64 = IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """No webhook may go there; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, taken apart.

    Shape: `host` as it is asked for in DNS and in TLS, without brackets; `path` with its query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """Write the host as HTTP does."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = {"https": _HTTPS_PORT, "http": _HTTP_PORT}[self.scheme]
        return host if self.port == usual else f"{host}:{self.port}"


def read_target(url: str) -> Target:
    """Take a URL apart.

    Errors: NotAllowed when it is none to which a webhook may go, whatever its host resolves to.
    """
    if len(url) > LONGEST_URL:
        raise NotAllowed(f"The URL may have at most {LONGEST_URL} characters.")
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise NotAllowed("The URL must not hold spaces, backslashes or letters beyond ASCII.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("This is not a URL, such as https://example.com/hooks.") from None
    _refuse_parts(parts)
    port = port if port is not None else _HTTPS_PORT if parts.scheme == "https" else _HTTP_PORT
    if port not in (_HTTPS_PORT, _HTTP_PORT) and port < _FIRST_FREE_PORT:
        raise NotAllowed(
            f"The URL's port must be {_HTTPS_PORT}, or {_FIRST_FREE_PORT} or more; it is {port}."
        )
    path = parts.path or "/"
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, parts.hostname or "", port, path + query)


def _refuse_parts(parts: SplitResult) -> None:
    if parts.scheme != "https" and not (parts.scheme == "http" and _this_machine_too()):
        raise NotAllowed("The URL must start with https://.")
    if not parts.hostname:
        raise NotAllowed("The URL must name a host, such as https://example.com/hooks.")
    if parts.username is not None or parts.password is not None:
        raise NotAllowed("The URL must not hold a user name or a password.")
    if parts.fragment:
        raise NotAllowed("The URL must not hold a fragment, which is what follows a #.")


def resolve(target: Target) -> Sequence[str]:
    """Find the addresses of a target; every one of them may be connected to.

    Errors: NotAllowed when there is none, or one that is not public; it does not say which, or it
        would tell what names a private network knows.
    """
    refusal = NotAllowed(f"The host {target.host} cannot be found on the public Internet.")
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise refusal from None
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found))
    if not addresses or not all(may_connect_to(address) for address in addresses):
        raise refusal
    return addresses


def may_connect_to(address: str) -> bool:
    """Tell whether a webhook may be sent to an IP address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if ip.is_loopback:
        return _this_machine_too()
    return _is_public_v4(ip) if isinstance(ip, IPv4Address) else _is_public_v6(ip)


def _is_public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_public_v6(ip: IPv6Address) -> bool:
    if ip in _NAT64:
        return _is_public_v4(IPv4Address(int(ip) & 0xFFFF_FFFF))
    is_disguised = ip in _TEREDO or ip in _SIX_TO_FOUR
    return ip in _GLOBAL_UNICAST and ip.is_global and not is_disguised and ip.scope_id is None


def _this_machine_too() -> bool:
    allowed: bool = settings.WEBHOOKS_TO_THIS_MACHINE
    return allowed
