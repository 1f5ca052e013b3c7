"""The example's limits for another market: in the folder's currency, at the size of its lots.

Without a controls file a simulation has the example's. Its limits are of a share at about 170 USD
in lots of 100. Where lots are larger, a quantity is as many lots as in the example. A value stays
the same number of currency units, unless the quantity would be worth more: then it is raised to
that, with the example's room above it, and rounded down to one digit. So no limit is ever smaller
than in the example.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from engine.core.controls import limits
from engine.core.controls.allotments import UNIT_PX
from engine.core.events import ControlScope, Input, RiskLimitSet
from engine.simulation.market.data import MarketData

LOT_QTY = 100
CURRENCY = "USD"
PX = 170 * UNIT_PX  # Of the example's share, rounded.


def scaled(controls: Iterable[Input], markets: Sequence[MarketData]) -> Iterator[Input]:
    """The controls with their limits for these markets: of one name the widest."""
    for control in controls:
        if not isinstance(control, RiskLimitSet):
            yield control
            continue
        found: dict[object, RiskLimitSet] = {}
        for data in markets:
            limit = scaled_limit(control, data)
            found[limits.key_of(limit)] = wider(limit, found.get(limits.key_of(limit), limit))
        yield from found.values()


def wider(limit: RiskLimitSet, other: RiskLimitSet) -> RiskLimitSet:
    most_qty, other_qty = limit.max_order_qty, other.max_order_qty
    most_cur, other_cur = limit.max_order_notional_cur, other.max_order_notional_cur
    assert most_qty is not None, "the example's limits bound a quantity"
    assert other_qty is not None, "the example's limits bound a quantity"
    return replace(
        limit,
        max_order_qty=max(most_qty, other_qty),
        max_order_notional_cur=None if most_cur is None else max(most_cur, other_cur or 0),
    )


def scaled_limit(limit: RiskLimitSet, data: MarketData) -> RiskLimitSet:
    instrument = data.facts.instrument
    lots = max(LOT_QTY, instrument.lot_qty)
    most_qty, most_cur = limit.max_order_qty, limit.max_order_notional_cur
    assert most_qty is not None, "the example's limits bound a quantity"
    wanted_qty = most_qty * lots // LOT_QTY
    is_same = (instrument.currency, wanted_qty) == (CURRENCY, most_qty)
    if most_cur is not None and not is_same:
        worth = most_cur * wanted_qty * first_px(data) // (most_qty * PX)
        most_cur = max(most_cur, one_digit(worth))
    is_firms = limit.scope is ControlScope.FIRM
    return replace(
        limit,
        currency=instrument.currency if is_firms else "",
        max_order_qty=wanted_qty,
        max_order_notional_cur=most_cur,
    )


def first_px(data: MarketData) -> int:
    """The price of the first print, 1e-9 currency units; 0 without any."""
    return next((trade.last_px for trade in data.trades()), 0)


def one_digit(amount: int) -> int:
    """Rounded down to its first digit."""
    text = str(amount)
    return int(text[0] + "0" * len(text[1:]))


def told(controls: Iterable[Input]) -> str:
    """The limits, for people."""
    return "; ".join(one_told(x) for x in controls if isinstance(x, RiskLimitSet))


def one_told(limit: RiskLimitSet) -> str:
    """Of a file's limit too, which may bound nothing of an order."""
    parts = [
        f"{most:,} {unit}"
        for most, unit in (
            (limit.max_order_qty, "shares"),
            (limit.max_order_notional_cur, limit.currency or "in value"),
        )
        if most is not None
    ]
    named = " ".join(limits.key_of(limit))
    return f"{named} {' and '.join(parts) or 'nothing'} an order"
