from __future__ import annotations

import pytest

from tests import changed


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("edge/files/staged.py", "tests/files/test_staged.py"),
        ("edge/runtime/__init__.py", "tests/runtime/test_runtime.py"),
        ("edge/text.py", "tests/test_text.py"),
        ("edge/limits/counters.py", "tests/limits"),
        ("edge/net/proxies.py", "tests/sources/test_connection.py"),
        ("edge/cli/failure.py", "tests/cli"),
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


def test_a_folder_takes_in_its_files() -> None:
    assert "tests/cli/test_main.py" not in changed.selected(["edge/cli/failure.py", "tests/cli/test_main.py"])
