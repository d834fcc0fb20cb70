# Runs under any Python 3 and is compiled anew at every start, so it stays small.
import posix as os
import sys

if sys.version_info < (3, 9):
    sys.stderr.write("edge: python3 is Python %d.%d here, Edge needs 3.9 or newer\n" % sys.version_info[:2])
    sys.stderr.write("      Update the system, or name a newer one: EDGE_PYTHON=python3.11 edge ...\n")
    sys.exit(5)

sys.path.insert(0, __file__.rpartition("/")[0])
# Where _cffi_backend may be: in Debian's package, the system's or beside this Python; or where pip puts it,
# also in a virtual environment.
release = "python%d.%d" % sys.version_info[:2]
prefix = sys.executable.rpartition("/bin/")[0]
sys.path += [
    "/usr/lib/python3/dist-packages",
    prefix + "/lib/" + release + "/site-packages",
    prefix + "/lib/python3/dist-packages",
    "/usr/local/lib/" + release + "/dist-packages",
]

from edge.cli import main  # noqa: E402

status = main()
try:
    sys.stdout.flush()
    sys.stderr.flush()
finally:
    # Nothing of ours waits for the interpreter's own end, which takes a Pi Zero 18 ms.
    os._exit(status)
