"""Exact amounts: signs, basis points and averages for the models of costs.

Amounts come in as int or Fraction (a decimal text becomes one without loss) and go out as
Fraction; the caller rounds what it shows. A cost is positive: `d * (price - benchmark)` with d = +1
for a buy and -1 for a sale. Performance (a saving) is the opposite sign. Published code does not
agree on either, so each name here states which one it is, and no sign turns in the middle. Fees are
positive amounts and always apart from price costs. Executed quantity, not ordered quantity, weights
an average price; with nothing filled there is none. Source: data/conventions.md.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from engine.core.events import Side

BPS = 10_000

Rational = int | Fraction


def sign(side: Side) -> int:
    """+1 for a buy, -1 for a sale."""
    return 1 if side is Side.BUY else -1


def cost_bps(side: Side, price: Rational, benchmark: Rational) -> Fraction:
    """Cost of a price against a benchmark, in bps of the benchmark; positive is a cost."""
    return sign(side) * Fraction(price - benchmark) / benchmark * BPS


def order_value(order_qty: Rational, decision_price: Rational) -> Fraction:
    """The value that basis points of an order refer to.

    Raises ValueError if the order's quantity or the decision price is not positive.
    """
    if order_qty <= 0 or decision_price <= 0:
        raise ValueError(
            f"order_qty {order_qty} and decision_price {decision_price} must be positive"
        )
    return Fraction(order_qty * decision_price)


def executed(fills: Sequence[tuple[Rational, Rational]]) -> tuple[Rational, Fraction]:
    """Sum of the quantities, and of quantity * price."""
    notional = Fraction(total(quantity * price for quantity, price in fills))
    return total(quantity for quantity, _ in fills), notional


def mean(weighted: Iterable[tuple[Rational, Rational]]) -> Fraction | None:
    """Mean of (value, weight); None without weight."""
    amount, weight = Fraction(0), Fraction(0)
    for value, size in weighted:
        amount += value * size
        weight += size
    return amount / weight if weight else None


def total(amounts: Iterable[Rational]) -> Rational:
    return sum(amounts)
