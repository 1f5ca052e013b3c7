-- Which children and fills of another log do orders of this one have a part in? One row a fill, and
-- one of nulls for a child without any.
create or replace view carried_in as
select
    shard,
    seq,
    child_id,
    parent_id,
    instrument_id,
    side,
    venue,
    fill.fill_id as fill_id,
    fill.last_qty as last_qty,
    fill.last_px as last_px,
    fill.error_qty as error_qty,
    list_transform(
        fill.order_ids,
        lambda order_id, nth: {'order_id': order_id, 'share_qty': fill.shares_qty[nth]}
    ) as shares
from (
    select *, unnest(if(len(fills) = 0, [null], fills)) as fill
    from child_carried
    where cause = 'opening:'
);
