-- What changed of the quantity that an order wants, and of what is executed of it? One row a change.
create or replace view order_life as
select order_id, seq, order_qty - previous_qty as want_qty, 0::bigint as done_qty
from order_amended
union all
select order_id, seq, -withdrawn_qty, 0 from order_cancelled
union all
select order_id, seq, -withdrawn_qty, 0 from order_expired
union all
select order_id, seq, previous_withdrawn_qty - withdrawn_qty, 0 from order_restated
union all
select order_id, seq, 0, has_qty - had_qty from share_life;
