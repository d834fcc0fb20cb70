from __future__ import annotations

from edge.interfaces import Interface, flatten


def one() -> tuple[int]:
    return (1,)


def two() -> tuple[int]:
    return (2,)


def test_names_and_functions_stand_in_one_order() -> None:
    provides, functions = flatten(
        [Interface("a:b/c@1.0.0", {"x": one, "y": two}), Interface("d:e/f", {"z": one})]
    )
    assert provides == b"a:b/c@1.0.0#x\na:b/c@1.0.0#y\nd:e/f#z"
    assert functions == (one, two, one)


def test_nothing_may_be_offered() -> None:
    assert flatten([]) == (b"", ())
