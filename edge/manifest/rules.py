"""The rules of a manifest: the contract's fields, and what must match together.

A fault that the author can correct is an error in an own manifest and a warning in others; what would be
unsafe to guess is an error in both. edge/manifest/edge_tables.py has Edge's own tables.
"""

from __future__ import annotations

from edge.manifest import Manifest, Problem
from edge.manifest.findings import Declared, Findings
from edge.permissions import catalogue
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

TEXTS = {
    "name": 128,
    "version": 64,
    "description": 4096,
    "author": 256,
    "wasm_path": 1024,
    "signature": 128,
    "publisher_key": 64,
}
"""Text fields, and their maximum length."""

PROSE = ("description", "author")
"""Descriptive fields; in somebody else's manifest they may be empty or have several lines."""

OTHERS = ("capabilities", "permissions", "config_schema", "edge", "provides", "sender_match", "registry")
"""Other fields; the last three are for other hosts."""
REQUIRED = ("name", "version")
REQUIRED_OWN = ("wasm_path", "capabilities")
KEY_DIGITS = 64
MAX_REQUESTS = 500
"""Maximum number of requests: the operator reads each of them, and each is checked against the grants."""
BASE64URL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=")
SIGNATURE_LENGTHS = (86, 88)


def check(
    document: dict[str, Any], lines: dict[Path, int], strictness: str, imports: Sequence[str] | None
) -> tuple[list[Problem], Manifest]:
    """Every problem in the order of lines, and the manifest, which is valid if no problem is an error."""
    from edge.manifest.edge_tables import check_edge
    from edge.manifest.schema import check_schema

    found = Findings(lines, strictness, imports)
    found.known((), document, (*TEXTS, *OTHERS))
    fields = _fields(found, document)
    capabilities = _names(found, document, "capabilities", CAPABILITIES)
    permissions = _names(found, document, "permissions", PERMISSIONS)
    schema, secrets = check_schema(found, document)
    edge = check_edge(found, document)
    places = {name: _place(document, name) for name in permissions}
    declared = Declared(
        capabilities=capabilities,
        permissions=places,
        secrets=secrets,
        has_schema=bool(schema),
        needs=None if found.imports is None else list(catalogue.needed(found.imports)),
    )
    for own in catalogue.permissions():
        edge.requests.extend(
            own.declare(found, declared, [request for request in edge.requests if request[0] == own.name])
        )
    for name in permissions:
        if name not in catalogue.GRANTABLE:
            found.careless(places[name], f"{name} has no effect: no interface needs it")
    if len(edge.requests) > MAX_REQUESTS:
        found.wrong((), f"it has {len(edge.requests)} permission requests; the limit is {MAX_REQUESTS}")
    manifest = Manifest(
        fields=fields,
        capabilities=capabilities,
        permissions=permissions,
        secrets=secrets,
        config_schema=schema,
        risks=edge.risks,
        requests=edge.requests,
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
        found.wrong(("name",), "name must consist of a-z and 0-9, with . _ - allowed inside")
    path = fields.get("wasm_path", "").split("/")
    if fields.get("wasm_path") and ("" in path or ".." in path or "\\" in fields["wasm_path"]):
        found.wrong(("wasm_path",), "wasm_path must be a relative path without ..")
    key = fields.get("publisher_key", "")
    if key and (len(key) != KEY_DIGITS or key.strip("0123456789abcdefABCDEF")):
        found.careless(("publisher_key",), f"publisher_key must be {KEY_DIGITS} hexadecimal digits")
    signature = fields.get("signature", "")
    if signature and (len(signature) not in SIGNATURE_LENGTHS or not set(signature) <= BASE64URL):
        found.careless(("signature",), "signature must be 64 bytes in base64url")
    return fields


def _text(found: Findings, name: str, value: Any, longest: int) -> str:
    if not (found.foreign and isinstance(value, str)) or name in REQUIRED:
        return found.text((name,), value, name, longest)
    if name in PROSE:
        line = " ".join(value.split())[:longest]
        if line != value or not line:
            found.careless((name,), f"{name} must be 1 to {longest} characters in one line")
        return line
    if value:
        return found.text((name,), value, name, longest)
    found.careless((name,), f"{name} is empty")
    return ""


def _derived(found: Findings, document: dict[str, Any], fields: dict[str, str]) -> int:
    """The release number derived from the version; without one, an own plugin cannot be packed."""
    from edge.manifest.release_number import derive

    version = fields.get("version", "")
    number = derive(version)
    named = isinstance(document.get("edge"), dict) and "release" in document["edge"]
    if version and not (number or named or found.foreign):
        found.wrong(
            ("version",),
            f"no release number can be derived from {version}: write MAJOR.MINOR.PATCH with MINOR and PATCH "
            "below 1000, or set `release` under [edge]",
        )
    return number


def _names(found: Findings, document: dict[str, Any], field: str, known: Sequence[str]) -> list[str]:
    names: list[str] = []
    for index, value in enumerate(found.array((field,), document.get(field, []), field)):
        path: Path = (field, index)
        if not isinstance(value, str):
            found.wrong(path, f"{field} must contain only text")
            continue
        name = OLD_NAMES.get(value, value) if field == "permissions" else value
        if name != value:
            found.careless(path, f"`{value}` is the old name of {name}")
        if name not in known:
            found.careless(path, f"unknown value `{value}` in {field}; known are {', '.join(known)}")
        elif name in names:
            found.careless(path, f"`{value}` is listed twice in {field}")
        else:
            names.append(name)
    return names


def _place(document: dict[str, Any], permission: str) -> Path:
    listed = document["permissions"]
    named = next(name for name in listed if OLD_NAMES.get(name, name) == permission)
    return ("permissions", listed.index(named))
