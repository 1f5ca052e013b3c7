"""What an execution cost, and against which benchmark.

A cost is positive: `d * (price - benchmark)` with d = +1 for a buy and -1 for a sale.
Performance (a saving) is the opposite sign; published code does not agree on either, so names
here say which one it is, and no sign turns in the middle. Fees are positive amounts and always
apart from price costs.

Implementation shortfall has three decompositions with one total, the paper portfolio's gain less
the real one's. Perold: execution, opportunity, fees. Wagner: delay on the whole order,
opportunity from the arrival price. CFA: delay on the filled part, opportunity from the decision
price. Their basis points are of the order's quantity times the decision price. Executed
quantity, not ordered quantity, weights an average price; with nothing filled there is none, and
the cost is the opportunity alone.

A VWAP says its interval (start included, end excluded), whether own executions count and which
prints are eligible. A TWAP weights a price by the time it was in force, until the next tick; to
weight it by the time since the tick before is a common mistake. A midpoint needs a two-sided
quote that is not crossed.

Models here are exact: amounts come in as int or Fraction (a decimal text becomes one without
loss) and go out as Fraction, to be rounded by whoever shows them. `cost_millibps` and
`midpoint_px` face the engine in its integers; an average price is never rounded on the way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from engine.core.events import Side

BPS = 10_000
MILLIBPS = 10_000_000

Rational = int | Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Perold:
    """Implementation shortfall against the decision price; money, positive is a cost."""

    filled_qty: Rational
    avg_price: Fraction | None  # None when nothing is filled.
    fees: Rational
    execution_cost: Fraction
    opportunity_cost: Fraction
    total_cost: Fraction  # paper_pnl - actual_pnl.
    total_bps: Fraction
    paper_pnl: Fraction
    actual_pnl: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wagner:
    """Implementation shortfall with the delay on the whole order; money, positive is a cost."""

    filled_qty: Rational
    avg_price: Fraction | None  # None when nothing is filled.
    fees: Rational
    delay_cost: Fraction
    delay_filled: Fraction
    delay_unfilled: Fraction
    trading_cost: Fraction
    opportunity_cost: Fraction
    total_cost: Fraction
    delay_bps: Fraction
    trading_bps: Fraction
    opportunity_bps: Fraction
    total_bps: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Cfa:
    """Implementation shortfall with the delay on the filled part; money, positive is a cost."""

    filled_qty: Rational
    avg_price: Fraction | None  # None when nothing is filled.
    fees: Rational
    delay_cost: Fraction
    trading_cost: Fraction
    opportunity_cost: Fraction
    total_cost: Fraction
    delay_bps: Fraction
    trading_bps: Fraction
    opportunity_bps: Fraction
    fees_bps: Fraction
    total_bps: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPerformance:
    """Two published conventions by name of the benchmark; None when nothing is filled."""

    cost_bps: dict[str, Fraction | None]  # Positive is a cost; of the benchmark.
    performance_on_order_value_bps: dict[str, Fraction | None]  # Positive is good.


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildPerformance:
    """A child against the market's VWAP while it worked."""

    performance_bps: Fraction  # Positive is a saving.
    cost_bps: Fraction
    performance_bps_1dp: Fraction  # To one decimal; a tie goes to the even digit.
    notional: Rational


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentPerformance:
    """A parent from its children; averages are weighted by executed quantity."""

    quantity: Rational
    notional: Rational
    avg_price: Fraction
    avg_benchmark: Fraction
    performance_bps: Fraction  # Of the averages; positive is a saving.
    cost_bps: Fraction
    performance_bps_1dp: Fraction  # To one decimal; a tie goes to the even digit.
    mean_child_performance_bps: Fraction  # Another number: the mean of the children's figures.


def sign(side: Side) -> int:
    """+1 for a buy, -1 for a sale."""
    return 1 if side is Side.BUY else -1


