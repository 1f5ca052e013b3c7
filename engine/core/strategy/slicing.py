"""Release the next slice of a parent, by its done and open quantity.

Within its band a parent waits at the venues with what is due while it waits, so a slice raises done
+ open to the schedule's target at the end of that time, once at most half of that rests. When it is
late (`bands.is_late`) a slice takes what is due until the next point, whatever rests, less half of
what patience adds to the band; in the last interval it cleans up. What the tranches of a parent
want is added up and cut into a slice as one: in whole lots and at least the policy's minimum,
except the last one, which includes the odd lot. So what is due in less than a lot waits for the
others, not for the market. The slice states what it is for: a claim of each tranche. Tranches whose
window ends are cleaned up first, and by themselves. Quantity that a child did not fill is not done,
so the next slice contains it again.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.allocation.apportionment import shares
from engine.core.allocation.claims import stated
from engine.core.controls import instructions, risk, stops
from engine.core.events import (
    ChildTimeInForce,
    ChildType,
    Immediacy,
    PlanAdopted,
    Router,
    SliceHeld,
    SliceReleased,
    StageEvent,
    Strategy,
    Style,
)
from engine.core.market import consolidated, displayed, hours, reference
from engine.core.parents import membership
from engine.core.state.model import Child, Parent, Tranche, loosest_px
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
from engine.core.strategy import bands, participation, plans, usual_volume, volume_so_far
from engine.core.strategy.schedules import Line, pov_target_qty
from engine.core.units import PPM

PEG_PPM = 330_000  # Of what waits in pegs, that counts; guess: a third was met in minutes.
ANY_REASON = DUE | FILL | CROSS | MEMBERS | BUST | RETURNED | MARKET | CONTROL


class Group(NamedTuple):
    """The tranches that are sliced as one, in one style."""

    style: Style
    tranches: list[Tranche]


def release(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """The slice that is due, if there is one."""
    plan = parent.plan
    if plan is None or not parent.open_qty:
        return ()
    if not state.touched.get(parent.parent_id, 0) & ANY_REASON:
        return ()
    if now_ns < parent.held_until_ns:
        return ()  # The event that holds it back is told once.
    if is_immediate(parent) and (parent.children or parent.ended_children):
        return ()  # It makes one pass.
    if stops.of_instrument(state, parent.terms.instrument_id) is not None:
        return ()
    if not hours.is_open(state, parent.terms.instrument_id, now_ns):
        return ()  # `pauses` tells it.
    found: tuple[StageEvent, ...] = ()
    for group in groups(state, parent, plan, now_ns):
        found = found or of_group(state, parent, plan, group, now_ns)
    return found


def groups(state: State, parent: Parent, plan: PlanAdopted, now_ns: int) -> list[Group]:
    """The tranches that may trade now: those whose window ends, then the others."""
    ending, others = trading(state, parent, plan, now_ns)
    found = by_price(state, parent, Style.CLEANUP, ending, now_ns)
    if others:
        style = style_of(state, parent, others, now_ns)
        found += by_price(state, parent, style, others, now_ns)
    return found


def trading(
    state: State, parent: Parent, plan: PlanAdopted, now_ns: int
) -> tuple[list[Tranche], list[Tranche]]:
    """The tranches that may trade now: those that are cleaned up, as their window ends; others."""
    ending: list[Tranche] = []
    others: list[Tranche] = []
    if instructions.is_paused(parent):
        return ending, others
    is_whole = is_immediate(parent) or instructions.is_completing(parent)
    instrument_id = parent.terms.instrument_id
    for tranche in plans.begun(parent, now_ns):
        if tranche.plan is None or stops.of_members(state, tranche) is not None:
            continue
        end_ns = tranche.terms.end_ns
        is_last = hours.between_ns(state, instrument_id, now_ns, end_ns) <= plan.interval_ns
        (ending if is_last or is_whole else others).append(tranche)
    return ending, others


def by_price(
    state: State, parent: Parent, style: Style, left: list[Tranche], now_ns: int
) -> list[Group]:
    """The tranches apart by the price that their limits allow, so that a child can be for all.

    Those that reach the far side come first where the style takes, then those that reach the near
    side; the others rest at their limits. What is beyond its limit waits, however late it is.
    """
    side = parent.terms.side
    best = consolidated.view(state, parent.terms.instrument_id, now_ns)
    far_px = best.far_px(side)
    waiting = Style.PASSIVE if far_px and style is Style.AGGRESSIVE else style
    if len(left) == 1:
        is_inside = reference.is_within_limit(side, far_px, left[0].limit_px)
        return [Group(style if is_inside else waiting, left)]
    found: list[Group] = []
    pxs = [best.near_px(side)] if style is Style.PASSIVE else [far_px, best.near_px(side)]
    while left:
        px = pxs.pop(0) if pxs else loosest_px(side, (tranche.limit_px for tranche in left))
        if px is None:
            inside = [tranche for tranche in left if tranche.limit_px is None]
        else:
            inside = [x for x in left if reference.is_within_limit(side, px, x.limit_px)]
        if px == 0 or not inside:
            continue  # That side has no quote, or no limit reaches it.
        found.append(Group(style if px == far_px else waiting, inside))
        numbers = {tranche.number for tranche in inside}
        left = [tranche for tranche in left if tranche.number not in numbers]
    return found


def style_of(state: State, parent: Parent, tranches: Sequence[Tranche], now_ns: int) -> Style:
    """Wait within the band, take below it."""
    if bands.takes_at_once(parent):
        return Style.AGGRESSIVE
    return Style.AGGRESSIVE if bands.is_late(state, parent, now_ns, tranches) else Style.PASSIVE


def of_group(
    state: State, parent: Parent, plan: PlanAdopted, group: Group, now_ns: int
) -> tuple[StageEvent, ...]:
    """The slice of a group, or the hold of what it wants."""
    most = allowed_qtys(state, parent, group, now_ns)
    claims = sliced(state, parent, plan, group, now_ns, most)
    if not claims:
        return held_by_silence(state, parent, plan, group, now_ns)
    if all(is_exempt(parent, tranche, group.style) for tranche in group.tranches):
        return (released(state, parent, plan, group, now_ns, claims),)
    room, least = participation.room_of(state, parent, claims, now_ns)
    if room is None:
        return (released(state, parent, plan, group, now_ns, claims),)
    less = sliced(state, parent, plan, group, now_ns, most | least)
    qtys = (sum(claims.values()), sum(less.values()))
    held = participation.held(state, parent, room, *qtys, now_ns)
    if not less:
        return tuple(held)
    return (*held, released(state, parent, plan, group, now_ns, less))


def released(
    state: State,
    parent: Parent,
    plan: PlanAdopted,
    group: Group,
    now_ns: int,
    claims: Mapping[int, int],
) -> SliceReleased:
    qty, band = sum(claims.values()), bands.of(state, parent, now_ns)
    wanting = Group(group.style, [parent.tranches[number] for number in claims])
    seen = volume_so_far.by_plan(state, parent, now_ns)
    return SliceReleased(
        parent_id=parent.parent_id,
        slice_qty=qty,
        style=group.style,
        router=router_of(parent, plan),
        limit_px=loosest_px(parent.terms.side, (x.limit_px for x in wanting.tranches)),
        target_qty=band.target_qty,
        lower_qty=band.lower_qty,
        upper_qty=band.upper_qty,
        done_qty=plans.done_qty(parent),
        open_qty=parent.exposure_qty,
        parent_qty=parent.open_qty,
        market_volume_qty=plans.counted_qty(state, parent, now_ns),
        policy_id=risk.policy_of(state).policy_id,
        claims=stated(parent, claims),
        recalibration_id=parent.recalibration_id,
        wait_ns=bands.wait_ns(state, parent) if group.style is Style.PASSIVE else 0,
        window_volume_qty=seen.window_qty,
        day_volume_qty=seen.day_qty,
        day_share_e9=seen.day_share_e9,
    )


def wanted_qtys(line: Line, group: Group, most: Sequence[int]) -> list[int]:
    """The want of each tranche now, negative ahead of schedule; `most` is what each may have."""
    state, parent, plan = line.state, line.parent, line.parent.plan
    assert plan is not None, "a slice is of a plan"
    if group.style is Style.CLEANUP:
        return [free_qty(state, parent, tranche) for tranche in group.tranches]
    is_passive = group.style is Style.PASSIVE
    waits_ns = bands.wait_ns(state, parent)
    covered = covered_qtys(parent, is_hidden if is_passive else is_taking)
    parts = [(x, part) for x in group.tranches if (part := x.plan) is not None]
    assert len(parts) == len(group.tranches), "a tranche at work has a schedule"
    targets = due_targets(line, parts, waits_ns if is_passive else plan.interval_ns)
    dues = [
        target_qty - plans.done_of(*part) for part, target_qty in zip(parts, targets, strict=True)
    ]
    covers = [covered.get(tranche.number, 0) for tranche in group.tranches]
    if is_passive:
        lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
        return waited_for(group.tranches, dues, covers, most, lot_qty)
    return [due_qty - covered_qty for due_qty, covered_qty in zip(dues, covers, strict=True)]


def due_targets(line: Line, parts: bands.Scheduled, ahead_ns: int) -> list[int]:
    """The target of each tranche after a time, or at its end if that is sooner.

    A share of the volume is due by the usual volume at least until the next schedule point.
    """
    if not line.parent.follows(Strategy.POV):  # The others are whole at their end, and after it.
        return plans.targets_of(line, parts, line.now_ns + ahead_ns)
    whole = line.parent.plan
    assert whole is not None, "a slice is of a plan"
    found: list[int] = []
    for part in parts:
        left_ns = max(whole.interval_ns, min(ahead_ns, part[1].end_ns - line.now_ns))
        found += plans.targets_of(line, [part], line.now_ns + left_ns)
    return found


def waited_for(
    tranches: Sequence[Tranche],
    dues: Sequence[int],
    hidden: Sequence[int],
    most: Sequence[int],
    lot_qty: int,
) -> list[int]:
    """The want of each patient tranche beside what waits; none while more than half of it waits.

    Of pegs a part counts, as most of them is not met in time. The half is of all together, so that
    one slice asks for all. What waits for one beyond its own want is none of the others', and what
    one wants beyond what it may have opens nothing. One for which nothing waits asks from a lot on.
    """
    wants, due_sum_qty, is_idle = [], 0, False
    for tranche, due_qty, hidden_qty, most_qty in zip(tranches, dues, hidden, most, strict=True):
        rests_qty = tranche.exposure_qty - hidden_qty + hidden_qty * PEG_PPM // PPM
        want_qty = max(0, min(due_qty - rests_qty, most_qty))
        wants.append(want_qty)
        due_sum_qty += want_qty + max(0, min(due_qty, rests_qty))
        is_idle |= want_qty >= lot_qty and not rests_qty
    return wants if is_idle or sum(wants) * 2 >= due_sum_qty else [0] * len(wants)


def covered_qtys(parent: Parent, counts: Callable[[Child], bool]) -> dict[int, int]:
    """The part of each tranche's claims that the children have which count."""
    found: dict[int, int] = {}
    for child in parent.children.values():
        if counts(child):
            for cover in child.covers:
                found[cover.tranche] = found.get(cover.tranche, 0) + cover.leaves_qty
    return found


