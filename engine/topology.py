"""The map of the pipeline: the inputs and events that each module reacts to, and its own events.

`TABLE` is the pipeline, one row for each module, topic and trigger. The shard's loop takes its
dispatch from this module. Tests check that every event of a stage has a row and that the pipeline
writes no other event. The table in `docs/architecture.md` is printed from it, so the three cannot
differ.
"""

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

from engine.core import events as e
from engine.core.allocation import shares
from engine.core.controls import (
    instructions,
    positions,
    rates,
    rejected_input,
    resends,
    risk,
)
from engine.core.day import carried_children, carry_forward, trading_day
from engine.core.execution import (
    breaks,
    children,
    fills,
    progress,
    refused_changes,
    reports,
    silence,
)
from engine.core.market import consolidated, reference
from engine.core.orders import (
    changes,
    corporate_actions,
    good_till_cancel,
    intake,
    possible_resends,
    restating,
)
from engine.core.parents import aggregation, halts, membership, netting, open_parts
from engine.core.routing import cancels, immediate, routers, scorecard
from engine.core.state.model import Parent
from engine.core.state.state import State
from engine.core.strategy import participation, pauses, plans, recalibration, slicing

Decide = Callable[[State, Any, int], tuple[e.StageEvent, ...]]
Evolve = Callable[[State, Any], None]
Plan = Callable[[State, Parent, int], tuple[e.StageEvent, ...]]


class Row(NamedTuple):
    """One line of the map; PLAN means the planning of a touched or due parent."""

    topic: str
    module: ModuleType
    reacts_to: tuple[type | str, ...]
    events: tuple[type, ...]


# Triggers that are no input and no event.
PLAN = "planning"
UPKEEP = "upkeep"  # After planning.
ADOPT = "configuration"  # A worker's start with other settings than the last ones.
CONTINUATION = "continuation"  # Of another log; see `engine.runtime.first_batches`.

