-- Was each child sent where and when it could be? One row a rule.
create or replace view rule_routes as
with
aged as (
    select child.quote_age_ns, configured.quote_age_max_ns
    from child_routed as child
    asof left join quote_ages as configured
        on configured.shard = child.shard and configured.seq < child.seq
),
-- Every scope of a stop that covers a child, for each kind of stop.
aims as (
    select rule, shard, seq, event_id as child_id, unnest(scopes) as scope
    from child_routed as child
    cross join (
        select unnest(
            [
                'kill_switch', 'venue_halted', 'venue_disconnected', 'instrument_halted', 'suspended',
                'controls'
            ]
        ) as rule
    )
    cross join lateral (
        select [
            'FIRM:', 'VENUE:', 'CONTROLS:', 'VENUE:' || venue, 'INSTRUMENT:' || instrument_id,
            'VENUE:' || venue || '/' || instrument_id, 'VENUE:' || venue || '/*'
        ] as scopes
    )
    union all
    -- A claim belongs to all members of its tranche: one stopped client stops it.
    select distinct rule, child.shard, child.seq, child.event_id, 'CLIENT:' || client_id
    from child_routed as child
    cross join (select unnest(['kill_switch', 'controls']) as rule)
    join membership as stay
        on stay.parent_id = child.parent_id
        and stay.joined_seq < child.seq
        and coalesce(stay.until_seq, 9223372036854775807) > child.seq
    join child_claims as claim
        on claim.child_id = child.event_id and claim.tranche = stay.tranche
    join order_entries as accepted on accepted.order_id = stay.order_id
),
stopped as (
    select aims.rule, count(distinct aims.child_id) as violations
    from aims
    asof join stops
        on stops.rule = aims.rule
        and stops.shard = aims.shard
        and stops.scope = aims.scope
        and stops.seq < aims.seq
    where stops.is_on
    group by aims.rule
)
select
    'quote_age' as name,
    count(*) as violations,
    'No child is priced from a quote older than the configuration allows.' as question
from aged
where coalesce(quote_age_ns > quote_age_max_ns, true)
union all
select
    'through_best',
    count(*),
    'No limit child is priced through the best quote that it saw.'
from child_routed
where child_type = 'LIMIT'
    and if(side = 'BUY', ask_px > 0 and limit_px > ask_px, bid_px > 0 and limit_px < bid_px)
union all
select
    asked.name,
    coalesce(stopped.violations, 0),
    asked.question
from (
    values
        (
            'kill_switch',
            'Nothing is sent while the kill switch of the firm, its venue, instrument or a '
            || 'member''s client is engaged.'
        ),
        (
            'controls',
            'Nothing is sent in a restricted instrument, or while a member''s client has no active '
            || 'mandate.'
        ),
        ('venue_halted', 'Nothing is sent to a venue that is halted or closed.'),
        ('venue_disconnected', 'Nothing is sent to a venue whose session is down.'),
        ('instrument_halted', 'Nothing is sent in an instrument that is halted, by a fault or by a control.'),
        (
            'suspended',
            'Nothing is sent while a control, or a report of its venue, could not be read, or '
            || 'while its venue is stopped.'
        )
) as asked (name, question)
left join stopped on stopped.rule = asked.name
union all
select
    'venue_permitted',
    count(distinct child.event_id),
    'No child goes to a venue, or to the dark, where a client that it is sent for forbids it.'
from child_routed as child
join child_claims as claim on claim.child_id = child.event_id
join tranches as part on part.parent_id = claim.parent_id and part.tranche = claim.tranche
left join venues on venues.venue = child.venue
where list_contains(part.excluded_venues, child.venue)
    or (part.no_dark and venues.kind = 'DARK')
union all
select
    'sent_in_time',
    count(*),
    'No child is sent after the time until which its route may be sent.'
from send_started as started
join child_routed as child on child.event_id = started.child_id
where started.started_ns > child.send_before_ns;
