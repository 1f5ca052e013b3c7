-- Does everything hold that must hold, whatever happens? One row a rule; violations must be 0.
create or replace view invariants as
select name, violations::bigint as violations, question from rule_quantities
union all
select name, violations::bigint, question from rule_once
union all
select name, violations::bigint, question from rule_allocations
union all
select name, violations::bigint, question from rule_children
union all
select name, violations::bigint, question from rule_routes
union all
select name, violations::bigint, question from rule_crosses
union all
select name, violations::bigint, question from rule_meetings
union all
select name, violations::bigint, question from rule_log;
