"""Remedies that no test follows, and why: it takes a person, hardware or another machine."""

from __future__ import annotations

PACKAGE = "installs a package of the system or of PyPI"
ELSEWHERE = "asks for another build of Edge, which tests/dev/test_bundle.py makes and unpacks"
MOUNT = "mounts, or asks for another filesystem"
SERVER = "asks for what a person does with a server that refuses"
PERSON = "asks a person to look, and to judge"

EXCUSED = {
    "Debian, Raspberry Pi OS: `sudo apt install python3-cffi-backend`; others: `pip install cffi`": PACKAGE,
    "On Debian and Raspberry Pi OS: `sudo apt install python3-cffi-backend`": PACKAGE,
    "Run `pip install jsonschema`, or `make setup` in a checkout of Edge": PACKAGE,
    "`sudo apt install python3-tomli`, or `pip install tomli`": PACKAGE,
    "Use the bundle that `edge bundle --target {}` makes on a PC": ELSEWHERE,
    "Use the bundle that `edge bundle --target pi-zero` makes on a PC": ELSEWHERE,
    "Clone the repository and run edge from there": ELSEWHERE,
    "Run `{}/edge --version` once as the owner of {}/lib, with 2 MB free on its disk": ELSEWHERE,
    "`chmod a+r` the file and `chmod a+x` its folders, or run as a user who can read it": (
        "changes the library that all tests share, for a user who is not root"
    ),
    "Install Edge elsewhere, or mount it with `-o remount,exec`": MOUNT,
    "Keep it elsewhere (XDG_DATA_HOME for installed plugins), or mount it with `-o remount,exec`": MOUNT,
    "Mount it with umask=077, or set XDG_DATA_HOME to a folder on another one": MOUNT,
    "Mount it with `-o remount,rw`, or set XDG_DATA_HOME to a folder outside {}": MOUNT,
    "Mount it, in a container or chroot as well: `mount -t proc proc /proc`": MOUNT,
    "Close other programs; `ulimit -a` and the service or container it runs in have the limits": PERSON,
    "Close other programs, or declare less memory in the plugins' manifests ([edge.limits] memory)": PERSON,
    "Set it (timedatectl), so that times in logs are right; Edge itself does not depend on the clock": PERSON,
    "On Raspberry Pi OS: add cgroup_enable=memory to /boot/firmware/cmdline.txt (on older ones "
    "/boot/cmdline.txt), and restart": "restarts the machine",
    "`ls -ld {}` shows its owner; find out as root why it exists, and remove it": PERSON,
    "`ls -ld {}` shows what is there": PERSON,
    "`dmesg` shows whether the disk is failing or has become read-only": "needs a disk that fails",
    "Do not use it: `edge key new` never creates such a key": "warns of a file that somebody else made",
    "Its author can declare memory under [edge.limits], or build it with less: {}": "builds a plugin anew",
    "Pack its contents as .zip or .tar": "needs a Python that was built without lzma",
    "Add the tool, as plugin/tool, to the delegation list of the calling plugin, and grant it": (
        "is followed where applications delegate: tests/interfaces/test_delegation.py"
    ),
    "Check the URL; trusted certificates come from the package ca-certificates or from SSL_CERT_FILE": SERVER,
    "Download the file yourself and install it with --sha256": SERVER,
}
