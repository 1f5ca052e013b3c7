"""The desk's hand on a working parent: pause, resume, urgency, venues, complete now.

An instruction is for one open parent, and changes how its members are worked, never what they
allow: limits, windows, caps, venues and the dark stay their own.

- A paused parent does not trade in any way: no slice, no release, no cross. Its children are
  cancelled, and what they execute until then is booked. Its windows go on.
- A parent that resumes gets a new plan, of what is left over the time that is left. What it did not
  do meanwhile is not due at once.
- An urgency that the desk sets takes the place of its members' for strategy, horizon and
  aggressiveness. It makes a new plan.
- An excluded venue gets no child, and the children there are cancelled.
- A parent that completes now is cleaned up, as a window's last interval is: it takes all that is
  left, within limits and caps. What must complete goes above its cap.

Pause, resume and complete now are one setting, the pace, and the last one counts. Each shard
answers; the one that has the parent refuses what is no instruction for it. Orders that come later
were not meant, so a parent under instruction takes no new members: they open another one. Its own
members come back to it when an amend or a stop takes them out, so none escapes an instruction. A
parent ends with its day, and its instructions with it.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import risk
from engine.core.events import (
    CancelReason,
    ControlScope,
    IgnoreReason,
    InstructionAdopted,
    Pace,
    ParentAction,
    ParentInstructed,
    RouteReason,
    StageEvent,
    Urgency,
)
from engine.core.state.model import NO_INSTRUCTIONS, Instructions, Order, Parent
from engine.core.state.state import CONTROL, DUE, State

PACE_OF = {
    ParentAction.PAUSE: Pace.PAUSED,
    ParentAction.RESUME: Pace.PLANNED,
    ParentAction.COMPLETE_NOW: Pace.COMPLETING,
}
OF_VENUES = (ParentAction.EXCLUDE_VENUE, ParentAction.INCLUDE_VENUE)
# After these the parent looks for all it can do now, as at a schedule point.
STARTS = (ParentAction.RESUME, ParentAction.URGENCY, ParentAction.COMPLETE_NOW)


# ------------------------------------------------------------------------------ effect


def is_paused(parent: Parent) -> bool:
    return parent.instructions.pace is Pace.PAUSED


def is_completing(parent: Parent) -> bool:
    return parent.instructions.pace is Pace.COMPLETING


def urgency_of(parent: Parent) -> Urgency:
    """The desk's urgency, or that of the members."""
    return parent.instructions.urgency or parent.terms.urgency


def bars(parent: Parent, venue: str) -> RouteReason | None:
    """The reason for which the desk lets no child of the parent go to a venue; else None."""
    if venue in parent.instructions.excluded_venues:
        return RouteReason.EXCLUDED_BY_DESK
    return None


def stop_of(parent: Parent) -> CancelReason | None:
    """The reason for which nothing of the parent may be out; None if it may."""
    return CancelReason.PAUSED_BY_DESK if is_paused(parent) else None


def wants_plan(parent: Parent) -> bool:
    """Whether the plan is older than what the desk asked for since.

    A parent that is paused, or completes without a plan, gets its new one when it resumes.
    """
    found, plan = parent.instructions, parent.plan
    return found.pace is Pace.PLANNED and plan is not None and plan.seq < found.plan_seq


def home_of(state: State, order: Order) -> Parent | None:
    """The open parent under instruction that an order was taken out of last; else None."""
    parent = state.parents.get(order.parent_ids[-1]) if order.parent_ids else None
    return parent if parent is not None and is_instructed(parent) else None


def is_instructed(parent: Parent) -> bool:
    """Whether anything but its members' own words steers the parent."""
    found = parent.instructions
    if found is NO_INSTRUCTIONS:
        return False  # Nearly always; each order asks many parents.
    return found.pace is not Pace.PLANNED or bool(found.urgency or found.excluded_venues)


# ------------------------------------------------------------------------------ decide


def refusal(state: State, control: object) -> IgnoreReason | None:
    """Why an instruction has no effect; None of any other control, and in other shards.

    A parent whose shard this log does not have is unknown to all.
    """
    if not isinstance(control, ParentInstructed):
        return None
    shard = int(control.parent_id.partition("-")[0])
    if shard != state.shard:
        return None if shard < state.settings.partitions else IgnoreReason.PARENT_UNKNOWN
    if control.parent_id not in state.parents:
        return why_not_open(state, control.parent_id)
    is_of_venue = control.action in OF_VENUES
    if is_of_venue and control.venue not in state.reference.venues:
        return IgnoreReason.VENUE_UNKNOWN
    return None


def why_not_open(state: State, parent_id: str) -> IgnoreReason:
    """A parent of an earlier day is unknown, as nothing of it is in the state."""
    is_ended = parent_id in state.parents_ended or state.finished.knows(parent_id, state.orders)
    return IgnoreReason.PARENT_ENDED if is_ended else IgnoreReason.PARENT_UNKNOWN


def decide_instructed(state: State, control: ParentInstructed, _: int) -> tuple[StageEvent, ...]:
    receipt = risk.applied(ControlScope.FIRM, control.parent_id, control)
    parent = state.parents.get(control.parent_id)
    if parent is None:
        return receipt  # It is of another shard.
    return (adopted(parent, control), *receipt)


def adopted(parent: Parent, control: ParentInstructed) -> InstructionAdopted:
    former = parent.instructions
    excluded = tuple(x for x in former.excluded_venues if x != control.venue)
    if control.action is ParentAction.EXCLUDE_VENUE:
        excluded = (*excluded, control.venue)
    urgency = control.urgency or former.urgency
    return InstructionAdopted(
        parent_id=parent.parent_id,
        instrument_id=parent.terms.instrument_id,
        action=control.action,
        venue=control.venue,
        pace=PACE_OF.get(control.action, former.pace),
        urgency=None if urgency is parent.terms.urgency else urgency,
        excluded_venues=excluded,
        parent_qty=parent.open_qty,
        exposure_qty=parent.exposure_qty,
        set_by=control.set_by,
        text=control.text,
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    ParentInstructed: decide_instructed,
}


# ------------------------------------------------------------------------------ evolve


def on_instruction_adopted(state: State, event: InstructionAdopted) -> None:
    parent = state.parents[event.parent_id]
    former, plan_seq = parent.instructions, parent.instructions.plan_seq
    is_resumed = event.pace is Pace.PLANNED and former.pace is not Pace.PLANNED
    if is_resumed or event.action is ParentAction.URGENCY:
        plan_seq = event.seq
    parent.instructions = Instructions(event.pace, event.urgency, event.excluded_venues, plan_seq)
    state.touch(event.parent_id, CONTROL | DUE if event.action in STARTS else CONTROL)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    InstructionAdopted: on_instruction_adopted,
}
