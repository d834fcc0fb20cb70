from __future__ import annotations

import pytest

from tests import changed


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("edge/files/staged.py", "tests/files/test_staged.py"),
        ("edge/runtime/__init__.py", "tests/runtime/test_runtime.py"),
        ("edge/text.py", "tests/test_text.py"),
        ("edge/limits/refusal.py", "tests/counters"),
        ("edge/net/proxies.py", "tests/sources/test_connection.py"),
        ("edge/cli/failure.py", "tests/cli/test_main.py"),
        ("edge/dev/launcher/start.py", "tests/dev/test_launcher.py"),
        ("tests/files/test_paths.py", "tests/files/test_paths.py"),
    ],
)
def test_a_changed_file_selects_its_tests(path: str, expected: str) -> None:
    found = changed.selected([path])
    assert any(file == expected or file.startswith(f"{expected}/") for file in found)


def test_a_replaced_message_selects_the_tests_that_quote_it() -> None:
    assert "tests/test_changed.py" in changed.quoting(
        ["A message that is quoted here, in one test file only"]
    )


def test_a_short_text_selects_nothing() -> None:
    assert changed.quoting(["no", "a plugin"]) == []


def test_a_changed_document_selects_the_tests_that_read_it() -> None:
    assert "tests/permissions/test_catalogue.py" in changed.selected(["docs/capabilities.md"])


def test_a_folder_takes_in_its_files() -> None:
    found = changed.selected(["edge/limits/refusal.py", "tests/counters/test_file.py"])
    assert "tests/counters" in found
    assert "tests/counters/test_file.py" not in found


def test_tests_that_the_table_names_exist() -> None:
    named = {place for _, where in changed.table() for place in where}
    assert sorted(place for place in named if not (changed.ROOT / "tests" / place).exists()) == []


def test_every_module_has_tests() -> None:
    """A module without a test file of its name has a row in tests/README.md."""
    modules = [file.relative_to(changed.ROOT) for file in changed.ROOT.glob("edge/**/*.py")]
    assert sorted(path for path in map(str, modules) if not changed.tests_of(path)) == []
