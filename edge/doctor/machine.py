"""Checks of the machine itself."""

from __future__ import annotations

import posix
import sys

from edge import files
from edge.doctor.finding import FAIL, PASS, WARN, Finding
from edge.files.staged import Staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from edge.doctor.elf import Elf

OLDEST_PYTHON = (3, 9)
PYTHON = "/proc/self/exe"
CGROUPS = "/proc/cgroups"
CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers"
NO_CLOCK = 1_704_067_200  # 2024-01-01: this release of Edge is younger
MIN_BYTES = 64 << 20
MB = 1 << 20
READ_ONLY = 1  # ST_RDONLY
PROBE = ".doctor"


def library_path() -> str:
    """Where the native library is looked for; edge/_native opens it when it is asked."""
    beside = f"{files.folder(files.folder(__file__))}/_native/libedge.so"
    return files.environment("EDGE_LIBRARY") or beside


def processor() -> Finding:
    """Whether the native library matches this CPU and this Python."""
    from edge.doctor import elf

    path, machine = library_path(), posix.uname().machine
    # No /proc: another check reports that.
    python = elf.read(PYTHON if posix.access(PYTHON, posix.F_OK) else sys.executable)
    try:
        library = elf.read(path)
    except OSError as error:
        remedy = "In a checkout, run `make build`; a bundle contains it; EDGE_LIBRARY names another one"
        if isinstance(error, PermissionError):
            remedy = "`chmod a+r` the file and `chmod a+x` its folders, or run as a user who can read it"
        return Finding(FAIL, f"{path}: {error.strerror}", remedy)
    if library is None:
        return Finding(FAIL, f"{path} is not a library", "Install the bundle again")
    if library.fault:
        return Finding(FAIL, f"{path} is damaged: {library.fault}", "Install the bundle again")
    if python is None or (library.bits, library.machine, library.hard_float) != (
        python.bits,
        python.machine,
        python.hard_float,
    ):
        is_what = python.name if python else "unknown"
        found = f"the library is for {library.name}; this Python is {is_what}, on {machine}"
        return Finding(FAIL, found, f"Use the bundle for this machine{_bundle(python)}")
    if library.machine == elf.ARM and machine.startswith("armv6") and library.arch not in elf.ARMV6:
        found = f"the library is for a newer CPU than {machine} (Tag_CPU_arch {library.arch})"
        return Finding(FAIL, found, "Use the bundle that `edge bundle --target pi-zero` makes on a PC")
    return Finding(PASS, f"{machine}; Python and library are for {library.name}")


def _bundle(python: Elf | None) -> str:
    known = {(32, 40, True): "pi-zero", (64, 183, False): "pi-64", (64, 62, False): "x86_64-linux"}
    name = known.get((python.bits, python.machine, python.hard_float)) if python else None
    return f": `edge bundle --target {name}`" if name else "; there may not be one"


def python() -> Finding:
    """Whether this Python is new enough and has the cffi backend."""
    release = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Finding(FAIL, f"this is Python {release}; Edge requires 3.9 or newer", "Update the system")
    try:
        import _cffi_backend
    except ImportError as error:
        remedy = "On Debian and Raspberry Pi OS: `sudo apt install python3-cffi-backend`"
        return Finding(FAIL, f"Python {release} lacks the cffi backend ({error})", remedy)
    return Finding(PASS, f"Python {release}, cffi {_cffi_backend.__version__}")


def memory() -> Finding:
    """Whether there is room for a call within the limits of this device's profile."""
    from edge import limits
    from edge.limits import admission

    device = limits.here()
    need = admission.need(device.limits, device)
    free = admission.free_bytes()
    room = min(device.memory, max(0, free - admission.RESERVE_BYTES))
    found = (
        f"{room // MB} MB are available to plugins (profile {device.name}); a call may use {need / MB:.1f} "
        "MB unless its plugin declares less"
    )
    if room < need:
        remedy = (
            "Close other programs, or declare less memory in the plugins' manifests ([edge.limits] memory)"
        )
        return Finding(FAIL, f"{found}: no call would be admitted", remedy)
    if room < 2 * need:
        return Finding(WARN, f"{found}: one call at a time", "Close other programs")
    return Finding(PASS, found)


def confinement() -> Finding:
    """Whether the limits of the service, shell or mount leave plugins enough room."""
    from edge import files
    from edge.runtime import confinement

    data = files.data_home()
    found = list(confinement.problems(path=_existing(f"{data}/edge") if data else ""))
    if found:
        return Finding(FAIL, "; ".join(cause for cause, _ in found), "; ".join(remedy for _, remedy in found))
    return Finding(PASS, "address space, mappings and /proc meet the needs of plugins")