def is_hidden(child: Child) -> bool:
    return child.terms.child_type is ChildType.MIDPOINT_PEG


def is_taking(child: Child) -> bool:
    """Whether it takes or ends."""
    return child.terms.time_in_force is ChildTimeInForce.IOC


def free_qty(state: State, parent: Parent, tranche: Tranche) -> int:
    """Open quantity of a tranche that no claim and no pending change covers."""
    return tranche.pool_qty - membership.pending_qty(state, parent, tranche)


def sliced(
    state: State,
    parent: Parent,
    plan: PlanAdopted,
    group: Group,
    now_ns: int,
    allowed: Mapping[int, int],
) -> dict[int, int]:
    """The claims of the slice to release now, by tranche; empty if it is less than the minimum."""
    policy = risk.policy_of(state)
    line = plans.line_of(state, parent, now_ns)
    free = [max(0, free_qty(state, parent, tranche)) for tranche in group.tranches]
    most = [
        max(0, min(qty, allowed[tranche.number]))
        for tranche, qty in zip(group.tranches, free, strict=True)
    ]
    asked = zip(wanted_qtys(line, group, most), most, strict=True)
    wanted = [max(0, min(asked_qty, most_qty)) for asked_qty, most_qty in asked]
    qty, lot_qty = sum(wanted), reference.lot_qty(state, parent.terms.instrument_id)
    if group.style is Style.AGGRESSIVE and not bands.takes_at_once(parent):
        qty -= min(bands.slack_qty(line, group.tranches), max(0, qty - lot_qty))
    if group.style is not Style.CLEANUP:
        most_qty = plan.plan_qty * policy.max_slice_ppm // PPM
        # Never below the least slice: all of a small parent would wait for the clean-up.
        qty = min(qty, max(lot_qty, policy.min_slice_qty, most_qty))
    if qty <= 0:
        return {}
    # A late fill for members that are done leaves a tranche with less open than its claims.
    free_sum_qty = min(sum(free), max(0, parent.pool_qty))
    qty = min(qty, free_sum_qty)
    if free == most and free_sum_qty <= lot_qty and qty * 2 >= free_sum_qty:
        # The last lot or odd lot goes in one piece, once half of it is due.
        return claimed(group, free_sum_qty, free)
    if qty < free_sum_qty:
        qty -= qty % lot_qty  # Floor: never ahead of the schedule; the odd lot goes last.
    if not qty or qty < min(policy.min_slice_qty, free_sum_qty):
        return {}
    return claimed(group, qty, wanted)


