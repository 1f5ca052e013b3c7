-- What did each fill give whom? One row a fill, the parts of its members as pairs.
create or replace view fills_shared as
select
    fill.*,
    list_transform(
        fill.order_ids,
        lambda order_id, nth: {'order_id': order_id, 'share_qty': fill.shares_qty[nth]}
    ) as shares
from fill_allocated as fill;
