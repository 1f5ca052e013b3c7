-- What was the limit of each tranche from when on? One row a change; null is no limit.
create or replace view tranche_limits as
select parent_id, tranche, seq, parent_limit_px as limit_px from member_joined
union all
select parent_id, tranche, seq, parent_limit_px from member_amended
union all
select parent_id, tranche, seq, parent_limit_px from member_left;
