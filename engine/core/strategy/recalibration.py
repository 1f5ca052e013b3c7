"""Recalibrate a parent after fills, crosses and busts: its lag and its slippage.

A parent that is late (`bands.is_late`) becomes more aggressive by a step, so that its passive
children wait for a shorter time, and at last it takes whatever its schedule says. A parent on
schedule becomes less aggressive by a step, never below its plan's initial level. Each recalibration
says what the next slice does differently from the last one, and that slice names it. The benchmark
is the one that the clients named: the midpoint at the release, the others' VWAP, or the
time-weighted price since then; where they named several, their mean by what is filled of each.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.costs.cost import cost_millibps
from engine.core.events import (
    Benchmark,
    NextSlice,
    PlanAdopted,
    RecalibrationReason,
    ScheduleRecalibrated,
    StageEvent,
)
from engine.core.market import consolidated
from engine.core.state.model import Parent
from engine.core.state.state import BUST, CROSS, FILL, State
from engine.core.strategy import bands, plans
from engine.core.units import PPM

AGGRESSIVENESS_STEP_PPM = 100_000  # Guess: five recalibrations from patient to taking.


def recalibrate(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """After fills, crosses and busts: the parent against its schedule and its benchmark."""
    plan = parent.plan
    bits = state.touched.get(parent.parent_id, 0)
    is_new = plan is not None and plan.start_ns == now_ns  # PlanAdopted has these figures.
    if plan is None or not bits & (FILL | BUST if is_new else FILL | BUST | CROSS):
        return ()
    band, done = bands.of(state, parent, now_ns), plans.done_qty(parent)
    benchmark = benchmark_px(state, parent, now_ns)
    filled_qty, side = parent.filled_qty, parent.terms.side
    slippage = None
    if benchmark and filled_qty:
        slippage = cost_millibps(side, benchmark, parent.notional, filled_qty)
    is_behind = bands.is_late(state, parent, now_ns, [x for x, _ in plans.scheduled(parent)])
    aggressiveness_ppm = adapted_ppm(parent, plan, is_behind=is_behind)
    takes = is_behind or aggressiveness_ppm >= bands.TAKES_FROM_PPM
    waits_ns = 0 if takes else bands.wait_at_ns(state, parent, aggressiveness_ppm)
    return (
        ScheduleRecalibrated(
            parent_id=parent.parent_id,
            reason=reason_of(bits),
            done_qty=done,
            open_qty=parent.exposure_qty,
            target_qty=band.target_qty,
            parent_qty=parent.open_qty,
            market_volume_qty=plans.others_qty(state, parent),
            avg_px=parent.notional // filled_qty if filled_qty else None,
            benchmark_px=benchmark,
            slippage_millibps=slippage,
            aggressiveness_ppm=aggressiveness_ppm,
            next_slice=next_slice(parent, waits_ns),
            wait_ns=waits_ns,
        ),
    )


def reason_of(bits: int) -> RecalibrationReason:
    if bits & BUST:
        return RecalibrationReason.BUST
    return RecalibrationReason.CROSS if bits & CROSS else RecalibrationReason.FILL


def next_slice(parent: Parent, waits_ns: int) -> NextSlice:
    """The difference between a parent's next slice and its last one; the first has none."""
    if parent.waited_ns is None or parent.pool_qty <= 0 or waits_ns == parent.waited_ns:
        return NextSlice.SAME
    if not waits_ns:
        return NextSlice.TAKES
    if not parent.waited_ns:
        return NextSlice.WAITS
    return NextSlice.WAITS_LESS if waits_ns < parent.waited_ns else NextSlice.WAITS_LONGER


def adapted_ppm(parent: Parent, plan: PlanAdopted, *, is_behind: bool) -> int:
    """A step more aggressive when behind the band, a step back when on schedule."""
    if is_behind:
        return min(PPM, parent.aggressiveness_ppm + AGGRESSIVENESS_STEP_PPM)
    return max(plan.aggressiveness_ppm, parent.aggressiveness_ppm - AGGRESSIVENESS_STEP_PPM)


def benchmark_px(state: State, parent: Parent, now_ns: int) -> int | None:
    """The clients' benchmark so far, rounded down; by what is filled where they have several.

    None while one of them has no price.
    """
    filled: dict[Benchmark, int] = {}
    for tranche in parent.tranches.values():
        filled[tranche.benchmark] = filled.get(tranche.benchmark, 0) + tranche.filled_qty
    if len(filled) == 1:
        return px_of(state, parent, parent.terms.benchmark, now_ns)
    notional = all_qty = 0
    for name, qty in filled.items():
        px = px_of(state, parent, name, now_ns) if qty else 0
        if px is None:
            return None
        notional, all_qty = notional + px * qty, all_qty + qty
    return notional // all_qty if all_qty else None


def px_of(state: State, parent: Parent, benchmark: Benchmark, now_ns: int) -> int | None:
    """A benchmark since the release: TWAP by the clock, VWAP and POV by the others' volume."""
    if benchmark is Benchmark.ARRIVAL:
        return parent.arrival_mid_px
    book = state.book(parent.terms.instrument_id)
    if benchmark is Benchmark.TWAP:
        return consolidated.twap_px(book, parent.base, now_ns)
    return consolidated.others_vwap_px(state, book, parent.base)


# ------------------------------------------------------------------------------ evolve


def on_schedule_recalibrated(state: State, event: ScheduleRecalibrated) -> None:
    parent = state.parents[event.parent_id]
    parent.aggressiveness_ppm = event.aggressiveness_ppm
    if event.next_slice is not NextSlice.SAME:
        parent.recalibration_id = state.event_id(event.seq)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ScheduleRecalibrated: on_schedule_recalibrated,
}