def claimed(group: Group, qty: int, wanted: Sequence[int]) -> dict[int, int]:
    """A slice's claims, in proportion to what each tranche wants; they sum to it."""
    parts = shares([0] * len(wanted), qty, wanted)
    pairs = zip(group.tranches, parts, strict=True)
    return {tranche.number: part for tranche, part in pairs if part}


def allowed_qtys(state: State, parent: Parent, group: Group, now_ns: int) -> dict[int, int]:
    """The quantity that each cap allows, by tranche, plus one lot, so that a start is possible.

    A clean-up of what must complete puts completion above the cap. A parent that trades at once has
    no time in which others' volume could come.
    """
    lot_qty = reference.lot_qty(state, parent.terms.instrument_id)
    found = {tranche.number: tranche.open_qty for tranche in group.tranches}
    bound = [x for x in group.tranches if not is_exempt(parent, x, group.style)]
    for tranche, cap_qty in zip(bound, caps_of(state, parent, bound, now_ns), strict=True):
        found[tranche.number] = cap_qty + lot_qty - tranche.filled_qty - tranche.exposure_qty
    return found


def caps_of(state: State, parent: Parent, tranches: Sequence[Tranche], now_ns: int) -> list[int]:
    """Each tranche's participation of the volume that counts, smallest increments.

    That is the others' since its release, and the usual one while the tape is silent.
    """
    instrument_id = parent.terms.instrument_id
    is_silent = usual_volume.is_silent(state, instrument_id, now_ns)
    book, found = state.book(instrument_id), []
    for tranche in tranches:
        volume_qty = consolidated.others_volume_qty(state, book, tranche.base)
        if is_silent:
            since_ns = tranche.released_ns
            volume_qty += usual_volume.unseen_qty(state, instrument_id, since_ns, now_ns)
        all_qty = tranche.open_qty + tranche.filled_qty + tranche.exposure_qty
        most_ppm = stops.bounds_of(state, tranche).max_participation_ppm
        found.append(pov_target_qty(all_qty, most_ppm, volume_qty))
    return found


