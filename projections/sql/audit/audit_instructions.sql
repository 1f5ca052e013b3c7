-- What did the desk tell each parent, and what has been in force since? One row an instruction.
create or replace view audit_instructions as
select
    parent_id,
    shard,
    seq,
    at_ns,
    'InstructionAdopted' as event,
    event_id,
    cause,
    format(
        '{} says {}{}{}; from now on {}, urgency {}{}; {} open, {} at venues',
        set_by,
        action,
        if(venue = '', '', ' ' || venue),
        if(text = '', '', ' (' || text || ')'),
        pace,
        coalesce(urgency, 'its members'' own'),
        if(
            len(excluded_venues) = 0,
            '',
            ', without ' || list_aggregate(excluded_venues, 'string_agg', ', ')
        ),
        parent_qty,
        exposure_qty
    ) as summary
from instruction_adopted;
