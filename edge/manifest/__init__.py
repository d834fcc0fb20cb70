"""manifest.toml: what a plugin states about itself and requests. docs/manifest.md lists every field.

edge.manifest.parse reads and checks the text, where plugins are packed and installed. The result is stored as
`compiled` data, from which `Manifest.from_compiled` restores the manifest without reading TOML.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

    from edge.permissions.catalogue import Request

FORMAT = 2
RISKS = ("low", "medium", "high")
UNKNOWN_RISK = "high"
"""The risk of a tool that the manifest does not list."""

REMEDY = (
    "docs/manifest.md in Edge's repository lists every field; report problems of other people's plugins to "
    "their authors"
)


OWN = "own"
FOREIGN = "foreign"


class Tool:
    """A tool that a plugin offers, and the risk of calling it: low, medium or high."""

    __slots__ = ("name", "risk")

    def __init__(self, name: str, risk: str) -> None:
        self.name = name
        self.risk = risk


REASON_LIMIT = 300


class Problem:
    """A problem in a manifest, and its line; a warning does not prevent use."""

    __slots__ = ("line", "reason", "warning")

    def __init__(self, line: int, reason: str, *, warning: bool = False) -> None:
        from edge.text import phrase

        self.line = line
        self.reason = phrase(reason, REASON_LIMIT)
        self.warning = warning

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class Manifest:
    """A checked manifest.

    fields         the contract's texts: name, version, description, author, wasm_path, signature,
                   publisher_key
    capabilities   tool, channel, memory, observer, skill
    permissions    http_client, config_read and so on
    secrets        names of the properties of the configuration that are secret
    config_schema  JSON Schema of the configuration, as JSON text; empty where there is none
    risks          risk of each listed tool
    requests       its permission requests (edge/permissions/requests.py)
    level          the lowest security level at which it may run, empty for none
    release        a number that rises with every release, where it is not named that of the version
                   (edge/manifest/release_number.py); 0 where there is none
    check_tool     the tool that a new release is tried with, empty for the only one
    check_arguments
                   what it is called with, as JSON text; empty where a release is not tried
    warnings       problems that do not prevent use; not part of the compiled form
    """

    __slots__ = (
        "capabilities",
        "check_arguments",
        "check_tool",
        "config_schema",
        "fields",
        "level",
        "permissions",
        "release",
        "requests",
        "risks",
        "secrets",
        "warnings",
    )

    def __init__(
        self,
        *,
        fields: dict[str, str],
        capabilities: Iterable[str] = (),
        permissions: Iterable[str] = (),
        secrets: Iterable[str] = (),
        config_schema: str = "",
        risks: dict[str, str] | None = None,
        requests: Iterable[Iterable[str]] = (),
        level: str = "",
        release: int = 0,
        check_tool: str = "",
        check_arguments: str = "",
        warnings: Iterable[Problem] = (),
    ) -> None:
        self.fields = fields
        self.capabilities = tuple(capabilities)
        self.permissions = tuple(permissions)
        self.secrets = tuple(secrets)
        self.config_schema = config_schema
        self.risks = risks or {}
        self.requests: tuple[Request, ...] = tuple(map(tuple, requests))
        self.level = level
        self.release = release
        self.check_tool = check_tool
        self.check_arguments = check_arguments
        self.warnings = tuple(warnings)

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.fields.get("name", "")

    @property
    def version(self) -> str:
        """The plugin's version."""
        return self.fields.get("version", "")

    @property
    def limits(self) -> dict[str, float]:
        """The limits that it requests, by their names in `edge.limits`."""
        return {request[1]: float(request[2]) for request in self.requests if request[0] == "limits"}

    def tool(self, name: str) -> Tool:
        """A tool by name; one that the manifest does not list has the highest risk."""
        return Tool(name, self.risks.get(name, UNKNOWN_RISK))

    def compiled(self) -> dict[str, Any]:
        """Plain data for `from_compiled`: dictionaries, lists, texts and integers."""
        return {
            "format": FORMAT,
            "fields": dict(self.fields),
            "capabilities": list(self.capabilities),
            "permissions": list(self.permissions),
            "secrets": list(self.secrets),
            "config_schema": self.config_schema,
            "risks": dict(self.risks),
            "asks": [list(request) for request in self.requests],
            "level": self.level,
            "release": self.release,
            "check_tool": self.check_tool,
            "check_arguments": self.check_arguments,
        }

    @classmethod
    def from_compiled(cls, data: dict[str, Any]) -> Manifest:
        """The manifest that `compiled` was called on.

        Performs no checks: the data must come from a trusted place. Raises `errors.Damaged` for data of
        another format.
        """
        parts = dict(data)
        found = parts.pop("format", None)
        if found != FORMAT:
            from edge import errors

            raise errors.Damaged(
                f"the compiled manifest has format {found}; this release of Edge reads format {FORMAT}",
                "Install the plugin again",
            )
        return cls(requests=parts.pop("asks", ()), **parts)


NONE = Manifest(fields={})
"""An empty manifest, for plugins without one."""


def refuse(file: str, problems: list[Problem], remedy: str = "") -> NoReturn:
    """Raises what is wrong with a manifest; `remedy`: in place of the usual one."""
    from edge import errors

    count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
    raise errors.BadManifest(f"{file} has {count}", remedy or REMEDY, map(str, problems))