def held_by_silence(
    state: State, parent: Parent, plan: PlanAdopted, group: Group, now_ns: int
) -> tuple[StageEvent, ...]:
    """Say once that a parent waits for a tape that has been silent for an interval or longer."""
    if parent.is_told_silent:
        return ()
    instrument_id = parent.terms.instrument_id
    silence_ns = usual_volume.silence_ns(state, instrument_id, parent.released_ns, now_ns)
    if silence_ns < plan.interval_ns:
        return ()
    open_qtys = {tranche.number: tranche.open_qty for tranche in group.tranches}
    wanted_qty = sum(sliced(state, parent, plan, group, now_ns, open_qtys).values())
    # A schedule by volume asks for nothing without one.
    by_volume = (x for x in group.tranches if x.plan and x.plan.strategy is Strategy.POV)
    wanted_qty = max(wanted_qty, sum(tranche.pool_qty for tranche in by_volume))
    if wanted_qty <= 0:
        return ()
    return (
        SliceHeld(
            parent_id=parent.parent_id,
            client_id="",
            wanted_qty=wanted_qty,
            slice_qty=0,
            used_qty=sum(x.filled_qty + x.exposure_qty for x in group.tranches),
            cap_qty=sum(caps_of(state, parent, group.tranches, now_ns)),
            market_volume_qty=plans.counted_qty(state, parent, now_ns),
            max_participation_ppm=max(
                stops.bounds_of(state, x).max_participation_ppm for x in group.tranches
            ),
            waiting_count=0,
        ),
    )


