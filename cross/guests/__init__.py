"""Builds plugins from source to .wasm: those in examples/, and those for tests in tests/guests/.

`python -m cross.guests NAME…` prints the path of each .wasm; without a name, of all.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tomllib

from cross import cache
from cross.guests import adapter, coremark, python, rust
from cross.guests.errors import BuildFailed, NoSuchPlugin

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
WIT = REPOSITORY / "wit"
FOLDERS = (REPOSITORY / "examples", REPOSITORY / "tests" / "guests")
RECIPES = [*sorted(HERE.glob("[a-z]*.py")), adapter.SOURCE]

# Files beside a plugin that do not affect its .wasm.
NOT_BUILT = {"README.md", "cases.json", "manifest.toml"}


def names() -> list[str]:
    """Every plugin that `build` knows."""
    folders = [path for folder in FOLDERS for path in folder.iterdir()]
    return sorted(path.name for path in folders if _is_plugin(path))


def source(name: str) -> Path:
    """The folder of a plugin's source."""
    for folder in FOLDERS:
        if Path(name).name == name and _is_plugin(folder / name):
            return folder / name
    raise NoSuchPlugin(f"no plugin {name!r} in examples/ or tests/guests/; known are {', '.join(names())}")


def build(name: str) -> Path:
    """The plugin's .wasm, built unless it is cached."""
    made_of, make = _recipe(source(name))
    file = f"{name}.wasm"
    return cache.product(f"guest-{name}", made_of, lambda out: make(out / file)) / file


def _is_plugin(folder: Path) -> bool:
    return _is_rust(folder) or _is_python(folder) or _is_coremark(folder)


def _is_rust(folder: Path) -> bool:
    return (folder / "Cargo.toml").is_file() and (folder / "src").is_dir()


def _is_python(folder: Path) -> bool:
    return (folder / "app.py").is_file()


def _is_coremark(folder: Path) -> bool:
    return (folder / "coremark.wat").is_file()


def _recipe(folder: Path) -> tuple[str, Callable[[Path], None]]:
    """The inputs of the plugin, and its build function."""
    if _is_python(folder):
        return _key(folder, python.version()), lambda out: python.build(folder, WIT, out)
    if _is_coremark(folder):
        return _key(folder, coremark.version()), lambda out: coremark.build(folder, out)
    workspace = rust.workspace(folder)
    _check_crate(folder)
    rust.lock(folder)
    made_of = _key(folder, rust.builder(folder), workspace / "Cargo.toml", workspace / "Cargo.lock")
    return made_of, lambda out: rust.build(folder, out)


def _check_crate(folder: Path) -> None:
    """Raises `BuildFailed` for a crate with another name than its folder, as in a copied example."""
    file = folder / "Cargo.toml"
    crate = tomllib.loads(file.read_text())["package"]["name"]
    if crate != folder.name:
        raise BuildFailed(f"{file} names the crate {crate!r}; rename it to {folder.name!r}, as its folder")


def _key(folder: Path, *others: object) -> str:
    parts = [*others, *RECIPES]
    for root in (folder, WIT):
        for file in sorted(root.rglob("*")):
            made_here = {"target", "__pycache__"} & set(file.relative_to(root).parts)
            if file.is_file() and file.name not in NOT_BUILT and not made_here:
                parts += [str(file.relative_to(root)), file]
    return cache.key(*parts)
