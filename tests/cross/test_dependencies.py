from __future__ import annotations

from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest

from cross import dependencies

RULES = {"allow": ["MIT", "Apache-2.0"], "licences": {"quiet": "MIT"}}


class Package(metadata.Distribution):
    """A package that says something of itself."""

    def __init__(self, name: str, licence: str = "", origin: str | None = None) -> None:
        self._message = Message()
        self._message["Name"] = name
        if licence:
            self._message["License-Expression"] = licence
        self._origin = origin

    @property
    def metadata(self) -> Message:  # type: ignore[override]
        return self._message

    def read_text(self, filename: str) -> str | None:
        return self._origin if filename == "direct_url.json" else None

    def locate_file(self, path: object) -> Path:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("package", "problem"),
    [
        (Package("a", "MIT"), ""),
        (Package("a", "MIT OR GPL-3.0-only"), ""),
        (Package("a", "MIT AND Apache-2.0"), ""),
        (Package("quiet"), ""),
        (Package("a", "GPL-3.0-only"), "a has licence GPL-3.0-only"),
        (Package("a", "MIT AND GPL-3.0-only"), "a has licence MIT AND GPL-3.0-only"),
        (Package("a", "Apache-2.0 WITH LLVM-exception"), "a has licence Apache-2.0 WITH"),
        (Package("a"), "a states no licence"),
        (
            Package("a", "MIT", '{"url": "https://example.org/a.whl"}'),
            "a comes from https://example.org/a.whl",
        ),
    ],
)
def test_a_python_package_is_judged(package: Package, problem: str) -> None:
    found = list(dependencies.python_problems(RULES, [package]))
    assert [each.startswith(problem) for each in found] == ([True] if problem else [])


def test_people_who_work_on_edge_use_exact_versions() -> None:
    found = list(
        dependencies.unpinned(
            [
                'a==1; extra == "dev"',
                'b>=1; extra == "dev"',
                "cffi>=1.15",
                'edge[x]; extra == "dev"',
                'c; extra=="x"',
            ]
        )
    )
    assert [text.split(";")[0] for text in (each.split()[0] for each in found)] == ["b>=1", "c"]


def test_all_that_is_installed_for_developers_is_judged() -> None:
    names = {package.name.lower() for package in dependencies.installed("edge-runtime", {"check", "test"})}
    assert {"cffi", "pycparser", "pytest", "mypy", "hypothesis", "sortedcontainers"} <= names
    assert "edge-runtime" not in names


def test_what_edge_is_built_of_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    assert dependencies.main([]) == 0
    assert ("not checked" in capsys.readouterr().err) != dependencies.advisories().is_dir()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('  "MIT",\n', "failed to satisfy license requirements"),
        (
            '  { crate = "syn@2.0.119", reason = "macros, which run when the library is built" },\n',
            "crate 'syn'",
        ),
        ('allow-registry = ["https://github.com/rust-lang/crates.io-index"]\n', ""),
    ],
)
def test_a_crate_that_is_not_allowed_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    config = tmp_path / "deny.toml"
    text = dependencies.CONFIG.read_text()
    assert line in text
    instead = "" if said else 'allow-registry = ["https://example.org/index"]\n'
    config.write_text(text.replace(line, instead))
    monkeypatch.setattr(dependencies, "CONFIG", config)
    assert dependencies.main([]) == 1
    assert (said or "source-not-allowed") in capsys.readouterr().err
