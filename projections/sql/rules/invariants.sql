-- Does every rule hold that must always hold? One row a rule; violations must be 0.
create or replace view invariants as
select name, violations::bigint as violations, question
from (
    from rule_quantities
    union all from rule_exposure
    union all from rule_reconciled
    union all from rule_once
    union all from rule_reconciliation
    union all from rule_silence
    union all from rule_allocations
    union all from rule_carried
    union all from rule_share_exact
    union all from rule_share_members
    union all from rule_children
    union all from rule_claims
    union all from rule_routes
    union all from rule_brakes
    union all from rule_instructions
    union all from rule_limits
    union all from rule_allotments
    union all from rule_positions
    union all from rule_participation
    union all from rule_held
    union all from rule_bands
    union all from rule_crosses
    union all from rule_meetings
    union all from rule_missed_crosses
    union all from rule_log
);
