"""Execution against its benchmarks: the rows of a TCA table.

The basis points of the averages are not the average of the children's basis points, so a parent's
row names both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from models.amounts import BPS, Rational, cost_bps, executed, order_value, sign

from engine.core.events import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkPerformance:
    """Two published conventions by name of the benchmark; None when nothing is filled."""

    cost_bps: dict[str, Fraction | None]  # Positive is a cost; of the benchmark.
    performance_on_order_value_bps: dict[str, Fraction | None]  # Positive is good.


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
    base = order_value(order_qty, decision_price)
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
    quantity, notional = executed([(quantity, price) for quantity, price, _ in children])
    if quantity == 0:
        raise ValueError(f"{len(children)} children: expected some executed quantity")
    _, paper = executed([(quantity, benchmark) for quantity, _, benchmark in children])
    cost = cost_bps(side, notional / quantity, paper / quantity)
    child_costs = executed([(size, cost_bps(side, px, vwap)) for size, px, vwap in children])[1]
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


def _to_one_decimal(value: Fraction) -> Fraction:
    return round(value, 1)