def cost_millibps(side: Side, benchmark_px: int, notional_px: int, cum_qty: int) -> int:
    """Cost of what was executed against a benchmark price, in 1e-3 bps; positive is a cost.

    `notional_px` is the sum of px * qty, so no average is rounded on the way. Rounds up: a
    cost is never understated. Raises ValueError if benchmark_px or cum_qty is not positive.
    Source: conventions.md, "Signs".
    """
    if benchmark_px <= 0 or cum_qty <= 0:
        raise ValueError(f"benchmark_px {benchmark_px} and cum_qty {cum_qty} must be positive")
    paper_px = benchmark_px * cum_qty
    return -(-sign(side) * (notional_px - paper_px) * MILLIBPS // paper_px)


def midpoint_px(bid_px: int, ask_px: int) -> int:
    """Middle of a two-sided quote, rounded down: both sides get the same whole price.

    Raises ValueError for a one-sided or crossed quote, which has no middle.
    """
    if not 0 < bid_px <= ask_px:
        raise ValueError(f"bid_px {bid_px} and ask_px {ask_px}: expected 0 < bid <= ask")
    return (bid_px + ask_px) // 2


def cost_bps(side: Side, price: Rational, benchmark: Rational) -> Fraction:
    """Cost of a price against a benchmark, in bps of the benchmark; positive is a cost."""
    return sign(side) * Fraction(price - benchmark) / benchmark * BPS


def perold(
    side: Side,
    order_qty: Rational,
    decision_price: Rational,
    final_price: Rational,
    fills: Sequence[tuple[Rational, Rational]],
    fees: Rational,
) -> Perold:
    """Shortfall of an order; `fills` are (quantity, price), `final_price` prices the rest.

    Raises ValueError if the order's quantity or the decision price is not positive.
    """
    d = sign(side)
    base = _order_value(order_qty, decision_price)
    filled_qty, notional = _executed(fills)
    execution_cost = d * (notional - filled_qty * Fraction(decision_price))
    opportunity_cost = d * (order_qty - filled_qty) * Fraction(final_price - decision_price)
    total_cost = execution_cost + opportunity_cost + fees
    return Perold(
        filled_qty=filled_qty,
        avg_price=notional / filled_qty if filled_qty else None,
        fees=fees,
        execution_cost=execution_cost,
        opportunity_cost=opportunity_cost,
        total_cost=total_cost,
        total_bps=total_cost / base * BPS,
        paper_pnl=d * order_qty * Fraction(final_price - decision_price),
        actual_pnl=d * (filled_qty * Fraction(final_price) - notional) - fees,
    )


def wagner(
    side: Side,
    order_qty: Rational,
    decision_price: Rational,
    arrival_price: Rational,
    final_price: Rational,
    fills: Sequence[tuple[Rational, Rational]],
    fees: Rational,
) -> Wagner:
    """Shortfall of an order in the expanded form; arguments and errors like `perold`."""
    d = sign(side)
    base = _order_value(order_qty, decision_price)
    filled_qty, notional = _executed(fills)
    delay = d * Fraction(arrival_price - decision_price)
    delay_cost = delay * order_qty
    trading_cost = d * (notional - filled_qty * Fraction(arrival_price))
    opportunity_cost = d * (order_qty - filled_qty) * Fraction(final_price - arrival_price)
    total_cost = delay_cost + trading_cost + opportunity_cost + fees
    return Wagner(
        filled_qty=filled_qty,
        avg_price=notional / filled_qty if filled_qty else None,
        fees=fees,
        delay_cost=delay_cost,
        delay_filled=delay * filled_qty,
        delay_unfilled=delay * (order_qty - filled_qty),
        trading_cost=trading_cost,
        opportunity_cost=opportunity_cost,
        total_cost=total_cost,
        delay_bps=delay_cost / base * BPS,
        trading_bps=trading_cost / base * BPS,
        opportunity_bps=opportunity_cost / base * BPS,
        total_bps=total_cost / base * BPS,
    )


def cfa(
    side: Side,
    order_qty: Rational,
    decision_price: Rational,
    arrival_price: Rational,
    final_price: Rational,
    fills: Sequence[tuple[Rational, Rational]],
    fees: Rational,
) -> Cfa:
    """Shortfall of an order in the CFA curriculum's form; arguments and errors like `perold`."""
    d = sign(side)
    base = _order_value(order_qty, decision_price)
    filled_qty, notional = _executed(fills)
    delay_cost = d * filled_qty * Fraction(arrival_price - decision_price)
    trading_cost = d * (notional - filled_qty * Fraction(arrival_price))
    opportunity_cost = d * (order_qty - filled_qty) * Fraction(final_price - decision_price)
    total_cost = delay_cost + trading_cost + opportunity_cost + fees
    return Cfa(
        filled_qty=filled_qty,
        avg_price=notional / filled_qty if filled_qty else None,
        fees=fees,
        delay_cost=delay_cost,
        trading_cost=trading_cost,
        opportunity_cost=opportunity_cost,
        total_cost=total_cost,
        delay_bps=delay_cost / base * BPS,
        trading_bps=trading_cost / base * BPS,
        opportunity_bps=opportunity_cost / base * BPS,
        fees_bps=fees / base * BPS,
        total_bps=total_cost / base * BPS,
    )


def benchmark_performance(
    side: Side,
    order_qty: Rational,
    decision_price: Rational,
    filled_qty: Rational,
    avg_price: Rational | None,
    benchmarks: Mapping[str, Rational],
) -> BenchmarkPerformance:
    """An average price against several benchmarks, in both published conventions.

    Raises ValueError if the order's quantity or the decision price is not positive.
    """
    base = _order_value(order_qty, decision_price)
    if avg_price is None:
        nothing: dict[str, Fraction | None] = dict.fromkeys(benchmarks)
        return BenchmarkPerformance(cost_bps=nothing, performance_on_order_value_bps=nothing)
    saved = {name: sign(side) * (price - avg_price) for name, price in benchmarks.items()}
    return BenchmarkPerformance(
        cost_bps={name: cost_bps(side, avg_price, price) for name, price in benchmarks.items()},
        performance_on_order_value_bps={
            name: saving * filled_qty / base * BPS for name, saving in saved.items()
        },
    )


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
        mean=_mean((width, 1) for width, _ in measured),
        weighted_mean=_mean(measured),
    )


