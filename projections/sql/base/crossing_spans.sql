-- Which members of a parent could cross, up to which limit, from when to when? One row a member and
-- span. From the event from_seq on and up to until_seq the member consents and has open quantity;
-- is_free says whether its tranche has quantity that no claim covers. A moment has the state after
-- the last event before it.
create or replace view crossing_spans as
with
members as (
    select
        life.parent_id,
        life.tranche,
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
parts as (
    select
        life.parent_id,
        life.tranche,
        limits.limit_px,
        life.seq as from_seq,
        lead(life.seq, 1, 9223372036854775807) over (
            partition by life.parent_id, life.tranche
            order by life.seq
        ) as until_seq,
        life.open_qty > life.claimed_qty as is_free
    from tranche_life as life
    asof join tranche_limits as limits
        on limits.parent_id = life.parent_id
        and limits.tranche = life.tranche
        and limits.seq <= life.seq
)
select
    parts.parent_id,
    parts.tranche,
    members.order_id,
    members.client_id,
    parts.limit_px,
    parts.is_free,
    greatest(parts.from_seq, members.from_seq) as from_seq,
    least(parts.until_seq, members.until_seq) as until_seq
from parts
join members
    on members.parent_id = parts.parent_id
    and members.tranche = parts.tranche
    and members.from_seq < parts.until_seq
    and parts.from_seq < members.until_seq
where members.is_willing;
