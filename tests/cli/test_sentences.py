"""The engine's sentences for people: no raw price, time or duration is in one of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli.render import Output, Rows
from engine.cli.sentences import for_person, rows_told, told

CORE = Path(__file__).parents[2] / "engine" / "core"
PX, AT_NS, LASTS_NS = "157250000000", "1514903460000000000", "60000000000"
RAW = re.compile(r"(?<![\w.-])\d{10,}(?!\.)|\d ns\b|\d{17,}")


def sentences_of(text: str) -> Iterator[str]:
    """Sentences of a module that hold a price, time or duration, with numbers in them."""
    raised = set()
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise | ast.Assert):  # A bug's words, for its finder.
            raised |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in raised:
            named = [ast.unparse(x.value) for x in node.values if isinstance(x, ast.FormattedValue)]
            if any(number_of(name) != "7" for name in named):
                yield "".join(
                    str(x.value) if isinstance(x, ast.Constant) else number_of(ast.unparse(x.value))
                    for x in node.values
                    if isinstance(x, ast.Constant | ast.FormattedValue)
                )


def number_of(expression: str) -> str:
    """A number of the unit that an expression names; 7 has none."""
    last = re.split(r"\W", expression)[-1].lower()
    if last in ("window_ns", "wait_ns"):
        return LASTS_NS
    if last == "unit_px":
        return "7"  # It was divided by the unit: whole currency units.
    if last == "px" or last.endswith(("_px", "px_max")) or expression.startswith("notional //"):
        return PX
    return AT_NS if last.endswith(("_ns", "ns_max")) else "7"


SENTENCES = [
    (path.relative_to(CORE), sentence)
    for path in sorted(CORE.rglob("*.py"))
    if path.name != "events.py"
    for sentence in sentences_of(path.read_text())
]


def test_there_are_sentences_to_be_read() -> None:
    assert len(SENTENCES) >= 15


@pytest.mark.parametrize(("path", "sentence"), SENTENCES, ids=lambda x: str(x)[:60])
def test_every_sentence_of_core_is_in_the_units_of_people(path: Path, sentence: str) -> None:
    shown = for_person(sentence)
    assert not RAW.search(shown), f"{path}: {shown!r}; teach engine/cli/sentences.py its words"
    assert not RAW.search(for_person(shown)), "a sentence that is told twice is the same"


TOLD = [
    (
        "limit_px is 157255000000, expected a multiple of the tick 10000000",
        "limit_px is 157.255, expected a multiple of the tick 0.01",
    ),
    (
        (
            "limit_px is 157, expected a multiple of the tick 10000000; prices count 1e-9 "
            "currency units, so 1.00 is 1000000000"
        ),
        (
            "limit_px is 0.000000157, expected a multiple of the tick 0.01; prices count 1e-9 "
            "currency units, so 1.00 is 1000000000"
        ),
    ),
    (
        "limit_px is 1000000000, 50000000 through the market at 950000000; the collar is 5000 ppm",
        "limit_px is 1.00, 0.05 through the market at 0.95; the collar is 5000 ppm",
    ),
    (
        "limit_px is 5, below the first band of the tick table of 7203",
        "limit_px is 0.000000005, below the first band of the tick table of 7203",
    ),
    (
        "the session ended at 1514926800000000000 ns; submit for an open session",
        "the session ended at 2018-01-02T21:00:00Z; submit for an open session",
    ),
    (
        (
            "start_ns 1514926800000000000 and end_ns None leave 1514926800000000000 to "
            "1514926800000000001 of the session"
        ),
        (
            "start_ns 2018-01-02T21:00:00Z and end_ns None leave 2018-01-02T21:00:00Z to "
            "2018-01-02T21:00:00.000000001Z of the session"
        ),
    ),
    (
        (
            "100 orders of a client in 1000000000 ns are the most, half of them at once; wait "
            "12500000 ns"
        ),
        "100 orders of a client in 1 s are the most, half of them at once; wait 0.0125 s",
    ),
    (
        "'E1' was booked as 500 at 157250000000 of 3-17; this report is not booked",
        "'E1' was booked as 500 at 157.25 of 3-17; this report is not booked",
    ),
    (
        (
            "Order 3-17 (S/1 of client C1) was refused, LIMIT_PX_MUST_BE_POSITIVE: limit_px is "
            "-5, expected more than 0"
        ),
        (
            "Order 3-17 (S/1 of client C1) was refused, LIMIT_PX_MUST_BE_POSITIVE: limit_px is "
            "-0.000000005, expected more than 0.00"
        ),
    ),
]
KEPT = [
    "order_qty is 5000000000000, expected 1 to 1000000000000",
    "OMS-1 requests: BUY 500 7203",
    "BUY 500 XXX of C1; the midpoint was 100.05",
    "fill 3-17 was 500 at 100.00, is 400 at 100.01",
    "cl_ord_id is 'A1' of 157 characters",
    "N has not answered for 1500 ms",
    "order 2018-01-02/1 at market",
]


@pytest.mark.parametrize(("sentence", "expected"), TOLD)
def test_prices_times_and_durations_are_those_of_people(sentence: str, expected: str) -> None:
    assert for_person(sentence) == expected
    assert for_person(expected) == expected


@pytest.mark.parametrize("sentence", KEPT)
def test_what_has_no_unit_is_left_as_it_is(sentence: str) -> None:
    assert for_person(sentence) == sentence


def test_machines_get_the_evidence_as_it_is() -> None:
    sentence, expected = TOLD[0]
    found = Rows(("order_id", "text", "limit_px"), [("3-17", sentence, 5), ("3-18", None, 5)])
    for output in (Output.JSON, Output.JSONL, Output.CSV):
        assert told(sentence, output) == sentence
        assert rows_told(found, output) == found
    assert rows_told(found, Output.TEXT).rows == [("3-17", expected, 5), ("3-18", None, 5)]
