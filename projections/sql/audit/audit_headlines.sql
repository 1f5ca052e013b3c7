-- What is each order, parent, child, fill, cross and allocation, in one sentence? One row a thing.
-- story_id says whose steps tell its story: of an allocation its fill or cross, else the id itself.
create or replace view audit_headlines as
select
    'order' as kind, order_id as id, order_id as story_id,
    format(
        'Order {} ({}/{} of client {}): {} {} {} {}. {}: {} crossed, {} allocated of fills{}, '
        || '{} withdrawn, {} open{}.',
        order_id, source, cl_ord_id, client_id, side, order_qty, symbol,
        coalesce('at ' || regexp_replace(limit_price::varchar, '0{1,7}$', ''), 'at market'),
        status, crossed_qty, allocated_qty,
        coalesce(
            ', average price '
            || regexp_replace(avg_price::decimal(18, 6)::varchar, '0{1,4}$', ''),
            ''
        ),
        withdrawn_qty, open_qty, coalesce('; parent ' || parent_id, '')
    ) as summary
from blotter_orders
union all
select
    'order', event_id, event_id,
    format(
        'Order {} ({}/{} of client {}) was refused, {}: {}',
        event_id, source, cl_ord_id, client_id, reason, text
    )
from order_rejected
union all
select
    'parent', parent_id, parent_id,
    format(
        'Parent {}: {} {} {} for {}{}. {}: {} crossed, {} filled by {}{}, {} open, '
        || '{} withdrawn by members, {} returned, {} in the error account.',
        parent_id, side, member_qty, symbol,
        members || if(members = 1, ' order', ' orders'),
        coalesce(' by ' || strategy, ''), status, crossed_qty, filled_qty,
        children || if(children = 1, ' child', ' children'),
        coalesce(
            ', average price '
            || regexp_replace(avg_price::decimal(18, 6)::varchar, '0{1,4}$', ''),
            ''
        ),
        open_qty, left_qty, returned_qty, error_qty
    )
from blotter_parents
union all
select
    'child', child.child_id, child.child_id,
    format(
        'Child {} of slice {}, parent {}: {} {} {} at {}, {} {} {}. {}: {} filled{}. '
        || 'Why there: {}{}.',
        child.child_id, routed.slice_id, child.parent_id, child.side, child.child_qty,
        child.symbol, child.venue, child.child_type,
        regexp_replace(child.limit_price::varchar, '0{1,7}$', ''),
        child.time_in_force, child.status, child.filled_qty,
        coalesce(
            ', average price '
            || regexp_replace(child.avg_price::decimal(18, 6)::varchar, '0{1,4}$', ''),
            ''
        ),
        case next_venue.reason
            when 'LOWER_SCORE' then format(
                'the best score, {:.3f} bps; next {} with {:.3f} bps', chosen.score_millibps / 1e3,
                coalesce(next_venue.name, next_venue.venue), next_venue.score_millibps / 1e3
            )
            when 'ANOTHER_PART' then format(
                'score {:.3f} bps, after {} with {:.3f} bps got another part of the slice',
                chosen.score_millibps / 1e3, coalesce(next_venue.name, next_venue.venue),
                next_venue.score_millibps / 1e3
            )
            when 'NO_PART_FITS' then format(
                'score {:.3f} bps; {} with {:.3f} bps could take no part',
                chosen.score_millibps / 1e3, coalesce(next_venue.name, next_venue.venue),
                next_venue.score_millibps / 1e3
            )
            else format('score {:.3f} bps, no other in question', chosen.score_millibps / 1e3)
        end,
        coalesce('; ruled out: ' || rejected.reasons, '')
    )
from blotter_children as child
join child_routed as routed on routed.event_id = child.child_id
join audit_venues as chosen on chosen.child_id = child.child_id and chosen.place = 1
left join audit_venues as next_venue
    on next_venue.child_id = child.child_id
    and next_venue.place = 2
left join (
    select
        child_id,
        string_agg(format('{} {}', reason, venues), ', ' order by place) as reasons
    from audit_venues
    where verdict = 'REJECTED'
    group by child_id
) as rejected on rejected.child_id = child.child_id
union all
select
    'fill', fill.fill_id, fill.fill_id,
    format(
        'Fill {} of child {}, parent {}: {} {} {} at {} on {} ({}, report {}){}. '
        || 'Shared among {}{}.',
        fill.fill_id, fill.child_id, fill.parent_id, lower(fill.side), fill.booked_qty,
        coalesce(instrument.symbol, fill.instrument_id),
        regexp_replace(format('{:.9f}', fill.booked_px / 1e9), '0{1,7}$', ''),
        coalesce(venue.name, fill.venue), fill.liquidity, fill.exec_id,
        case
            when fill.busted then ', taken back by the venue'
            when fill.corrected then format(
                ', corrected to {} at {}', fill.last_qty,
                regexp_replace(format('{:.9f}', fill.last_px / 1e9), '0{1,7}$', '')
            )
            else ''
        end,
        coalesce(
            len(part.order_ids) || if(len(part.order_ids) = 1, ' order', ' orders'), 'no order yet'
        ),
        if(part.error_qty > 0, format('; {} in the error account', part.error_qty), '')
    )
from fills_net as fill
left join fill_allocated as part on part.fill_id = fill.fill_id
left join instruments as instrument on instrument.instrument_id = fill.instrument_id
left join venues as venue on venue.venue = fill.venue
union all
select
    'cross', crossed.event_id, crossed.event_id,
    format(
        'Cross {}: {} {} at {} between the buying parent {} and the selling parent {}, '
        || 'in a market of {} / {}, {:.3f} s old.',
        crossed.event_id, crossed.cross_qty,
        coalesce(instrument.symbol, crossed.instrument_id),
        regexp_replace(format('{:.9f}', crossed.cross_px / 1e9), '0{1,7}$', ''),
        crossed.buy_parent_id, crossed.sell_parent_id,
        regexp_replace(format('{:.9f}', crossed.bid_px / 1e9), '0{1,7}$', ''),
        regexp_replace(format('{:.9f}', crossed.ask_px / 1e9), '0{1,7}$', ''),
        crossed.quote_age_ns / 1e9
    )
from orders_crossed as crossed
left join instruments as instrument on instrument.instrument_id = crossed.instrument_id
union all
select
    'allocation', event_id, fill_id,
    format(
        'Allocation {} of fill {}, parent {}: {} at {} shared among {}.',
        event_id, fill_id, parent_id, last_qty,
        regexp_replace(format('{:.9f}', last_px / 1e9), '0{1,7}$', ''),
        len(order_ids) || if(len(order_ids) = 1, ' order', ' orders')
    )
from fill_allocated
union all
select
    'allocation', event_id, fill_id,
    format(
        'Allocation {} of fill {}, parent {}: shared anew, among {} instead of {}.',
        event_id, fill_id, parent_id,
        len("after") || if(len("after") = 1, ' order', ' orders'), len("before")
    )
from fill_reallocated
union all
select
    'allocation', event_id, cross_id,
    format(
        'Allocation {} of cross {}, parent {}: {} at {} shared among {}.',
        event_id, cross_id, parent_id, cross_qty,
        regexp_replace(format('{:.9f}', cross_px / 1e9), '0{1,7}$', ''),
        len(shares) || if(len(shares) = 1, ' order', ' orders')
    )
from cross_allocated;
