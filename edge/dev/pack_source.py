"""The input of a package: a folder's manifest and its component, checked against each other.

Refuses everything that a device would refuse, with the line of the manifest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from edge import contract, errors, files, manifest
from edge.dev import compiler, loadable
from edge.dev.pack_schema import schema_problems
from edge.manifest import UNKNOWN_RISK, Manifest, Problem, text
from edge.manifest.lines import line_of
from edge.manifest.parse import parse
from edge.package import MANIFEST
from edge.permissions.catalogue import to_grant
from edge.permissions.secrets import NAME as SECRETS
from edge.suggest import shell
from edge.text import word

if TYPE_CHECKING:
    from edge.manifest.lines import Path


class CheckInput:
    """Secrets and configuration for the self-check at packing.

    secrets  by their names
    config   the configuration, as JSON text; empty for none
    """

    def __init__(self, secrets: Mapping[str, str] | None = None, config: bytes = b"") -> None:
        self.secrets = dict(secrets or {})
        self.config = config


class Source:
    """A checked manifest and its component.

    file      the manifest's path, as it is shown
    text      the text of its file
    manifest  the same, read
    wasm      the path of the plugin's WebAssembly
    given     what is in that file
    component  the component that this is or makes, as `compiler.encode` gives it
    release   the number of the release, which may be set until it is packed
    adopted   whether its package states that somebody else wrote the plugin
    """

    def __init__(
        self,
        folder: str,
        wasm: str = "",
        *,
        foreign: bool = False,
        adopted: bool = False,
        release: int = 0,
        shown: str = "",
    ) -> None:
        """`wasm`: the plugin's WebAssembly, where it is not at the manifest's wasm_path.

        `foreign`: somebody else's plugin, with looser rules for its manifest (docs/manifest.md).
        `adopted`: the same, and its package states so. `release`: replaces the manifest's release.
        `shown`: the folder for messages, where it is a temporary one.
        """
        if not folder:
            raise errors.UsageError(
                "The folder's name is empty", "Name the plugin's folder, or . for the current one"
            )
        if os.path.isfile(folder):
            _refuse_file(folder)
        foreign = foreign or adopted
        self.adopted = adopted
        self._shown = shown or folder
        self.file = os.path.join(self._shown, MANIFEST)
        self.text = files.read_input(os.path.join(folder, MANIFEST))
        self._strictness = manifest.FOREIGN if foreign else manifest.OWN
        parse(self.text, strictness=self._strictness, file=self.file)
        self._document, self._lines = text.read(self.text, self.file)
        self.wasm = wasm or self._wasm(folder)
        self.given = files.read_input(self.wasm)
        self.component = compiler.encode(self.given, self.wasm_name)
        loadable.check(self.component, self.wasm_name, packed=True)
        self.manifest: Manifest = parse(
            self.text, strictness=self._strictness, imports=self.component["imports"], file=self.file
        )
        self._is_numbered = bool(release or self.manifest.release)
        # No release number may follow from somebody else's version.
        self.release = release or self.manifest.release or 1
        if not foreign:
            self._refuse(self._problems())

    def assumed(self, facts: dict[str, Any]) -> list[str]:
        """Defaults assumed for an adopted plugin, whose manifest does not state them."""
        found = [f"its manifest, {problem}" for problem in self.manifest.warnings]
        found += [
            f"the risk of {word(tool['name'])} is {UNKNOWN_RISK}, because the manifest does not rate it"
            for tool in facts.get("tools", ())
            if tool["name"] not in self.manifest.risks
        ]
        if not self._is_numbered:
            version = word(self.manifest.version)
            found.append(
                f"the release is 1, because no release number can be derived from {version}; set one with "
                "--release"
            )
        return found

    @property
    def wasm_name(self) -> str:
        """The file's name, for messages."""
        return files.base_name(self.wasm)

    def check_facts(self, facts: dict[str, Any], say: Callable[[str], None]) -> None:
        """Checks the manifest against what the plugin reports (edge.dev.compile.describe).

        `say`: takes warnings about somebody else's plugin.
        """
        identity = list(self._identity_problems(facts))
        if self._strictness == manifest.OWN:
            self._refuse([*identity, *self._tool_problems(facts)])
        # For somebody else's plugin the manifest counts, and differences are warnings.
        for problem in identity:
            say(f"edge: warning: {self.file}, {problem}")

    def not_tried(self, given: CheckInput) -> str:
        """What the self-check needs and was not given, so that it is skipped; empty if nothing."""
        needs = list(to_grant(self.component["imports"]))
        if not self.manifest.secrets or given.secrets:
            needs = [name for name in needs if name != SECRETS]
        if needs:
            hint = " (--secret NAME=FILE)" if needs == [SECRETS] else ""
            return f"{', '.join(needs)}{hint}"
        import json

        schema = json.loads(self.manifest.config_schema or "{}")
        config = json.loads(given.config or "{}")
        missing = [name for name in schema.get("required", ()) if name not in {**config, **given.secrets}]
        return f"{', '.join(map(word, missing))} (--config, --secret)" if missing else ""

    def fail_check(self, why: str) -> None:
        """Raises the error of a device for a plugin that fails its own check."""
        line = line_of(self._lines, ("edge", "check"))
        raise errors.CheckFailed(
            f"{self.file}, line {line}: the plugin does not pass its own check: {why}",
            "No device would install it: correct the plugin or [edge.check]",
        )

    def _wasm(self, folder: str) -> str:
        """The path that wasm_path leads to, which must be a file below the folder after all links."""
        named = self._document.get("wasm_path") or _only_wasm(folder, self._shown)
        path = os.path.join(folder, named)
        is_own = self._strictness == manifest.OWN
        problem = ""
        if not os.path.isfile(path):
            problem = f"no such file: {os.path.join(self._shown, named)}"
            problem += (
                "; build the plugin, or name the built file with `edge pack --wasm FILE`"
                if is_own
                else "; get the plugin with its WebAssembly, or build it"
            )
        elif not os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), "")):
            problem = f"wasm_path points outside {self._shown}"
            problem += "; `edge pack --wasm FILE` accepts a file anywhere" if is_own else ""
        if problem:
            self._refuse([self._problem(("wasm_path",), problem)])
        return path

    def _problems(self) -> Iterator[Problem]:
        exports = self.component["exports"]
        for at, capability in enumerate(self._document["capabilities"]):
            interface = contract.KINDS.get(capability)
            if interface and not any(name.startswith(interface) for name in exports):
                yield self._problem(
                    ("capabilities", at),
                    f"the component is not a {capability}: it does not export {interface[:-1]}",
                )
        tried, rated = self.manifest.check_tool, self.manifest.risks
        # Each tool of the plugin must be rated.
        if tried and tried not in rated:
            yield self._problem(
                ("edge", "check", "tool"),
                f"the tool `{tried}` is not rated under [[edge.tools]]; rated are: "
                f"{', '.join(rated) or 'none'}",
            )
        for path, reason in schema_problems(self._document.get("config_schema")):
            yield self._problem(("config_schema", *path), reason)

    def _identity_problems(self, facts: dict[str, Any]) -> Iterator[Problem]:
        for field, reported in facts.get("plugin", {}).items():
            if reported != self.manifest.fields[field]:
                yield self._problem(
                    (field,),
                    f"{field} is {self.manifest.fields[field]}, but the plugin reports {word(reported)}",
                )

    def _tool_problems(self, facts: dict[str, Any]) -> Iterator[Problem]:
        offered = [tool["name"] for tool in facts.get("tools", ())]
        rated = list(self.manifest.risks)
        listed = f"it offers {', '.join(offered)}" if offered else "it offers no tools"
        for at, name in enumerate(rated):
            if name not in offered:
                yield self._problem(
                    ("edge", "tools", at, "name"), f"the plugin has no tool `{name}`: {listed}"
                )
        for name in offered:
            if name not in rated:
                yield self._problem(
                    ("edge", "tools"),
                    f"the tool `{name}` has no risk: rate it low, medium or high under [[edge.tools]]",
                )
        tried = self.manifest.check_tool
        if tried and tried not in offered:
            yield self._problem(("edge", "check", "tool"), f"the plugin has no tool `{tried}`: {listed}")
        elif self.manifest.check_arguments and not tried and len(offered) != 1:
            yield self._problem(
                ("edge", "check"),
                f"no `tool` is set under [edge.check]; the plugin offers {', '.join(offered) or 'none'}",
            )

    def _problem(self, path: Path, reason: str) -> Problem:
        return Problem(line_of(self._lines, path), reason)

    def _refuse(self, problems: Iterator[Problem] | list[Problem]) -> None:
        found = sorted(problems, key=lambda problem: problem.line)
        if found:
            manifest.refuse(self.file, found)


