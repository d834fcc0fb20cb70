"""Statistics of one sensor's readings."""

import math
from typing import Any

Present = list[tuple[int, float]]

# Makes the median absolute deviation of normally distributed readings their standard deviation.
NORMAL_SCALE = 1.4826


def digest(readings: list[float | None], threshold: float) -> dict[str, Any]:
    """The digest of a list of numbers, with None for a reading that is missing."""
    present = [(index, value) for index, value in enumerate(readings) if value is not None]
    values = [value for _, value in present]
    if not values:
        return {"count": 0, "missing": len(readings)}
    mean = math.fsum(values) / len(values)
    middle = median(values)
    return {
        "count": len(values),
        "missing": len(readings) - len(values),
        "min": min(values),
        "max": max(values),
        "mean": rounded(mean),
        "median": rounded(middle),
        "deviation": rounded(math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))),
        "slope": rounded(slope(present, mean)),
        "odd": odd(present, middle, threshold),
    }


def median(values: list[float]) -> float:
    """The middle of the values, or of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def slope(present: Present, mean: float) -> float:
    """The change from one reading to the next, by least squares."""
    middle = sum(index for index, _ in present) / len(present)
    spread = math.fsum((index - middle) ** 2 for index, _ in present)
    if spread == 0:
        return 0.0
    return math.fsum((index - middle) * (value - mean) for index, value in present) / spread


def odd(present: Present, middle: float, threshold: float) -> list[dict[str, Any]]:
    """The readings whose robust score exceeds the threshold; without a score when most readings are equal."""
    scale = NORMAL_SCALE * median([abs(value - middle) for _, value in present])
    if scale == 0:
        return [{"index": at, "value": value, "score": None} for at, value in present if value != middle]
    scores = ((at, value, (value - middle) / scale) for at, value in present)
    return [
        {"index": at, "value": value, "score": rounded(score)}
        for at, value, score in scores
        if abs(score) > threshold
    ]


def rounded(number: float) -> float:
    """Three digits after the point are more than a sensor knows."""
    return round(number, 3)
