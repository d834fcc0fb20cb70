"""The operations are those of tests/power."""

from tests.power.conftest import bench as bench
