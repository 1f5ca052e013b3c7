-- Are fills shared as they must be? One row a rule.
create or replace view rule_allocations as
with
first_shares as (
    select
        part.fill_id,
        part.last_qty,
        part.error_qty,
        part.shares,
        coalesce(list_sum(list_transform(part.shares, lambda x: x.share_qty)), 0) as shared_qty
    from fills_shared as part
),
revised as (
    select
        fill_id,
        arg_max(error_qty, seq) as error_qty,
        arg_max(coalesce(list_sum(list_transform("after", lambda x: x.share_qty)), 0), seq)
            as shared_qty
    from fill_reallocated
    group by fill_id
),
all_shares as (
    select unnest(shares_qty) as share_qty from fill_allocated
    union all
    select unnest(shares).share_qty from cross_allocated
    union all
    select unnest("after").share_qty from fill_reallocated
),
standing as (
    select fill_id, seq, shares as before_shares, shares as after_shares, false as is_revision
    from fills_shared
    union all
    select fill_id, seq, "before", "after", true
    from fill_reallocated
),
handed_on as (
    select
        standing.*,
        lag(after_shares) over (partition by fill_id order by seq) as earlier_shares
    from standing
),
-- Who was given something, and when it was decided that there was something to give.
given as (
    select part.parent_id, part.order_id, made.seq
    from share_life as part
    join (
        select event_id, seq from fill_booked
        union all
        select event_id, seq from orders_crossed
    ) as made on made.event_id = part.execution_id
    where part.event in ('FillAllocated', 'CrossAllocated')
    union all
    select parent_id, order_id, seq
    from share_life
    where event = 'FillReallocated' and has_qty > had_qty
),
stays as (
    select
        given.*,
        stay.joined_seq,
        stay.until_seq
    from given
    asof left join membership as stay
        on stay.parent_id = given.parent_id
        and stay.order_id = given.order_id
        and stay.joined_seq <= given.seq
),
-- A new basis of the shares begins with each change of membership, cross or reallocation.
bases as (
    select distinct parent_id, seq from member_life where event <> 'FillAllocated'
),
fills_on as (
    select
        part.parent_id,
        part.seq,
        part.last_qty - part.error_qty as given_qty,
        base.seq as base_seq
    from fill_allocated as part
    asof join bases as base on base.parent_id = part.parent_id and base.seq < part.seq
),
running as (
    select
        fills_on.*,
        sum(given_qty) over (
            partition by parent_id, base_seq
            order by seq
            rows between unbounded preceding and current row
        ) as given_cum_qty
    from fills_on
),
weights as (
    select
        base.parent_id,
        base.seq as base_seq,
        life.order_id,
        arg_max(life.open_qty, life.seq) as open_qty
    from (select distinct parent_id, base_seq as seq from fills_on) as base
    join member_life as life on life.parent_id = base.parent_id and life.seq <= base.seq
    group by all
    having arg_max(life.is_active, life.seq) and arg_max(life.open_qty, life.seq) > 0
),
totals as (
    select parent_id, base_seq, sum(open_qty) as open_qty
    from weights
    group by parent_id, base_seq
),
parts as (
    select parent_id, seq, order_id, -change_qty as share_qty
    from member_life
    where event = 'FillAllocated'
),
held as (
    select
        running.given_cum_qty,
        weights.open_qty,
        totals.open_qty as total_qty,
        sum(coalesce(parts.share_qty, 0)) over (
            partition by running.parent_id, running.base_seq, weights.order_id
            order by running.seq
            rows between unbounded preceding and current row
        ) as held_qty
    from running
    join weights
        on weights.parent_id = running.parent_id and weights.base_seq = running.base_seq
    join totals
        on totals.parent_id = running.parent_id and totals.base_seq = running.base_seq
    left join parts
        on parts.parent_id = running.parent_id
        and parts.seq = running.seq
        and parts.order_id = weights.order_id
)
select
    'share_sum' as name,
    (
        select count(*)
        from fill_booked as fill
        left join first_shares as part on part.fill_id = fill.event_id
        where part.fill_id is null
            or part.last_qty <> fill.last_qty
            or part.shared_qty + part.error_qty <> fill.last_qty
    ) + (
        select count(*) from (select 1 from fill_allocated group by fill_id having count(*) > 1)
    ) + (
        select count(*)
        from fills_net as fill
        left join revised on revised.fill_id = fill.fill_id
        where (fill.busted or fill.corrected)
            and coalesce(revised.shared_qty + revised.error_qty, -1) <> fill.last_qty
    ) as violations,
    'The shares of a fill and the error account sum to it, once, also after a bust or correction.'
        as question
union all
select
    'share_negative',
    count(*),
    'No share is zero or less.'
from all_shares
where share_qty <= 0
union all
select
    'share_above_member',
    count(*),
    'Nobody is given more than it brought.'
from member_life
where open_qty < 0
union all
select
    'share_taken_back',
    (
        select count(*)
        from fill_reallocated as revision
        where not exists (
            select 1 from fill_busted as bust
            where bust.fill_id = revision.fill_id
                and bust.cause = revision.cause and bust.seq < revision.seq
        ) and not exists (
            select 1 from fill_corrected as correction
            where correction.fill_id = revision.fill_id
                and correction.cause = revision.cause and correction.seq < revision.seq
        )
    ) + (
        select count(*)
        from handed_on
        where is_revision
            and list_sort(before_shares) is distinct from list_sort(earlier_shares)
    ),
    'Shares change only with a bust or correction of their fill, from what stood before.'
union all
select
    'share_exact',
    count(*),
    'Everybody is less than one unit from the exact share at every fill.'
from held
-- |held - given * weight / total| >= 1, without dividing.
where abs(held_qty * total_qty - given_cum_qty::hugeint * open_qty) >= total_qty
union all
select
    'late_joiner',
    count(*),
    'Nobody shares in what was filled before it joined.'
from stays
where joined_seq is null
union all
select
    'leaver',
    count(*),
    'Nobody shares in what was filled after it left.'
from stays
where until_seq <= seq
union all
select
    'policy_before_parent',
    count(*),
    'The policy of a parent is in force in its shard, and in the log, before it opens.'
from parent_opened as parent
where not exists (
    select 1
    from policies as policy
    where policy.shard = parent.shard
        and policy.seq < parent.seq
        and policy.policy_id = parent.policy_id
        and policy.allocation_rule = parent.allocation_rule
);
