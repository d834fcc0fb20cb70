"""What somebody removed is missed where the audit log or a schema tells of it, and not elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge.doctor.finding import Finding
from edge.store import config, lifecycle, parts, records, secrets

Check = Callable[[str], Finding]
Put = Callable[..., Any]
SCHEMA = """permissions = ["config_read"]
[config_schema.properties.city]
type = "string"
[config_schema.properties.token]
type = "string"
x-secret = true
"""


def change(**values: Any) -> None:
    config.change(parts.manifest_of(records.get("faults").current), values)


def test_configuration_that_somebody_removed(finding: Check, put: Put, empty: Path) -> None:
    put(manifest=SCHEMA)
    assert finding("configuration").status == "pass"
    change(city="Bonn")
    assert finding("configuration").status == "pass"
    (empty / "config/faults.json").unlink()
    found = finding("configuration")
    assert (found.status, "config/faults.json is gone" in found.found) == ("warn", True)
    config.reset("faults")
    assert finding("configuration").status == "pass"


def test_secrets_that_somebody_removed(finding: Check, put: Put, empty: Path) -> None:
    put(manifest=SCHEMA)
    secrets.set_secret("faults", "token", "s3cret")
    assert finding("secrets").status == "pass"
    (empty / "secrets/faults.json").unlink()
    found = finding("secrets")
    assert (found.status, "secrets/faults.json is gone" in found.found) == ("warn", True)
    assert "edge secret faults token" in found.remedy
    secrets.set_secret("faults", "token", "s3cret")
    assert finding("secrets").status == "pass"


def test_what_a_removal_took_is_not_missed(finding: Check, put: Put) -> None:
    put(manifest=SCHEMA)
    change(city="Bonn")
    secrets.set_secret("faults", "token", "s3cret")
    lifecycle.remove("faults")
    put(release=2, manifest=SCHEMA)
    assert [finding(name).status for name in ("configuration", "secrets", "audit")] == ["pass"] * 3


@pytest.mark.parametrize(
    ("name", "check", "how"),
    [
        ("city", "configuration", "edge config faults city="),
        ("token", "secrets", "edge secret faults token"),
    ],
)
def test_what_a_schema_requires_is_missed(finding: Check, put: Put, name: str, check: str, how: str) -> None:
    required = SCHEMA.replace("[config", f'[config_schema]\nrequired = ["{name}"]\n[config', 1)
    put(manifest=required)
    found = finding(check)
    assert (found.status, found.found) == ("warn", f"faults requires {name}, which is not set")
    assert how in found.remedy
    lifecycle.disable("faults")
    assert finding(check).status == "pass"


def test_a_log_that_somebody_removed(finding: Check, put: Put, empty: Path) -> None:
    put()
    assert finding("audit").status == "pass"
    (empty / "audit/log").unlink()
    found = finding("audit")
    assert (found.status, "tells that faults was installed" in found.found) == ("warn", True)
    lifecycle.disable("faults")
    assert finding("audit").status == "pass"


def test_of_a_log_whose_beginning_was_dropped_nothing_is_missed(
    finding: Check, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edge import audit
    from edge.audit import rotating_file

    put()
    monkeypatch.setattr(rotating_file, "FILE_BYTES", 1 << 10)
    for at in range(40):
        audit.append({"event": "test", "at": at})
    assert finding("audit").status == "pass"
