from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge import errors
from edge.cli.help import of_command
from edge.cli.options import Command, Option, at_least_one, megabytes, narrow, seconds

COMMAND = Command(
    "cook",
    "DISH [SAUCE] TABLE",
    "Cooks.",
    (
        Option("pan", "SIZE", "the pan", short="-p", convert=at_least_one),
        Option("spice", "NAME", "spices", many=True),
        Option("hot", "", "serve it hot"),
    ),
    "edge cook soup 7",
)

values = st.text(min_size=1).filter(lambda text: not text.startswith("-"))


@given(dish=values, table=values, spices=st.lists(values), hot=st.booleans(), order=st.randoms())
def test_options_and_arguments_may_mix_in_any_order(
    dish: str, table: str, spices: list[str], hot: bool, order: random.Random
) -> None:
    options = [["--spice", spice] for spice in spices] + [["--hot"]] * hot
    arguments = [[dish], [table]]
    words: list[str] = []
    while options or arguments:
        words += order.choice([rest for rest in (options, arguments) if rest]).pop(0)
    parsed = COMMAND.parse(words)
    assert parsed.positional == [dish, table]
    assert parsed.get("spice", []) == spices
    assert parsed.get("hot", False) is hot


@given(value=st.text(min_size=1))
def test_a_value_after_an_equals_sign_may_be_anything(value: str) -> None:
    assert COMMAND.parse(["a", "b", f"--spice={value}"]).get("spice") == [value]


@given(rest=st.lists(st.text(), min_size=2, max_size=3))
def test_what_follows_two_dashes_is_an_argument(rest: list[str]) -> None:
    assert COMMAND.parse(["--", *rest]).positional == rest


def test_the_last_of_an_option_wins() -> None:
    assert COMMAND.parse(["a", "b", "-p", "1", "--pan=2"]).get("pan") == 2


def test_one_dash_alone_is_an_argument() -> None:
    assert COMMAND.parse(["a", "-"]).positional == ["a", "-"]


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["a", "b", "c", "d", "--help"], ["--help", "--nonsense"]]
)
def test_help_needs_nothing_else(words: list[str]) -> None:
    assert COMMAND.parse(words).get("help")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ([], "DISH and TABLE missing"),
        (["a"], "TABLE missing"),
        (["a", "b", "c", "d"], "unexpected argument `d`"),
        (["a", "b", "--salt"], "no such option: --salt"),
        (["a", "b", "-x"], "no such option: -x"),
        (["a", "b", "--hot=1"], "--hot takes no value"),
        (["a", "b", "--pan"], "--pan needs a value: --pan SIZE"),
        (["a", "b", "--pan", "big"], "--pan big: expected a whole number"),
        (["a", "b", "--pan", "0"], "--pan 0: expected a whole number"),
    ],
)
def test_wrong_usage_says_what_is_wrong(words: list[str], what: str) -> None:
    with pytest.raises(errors.UsageError, match=f"^cook: .*{what}") as caught:
        COMMAND.parse(words)
    assert "edge cook DISH [SAUCE] TABLE" in caught.value.remedy


def test_help_shows_usage_options_and_an_example(capfd: pytest.CaptureFixture[str]) -> None:
    of_command(COMMAND, as_json=False)
    text = capfd.readouterr().out
    for expected in (
        "edge cook DISH [SAUCE] TABLE",
        "Cooks.",
        "-p, --pan SIZE",
        "(repeatable)",
        "edge cook soup 7",
    ):
        assert expected in text


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "soon"])
def test_seconds_are_a_positive_number(text: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        seconds(text)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "99999999999999", "9" * 5000, "\u0663\u0664x"])
def test_an_amount_says_its_range(text: str) -> None:
    with pytest.raises(ValueError, match="from 1 to 65536"):
        megabytes(text)
    with pytest.raises(ValueError, match="from 1 to 4294967295"):
        narrow(text if text != "99999999999999" else "4294967296")


def test_seconds_may_be_a_fraction() -> None:
    assert seconds("0.25") == 0.25