def _refuse_file(path: str) -> NoReturn:
    """Refuses a file in place of the plugin's folder."""
    around = os.path.dirname(path) or "."
    remedy = f"Name the folder with the plugin's {MANIFEST}: `edge pack DIR`"
    if os.path.basename(path) == MANIFEST:
        remedy = f"Name its folder: `edge pack {shell(around)}`"
    elif path.endswith(".wasm"):
        remedy = (
            f"`edge pack DIR --wasm {shell(path)}`, where DIR contains the plugin's {MANIFEST}; without a "
            "manifest, "
            f"`edge compile {shell(path)} --target DEVICE` makes a file for `edge run`"
        )
    elif path.endswith(".edge"):
        remedy = f"This is already a package: `edge inspect {shell(path)}` shows its contents"
    raise errors.UsageError(f"{path} is a file; a package is made from a folder", remedy)


def _only_wasm(folder: str, shown: str) -> str:
    """The single WebAssembly file of a folder whose manifest names none; `shown`: the folder for messages."""
    # macOS writes ._NAME beside NAME on cards.
    found = [name for name in os.listdir(folder) if name.endswith(".wasm") and not name.startswith("._")]
    if len(found) == 1:
        return found[0]
    raise errors.BadPackage(
        f"{shown} has {len(found)} WebAssembly files, and its manifest names none of them",
        "Set wasm_path in the manifest",
    )
