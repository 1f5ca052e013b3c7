"""Divide what is left of a limit among the shards by their needs.

A refused order comes first, if what is left of the limit can cover it: its shard gets the order's
value. An order that is larger than that moves nothing, so that a client who repeats it starves no
shard. The rest is divided by what each shard accepted lately; a shard that accepted nothing gets
about half of an equal part, so that its first order finds something.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Need(NamedTuple):
    """A shard's use of a limit, whole currency units."""

    spent_cur: int
    recent_cur: int  # Accepted lately.
    wanted_cur: int  # Value of a refused order; 0 if there is none.


def targets(limit_cur: int, needs: Sequence[Need]) -> list[int]:
    """The parts that the shards should have; their sum is the limit, or what was spent if more.

    Rounded down; the shards of the lowest numbers get the units that remain.
    """
    left_cur = max(0, limit_cur - sum(need.spent_cur for need in needs))
    found = [need.spent_cur for need in needs]
    for number in sorted(range(len(needs)), key=lambda n: needs[n].wanted_cur):
        if needs[number].wanted_cur <= left_cur:
            found[number] += needs[number].wanted_cur
            left_cur -= needs[number].wanted_cur
    base_cur = sum(need.recent_cur for need in needs) // len(needs) + 1
    weights = [need.recent_cur + base_cur for need in needs]
    shares = [left_cur * weight // sum(weights) for weight in weights]
    for number in range(left_cur - sum(shares)):
        shares[number] += 1
    return [own + share for own, share in zip(found, shares, strict=True)]
