"""`("kv", "65536")`: storage, in bytes."""

from __future__ import annotations

from edge.permissions import amounts
from edge.permissions.catalogue import Permission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edge.manifest.findings import Findings
    from edge.manifest.lines import Path
    from edge.permissions.catalogue import Request

QUOTA = "quota_bytes"


class Kv(Permission):
    """Storage."""

    name = "kv"
    table = "kv"
    setting = "quota_bytes of [edge.kv]"

    def problem(self, request: Request) -> str:
        return amounts.text_problem(request[1])

    def range_problem(self, request: Request) -> str:
        return amounts.range_problem(QUOTA, request[1])

    def covers(self, grant: Request, request: Request) -> bool:
        return float(request[1]) <= float(grant[1])

    def group(self, request: Request) -> Request:
        return request[:-1]

    def read(self, found: Findings, path: Path, value: Any) -> list[Request]:
        table = found.table(path, value, "edge.kv")
        found.known(path, table, (QUOTA,))
        if QUOTA not in table:
            found.wrong(path, "[edge.kv] needs quota_bytes")
        elif amounts.is_amount(found, (*path, QUOTA), table[QUOTA]):
            return [(self.name, amounts.spelled(table[QUOTA]))]
        return []


PERMISSION = Kv()
