"""Choose a parent's strategy, and compute its schedule.

A strategy trades impact against market risk against certainty of completion. VWAP follows the
expected volume curve, updated by the volume so far, TWAP the clock, POV the volume that others
really trade (own = rate / (1 - rate) x others'), implementation shortfall the discrete solution of
Almgren and Chriss (2000). A plan is a pure function of trading time and market volume; there are no
timers. Its quantity is spread tranche by tranche, each in its own window, within its own cap and by
the strategy that its benchmark names; the parent's schedule is the sum. A change of membership
makes a new revision: the remaining quantity over the remaining time, with the quantity behind
schedule due at once. An instruction of the desk makes one too, from then on, by its urgency
(`controls.instructions`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from math import isqrt
from typing import Any, NamedTuple

from engine.core.controls import instructions
from engine.core.controls.risk import policy_of
from engine.core.events import (
    Benchmark,
    InstrumentDefined,
    PlanAdopted,
    PlanReason,
    PolicySet,
    StageEvent,
    Strategy,
    TranchePlan,
    Urgency,
)
from engine.core.market import consolidated, hours
from engine.core.parents import tranches
from engine.core.state.model import Parent, Tranche
from engine.core.state.state import BUST, DUE, MEMBERS, State
from engine.core.strategy import volume_so_far
from engine.core.strategy.almgren_chriss import kappa_per_second_e9
from engine.core.strategy.almgren_chriss import target_qty as shortfall_target_qty
from engine.core.strategy.schedules import (
    Asked,
    Line,
    Part,
    pov_target_qty,
    shares_of,
    twap_part,
    updated_part,
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


def done_qty(parent: Parent) -> int:
    """Filled and crossed since the plan's base, of the tranches that it spreads."""
    return sum(done_of(tranche, plan) for tranche, plan in scheduled(parent))


def done_of(tranche: Tranche, plan: TranchePlan) -> int:
    return tranche.done_qty - plan.base_qty


def scheduled(parent: Parent) -> Iterator[tuple[Tranche, TranchePlan]]:
    """The tranches that the plan has a schedule for."""
    for tranche in parent.tranches.values():
        if tranche.plan is not None:
            yield tranche, tranche.plan


def others_qty(state: State, parent: Parent) -> int:
    """Others' eligible volume since the parent's release."""
    book = state.book(parent.terms.instrument_id)
    return consolidated.others_volume_qty(state, book, parent.base)


def others_of(state: State, parent: Parent, tranche: Tranche) -> int:
    """Others' eligible volume since the tranche's release."""
    book = state.book(parent.terms.instrument_id)
    return consolidated.others_volume_qty(state, book, tranche.base)


def counted_qty(state: State, parent: Parent, now_ns: int) -> int:
    """Others' volume since the parent's release, and the usual one while the tape is silent."""
    instrument_id = parent.terms.instrument_id
    unseen = unseen_qty(state, instrument_id, parent.released_ns, now_ns)
    return others_qty(state, parent) + unseen


def line_of(state: State, parent: Parent, now_ns: int) -> Line:
    """The part that the schedules of a parent's tranches share, by the volume up to a time."""
    assert parent.plan is not None, "a schedule is of a plan"
    instrument_id = parent.terms.instrument_id
    curve = state.reference.curves.get(instrument_id)
    return Line(
        state=state,
        parent=parent,
        kappa_e9=parent.plan.kappa_e9,
        spans=hours.of_instrument(state, instrument_id),
        now_ns=now_ns,
        seen=volume_so_far.by_plan(state, parent, now_ns),
        shares=None if curve is None else shares_of(state, curve),
    )


