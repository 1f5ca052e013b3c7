-- What is each small order measured against? One row an order; prices in 1e-9 currency units. The
-- columns of order_state come first. The span goes from the acceptance to the order's end, or to
-- its last execution while it works; until_ns is null before the first. release_px is the price
-- when its parent was released; an order that joins a working parent waits for no release.
create or replace view order_benchmarks as
with
spans as (
    select
        small.*,
        coalesce(small.ended_ns, small.last_execution_ns) as until_ns,
        if(
            mark.released_seq > small.first_joined_seq,
            mark.arrival_px,
            small.arrival_mid_px::double
        ) as own_release_px,
        mark.arrival_px as parent_px
    from order_state as small
    left join parent_benchmarks as mark on mark.parent_id = small.first_parent_id
)
select
    span.* exclude (decision_px, own_release_px, parent_px),
    coalesce(span.arrival_mid_px::double, span.parent_px) as arrival_px,
    coalesce(span.own_release_px, span.arrival_mid_px::double, span.parent_px) as release_px,
    coalesce(span.decision_px, span.arrival_mid_px, span.parent_px)::double as decision_px,
    upto.last_px as close_px,
    case
        when coalesce(upto.cum_qty, 0) > coalesce(since.cum_qty, 0)
            then (upto.cum_notional - coalesce(since.cum_notional, 0))::double
                / (upto.cum_qty - coalesce(since.cum_qty, 0))::double
    end as interval_vwap_px
from spans as span
asof left join market_tape as since
    on since.instrument_id = span.instrument_id
    and since.event_ns < span.accepted_ns
asof left join market_tape as upto
    on upto.instrument_id = span.instrument_id
    and upto.event_ns < coalesce(span.until_ns, 9223372036854775807);
