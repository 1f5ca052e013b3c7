-- Which orders, amends and cancels were refused, and why? One row a refusal.
-- The text is the engine's own, in its units; `metaorder blotter refusals` shows those of people.
create or replace view blotter_refusals as
with
refused as (
    select
        event_id, shard, seq, at_ns, 'submit' as action, source, cl_ord_id, client_id,
        instrument_id, reason, text
    from order_rejected
    union all
    select
        event_id, shard, seq, at_ns, lower(change), source, cl_ord_id, null, null, reason, text
    from order_change_rejected
)
select
    refused.event_id as refusal_id,
    refused.action,
    refused.source,
    refused.cl_ord_id,
    refused.client_id,  -- Null of a change: its order has it.
    coalesce(instrument.symbol, refused.instrument_id) as symbol,
    refused.reason,
    refused.text,
    strftime(
        timezone(
            zone.time_zone, make_timestamp_ns(refused.at_ns)::timestamp at time zone 'UTC'
        ),
        '%Y-%m-%d %H:%M:%S'
    ) as refused_at
from refused
cross join calendar_zone as zone
left join instruments as instrument on instrument.instrument_id = refused.instrument_id
order by refused.at_ns, refused.shard, refused.seq;
