from __future__ import annotations

import edge

PUBLIC = {
    "PI_64",
    "PI_ZERO",
    "WORKSTATION",
    "Admission",
    "Call",
    "CallFailed",
    "Chain",
    "Counters",
    "EdgeError",
    "EnvironmentFault",
    "Inbound",
    "Instance",
    "Interface",
    "Limits",
    "Logging",
    "Plugin",
    "Profile",
    "Refused",
    "Runtime",
    "Scheduler",
    "Secrets",
    "Stats",
    "ToolError",
    "ToolResult",
    "UsageError",
    "__version__",
    "errors",
}


def test_the_public_names_are_exactly_these() -> None:
    assert set(edge.__all__) == PUBLIC == set(dir(edge))


def test_every_public_name_resolves() -> None:
    for name in edge.__all__:
        assert getattr(edge, name) is not None


def test_another_name_is_an_attribute_error() -> None:
    assert not hasattr(edge, "nothing_of_that_name")
