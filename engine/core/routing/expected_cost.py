"""The expected cost of each way to fill a quantity, against the midpoint of now.

A take pays half the spread and its impact. A child that waits pays what its way pays if it is
filled in time, and if it is not, what the rest costs later:

    cost = P(fill) x (price + fee + adverse move) + (1 - P(fill)) x (missed cost)

P(fill) is the survival of such a child at its venue within the time that its parent can wait. The
missed cost is that of a take: half a spread, its fee, its impact, and the lean.

**Impact.** What takes shows itself, and the next lots of the parent pay for it. It is charged the
temporary impact of Almgren, Thum, Hauptmann and Li (2005), 0.142 x daily volatility x rate^(3/5),
at a rate of one percent of the volume (guess).

**Adverse move.** A passive fill comes when the market comes to it. What the midpoint did against us
within a minute of the fill is learned by tactic and venue (`market.markouts`). A post keeps its
price, so the move from its route to its fill is part of it: that price is only had when the market
falls to a buyer. As a midpoint is a martingale, the price runs away where the post is missed by as
much, P(fill) x move in all. A peg pays the midpoint of its fill, so its path there costs nothing on
average.

**Lean.** Where more is displayed on one side of the touch, the midpoint moves to the other one: its
best forecast is the midpoint weighted by the sizes across it (Gatheral and Oomen 2010; Stoikov
2018). What the rest costs later grows by its distance from the midpoint.

Figures are in 1e-3 bps; positive is a cost.
"""

from collections.abc import Mapping
from typing import NamedTuple

from engine.core.market.markouts import BEFORE_S
from engine.core.routing.cells import PEG, POST
from engine.core.routing.survival import CHILD_MILLI
from engine.core.state.model import Markout, Scorecard
from engine.core.units import MILLIBPS, NS_PER_S, PPM

WAIT_MILLIBPS_PER_SECOND = 1  # Price of waiting, which shows our interest; guess.
WAIT_SECONDS_MAX = 60
# Impact for each unit of daily volatility: 0.142 x 0.01^0.6 = 0.00896.
IMPACT_PPM = 8_960
MISSED_SPREADS = 1  # What the price moves away when a take finds nothing, spreads; guess.
AFTER_S = 60  # The horizon of the adverse move after a fill.
# Adverse moves before our own fills teach them; the engine's posts lost 0.49 bps within a minute on
# a measured day, the tape's passive side 0.18 bps.
ADVERSE_MILLIBPS: Mapping[str, int] = {POST: 490, PEG: 180}
ALL_MILLI = 20 * CHILD_MILLI  # Weight of the guess in the mean of all venues; guess.
OWN_MILLI = 50 * CHILD_MILLI  # Weight of all venues in a venue's mean; guess: markouts are noisy.


class Cost(NamedTuple):
    """The expected cost of a way, and its parts, 1e-3 bps."""

    score_millibps: int
    filled_millibps: int  # Price and fee of what is filled.
    adverse_millibps: int  # The midpoint's move against what is filled.
    missed_millibps: int  # The later cost of what is not.


def of_take(
    price_millibps: int,
    learned_millibps: int | None,
    impact_millibps: int,
    spread_millibps: int,
    chance_ppm: int,
) -> Cost:
    """A take, whose price with fee is the mean of what is quoted and what takes there cost so far.

    What it misses is asked for again, a whole spread later; rounds down.
    """
    filled = price_millibps
    if learned_millibps is not None:
        filled = (filled + learned_millibps) // 2
    filled += impact_millibps
    missed_millibps = filled + MISSED_SPREADS * spread_millibps
    score = (filled * chance_ppm + missed_millibps * (PPM - chance_ppm)) // PPM
    return Cost(score, filled, 0, missed_millibps)


def of_rest(
    price_millibps: int, adverse_millibps: int, missed_millibps: int, chance_ppm: int, speed_ns: int
) -> Cost:
    """A child that rests at a price with fee until it is filled or out of time; rounds down."""
    filled = price_millibps + adverse_millibps
    score = (filled * chance_ppm + missed_millibps * (PPM - chance_ppm)) // PPM
    return Cost(score + wait_millibps(speed_ns), price_millibps, adverse_millibps, missed_millibps)


def impact_millibps(daily_volatility_ppm: int) -> int:
    """The impact of what takes, rounded down."""
    return daily_volatility_ppm * (MILLIBPS // PPM) * IMPACT_PPM // PPM


def wait_millibps(speed_ns: int) -> int:
    """The price of the time that a fill at the venue usually takes."""
    return min(WAIT_SECONDS_MAX, speed_ns // NS_PER_S) * WAIT_MILLIBPS_PER_SECOND


def lean_millibps(bid_qty: int, ask_qty: int, half_spread_millibps: int, *, is_buy: bool) -> int:
    """The distance of the weighted midpoint from the midpoint, against us; rounds down.

    At most half a spread; 0 where nothing is displayed.
    """
    shown_qty = bid_qty + ask_qty
    if not shown_qty:
        return 0
    up_qty = bid_qty - ask_qty
    return half_spread_millibps * (up_qty if is_buy else -up_qty) // shown_qty


def adverse_millibps(
    pooled: Mapping[tuple[str, int], Markout], card: Scorecard | None, tactic: str
) -> int:
    """The mean move of the midpoint against a passive fill of a venue, shrunk to all venues'."""
    own: Mapping[tuple[str, int], Markout] = {} if card is None else card.markouts
    gained = shrunk(pooled, own, (tactic, AFTER_S), -ADVERSE_MILLIBPS[tactic])
    if tactic == POST:
        gained += shrunk(pooled, own, (tactic, BEFORE_S), 0)
    return -gained


def shrunk(
    pooled: Mapping[tuple[str, int], Markout],
    own: Mapping[tuple[str, int], Markout],
    key: tuple[str, int],
    prior_millibps: int,
) -> int:
    """A venue's mean, which leans on all venues', and that on a guess; rounds down."""
    mean = mean_millibps(pooled.get(key, Markout()), prior_millibps, ALL_MILLI)
    return mean_millibps(own.get(key, Markout()), mean, OWN_MILLI)


def mean_millibps(found: Markout, prior_millibps: int, weight_milli: int) -> int:
    total = found.sum_millibps * CHILD_MILLI + prior_millibps * weight_milli
    return total // (found.fills_milli + weight_milli)


def fee_millibps(fee_px: int, mid_px: int) -> int:
    """A fee in parts of the price; rounds down."""
    return fee_px * MILLIBPS // max(1, mid_px)
