-- When was each order a member of which tranche of which parent? One row a membership; until_seq is
-- null while it lasts.
create or replace view membership as
select
    joined.shard,
    joined.parent_id,
    joined.tranche,
    joined.order_id,
    joined.member_qty,
    joined.seq as joined_seq,
    joined.at_ns as joined_ns,
    coalesce(gone.seq, ended.seq) as until_seq,
    coalesce(gone.at_ns, ended.at_ns) as until_ns
from member_joined as joined
asof left join member_left as gone
    on gone.parent_id = joined.parent_id
    and gone.order_id = joined.order_id
    and gone.seq >= joined.seq
left join parent_ended as ended on ended.parent_id = joined.parent_id;
