"""What every board has: Debian's Python with its modules compiled, busybox, our first process."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from cross import cache, debian, sysroot, targets
from cross.board import cpio
from cross.board.errors import BoardError
from cross.board.init import init

TOOLS = "busybox-static"
HOME = "root"
BUNDLE_FOLDER = "opt/edge"
ENVIRONMENT = {
    "HOME": f"/{HOME}",
    "LANG": "C.UTF-8",
    "PATH": f"/{BUNDLE_FOLDER}:/usr/local/bin:/usr/bin:/usr/sbin",
    "USER": "root",
}

WANTED = ("usr/bin/python3", "usr/bin/python3.11", "usr/lib")
# Large, and no program for a device imports it.
UNWANTED = ("dpkg", "ensurepip", "gconv", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter", "turtledemo")
FOLDERS = ("dev", "etc", "opt", "proc", HOME, "run", "sys", "tmp", "var", "var/tmp")
FILES = {
    "etc/group": "root:x:0:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/passwd": f"root:x:0:0:root:/{HOME}:/bin/sh\n",
}


def archive() -> Path:
    """The userland as an archive for the kernel, made unless the cache has it."""
    python = sysroot.userland("board")
    tools = _tools()
    first = init()
    files = [Path(__file__), Path(cpio.__file__), first]
    made_of = cache.key(python.name, tools.name, *files)
    folder = cache.product("board-userland", made_of, lambda stage: _make(python, tools, first, stage))
    return folder / "userland.cpio"


def compile_python(folder: Path, shown_as: str) -> None:
    """Compiles all modules in a folder, as a device does when it first imports them."""
    # Unchecked: archives keep no times, and a .pyc file that is out of date by them counts as none.
    options = ["-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", shown_as]
    run_python("-m", "compileall", *options, str(folder))


def run_python(*words: str) -> None:
    """Runs the board's Python here, to make what it would make there."""
    tree = sysroot.userland("board")
    python = [*sysroot.emulator("board"), "-L", str(tree), str(tree / "usr/bin/python3"), "-I", "-S", "-B"]
    if subprocess.run([*python, *words], check=False).returncode:
        raise BoardError("Python modules for the board do not compile, see the messages above")


def _tools() -> Path:
    board = targets.get("board").userland
    assert board
    return debian.tree(board.debian, [TOOLS])


def _make(python: Path, tools: Path, first: Path, stage: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="edge-board-") as scratch:
        root = Path(scratch)
        _copy_python(python, root)
        compile_python(root / "usr/lib", "/usr/lib")
        _add_tools(tools, root)
        shutil.copy(first, root / "init")
        with open(stage / "userland.cpio", "wb") as out:
            writer = cpio.Writer(out)
            writer.tree(root, "")
            writer.end()


def _copy_python(tree: Path, root: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", *UNWANTED)
    (root / "usr/bin").mkdir(parents=True)
    for name in WANTED:
        source = tree / name
        if source.is_dir():
            shutil.copytree(source, root / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(source, root / name, follow_symlinks=False)
    for short, real in debian.MERGED.items():
        (root / real).mkdir(exist_ok=True)
        (root / short).symlink_to(real)
    for name in FOLDERS:
        (root / name).mkdir()
    for name, text in FILES.items():
        (root / name).write_text(text)


def _add_tools(tree: Path, root: Path) -> None:
    busybox = root / "usr/bin/busybox"
    shutil.copy(tree / "usr/bin/busybox", busybox)
    listed = subprocess.run(
        [*sysroot.emulator("board"), str(busybox), "--list"], check=True, stdout=subprocess.PIPE, text=True
    )
    for applet in listed.stdout.split():
        link = busybox.with_name(applet)
        if not link.exists() and applet != "init":
            link.symlink_to(busybox.name)
