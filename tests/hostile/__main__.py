"""`python -m tests.hostile [--board] [NAME…]`: the zoo, a line for each attack, `N passed` at the end."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tests.hostile import runner, zoo
from tests.hostile.runner import Reports
from tests.hostile.zoo import Attack

OK, FAILED = "ok", "FAILED"


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    on_board = "--board" in arguments
    names = {argument for argument in arguments if argument != "--board"}
    unknown = names - {attack.name for attack in zoo.attacks()}
    if unknown:
        print(f"hostile: no attack {', '.join(sorted(unknown))} in expected.toml", file=sys.stderr)
        return 2
    chosen = [a for a in zoo.attacks() if (a.name in names or not names) and (a.board or not on_board)]
    if on_board:
        counts = _show("board", chosen, runner.on_board(chosen))
    else:
        counts = _show("native", chosen, runner.here(chosen))
        counts += _show("interpreter", chosen, runner.here(chosen, interpret=True))
    ends = ((FAILED, "failed"), (OK, "passed"))
    print(", ".join(f"{counts[end]} {what}" for end, what in ends if counts[end] or end == OK))
    return 1 if counts[FAILED] else 0


def _show(place: str, chosen: Sequence[Attack], reports: Reports) -> Counter[str]:
    counts: Counter[str] = Counter()
    for attack in chosen:
        report = reports.get(attack.name)
        wrong = zoo.complaints(attack, report)
        end = FAILED if wrong else OK
        counts[end] += 1
        print(f"{end:<6} {place} {attack.name}: {_summary(report or {})}")
        for complaint in wrong:
            print(f"       {complaint}")
    return counts


def _summary(report: dict[str, Any]) -> str:
    cost = f"{report['fuel']:,} fuel, {report['cpu_s'] * 1000:.0f} ms" if "fuel" in report else "refused"
    return f"{report.get('ends', 'nothing')}, {cost}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
