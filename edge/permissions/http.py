"""`("http_client", "api.example.org:443")`: requests to a host.

A pattern is `api.example.org`, or `*.example.org` (one or more labels before the dot), each with `:port` or
for any port; `*` is every host, requested only by a manifest without a list of hosts. The contract's
permission `http_client` and `hosts` of [edge.http] declare them.
"""

from __future__ import annotations

from edge.permissions.catalogue import NAME_LIMIT, Permission
from edge.permissions.names import DIGITS, LETTERS
from edge.text import plain, shorten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from edge.manifest.findings import Declared, Findings
    from edge.manifest.lines import Path
    from edge.permissions.catalogue import Request

ANY_HOST = "*"
WILDCARD = "*."
PORTS = {"http": ":80", "https": ":443"}
MAX_PORT = 65_535
MAX_HOST = 253
MAX_LABEL = 63
LABEL = LETTERS | DIGITS | {"-"}


class Http(Permission):
    """Hosts."""

    name = "http_client"
    table = "http"
    setting = "hosts of [edge.http]"
    wildcard_levels = ("relaxed", "default")
    """The security levels at which `*.example.org` is accepted as a host."""

    def problem(self, request: Request) -> str:
        return "" if request[1] == ANY_HOST else host_problem(request[1])

    def covers(self, grant: Request, request: Request) -> bool:
        return host_covers(grant[1], request[1])

    def wider(self, request: Request) -> Iterator[Request]:
        name, _, port = request[1].partition(":")
        dots = (at for at, letter in enumerate(name) if letter == ".")
        for wider in dict.fromkeys((name, *(f"*{name[at:]}" for at in dots), ANY_HOST)):
            yield (self.name, wider)
            if port:
                yield (self.name, f"{wider}:{port}")

    def matches(self, request: Request, use: tuple[str, ...]) -> bool:
        return len(use) == 2 and host_matches(request[1], use[0], int(use[1]))

    def excludes(self, request: Request, level: str) -> bool:
        return "*" in request[1] and level not in self.wildcard_levels

    def hint(self, level: str) -> str:
        return "" if level in self.wildcard_levels else ", host by host"

    def normal(self, use: tuple[str, ...]) -> tuple[str, ...]:
        # A name that is too long matches nothing, whatever its spelling.
        host = use[0].lower() if use[0].isascii() and len(use[0]) <= NAME_LIMIT else use[0]
        return (host, *use[1:])

    def target(self, use: tuple[str, ...]) -> str:
        return ":".join(shorten(word, NAME_LIMIT) for word in use)

    def verb(self, use: tuple[str, ...]) -> str:
        return f"reach {plain(use[0], NAME_LIMIT)}:{use[1]}"

    def read(self, found: Findings, path: Path, value: Any) -> list[Request]:
        table = found.table(path, value, "edge.http")
        found.known(path, table, ("hosts",))
        hosts = found.array((*path, "hosts"), table.get("hosts", []), "hosts")
        if not hosts:
            found.careless((*path, "hosts"), "[edge.http] lists no hosts")
        requests: dict[Request, None] = {}
        for index, host in enumerate(hosts):
            at = (*path, "hosts", index)
            problem = host_problem(host) if isinstance(host, str) else "a host must be text"
            if problem:
                found.wrong(at, f"`{host}`: {problem}")
            elif (self.name, host) in requests:
                found.careless(at, f"`{host}` is listed twice")
            else:
                requests[self.name, host] = None
        return list(requests)

    def declare(self, found: Findings, declared: Declared, own: list[Request]) -> list[Request]:
        place = declared.permissions.get(self.name)
        if place is None:
            if own:
                found.careless(
                    ("edge", "http", "hosts"), "hosts are listed without the permission http_client"
                )
            return []
        if declared.has_no_import(self.name):
            found.careless(place, "http_client has no effect: the component does not import HTTP")
        if own:
            return []
        found.careless(("permissions",), "http_client without hosts in [edge.http] requests every host")
        return [(self.name, ANY_HOST)]


PERMISSION = Http()


def host_problem(pattern: str) -> str:
    """The problem of a host pattern; empty if there is none."""
    problem = _problem_of_spelling(pattern)
    if problem:
        return problem
    host, colon, port = pattern.partition(":")
    if colon and not (port and set(port) <= DIGITS and 1 <= int(port[:6]) <= MAX_PORT and port[0] != "0"):
        return "a port must be a number from 1 to 65535"
    name = host[len(WILDCARD) :] if host.startswith(WILDCARD) else host
    if "*" in name:
        return "a wildcard must be `*.` before a name, for example *.example.org"
    if host != name and "." not in name:
        return "a wildcard must not cover a whole top-level domain"
    if not is_host(name):
        return (
            "a host must be a lower-case name or an IPv4 address, for example api.example.org or "
            "api.example.org:8443"
        )
    return ""


def _problem_of_spelling(pattern: str) -> str:
    """What to write instead of a URL, an IPv6 address or another spelling of a host."""
    scheme, slashes, rest = pattern.partition("://")
    authority = (rest if slashes else pattern).partition("/")[0].rpartition("@")[2]
    if authority.startswith("[") or authority.count(":") > 1:
        return "IPv6 addresses are not supported here: write the host's name or an IPv4 address"
    if not pattern.isascii():
        return "non-ASCII letters of a host must be written as xn--..., as browsers do"
    if not (slashes or "/" in pattern or "@" in pattern):
        plain = pattern.rstrip(".") if pattern.rstrip(".").count(".") else pattern
        plain = plain.lower()
        is_other = plain != pattern and not _has_problem(plain)
        return f"write the host in lower case and without a trailing dot: {plain}" if is_other else ""
    if ":" not in authority and scheme.lower() in PORTS and slashes:
        authority += PORTS[scheme.lower()]
    host = authority.lower()
    return "this is a URL: write only the host" + (f", {host}" if not _has_problem(host) else "")


def _has_problem(pattern: str) -> bool:
    return bool(host_problem(pattern))


def is_host(name: str) -> bool:
    """Whether a text is a host name in canonical spelling: lower case, no trailing dot."""
    return 0 < len(name) <= MAX_HOST and all(map(_is_label, name.split(".")))


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= MAX_LABEL
        and set(label) <= LABEL
        and not (label.startswith("-") or label.endswith("-"))
    )


def host_matches(pattern: str, host: str, port: int) -> bool:
    """Whether a pattern matches a host, which must be in the spelling of `is_host`."""
    if not is_host(host):
        return False
    wanted, _, wanted_port = pattern.partition(":")
    if wanted_port and wanted_port != str(port):
        return False
    if wanted.startswith(WILDCARD):
        return host.endswith(wanted[1:])
    return wanted in (ANY_HOST, host)


def host_covers(pattern: str, other: str) -> bool:
    """Whether a host pattern matches everything that another one does."""
    host, _, port = pattern.partition(":")
    inner, _, inner_port = other.partition(":")
    if port not in ("", inner_port):
        return False
    if host in (ANY_HOST, inner):
        return True
    return host.startswith(WILDCARD) and inner.endswith(host[1:]) and len(inner) >= len(host)
