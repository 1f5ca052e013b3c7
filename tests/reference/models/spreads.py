"""Effective and realised spreads of trades, and their price impact.

Effective spread is twice the distance from the midpoint at the trade, realised from the midpoint
later; their difference is published as price impact both whole and halved. A midpoint needs a
two-sided quote that is not crossed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from models.amounts import BPS, Rational, cost_bps, mean, sign

from engine.core.events import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One trade against its quote; None where there is no midpoint to measure from."""

    mid: Fraction | None
    quoted: Fraction | None  # None for a one-sided quote; negative for a crossed one.
    effective: Fraction | None
    effective_bps: Fraction | None  # Of the midpoint.
    realised: Fraction | None
    impact_half: Fraction | None  # (effective - realised) / 2.
    impact_full: Fraction | None  # effective - realised; both are published as price impact.
    markout_bps: Fraction | None  # Of the price; positive is good for the taker.


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSpreads:
    """Effective spreads of several trades; trades without a midpoint stay out of the means."""

    effective: tuple[Fraction | None, ...]
    mean: Fraction | None
    weighted_mean: Fraction | None  # By quantity.


def spread(
    side: Side,
    price: Rational,
    bid: Rational | None,
    ask: Rational | None,
    mid_later: Rational | None = None,
) -> Spread:
    """Spread measures of one trade; `mid_later` is the midpoint at the horizon, if known.

    A side that is None or 0 is missing. Without one side, or crossed, a quote has no midpoint.
    """
    d = sign(side)
    mid = _midpoint(bid, ask)
    effective = effective_bps = realised = impact = markout_bps = None
    if mid is not None:
        effective = 2 * d * (price - mid)
        effective_bps = effective / mid * BPS
    if mid_later is not None:
        realised = 2 * d * Fraction(price - mid_later)
        markout_bps = -realised / 2 / price * BPS
    if effective is not None and realised is not None:
        impact = effective - realised
    return Spread(
        mid=mid,
        quoted=Fraction(ask - bid) if bid and ask else None,
        effective=effective,
        effective_bps=effective_bps,
        realised=realised,
        impact_half=None if impact is None else impact / 2,
        impact_full=impact,
        markout_bps=markout_bps,
    )


def effective_spreads(
    trades: Iterable[tuple[Side, Rational, Rational | None, Rational | None, Rational]],
) -> EffectiveSpreads:
    """Effective spreads and their means; trades are (side, price, bid, ask, quantity)."""
    effective: list[Fraction | None] = []
    measured: list[tuple[Fraction, Rational]] = []
    for side, price, bid, ask, quantity in trades:
        width = spread(side, price, bid, ask).effective
        effective.append(width)
        if width is not None:
            measured.append((width, quantity))
    return EffectiveSpreads(
        effective=tuple(effective),
        mean=mean((width, 1) for width, _ in measured),
        weighted_mean=mean(measured),
    )


def leakage_bps(side: Side, mid_at_route: Rational, mid_at_first_fill: Rational) -> Fraction:
    """Move of the market before the order's first fill; positive is against the order."""
    return cost_bps(side, mid_at_first_fill, mid_at_route)


def _midpoint(bid: Rational | None, ask: Rational | None) -> Fraction | None:
    if not bid or not ask or ask < bid:
        return None
    return Fraction(bid + ask) / 2
