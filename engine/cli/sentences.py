"""Sentences of the engine as a person reads them: decimal prices, times of a clock, seconds.

The engine judges in integers and its reasons state them: prices of 1e-9 currency units, times and
durations of nanoseconds. They are evidence, so the log and machines keep them. A number's unit is
known by the words around it; where they say none, as of a quantity, the number stays.
"""

import re
from decimal import Decimal

from engine.cli.render import Output, Rows
from engine.cli.units import moment, price

WHOLE = r"(?<![\w.-])-?\d{1,19}(?![\w-]|\.\d)"
# In a clause about a price all numbers are prices, but for parts and a table's own name.
CLAUSE = re.compile(r"\b[a-z]+_px\b[^;]*", re.ASCII)
IN_CLAUSE = re.compile(rf"(?<!table of ){WHOLE}(?! ppm\b)", re.ASCII)
# What no field names.
SAID = re.compile(
    rf"(?:\bfilled at |\bthrough the limit |\baverage is |, ours |\bexecuted at |\bin a market of "
    rf"|\bbooked as \d{{1,19}} at |\bkeep them at |\bpx 0 to )({WHOLE})",
    re.ASCII,
)
# Neither a price nor a quantity has so many digits.
MOMENT = re.compile(r"(?<![\w.-])(\d{18,19})(?![\w-]|\.\d)(?: ns\b)?", re.ASCII)
DURATION = re.compile(r"(?<![\w.-])(-?\d{1,17}) ns\b", re.ASCII)
COLUMNS = frozenset(("text", "summary", "explanation", "why", "reason"))  # They hold sentences.


def for_person(sentence: str) -> str:
    """A sentence in the units of people: prices in currency units, times in UTC, seconds."""
    sentence = CLAUSE.sub(lambda found: IN_CLAUSE.sub(_price, found[0]), sentence)
    sentence = SAID.sub(lambda found: found[0].removesuffix(found[1]) + _px(found[1]), sentence)
    sentence = MOMENT.sub(lambda found: moment(int(found[1])), sentence)
    return DURATION.sub(lambda found: f"{Decimal(found[1]).scaleb(-9).normalize():f} s", sentence)


def told(sentence: str, output: Output) -> str:
    """A sentence for the reader of a form: machines get the event's own."""
    return for_person(sentence) if output is Output.TEXT else sentence


def rows_told(rows: Rows, output: Output) -> Rows:
    """Rows whose sentences are for the reader of a form."""
    places = {n for n, name in enumerate(rows.columns) if name in COLUMNS}
    if output is not Output.TEXT or not places:
        return rows
    return Rows(
        rows.columns,
        [
            tuple(
                for_person(value) if n in places and isinstance(value, str) else value
                for n, value in enumerate(row)
            )
            for row in rows.rows
        ],
    )


def _price(found: re.Match[str]) -> str:
    return _px(found[0])


def _px(digits: str) -> str:
    return f"{price(int(digits)):f}"
