"""Edge's dependencies: `python -m cross.dependencies` checks licences, sources, duplicates and advisories.

Crates are checked by cargo-deny and native/deny.toml; Python packages of the extra `dev` by their metadata
and `tool.edge.dependencies` of pyproject.toml. Needs no network: advisories come from a copy of RustSec's
database, and a missing copy is reported. `--fetch` downloads a copy first.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import tomllib
from packaging.requirements import Requirement

from cross import toolchain

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "native" / "deny.toml"
SHIPPED = ROOT / "native"
PLUGINS = ("cross/adapter", "examples/cron-next", "tests/guests")
"""Crates for tests and examples, whose duplicates cost a device nothing."""

ADVISORIES = "advisory-db-3157b0e258782691"
"""The name that cargo-deny gives its copy of https://github.com/rustsec/advisory-db."""

EXTRA = re.compile(r"extra\s*==")
SEPARATOR = re.compile(r"\s+(?:OR|AND)\s+|[()]")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the problems, one a line; returns 1 if there are any."""
    parser = argparse.ArgumentParser(prog="cross.dependencies")
    parser.add_argument("--fetch", action="store_true", help="download RustSec's advisories first")
    given = parser.parse_args(arguments)
    if given.fetch and deny(SHIPPED, "fetch", "db", offline=False):
        return 1
    checks = ["bans", "licenses", "sources"]
    if advisories().is_dir():
        checks.append("advisories")
    else:
        print(
            f"advisories are not checked: {advisories()} does not exist; run python -m cross.dependencies "
            "--fetch",
            file=sys.stderr,
        )
    failed = deny(SHIPPED, "check", "--hide-inclusion-graph", *checks)
    for folder in PLUGINS:
        # Not every build of Edge has downloaded these crates yet.
        words = ("check", "--allow=license-not-encountered", "licenses", "sources")
        failed |= deny(ROOT / folder, *words, offline=False)
    problems = list(python_problems(settings(), installed("edge-runtime", {"dev"})))
    for problem in problems:
        print(f"python: {problem}", file=sys.stderr)
    return int(bool(failed or problems))


def advisories() -> Path:
    """The path of a copy of the advisories, as cargo-deny looks for it."""
    cargo_home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return cargo_home / "advisory-dbs" / ADVISORIES


def deny(folder: Path, *command: str, offline: bool = True) -> int:
    """Runs cargo-deny on the crates of a folder; its exit code."""
    program = Path(sysconfig.get_path("scripts")) / "cargo-deny"
    where = ("--manifest-path", str(folder / "Cargo.toml"), "--config", str(CONFIG), "--locked")
    verb, *options = command
    started = [str(program), *where, *(("--offline",) if offline else ()), verb, *options]
    environment = toolchain.rust(build_std=False).environment()
    done = subprocess.run(started, capture_output=True, text=True, check=False, cwd=folder, env=environment)
    if done.returncode:
        print(f"{folder.relative_to(ROOT)}: {done.stdout}{done.stderr}", file=sys.stderr)
    return done.returncode


def settings() -> dict[str, Any]:
    """The allowed licences of Python packages, and those of packages whose metadata names none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: dict[str, Any] = project["tool"]["edge"]["dependencies"]
    return found


def installed(name: str, extras: set[str]) -> list[metadata.Distribution]:
    """All installed packages that a package with these extras depends on, without itself."""
    found: dict[str, metadata.Distribution] = {}
    wanted = [(name, extras)]
    while wanted:
        name, extras = wanted.pop()
        distribution = metadata.distribution(name)
        for text in distribution.requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in extras or {""}):
                continue
            key = requirement.name.lower().replace("_", "-")
            if key not in found or requirement.extras:
                found[key] = metadata.distribution(requirement.name)
                wanted.append((requirement.name, set(requirement.extras)))
    found.pop("edge-runtime", None)
    return [found[key] for key in sorted(found)]


def python_problems(rules: dict[str, Any], packages: Iterable[metadata.Distribution]) -> Iterator[str]:
    """The problems of packages: a licence that is not allowed, or an origin other than the index."""
    for package in packages:
        name = package.name.lower().replace("_", "-")
        stated = "".join(package.metadata.get_all("License-Expression") or ())
        licence = stated or rules["licences"].get(name, "")
        words = [word for word in SEPARATOR.split(licence) if word]
        if not words:
            yield f"{name} states no licence: look it up and add it to tool.edge.dependencies.licences"
        allowed = [word in rules["allow"] for word in words]
        # Of alternatives one is enough; of joined licences all are required.
        if words and not (all(allowed) if " AND " in licence else any(allowed)):
            yield f"{name} has licence {licence}, which tool.edge.dependencies does not allow"
        origin = package.read_text("direct_url.json")
        if origin:
            yield f"{name} comes from {json.loads(origin)['url']} and not from the index"
    yield from unpinned(metadata.distribution("edge-runtime").requires or ())


def unpinned(requirements: Iterable[str]) -> Iterator[str]:
    """Requirements of developers without an exact version."""
    for text in requirements:
        requirement = Requirement(text)
        pinned = [each.operator for each in requirement.specifier] == ["=="]
        if EXTRA.search(str(requirement.marker)) and not (pinned or requirement.extras):
            yield f"{text} does not pin an exact version"


if __name__ == "__main__":
    sys.exit(main())
