"""Divide a quantity between taking now and posting at several venues until a deadline.

A take of M fills at once and costs half the spread h and a fee f a share. A post of L_k at venue k
waits behind a queue of Q_k: of an outflow xi_k until the deadline it fills max(xi_k - Q_k, 0) -
max(xi_k - Q_k - L_k, 0), and earns half the spread and a rebate r_k a share. What is short of the
target S at the deadline costs lambda_u a share, what is over lambda_o, and theta a share is the
impact of all that was sent and of what is short. With A = M + sum of fills

    cost = (h + f) M - sum (h + r_k) fill_k + theta (M + sum L_k + (S - A)+)
           + lambda_u (S - A)+ + lambda_o (A - S)+

and the outflows are independent. With one venue the optimum is a quantile of the outflow:

    L = F^-1(p*) - Q between 0 and S,   p* = (2 h + f + r) / (lambda_u + h + r + theta)

With several the expected cost is convex, and its least over whole lots is searched for by steps
that halve, up or down along each quantity at once. A router may not send more than it has, so there
M + sum L_k is at most S, and lambda_o is of no use.

The outflow that routing expects is exponential. Its mean is the one under which a post of one lot
behind its queue is filled until the deadline as often as the scorecard says.

Floats are inside the model alone, by + - * / and math.fsum; exp and ln come from `exact_math`.

Source: Cont and Kukanov (2017), "Optimal order placement in limit order markets".
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, product
from typing import NamedTuple

from engine.core.strategy.exact_math import CONTEXT
from engine.core.units import PPM

NEGLIGIBLE = 1e-18  # Of the most likely outflow; less likely ones are left out.
NO_CHANCE = 1e-12  # A distribution function below this is none.
VENUES_MAX = (
    2  # That a quantity is posted at; guess: the cost of the search grows by three for each.
)
UNITS_MAX = 32  # Of a target; a larger one is divided in units of several lots; guess.


class Shape(StrEnum):
    """Distribution of what leaves a queue until the deadline."""

    POISSON = "poisson"
    EXPONENTIAL = "exponential"


class Queue(NamedTuple):
    """A venue's queue ahead of us, its rebate, and what leaves the queue by trades and cancels."""

    ahead_qty: int
    rebate: float  # For each share.
    shape: Shape
    mean_qty: float


class Prices(NamedTuple):
    """The target, and what is paid for each share; all prices in one unit, whichever it is."""

    target_qty: int
    half_spread: float
    fee: float
    short: float  # lambda_u.
    over: float  # lambda_o.
    impact: float  # theta.


class OneVenue(NamedTuple):
    """The optimum at one venue."""

    p_star: float
    limit_qty: float
    market_qty: float
    all_limit_up_to: float | None  # The lambda_u up to which all is posted; None: any.


class Expected(NamedTuple):
    """Expected cost and fills of a split."""

    cost: float
    filled_qty: float
    short_qty: float
    over_qty: float


class Split(NamedTuple):
    """The split of the least expected cost that was found."""

    cost: float
    market_qty: int
    limit_qtys: tuple[int, ...]


# ------------------------------------------------------------------------ distributions


@lru_cache(maxsize=256)  # A search asks for the same queues again and again.
def exp(x: float) -> float:
    return float(CONTEXT.exp(Decimal(x)))


def ln(x: float) -> float:
    return float(CONTEXT.ln(Decimal(x)))


@lru_cache(maxsize=64)
def poisson(mean_qty: float) -> tuple[int, tuple[float, ...]]:
    """The first likely outflow, and the probabilities from it on.

    By the ratio of neighbours from the mode on both sides, then divided by their sum.
    """
    mode = int(mean_qty)
    down, up = [1.0], [1.0]
    while mode - len(down) >= 0 and down[-1] > NEGLIGIBLE:
        down.append(down[-1] * (mode - len(down) + 1) / mean_qty)
    while up[-1] > NEGLIGIBLE:
        up.append(up[-1] * mean_qty / (mode + len(up)))
    found = [*reversed(down), *up[1:]]
    total = math.fsum(found)
    return mode - len(down) + 1, tuple(chance / total for chance in found)


@lru_cache(maxsize=64)
def poisson_below(mean_qty: float) -> tuple[float, ...]:
    """The distribution function at each likely outflow."""
    return tuple(accumulate(poisson(mean_qty)[1]))