def targets_of(line: Line, found: Iterable[tuple[Tranche, TranchePlan]], at_ns: int) -> list[int]:
    """Targets of tranches at a time, each since its plan's base; rounded down.

    Most tranches of a parent begin and end together, so the part that is due is the same.
    """
    targets: list[int] = []
    parts: dict[tuple[Strategy, int, int], Part] = {}
    for tranche, plan in found:
        strategy, spread_qty = strategy_of(plan), plan.plan_qty - plan.carry_qty
        method = STRATEGIES[strategy]
        if method.part is None:
            assert method.schedule is not None, "a strategy has a schedule or a part"
            due_qty = method.schedule(Asked(line, tranche, plan), spread_qty, at_ns)
        else:
            key = (strategy, plan.start_ns, plan.end_ns)
            part = parts.get(key)
            if part is None:
                part = parts[key] = method.part(line, plan, at_ns)
            due_qty = part.qty(spread_qty)
        targets.append(plan.carry_qty + due_qty)
    return targets


def target_of(
    state: State,
    parent: Parent,
    tranche: Tranche,
    plan: TranchePlan,
    at_ns: int,
    now_ns: int | None = None,
) -> int:
    """A tranche's target at a time, by the volume up to `now_ns`, or to that time without it."""
    line = line_of(state, parent, at_ns if now_ns is None else now_ns)
    (target_qty,) = targets_of(line, [(tranche, plan)], at_ns)
    return target_qty


def curve_part(line: Line, plan: TranchePlan, at_ns: int) -> Part:
    """The curve updated by the volume so far; the clock where there is no curve."""
    shares = line.shares
    if shares is None:
        return clock_part(line, plan, at_ns)
    times = (*trading_times(line, plan, at_ns), hours.elapsed_ns(line.spans, line.now_ns))
    return updated_part(shares.edges_ns, shares.volumes_qty, *times, line.seen, shares)


def clock_part(line: Line, plan: TranchePlan, at_ns: int) -> Part:
    return twap_part(*trading_times(line, plan, at_ns))


def pov_schedule(asked: Asked, qty: int, at_ns: int) -> int:
    """The target by the volume so far; the next interval's is not known, but where it is usual."""
    state, parent, plan = asked.line.state, asked.line.parent, asked.plan
    volume_qty = others_of(state, parent, asked.tranche) - plan.base_volume_qty
    volume_qty += unseen_qty(state, parent.terms.instrument_id, plan.start_ns, at_ns)
    return pov_target_qty(qty, plan.participation_ppm, max(0, volume_qty))


def shortfall_schedule(asked: Asked, qty: int, at_ns: int) -> int:
    start_ns, end_ns, trading_ns = trading_times(asked.line, asked.plan, at_ns)
    kappa_e9 = asked.line.kappa_e9
    return shortfall_target_qty(qty, trading_ns - start_ns, end_ns - start_ns, kappa_e9)


def trading_times(line: Line, plan: TranchePlan, at_ns: int) -> tuple[int, int, int]:
    """A schedule's start and end and a moment, in trading time since the open, without breaks."""
    spans, elapsed_ns = line.spans, hours.elapsed_ns
    if len(spans) == 1:  # As below, without a call for each: every target asks.
        open_ns = spans[0].open_ns
        return plan.start_ns - open_ns, plan.end_ns - open_ns, at_ns - open_ns
    return (
        elapsed_ns(spans, plan.start_ns),
        elapsed_ns(spans, plan.end_ns),
        elapsed_ns(spans, at_ns),
    )


# ------------------------------------------------------------------------------ choice


def choose(policy: PolicySet, parent: Parent, benchmark: Benchmark, outlook: Outlook) -> Strategy:
    """The strategy for a parent's tranches of a benchmark: the first rule that applies."""
    if policy.strategy in STRATEGIES:
        return policy.strategy
    if benchmark in NAMED_BY:
        return NAMED_BY[benchmark]
    is_too_big = outlook.size_to_volume_ppm > cap_ppm(parent)
    if is_too_big and any(tranche.terms.must_complete for tranche in parent.open_tranches()):
        return Strategy.VWAP  # All of the window, in step with its volume: the least impact.
    urgency = instructions.urgency_of(parent)
    if urgency is Urgency.HIGH:
        return Strategy.IS
    if is_too_big:
        return Strategy.POV  # It cannot complete within its cap: follow the volume at the cap.
    if urgency is Urgency.LOW:
        return Strategy.VWAP if parent.limit_px is None else Strategy.POV
    return Strategy.IS


