"""Choose a parent's strategy, and compute its schedule.

A strategy trades impact against market risk against certainty of completion. VWAP follows the
expected volume curve, TWAP the clock, POV the volume that others really trade (own = rate /
(1 - rate) x others'), implementation shortfall the discrete solution of Almgren and Chriss (2000).
A plan is a pure function of trading time and market volume; there are no timers. A change of
membership makes a new revision: the remaining quantity over the remaining time, with the quantity
behind schedule due at once.
"""

from collections.abc import Callable, Mapping
from math import isqrt
from typing import Any, NamedTuple

from engine.core.controls.risk import policy_of
from engine.core.events import (
    Benchmark,
    InstrumentDefined,
    PlanAdopted,
    PlanReason,
    PolicySet,
    StageEvent,
    Strategy,
    Urgency,
)
from engine.core.market import consolidated, hours
from engine.core.state.model import Parent
from engine.core.state.state import BUST, DUE, MEMBERS, State
from engine.core.strategy.almgren_chriss import kappa_per_second_e9
from engine.core.strategy.almgren_chriss import target_qty as shortfall_target_qty
from engine.core.strategy.schedules import (
    pov_target_qty,
    twap_target_qty,
    vwap_target_qty,
)
from engine.core.strategy.usual_volume import expected_volume_qty, unseen_qty
from engine.core.units import MILLIBPS, PPM

AGGRESSIVENESS_PPM = {Urgency.LOW: 0, Urgency.NORMAL: 200_000, Urgency.HIGH: 600_000}
RISK_AVERSION_TENTHS = {Urgency.LOW: 1, Urgency.NORMAL: 10, Urgency.HIGH: 100}


class Outlook(NamedTuple):
    """The figures that the choice of a strategy depends on."""

    instrument: InstrumentDefined
    horizon_volume_qty: int
    size_to_volume_ppm: int
    spread_px: int | None
    mid_px: int


# ---------------------------------------------------------------------------- schedule


def done_qty(parent: Parent, plan: PlanAdopted) -> int:
    """Filled and crossed since the plan's base."""
    return parent.done_qty - plan.base_qty


def others_qty(state: State, parent: Parent) -> int:
    """Others' eligible volume since the parent's release."""
    book = state.book(parent.terms.instrument_id)
    return consolidated.others_volume_qty(state, book, parent.base)


def counted_qty(state: State, parent: Parent, now_ns: int) -> int:
    """That volume, and the usual one while the tape is silent."""
    instrument_id = parent.terms.instrument_id
    unseen = unseen_qty(state, instrument_id, parent.released_ns, now_ns)
    return others_qty(state, parent) + unseen


def target_qty(state: State, parent: Parent, plan: PlanAdopted, at_ns: int) -> int:
    """The schedule's target at a time, since the plan's base; rounded down."""
    spread_qty = plan.plan_qty - plan.carry_qty
    return plan.carry_qty + STRATEGIES[plan.strategy].schedule(
        state, parent, plan, spread_qty, at_ns
    )


def vwap_schedule(state: State, parent: Parent, plan: PlanAdopted, qty: int, at_ns: int) -> int:
    found = state.reference.curves.get(parent.terms.instrument_id)
    if found is None:
        return twap_schedule(state, parent, plan, qty, at_ns)
    times = trading_times(state, parent, plan, at_ns)
    return vwap_target_qty(qty, found.edges_ns, found.volumes_qty, *times)


def twap_schedule(state: State, parent: Parent, plan: PlanAdopted, qty: int, at_ns: int) -> int:
    return twap_target_qty(qty, *trading_times(state, parent, plan, at_ns))


def pov_schedule(state: State, parent: Parent, plan: PlanAdopted, qty: int, at_ns: int) -> int:
    """The target by the volume so far; the next interval's is not known, but where it is usual."""
    volume_qty = others_qty(state, parent) - plan.base_volume_qty
    volume_qty += unseen_qty(state, parent.terms.instrument_id, plan.start_ns, at_ns)
    return pov_target_qty(qty, plan.participation_ppm, max(0, volume_qty))


def shortfall_schedule(
    state: State, parent: Parent, plan: PlanAdopted, qty: int, at_ns: int
) -> int:
    start_ns, end_ns, trading_ns = trading_times(state, parent, plan, at_ns)
    return shortfall_target_qty(qty, trading_ns - start_ns, end_ns - start_ns, plan.kappa_e9)


def trading_times(
    state: State, parent: Parent, plan: PlanAdopted, at_ns: int
) -> tuple[int, int, int]:
    """A plan's start and end and a moment, in trading time since the open; breaks do not count."""
    spans = hours.of_instrument(state, parent.terms.instrument_id)
    start_ns, end_ns, at_ns = (
        hours.elapsed_ns(spans, x) for x in (plan.start_ns, plan.end_ns, at_ns)
    )
    return start_ns, end_ns, at_ns


# ------------------------------------------------------------------------------ choice


