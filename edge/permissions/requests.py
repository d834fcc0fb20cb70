"""What can be asked for and granted: a tuple of words, its first the capability.

    ("channel",)                            messages that wait for a channel plugin
    ("http_client", "api.example.org:443")  requests to a host
    ("config_read", "token")                a secret of the configuration
    ("kv", "65536")                         storage, in bytes
    ("cli", "/usr/bin/git", "status")       a program with arguments, as edge/permissions/patterns.py has them
    ("delegate", "weather/forecast")        a tool of another plugin
    ("limits", "memory", "67108864")        a limit

A capability's name alone stands for all that a manifest may declare of it.
"""

from __future__ import annotations

from edge.text import is_plugin_name, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Ask = tuple[str, ...]

GRANTABLE = ("http_client", "config_read", "channel", "kv", "cli", "delegate", "limits")

PARTS = {"http_client": 2, "config_read": 2, "channel": 1, "kv": 2, "delegate": 2, "limits": 3}
"""How many words an ask has; those of `cli` have as many as the program takes."""


def covers(grant: Ask, ask: Ask) -> bool:
    """Whether a grant takes in what is asked for."""
    if grant[0] != ask[0]:
        return False
    if len(grant) == 1 or grant == ask:
        return True
    if len(grant) != len(ask):
        return False
    kind = ask[0]
    if kind == "http_client":
        from edge.permissions.patterns import host_covers

        return host_covers(grant[1], ask[1])
    if kind == "cli":
        from edge.permissions.patterns import argument_covers

        return grant[1] == ask[1] and all(map(argument_covers, grant[2:], ask[2:]))
    if kind in ("kv", "limits"):
        return grant[:-1] == ask[:-1] and float(ask[-1]) <= float(grant[-1])
    return False


class Covering:
    """Permission requests or grants, looked up by what takes them in or is taken in by them.

    Every use is a look-up: a manifest and a policy may have a thousand of them each.
    """

    __slots__ = ("_all", "_groups", "_hosts_within")

    def __init__(self, own: Iterable[Ask]) -> None:
        self._all: dict[Ask, None] = dict.fromkeys(own)
        # Those of other kinds than hosts, of which few have the same beginning.
        self._groups: dict[Ask, list[Ask]] = {}
        self._hosts_within: dict[str, list[Ask]] = {}
        for ask in self._all:
            if ask[0] == "http_client" and len(ask) > 1:
                for pattern in _wider_hosts(ask[1]):
                    self._hosts_within.setdefault(pattern, []).append(ask)
            else:
                self._groups.setdefault(_group(ask), []).append(ask)

    def __contains__(self, ask: Ask) -> bool:
        return ask in self._all

    def covers(self, ask: Ask) -> bool:
        """Whether one of these takes in what is asked for."""
        if ask in self._all or ask[:1] in self._all:
            return True
        if ask[0] == "http_client" and len(ask) > 1:
            return any((ask[0], pattern) in self._all for pattern in _wider_hosts(ask[1]))
        return any(covers(own, ask) for own in self._groups.get(_group(ask), ()))

    def within(self, ask: Ask) -> Iterable[Ask]:
        """Those of these that `ask` takes in."""
        if len(ask) == 1:
            return [own for own in self._all if own[0] == ask[0]]
        if ask[0] == "http_client":
            return self._hosts_within.get(ask[1], ())
        return [own for own in self._groups.get(_group(ask), ()) if covers(ask, own)]


def _group(ask: Ask) -> Ask:
    """What two requests have in common where one takes in the other, and neither is a whole capability."""
    if ask[0] == "cli":
        return (*ask[:2], str(len(ask)))
    return ask[:-1] if ask[0] in ("kv", "limits") and len(ask) > 1 else ask


def _wider_hosts(pattern: str) -> Iterator[str]:
    """The host patterns that take in a host pattern, itself among them."""
    from edge.permissions.patterns import ANY_HOST

    name, _, port = pattern.partition(":")
    dots = (at for at, letter in enumerate(name) if letter == ".")
    for wider in dict.fromkeys((name, *(f"*{name[at:]}" for at in dots), ANY_HOST)):
        yield wider
        if port:
            yield f"{wider}:{port}"