def cap_ppm(parent: Parent) -> int:
    """The highest cap of what is open; each tranche keeps to its own."""
    return max(tranche.terms.max_participation_ppm for tranche in parent.open_tranches())


def last_end_ns(parent: Parent) -> int:
    """The end of the last window of what is open, ns."""
    return max(tranche.terms.end_ns for tranche in parent.open_tranches())


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


def window_end_ns(_: State, __: Parent, tranche: Tranche, ___: int) -> int:
    return tranche.terms.end_ns


def shortfall_end_ns(state: State, parent: Parent, tranche: Tranche, now_ns: int) -> int:
    """The end of a schedule: implementation shortfall ends sooner for urgent parents."""
    end_ns, former = tranche.terms.end_ns, tranche.plan
    urgency = instructions.urgency_of(parent)
    if urgency is Urgency.LOW:
        return end_ns
    was_shortfall = former is not None and strategy_of(former) is Strategy.IS
    is_kept = was_shortfall and not instructions.wants_plan(parent)
    if is_kept and former is not None and former.end_ns > now_ns:
        return former.end_ns
    policy, is_high = policy_of(state), urgency is Urgency.HIGH
    horizon_ns = policy.horizon_high_ns if is_high else policy.horizon_normal_ns
    spans = hours.of_instrument(state, parent.terms.instrument_id)
    return min(end_ns, hours.after_ns(spans, now_ns, horizon_ns))


def adopt(state: State, parent: Parent, now_ns: int) -> tuple[StageEvent, ...]:
    """A first plan after the release; a revision when its premises have changed."""
    if not parent.is_working or not begun(parent, now_ns):
        return ()
    plan = parent.plan
    if plan is None:
        return (planned(state, parent, PlanReason.RELEASED, now_ns),)
    if instructions.wants_plan(parent):
        return (planned(state, parent, PlanReason.INSTRUCTED, now_ns),)
    bits = state.touched.get(parent.parent_id, 0)
    if bits & (MEMBERS | BUST):
        return (planned(state, parent, PlanReason.MEMBERS_CHANGED, now_ns),)
    # One without a plan came while nothing was planned, as in a halt.
    if any(tranche.released_ns < 0 or tranche.plan is None for tranche in begun(parent, now_ns)):
        return (planned(state, parent, PlanReason.TRANCHE_BEGAN, now_ns),)
    if bits & DUE and at_risk(state, parent, now_ns):
        return (planned(state, parent, PlanReason.COMPLETION_AT_RISK, now_ns),)
    return ()


def begun(parent: Parent, now_ns: int) -> list[Tranche]:
    """The tranches with something open, and in their window."""
    return [
        tranche
        for tranche in parent.open_tranches()
        if tranche.open_qty and tranche.terms.start_ns <= now_ns < tranche.terms.end_ns
    ]


def at_risk(state: State, parent: Parent, now_ns: int) -> set[int]:
    """The tranches by volume that must complete, and would not at the expected volume."""
    return {
        tranche.number
        for tranche in begun(parent, now_ns)
        if tranche.plan is not None
        and strategy_of(tranche.plan) is Strategy.POV
        and is_short(state, parent, tranche, now_ns)
    }


def is_short(state: State, parent: Parent, tranche: Tranche, now_ns: int) -> bool:
    """Whether a tranche must complete, and would not by its part of the expected volume."""
    if not tranche.terms.must_complete:
        return False
    instrument = state.reference.instruments[parent.terms.instrument_id]
    coming_qty = expected_volume_qty(state, instrument, now_ns, tranche.terms.end_ns)
    part_ppm = min(policy_of(state).participation_ppm, tranche.terms.max_participation_ppm)
    return pov_target_qty(tranche.open_qty, part_ppm, coming_qty) < tranche.open_qty


