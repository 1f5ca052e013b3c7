"""Cost of an execution against a benchmark price, in the engine's integers.

A cost is positive: `d * (price - benchmark)` with d = +1 for a buy and -1 for a sale. An average
price is never rounded on the way. The reports that people read are views of the projection
(`projections/sql/tca`).
"""

from engine.core.events import Side

MILLIBPS = 10_000_000


def cost_millibps(side: Side, benchmark_px: int, notional_px: int, cum_qty: int) -> int:
    """Cost of an executed quantity against a benchmark price, in 1e-3 bps; positive is a cost.

    `notional_px` is the sum of px * qty, so no average is rounded on the way. Rounds up: a
    cost is never understated. Raises ValueError if benchmark_px or cum_qty is not positive.
    Source: conventions.md, "Signs".
    """
    if benchmark_px <= 0 or cum_qty <= 0:
        raise ValueError(f"benchmark_px {benchmark_px} and cum_qty {cum_qty} must be positive")
    sign = 1 if side is Side.BUY else -1
    paper_px = benchmark_px * cum_qty
    return -(-sign * (notional_px - paper_px) * MILLIBPS // paper_px)
