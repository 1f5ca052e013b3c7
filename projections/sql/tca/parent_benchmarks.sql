-- What is each parent measured against? One row a parent; prices in 1e-9 currency units.
-- Its span goes from the release to its end, or to its last fill while it works; until_ns is null
-- before the first. `close_px` is the last print before the end: the unfilled rest is worth that.
create or replace view parent_benchmarks as
with
executed as (
    select parent_id, max(transact_ns) filter (last_qty > 0) as last_fill_ns
    from fills_net
    group by parent_id
),
spans as (
    select
        parent.event_id as parent_id,
        parent.instrument_id,
        released.arrival_mid_px,
        released.seq as released_seq,
        coalesce(released.at_ns, parent.at_ns) as from_ns,
        coalesce(ended.at_ns, executed.last_fill_ns) as until_ns
    from parent_opened as parent
    left join parent_released as released on released.parent_id = parent.event_id
    left join parent_ended as ended on ended.parent_id = parent.event_id
    left join executed on executed.parent_id = parent.event_id
),
arrivals as (
    select
        stay.parent_id,
        sum(stay.member_qty * small.arrival_mid_px::double)
            filter (small.arrival_mid_px is not null)
            / sum(stay.member_qty) filter (small.arrival_mid_px is not null) as member_arrival_px,
        sum(stay.member_qty * small.decision_px::double)
            filter (small.decision_px is not null)
            / sum(stay.member_qty) filter (small.decision_px is not null) as member_decision_px
    from membership as stay
    join order_entries as small on small.order_id = stay.order_id
    group by stay.parent_id
),
firsts as (
    select parent_id, arg_min(cross_px, seq) as cross_px
    from cross_allocated
    group by parent_id
)
select
    span.parent_id,
    span.released_seq,
    span.from_ns,
    span.until_ns,
    coalesce(span.arrival_mid_px, firsts.cross_px, arrivals.member_arrival_px)::double as arrival_px,
    arrivals.member_arrival_px,
    arrivals.member_decision_px,
    upto.last_px as close_px,
    coalesce(upto.cum_qty, 0) - coalesce(since.cum_qty, 0) as market_qty,
    case
        when coalesce(upto.cum_qty, 0) > coalesce(since.cum_qty, 0)
            then (upto.cum_notional - coalesce(since.cum_notional, 0))::double
                / (upto.cum_qty - coalesce(since.cum_qty, 0))::double
    end as interval_vwap_px
from spans as span
left join arrivals on arrivals.parent_id = span.parent_id
left join firsts on firsts.parent_id = span.parent_id
asof left join market_tape as since
    on since.instrument_id = span.instrument_id
    and since.event_ns < span.from_ns
asof left join market_tape as upto
    on upto.instrument_id = span.instrument_id
    and upto.event_ns < coalesce(span.until_ns, 9223372036854775807);