def choose(policy: PolicySet, parent: Parent, outlook: Outlook) -> Strategy:
    """The strategy for a parent: the first rule that applies."""
    terms = parent.terms
    if policy.strategy in STRATEGIES:
        return policy.strategy
    if terms.benchmark in NAMED_BY:
        return NAMED_BY[terms.benchmark]
    is_too_big = outlook.size_to_volume_ppm > terms.max_participation_ppm
    if terms.must_complete and is_too_big:
        return Strategy.VWAP  # All of the window, in step with its volume: the least impact.
    if terms.urgency is Urgency.HIGH:
        return Strategy.IS
    if is_too_big:
        return Strategy.POV  # It cannot complete within its cap: follow the volume at the cap.
    if terms.urgency is Urgency.LOW:
        return Strategy.POV if terms.limit_band else Strategy.VWAP
    return Strategy.IS


def outlook_of(state: State, parent: Parent, now_ns: int, end_ns: int) -> Outlook:
    instrument = state.reference.instruments[parent.terms.instrument_id]
    best = consolidated.view(state, instrument.instrument_id, now_ns)
    volume_qty = expected_volume_qty(state, instrument, now_ns, end_ns)
    known_px = consolidated.reference_px(state, instrument.instrument_id, now_ns)
    return Outlook(
        instrument=instrument,
        horizon_volume_qty=volume_qty,
        size_to_volume_ppm=min(1000 * PPM, parent.open_qty * PPM // max(1, volume_qty)),
        spread_px=best.ask_px - best.bid_px if best.is_two_sided else None,
        mid_px=known_px or parent.arrival_mid_px or parent.limit_px or 0,
    )


def window_end_ns(_: State, parent: Parent, __: int) -> int:
    return parent.terms.end_ns


def shortfall_end_ns(state: State, parent: Parent, now_ns: int) -> int:
    """The end of a plan: implementation shortfall ends sooner for urgent parents."""
    end_ns = parent.terms.end_ns
    plan = parent.plan
    if parent.terms.urgency is Urgency.LOW:
        return end_ns
    if plan is not None and plan.strategy is Strategy.IS and plan.end_ns > now_ns:
        return plan.end_ns
    policy, is_high = policy_of(state), parent.terms.urgency is Urgency.HIGH
    horizon_ns = policy.horizon_high_ns if is_high else policy.horizon_normal_ns
    spans = hours.of_instrument(state, parent.terms.instrument_id)
    return min(end_ns, hours.after_ns(spans, now_ns, horizon_ns))


def adopt(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """A first plan after the release; a revision when its premises have changed."""
    if not parent.is_working or not parent.open_qty or now_ns >= parent.terms.end_ns:
        return ()
    plan = parent.plan
    if plan is None:
        return (planned(state, parent, PlanReason.RELEASED, now_ns),)
    bits = state.touched.get(parent.parent_id, 0)
    if bits & (MEMBERS | BUST):
        return (planned(state, parent, PlanReason.MEMBERS_CHANGED, now_ns),)
    if bits & DUE and plan.strategy is Strategy.POV and is_at_risk(state, parent, plan, now_ns):
        return (planned(state, parent, PlanReason.COMPLETION_AT_RISK, now_ns),)
    return ()


def is_at_risk(state: State, parent: Parent, plan: PlanAdopted, now_ns: int) -> bool:
    """Whether a parent that must complete would not do so at its rate and the expected volume."""
    if not parent.terms.must_complete:
        return False
    instrument = state.reference.instruments[parent.terms.instrument_id]
    coming_qty = expected_volume_qty(state, instrument, now_ns, parent.terms.end_ns)
    return pov_target_qty(parent.open_qty, plan.participation_ppm, coming_qty) < parent.open_qty


def planned(state: State, parent: Parent, reason: PlanReason, now_ns: int) -> PlanAdopted:
    policy, terms, former = policy_of(state), parent.terms, parent.plan
    outlook = outlook_of(state, parent, now_ns, terms.end_ns)
    strategy = choose(policy, parent, outlook)
    if reason is PlanReason.COMPLETION_AT_RISK:
        strategy = Strategy.VWAP  # The clock completes where the volume may not.
    method = STRATEGIES[strategy]
    end_ns = method.end_ns(state, parent, now_ns)
    outlook = outlook_of(state, parent, now_ns, end_ns)
    horizon_ns = hours.between_ns(state, terms.instrument_id, now_ns, end_ns)
    session_ns = hours.length_ns(state, terms.instrument_id)
    cost, risk = estimate_millibps(outlook, parent.open_qty, horizon_ns, session_ns)
    return PlanAdopted(
        parent_id=parent.parent_id,
        strategy=strategy,
        router=policy.router,
        reason=reason,
        revision=0 if former is None else former.revision + 1,
        start_ns=now_ns,
        end_ns=end_ns,
        interval_ns=policy.interval_ns,
        plan_qty=parent.open_qty,
        base_qty=parent.done_qty,
        carry_qty=0 if former is None else behind_qty(state, parent, former, now_ns),
        base_volume_qty=others_qty(state, parent),
        participation_ppm=min(policy.participation_ppm, terms.max_participation_ppm),
        max_participation_ppm=terms.max_participation_ppm,
        aggressiveness_ppm=AGGRESSIVENESS_PPM[terms.urgency],
        kappa_e9=method.kappa_e9(state, parent, policy, outlook),
        tracking_band_qty=parent.open_qty * policy.tracking_band_ppm // PPM,
        adv_qty=outlook.instrument.adv_qty,
        horizon_volume_qty=outlook.horizon_volume_qty,
        size_to_volume_ppm=outlook.size_to_volume_ppm,
        daily_volatility_ppm=outlook.instrument.daily_volatility_ppm,
        spread_px=outlook.spread_px,
        expected_cost_millibps=cost,
        cost_risk_millibps=risk,
    )


def behind_qty(state: State, parent: Parent, former: PlanAdopted, now_ns: int) -> int:
    """Quantity behind the former schedule, less the part of members that left; rounded down."""
    done = done_qty(parent, former)
    remaining_qty = former.plan_qty - done
    behind = target_qty(state, parent, former, now_ns) - done
    if behind <= 0:
        return 0
    return behind * min(parent.open_qty, remaining_qty) // remaining_qty


def no_kappa(_: State, __: Parent, ___: PolicySet, ____: Outlook) -> int:
    return 0


def kappa_e9(state: State, parent: Parent, policy: PolicySet, outlook: Outlook) -> int:
    """Almgren-Chriss urgency from market figures; 0, a straight line, where they are missing.

    The risk is that of the whole parent, so the aversion counts per currency unit.
    """
    instrument = outlook.instrument
    if not outlook.spread_px or instrument.adv_qty <= 0 or outlook.mid_px <= 0:
        return 0
    tenths = RISK_AVERSION_TENTHS[parent.terms.urgency]
    return kappa_per_second_e9(
        risk_aversion_e12=policy.risk_aversion_e12 * tenths // 10,
        volatility_px=outlook.mid_px * instrument.daily_volatility_ppm // PPM,
        spread_px=outlook.spread_px,
        day_volume_qty=instrument.adv_qty,
        interval_ns=policy.interval_ns,
        day_ns=hours.length_ns(state, instrument.instrument_id),
    )


def estimate_millibps(
    outlook: Outlook, qty: int, horizon_ns: int, session_ns: int
) -> tuple[int, int]:
    """Expected cost against arrival and its standard deviation, 1e-3 bps, rounded up.

    Half the spread plus the square-root law with a factor of one (Sato, Kanazawa measure an
    exponent of 0.489); the risk is that of a straight line, sigma * sqrt(T / 3).
    """
    sigma = outlook.instrument.daily_volatility_ppm * (MILLIBPS // PPM)
    adv_qty = max(1, outlook.instrument.adv_qty)
    impact = sigma * isqrt(qty * PPM * PPM // adv_qty) // PPM
    half_spread = (outlook.spread_px or 0) * MILLIBPS // max(1, 2 * outlook.mid_px)
    risk = sigma * isqrt(horizon_ns * PPM * PPM // (3 * session_ns)) // PPM
    return half_spread + impact + 1, risk + 1


# ------------------------------------------------------------------------------- table


class Method(NamedTuple):
    """Schedule and plan parameters of a strategy."""

    # The part of a quantity that is due at a time: of (state, parent, plan, quantity, time).
    schedule: Callable[[State, Parent, PlanAdopted, int, int], int]
    # When a plan that is adopted now ends, ns since 1970 UTC.
    end_ns: Callable[[State, Parent, int], int] = window_end_ns
    # Urgency of the Almgren-Chriss solution, 1e-9 a second.
    kappa_e9: Callable[[State, Parent, PolicySet, Outlook], int] = no_kappa
    benchmark: Benchmark | None = None  # An order that names it is worked in this way.


STRATEGIES: Mapping[Strategy, Method] = {
    Strategy.VWAP: Method(vwap_schedule, benchmark=Benchmark.VWAP),
    Strategy.TWAP: Method(twap_schedule, benchmark=Benchmark.TWAP),
    Strategy.POV: Method(pov_schedule, benchmark=Benchmark.POV),
    Strategy.IS: Method(shortfall_schedule, shortfall_end_ns, kappa_e9),
}
NAMED_BY = {x.benchmark: strategy for strategy, x in STRATEGIES.items() if x.benchmark}


# ------------------------------------------------------------------------------ evolve


def on_plan_adopted(state: State, event: PlanAdopted) -> None:
    parent = state.parents[event.parent_id]
    parent.plan = event
    parent.aggressiveness_ppm = max(event.aggressiveness_ppm, parent.aggressiveness_ppm)


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {PlanAdopted: on_plan_adopted}
