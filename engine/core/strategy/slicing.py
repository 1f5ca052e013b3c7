"""Release the next slice of a parent, by its done and open quantity.

At a schedule point the slice raises done + open to the schedule's target at the next point. Within
the tracking band it posts; behind the band it takes; in the last interval it cleans up. A slice is
in whole lots and at least the policy's minimum, except the last one, which includes the odd lot.
Quantity that a child did not fill is not done, so the next slice contains it again.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.controls import risk, stops
from engine.core.events import (
    Immediacy,
    PlanAdopted,
    Router,
    SliceHeld,
    SliceReleased,
    StageEvent,
    Strategy,
    Style,
)
from engine.core.market import hours, reference
from engine.core.parents import membership
from engine.core.state.model import Parent
from engine.core.state.state import (
    BUST,
    CONTROL,
    CROSS,
    DUE,
    FILL,
    MARKET,
    MEMBERS,
    RETURNED,
    State,
)
from engine.core.strategy import participation, plans, usual_volume
from engine.core.strategy.schedules import pov_target_qty
from engine.core.units import PPM

TAKES_FROM_PPM = 500_000  # The least aggressiveness of a parent that takes even on schedule.
ANY_REASON = DUE | FILL | CROSS | MEMBERS | BUST | RETURNED | MARKET | CONTROL


def release(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """The slice that is due, if there is one."""
    plan = parent.plan
    if plan is None or not parent.open_qty or now_ns >= parent.terms.end_ns:
        return ()
    if not state.touched.get(parent.parent_id, 0) & ANY_REASON:
        return ()
    if now_ns < parent.held_until_ns:
        return ()  # The event that holds it back is told once.
    if is_immediate(parent) and (parent.children or parent.ended_children):
        return ()  # It makes one pass.
    if not stops.may_trade(state, parent):
        return ()
    if not hours.is_open(state, parent.terms.instrument_id, now_ns):
        return ()  # `pauses` tells it.
    style = style_of(state, parent, plan, now_ns)
    most_qty = allowed_qty(state, parent, style, now_ns)
    qty = slice_qty(state, parent, plan, style, now_ns, most_qty)
    if qty <= 0:
        return held_by_silence(state, parent, plan, style, now_ns)
    if is_exempt(parent, style):
        return (released(state, parent, plan, style, now_ns, qty),)
    room = participation.room_of(state, parent, now_ns)
    if room is None or room.room_qty >= qty:
        return (released(state, parent, plan, style, now_ns, qty),)
    less_qty = slice_qty(state, parent, plan, style, now_ns, room.room_qty)
    held = participation.held(state, parent, room, qty, less_qty, now_ns)
    if not less_qty:
        return tuple(held)
    return (*held, released(state, parent, plan, style, now_ns, less_qty))


def released(
    state: State, parent: Parent, plan: PlanAdopted, style: Style, now_ns: int, qty: int
) -> SliceReleased:
    return SliceReleased(
        parent_id=parent.parent_id,
        slice_qty=qty,
        style=style,
        router=router_of(state, parent, plan, style, qty),
        limit_px=parent.limit_px,
        target_qty=plans.target_qty(state, parent, plan, now_ns),
        done_qty=plans.done_qty(parent, plan),
        open_qty=parent.exposure_qty,
        parent_qty=parent.open_qty,
        market_volume_qty=plans.counted_qty(state, parent, now_ns),
        policy_id=risk.policy_of(state).policy_id,
    )


def style_of(state: State, parent: Parent, plan: PlanAdopted, now_ns: int) -> Style:
    """Post on schedule, take when behind it, clean up before the end."""
    if is_immediate(parent):
        return Style.CLEANUP
    instrument_id, end_ns = parent.terms.instrument_id, parent.terms.end_ns
    if hours.between_ns(state, instrument_id, now_ns, end_ns) <= plan.interval_ns:
        return Style.CLEANUP
    if parent.aggressiveness_ppm >= TAKES_FROM_PPM:
        return Style.AGGRESSIVE
    behind_qty = plans.target_qty(state, parent, plan, now_ns) - plans.done_qty(parent, plan)
    return Style.AGGRESSIVE if behind_qty > plan.tracking_band_qty else Style.PASSIVE


def slice_qty(
    state: State, parent: Parent, plan: PlanAdopted, style: Style, now_ns: int, allowed_qty: int
) -> int:
    """The quantity to release now, of the allowed one; 0 if it is less than the minimum."""
    policy = risk.policy_of(state)
    free_qty = parent.pool_qty - membership.pending_qty(state, parent)
    if style is Style.CLEANUP:
        wanted_qty = free_qty
    else:
        ahead_qty = plans.target_qty(state, parent, plan, now_ns + plan.interval_ns)
        wanted_qty = ahead_qty - plans.done_qty(parent, plan) - parent.exposure_qty
        lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
        most_qty = plan.plan_qty * policy.max_slice_ppm // PPM
        # Never below the least slice: all of a small parent would wait for the clean-up.
        wanted_qty = min(wanted_qty, max(lot_qty, policy.min_slice_qty, most_qty))
    most_qty = min(free_qty, allowed_qty)
    qty = min(wanted_qty, most_qty)
    if qty <= 0:
        return 0
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    if free_qty == most_qty <= lot_qty and qty * 2 >= free_qty:
        return free_qty  # The last lot or odd lot goes in one piece, once half of it is due.
    if qty < free_qty:
        qty -= qty % lot_qty  # Floor: never ahead of the schedule; the odd lot goes last.
    return qty if qty >= min(policy.min_slice_qty, free_qty) else 0


def allowed_qty(state: State, parent: Parent, style: Style, now_ns: int) -> int:
    """The quantity that the participation cap allows, plus one lot, so that a start is possible.

    A clean-up of a parent that must complete puts completion above the cap. A parent that trades at
    once has no time in which others' volume could come.
    """
    if is_exempt(parent, style):
        return parent.open_qty
    used_qty = parent.filled_qty + parent.exposure_qty
    cap_qty = cap_of(state, parent, now_ns)
    return cap_qty + reference.lot_qty(state, parent.terms.instrument_id) - used_qty


def cap_of(state: State, parent: Parent, now_ns: int) -> int:
    """The parent's participation of the volume that counts, smallest increments."""
    most_ppm = stops.bounds_of(state, parent).max_participation_ppm
    all_qty = parent.open_qty + parent.filled_qty + parent.exposure_qty
    return pov_target_qty(all_qty, most_ppm, plans.counted_qty(state, parent, now_ns))


