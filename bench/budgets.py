"""The budgets of budgets.toml, and the figures measured against them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import tomllib

TABLE = Path(__file__).with_name("budgets.toml")


@dataclass(frozen=True)
class Budget:
    """One row of the table."""

    name: str
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    def miss(self, value: float) -> float:
        """By how much `value` misses the budget, in its unit; 0 if it is within."""
        if self.at_most is not None:
            return max(0.0, value - self.at_most)
        if self.at_least is not None:
            return max(0.0, self.at_least - value)
        return 0.0

    @property
    def bound(self) -> str:
        """The budget in words."""
        if self.at_most is not None:
            return f"at most {self.at_most:g} {self.unit}"
        return f"at least {self.at_least:g} {self.unit}"


def load() -> dict[str, Budget]:
    """All budgets by name."""
    with TABLE.open("rb") as file:
        return {name: Budget(name, **row) for name, row in tomllib.load(file).items()}


class Report:
    """The figures of one run; each must have a budget."""

    def __init__(self) -> None:
        self._budgets = load()
        self._figures: dict[str, float] = {}

    def add(self, name: str, value: float) -> None:
        """Records the figure `name`; KeyError when it has no budget."""
        self._figures[self._budgets[name].name] = value

    def misses(self) -> list[str]:
        """A sentence for each budget that is missed or was not measured."""
        sentences = []
        for name, budget in self._budgets.items():
            if name not in self._figures:
                sentences.append(f"{name}: not measured")
            elif miss := budget.miss(self._figures[name]):
                value = self._figures[name]
                sentences.append(f"{name}: {value:.4g} {budget.unit}, {budget.bound}; misses by {miss:.4g}")
        return sentences

    def markdown(self) -> str:
        """The figures as a table."""
        lines = ["| figure | measured | budget |", "|---|---|---|"]
        for name, value in self._figures.items():
            budget = self._budgets[name]
            lines.append(f"| {name} | {value:.4g} {budget.unit} | {budget.bound} |")
        return "\n".join(lines)

    def json(self) -> str:
        """The figures by name."""
        return json.dumps(self._figures, indent=1, ensure_ascii=False)
