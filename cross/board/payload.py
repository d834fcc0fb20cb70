"""The files of one board beyond the userland: working files, and the bundle under test."""

from __future__ import annotations

import io
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cross import cache, sysroot
from cross.board import cpio, userland
from cross.board.errors import BoardError

COMPILER = "lib/modules.py"
"""The module of a bundle that makes one file of all of them."""

LISTED = "FILES"
"""The list that this module reads."""


def archive(files: Iterable[Path], bundle: Path | None) -> bytes:
    """An archive for the kernel, with `files` in the commands' folder and the bundle unpacked."""
    out = io.BytesIO()
    writer = cpio.Writer(out)
    for path in files:
        _add(writer, path, f"{userland.HOME}/{path.name}")
    if bundle:
        with tempfile.TemporaryDirectory(prefix="edge-bundle-") as scratch:
            writer.folder(userland.BUNDLE_FOLDER)
            writer.tree(_unpacked(bundle, Path(scratch)), userland.BUNDLE_FOLDER)
    writer.end()
    return out.getvalue()


def _add(writer: cpio.Writer, path: Path, name: str) -> None:
    try:
        if path.is_dir():
            writer.folder(name)
            writer.tree(path, name)
        else:
            writer.file(name, path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        raise BoardError(f"{path} cannot be copied to the board: {error.strerror}") from error


def _unpacked(bundle: Path, scratch: Path) -> Path:
    """The bundle's folder in `scratch`, its modules compiled."""
    folder = scratch / Path(userland.BUNDLE_FOLDER).name
    command = ["tar", "-x", "-f", str(bundle), "-C", str(scratch), "--no-same-owner"]
    if subprocess.run(command, check=False).returncode:
        raise BoardError(f"{bundle} cannot be unpacked, see the message above")
    if not folder.is_dir():
        raise BoardError(f"{bundle} is not a bundle: it has no folder {folder.name}")
    shutil.copytree(_compiled(folder), folder, dirs_exist_ok=True)
    return folder


def _compiled(folder: Path) -> Path:
    """The file of a bundle's modules. Bundles differ in the key that they trust, rarely in modules."""
    sources = sorted(path.relative_to(folder) for path in folder.rglob("*.py"))
    parts = [part for name in sources for part in (name.as_posix(), folder / name)]

    def make(stage: Path) -> None:
        for name in (*sources, Path(LISTED)):
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / name, stage / name)
        userland.run_python(str(stage / COMPILER), str(stage / "lib"), f"/{userland.BUNDLE_FOLDER}/lib")
        (stage / LISTED).unlink()

    made_of = cache.key(Path(userland.__file__), sysroot.userland("board").name, *parts)
    return cache.product("board-modules", made_of, make)
