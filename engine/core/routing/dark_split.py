"""Divide a quantity among venues that show nothing, by what they hid from earlier children.

A venue that is sent v lots and has s fills min(s, v): less than all shows s, all of it only that s
is at least v. So the tail P(S >= s) is a survival function of a censored quantity, over lots
instead of times. Kaplan and Meier's hazard of u is the share of those that found no other lot after
u among those that were sent one: filled u or more, and sent more than u. A child of v lots that is
filled says nothing of what lies beyond v. A scorecard keeps both counts by class of u, exact up to
ten lots and in coarser classes, in each of which one hazard holds for every lot, above that.

What is hidden has many zeros and a heavy tail, which two numbers describe:

    P(S = 0) = p0,   P(S = k) = (1 - p0) * k^-beta / sum over j = 1..n of j^-beta

This law is fitted to all venues of a kind by its likelihood, from a guess that counts like a few
children, and a venue's own hazards lean on it as if some children more had found what it says. So a
venue that was never sent as much has a tail all the same, and its own counts prevail when there are
many.

Tails do not increase, so the greedy that gives each next lot to the venue most likely to have it
has the highest expected fill of all divisions.

The law is in floats, by + - * / and square roots alone, and logarithms that `exact_math` rounds; so
it is the same everywhere. Tails are integers.

A child that rests is one trial of what a venue hides within `WAIT_NS`. One that is taken back
earlier counts as the part of a trial that it waited, by what it did not get; what it got counts in
full, as in `survival`.

Source: Ganchev, Kearns, Nevmyvaka and Wortman Vaughan (2010), "Censored exploration and the dark
pool problem".
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import prod, sqrt
from typing import NamedTuple

from engine.core.routing.chances import EXPLORE_MILLI, EXPLORE_PPM
from engine.core.routing.survival import CHILD_MILLI, FINE, wilson_ppm
from engine.core.state.model import Sizes
from engine.core.state.state import State
from engine.core.strategy.exact_math import CONTEXT
from engine.core.units import NS_PER_S, PPM

LOTS_MAX = 200  # Beyond it a venue is expected to hide nothing; guess: a block is negotiated.
# Classes of the lots that were filled before the next one: the first of each and that of the next.
CLASSES = tuple(pairwise((*range(10), 10, 15, 20, 30, 50, 100, LOTS_MAX)))
WAIT_NS = 60 * NS_PER_S  # Time of a trial; guess, as the chance that an update of a card is about.
STEPS_MAX = 1_000  # Of the greedy; what is more goes in steps of several lots; guess.
LAW_MILLI = 4 * CHILD_MILLI  # Weight of the law of its kind in a venue's hazards; guess.
GUESS_MILLI = 2 * CHILD_MILLI  # Weight of the guess in the law of a kind; guess.
HAZARD = 10**9  # Scale of the law's hazards.
BETA_STEPS = tuple(4 / (1 << n) for n in range(17))  # Between -8 and 8, to 6e-5.

NO_SIZES = Sizes(*((0,) * len(CLASSES),) * 2)


class PowerLaw(NamedTuple):
    """Hidden quantity: the probability of none, and a power law up to `lots_max` lots."""

    p0: float
    beta: float
    lots_max: int


# Between the published fits: p0 from 0.67 to 0.96, beta mostly from 0.25 to 1.3.
GUESS = PowerLaw(0.8, 1.0, LOTS_MAX)


class Pool(NamedTuple):
    """A venue, the chances that it has each next lot, 1e-12, and the lots that it may be given."""

    venue: str
    tail: Sequence[int]
    least_lots: int
    most_lots: int


class Part(NamedTuple):
    """Lots for a venue, and the chance that it has the last of them, ppm; rounded down."""

    lots: int
    tail_ppm: int


class Room(NamedTuple):
    """The quantity that a child at a venue may be for, and the venue's minimum."""

    least_qty: int
    most_qty: int


# ------------------------------------------------------------------------------ counts


