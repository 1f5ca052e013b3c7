"""Results of the small orders of a run, read from its projection alone.

A fill belongs to the orders that got shares of it, so each figure of fills is also one of orders.
The messages of a parent are spread over its members by their quantity.
"""

from collections.abc import Iterator
from typing import NamedTuple

import duckdb

from engine.audit.experiment.parts import (
    CROSS,
    MIDPOINT,
    POST,
    TAKE,
    AsAsked,
    Execution,
    Result,
    Terms,
)
from engine.core.events import Side

ORDERS = """
with
ends as (
    select
        asked.*,
        greatest(asked.at_ns, asked.start_ns) as from_ns,
        coalesce(amended.end_ns, asked.end_ns) as until_ns
    from order_accepted as asked
    left join (
        select order_id, arg_max(end_ns, seq) filter (end_ns is not null) as end_ns
        from order_amended
        group by order_id
    ) as amended on amended.order_id = asked.event_id
),
-- A plan of one tranche, and one of before 0.3.0, is of its strategy.
schedules as (
    select
        parent_id, seq, strategy,
        unnest(if(tranches = [], [0], list_transform(tranches, lambda x: x.tranche))) as tranche,
        unnest(if(tranches = [], [null], list_transform(tranches, lambda x: x.strategy))) as own
    from plan_adopted
),
first_schedules as (
    select parent_id, tranche, arg_min(coalesce(own, strategy), seq) as strategy
    from schedules
    group by parent_id, tranche
),
first_plans as (
    select stay.order_id, arg_min(known.strategy, stay.joined_seq) as strategy
    from membership as stay
    join first_schedules as known
        on known.parent_id = stay.parent_id
        and known.tranche = stay.tranche
    group by stay.order_id
),
sent as (
    select parent_id, count(*) as messages
    from (
        select parent_id from child_routed
        union all
        select parent_id from child_cancel_requested
    )
    group by parent_id
),
stays as (
    select parent_id, order_id, sum(member_qty) as qty
    from membership
    group by parent_id, order_id
),
spread as (
    select
        stay.order_id,
        sum(sent.messages * stay.qty / whole.qty) as messages
    from stays as stay
    join sent on sent.parent_id = stay.parent_id
    join (select parent_id, sum(qty) as qty from stays group by parent_id) as whole
        on whole.parent_id = stay.parent_id
    group by stay.order_id
)
select
    asked.source || ':' || asked.cl_ord_id as name,
    small.order_id,
    small.instrument_id,
    small.side,
    asked.order_qty as asked_qty,
    instrument.lot_qty,
    asked.limit_px,
    asked.urgency,
    coalesce(asked.benchmark, 'NONE') as benchmark,
    coalesce(first_plans.strategy, 'NONE') as strategy,
    asked.at_ns as arrival_ns,
    asked.from_ns,
    coalesce(asked.until_ns, $close_ns) as until_ns,
    small.order_qty,
    small.order_qty - small.client_withdrawn_qty as wanted_qty,
    asked.arrival_mid_px,
    mark.arrival_px,
    mark.decision_px,
    mark.release_px,
    (upto.cum_notional - coalesce(since.cum_notional, 0))::double
        / nullif(upto.cum_qty - coalesce(since.cum_qty, 0), 0)::double as vwap_px,
    (until_asked.cum_notional - coalesce(since.cum_notional, 0))::double
        / nullif(until_asked.cum_qty - coalesce(since.cum_qty, 0), 0)::double as asked_vwap_px,
    coalesce(asked.end_ns, $close_ns) - asked.from_ns as asked_window_ns,
    small.limit_px is null as is_market,
    coalesce(spread.messages, 0)::double as messages
from ends as asked
join order_state as small on small.order_id = asked.event_id
join order_benchmarks as mark on mark.order_id = asked.event_id
join instruments as instrument on instrument.instrument_id = small.instrument_id
left join first_plans on first_plans.order_id = asked.event_id
left join spread on spread.order_id = asked.event_id
asof left join market_tape as since
    on since.instrument_id = asked.instrument_id and since.event_ns < asked.from_ns
asof left join market_tape as upto
    on upto.instrument_id = asked.instrument_id
    and upto.event_ns < coalesce(asked.until_ns, $close_ns)
asof left join market_tape as until_asked
    on until_asked.instrument_id = asked.instrument_id
    and until_asked.event_ns < coalesce(asked.end_ns, $close_ns)
order by name
"""
EXECUTIONS = """
select
    part.order_id,
    part.kind,
    part.share_qty,
    part.px,
    part.fee_px,
    fill.liquidity,
    coalesce(fill.transact_ns, part.at_ns) as at_ns,
    if(part.kind = 'CROSS', (met.bid_px + met.ask_px) / 2.0, fill.mid_px::double) as mid_px,
    coalesce(venue.kind <> 'LIT', false) as is_dark,
    if(child.bid_px > 0 and child.ask_px > child.bid_px, (child.bid_px + child.ask_px) / 2.0, null)
        as route_mid_px,
    if(child.bid_px > 0 and child.ask_px > child.bid_px, (child.ask_px - child.bid_px) / 2.0, null)
        as half_spread_px
from allocations as part
left join fills_net as fill on fill.fill_id = part.execution_id
left join child_routed as child on child.event_id = fill.child_id
left join venues as venue on venue.venue = part.venue
left join orders_crossed as met on met.event_id = part.execution_id
where part.share_qty > 0
order by part.seq, part.order_id
"""
COUNTS = """
select
    (select count(*) from parent_opened) as parents,
    (select count(*) from child_routed) as children,
    (select count(*) from fill_booked) as fills,
    (select coalesce(sum(cross_qty), 0)::bigint from orders_crossed) as crossed_qty
"""
# The parent of most quantity and time, in quantity since its release: each plan counts from its own
# base. Of plans, the one in force.
SCHEDULE = """
with
chosen as (
    select parent_id
    from slice_released
    group by parent_id
    having count(distinct at_ns) >= $slices_min
    order by sum(slice_qty) * (max(at_ns) - min(at_ns)) desc, parent_id
    limit 1
),
seen as (
    select parent_id, seq, at_ns, target_qty, done_qty from slice_released
    union all
    select parent_id, seq, at_ns, target_qty, done_qty from schedule_recalibrated
)
select
    seen.parent_id,
    seen.at_ns,
    plan.base_qty + seen.target_qty as target_qty,
    plan.base_qty + seen.done_qty as done_qty,
    plan.tracking_band_qty,
    plan.base_qty + plan.plan_qty as whole_qty,
    plan.strategy
from seen
join chosen on chosen.parent_id = seen.parent_id
asof join plan_adopted as plan on plan.parent_id = seen.parent_id and plan.seq <= seen.seq
order by seen.seq
"""
SLICES_MIN = 5  # Of a parent whose schedule is worth a plot.
WAYS = {"REMOVED": TAKE, "MIDPOINT": MIDPOINT}  # Whatever else added liquidity.