def held_by_silence(
    state: State, parent: Parent, plan: PlanAdopted, style: Style, now_ns: int
) -> tuple[StageEvent, ...]:
    """Say once that a parent waits for a tape that has been silent for an interval or longer."""
    instrument_id = parent.terms.instrument_id
    silence_ns = usual_volume.silence_ns(state, instrument_id, parent.released_ns, now_ns)
    if silence_ns < plan.interval_ns or parent.is_told_silent:
        return ()
    wanted_qty = slice_qty(state, parent, plan, style, now_ns, parent.open_qty)
    if plan.strategy is Strategy.POV:
        wanted_qty = parent.pool_qty  # Its schedule asks for nothing without a volume.
    if wanted_qty <= 0:
        return ()
    return (
        SliceHeld(
            parent_id=parent.parent_id,
            client_id="",
            wanted_qty=wanted_qty,
            slice_qty=0,
            used_qty=parent.filled_qty + parent.exposure_qty,
            cap_qty=cap_of(state, parent, now_ns),
            market_volume_qty=plans.counted_qty(state, parent, now_ns),
            max_participation_ppm=stops.bounds_of(state, parent).max_participation_ppm,
            waiting_count=0,
        ),
    )


def is_exempt(parent: Parent, style: Style) -> bool:
    """Whether no participation bounds what is released."""
    return style is Style.CLEANUP and (parent.terms.must_complete or is_immediate(parent))


def router_of(state: State, parent: Parent, plan: PlanAdopted, style: Style, qty: int) -> Router:
    """The plan's router; under AUTO parallel to take, the dark for size, else sequential."""
    if is_immediate(parent):
        return Router.PARALLEL
    if plan.router in (Router.SEQUENTIAL, Router.PARALLEL, Router.LIQUIDITY_SEEKING):
        return plan.router
    if style is not Style.PASSIVE:
        return Router.PARALLEL
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    has_size = qty >= 2 * lot_qty
    return Router.LIQUIDITY_SEEKING if has_size and not parent.terms.no_dark else Router.SEQUENTIAL


def is_immediate(parent: Parent) -> bool:
    """Whether the parent is of an order that trades at once or not at all."""
    return parent.terms.immediacy is not Immediacy.NONE


def on_slice_released(_: State, __: SliceReleased) -> None:
    """Only a routed child is exposure; the slice itself reserves nothing."""


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {SliceReleased: on_slice_released}
