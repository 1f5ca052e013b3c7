-- Which members of a parent could cross, up to which limit, from when to when? One row a member and
-- span. From the event from_seq on and up to until_seq the member consents and has open quantity,
-- and the parent has free quantity. A moment has the state after the last event before it.
create or replace view crossing_spans as
with
members as (
    select
        life.parent_id,
        life.order_id,
        accepted.client_id,
        life.seq as from_seq,
        lead(life.seq, 1, 9223372036854775807) over (
            partition by life.parent_id, life.order_id
            order by life.seq
        ) as until_seq,
        life.is_active and life.open_qty > 0 as is_willing
    from member_life as life
    join order_entries as accepted on accepted.order_id = life.order_id
    where accepted.crossing_consent
),
parents as (
    select
        life.parent_id,
        limits.parent_limit_px,
        life.seq as from_seq,
        lead(life.seq, 1, 9223372036854775807) over (
            partition by life.parent_id
            order by life.seq
        ) as until_seq,
        life.open_qty > life.out_qty as is_free
    from parent_life as life
    asof join parent_limits as limits
        on limits.parent_id = life.parent_id and limits.seq <= life.seq
)
select
    parents.parent_id,
    members.order_id,
    members.client_id,
    parents.parent_limit_px,
    greatest(parents.from_seq, members.from_seq) as from_seq,
    least(parents.until_seq, members.until_seq) as until_seq
from parents
join members
    on members.parent_id = parents.parent_id
    and members.from_seq < parents.until_seq
    and parents.from_seq < members.until_seq
where parents.is_free and members.is_willing;