def counts_of(sent_lots: int, filled_lots: int, waited_milli: int = CHILD_MILLI) -> Sizes:
    """Count one child, which waited for such a part of its time for more than it got.

    Lots above `LOTS_MAX` are not counted.
    """
    sent = min(sent_lots, LOTS_MAX)
    filled = min(filled_lots, sent)
    at_risk, ended = [], []
    for first, after in CLASSES:
        passed = min(max(0, filled - first), after - first)
        ends = waited_milli if first <= filled < after and filled < sent else 0
        at_risk.append(CHILD_MILLI * passed + ends)
        ended.append(ends)
    return Sizes(tuple(at_risk), tuple(ended))


def waited_milli(rested_ns: int) -> int:
    """The part of a trial that a child waited, 1e-3; rounds down."""
    return CHILD_MILLI * min(rested_ns, WAIT_NS) // WAIT_NS


def lots_of(sent_qty: int, filled_qty: int, lot_qty: int) -> tuple[int, int]:
    """A child's quantity and its filled part in lots.

    An odd lot is a lot where it was filled, and where it was not a part of one counts as nothing.
    """
    sent = -(-sent_qty // lot_qty)
    return sent, sent if filled_qty >= sent_qty else max(0, filled_qty) // lot_qty


# ------------------------------------------------------------------------------- tails


def tail_fine(own: Sizes, hazards: Sequence[int], law_milli: int, lots: int) -> list[int]:
    """P(S >= s) for s = 1 to so many lots, at most `LOTS_MAX`, 1e-12; rounds down.

    `hazards` are those of the law, 1e-9 by the lots filled before, which count like so many
    thousandths of a child at each; with none of them the product is Kaplan and Meier's.
    """
    found, left = [], FINE
    for (first, after), at_risk, ended in zip(CLASSES, *own, strict=True):
        weight = law_milli * (after - first)
        wide = HAZARD * (at_risk + weight)
        for hazard in hazards[first : min(after, lots)]:
            if wide:
                left = left * (wide - HAZARD * ended - weight * hazard) // wide
            found.append(left)
    return found


def interval_ppm(own: Sizes, lots: int) -> tuple[int, int]:
    """The 95 % interval of P(S >= lots) from the counts alone, at most `LOTS_MAX` lots, ppm.

    Wilson's for as many tries as would give a plain rate Greenwood's variance (Dorey and Korn
    1987). Where every child that was sent so much got it, the tries are those at risk of the last.
    """
    left, variance, least = Fraction(1), Fraction(0), 0
    for (first, after), at_risk, ended in zip(CLASSES, *own, strict=True):
        levels = min(after, lots) - first
        if levels <= 0:
            break
        least = at_risk // (after - first)
        if ended:
            left *= prod([1 - Fraction(ended, at_risk)] * levels)
        if ended < at_risk:  # The lots of a class have one hazard, so they err together.
            variance += levels * levels * greenwood(ended, at_risk)
    tries = int(CHILD_MILLI * (1 - left) / (left * variance)) if left and variance else least
    return wilson_ppm(int(tries * left), tries)


def greenwood(ended_milli: int, at_risk_milli: int) -> Fraction:
    """One class's d / (n * (n - d)): its part in the variance of the logarithm of the tail."""
    return Fraction(ended_milli * CHILD_MILLI, at_risk_milli * (at_risk_milli - ended_milli))


# --------------------------------------------------------------------------------- law


def tail_of(law: PowerLaw) -> list[float]:
    """P(S >= s) for s = 0 to `lots_max`. Raises ValueError outside of the model's domain."""
    if not 0 <= law.p0 <= 1 or law.lots_max < 1:
        raise ValueError(f"p0 {law.p0} must be in [0, 1] and lots_max {law.lots_max} positive")
    found, left = [], 0.0
    for weight in reversed(powers(law.beta, law.lots_max)):
        left += weight
        found.append(left)
    return [1.0, *((1 - law.p0) * mass / left for mass in reversed(found))]


def hazards_of(law: PowerLaw) -> tuple[int, ...]:
    """P(S = u | S >= u) for u = 0 to `lots_max` - 1, 1e-9; rounds down."""
    tail = tail_of(law)
    return tuple(
        int(HAZARD * ((here - after) / here)) if here else HAZARD for here, after in pairwise(tail)
    )


def fit(counts: Sizes, lots_max: int) -> PowerLaw:
    """The law of the highest likelihood, from the counts of children.

    p0 is the share of those that found nothing. beta is where the derivative of the log likelihood
    crosses zero, found by halving; an end of its interval where the likelihood only rises. Without
    a fill nothing is known of beta, which is 0. Raises ValueError without a child, or if more than
    `lots_max` was filled.
    """
    at_risk, ended = (spread(x) for x in counts)
    if not at_risk[0] or any(at_risk[lots_max:]):
        raise ValueError(
            f"{at_risk[0]} children, and {sum(at_risk[lots_max:])} sent and filled beyond "
            f"{lots_max} lots, expected some and none"
        )
    beta, weights = 0.0, [1.0] * lots_max
    if any(at_risk[1:]):
        logs = logarithms(lots_max)
        levels = [(u, at_risk[u], ended[u]) for u in range(1, lots_max) if at_risk[u]]
        for step in BETA_STEPS:
            rungs = powers_of_step(step, lots_max)
            if slope(weights, logs, levels) > 0:
                beta += step
                weights = [weight / rung for weight, rung in zip(weights, rungs, strict=True)]
            else:
                beta -= step
                weights = [weight * rung for weight, rung in zip(weights, rungs, strict=True)]
    return PowerLaw(ended[0] / at_risk[0], beta, lots_max)


def slope(
    weights: Sequence[float], logs: Sequence[float], levels: Iterable[tuple[int, float, float]]
) -> float:
    """Derivative of the log likelihood by beta, of the children that found something.

    With M(u) the mean of ln k over k >= u: M(u) - ln u for one that found u and no more, and M(u) -
    M(u + 1) for one that found more than u. `levels` are (u, at risk, ended).
    """
    mass, moment, means = 0.0, 0.0, []
    for weight, log in zip(reversed(weights), reversed(logs), strict=True):
        mass += weight
        moment += weight * log
        means.append(moment / mass)
    means.reverse()
    found = 0.0
    for u, at_risk, ended in levels:
        found += ended * (means[u - 1] - logs[u - 1])
        found += (at_risk - ended) * (means[u - 1] - means[u])
    return found


def spread(counts: Sequence[int]) -> list[float]:
    """Counts by class as counts by lot."""
    return [
        count / (after - first)
        for (first, after), count in zip(CLASSES, counts, strict=True)
        for _ in range(first, after)
    ]


def powers(beta: float, lots_max: int) -> list[float]:
    """Powers k ** -beta for k = 1 to so many, to the last step of beta, by square roots."""
    found, left = [1.0] * lots_max, abs(beta)
    for step in BETA_STEPS:
        while left >= step:
            left -= step
            rungs = powers_of_step(step, lots_max)
            found = [x * rung for x, rung in zip(found, rungs, strict=True)]
    return found if beta < 0 else [1 / x for x in found]


@lru_cache(maxsize=64)
def powers_of_step(step: float, lots_max: int) -> tuple[float, ...]:
    """Powers k ** step for k = 1 to so many, of a power of two."""
    found, reached = [float(k) for k in range(1, lots_max + 1)], 1.0
    while reached < step:
        found, reached = [x * x for x in found], 2 * reached
    while reached > step:
        found, reached = [sqrt(x) for x in found], reached / 2
    return tuple(found)


@lru_cache(maxsize=4)
def logarithms(lots_max: int) -> tuple[float, ...]:
    """Natural logarithms of 1 to so many."""
    return tuple(float(CONTEXT.ln(Decimal(k))) for k in range(1, lots_max + 1))


@lru_cache(maxsize=64)  # Of a kind of venue, until one of them teaches something.
def hazards_of_kind(pooled: Sizes) -> tuple[int, ...]:
    """The hazards of the law of a kind's venues together, 1e-9."""
    return hazards_of(fit(pooled.plus(guessed()), LOTS_MAX))


@lru_cache(maxsize=1)
def guessed() -> Sizes:
    """The counts of the children that the guess is worth."""
    tail = tail_of(GUESS)
    at_risk, ended = [], []
    for first, after in CLASSES:
        at_risk.append(int(GUESS_MILLI * sum(tail[first:after])))
        ended.append(int(GUESS_MILLI * (tail[first] - tail[after])))
    return Sizes(tuple(at_risk), tuple(ended))


# -------------------------------------------------------------------------------- split


def divided(
    state: State, hidden: str, rooms: Mapping[str, Room], qty: int, lot_qty: int
) -> dict[str, Part]:
    """The lots of each venue that is given some; together the quantity, or what they have room for.

    `hidden` is the tactic of `cells.hidden_of`. Raises KeyError for a venue that reference data
    does not know.
    """
    lots = -(-qty // lot_qty)
    pools = []
    for venue, room in rooms.items():
        most = max(1, room.most_qty // lot_qty)  # A lot is too much for less: its rules will say.
        tail = tail_at(state, venue, hidden, min(lots, most))
        pools.append(Pool(venue, tail, -(-room.least_qty // lot_qty), most))
    return greedy(pools, lots)


def tail_at(state: State, venue: str, hidden: str, lots: int) -> list[int]:
    """The chances that a venue has each of so many lots, 1e-12; the first with its bonus."""
    card, kind = state.scorecards.get(venue), state.reference.venues[venue].kind
    hazards = hazards_of_kind(state.pools.sizes.get((kind, hidden), NO_SIZES))
    own = NO_SIZES if card is None else card.sizes.get(hidden, NO_SIZES)
    tail = tail_fine(own, hazards, LAW_MILLI, lots)
    bonus_ppm = EXPLORE_PPM * EXPLORE_MILLI // (EXPLORE_MILLI + own.at_risk_milli[0])
    tail[0] = min(FINE, tail[0] + bonus_ppm * (FINE // PPM))
    return tail


def greedy(pools: Iterable[Pool], lots: int) -> dict[str, Part]:
    """Give each next lot to the venue most likely to have it; a tie goes to the lower code.

    A venue whose tail has ended counts 0. Of venues that get less than their least the one of the
    lowest chance, and of these of the highest code, is left out, and the lots are given anew. The
    cost is that of `STEPS_MAX` steps for each venue left out.
    """
    able = {pool.venue: pool for pool in pools if pool.least_lots <= min(pool.most_lots, lots)}
    while True:
        given = filled(able, lots)
        few = [venue for venue, part in given.items() if part.lots < able[venue].least_lots]
        if not few:
            return given
        del able[min(sorted(few, reverse=True), key=lambda venue: given[venue].tail_ppm)]


def filled(pools: Mapping[str, Pool], lots: int) -> dict[str, Part]:
    """The greedy without a least quantity."""
    step, left = -(-lots // STEPS_MAX), lots
    given = dict.fromkeys(pools, 0)
    heap = [(-chance_of(pool, step), venue) for venue, pool in pools.items()]
    heapq.heapify(heap)
    while left and heap:
        _, venue = heapq.heappop(heap)
        more = min(step, left, pools[venue].most_lots - given[venue])
        given[venue] += more
        left -= more
        if given[venue] < pools[venue].most_lots:
            heapq.heappush(heap, (-chance_of(pools[venue], given[venue] + step), venue))
    return {
        venue: Part(number, chance_of(pools[venue], number) * PPM // FINE)
        for venue, number in given.items()
        if number
    }


def chance_of(pool: Pool, number: int) -> int:
    """The chance that a venue has its lot of this number, 1e-12."""
    return pool.tail[number - 1] if number <= len(pool.tail) else 0
