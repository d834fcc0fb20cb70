"""Which addresses belong to the public internet, and the addresses of a host name.

The check applies to the addresses that `getaddrinfo` returned and that are then connected to, so neither
another spelling of an address nor a changing DNS answer bypasses it. The table is Edge's own because the
ipaddress module differs between releases of Python.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    # The arguments of connect() for IPv4 and IPv6.
    Sockaddr = Union[tuple[str, int], tuple[str, int, int, int]]

FOUR = (
    ("0.0.0.0", 32, "unspecified"),  # noqa: S104 nothing listens here
    ("0.0.0.0", 8, "of this network"),  # noqa: S104
    ("10.0.0.0", 8, "private"),
    ("100.64.0.0", 10, "shared by a carrier's customers"),
    ("127.0.0.0", 8, "loopback"),
    ("169.254.0.0", 16, "link-local"),
    ("172.16.0.0", 12, "private"),
    ("192.0.0.0", 24, "reserved"),
    ("192.0.2.0", 24, "for documentation"),
    ("192.88.99.0", 24, "reserved"),
    ("192.168.0.0", 16, "private"),
    ("198.18.0.0", 15, "for benchmarks"),
    ("198.51.100.0", 24, "for documentation"),
    ("203.0.113.0", 24, "for documentation"),
    ("224.0.0.0", 4, "multicast"),
    ("255.255.255.255", 32, "broadcast"),
    ("240.0.0.0", 4, "reserved"),
)

SIX = (
    ("::", 128, "unspecified"),
    ("::1", 128, "loopback"),
    ("64:ff9b:1::", 48, "private"),
    ("100::", 64, "discarded"),
    ("2001:2::", 48, "for benchmarks"),
    ("2001::", 23, "reserved"),
    ("2001:db8::", 32, "for documentation"),
    ("3fff::", 20, "for documentation"),
    ("fc00::", 7, "unique-local"),
    ("fe80::", 10, "link-local"),
    ("fec0::", 10, "site-local"),
    ("ff00::", 8, "multicast"),
)

# IPv6 prefixes that contain IPv4 addresses: their position in the 16 bytes, and the bits to invert.
EMBEDDING = (
    ("::ffff:0:0", 96, ((12, 0),)),
    ("64:ff9b::", 96, ((12, 0),)),
    ("2002::", 16, ((2, 0),)),
    # Teredo: its server, and its client in ones' complement.
    ("2001::", 32, ((4, 0), (12, 0xFF))),
)

GLOBAL_UNICAST = ("2000::", 3)
COMPATIBLE = ("::", 96)


def special(address: str) -> str:
    """The kind of a numeric address outside the public internet; empty for a public one.

    An IPv6 address that contains an IPv4 address is judged by that.
    """
    from socket import AF_INET, AF_INET6, inet_pton

    bare = address.partition("%")[0]
    try:
        return (
            _special_six(inet_pton(AF_INET6, bare))
            if ":" in bare
            else _special_four(inet_pton(AF_INET, bare))
        )
    except (OSError, ValueError):
        return "not an address"


def _special_four(address: bytes) -> str:
    for network, bits, what in FOUR:
        if _is_in(address, network, bits):
            return what
    return ""


def _special_six(address: bytes) -> str:
    for network, bits, places in EMBEDDING:
        if _is_in(address, network, bits):
            found = (_special_four(bytes(b ^ turned for b in address[at : at + 4])) for at, turned in places)
            return next(filter(None, found), "")
    for network, bits, what in SIX:
        if _is_in(address, network, bits):
            return what
    if _is_in(address, *COMPATIBLE):
        return _special_four(address[12:]) or "reserved"
    return "" if _is_in(address, *GLOBAL_UNICAST) else "reserved"


def _is_in(address: bytes, network: str, bits: int) -> bool:
    from socket import AF_INET, AF_INET6, inet_pton

    base = inet_pton(AF_INET6 if ":" in network else AF_INET, network)
    rest = len(address) * 8 - bits
    return int.from_bytes(address, "big") >> rest == int.from_bytes(base, "big") >> rest


def resolve(host: str, port: int, *, allow_special: bool) -> list[tuple[int, Sockaddr]]:
    """The addresses of a host, each as a family and the argument of connect(); one query of the resolver.

    Without `allow_special` only public addresses, and FetchFailed if there are none.
    """
    import socket

    from edge import errors
    from edge.net.proxies import without_proxy

    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # The IDNA codec raises UnicodeError, for example for a label of 64 letters.
        why = error.strerror if isinstance(error, OSError) else "not a host name"
        raise errors.FetchFailed(
            f"{host} was not found: {why}",
            without_proxy("Check the name and whether this machine is online"),
        ) from None
    found: list[tuple[int, Sockaddr]] = []
    for family, _, _, _, where in answers:
        if family in (socket.AF_INET, socket.AF_INET6):
            found.append((int(family), where))  # type: ignore[arg-type]
    if allow_special:
        return found
    public = [(family, where) for family, where in found if not special(where[0])]
    if public or not found:
        return public
    refused = found[0][1][0]
    raise errors.FetchFailed(
        f"{host} is {refused}, which is {special(refused)}; a redirect from the internet must not lead there",
        "If that address is intended, name that URL directly",
    )