@lru_cache(maxsize=64)
def poisson_from(mean_qty: float) -> tuple[float, ...]:
    """P(outflow >= each likely one)."""
    return tuple(accumulate(reversed(poisson(mean_qty)[1])))[::-1]


def below(queue: Queue, qty: float) -> float:
    """P(outflow <= qty)."""
    if queue.shape is Shape.EXPONENTIAL:
        return 1 - exp(-qty / queue.mean_qty)
    first, chances = poisson(queue.mean_qty)
    place = int(qty) - first
    if place < 0:
        return 0.0
    return min(1.0, poisson_below(queue.mean_qty)[min(place, len(chances) - 1)])


def quantile(queue: Queue, chance: float) -> float:
    """The least outflow of which the distribution function reaches a chance below 1."""
    if queue.shape is Shape.EXPONENTIAL:
        return -queue.mean_qty * ln(1 - chance)
    return poisson(queue.mean_qty)[0] + bisect_left(poisson_below(queue.mean_qty), chance)


def fills_from(queue: Queue, limit_qty: int) -> list[float]:
    """P(fill >= n) of a limit order for n = 1 to all of it, of outflows in whole shares."""
    ahead = queue.ahead_qty
    if queue.shape is Shape.EXPONENTIAL:
        each = exp(-1 / queue.mean_qty)
        first = exp(-(ahead + 1) / queue.mean_qty) if limit_qty else 0.0
        return list(accumulate([first] + [each] * (limit_qty - 1), lambda x, y: x * y))[:limit_qty]
    start, chances = poisson(queue.mean_qty)
    from_ = poisson_from(queue.mean_qty)
    places = range(ahead + 1 - start, ahead + 1 - start + limit_qty)
    return [1.0 if n < 0 else from_[n] if n < len(chances) else 0.0 for n in places]


# ---------------------------------------------------------------------------- one venue


def one_venue(prices: Prices, queue: Queue) -> OneVenue:
    """The optimum of a market order and one limit order.

    Raises ValueError unless the costs of a share that is short are positive.
    """
    gain = 2 * prices.half_spread + prices.fee + queue.rebate
    price = prices.half_spread + queue.rebate + prices.impact
    if prices.short + price <= 0:
        raise ValueError(f"lambda_u {prices.short} and {price} must be positive together")
    p_star, target = gain / (prices.short + price), prices.target_qty
    limit: float = target if p_star > 0 else 0
    if 0 < p_star < 1:
        limit = min(max(quantile(queue, p_star) - queue.ahead_qty, 0), target)
    reached = below(queue, queue.ahead_qty + target)
    up_to = gain / reached - price if reached > NO_CHANCE else None
    return OneVenue(p_star, limit, target - limit, up_to)


# ------------------------------------------------------------------------ expected cost


def expected(
    prices: Prices, queues: Sequence[Queue], market_qty: int, limit_qtys: Sequence[int]
) -> Expected:
    """Expected cost, fill, shortfall and excess of a split, of outflows in whole shares."""
    chances = [fills_from(queue, qty) for queue, qty in zip(queues, limit_qtys, strict=True)]
    fills = [math.fsum(x) for x in chances]
    filled = market_qty + math.fsum(fills)
    short = shortfall(chances, prices.target_qty - market_qty)
    over = filled - prices.target_qty + short
    earned = math.fsum(
        (prices.half_spread + queue.rebate) * fill
        for queue, fill in zip(queues, fills, strict=True)
    )
    cost = (
        (prices.half_spread + prices.fee) * market_qty
        - earned
        + prices.impact * (market_qty + sum(limit_qtys) + short)
        + prices.short * short
        + prices.over * over
    )
    return Expected(cost, filled, short, over)


def shortfall(chances: Sequence[Sequence[float]], left_qty: int) -> float:
    """E[(left - sum of fills)+] over independent venues, each with its P(fill >= n)."""
    if left_qty <= 0:
        return 0.0
    if not chances:
        return float(left_qty)
    first, *others = chances
    # Of one venue (c - fill)+ grows by P(fill <= c) with each share of c.
    more = (1 - (first[n] if n < len(first) else 0.0) for n in range(left_qty))
    grown = [0.0, *accumulate(more)]
    for venue in others[:-1]:
        grown = behind(venue, grown)
    return behind(others[-1], grown, left_qty)[0] if others else grown[-1]