def covered(ask: Ask, grants: Iterable[Ask]) -> bool:
    """Whether one of the grants takes in what is asked for; of many requests, `Covering` is asked."""
    return any(covers(grant, ask) for grant in grants)


def common(declared: Iterable[Ask], granted: Iterable[Ask]) -> tuple[Ask, ...]:
    """What is both declared and granted: of two patterns that overlap, the narrower."""
    held = Covering(granted)
    found: dict[Ask, None] = {}
    for ask in declared:
        if held.covers(ask):
            found[ask] = None
        found.update(dict.fromkeys(held.within(ask)))
    return tuple(found)


def problem(ask: Ask) -> str:
    """What is wrong with an ask, empty when nothing is."""
    if not ask or ask[0] not in GRANTABLE:
        return f"capabilities are {', '.join(GRANTABLE)}"
    kind = ask[0]
    if len(ask) == 1:
        return ""
    if len(ask) != PARTS.get(kind, len(ask)):
        return f"{kind} takes {PARTS[kind] - 1} words"
    from edge.permissions import patterns

    if kind == "http_client":
        return "" if ask[1] == patterns.ANY_HOST else patterns.host_problem(ask[1])
    if kind == "cli":
        wrong = (patterns.argument_problem(pattern) for pattern in ask[2:])
        return program_problem(ask[1]) or next(filter(None, wrong), "")
    if kind == "delegate":
        return target_problem(ask[1])
    if kind in ("kv", "limits"):
        return number_problem(ask[-1])
    return "" if ask[1] else "a name is missing"


def program_problem(path: str) -> str:
    """What is wrong with a program's path, empty when nothing is."""
    parts = path.split("/")
    if parts[0] or len(parts) < 2 or "\0" in path or any(part in ("", ".", "..") for part in parts[1:]):
        return "a program is an absolute path without . and .., as in /usr/bin/git"
    return ""


def target_problem(target: str) -> str:
    """What is wrong with the target of a delegation, empty when nothing is."""
    if "*" in target:
        return "delegation names its targets, a wildcard is refused"
    plugin, slash, tool = target.partition("/")
    if not (slash and is_plugin_name(plugin) and is_tool_name(tool)):
        return "a target is PLUGIN/TOOL"
    return ""


def number_problem(text: str) -> str:
    """What is wrong with an amount, empty when nothing is."""
    digits = text.partition(".")[0] + text.partition(".")[2]
    return "" if digits.isdecimal() and digits.isascii() and text[0] != "." else "an amount is a number"


def range_problem(ask: Ask) -> str:
    """What is wrong with how much a new grant gives, empty when nothing is.

    Of a grant that was given before, what is beyond the range counts as its end (edge.policy.grants).
    """
    if ask[0] not in ("kv", "limits") or len(ask) != PARTS[ask[0]]:
        return ""
    from edge.permissions.levels import amount_problem

    amount = _number(ask[-1])
    # To grant nothing of something is a grant.
    return amount_problem(ask[1] if ask[0] == "limits" else "quota_bytes", amount) if amount else ""


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def is_tool_name(name: str) -> bool:
    """Whether it is 1 to 128 letters, digits, dots, underscores and dashes."""
    from edge.permissions.patterns import WORD

    return 1 <= len(name) <= 128 and set(name) <= WORD


def spelled(ask: Ask) -> str:
    """An ask on one line, words quoted as a shell would want them where they need it.

    What is not printable ASCII is an escape, so that no name passes for another: people decide on this.
    """
    return " ".join(
        word if _is_plain(word) else "'" + plain(word).replace("'", "'\\''") + "'" for word in ask
    )


def _is_plain(word: str) -> bool:
    from edge.permissions.patterns import WORD

    return bool(word) and set(word) <= WORD | frozenset("/:*{}|")
