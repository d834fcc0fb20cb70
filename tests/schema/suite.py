"""The official test suite of JSON Schema, draft 2020-12, against edge/schema.

    python -m tests.schema.suite FOLDER

FOLDER is `tests/draft2020-12` of a checkout of github.com/json-schema-org/JSON-Schema-Test-Suite, which is no
part of this repository. Every value has to be judged as the suite says. Schemas with words that devices do
not check are counted and passed over. Exits with 1 for any difference.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from edge import schema
from edge.schema import words
from edge.schema.words import unknown


def differences(folder: Path) -> tuple[list[str], int, int]:
    """What is judged otherwise, how many values were judged, and how many schemas were not checked whole."""
    wrong: list[str] = []
    judged = unchecked = 0
    for path in sorted(folder.glob("*.json")):
        for case in json.loads(path.read_text()):
            rules: Any = case["schema"]
            about = f"{path.name}: {case['description']}"
            faults = words.faults(rules)
            if faults:
                wrong.append(f"{about}: {faults[0]}")
                continue
            if unknown(rules):
                unchecked += 1
                continue
            for test in case["tests"]:
                judged += 1
                if (not schema.problems(rules, test["data"])) is not test["valid"]:
                    wrong.append(f"{about}: {test['description']}: should be {test['valid']}")
    return wrong, judged, unchecked


def main() -> int:
    """Prints every difference."""
    wrong, judged, unchecked = differences(Path(sys.argv[1]))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    print(
        f"{judged} values judged, {len(wrong)} otherwise; {unchecked} schemas have words that are not checked"
    )
    return 1 if wrong or not judged else 0


if __name__ == "__main__":
    sys.exit(main())
