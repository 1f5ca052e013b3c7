-- What was the limit of each parent from when on? One row a change; null is no limit.
create or replace view parent_limits as
select parent_id, seq, parent_limit_px from member_joined
union all
select parent_id, seq, parent_limit_px from member_amended
union all
select parent_id, seq, parent_limit_px from member_left;