def planned(state: State, parent: Parent, reason: PlanReason, now_ns: int) -> PlanAdopted:
    policy, terms, former = policy_of(state), parent.terms, parent.plan
    chosen = strategies(state, parent, reason, now_ns)
    parts = [
        tranche_plan(state, parent, tranche, chosen[tranche.number], now_ns)
        for tranche in begun(parent, now_ns)
    ]
    strategy = leading(parts)
    end_ns = max(part.end_ns for part in parts)
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
        plan_qty=sum(part.plan_qty for part in parts),
        base_qty=sum(part.base_qty for part in parts),
        carry_qty=sum(part.carry_qty for part in parts),
        base_volume_qty=others_qty(state, parent),
        participation_ppm=max(part.participation_ppm for part in parts),
        max_participation_ppm=cap_ppm(parent),
        aggressiveness_ppm=AGGRESSIVENESS_PPM[instructions.urgency_of(parent)],
        kappa_e9=STRATEGIES[strategy].kappa_e9(state, parent, policy, outlook),
        tracking_band_qty=parent.open_qty * policy.tracking_band_ppm // PPM,
        adv_qty=outlook.instrument.adv_qty,
        horizon_volume_qty=outlook.horizon_volume_qty,
        size_to_volume_ppm=outlook.size_to_volume_ppm,
        daily_volatility_ppm=outlook.instrument.daily_volatility_ppm,
        spread_px=outlook.spread_px,
        expected_cost_millibps=cost,
        cost_risk_millibps=risk,
        tranches=tuple(parts) if len(parent.tranches) > 1 else (),
    )


def strategies(
    state: State, parent: Parent, reason: PlanReason, now_ns: int
) -> dict[int, Strategy]:
    """The strategy of each tranche that has begun; one at risk completes by the clock.

    It stays there while it is at risk, whatever members join or leave beside it.
    """
    policy, outlook = policy_of(state), outlook_of(state, parent, now_ns, last_end_ns(parent))
    is_told = reason is PlanReason.COMPLETION_AT_RISK
    found = {}
    for tranche in begun(parent, now_ns):
        strategy, former = choose(policy, parent, tranche.benchmark, outlook), tranche.plan
        went_over = former is not None and strategy_of(former) is Strategy.VWAP
        is_at_risk = is_told or (went_over and reason is not PlanReason.INSTRUCTED)
        if strategy is Strategy.POV and is_at_risk and is_short(state, parent, tranche, now_ns):
            strategy = Strategy.VWAP
        found[tranche.number] = strategy
    return found


def leading(parts: Iterable[TranchePlan]) -> Strategy:
    """The strategy of most of the quantity, of the first tranche where several have as much."""
    qtys: dict[Strategy, int] = {}
    for part in parts:
        strategy = strategy_of(part)
        qtys[strategy] = qtys.get(strategy, 0) + part.plan_qty
    return max(qtys, key=qtys.__getitem__)


def strategy_of(plan: TranchePlan) -> Strategy:
    """The strategy of a tranche's schedule, which states it since its plan was adopted."""
    assert plan.strategy is not None, "a tranche's plan in force states its strategy"
    return plan.strategy


def tranche_plan(
    state: State, parent: Parent, tranche: Tranche, strategy: Strategy, now_ns: int
) -> TranchePlan:
    """The schedule of a tranche from now on; one that begins now has no volume yet."""
    is_new = tranche.released_ns < 0
    participation_ppm = policy_of(state).participation_ppm
    return TranchePlan(
        tranche=tranche.number,
        start_ns=now_ns,
        end_ns=STRATEGIES[strategy].end_ns(state, parent, tranche, now_ns),
        plan_qty=tranche.open_qty,
        base_qty=tranche.done_qty,
        carry_qty=behind_qty(state, parent, tranche, now_ns),
        base_volume_qty=0 if is_new else others_of(state, parent, tranche),
        participation_ppm=min(participation_ppm, tranche.terms.max_participation_ppm),
        strategy=strategy,
    )


