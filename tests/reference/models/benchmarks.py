"""Benchmark prices of the market over an interval or a day.

A VWAP states its interval (start included, end excluded), whether own executions count and which
prints are eligible. A TWAP weights a price by the time it was in force, until the next tick; to
weight it by the time since the tick before is a common mistake.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from models.amounts import Rational, mean, sign, total

from engine.core.events import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A print on the tape."""

    at: Rational
    price: Rational
    quantity: Rational
    eligible: bool  # Its trade conditions let it count.
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalVwap:
    """The VWAPs of an interval; None where no print counts."""

    vwap_all: Fraction | None
    vwap_eligible: Fraction | None
    vwap_market: Fraction | None  # Eligible, and without our own executions.
    volume_all: Rational


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeAtPrice:
    """A day's volume by price, and how much of it a price beats; None without volume."""

    vwap: Fraction | None
    volume: Rational
    beaten_share: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDay:
    """A session's tape in a few numbers; None where nothing traded."""

    trades: int
    volume: int
    vwap: Fraction | None
    high: Rational | None
    low: Rational | None
    off_exchange_share: Fraction | None
    bucket_volumes: tuple[int, ...]


def interval_vwap(trades: Iterable[Trade], start: Rational, end: Rational) -> IntervalVwap:
    """VWAPs over the prints with start <= at < end."""
    inside = [trade for trade in trades if start <= trade.at < end]
    eligible = [trade for trade in inside if trade.eligible]
    market = [trade for trade in eligible if not trade.own]
    return IntervalVwap(
        vwap_all=mean((trade.price, trade.quantity) for trade in inside),
        vwap_eligible=mean((trade.price, trade.quantity) for trade in eligible),
        vwap_market=mean((trade.price, trade.quantity) for trade in market),
        volume_all=total(trade.quantity for trade in inside),
    )


def twap(ticks: Sequence[tuple[Rational, Rational]], start: Rational, end: Rational) -> Fraction:
    """Mean of the price in force from `start` to `end`; ticks are (time, price), in order.

    A price holds until the next tick, the last until the end. Raises ValueError if the interval
    is empty, or if no tick says which price was in force at its start.
    """
    if start >= end:
        raise ValueError(f"interval {start} to {end} must not be empty")
    if not ticks or ticks[0][0] > start:
        raise ValueError(f"ticks must begin at or before the start {start}")
    bounded = [(min(max(at, start), end), price) for at, price in ticks]
    in_force = pairwise([*bounded, (end, 0)])
    integral = sum((after - at) * Fraction(price) for (at, price), (after, _) in in_force)
    return Fraction(integral) / (end - start)


def volume_at_price(
    side: Side, avg_price: Rational, levels: Iterable[tuple[Rational, Rational]]
) -> VolumeAtPrice:
    """Volume by price, as (price, volume), and the share traded at prices worse than ours."""
    by_price = list(levels)
    d = sign(side)
    volume = total(quantity for _, quantity in by_price)
    beaten = total(quantity for price, quantity in by_price if d * (price - avg_price) > 0)
    return VolumeAtPrice(
        vwap=mean(by_price),
        volume=volume,
        beaten_share=Fraction(beaten) / volume if volume else None,
    )


def market_day(
    trades: Iterable[tuple[int, bool, Rational, int]],
    open_ns: int,
    close_ns: int,
    bucket_ns: int,
) -> MarketDay:
    """The session from the open (included) to the close (excluded), every print.

    Trades are (time, off exchange, price, quantity), in any order. Buckets start at the open;
    the last may be shorter. Raises ValueError if the session or the bucket is empty.
    """
    if close_ns <= open_ns or bucket_ns <= 0:
        raise ValueError(
            f"session {open_ns} to {close_ns} and bucket {bucket_ns} must not be empty"
        )
    inside = [trade for trade in trades if open_ns <= trade[0] < close_ns]
    bucket_volumes = [0] * -(-(close_ns - open_ns) // bucket_ns)  # Ceiling: cover the close.
    for at_ns, _, _, quantity in inside:
        bucket_volumes[(at_ns - open_ns) // bucket_ns] += quantity
    volume = sum(bucket_volumes)
    off_exchange = sum(quantity for _, off, _, quantity in inside if off)
    return MarketDay(
        trades=len(inside),
        volume=volume,
        vwap=mean((price, quantity) for _, _, price, quantity in inside),
        high=max((price for _, _, price, _ in inside), default=None),
        low=min((price for _, _, price, _ in inside), default=None),
        off_exchange_share=Fraction(off_exchange, volume) if volume else None,
        bucket_volumes=tuple(bucket_volumes),
    )
