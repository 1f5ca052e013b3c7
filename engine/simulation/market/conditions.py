"""Sale conditions of prints: whose codes they are, and which prints count for volume and VWAP.

The same letter means different things on different tapes, and a number is no row of letters: `B`
is an average price to the CTA and a bunched trade to the UTP, and `37`, read letter by letter, is a
contingent trade where it is an odd lot. So a folder names its vocabulary:

- `cta`: one to four letters of the CTA plan (tapes A and B), each at its level: settlement, reason
  for a trade-through exemption, late or extended hours, detail. Blanks at both ends may be missing.
- `utp`: the same four levels with the letters of the UTP plan (tape C).
- `numeric`: the numbers with which Polygon (Massive) and others unify both, such as `12 37`. They
  become the letters of the tape.
- `none`: the source has no conditions, every print counts.

A print counts unless a code says that it repeats another (M market centre official close, Q
official open, 9 corrected consolidated close), that its price was agreed elsewhere or at another
time (B on the CTA and W average price, 4 derivatively priced, 7 qualified contingent, V contingent,
H price variation, P prior reference price), that it is out of its time (Z sold out of sequence, L
sold last, G bunched sold, U and T extended hours), or that it settles otherwise (C cash, N next
day, R seller). Odd lots (I), sweeps (F) and auction prints (O, 5, 6) count. A code that the
vocabulary lacks says nothing: its print counts, and the loader counts and names it.

Sources: CTS Pillar Output Specification, "Sale Conditions"; Direct Subscriber Interface
Specification for the UTP Plan, as tabled at interactivebrokers.com/en/trading/tradeConditions.php
(code=UTDF); polygon.io/glossary/us/stocks/conditions-indicators. That average prices and the like
do not count is our choice: the tapes count them as volume, but no order could trade at such a
price at that time, so it makes no benchmark.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

AUCTION_CODES = frozenset("O56X")  # They count, but met no resting child.


class Conditions(StrEnum):
    """The vocabulary of a folder's sale conditions."""

    CTA = "cta"
    UTP = "utp"
    NUMERIC = "numeric"
    NONE = "none"


class Reading(NamedTuple):
    """The meaning of a print's conditions."""

    letters: str  # The tape's own, as far as they are known.
    counts: bool  # For volume and VWAP.
    unknown: tuple[str, ...]  # Codes that the vocabulary lacks.


# The codes of each level, in the order in which a tape writes them.
LEVELS: Mapping[Conditions, Sequence[str]] = {
    Conditions.CTA: ("@CNR", "FO456789", "TLZU", "BEGHIKMPQVWX"),
    Conditions.UTP: ("@CNR", "FO456789Y", "TLZU", "ABDEGHIKMPQSVWX123"),
}
UNCOUNTED: Mapping[Conditions, frozenset[str]] = {
    Conditions.CTA: frozenset("MQ9BW47VHPZLGUTCNR"),
    Conditions.UTP: frozenset("MQ9W47VHPZLGUTCNR23"),
}

# Number to letter; a dash is a code without a letter that counts, an exclamation mark one that
# does not: cancels, corrections, errors, summaries, and what came out of its time.
NUMBERS: Mapping[str, str] = {
    **dict(zip(map(str, range(10)), "@AW-BG-C6X", strict=True)),
    **dict(zip(map(str, range(10, 20)), "4DTUFMQO56", strict=True)),
    **dict(zip(map(str, range(20, 31)), "NHPK-O-15RL", strict=True)),
    **dict(zip(map(str, range(32, 42)), "!ZS!YI9---", strict=True)),
    **dict.fromkeys(map(str, range(42, 52)), "!"),
    "52": "V",
    "53": "7",
    "54": "!",
    "55": "-",
}
NUMBER = re.compile(r"\d+", re.ASCII)
BETWEEN_NUMBERS = re.compile(r"[\s,;\[\]]+")


def read(vocabulary: Conditions, text: str) -> Reading:
    """The meaning of a print's conditions, in the vocabulary of its folder."""
    return _read(vocabulary, text)


@lru_cache(maxsize=4_096)  # A day has a few dozen texts, a spoiled one as many as it likes.
def _read(vocabulary: Conditions, text: str) -> Reading:
    if vocabulary is Conditions.NONE:
        return Reading("", counts=True, unknown=(text,) if text else ())
    if vocabulary is Conditions.NUMERIC:
        return _numbers(text)
    letters = text.replace(" ", "")
    at_level = 0
    for letter in letters:
        levels = [n for n, codes in enumerate(LEVELS[vocabulary], 1) if letter in codes]
        if not levels or levels[0] <= at_level:
            return Reading("", counts=True, unknown=(text,))
        at_level = levels[0]
    return Reading(text, UNCOUNTED[vocabulary].isdisjoint(letters), ())


def _numbers(text: str) -> Reading:
    codes = [code for code in BETWEEN_NUMBERS.split(text) if code]
    found = [NUMBERS.get(code.lstrip("0") or "0", "") for code in codes]
    unknown = tuple(code for code, letter in zip(codes, found, strict=True) if not letter)
    letters = "".join(letter for letter in found if letter not in ("", "-", "!", "@"))
    counts = "!" not in found and UNCOUNTED[Conditions.UTP].isdisjoint(letters)
    return Reading(letters, counts, unknown)
