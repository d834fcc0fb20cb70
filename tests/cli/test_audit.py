from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from edge.policy import change as policy_change

Edge = Callable[..., Any]
Artifact = Callable[[str], Path]

MANIFEST = """
name = "faults"
version = "1"
wasm_path = "faults.wasm"
capabilities = ["tool"]
permissions = ["config_read"]
[config_schema.properties.token]
type = "string"
x-secret = true
"""


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "manifest.toml"
    path.write_text(MANIFEST)
    return path


def rows(ran: Any) -> dict[str, tuple[bool, bool, bool, bool]]:
    return {
        row["capability"]: (*map(bool, (row["imported"], row["declared"], row["allowed"])), row["granted"])
        for row in ran.document["rows"]
    }


def test_the_three_columns_stand_side_by_side(edge: Edge, artifact: Artifact, manifest: Path) -> None:
    ran = edge("audit", artifact("faults"), "--manifest", manifest)
    assert ran.status == 1
    (row,) = [line.split() for line in ran.out.splitlines() if line.startswith("config_read")]
    assert row[:5] == ["config_read", "zeroclaw:plugin/secrets@0.1.0", "token", "-", "no:"]
    assert "imported and not granted: config_read" in ran.out


def test_what_all_three_name_is_granted(edge: Edge, artifact: Artifact, manifest: Path) -> None:
    policy_change.grant("faults", ("config_read", "token"))
    ran = edge("audit", artifact("faults"), "--manifest", manifest, "--json")
    assert ran.status == 0
    assert ran.document["ok"] is True
    assert rows(ran)["config_read"] == (True, True, True, True)
    assert rows(ran)["logging"][3] is True


@pytest.mark.parametrize(
    ("level", "status"), [("relaxed", 0), ("default", 1), ("strict", 1), ("paranoid", 1)]
)
def test_a_level_may_be_tried(
    edge: Edge, artifact: Artifact, manifest: Path, level: str, status: int
) -> None:
    ran = edge("audit", artifact("faults"), "--manifest", manifest, "--level", level, "--json")
    assert (ran.status, ran.document["level"]) == (status, level)


@pytest.mark.usefixtures("manifest")
def test_without_a_manifest_nothing_is_declared(edge: Edge, artifact: Artifact) -> None:
    ran = edge("audit", artifact("faults"), "--level", "relaxed", "--json")
    assert (ran.status, ran.document["refused"]) == (1, ["config_read"])
    assert edge("audit", artifact("cron-next")).status == 0


def test_a_wider_version_is_marked(edge: Edge, artifact: Artifact, manifest: Path) -> None:
    policy_change.grant("faults", ("config_read",))
    words = ["audit", artifact("faults"), artifact("cron-next"), "--manifest", manifest]
    ran = edge(*words)
    assert ran.status == 1
    assert "+ WIDER  imports config_read: zeroclaw:plugin/secrets@0.1.0" in ran.out
    assert "+ WIDER  declares config_read token" in ran.out
    document = edge(*words, "--json").document
    assert (document["refused"], document["ok"]) == ([], False)
    assert [change["wider"] for change in document["changes"]] == [True, True]


def test_a_version_that_wants_no_more_passes(edge: Edge, artifact: Artifact, manifest: Path) -> None:
    policy_change.grant("faults", ("config_read",))
    same = [
        "audit",
        artifact("faults"),
        artifact("faults"),
        "--manifest",
        manifest,
        "--old-manifest",
        manifest,
    ]
    ran = edge(*same)
    assert (ran.status, "no changes" in ran.out) == (0, True)
    ran = edge("audit", artifact("cron-next"), artifact("faults"), "--old-manifest", manifest)
    assert (ran.status, "no longer imports config_read" in ran.out, "WIDER" in ran.out) == (0, True, False)