def behind_qty(state: State, parent: Parent, tranche: Tranche, now_ns: int) -> int:
    """Quantity behind the former schedule, less the part of members that left; rounded down.

    None after an instruction: the desk has it worked from now on.
    """
    former = tranche.plan
    if former is None or instructions.wants_plan(parent):
        return 0
    done = done_of(tranche, former)
    remaining_qty = former.plan_qty - done
    behind = target_of(state, parent, tranche, former, now_ns) - done
    if behind <= 0:
        return 0
    return behind * min(tranche.open_qty, remaining_qty) // remaining_qty


def no_kappa(_: State, __: Parent, ___: PolicySet, ____: Outlook) -> int:
    return 0


def kappa_e9(state: State, parent: Parent, policy: PolicySet, outlook: Outlook) -> int:
    """Almgren-Chriss urgency from market figures; 0, a straight line, where they are missing.

    The risk is that of the whole parent, so the aversion counts per currency unit.
    """
    instrument = outlook.instrument
    if not outlook.spread_px or instrument.adv_qty <= 0 or outlook.mid_px <= 0:
        return 0
    tenths = RISK_AVERSION_TENTHS[instructions.urgency_of(parent)]
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

    # The part of a quantity that is due at a time: of (schedule, quantity, time).
    schedule: Callable[[Asked, int, int], int] | None = None
    # When a tranche's schedule that is adopted now ends, ns since 1970 UTC.
    end_ns: Callable[[State, Parent, Tranche, int], int] = window_end_ns
    # Urgency of the Almgren-Chriss solution, 1e-9 a second.
    kappa_e9: Callable[[State, Parent, PolicySet, Outlook], int] = no_kappa
    benchmark: Benchmark | None = None  # An order that names it is worked in this way.
    # In place of a schedule, where the part is the same of every quantity between two times.
    part: Callable[[Line, TranchePlan, int], Part] | None = None


STRATEGIES: Mapping[Strategy, Method] = {
    Strategy.VWAP: Method(benchmark=Benchmark.VWAP, part=curve_part),
    Strategy.TWAP: Method(benchmark=Benchmark.TWAP, part=clock_part),
    Strategy.POV: Method(pov_schedule, benchmark=Benchmark.POV),
    Strategy.IS: Method(shortfall_schedule, shortfall_end_ns, kappa_e9),
}
NAMED_BY = {x.benchmark: strategy for strategy, x in STRATEGIES.items() if x.benchmark}


# ------------------------------------------------------------------------------ evolve


def on_plan_adopted(state: State, event: PlanAdopted) -> None:
    parent = state.parents[event.parent_id]
    is_instructed = event.reason is PlanReason.INSTRUCTED
    former_ppm = 0 if is_instructed else parent.aggressiveness_ppm
    parent.plan = event
    parent.aggressiveness_ppm = max(event.aggressiveness_ppm, former_ppm)
    parts = {part.tranche: part for part in event.tranches or (whole(event),)}
    for tranche in parent.tranches.values():
        part = parts.get(tranche.number)
        if part is not None and part.strategy is None:  # In a log of before 0.3.0.
            part = replace(part, strategy=event.strategy)
        tranche.plan = part
    tranches.begin_all(state, parent, event.at_ns)


def whole(event: PlanAdopted) -> TranchePlan:
    """The schedule of a parent's only tranche, which is the parent's."""
    return TranchePlan(
        tranche=0,
        start_ns=event.start_ns,
        end_ns=event.end_ns,
        plan_qty=event.plan_qty,
        base_qty=event.base_qty,
        carry_qty=event.carry_qty,
        base_volume_qty=event.base_volume_qty,
        participation_ppm=event.participation_ppm,
        strategy=event.strategy,
    )


EVOLVE: Mapping[type, Callable[[State, Any], None]] = {PlanAdopted: on_plan_adopted}
