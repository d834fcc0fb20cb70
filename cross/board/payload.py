"""What one board has beyond the userland: files to work with, and the bundle under test."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cross import cache
from cross.board import cpio, userland
from cross.board.errors import BoardError


def archive(files: Iterable[Path], bundle: Path | None) -> bytes:
    """An archive for the kernel with `files` in the commands' folder and the bundle unpacked."""
    out = io.BytesIO()
    writer = cpio.Writer(out)
    for path in files:
        _add(writer, path, f"{userland.HOME}/{path.name}")
    writer.end()
    if bundle:
        out.write(_unpacked(bundle).read_bytes())
    return out.getvalue()


def _add(writer: cpio.Writer, path: Path, name: str) -> None:
    try:
        if path.is_dir():
            writer.folder(name)
            writer.tree(path, name)
        else:
            writer.file(name, path.read_bytes(), path.stat().st_mode & 0o777)
    except OSError as error:
        raise BoardError(f"{path} can't go to the board: {error.strerror}") from error


def _unpacked(bundle: Path) -> Path:
    made_of = cache.key(bundle, Path(__file__), Path(cpio.__file__), Path(userland.__file__))
    folder = cache.product("board-bundle", made_of, lambda stage: _unpack(bundle, stage))
    return folder / "bundle.cpio"


def _unpack(bundle: Path, stage: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="edge-bundle-") as scratch:
        folder = Path(scratch) / Path(userland.BUNDLE_FOLDER).name
        try:
            with tarfile.open(bundle) as packed:
                packed.extractall(scratch, filter="data")
        except tarfile.TarError as error:
            raise BoardError(f"{bundle} is no bundle: {error}") from error
        if not folder.is_dir():
            raise BoardError(f"{bundle} is no bundle: it has no folder {folder.name}")
        userland.compile_python(folder, f"/{userland.BUNDLE_FOLDER}")
        with open(stage / "bundle.cpio", "wb") as out:
            writer = cpio.Writer(out)
            writer.folder(userland.BUNDLE_FOLDER)
            writer.tree(folder, userland.BUNDLE_FOLDER)
            writer.end()