def test_a_wasm_is_audited_before_it_is_compiled(edge: Edge, wasm: Artifact, manifest: Path) -> None:
    assert edge("audit", wasm("faults"), "--manifest", manifest, "--level", "relaxed").status == 0


def test_a_manifest_that_is_wrong_is_refused_with_its_lines(
    edge: Edge, artifact: Artifact, manifest: Path
) -> None:
    manifest.write_text(MANIFEST + "[edge]\nlevel = 1\nrelease = 'a'\n")
    ran = edge("audit", artifact("faults"), "--manifest", manifest)
    assert (ran.status, ran.out) == (3, "")
    assert "has 2 problems\n      line 11: level" in ran.err
    assert "\n      line 12: release" in ran.err


def test_warnings_are_talk(edge: Edge, artifact: Artifact, manifest: Path) -> None:
    manifest.write_text(MANIFEST + "[edge]\ncolour = 1\n")
    ran = edge("audit", artifact("faults"), "--manifest", manifest, "--level", "relaxed", "--json")
    assert (ran.status, ran.document["ok"]) == (0, True)
    assert "line 11: unknown field `edge.colour`" in ran.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["--level", "none"], 2, "unknown level; levels are relaxed"),
        (["--old-manifest", "x"], 2, "needs OLD"),
        (["--manifest", "/nowhere"], 2, "/nowhere"),
    ],
)
def test_wrong_usage(edge: Edge, artifact: Artifact, options: list[str], status: int, message: str) -> None:
    ran = edge("audit", artifact("faults"), *options)
    assert (ran.status, ran.out) == (status, "")
    assert message in ran.err


def test_what_is_no_plugin_is_refused(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"#!/bin/sh")
    assert edge("audit", tmp_path / "file").status == 3


SECRET = {"properties": {"token": {"type": "string", "x-secret": True}}}


@pytest.fixture
def asking(package: Callable[..., Path]) -> Path:
    return package("faults", permissions=["config_read"], config_schema=SECRET, edge={"release": 2})


@pytest.mark.usefixtures("manifest")
def test_a_package_is_audited_by_the_manifest_in_it(edge: Edge, asking: Path) -> None:
    ran = edge("audit", asking, "--json")
    assert (ran.status, ran.document["plugin"], ran.document["refused"]) == (1, "faults", ["config_read"])
    policy_change.grant("faults", ("config_read", "token"))
    ran = edge("audit", asking, "--json")
    assert (ran.status, rows(ran)["config_read"]) == (0, (True, True, True, True))


@pytest.mark.usefixtures("manifest")
def test_a_package_is_compared_with_another(
    edge: Edge, package: Callable[..., Path], artifact: Artifact, asking: Path
) -> None:
    policy_change.grant("faults", ("config_read",))
    ran = edge("audit", asking, package("faults"), "--json")
    assert (ran.status, ran.document["changes"]) == (
        1,
        [{"what": "declares config_read token", "wider": True}],
    )
    assert edge("audit", package("faults"), asking, "--level", "relaxed", "--json").document["changes"] == [
        {"what": "no longer declares config_read token", "wider": False}
    ]
    assert edge("audit", asking, artifact("faults"), "--json").status == 1


def test_a_package_needs_no_manifest(edge: Edge, asking: Path, manifest: Path, artifact: Artifact) -> None:
    ran = edge("audit", asking, "--manifest", manifest)
    assert (ran.status, ran.out) == (2, "")
    assert "contains its manifest" in ran.err
    assert "Omit --manifest" in ran.err
    ran = edge("audit", artifact("faults"), asking, "--manifest", manifest, "--old-manifest", manifest)
    assert (ran.status, "Omit --old-manifest" in ran.err) == (2, True)


def test_a_damaged_package_is_not_audited(edge: Edge, asking: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.edge"
    path.write_bytes(asking.read_bytes()[:-1])
    ran = edge("audit", path)
    assert (ran.status, ran.out) == (3, "")
    assert "bytes" in ran.err
