"""Compare the costs of two runs of a day, with a confidence interval.

Costs are implementation shortfall (tca_order) in bps of the decision value, whole runs weighted by
value. The orders of a parent share their fate, so they are resampled together: the interval is a
paired bootstrap over the parents of the first run (Efron and Tibshirani 1993, chapter 13: the
percentile method), the same orders in both runs, from a fixed seed. It shows the effect
of chance among parents, not the error of the fill model, which is printed beside it.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import duckdb

RESAMPLES = 2_000
COVERAGE = 0.95
BOOTSTRAP_SEED = 20_180_102
BPS = 10_000.0

ORDERS = """
select
    small.source || ':' || asked.cl_ord_id as name,
    coalesce(cost.parent_id, small.order_id) as parent,
    cost.decision_price::double * cost.order_qty as value,
    coalesce(cost.is_bps, 0) / 1e4 * cost.decision_price::double * cost.order_qty as cost,
    cost.order_qty as wanted_qty,
    cost.quantity as done_qty
from tca_order as cost
join order_state as small on small.order_id = cost.order_id
join order_accepted as asked on asked.event_id = cost.order_id
where cost.decision_price is not null and cost.order_qty > 0
    and asked.at_ns >= $since_ns and asked.at_ns < $until_ns
order by name
"""
VENUES = """
select child_state.venue, count(*) as children,
    coalesce(sum(filled_qty), 0)::bigint as filled_qty
from child_state
join child_routed as routed on routed.event_id = child_state.child_id
where routed.at_ns >= $since_ns and routed.at_ns < $until_ns
group by all
order by all
"""
TOTALS = """
with
routed as (
    select event_id from child_routed where at_ns >= $since_ns and at_ns < $until_ns
),
opened as (
    select event_id from parent_opened where at_ns >= $since_ns and at_ns < $until_ns
)
select
    (select count(*) from routed) as children,
    (select count(*) from fill_booked where child_id in (from routed)) as fills,
    (select count(*) from opened) as parents,
    (
        select coalesce(sum(cross_qty), 0)::bigint
        from orders_crossed
        where buy_parent_id in (from opened)
    ) as crossed_qty
"""


class OrderCost(NamedTuple):
    """The cost of one small order; value and cost in currency units, quantities in increments."""

    parent: str
    value: float
    cost: float
    wanted_qty: int
    done_qty: int


class Outcome(NamedTuple):
    """The result of one run."""

    orders: Mapping[str, OrderCost]  # By source and its id.
    children: int
    fills: int
    parents: int
    crossed_qty: int
    venues: Mapping[str, tuple[int, int]]  # Children and filled quantity.

    @property
    def cost_bps(self) -> float:
        value = sum(order.value for order in self.orders.values())
        return sum(order.cost for order in self.orders.values()) / value * BPS if value else 0.0

    @property
    def completion(self) -> float:
        wanted = sum(order.wanted_qty for order in self.orders.values())
        done = sum(order.done_qty for order in self.orders.values())
        return done / wanted if wanted else 1.0


class Interval(NamedTuple):
    """A difference of costs in bps, with its 95 % confidence interval."""

    bps: float
    low_bps: float
    high_bps: float
    parents: int
    orders: int


def outcome(connection: duckdb.DuckDBPyConnection, since_ns: int, until_ns: int) -> Outcome:
    """The result of a projection's orders, parents and children of that time."""
    span = {"since_ns": since_ns, "until_ns": until_ns}
    rows = connection.execute(ORDERS, span).fetchall()
    totals = connection.execute(TOTALS, span).fetchone()
    assert totals is not None, "a query of totals has one row"
    children, fills, parents, crossed_qty = totals
    return Outcome(
        orders={row[0]: OrderCost(*row[1:]) for row in rows},
        children=children,
        fills=fills,
        parents=parents,
        crossed_qty=crossed_qty,
        venues={name: (n, qty) for name, n, qty in connection.execute(VENUES, span).fetchall()},
    )


def difference(first: Outcome, second: Outcome, resamples: int = RESAMPLES) -> Interval:
    """Cost of the second run less that of the first, over the orders that both have."""
    clusters = _clusters(first, second)
    chance = random.Random(BOOTSTRAP_SEED)  # noqa: S311  A resampling, not a secret.
    found = _difference_bps(clusters)
    drawn = sorted(
        _difference_bps(chance.choices(clusters, k=len(clusters)))
        for _ in range(resamples if clusters else 0)
    )
    tail = int(len(drawn) * (1 - COVERAGE) / 2)
    low, high = (drawn[tail], drawn[-1 - tail]) if drawn else (0.0, 0.0)
    both = sum(1 for name in first.orders if name in second.orders)
    return Interval(found, low, high, len(clusters), both)


def _clusters(first: Outcome, second: Outcome) -> list[tuple[float, float, float, float]]:
    """Value and cost in both runs, summed over each parent of the first."""
    sums: dict[str, list[float]] = {}
    for name, one in first.orders.items():
        other = second.orders.get(name)
        if other is None:
            continue
        held = sums.setdefault(one.parent, [0.0, 0.0, 0.0, 0.0])
        for n, amount in enumerate((one.value, one.cost, other.value, other.cost)):
            held[n] += amount
    return [(a, b, c, d) for a, b, c, d in sums.values()]


def _difference_bps(clusters: Sequence[tuple[float, float, float, float]]) -> float:
    if not clusters:
        return 0.0
    value, cost, other_value, other_cost = (math.fsum(each) for each in zip(*clusters, strict=True))
    return (other_cost / other_value - cost / value) * BPS
