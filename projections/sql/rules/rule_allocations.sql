-- Do the shares of each fill sum to it, and does a share change for a reason only? One row a rule.
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
versions as (
    select fill_id, seq, shares as before_shares, shares as after_shares, false as is_revision
    from fills_shared
    union all
    select fill_id, seq, shares, shares, false
    from carried_in
    union all
    select fill_id, seq, "before", "after", true
    from fill_reallocated
),
successive as (
    select
        versions.*,
        lag(after_shares) over (partition by fill_id order by seq) as earlier_shares
    from versions
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
    'No member gets more than its own quantity.'
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
        from successive
        where is_revision
            and list_sort(before_shares) is distinct from list_sort(earlier_shares)
    ),
    'Shares change only with a bust or correction of their fill, and from its last shares.'
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