def control_groups() -> Finding:
    """Whether the kernel limits memory by control groups, which confine services."""
    second = _read(CONTROLLERS).split()
    first = [line.split() for line in _read(CGROUPS).split("\n") if line[:1] != "#"]
    enabled = [words[0] for words in first if len(words) == 4 and words[3] == "1"]
    if "memory" in second or "memory" in enabled:
        return Finding(PASS, "control groups limit memory")
    return Finding(
        WARN,
        "the kernel's control groups do not limit memory: MemoryMax of a service has no effect",
        "On Raspberry Pi OS: add cgroup_enable=memory to /boot/firmware/cmdline.txt (on older ones "
        "/boot/cmdline.txt), and restart",
    )


def shared_memory() -> Finding:
    """Whether there is a folder in memory for counters shared by processes."""
    from edge.files import runtime_dir

    folder, named = runtime_dir.own_folder(), files.environment("XDG_RUNTIME_DIR")
    usual = f"{runtime_dir.SHARED_MEMORY}/edge-{posix.getuid()}"
    if folder.startswith(f"{usual}-"):
        remedy = f"`ls -ld {usual}` shows its owner; find out as root why it exists, and remove it"
        return Finding(WARN, f"{folder}, because {usual} belongs to another user", remedy)
    if named[:1] != "/" or folder.startswith(f"{named}/"):
        return Finding(PASS, folder)
    return Finding(
        PASS, f"{folder}; XDG_RUNTIME_DIR, {named}, is not used: it is not a folder of this user in memory"
    )


def places() -> Finding:
    """Whether variables contain absolute paths; the XDG standard requires others to be ignored."""
    from edge import files
    from edge.files import runtime_dir

    taken = {
        "XDG_DATA_HOME": files.data_home,
        "XDG_CONFIG_HOME": files.config_home,
        "XDG_CACHE_HOME": files.cache_home,
        "XDG_RUNTIME_DIR": runtime_dir.folder,
        "HOME": files.data_home,
    }
    ignored = [name for name in taken if (files.environment(name) or "/")[0] != "/"]
    if not ignored:
        del taken["HOME"]
        return Finding(PASS, ", ".join(path() or f"none for {name}" for name, path in taken.items()))
    lines = (
        f"{name} is {files.environment(name)}, which is ignored; {taken[name]() or 'no place'} is used"
        for name in ignored
    )
    return Finding(WARN, "; ".join(lines), "Set it to an absolute path, or unset the variable")


def disk() -> Finding:
    """Whether data can be written, and whether there is space."""
    from edge import files

    data = files.data_home()
    if not data:
        return Finding(FAIL, files.NO_PLACE.format("data", "XDG_DATA_HOME"), files.SET_ONE)
    path = _existing(f"{data}/edge")
    found = posix.statvfs(path)
    free = found.f_bavail * found.f_frsize
    if found.f_flag & READ_ONLY:
        return Finding(
            FAIL,
            f"{path} is read-only",
            f"Mount it with `-o remount,rw`, or set XDG_DATA_HOME to a folder outside {data}",
        )
    problem = _no_place(path)
    if problem:
        return Finding(FAIL, problem, "Set XDG_DATA_HOME to a folder that this user can write")
    if not found.f_blocks:
        return Finding(PASS, f"{path}: in memory, without its own size limit")
    if free < MIN_BYTES:
        status = WARN if free >= MB else FAIL
        return Finding(
            status, f"{path}: {free // MB} MB are free", "Free some space: a plugin may take 30 MB"
        )
    return Finding(PASS, f"{path}: {free // MB} MB are free")


def clock() -> Finding:
    """Whether the clock can be right. Only readers of times depend on it."""
    from time import gmtime, strftime, time

    now = time()
    shown = strftime("%Y-%m-%d", gmtime(now))
    if now < NO_CLOCK:
        remedy = (
            "Set it (timedatectl), so that times in logs are right; Edge itself does not depend on the clock"
        )
        return Finding(WARN, f"the clock shows {shown}", remedy)
    return Finding(PASS, f"the clock shows {shown}")


def _no_place(path: str) -> str:
    """Why no data can be stored there. Creates a file to find out, because permissions do not bind root."""
    from edge import errors

    if posix.stat(path).st_mode & files.FORMAT_MASK != files.DIRECTORY:
        return f"{path} is not a folder"
    try:
        with Staged(f"{path}/{PROBE}", 0o600):
            return ""
    except errors.EdgeError as error:
        return f"{path} cannot be written: {error.message.rpartition(': ')[2]}"


def _existing(path: str) -> str:
    """The folder, or its nearest existing parent."""
    while not posix.access(path, 0) and path != "/":
        path = files.folder(path)
    return path


def _read(path: str) -> str:
    try:
        fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return files.decode(posix.read(fd, 4096))
    finally:
        posix.close(fd)
