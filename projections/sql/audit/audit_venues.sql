-- Which venues did the router compare for each child, and why did the others lose? One row a venue
-- with a score, the child's own first, and one a reason with the number of venues it ruled out.
create or replace view audit_venues as
with
scored as (
    select
        event_id as child_id, slice_id, score_millibps as chosen_millibps, 1 as place, venue,
        score_millibps
    from child_routed
    union all
    select
        event_id, slice_id, score_millibps, 1 + nth, runners_up[nth].venue,
        runners_up[nth].score_millibps
    from (
        select *, unnest(generate_series(1, len(runners_up))) as nth
        from child_routed
    )
),
compared as (
    select
        scored.child_id,
        scored.place,
        case
            when scored.place = 1 then 'CHOSEN'
            when other.slice_id is not null then 'ALSO_CHOSEN'
            else 'LOST'
        end as verdict,
        scored.venue,
        scored.score_millibps,
        case
            when scored.place = 1 then null
            -- It got another child of the same slice.
            when other.slice_id is not null then 'ANOTHER_PART'
            -- Its lot or its minimum fits no part of the slice.
            when scored.score_millibps < scored.chosen_millibps then 'NO_PART_FITS'
            else 'LOWER_SCORE'
        end as reason,
        1 as venues
    from scored
    left join (select distinct slice_id, venue from child_routed) as other
        on scored.place > 1
        and other.slice_id = scored.slice_id
        and other.venue = scored.venue
    union all
    select
        event_id, 100 + nth, 'REJECTED', null, null,
        rejected_by_reason[nth].reason, rejected_by_reason[nth].venue_count
    from (
        select *, unnest(generate_series(1, len(rejected_by_reason))) as nth
        from child_routed
    )
)
select
    compared.child_id,
    compared.place,
    compared.verdict,
    compared.venue,
    compared.score_millibps,  -- Lower is better.
    compared.reason,
    compared.venues,
    venues.name
from compared
left join venues on venues.venue = compared.venue;
