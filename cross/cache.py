"""Build products outside the checkout, each in a folder named by a digest of its inputs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def root() -> Path:
    """The cache folder of this user: `$XDG_CACHE_HOME/edge`."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    path = Path(base) / "edge"
    path.mkdir(parents=True, exist_ok=True)
    return path


def key(*parts: object) -> str:
    """A digest of the parts: files and folders by their content, others by their text."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            for file in _files(part):
                digest.update(f"{file.relative_to(part.parent)}\0{file.stat().st_mode & 0o111}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
        else:
            digest.update(f"{part}\0".encode())
    return digest.hexdigest()[:16]


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return sorted(f for f in path.rglob("*") if f.is_file() and "__pycache__" not in f.parts)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """A lock by name, for one process at a time."""
    locks = root() / "locks"
    locks.mkdir(exist_ok=True)
    with open(locks / name, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def folder(name: str, made_of: str) -> Path:
    """The folder of a product, once it is made."""
    return root() / "products" / f"{name}-{made_of}"


def product(name: str, made_of: str, make: Callable[[Path], None]) -> Path:
    """The folder `products/NAME-KEY`, filled by `make` the first time; never incomplete."""
    target = folder(name, made_of)
    if target.is_dir():
        return target
    with lock(f"{name}-{made_of}"):
        if target.is_dir():
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
        try:
            make(stage)
            os.chmod(stage, 0o755)  # noqa: S103 -- mkdtemp made it for this user alone
            os.rename(stage, target)
        except BaseException:
            shutil.rmtree(stage, ignore_errors=True)
            raise
    return target
