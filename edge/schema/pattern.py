r"""`pattern` of a schema: regular expressions whose time is proportional to the text, for any pattern.

    ^ at the start, $ at the end      without them, any text may precede or follow
    a  .  \.  [a-z_]  [^/]  \d  \w    one character: itself, any, of a class, of none, a digit, a word's
    ?  *  +  {3}  {2,}  {1,8}         how often it occurs

No groups, no alternatives, no references: `parse` says which of them it met. As in ECMA-262, classes are of
ASCII and $ is the very end. RATIONALE, "Why a schema's pattern has no groups".
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Ranges = tuple[tuple[int, int], ...]

MAX_STEPS = 512
DIGITS: Ranges = ((48, 57),)
WORDS: Ranges = (*DIGITS, (65, 90), (95, 95), (97, 122))
LINE_ENDS: Ranges = ((10, 10), (13, 13), (0x2028, 0x2029))
SHORTHANDS = {"d": DIGITS, "w": WORDS}
CONTROLS = {"n": "\n", "r": "\r", "t": "\t"}
SPECIAL = frozenset("^$|()[]{}?*+")
ONCE, MAYBE, OFTEN = "once", "maybe", "often"


class Step:
    """A character of a set: once, at most once, or any number of times."""

    __slots__ = ("_negated", "_ranges", "times")

    def __init__(self, ranges: Ranges, times: str = ONCE, *, negated: bool = False) -> None:
        self._ranges = ranges
        self._negated = negated
        self.times = times

    def takes(self, code: int) -> bool:
        """Whether a character is in the set."""
        return any(low <= code <= high for low, high in self._ranges) != self._negated

    def repeated(self, least: int, most: int | None) -> Iterator[Step]:
        """The steps for this many repetitions."""
        for _ in range(least):
            yield self
        times = OFTEN if most is None else MAYBE
        for _ in range(1 if most is None else most - least):
            yield Step(self._ranges, times, negated=self._negated)


class Pattern:
    """A parsed pattern."""

    __slots__ = ("_from_start", "_steps", "_to_end")

    def __init__(self, steps: list[Step], *, from_start: bool, to_end: bool) -> None:
        self._steps = steps
        self._from_start = from_start
        self._to_end = to_end

    def matches(self, text: str) -> bool:
        """Whether it matches within the text."""
        end = len(self._steps)
        places = self._closed({0})
        for character in text:
            if end in places and not self._to_end:
                return True
            code = ord(character)
            met = (at for at in places if at < end and self._steps[at].takes(code))
            ahead = {at if self._steps[at].times is OFTEN else at + 1 for at in met}
            if not self._from_start:
                ahead.add(0)
            places = self._closed(ahead)
        return end in places

    def _closed(self, places: set[int]) -> set[int]:
        """Adds the places that are reached by skipping optional steps."""
        found = set(places)
        for place in places:
            at = place
            while at < len(self._steps) and self._steps[at].times is not ONCE:
                at += 1
                found.add(at)
        return found


def parse(text: str) -> Pattern:
    """The pattern; raises `ValueError` with the reason for unsupported ones."""
    reader = _Reader(text)
    from_start = reader.skip("^")
    steps: list[Step] = []
    while reader.rest() not in ("", "$"):
        step = reader.atom()
        steps.extend(step.repeated(*reader.times()))
        if len(steps) > MAX_STEPS:
            raise ValueError(f"it needs more than {MAX_STEPS} steps")
    return Pattern(steps, from_start=from_start, to_end=reader.skip("$"))


class _Reader:
    """The unread rest of a pattern."""

    __slots__ = ("_at", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rest(self) -> str:
        return self._text[self._at :]

    def skip(self, character: str) -> bool:
        found = self._text[self._at : self._at + 1] == character
        self._at += found
        return found

    def _next(self) -> str:
        if self._at == len(self._text):
            raise ValueError("it ends too early")
        self._at += 1
        return self._text[self._at - 1]

    def atom(self) -> Step:
        character = self._next()
        if character == "[":
            return self._class()
        if character == ".":
            return Step(LINE_ENDS, negated=True)
        if character == "\\":
            return Step(self._escape())
        if character in SPECIAL:
            raise ValueError(
                f"`{character}` is not allowed here: groups, alternatives and references are not supported"
            )
        return Step(_only(character))

    def _escape(self) -> Ranges:
        character = self._next()
        if character in SHORTHANDS:
            return SHORTHANDS[character]
        if character in CONTROLS:
            return _only(CONTROLS[character])
        if character.isalnum() or not character.isascii():
            raise ValueError(
                f"\\{character} is not supported; supported are \\d \\w \\n \\r \\t and escaped punctuation"
            )
        return _only(character)

    def _class(self) -> Step:
        negated = self.skip("^")
        ranges: list[tuple[int, int]] = []
        while not self.skip("]"):
            low = self._member()
            if self.rest()[:1] == "-" and self.rest()[1:2] not in ("", "]"):
                self._at += 1
                high = self._member()
                if not _is_one(low) or not _is_one(high) or low[0][0] > high[0][0]:
                    raise ValueError("the end of a range must not come before its start")
                low = ((low[0][0], high[0][0]),)
            ranges.extend(low)
        if not ranges:
            raise ValueError("a class is empty")
        return Step(tuple(ranges), negated=negated)

    def _member(self) -> Ranges:
        character = self._next()
        if character == "[":
            raise ValueError("classes cannot be nested; write \\[ for the character")
        return self._escape() if character == "\\" else _only(character)

    def times(self) -> tuple[int, int | None]:
        if self.skip("?"):
            found: tuple[int, int | None] = (0, 1)
        elif self.skip("*"):
            found = (0, None)
        elif self.skip("+"):
            found = (1, None)
        elif self.skip("{"):
            found = self._counts()
        else:
            return 1, 1
        if self.rest()[:1] in ("?", "*", "+", "{"):
            raise ValueError(f"`{self.rest()[0]}` cannot follow a quantifier")
        return found

    def _counts(self) -> tuple[int, int | None]:
        bounds, brace, _ = self.rest().partition("}")
        self._at += len(bounds) + len(brace)
        least, comma, most = bounds.partition(",")
        if not (brace and _is_count(least) and (_is_count(most) or not most)):
            raise ValueError("a quantifier is {2}, {2,} or {2,4}, with numbers up to 999")
        if not comma:
            return int(least), int(least)
        if most and int(most) < int(least):
            raise ValueError("the minimum of a quantifier must not exceed its maximum")
        return int(least), int(most) if most else None


def _is_count(text: str) -> bool:
    return 0 < len(text) <= 3 and text.isascii() and text.isdecimal()


def _only(character: str) -> Ranges:
    return ((ord(character), ord(character)),)


def _is_one(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]