def behind(chances: Sequence[float], grown: Sequence[float], first: int = 0) -> list[float]:
    """E[g(c - fill)] for c = `first` to the last, from g(c) for c = 0 on; g(c) below 0 is 0."""
    exactly = [x - y for x, y in zip([1.0, *chances], [*chances, 0.0], strict=True)]
    return [
        math.fsum(chance * grown[c - fill] for fill, chance in enumerate(exactly[: c + 1]))
        for c in range(first, len(grown))
    ]


# ------------------------------------------------------------------------------ optimum


def optimum(prices: Prices, queues: Sequence[Queue], *, may_overbook: bool) -> Split:
    """The split of the least expected cost over whole shares, of which no step is better.

    Steps begin at a quarter of the target and halve; each changes some quantities, up or down: with
    five venues 728 are tried, so this is for few. Without `may_overbook` no more is sent than the
    target. The expected cost is convex, so what no step improves is the least up to the flat of the
    minimum.
    """
    count = len(queues) + 1
    each = prices.target_qty // count
    best = [prices.target_qty - each * len(queues), *[each] * len(queues)]
    cost = expected(prices, queues, best[0], best[1:]).cost
    moves = [move for move in product((-1, 0, 1), repeat=count) if any(move)]
    step = max(1, prices.target_qty // 4)
    while step:
        is_better = False
        for move in moves:
            tried = [qty + step * sign for qty, sign in zip(best, move, strict=True)]
            if min(tried) < 0 or (not may_overbook and sum(tried) > prices.target_qty):
                continue
            found = expected(prices, queues, tried[0], tried[1:]).cost
            if found < cost:
                best, cost, is_better = tried, found, True
        if not is_better:
            step //= 2
    return Split(cost, best[0], tuple(best[1:]))


# ------------------------------------------------------------------------------ routing


class Post(NamedTuple):
    """A post that a venue would take: what it shows ahead of it, and its chance."""

    venue: str
    ahead_qty: int
    fill_ppm: int  # Of a lot until the deadline.
    rebate_millibps: int  # Below zero for a fee.


class Costs(NamedTuple):
    """Costs of each way against the midpoint, 1e-3 bps."""

    half_spread_millibps: int
    fee_millibps: int  # Of a take.
    short_millibps: int  # Of what is not filled at the deadline.


def limit_qtys(qty: int, lot_qty: int, costs: Costs, posts: Iterable[Post]) -> dict[str, int]:
    """The part of a quantity to post, by venue; the rest is to be taken now.

    Of the posts the first `VENUES_MAX` are used, so the best come first. In whole lots, rounded
    down: what is left over is taken. Nothing is posted where a miss costs no more than nothing, as
    then nothing is to be had by the deadline.
    """
    lots = qty // lot_qty
    unit_lots = max(1, -(-lots // UNITS_MAX))
    unit_qty = unit_lots * lot_qty
    able = [x for x in posts if x.fill_ppm > 0 and worth(costs, x) > 0][:VENUES_MAX]
    if not able or not lots:
        return {}
    prices = Prices(
        target_qty=lots // unit_lots,
        half_spread=costs.half_spread_millibps,
        fee=costs.fee_millibps,
        short=costs.short_millibps,
        over=0.0,
        impact=0.0,
    )
    queues = [queue_of(post, lot_qty, unit_qty) for post in able]
    if len(able) == 1:
        found: tuple[int, ...] = (int(one_venue(prices, queues[0]).limit_qty),)
    else:
        found = optimum(prices, queues, may_overbook=False).limit_qtys
    return {post.venue: units * unit_qty for post, units in zip(able, found, strict=True) if units}


def worth(costs: Costs, post: Post) -> int:
    """Cost of a share that is short, and would have been filled by the post."""
    return costs.short_millibps + costs.half_spread_millibps + post.rebate_millibps


def queue_of(post: Post, lot_qty: int, unit_qty: int) -> Queue:
    """The queue of a post in units, with the outflow by which a lot has its chance."""
    ahead = -(-post.ahead_qty // unit_qty)  # Ceiling: a part of a unit is ahead too.
    chance = min(post.fill_ppm, PPM - 1) / PPM
    mean_qty = (post.ahead_qty + lot_qty) / -ln(chance)
    return Queue(ahead, post.rebate_millibps, Shape.EXPONENTIAL, mean_qty / unit_qty)
