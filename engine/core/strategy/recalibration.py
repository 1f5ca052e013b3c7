"""Recalibrate a parent after fills, crosses and busts: its lag and its slippage.

A parent behind its tracking band becomes more aggressive by a step. A parent on schedule becomes
less aggressive by a step, never below its plan's initial level. The benchmark is the one that the
client named: the midpoint at the release, the others' VWAP, or the time-weighted price since then.
"""

from collections.abc import Callable, Mapping
from typing import Any

from engine.core.costs.cost import cost_millibps
from engine.core.events import (
    Benchmark,
    PlanAdopted,
    RecalibrationReason,
    ScheduleRecalibrated,
    StageEvent,
)
from engine.core.market import consolidated
from engine.core.state.model import Parent
from engine.core.state.state import BUST, CROSS, FILL, State
from engine.core.strategy import plans
from engine.core.units import PPM

AGGRESSIVENESS_STEP_PPM = 200_000  # Guess: three recalibrations from patient to taking.


def recalibrate(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """After fills, crosses and busts: the parent against its schedule and its benchmark."""
    plan = parent.plan
    bits = state.touched.get(parent.parent_id, 0)
    is_new = plan is not None and plan.start_ns == now_ns  # PlanAdopted has these figures.
    if plan is None or not bits & (FILL | BUST if is_new else FILL | BUST | CROSS):
        return ()
    target, done = plans.target_qty(state, parent, plan, now_ns), plans.done_qty(parent, plan)
    benchmark = benchmark_px(state, parent, now_ns)
    filled_qty, side = parent.filled_qty, parent.terms.side
    slippage = None
    if benchmark and filled_qty:
        slippage = cost_millibps(side, benchmark, parent.notional, filled_qty)
    return (
        ScheduleRecalibrated(
            parent_id=parent.parent_id,
            reason=reason_of(bits),
            done_qty=done,
            open_qty=parent.exposure_qty,
            target_qty=target,
            parent_qty=parent.open_qty,
            market_volume_qty=plans.others_qty(state, parent),
            avg_px=parent.notional // filled_qty if filled_qty else None,
            benchmark_px=benchmark,
            slippage_millibps=slippage,
            aggressiveness_ppm=adapted_ppm(parent, plan, target - done),
        ),
    )


def reason_of(bits: int) -> RecalibrationReason:
    if bits & BUST:
        return RecalibrationReason.BUST
    return RecalibrationReason.CROSS if bits & CROSS else RecalibrationReason.FILL


def adapted_ppm(parent: Parent, plan: PlanAdopted, behind_qty: int) -> int:
    """A step more aggressive when behind the band, a step back when on schedule."""
    if behind_qty > plan.tracking_band_qty:
        return min(PPM, parent.aggressiveness_ppm + AGGRESSIVENESS_STEP_PPM)
    return max(plan.aggressiveness_ppm, parent.aggressiveness_ppm - AGGRESSIVENESS_STEP_PPM)


def benchmark_px(state: State, parent: Parent, now_ns: int) -> int | None:
    """The client's benchmark so far: TWAP by the clock, VWAP and POV by the others' volume."""
    if parent.terms.benchmark is Benchmark.ARRIVAL:
        return parent.arrival_mid_px
    book = state.book(parent.terms.instrument_id)
    if parent.terms.benchmark is Benchmark.TWAP:
        return consolidated.twap_px(book, parent.base, now_ns)
    return consolidated.others_vwap_px(state, book, parent.base)


# ------------------------------------------------------------------------------ evolve


def on_schedule_recalibrated(state: State, event: ScheduleRecalibrated) -> None:
    state.parents[event.parent_id].aggressiveness_ppm = event.aggressiveness_ppm


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {
    ScheduleRecalibrated: on_schedule_recalibrated,
}
