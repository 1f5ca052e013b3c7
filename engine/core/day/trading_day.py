"""Open and close a trading day.

The close cancels live children at their venues, and ends them, their parents and DAY orders with
explicit events. The worker holds the close back for a moment while venues have cancels to answer,
so only what no venue answered in time is cut off; what a venue says later is booked if an order
lives on that the child was sent for (`carried_children`), else it is a break. Then the close writes
the state that survives as ordinary events: ChildCarried, OrderCarried, ScorecardCarried,
BreakCarried, VenueStatusCarried, the suspensions and halts in force, and by `carry_forward` the
controls and the reference data. The seal is marked CLOSE. The next day starts from these events
alone, so recovery never reads beyond the last close, and memory does not grow with the days.

A batch ends a bounded number of parents. Where more are open, the next batches end the others; they
take no input and plan nothing, and the last of them carries and is the CLOSE.
"""

import json
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from engine.core.controls import instructions, risk
from engine.core.day import carried_children, carry_forward
from engine.core.events import (
    BreakCarried,
    BreakFlagged,
    CancelReason,
    ChildClosed,
    CloseReason,
    ConfigurationAdopted,
    ControlScope,
    DayClosed,
    DayOpened,
    EndReason,
    HaltReason,
    InstrumentHalted,
    StageEvent,
    SuspensionSet,
    VenueStatus,
    VenueStatusCarried,
)
from engine.core.execution import silence
from engine.core.market import hours, reference
from engine.core.orders import corporate_actions, good_till_cancel
from engine.core.parents import aggregation
from engine.core.routing import cancels, scorecard
from engine.core.state import awaited, due_index
from engine.core.state.eviction import add_ended
from engine.core.state.model import Child, MoreBreaks, Parent
from engine.core.state.state import NEVER_NS, Carried, Settings, State
from engine.core.strategy import slicing

# Schedule points lie on a common grid, so that one batch plans the parents that are near each
# other; several points an interval keep the parents of a day from all going out at once.
POINTS_PER_INTERVAL = 6
CLOSED_MAX = 500  # Parents that a batch of a close ends.

# ------------------------------------------------------------------------------ decide


def decide_opened(_: State, control: DayOpened, __: int) -> tuple[StageEvent, ...]:
    return risk.applied(ControlScope.FIRM, str(control.day), control)


def decide_closed(state: State, control: DayClosed, now_ns: int) -> tuple[StageEvent, ...]:
    applied = risk.applied(ControlScope.FIRM, str(control.day), control)
    return (*applied, *closing_events(state, now_ns, state.next_seq + len(applied)))


def is_last_of_close(state: State) -> bool:
    """Whether one more batch ends all that is open."""
    return len(state.parents) <= CLOSED_MAX


def closing_events(state: State, now_ns: int, first_seq: int) -> tuple[StageEvent, ...]:
    """The end of what a batch of a close ends; in the last one of all, then the carried state.

    They are recorded at once, the first one under `first_seq`.
    """
    closing: list[StageEvent] = []
    for parent in islice(state.parents.values(), CLOSED_MAX):
        live = parent.children.values()
        closing += [
            cancels.cancel(child, CancelReason.DAY_CLOSED)
            for child in live
            if not child.is_cancelling and not child.is_in_doubt
        ]
        closing += [found for child in live for found in silence.at_close(child, now_ns)]
        closing += [closed(child) for child in live]
        closing.append(aggregation.parent_ended(parent, EndReason.DAY_CLOSED))
    if not is_last_of_close(state):
        return tuple(closing)
    flagged = [
        carried_break(state.event_id(first_seq + number), found)
        for number, found in enumerate(closing)
        if isinstance(found, BreakFlagged)
    ]
    return (*closing, *flagged, *carried_events(state))


def carried_events(state: State) -> list[StageEvent]:
    """The state that the next day starts from, in a fixed order."""
    living = [x for x in state.orders_by_age() if good_till_cancel.is_to_be_carried(x)]
    children, past = carried_children.past_of(state, living)
    closing: list[StageEvent] = [*children]
    for order in living:
        part = past.get(order.order_id, carried_children.NO_PAST)
        closing += good_till_cancel.carry_forward(state, order, *part)
    closing += [
        scorecard.carried(venue, card)
        for venue, card in sorted(state.scorecards.items())
        if card.version
    ]
    closing += [carried_break(break_id, found) for break_id, found in state.breaks.items()]
    closing += [
        BreakCarried(
            break_id=more.break_id,
            reason=reason,
            venue=venue,
            child_id="",
            exec_id="",
            break_qty=more.break_qty,
            break_px=0,
            break_count=more.break_count,
        )
        for (venue, reason), more in state.more_breaks.items()
    ]
    closing += [
        SuspensionSet(
            scope=ControlScope(scope),
            scope_id=scope_id,
            source_number=number,
            text="still in force at the close",
        )
        for (scope, scope_id), number in state.suspended.items()
    ]
    closing += [
        InstrumentHalted(instrument_id=instrument_id, reason=HaltReason.OTHER, text=text)
        for instrument_id, text in state.halted.items()
    ]
    return [*closing, *venues_not_open(state), *carry_forward.facts_in_force(state)]