TABLE: tuple[Row, ...] = (
    Row(
        "ingest",
        intake,
        (e.OrderSubmitted,),
        (e.OrderAccepted, e.OrderRejected, e.OrderStatusReported),
    ),
    Row(
        "ingest",
        changes,
        (e.OrderAmendRequested, e.OrderCancelRequested),
        (
            e.OrderChangePending,
            e.OrderChangeRejected,
            e.OrderAmended,
            e.OrderCancelled,
            e.OrderStatusReported,
        ),
    ),
    Row(
        "ingest",
        intake,
        (e.ParentEnded, e.FillAllocated, e.FillReallocated),
        (e.OrderExpired, e.OrderChangeRejected, e.OrderCancelled),
    ),
    Row(
        "ingest",
        restating,
        (e.FillAllocated, e.FillReallocated),
        (e.OrderReopened, e.OrderCancelled, e.OrderChangeRejected),
    ),
    Row(
        "ingest",
        rejected_input,
        (rejected_input.RejectedInput,),
        (e.InputRejected, e.SuspensionSet, e.InstrumentHalted),
    ),
    Row(
        "ingest",
        risk,
        tuple(risk.DECIDE),
        (e.ControlApplied, e.InstrumentHalted, e.SuspensionEnded),
    ),
    Row(
        "ingest",
        resends,
        (*risk.FACTS, *trading_day.FACTS, *instructions.DECIDE),
        (e.ControlIgnored,),
    ),
    Row("ingest", instructions, (e.ParentInstructed,), (e.ControlApplied,)),
    Row(
        "ingest",
        risk,
        (e.OrderSubmitted, e.OrderAmendRequested, e.OrderCancelRequested),
        (e.SuspensionEnded,),
    ),
    Row("ingest", risk, (PLAN,), (e.InstrumentHalted,)),
    Row(
        "ingest",
        progress,
        (e.ChildClosed, e.FillBooked, e.FillCorrected),
        (e.SuspensionSet,),
    ),
    Row(
        "ingest",
        trading_day,
        (e.DayOpened, e.DayClosed),
        (
            e.ControlApplied,
            e.OrderAmended,
            e.OrderCarried,
            e.SuspensionSet,
            e.InstrumentHalted,
            e.VenueStatusCarried,
            *carry_forward.FACT_EVENTS,
        ),
    ),
    Row("ingest", carry_forward, (CONTINUATION,), (e.LogContinued,)),
    Row("ingest", corporate_actions, (e.CorporateActionDefined,), (e.InstrumentHalted,)),
    Row(
        "ingest",
        good_till_cancel,
        (PLAN,),
        (
            e.CorporateActionApplied,
            e.OrderAmended,
            e.OrderResumed,
            e.OrderHeld,
            e.OrderCancelled,
        ),
    ),
    Row("ingest", trading_day, (ADOPT,), (e.ConfigurationAdopted,)),
    Row(
        "aggregation",
        aggregation,
        (
            e.OrderAccepted,
            e.ParentOpened,
            e.OrderAmended,
            e.OrderResumed,
            e.OrderReopened,
            e.MemberLeft,
            e.TrancheOpened,
        ),
        (e.ParentOpened, e.TrancheOpened, e.MemberJoined),
    ),
    Row(
        "aggregation",
        aggregation,
        (PLAN,),
        (e.ParentReleased, e.ParentEnded),
    ),
    Row("aggregation", membership, (PLAN,), (e.MemberLeft, e.MemberAmended)),
    Row("aggregation", restating, (e.FillAllocated, e.FillReallocated), (e.MemberAmended,)),
    Row(
        "ingest",
        membership,
        (PLAN,),
        (e.OrderCancelled, e.OrderAmended, e.OrderExpired, e.OrderChangeRejected),
    ),
    Row("aggregation", halts, (PLAN,), (e.MemberLeft,)),
    Row("ingest", halts, (PLAN,), (e.OrderCancelled,)),
    Row("aggregation", netting, (PLAN,), (e.OrdersCrossed,)),
    Row("aggregation", trading_day, (e.DayClosed,), (e.ParentEnded,)),
    Row("slices", instructions, (e.ParentInstructed,), (e.InstructionAdopted,)),
    Row("slices", plans, (PLAN,), (e.PlanAdopted,)),
    Row("slices", recalibration, (PLAN,), (e.ScheduleRecalibrated,)),
    Row("slices", pauses, (PLAN,), (e.ParentPaused,)),
    Row("slices", slicing, (PLAN,), (e.SliceHeld, e.SliceReleased)),
    Row("routes", routers, (PLAN,), (e.ChildRouted, e.RouteDeferred)),
    Row("routes", cancels, (PLAN,), (e.ChildCancelRequested,)),
    Row("routes", silence, (PLAN,), (e.ChildStatusRequested, e.ChildCancelRequested)),
    Row("fills", silence, (PLAN,), (e.BreakFlagged, e.ChildFateUnknown)),
    Row("ingest", silence, (PLAN,), (e.SuspensionSet,)),
    Row("aggregation", immediate, (PLAN,), (e.MemberLeft,)),
    Row("ingest", immediate, (PLAN,), (e.OrderCancelled,)),
    Row("routes", scorecard, (UPKEEP,), (e.ScorecardUpdated,)),
    Row("routes", trading_day, (e.DayClosed,), (e.ChildCancelRequested, e.ScorecardCarried)),
    Row(
        "fills",
        reports,
        (e.ExecutionReported,),
        (
            e.ChildAcknowledged,
            e.FillBooked,
            e.FillBusted,
            e.FillCorrected,
            e.ChildClosed,
            e.ChildFateUnknown,
            e.ChildDoubted,
            e.ExecutionsMissing,
            e.BreakFlagged,
            e.BreakClosed,
        ),
    ),
    Row("ingest", reports, (e.ExecutionReported,), (e.SuspensionSet, e.SuspensionEnded)),
    Row("ingest", breaks, (e.BreakSettled,), (e.ControlApplied,)),
    Row(
        "fills",
        breaks,
        (e.BreakSettled,),
        (e.ErrorBooked, e.BreakClosed, e.ChildClosed, e.ChildDoubted),
    ),
    Row("fills", children, (e.SendStarted, e.NotSent), (e.ChildClosed, e.BreakFlagged)),
    Row(
        "fills",
        refused_changes,
        (e.CancelRejected,),
        (e.CancelFailed, e.BreakFlagged, e.ChildFateUnknown),
    ),
    Row("routes", refused_changes, (e.CancelRejected,), (e.ChildStatusRequested,)),
    Row(
        "ingest",
        refused_changes,
        (e.CancelRejected,),
        (e.OrderChangeRejected, e.SuspensionSet),
    ),
    Row("fills", silence, tuple(silence.DECIDE), (e.BreakClosed,)),
    Row("ingest", silence, tuple(silence.DECIDE), (e.SuspensionEnded,)),
    Row(
        "fills",
        trading_day,
        (e.DayClosed,),
        (e.BreakFlagged, e.ChildClosed, e.ChildCarried, e.BreakCarried),
    ),
    Row(
        "allocations",
        shares,
        (e.FillBooked, e.OrdersCrossed, e.FillBusted, e.FillCorrected),
        (e.FillAllocated, e.CrossAllocated, e.FillReallocated),
    ),
    Row("ingest", shares, (e.FillBooked, e.FillCorrected), (e.OrderRestated,)),
    Row("fills", shares, (e.FillBooked, e.FillBusted, e.FillCorrected), (e.BreakFlagged,)),
    Row("allocations", shares, (e.ParentEnded,), (e.ParentReconciled,)),
)

