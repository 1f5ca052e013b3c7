-- What is each small order measured against? One row an order; prices in 1e-9 currency units.
-- Its span is from its acceptance to its end, or its last execution while it works.
create or replace view order_benchmarks as
with
spans as (
    select
        small.*,
        coalesce(small.ended_ns, small.last_execution_ns, 9223372036854775807) as until_ns,
        -- Who joins a working parent waits for no release.
        if(
            parent.released_seq > small.first_joined_seq,
            mark.arrival_px,
            small.arrival_mid_px::double
        ) as release_px,
        mark.arrival_px as parent_px
    from order_state as small
    left join parent_state as parent on parent.parent_id = small.first_parent_id
    left join parent_benchmarks as mark on mark.parent_id = small.first_parent_id
)
select
    span.order_id,
    coalesce(span.arrival_mid_px::double, span.parent_px) as arrival_px,
    coalesce(span.release_px, span.arrival_mid_px::double, span.parent_px) as release_px,
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
    and upto.event_ns < span.until_ns;
