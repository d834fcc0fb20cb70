"""Problems found in a manifest, and the data that its parts share."""

from __future__ import annotations

from edge.manifest import FOREIGN, Problem
from edge.manifest.lines import line_of
from edge.suggest import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from edge.manifest.lines import Path

MAX_SUGGESTIONS = 20

MAX_ITEMS = 1024
"""Maximum length of a list: a person reads the requests, and every call checks them."""


class Findings:
    """The problems found so far, each with its line."""

    __slots__ = ("foreign", "imports", "lines", "problems")

    def __init__(self, lines: dict[Path, int], strictness: str, imports: Sequence[str] | None) -> None:
        self.lines = lines
        self.foreign = strictness == FOREIGN
        self.imports = imports
        self.problems: list[Problem] = []

    def wrong(self, path: Path, reason: str) -> None:
        """Adds an error, for any manifest."""
        self.problems.append(Problem(line_of(self.lines, path), reason))

    def careless(self, path: Path, reason: str) -> None:
        """Adds an error for own manifests, a warning for others."""
        self.problems.append(Problem(line_of(self.lines, path), reason, warning=self.foreign))

    def text(self, path: Path, value: Any, name: str, longest: int = 256) -> str:
        """A text that is not empty; otherwise an empty text and a problem."""
        if not isinstance(value, str):
            self.wrong(path, f"{name} must be text")
        elif not value or len(value) > longest or not value.isprintable():
            self.wrong(path, f"{name} must be 1 to {longest} printable characters")
        else:
            return value
        return ""

    def array(self, path: Path, value: Any, name: str) -> list[Any]:
        """An array of at most `MAX_ITEMS`; otherwise an empty array and a problem."""
        if not isinstance(value, list):
            self.wrong(path, f"{name} must be an array")
        elif len(value) > MAX_ITEMS:
            self.wrong(path, f"{name} has {len(value)} entries; the limit is {MAX_ITEMS}")
        else:
            return value
        return []

    def table(self, path: Path, value: Any, name: str) -> dict[str, Any]:
        """A table; otherwise an empty table and a problem."""
        if isinstance(value, dict):
            return value
        self.wrong(path, f"{name} must be a table")
        return {}

    def known(self, path: Path, table: dict[str, Any], keys: Sequence[str]) -> None:
        """Reports unknown keys."""
        for key in table:
            if key not in keys:
                near = nearest(str(key), keys) if len(self.problems) < MAX_SUGGESTIONS else ""
                meant = f": did you mean {near}?" if near else ""
                self.careless((*path, key), f"unknown field `{'.'.join(map(str, (*path, key)))}`{meant}")


class Declared:
    """The contract's fields of a manifest, for the readers of permission tables.

    capabilities  tool, channel and so on
    permissions   the place of each of the contract's permissions
    secrets       names of the properties of the configuration that are secret
    has_schema    whether there is a schema of the configuration
    needs         the capabilities that the component's imports need; None when they are not known
    """

    __slots__ = ("capabilities", "has_schema", "needs", "permissions", "secrets")

    def __init__(
        self,
        *,
        capabilities: Sequence[str],
        permissions: Mapping[str, Path],
        secrets: Sequence[str],
        has_schema: bool,
        needs: Sequence[str] | None,
    ) -> None:
        self.capabilities = capabilities
        self.permissions = permissions
        self.secrets = secrets
        self.has_schema = has_schema
        self.needs = needs

    def has_no_import(self, capability: str) -> bool:
        """Whether no import of the component needs a capability, if the imports are known."""
        return self.needs is not None and capability not in self.needs
