-- Which prints are on the tape? One row a print; prints that the engine rejected are left out, and
-- so are those that count and whose venue and id came before: a feed that reconnects repeats some.
-- Own executions are among them where the tape shows them (tape_setting).
create or replace view prints as
select
    trade.instrument_id,
    trade.event_ns,
    trade.position,
    trade.venue,
    trade.last_px,
    trade.last_qty,
    trade.eligible
from trade_observed as trade
anti join (select * from input_rejected where topic = 'market-data') as refused
    on refused.shard = trade.shard and refused.input_position = trade.position
qualify
    not trade.eligible
    or trade.trade_id is null
    or trade.trade_id = ''
    or row_number() over (
        partition by trade.shard, trade.instrument_id, trade.venue, trade.trade_id, trade.eligible
        order by trade.position
    ) = 1;
