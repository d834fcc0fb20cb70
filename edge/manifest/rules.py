"""The rules of a manifest: the contract's fields, and what has to fit together.

What a plugin's author can mend is an error in a manifest of our own and a warning in one of others; what
would be unsafe to guess is an error in both. edge/manifest/tables.py has our own tables.
"""

from __future__ import annotations

from edge.manifest import FOREIGN, Manifest, Problem
from edge.manifest.lines import line_of
from edge.suggest import nearest
from edge.text import is_plugin_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from edge.manifest.lines import Path

CAPABILITIES = ("tool", "channel", "memory", "observer", "skill")
PERMISSIONS = (
    "http_client",
    "config_read",
    "file_read",
    "file_write",
    "memory_read",
    "memory_write",
    "websocket_client",
    "socket_client",
)
OLD_NAMES = {"env_read": "config_read"}
HTTP = "http_client"
CONFIG = "config_read"

TEXTS = {
    "name": 128,
    "version": 64,
    "description": 4096,
    "author": 256,
    "wasm_path": 1024,
    "signature": 128,
    "publisher_key": 64,
}
"""Text fields, and how long they may be."""

PROSE = ("description", "author")
"""Said to people only; in somebody else's manifest they may be empty or have several lines."""

OTHERS = ("capabilities", "permissions", "config_schema", "edge", "provides", "sender_match", "registry")
"""Other fields; the last three mean something to other hosts."""
REQUIRED = ("name", "version")
REQUIRED_OWN = ("wasm_path", "capabilities")
MAX_SUGGESTIONS = 20

MAX_ITEMS = 1024
"""Of a list: what is asked for is looked at by a person, and by each call of the plugin."""

KEY_DIGITS = 64
MAX_ASKS = 500
"""Each is shown to whoever has to agree, and held against all that the plugin is granted."""
BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
SIGNATURE_LENGTHS = (86, 88)


class Findings:
    """What was found wrong so far, each with its line."""

    __slots__ = ("foreign", "imports", "lines", "problems")

    def __init__(self, lines: dict[Path, int], strictness: str, imports: Sequence[str] | None) -> None:
        self.lines = lines
        self.foreign = strictness == FOREIGN
        self.imports = imports
        self.problems: list[Problem] = []

    def wrong(self, path: Path, reason: str) -> None:
        """An error, whoever wrote the manifest."""
        self.problems.append(Problem(line_of(self.lines, path), reason))

    def careless(self, path: Path, reason: str) -> None:
        """An error of our own, a warning about others."""
        self.problems.append(Problem(line_of(self.lines, path), reason, warning=self.foreign))

    def text(self, path: Path, value: Any, name: str, longest: int = 256) -> str:
        """A text that is not empty, or an empty one and a problem."""
        if not isinstance(value, str):
            self.wrong(path, f"{name} has to be text")
        elif not value or len(value) > longest or not value.isprintable():
            self.wrong(path, f"{name} has to be 1 to {longest} printable characters")
        else:
            return value
        return ""

    def array(self, path: Path, value: Any, name: str) -> list[Any]:
        """An array of `MAX_ITEMS` at most, or an empty one and a problem."""
        if not isinstance(value, list):
            self.wrong(path, f"{name} has to be an array")
        elif len(value) > MAX_ITEMS:
            self.wrong(path, f"{name} has {len(value)} entries, and may have {MAX_ITEMS}")
        else:
            return value
        return []

    def table(self, path: Path, value: Any, name: str) -> dict[str, Any]:
        """A table, or an empty one and a problem."""
        if isinstance(value, dict):
            return value
        self.wrong(path, f"{name} has to be a table")
        return {}

    def known(self, path: Path, table: dict[str, Any], keys: Sequence[str]) -> None:
        """Tells of keys that mean nothing."""
        for key in table:
            if key not in keys:
                near = nearest(str(key), keys) if len(self.problems) < MAX_SUGGESTIONS else ""
                meant = f": did you mean {near}?" if near else ""
                self.careless((*path, key), f"there is no field `{'.'.join(map(str, (*path, key)))}`{meant}")


def check(
    document: dict[str, Any], lines: dict[Path, int], strictness: str, imports: Sequence[str] | None
) -> tuple[list[Problem], Manifest]:
    """Every problem in the order of lines, and the manifest, which holds when none of them is an error."""
    from edge.manifest.schema import check_schema
    from edge.manifest.tables import check_edge

    found = Findings(lines, strictness, imports)
    found.known((), document, (*TEXTS, *OTHERS))
    fields = _fields(found, document)
    capabilities = _names(found, document, "capabilities", CAPABILITIES)
    permissions = _names(found, document, "permissions", PERMISSIONS)
    schema, secrets = check_schema(found, document)
    edge = check_edge(found, document)
    if HTTP in permissions and not edge.hosts:
        found.careless(("permissions",), "http_client without hosts in [edge.http] asks for every host")
        edge.asks.append((HTTP, "*"))
    if CONFIG in permissions:
        edge.asks.extend((CONFIG, name) for name in secrets)
    if "channel" in capabilities:
        edge.asks.append(("channel",))
    places = {name: _place(document, name) for name in permissions}
    if len(edge.asks) > MAX_ASKS:
        found.wrong((), f"it asks for {len(edge.asks)} things, and nobody reads more than {MAX_ASKS}")
    _check_use(found, places, secrets, edge.hosts, has_schema=bool(schema))
    manifest = Manifest(
        fields=fields,
        capabilities=capabilities,
        permissions=permissions,
        secrets=secrets,
        config_schema=schema,
        risks=edge.risks,
        asks=edge.asks,
        level=edge.level,
        release=edge.release or _derived(found, document, fields),
        check_tool=edge.check_tool,
        check_arguments=edge.check_arguments,
    )
    return sorted(found.problems, key=lambda problem: problem.line), manifest


