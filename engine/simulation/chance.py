"""Chance as data: a number drawn from a seed and a name, never from a hidden state.

The same seed and the same parts give the same number, whatever was drawn before and in whatever
order. So a simulation replays, and one more draw somewhere changes nothing elsewhere.
"""

from hashlib import blake2b

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
