-- Which events has each shard written, in their one order? One row an event.
create or replace view stage_events as
select event.*, event.shard || '-' || event.seq as event_id
from (
    select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderAccepted' as event from order_accepted
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderRejected' as event from order_rejected
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderChangePending' as event from order_change_pending
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderAmended' as event from order_amended
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderCancelled' as event from order_cancelled
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderExpired' as event from order_expired
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderChangeRejected' as event from order_change_rejected
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderCarried' as event from order_carried
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'OrderResumed' as event from order_resumed
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'ControlApplied' as event from control_applied
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'ConfigurationAdopted' as event from configuration_adopted
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'InputRejected' as event from input_rejected
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'InstrumentHalted' as event from instrument_halted
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'SuspensionSet' as event from suspension_set
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'SuspensionEnded' as event from suspension_ended
    union all select shard, seq, at_ns, cause, 'ingest' as topic, 'VenueStatusCarried' as event from venue_status_carried
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'ParentOpened' as event from parent_opened
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'MemberJoined' as event from member_joined
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'MemberAmended' as event from member_amended
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'MemberLeft' as event from member_left
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'OrdersCrossed' as event from orders_crossed
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'ParentReleased' as event from parent_released
    union all select shard, seq, at_ns, cause, 'aggregation' as topic, 'ParentEnded' as event from parent_ended
    union all select shard, seq, at_ns, cause, 'slices' as topic, 'PlanAdopted' as event from plan_adopted
    union all select shard, seq, at_ns, cause, 'slices' as topic, 'ScheduleRecalibrated' as event from schedule_recalibrated
    union all select shard, seq, at_ns, cause, 'slices' as topic, 'SliceReleased' as event from slice_released
    union all select shard, seq, at_ns, cause, 'routes' as topic, 'ChildRouted' as event from child_routed
    union all select shard, seq, at_ns, cause, 'routes' as topic, 'RouteDeferred' as event from route_deferred
    union all select shard, seq, at_ns, cause, 'routes' as topic, 'ChildCancelRequested' as event from child_cancel_requested
    union all select shard, seq, at_ns, cause, 'routes' as topic, 'ScorecardUpdated' as event from scorecard_updated
    union all select shard, seq, at_ns, cause, 'routes' as topic, 'ScorecardCarried' as event from scorecard_carried
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'ChildAcknowledged' as event from child_acknowledged
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'FillBooked' as event from fill_booked
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'FillBusted' as event from fill_busted
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'FillCorrected' as event from fill_corrected
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'ChildClosed' as event from child_closed
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'ChildFateUnknown' as event from child_fate_unknown
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'CancelFailed' as event from cancel_failed
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'BreakFlagged' as event from break_flagged
    union all select shard, seq, at_ns, cause, 'fills' as topic, 'BreakCarried' as event from break_carried
    union all select shard, seq, at_ns, cause, 'allocations' as topic, 'FillAllocated' as event from fill_allocated
    union all select shard, seq, at_ns, cause, 'allocations' as topic, 'CrossAllocated' as event from cross_allocated
    union all select shard, seq, at_ns, cause, 'allocations' as topic, 'FillReallocated' as event from fill_reallocated
    union all select shard, seq, at_ns, cause, 'allocations' as topic, 'ParentReconciled' as event from parent_reconciled
) as event;