class Step(NamedTuple):
    """A parent's schedule at a moment; quantities in smallest increments."""

    at_ns: int
    target_qty: int
    done_qty: int
    band_qty: int


class Schedule(NamedTuple):
    """The plan of the parent of most quantity and time, and what it did."""

    parent_id: str
    strategy: str
    whole_qty: int  # Of all its plans.
    steps: tuple[Step, ...]


def results(connection: duckdb.DuckDBPyConnection, close_ns: int) -> list[Result]:
    """The result of each accepted order, in order of name."""
    executions: dict[str, list[Execution]] = {}
    for row in connection.execute(EXECUTIONS).fetchall():
        executions.setdefault(row[0], []).append(_execution(*row[1:]))
    found = connection.execute(ORDERS, {"close_ns": close_ns})
    names = [column[0] for column in found.description or ()]
    rows = (dict(zip(names, row, strict=True)) for row in found.fetchall())
    return [
        Result(
            terms=Terms(
                name=row["name"],
                instrument_id=row["instrument_id"],
                side=Side(row["side"]),
                asked_qty=row["asked_qty"],
                lot_qty=max(1, row["lot_qty"]),
                limit_px=row["limit_px"],
                urgency=row["urgency"],
                benchmark=row["benchmark"],
                strategy=row["strategy"],
                arrival_ns=row["arrival_ns"],
                start_ns=row["from_ns"],
                end_ns=min(row["until_ns"], close_ns),
                arrival_px=row["arrival_px"],
                decision_px=row["decision_px"],
                vwap_px=row["vwap_px"],
            ),
            wanted_qty=row["wanted_qty"],
            executions=executions.get(row["order_id"], []),
            messages=row["messages"],
            release_px=row["release_px"],
            whole_qty=row["order_qty"],
            measured=AsAsked(
                arrival_px=row["arrival_mid_px"],
                vwap_px=row["asked_vwap_px"],
                window_ns=row["asked_window_ns"],
                is_market=row["is_market"],
            ),
        )
        for row in rows
    ]


def _execution(  # One argument a column of EXECUTIONS.
    kind: str,
    qty: int,
    px: int,
    fee_px: int,
    liquidity: str | None,
    at_ns: int,
    mid_px: float | None,
    is_dark: bool,  # noqa: FBT001  A column.
    route_mid_px: float | None,
    half_spread_px: float | None,
) -> Execution:
    way = CROSS if kind == "CROSS" else WAYS.get(liquidity or "", POST)
    return Execution(way, qty, px, mid_px, fee_px, at_ns, is_dark, route_mid_px, half_spread_px)


def counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Parents, children, fills and the quantity that crossed."""
    found = connection.execute(COUNTS)
    names = [column[0] for column in found.description or ()]
    return dict(zip(names, found.fetchall()[0], strict=True))


def violations(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """The rules that the run broke, and how often."""
    rows = connection.execute("select name, violations from invariants where violations > 0")
    return dict(rows.fetchall())


def schedule(connection: duckdb.DuckDBPyConnection) -> Schedule | None:
    """The schedule of the parent of most quantity and time; None where none took long."""
    rows = connection.execute(SCHEDULE, {"slices_min": SLICES_MIN}).fetchall()
    if not rows:
        return None
    parent_id, *_, whole_qty, strategy = rows[-1]
    return Schedule(parent_id, strategy, whole_qty, tuple(_steps(rows)))


def _steps(rows: list[tuple[str, int, int, int, int, int, str]]) -> Iterator[Step]:
    for _, at_ns, target_qty, done_qty, band_qty, *_ in rows:
        yield Step(at_ns, target_qty, done_qty, band_qty)
