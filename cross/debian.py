"""Debian packages of another architecture, unpacked to a folder, from the Debian sources of this machine.

The machine's own package state is not touched: apt works on lists, a status file and archives of ours.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cross import cache

# Debian's layout since 12; packages still ship files below the short names.
MERGED = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib"}

SOURCE = """\
Types: deb
URIs: {uri}
Suites: {suite}
Components: main
Architectures: {arch}
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""


class DebianError(Exception):
    """Packages can't be had; the message says why and what to do."""


def tree(arch: str, packages: Sequence[str], exclude: Sequence[str] = ()) -> Path:
    """A folder with `packages` of `arch` and all they depend on, unpacked. It is shared: leave it as it is.

    What is in `exclude` counts as installed already: neither it nor what only it needs is there. Versions are
    those that Debian had when the folder was first made.
    """
    made_of = cache.key(Path(__file__), arch, _codename(), *sorted(packages), "without", *sorted(exclude))
    return cache.product(f"debian-{arch}", made_of, lambda stage: _make(stage, arch, packages, exclude))


def _make(stage: Path, arch: str, packages: Sequence[str], exclude: Sequence[str]) -> None:
    print(f"Debian {_codename()} {arch}: {' '.join(packages)}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="edge-debian-") as scratch, cache.lock(f"apt-{arch}"):
        apt = _Apt(arch, Path(scratch))
        apt.update()
        apt.pretend_installed(exclude)
        apt.download(packages)
        archives = sorted(apt.archives.glob("*.deb"))
        print(f"unpacking {len(archives)} packages", file=sys.stderr, flush=True)
        for short, real in MERGED.items():
            (stage / real).mkdir(parents=True)
            (stage / short).symlink_to(real)
        for archive in archives:
            _unpack(archive, stage)


class _Apt:
    """An apt of one foreign architecture. Of the machine's settings it keeps the way to the network."""

    def __init__(self, arch: str, scratch: Path) -> None:
        self.archives = scratch / "archives"
        self._status = scratch / "status"
        self._config = scratch / "apt.conf"
        self._status.touch()
        lists = cache.root() / "apt" / arch
        for folder in (self.archives / "partial", lists / "partial"):
            folder.mkdir(parents=True, exist_ok=True)
        sources = scratch / "debian.sources"
        sources.write_text(_sources(arch))
        settings = {
            "APT::Architecture": arch,
            "APT::Architectures": arch,
            "APT::Sandbox::User": "root",  # apt's own user can't reach a cache in a home folder
            "Dir::Cache::archives": self.archives,
            "Dir::Cache::pkgcache": scratch / "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Log": scratch,
            "Dir::State": scratch,
            "Dir::State::lists": lists,
            "Dir::State::status": self._status,
        }
        self._config.write_text(
            _network() + "".join(f'{name} "{value}";\n' for name, value in settings.items())
        )

    def update(self) -> None:
        """Gets the lists. One that can't be had is no failure: what is needed may be in the others."""
        self._apt_get("update")

    def download(self, packages: Sequence[str]) -> None:
        """Gets packages with all that they depend on."""
        options = ["--download-only", "--no-install-recommends", "--yes"]
        if self._apt_get("install", *options, *packages):
            raise DebianError(
                f"apt-get could not get {' '.join(packages)} (see above);"
                " does `apt-get update` work on this machine?"
            )

    def pretend_installed(self, packages: Sequence[str]) -> None:
        """Lets dependencies on `packages` count as met."""
        kept = ("Package:", "Version:", "Architecture:", "Multi-Arch:", "Provides:")
        for package in packages:
            command = ["apt-cache", "show", "--no-all-versions", package]
            shown = subprocess.run(command, check=False, env=self._env(), stdout=subprocess.PIPE, text=True)
            if shown.returncode:
                raise DebianError(f"Debian has no package {package} to leave out")
            facts = [line for line in shown.stdout.splitlines() if line.startswith(kept)]
            with open(self._status, "a") as status:
                status.write("\n".join([*facts, "Status: install ok installed", "Maintainer: none", "", ""]))

    def _apt_get(self, *arguments: str) -> int:
        command = ["apt-get", "-q", *arguments]
        return subprocess.run(command, check=False, env=self._env(), stdout=sys.stderr).returncode

    def _env(self) -> dict[str, str]:
        return {
            **os.environ,
            "APT_CONFIG": str(self._config),
            "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        }


def _sources(arch: str) -> str:
    """The machine's own Debian sources, as apt source stanzas for `arch`."""
    form = "$(ORIGIN)\t$(COMPONENT)\t$(REPO_URI)\t$(RELEASE)"
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    try:
        listed = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True).stdout
    except FileNotFoundError:
        raise DebianError(
            "no apt-get here: the foreign userlands come from Debian, so use Debian 12 or later"
        ) from None
    rows = [line.split("\t") for line in sorted(set(listed.splitlines()))]
    stanzas = [
        SOURCE.format(uri=uri, suite=suite, arch=arch)
        for origin, component, uri, suite in rows
        if (origin, component) == ("Debian", "main")
    ]
    if not stanzas:
        raise DebianError("apt knows no Debian source with component main: run `apt-get update`, or add one")
    return "\n".join(stanzas)


def _network() -> str:
    """How this machine reaches its sources (proxies, certificates, retries), without extra indexes."""
    command = ["apt-config", "dump"]
    dump = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    lines = (line for line in dump.splitlines(keepends=True) if line.startswith("Acquire::"))
    return "".join(line for line in lines if not line.startswith("Acquire::IndexTargets"))


def _unpack(archive: Path, folder: Path) -> None:
    """As `dpkg-deb -x`, but through the links of the merged layout."""
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE)
    owner = [] if os.geteuid() == 0 else ["--no-same-owner"]
    command = ["tar", "-x", "--keep-directory-symlink", "--warning=no-timestamp", *owner, "-C", str(folder)]
    unpacked = subprocess.run(command, check=False, stdin=reader.stdout)
    if reader.wait() or unpacked.returncode:
        raise DebianError(f"{archive.name} can't be unpacked: is the disk full?")


def _codename() -> str:
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "unknown")