# The tables that decide on an input or an event, in this order; the events of each function are
# folded before the next one is called.
DECIDES: tuple[Mapping[type, Decide], ...] = (
    intake.DECIDE,
    changes.DECIDE,
    corporate_actions.DECIDE,
    rejected_input.DECIDE,
    risk.DECIDE,
    instructions.DECIDE,
    trading_day.DECIDE,
    aggregation.DECIDE,
    reports.DECIDE,
    children.DECIDE,
    refused_changes.DECIDE,
    silence.DECIDE,
    breaks.DECIDE,
    shares.DECIDE,
    restating.DECIDE,
    progress.DECIDE,
)
# The allocation of an ended parent is reconciled before its members' orders end.
REACTS_FIRST: Mapping[type, tuple[Decide, ...]] = {
    e.ParentEnded: (shares.DECIDE[e.ParentEnded], intake.DECIDE[e.ParentEnded]),
}

EVOLVES: tuple[Mapping[type, Evolve], ...] = (
    intake.EVOLVE,
    corporate_actions.EVOLVE,  # Before an amend gives the order another id.
    changes.EVOLVE,
    possible_resends.EVOLVE,
    rejected_input.EVOLVE,
    resends.EVOLVE,
    risk.EVOLVE,
    instructions.EVOLVE,
    trading_day.EVOLVE,
    good_till_cancel.EVOLVE,
    carried_children.EVOLVE,
    carry_forward.EVOLVE,
    aggregation.EVOLVE,
    plans.EVOLVE,
    recalibration.EVOLVE,
    pauses.EVOLVE,
    slicing.EVOLVE,
    routers.EVOLVE,
    scorecard.EVOLVE,
    fills.EVOLVE,
    children.EVOLVE,
    silence.EVOLVE,
    progress.EVOLVE,
    rates.EVOLVE,
    breaks.EVOLVE,
    shares.EVOLVE,
    participation.EVOLVE,
    positions.EVOLVE,
    netting.EVOLVE,  # After all that changes a parent.
    open_parts.EVOLVE,  # After all that changes a member.
)

FACTS: tuple[Mapping[type, Evolve], ...] = (
    silence.FACTS,
    reference.FACTS,
    consolidated.FACTS,  # After reference data: a venue's quotes count once it is defined.
    risk.FACTS,
    trading_day.FACTS,
    corporate_actions.FACTS,
    good_till_cancel.FACTS,
)

# Planning goes over the touched and due parents three times, in ascending id. The first pass
# changes members, closes windows and crosses opposite sides; it may touch other parents, and
# includes them. The second plans each parent once and releases its slice. When all slices are
# there, so that none is served first, `routing.routers` routes them. The third ends what has
# nothing more to do. A step in REPEATED runs until it returns no more events.
GATHER: tuple[Plan, ...] = (
    membership.apply_pending_change,
    membership.remove_stopped_members,
    halts.return_members,
    immediate.kill_unfillable,
    netting.cross,
    cancels.cancel_for_changes,
    aggregation.release,
)
WORK: tuple[Plan, ...] = (
    plans.adopt,
    recalibration.recalibrate,
    cancels.cancel_stale_children,
    cancels.cancel_above_participation,
    silence.ask_again,
    pauses.pause,
    slicing.release,
)
END: tuple[Plan, ...] = (
    immediate.withdraw_rest,
    membership.remove_expired_members,
    aggregation.finish,
)
WHILE_HALTED: frozenset[Plan] = frozenset(
    (
        membership.apply_pending_change,
        membership.remove_stopped_members,
        halts.return_members,
        cancels.cancel_for_changes,
        cancels.cancel_stale_children,
        silence.ask_again,
        immediate.withdraw_rest,
        membership.remove_expired_members,
        aggregation.finish,
    )
)
REPEATED: frozenset[Plan] = frozenset((membership.apply_pending_change, netting.cross))


def joined(tables: Iterable[Mapping[type, Any]]) -> dict[type, tuple[Any, ...]]:
    """The tables merged: each type with all its functions, in the order of the tables."""
    found: dict[type, tuple[Any, ...]] = {}
    for table in tables:
        for kind, function in table.items():
            found[kind] = (*found.get(kind, ()), function)
    return found


DECIDE: Mapping[type, tuple[Decide, ...]] = {**joined(DECIDES), **REACTS_FIRST}
EVOLVE: Mapping[type, tuple[Evolve, ...]] = joined(EVOLVES)
FACT: Mapping[type, tuple[Evolve, ...]] = joined(FACTS)


def picture() -> str:
    """The map as a Markdown table, for `docs/architecture.md`."""
    lines = ["| topic | module | reacts to | events |", "|---|---|---|---|"]
    for row in TABLE:
        module = row.module.__name__.removeprefix("engine.core.")
        reacts = ", ".join(
            kind if isinstance(kind, str) else kind.__name__ for kind in row.reacts_to
        )
        events = ", ".join(kind.__name__ for kind in row.events)
        lines.append(f"| `{row.topic}` | {module} | {reacts} | {events} |")
    return "\n".join(lines)
