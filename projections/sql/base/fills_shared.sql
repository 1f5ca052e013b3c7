-- How was each fill shared? One row a fill, the members' parts as pairs of order and quantity.
create or replace view fills_shared as
select
    fill.*,
    list_transform(
        list_concat(fill.order_ids, fill.other_order_ids),
        lambda order_id, nth: {
            'order_id': order_id,
            'share_qty': list_concat(fill.shares_qty, fill.other_shares_qty)[nth]
        }
    ) as shares
from fill_allocated as fill;