def is_exempt(parent: Parent, tranche: Tranche, style: Style) -> bool:
    """Whether no participation bounds what is released."""
    return style is Style.CLEANUP and (tranche.terms.must_complete or is_immediate(parent))


def router_of(parent: Parent, plan: PlanAdopted) -> Router:
    """The plan's router, if it names one; else the ways that cost least."""
    if is_immediate(parent):
        return Router.PARALLEL
    named = (Router.SEQUENTIAL, Router.PARALLEL, Router.LIQUIDITY_SEEKING)
    return plan.router if plan.router in named else Router.AUTO


def is_immediate(parent: Parent) -> bool:
    """Whether the parent is of an order that trades at once or not at all."""
    return parent.terms.immediacy is not Immediacy.NONE


def on_slice_released(state: State, event: SliceReleased) -> None:
    """It waits for the other slices of the batch. Only a routed child is exposure."""
    state.slices[event.parent_id] = event
    parent = state.parents[event.parent_id]
    parent.waited_ns, parent.recalibration_id = event.wait_ns, ""


def note_taker(state: State, parent: Parent, now_ns: int) -> None:
    """After a batch: whether a planned parent still would take, and waits for what is shown."""
    book = state.books.get(parent.terms.instrument_id)
    if book is not None:
        takes = would_take(state, parent, now_ns)
        displayed.note_taker(book, parent.terms.side, parent.parent_id, takes=takes)


def would_take(state: State, parent: Parent, now_ns: int) -> bool:
    """Whether a parent takes what is shown next; its limit wakes one that it is beyond."""
    terms, plan = parent.terms, parent.plan
    if plan is None or parent.is_ended or not parent.open_qty or is_immediate(parent):
        return False
    ending, others = trading(state, parent, plan, now_ns)
    far_px = consolidated.view(state, terms.instrument_id, now_ns).far_px(terms.side)

    def reaches(tranches: Iterable[Tranche]) -> bool:
        return any(reference.is_within_limit(terms.side, far_px, x.limit_px) for x in tranches)

    if reaches(ending):
        return True
    return reaches(others) and style_of(state, parent, others, now_ns) is Style.AGGRESSIVE


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {SliceReleased: on_slice_released}