def leakage_bps(side: Side, mid_at_route: Rational, mid_at_first_fill: Rational) -> Fraction:
    """How far the market moved against the order before its first fill; positive is against."""
    return cost_bps(side, mid_at_first_fill, mid_at_route)


def interval_vwap(trades: Iterable[Trade], start: Rational, end: Rational) -> IntervalVwap:
    """VWAPs over the prints with start <= at < end."""
    inside = [trade for trade in trades if start <= trade.at < end]
    eligible = [trade for trade in inside if trade.eligible]
    market = [trade for trade in eligible if not trade.own]
    return IntervalVwap(
        vwap_all=_mean((trade.price, trade.quantity) for trade in inside),
        vwap_eligible=_mean((trade.price, trade.quantity) for trade in eligible),
        vwap_market=_mean((trade.price, trade.quantity) for trade in market),
        volume_all=_total(trade.quantity for trade in inside),
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
    volume = _total(quantity for _, quantity in by_price)
    beaten = _total(quantity for price, quantity in by_price if d * (price - avg_price) > 0)
    return VolumeAtPrice(
        vwap=_mean(by_price),
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
        vwap=_mean((price, quantity) for _, _, price, quantity in inside),
        high=max((price for _, _, price, _ in inside), default=None),
        low=min((price for _, _, price, _ in inside), default=None),
        off_exchange_share=Fraction(off_exchange, volume) if volume else None,
        bucket_volumes=tuple(bucket_volumes),
    )


def child_performance(
    side: Side, quantity: Rational, price: Rational, benchmark_vwap: Rational
) -> ChildPerformance:
    """A child's row of the TCA table."""
    cost = cost_bps(side, price, benchmark_vwap)
    return ChildPerformance(
        performance_bps=-cost,
        cost_bps=cost,
        performance_bps_1dp=_to_one_decimal(-cost),
        notional=quantity * price,
    )


def parent_performance(
    side: Side, children: Sequence[tuple[Rational, Rational, Rational]]
) -> ParentPerformance:
    """The parent's row, from children (quantity, price, benchmark VWAP).

    Raises ValueError if the children executed nothing.
    """
    quantity, notional = _executed([(quantity, price) for quantity, price, _ in children])
    if quantity == 0:
        raise ValueError(f"{len(children)} children: expected some executed quantity")
    _, paper = _executed([(quantity, benchmark) for quantity, _, benchmark in children])
    cost = cost_bps(side, notional / quantity, paper / quantity)
    child_costs = _executed([(size, cost_bps(side, px, vwap)) for size, px, vwap in children])[1]
    return ParentPerformance(
        quantity=quantity,
        notional=notional,
        avg_price=notional / quantity,
        avg_benchmark=paper / quantity,
        performance_bps=-cost,
        cost_bps=cost,
        performance_bps_1dp=_to_one_decimal(-cost),
        mean_child_performance_bps=-child_costs / quantity,
    )


def _midpoint(bid: Rational | None, ask: Rational | None) -> Fraction | None:
    if not bid or not ask or ask < bid:
        return None
    return Fraction(bid + ask) / 2


def _order_value(order_qty: Rational, decision_price: Rational) -> Fraction:
    if order_qty <= 0 or decision_price <= 0:
        raise ValueError(
            f"order_qty {order_qty} and decision_price {decision_price} must be positive"
        )
    return Fraction(order_qty * decision_price)


def _executed(fills: Sequence[tuple[Rational, Rational]]) -> tuple[Rational, Fraction]:
    """Sum of the quantities, and of quantity * price."""
    notional = Fraction(_total(quantity * price for quantity, price in fills))
    return _total(quantity for quantity, _ in fills), notional


def _mean(weighted: Iterable[tuple[Rational, Rational]]) -> Fraction | None:
    """Mean of (value, weight); None without weight."""
    amount, weight = Fraction(0), Fraction(0)
    for value, size in weighted:
        amount += value * size
        weight += size
    return amount / weight if weight else None


def _total(amounts: Iterable[Rational]) -> Rational:
    return sum(amounts)


def _to_one_decimal(value: Fraction) -> Fraction:
    return round(value, 1)
