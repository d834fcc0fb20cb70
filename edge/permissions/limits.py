"""`("limits", "memory", "67108864")`: more of a limit or a rate than the security level gives."""

from __future__ import annotations

from edge.permissions import amounts
from edge.permissions.catalogue import Permission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Declared, Findings
    from edge.manifest.lines import Path
    from edge.permissions.catalogue import Request

LIMITS = (
    "fuel",
    "deadline",
    "memory",
    "table_elements",
    "host_calls",
    "crossing_bytes",
    "log_bytes",
)
RATES = ("calls_per_minute", "concurrent_calls")
"""What a manifest may request and a level scales. Slices and frozen clocks are up to the host."""


class Limits(Permission):
    """Limits of a call, and rates."""

    name = "limits"
    words = 3
    table = "limits"
    setting = "[edge.limits]"

    def problem(self, request: Request) -> str:
        return amounts.text_problem(request[2])

    def range_problem(self, request: Request) -> str:
        return amounts.range_problem(request[1], request[2])

    def covers(self, grant: Request, request: Request) -> bool:
        return grant[1] == request[1] and float(request[2]) <= float(grant[2])

    def group(self, request: Request) -> Request:
        return request[:-1]

    def read(self, found: Findings, path: Path, value: Any) -> list[Request]:
        table = found.table(path, value, "edge.limits")
        found.known(path, table, (*LIMITS, *RATES))
        return [
            (self.name, name, amounts.spelled(amount))
            for name, amount in table.items()
            if name in (*LIMITS, *RATES) and amounts.is_amount(found, (*path, name), amount)
        ]

    def declare(self, found: Findings, declared: Declared, own: list[Request]) -> list[Request]:
        return []


PERMISSION = Limits()
