"""Chance as data: a number drawn from a seed and a name, never from a hidden state.

The same seed and the same parts give the same number, whatever was drawn before and in whatever
order. So a simulation replays, and one more draw somewhere changes nothing elsewhere.
"""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import NamedTuple

PPM = 1_000_000  # Probabilities are parts per million.


def draw(seed: int, *parts: str | int) -> int:
    """A number from 0 to 2^64 - 1, uniform over seeds and parts."""
    text = "\x1f".join(map(str, (seed, *parts)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def below(limit: int, seed: int, *parts: str | int) -> int:
    """A number from 0 to limit - 1; the bias of the remainder is below limit / 2^64."""
    return draw(seed, *parts) % limit


def happens(chance_ppm: int, seed: int, *parts: str | int) -> bool:
    """Whether something with this probability happens, ppm."""
    return below(PPM, seed, *parts) < chance_ppm


Weights = Sequence[tuple[str, int]]  # Options and their weights.


class Draw(NamedTuple):
    """The chance of one subject: a draw depends on seed, subject and its own name alone."""

    seed: int
    subject: str
    number: int

    def below(self, limit: int, name: str) -> int:
        return below(limit, self.seed, self.subject, self.number, name)

    def happens(self, chance_ppm: int, name: str) -> bool:
        return happens(chance_ppm, self.seed, self.subject, self.number, name)

    def pick(self, options: Sequence[str], name: str) -> str:
        return options[self.below(len(options), name)]

    def weigh(self, options: Weights, name: str) -> str:
        """One of the options, by weight."""
        edges = list(accumulate(weight for _, weight in options))
        drawn = self.below(edges[-1], name)
        return next(text for (text, _), edge in zip(options, edges, strict=True) if drawn < edge)