def _fields(found: Findings, document: dict[str, Any]) -> dict[str, str]:
    for name in REQUIRED:
        if name not in document:
            found.wrong((), f"`{name}` is missing")
    for name in REQUIRED_OWN:
        if name not in document:
            found.careless((), f"`{name}` is missing")
    fields = {
        name: _text(found, name, document[name], longest)
        for name, longest in TEXTS.items()
        if name in document
    }
    if fields.get("name") and not is_plugin_name(fields["name"]):
        found.wrong(("name",), "name has to be of a-z and 0-9, and inside also . _ -")
    path = fields.get("wasm_path", "").split("/")
    if fields.get("wasm_path") and ("" in path or ".." in path or "\\" in fields["wasm_path"]):
        found.wrong(("wasm_path",), "wasm_path has to be a relative path without ..")
    key = fields.get("publisher_key", "")
    if key and (len(key) != KEY_DIGITS or key.strip("0123456789abcdefABCDEF")):
        found.careless(("publisher_key",), f"publisher_key has to be {KEY_DIGITS} hexadecimal digits")
    signature = fields.get("signature", "")
    if signature and (len(signature) not in SIGNATURE_LENGTHS or not set(signature) <= BASE64URL):
        found.careless(("signature",), "signature has to be 64 bytes in base64url")
    return fields


def _text(found: Findings, name: str, value: Any, longest: int) -> str:
    if not (found.foreign and isinstance(value, str)) or name in REQUIRED:
        return found.text((name,), value, name, longest)
    if name in PROSE:
        line = " ".join(value.split())[:longest]
        if line != value or not line:
            found.careless((name,), f"{name} has to be 1 to {longest} characters in one line")
        return line
    if value:
        return found.text((name,), value, name, longest)
    found.careless((name,), f"{name} is empty")
    return ""


def _derived(found: Findings, document: dict[str, Any], fields: dict[str, str]) -> int:
    """The release number that follows from the version; without one, a plugin of our own can't be packed."""
    from edge.manifest.versions import derive

    version = fields.get("version", "")
    number = derive(version)
    named = isinstance(document.get("edge"), dict) and "release" in document["edge"]
    if version and not (number or named or found.foreign):
        found.wrong(
            ("version",),
            f"no release number follows from {version}: write MAJOR.MINOR.PATCH, the last two below 1000, or "
            "name one, [edge] release",
        )
    return number


def _names(found: Findings, document: dict[str, Any], field: str, known: Sequence[str]) -> list[str]:
    names: list[str] = []
    for index, value in enumerate(found.array((field,), document.get(field, []), field)):
        path: Path = (field, index)
        if not isinstance(value, str):
            found.wrong(path, f"{field} has to hold texts")
            continue
        name = OLD_NAMES.get(value, value) if field == "permissions" else value
        if name != value:
            found.careless(path, f"`{value}` is an old name of {name}")
        if name not in known:
            found.careless(path, f"{field} has no `{value}`: there are {', '.join(known)}")
        elif name in names:
            found.careless(path, f"`{value}` stands twice in {field}")
        else:
            names.append(name)
    return names


def _place(document: dict[str, Any], permission: str) -> Path:
    listed = document["permissions"]
    named = next(name for name in listed if OLD_NAMES.get(name, name) == permission)
    return ("permissions", listed.index(named))


def _check_use(
    found: Findings, permissions: dict[str, Path], secrets: list[str], hosts: list[str], *, has_schema: bool
) -> None:
    """Permissions that give nothing, and what lacks the permission that it needs."""
    if CONFIG in permissions and not has_schema:
        found.careless(
            permissions[CONFIG],
            "config_read without [config_schema]: any text may be set, and is not checked",
        )
    for name in permissions:
        if name not in (HTTP, CONFIG):
            found.careless(permissions[name], f"{name} gives nothing: no interface needs it")
    if hosts and HTTP not in permissions:
        found.careless(("edge", "http", "hosts"), "hosts without the permission http_client")
    if secrets and CONFIG not in permissions:
        found.careless(("config_schema",), "secrets without the permission config_read")
    if found.imports is None:
        return
    from edge.permissions.imports import needed

    needs = needed(found.imports)
    if HTTP in permissions and HTTP not in needs:
        found.careless(permissions[HTTP], "http_client gives nothing: the component does not import HTTP")
    if secrets and CONFIG not in needs:
        found.careless(
            ("config_schema", "properties", secrets[0], "x-secret"),
            f"`{secrets[0]}` is secret, but the component does not import secrets",
        )
    for kind, path in (("kv", "kv"), ("cli", "cli"), ("delegate", "delegate")):
        if ("edge", path) in found.lines and kind not in needs:
            found.careless(
                ("edge", path), f"[edge.{path}] gives nothing: the component does not import {kind}"
            )
