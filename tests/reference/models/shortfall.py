"""Implementation shortfall: the paper portfolio's gain less the real one's, in parts.

Three decompositions have one total. Perold: execution, opportunity, fees. Wagner: delay on the
whole order, opportunity from the arrival price. CFA: delay on the filled part, opportunity from
the decision price. Amounts are money and positive is a cost; basis points are of the order's
quantity times the decision price. With nothing filled the cost is the opportunity alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from models.amounts import BPS, Rational, executed, order_value, sign

from engine.core.events import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """The figures that all decompositions have in common."""

    filled_qty: Rational
    avg_price: Fraction | None  # None when nothing is filled.
    fees: Rational
    opportunity_cost: Fraction
    total_cost: Fraction  # The paper portfolio's gain less the real one's.
    total_bps: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Perold(Shortfall):
    """Against the decision price."""

    execution_cost: Fraction
    paper_pnl: Fraction
    actual_pnl: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Wagner(Shortfall):
    """With the delay on the whole order."""

    delay_cost: Fraction
    delay_filled: Fraction
    delay_unfilled: Fraction
    trading_cost: Fraction
    delay_bps: Fraction
    trading_bps: Fraction
    opportunity_bps: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Cfa(Shortfall):
    """With the delay on the filled part, as the CFA curriculum has it."""

    delay_cost: Fraction
    trading_cost: Fraction
    delay_bps: Fraction
    trading_bps: Fraction
    opportunity_bps: Fraction
    fees_bps: Fraction


class _Order(NamedTuple):
    """An order and what was executed of it."""

    d: int  # +1 for a buy, -1 for a sale.
    value: Fraction
    order_qty: Rational
    filled_qty: Rational
    notional: Fraction

    @property
    def open_qty(self) -> Rational:
        return self.order_qty - self.filled_qty

    @property
    def avg_price(self) -> Fraction | None:
        return self.notional / self.filled_qty if self.filled_qty else None

    def moved(self, quantity: Rational, before: Rational, after: Rational) -> Fraction:
        """Cost of a quantity whose price went from one to the other."""
        return self.d * quantity * Fraction(after - before)

    def executed_from(self, price: Rational) -> Fraction:
        """Cost of what was executed against a price."""
        return self.d * (self.notional - self.filled_qty * Fraction(price))

    def bps(self, amount: Rational) -> Fraction:
        return amount / self.value * BPS


def _order(
    side: Side,
    order_qty: Rational,
    decision_price: Rational,
    fills: Sequence[tuple[Rational, Rational]],
) -> _Order:
    value = order_value(order_qty, decision_price)
    return _Order(sign(side), value, order_qty, *executed(fills))


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
    order = _order(side, order_qty, decision_price, fills)
    execution = order.executed_from(decision_price)
    opportunity = order.moved(order.open_qty, decision_price, final_price)
    total = execution + opportunity + fees
    return Perold(
        filled_qty=order.filled_qty,
        avg_price=order.avg_price,
        fees=fees,
        execution_cost=execution,
        opportunity_cost=opportunity,
        total_cost=total,
        total_bps=order.bps(total),
        paper_pnl=order.moved(order_qty, decision_price, final_price),
        actual_pnl=-order.executed_from(final_price) - fees,
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
    order = _order(side, order_qty, decision_price, fills)
    delay_filled = order.moved(order.filled_qty, decision_price, arrival_price)
    delay_unfilled = order.moved(order.open_qty, decision_price, arrival_price)
    delay = delay_filled + delay_unfilled
    trading = order.executed_from(arrival_price)
    opportunity = order.moved(order.open_qty, arrival_price, final_price)
    total = delay + trading + opportunity + fees
    return Wagner(
        filled_qty=order.filled_qty,
        avg_price=order.avg_price,
        fees=fees,
        delay_cost=delay,
        delay_filled=delay_filled,
        delay_unfilled=delay_unfilled,
        trading_cost=trading,
        opportunity_cost=opportunity,
        total_cost=total,
        delay_bps=order.bps(delay),
        trading_bps=order.bps(trading),
        opportunity_bps=order.bps(opportunity),
        total_bps=order.bps(total),
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
    order = _order(side, order_qty, decision_price, fills)
    delay = order.moved(order.filled_qty, decision_price, arrival_price)
    trading = order.executed_from(arrival_price)
    opportunity = order.moved(order.open_qty, decision_price, final_price)
    total = delay + trading + opportunity + fees
    return Cfa(
        filled_qty=order.filled_qty,
        avg_price=order.avg_price,
        fees=fees,
        delay_cost=delay,
        trading_cost=trading,
        opportunity_cost=opportunity,
        total_cost=total,
        delay_bps=order.bps(delay),
        trading_bps=order.bps(trading),
        opportunity_bps=order.bps(opportunity),
        fees_bps=order.bps(fees),
        total_bps=order.bps(total),
    )
