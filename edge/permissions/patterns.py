"""Patterns of hosts and of program arguments: what they match, and which of them take in others.

Hosts: `api.example.org`, `*.example.org` (one or more labels before the dot), each with `:port` or for any
port; `*` is every host, which only a manifest without a list of hosts asks for.

Arguments, one pattern for each: text stands for itself, and in braces

    {int}     digits
    {word}    letters, digits and . _ -, not beginning with - or .
    {path}    a relative path of such words with / between them
    {text}    any text that does not begin with -
    {a|b|c}   one of these
    {{text    the text `{text`, for what begins with a brace

No class takes in what begins with a dash: a program would read it as an option.
"""

from __future__ import annotations

ANY_HOST = "*"
WILDCARD = "*."
PORTS = {"http": ":80", "https": ":443"}
MOST_PORT = 65_535
MOST_HOST = 253
MOST_LABEL = 63
LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
DIGITS = frozenset("0123456789")
LABEL = LETTERS | DIGITS | {"-"}
WORD = LETTERS | DIGITS | frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ._-")


def host_problem(pattern: str) -> str:
    """What is wrong with a host pattern, empty when nothing is."""
    problem = _problem_of_spelling(pattern)
    if problem:
        return problem
    host, colon, port = pattern.partition(":")
    if colon and not (port and set(port) <= DIGITS and 1 <= int(port[:6]) <= MOST_PORT and port[0] != "0"):
        return "a port is a number from 1 to 65535"
    name = host[len(WILDCARD) :] if host.startswith(WILDCARD) else host
    if "*" in name:
        return "a wildcard is `*.` before a name, as in *.example.org"
    if host != name and "." not in name:
        return "a wildcard takes in a domain, not everything below a top level"
    if not is_host(name):
        return (
            "a host is a name in lower case or an IPv4 address, as in api.example.org or api.example.org:8443"
        )
    return ""


def _problem_of_spelling(pattern: str) -> str:
    """What to write instead of a URL, an IPv6 address or another spelling of a host."""
    scheme, slashes, rest = pattern.partition("://")
    authority = (rest if slashes else pattern).partition("/")[0].rpartition("@")[2]
    if authority.startswith("[") or authority.count(":") > 1:
        return "an IPv6 address is no host here: write the name of the host, or an IPv4 address"
    if not pattern.isascii():
        return "letters outside ASCII are written in a host as xn--..., as a browser does it"
    if not (slashes or "/" in pattern or "@" in pattern):
        plain = pattern.rstrip(".") if pattern.rstrip(".").count(".") else pattern
        plain = plain.lower()
        is_other = plain != pattern and not _has_problem(plain)
        return f"a host is written in lower case, without a dot at its end: {plain}" if is_other else ""
    if ":" not in authority and scheme.lower() in PORTS and slashes:
        authority += PORTS[scheme.lower()]
    host = authority.lower()
    return "this is a URL: write its host" + (f", {host}" if not _has_problem(host) else "")


def _has_problem(pattern: str) -> bool:
    return bool(host_problem(pattern))


def is_host(name: str) -> bool:
    """Whether it is a host's name in its one spelling: lower case, no dot at the end."""
    return 0 < len(name) <= MOST_HOST and all(map(_is_label, name.split(".")))


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= MOST_LABEL
        and set(label) <= LABEL
        and not (label.startswith("-") or label.endswith("-"))
    )


def host_matches(pattern: str, host: str, port: int) -> bool:
    """Whether a pattern takes in a host, which has to be spelled as `is_host` wants it."""
    if not is_host(host):
        return False
    wanted, _, wanted_port = pattern.partition(":")
    if wanted_port and wanted_port != str(port):
        return False
    if wanted.startswith(WILDCARD):
        return host.endswith(wanted[1:])
    return wanted in (ANY_HOST, host)


def host_covers(pattern: str, other: str) -> bool:
    """Whether a host pattern takes in all that another one does."""
    host, _, port = pattern.partition(":")
    inner, _, inner_port = other.partition(":")
    if port not in ("", inner_port):
        return False
    if host in (ANY_HOST, inner):
        return True
    return host.startswith(WILDCARD) and inner.endswith(host[1:]) and len(inner) >= len(host)


def argument_problem(pattern: str) -> str:
    """What is wrong with an argument's pattern, empty when nothing is."""
    if "\0" in pattern:
        return "an argument has no NUL"
    if not pattern.startswith("{") or pattern.startswith("{{"):
        return ""
    if not pattern.endswith("}"):
        return "what begins with { ends with }; {{ stands for a brace"
    choices = pattern[1:-1].split("|")
    if len(choices) == 1 and choices[0] not in CLASSES:
        return f"classes are {', '.join(f'{{{name}}}' for name in CLASSES)}, choices {{one|two}}"
    if "" in choices:
        return "a choice is empty"
    return ""


def argument_matches(pattern: str, text: str) -> bool:
    """Whether a pattern takes in an argument."""
    if "\0" in text:
        return False
    literals = _literals(pattern)
    return text in literals if literals else CLASSES[pattern[1:-1]](text)


def argument_covers(pattern: str, other: str) -> bool:
    """Whether an argument's pattern takes in all that another one does."""
    inner = _literals(other)
    if inner:
        return all(argument_matches(pattern, text) for text in inner)
    return not _literals(pattern) and other[1:-1] in WITHIN[pattern[1:-1]]


def _literals(pattern: str) -> list[str]:
    """The texts that a pattern stands for; none for a class."""
    if pattern.startswith("{{"):
        return [pattern[1:]]
    if not pattern.startswith("{"):
        return [pattern]
    choices = pattern[1:-1].split("|")
    return choices if len(choices) > 1 else []


def _is_int(text: str) -> bool:
    return bool(text) and set(text) <= DIGITS


def _is_word(text: str) -> bool:
    return bool(text) and set(text) <= WORD and text[0] not in "-."


def _is_path(text: str) -> bool:
    return all(map(_is_word, text.split("/")))


def _is_text(text: str) -> bool:
    return not text.startswith("-")


CLASSES = {"int": _is_int, "word": _is_word, "path": _is_path, "text": _is_text}
WITHIN = {
    "int": ("int",),
    "word": ("int", "word"),
    "path": ("int", "word", "path"),
    "text": ("int", "word", "path", "text"),
}