def venues_not_open(state: State) -> list[VenueStatusCarried]:
    """The venues that are not open or not connected; the next day starts with their status."""
    shut = {v for v, status in state.venue_status.items() if status is not VenueStatus.OPEN}
    return [
        VenueStatusCarried(
            venue=venue,
            status=state.venue_status.get(venue, VenueStatus.OPEN),
            down_since_ns=state.sessions_down.get(venue),
        )
        for venue in sorted({*shut, *state.sessions_down})
    ]


def closed(child: Child) -> ChildClosed:
    return ChildClosed(
        child_id=child.child_id,
        parent_id=child.terms.parent_id,
        reason=CloseReason.DAY_CLOSED,
        returned_qty=child.leaves_qty,
        unsolicited=True,
        text="the day closed; what comes later is a carried order's, or a break",
    )


def carried_break(break_id: str, found: BreakFlagged | BreakCarried) -> BreakCarried:
    return BreakCarried(
        break_id=break_id,
        reason=found.reason,
        venue=found.venue,
        child_id=found.child_id,
        exec_id=found.exec_id,
        break_qty=found.break_qty,
        break_px=found.break_px,
        break_count=1,
    )


DECIDE: Mapping[type, Callable[[State, Any, int], tuple[StageEvent, ...]]] = {
    DayOpened: decide_opened,
    DayClosed: decide_closed,
}


def awaits_cancels(state: State) -> bool:
    """Whether a venue still has a cancel to answer, or a child whose fate it must tell."""
    return any(
        (child.is_cancelling or child.is_unknown) and not child.is_in_doubt
        for parent_id in state.exposed
        for child in state.parents[parent_id].children.values()
    )


# -------------------------------------------------------------------------------- plan


def mark_due(state: State, now_ns: int) -> None:
    """Choose what this batch plans: what is due or late, and what a control or price concerns."""
    good_till_cancel.take_unjudged(state, now_ns)
    due_index.touch_reached(state)
    due_index.touch_reviewed(state)
    due_index.touch_due(state, now_ns)
    awaited.touch_late(state, now_ns)


def first_due_ns(state: State) -> int | None:
    """The earliest time at which there is something to plan without an input; None if never."""
    due_ns, late_ns = due_index.first_due_ns(state), awaited.first_late_ns(state)
    if due_ns is None or late_ns is None:
        return late_ns if due_ns is None else due_ns
    return min(due_ns, late_ns)


def planned_ns(state: State, parent: Parent, now_ns: int) -> int:
    """When a parent is planned next: by the end of its session, and in a break after it.

    After the last session, which a calendar may have shortened, it waits for its own end.
    """
    if not parent.open_qty and not parent.exposure_qty:
        return aggregation.lingers_until_ns(state, parent)
    due_ns, instrument_id = next_due_ns(parent, now_ns), parent.terms.instrument_id
    if hours.is_open(state, instrument_id, now_ns):
        return hours.planned_ns(state, instrument_id, now_ns, due_ns)
    if parent.children:
        return due_ns  # A cancel may have to be repeated.
    open_ns = hours.next_open_ns(state, instrument_id, now_ns) or NEVER_NS
    return min(open_ns, end_of(parent, now_ns))


def next_due_ns(parent: Parent, now_ns: int) -> int:
    """When the parent is planned next: at its next point, or where a rate lets it go on before."""
    point_ns = next_point_ns(parent, now_ns)
    return min(point_ns, parent.held_until_ns) if now_ns < parent.held_until_ns else point_ns


