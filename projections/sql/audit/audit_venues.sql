-- Which venues did the router compare for each child, and why did the others lose? One row a venue
-- and way with a score, the child's own first, and one a reason with the number of venues it ruled
-- out. The score is the expected cost: of what is filled, price and adverse move, and of the rest
-- what it costs later, each by its chance, plus the price of waiting.
create or replace view audit_venues as
with
scored as (
    select
        event_id as child_id, slice_id, score_millibps as chosen_millibps, 1 as place, venue,
        score_millibps, tactic, fill_ppm, filled_millibps, adverse_millibps, missed_millibps
    from child_routed
    union all
    select
        event_id, slice_id, score_millibps, 1 + nth, runners_up[nth].venue,
        runners_up[nth].score_millibps, runners_up[nth].tactic, runners_up[nth].fill_ppm,
        runners_up[nth].filled_millibps, runners_up[nth].adverse_millibps,
        runners_up[nth].missed_millibps
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
        nullif(scored.tactic, '') as tactic,  -- None in older logs.
        scored.score_millibps,
        scored.fill_ppm,
        scored.filled_millibps,
        scored.adverse_millibps,
        scored.missed_millibps,
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
    left join (select distinct slice_id, venue, tactic from child_routed) as other
        on scored.place > 1
        and other.slice_id = scored.slice_id
        and other.venue = scored.venue
        and other.tactic = scored.tactic
    union all
    select
        event_id, 100 + nth, 'REJECTED', null, null, null, null, null, null, null,
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
    compared.tactic,
    compared.score_millibps,  -- Lower is better.
    compared.fill_ppm,
    compared.filled_millibps,
    compared.adverse_millibps,
    compared.missed_millibps,
    compared.reason,
    compared.venues,
    venues.name
from compared
left join venues on venues.venue = compared.venue;