def next_point_ns(parent: Parent, now_ns: int) -> int:
    """The parent's first point after `now_ns`; a function of its plan, not a timer."""
    if not parent.is_released:
        return parent.window_end_ns if now_ns < parent.window_end_ns else end_of(parent, now_ns)
    edge_ns = min(edges_ns(parent, now_ns), default=NEVER_NS)
    if parent.plan is None:
        return edge_ns
    interval_ns = max(1, parent.plan.interval_ns)
    passed = (now_ns - parent.released_ns) // interval_ns + 1
    point_ns = parent.released_ns + passed * interval_ns
    is_last = any(now_ns + interval_ns >= x.terms.end_ns for x in parent.open_tranches())
    if is_last or instructions.is_completing(parent):
        point_ns = now_ns + 1  # What is cleaned up is planned at every point of the grid.
    grid_ns = max(1, interval_ns // POINTS_PER_INTERVAL)
    point_ns = -(-point_ns // grid_ns) * grid_ns  # Ceiling.
    if edge_ns < NEVER_NS:
        return min(point_ns, edge_ns)
    return point_ns if parent.children else NEVER_NS  # To repeat a refused cancel.


def edges_ns(parent: Parent, now_ns: int) -> Iterator[int]:
    """The starts and ends of windows that are still to come."""
    for tranche in parent.open_tranches():
        for edge_ns in (tranche.terms.start_ns, tranche.terms.end_ns):
            if edge_ns > now_ns:
                yield edge_ns


def end_of(parent: Parent, now_ns: int) -> int:
    """The next end of a window; never after the last one."""
    ends_ns = (x.terms.end_ns for x in parent.open_tranches() if x.terms.end_ns > now_ns)
    return min(ends_ns, default=NEVER_NS)


# ------------------------------------------------------------------------------ evolve


def is_of_today(state: State, control: DayClosed) -> bool:
    """Whether a close is of the open day; early releases applied a close of any day to none."""
    return state.day is None or state.day.day == control.day


def on_day_opened(state: State, control: DayOpened) -> None:
    if state.day is None:  # Early releases applied a second opening, which changed nothing.
        state.day = control


def on_day_closed(state: State, control: DayClosed) -> None:
    if is_of_today(state, control):
        if state.day is not None:
            state.controls.closed_day = state.day.day
        state.day = None
        state.is_closing = not is_last_of_close(state)


FACTS: Mapping[type, Callable[[State, Any], None]] = {
    DayOpened: on_day_opened,
    DayClosed: on_day_closed,
}


def on_venue_status_carried(state: State, event: VenueStatusCarried) -> None:
    if event.status is not VenueStatus.OPEN:
        state.carried.venue_status[event.venue] = event.status
    if event.down_since_ns is not None:
        state.carried.sessions_down[event.venue] = event.down_since_ns


def on_break_carried(state: State, event: BreakCarried) -> None:
    if event.break_count == 1:
        state.carried.breaks[event.break_id] = event
        return
    more = MoreBreaks(event.break_id, event.break_count, event.break_qty)
    state.carried.more_breaks[event.venue, event.reason] = more


def on_configuration_adopted(state: State, event: ConfigurationAdopted) -> None:
    found = json.loads(event.text)
    state.settings_text = event.text
    state.settings = Settings(
        quote_age_max_ns=found["quote_age_max_ns"],
        limit_band_px=found["limit_band_px"],
        tape_includes_own=found["tape_includes_own"],
        partitions=found.get("partitions", 1),
    )


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    VenueStatusCarried: on_venue_status_carried,
    BreakCarried: on_break_carried,
    ConfigurationAdopted: on_configuration_adopted,
}


def on_sealed(state: State, now_ns: int) -> None:
    """After a seal: clear the touched parents, and set each one's next schedule point."""
    state.sealed_ns = now_ns
    for parent_id in state.touched:
        parent = state.parents.get(parent_id)
        if parent is not None:
            due_index.set_due(state, parent, planned_ns(state, parent, now_ns))
        slicing.note_taker(state, parent or state.parent(parent_id), now_ns)
    state.touched.clear()
    state.bands.clear()
    state.late.clear()
    state.slices.clear()
    state.sliced.clear()
    good_till_cancel.on_sealed(state)


def after_close(state: State) -> State:
    """The state that the next day starts from.

    After a close of an early release, which carried no facts, it keeps the folded ones.
    """
    kept = state.carried
    facts = state.carried_facts if state.carried_facts.is_whole else state
    reference.choose_all(facts.reference, facts.controls.closed_day)
    corporate_actions.settle(facts.reference, facts.controls.closed_day)
    state.finished.clear()
    next_day = State(
        shard=state.shard,
        next_seq=state.next_seq,
        sealed_ns=state.sealed_ns,
        sealed_seq=state.next_seq,
        day_seq=state.next_seq,
        evict_after_ns=state.evict_after_ns,
        finished=state.finished,
        reference=facts.reference,
        controls=facts.controls,
        halted=state.halted,
        suspended=state.suspended,
        venue_status=kept.venue_status,
        sessions_down=kept.sessions_down,
        scorecards=kept.scorecards,
        pools=scorecard.pooled(kept.scorecards),
        breaks=kept.breaks,
        more_breaks=kept.more_breaks,
        orders=kept.orders,
        order_ids={(o.terms.source, o.cl_ord_id): o.order_id for o in kept.orders.values()},
        unplaced=dict(kept.orders),
        unjudged=OrderedDict.fromkeys(kept.orders),
        carried=Carried(),
    )
    for parent in kept.parents.values():
        add_ended(next_day, parent)
    silence.after_close(next_day)
    return next_day
