"""The desk's hand on a parent: each instruction, what it never overrides, and each refusal."""

from typing import Any

import pytest
from routed import PLENTY, on, reasons, resting
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SETTINGS,
    World,
    amend,
    an,
    at_once,
    cancel,
    day_closed,
    day_opened,
    fill_report,
    instructed,
    kill,
    order,
    orders,
    parents,
    policy,
    px,
    quote,
    report,
    trade,
    trading,
)

from engine.core.controls import instructions
from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildRouted,
    ControlApplied,
    ControlIgnored,
    ControlScope,
    EndReason,
    ExecType,
    FillAllocated,
    IgnoreReason,
    Immediacy,
    InputReason,
    InputRejected,
    InstructionAdopted,
    MemberAmended,
    MemberJoined,
    MemberLeft,
    OrderAccepted,
    OrderCancelled,
    OrdersCrossed,
    OrderType,
    Pace,
    ParentAction,
    ParentEnded,
    ParentOpened,
    ParentReleased,
    PlanAdopted,
    PlanReason,
    ReleaseReason,
    RouteDeferred,
    Router,
    RouteReason,
    Side,
    SliceReleased,
    Strategy,
    Style,
    SuspensionSet,
    TimeInForce,
    TrancheOpened,
    Urgency,
)
from engine.core.parents import tranches
from engine.core.state.model import NO_INSTRUCTIONS
from engine.core.state.state import NEVER_NS

PAUSE, RESUME, COMPLETE = ParentAction.PAUSE, ParentAction.RESUME, ParentAction.COMPLETE_NOW
EXCLUDE, INCLUDE = ParentAction.EXCLUDE_VENUE, ParentAction.INCLUDE_VENUE


def tell(world: World, action: ParentAction, name: str = "o1", **said: Any) -> World:  # noqa: ANN401
    """The desk tells the parent of an order."""
    return world.when(instructed(world.parent(name), action, **said))


def at_work() -> World:
    """A TWAP of 6,000 over an hour, of which a child rests, with others' volume for any cap."""
    return resting().given(trade(PLENTY))


def canceled(world: World) -> World:
    """Every venue confirms the cancels that it was asked for."""
    asked = [child for child in world.children() if child.is_cancelling]
    return world.when(*(report(child, ExecType.CANCELED) for child in asked))


def proved(world: World) -> None:
    """Folding gives the same state, and stepping again the same bytes."""
    assert repr(world.folded().state) == repr(world.state)
    again = world.stepped_again()
    assert [x.records for x in again] == [x.sealed.records for x in world.batches]


# ------------------------------------------------------------------------------- pause


def test_a_paused_parent_cancels_what_is_out_and_sends_nothing_more() -> None:
    world = at_work()
    child, parent = world.child(), world.parent()

    tell(world, PAUSE).then(
        an(
            InstructionAdopted,
            parent_id=parent.parent_id,
            instrument_id=INSTRUMENT,
            action=PAUSE,
            pace=Pace.PAUSED,
            urgency=None,
            excluded_venues=(),
            parent_qty=6_000,
            exposure_qty=child.leaves_qty,
            set_by="desk",
            text="news",
        ),
        an(ControlApplied, control="ParentInstructed", scope_id=parent.parent_id),
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.PAUSED_BY_DESK),
    )
    canceled(world)
    for minute in (1, 5, 59):
        on(world, minute).then_no(SliceReleased, ChildRouted)
    proved(world)


def test_the_window_of_a_paused_parent_goes_on_and_ends_it() -> None:
    world = canceled(tell(at_work(), PAUSE))

    on(world, 60).then_some(
        an(ParentEnded, reason=EndReason.WINDOW_ENDED, returned_qty=6_000),
    )


def test_a_late_fill_of_a_paused_parent_is_its_members() -> None:
    world = tell(at_work(), PAUSE)
    child = world.child()

    world.when(fill_report(child, 40)).then_some(an(FillAllocated, shares_qty=(40,)))
    world.then_no(SliceReleased, ChildRouted)
    canceled(world).then_no(SliceReleased, ChildRouted)
    assert world.order().allocated_qty == 40


def test_a_member_of_a_paused_parent_can_be_cut_and_cancelled() -> None:
    world = canceled(tell(at_work(), PAUSE))

    world.when(amend(order_qty=5_000)).then_some(an(MemberAmended, change_qty=-1_000))
    world.then_no(ChildRouted)
    world.when(cancel("o1a")).then_some(an(OrderCancelled, withdrawn_qty=5_000), ParentEnded)


def test_an_amend_that_needs_another_tranche_does_not_escape_a_pause() -> None:
    world = canceled(tell(at_work(), PAUSE))
    parent_id = world.parent().parent_id

    world.when(amend(limit_px=px(99.00), order_type=OrderType.LIMIT)).then_some(
        an(MemberLeft, parent_id=parent_id),
        an(TrancheOpened, parent_id=parent_id),
        an(MemberJoined, parent_id=parent_id, tranche=1),
    )
    on(world, 5).then_no(ChildRouted)
    proved(world)


def test_a_member_that_comes_back_to_a_full_parent_opens_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tranches, "TRANCHES_MAX", 1)
    world = canceled(tell(at_work(), PAUSE))

    world.when(amend(limit_px=px(99.00), order_type=OrderType.LIMIT)).then_some(
        MemberLeft, ParentOpened
    )


def test_a_later_order_joins_no_parent_under_instruction() -> None:
    world = tell(at_work(), PAUSE)
    paused = world.parent().parent_id

    world.when(order("o2", 6_000, end_ns=NOW_NS + HOUR)).then_some(
        OrderAccepted, ParentOpened, ChildRouted
    )
    tell(world, RESUME)
    assert world.state.parents[paused].member_count == 1
    world.when(order("o3", 500, end_ns=NOW_NS + HOUR)).then_some(MemberJoined)
    world.then_no(ParentOpened)


def test_a_stopped_member_waits_in_its_paused_parent_and_goes_on_with_it() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(
        order(order_qty=6_000, end_ns=NOW_NS + HOUR),
        order("o2", 3_000, end_ns=NOW_NS + HOUR, client_id="c2"),
    )
    parent = world.parent()
    canceled(tell(world, PAUSE))

    world.when(kill(ControlScope.CLIENT, "c2")).then_some(
        an(MemberLeft, parent_id=parent.parent_id),
        an(MemberJoined, parent_id=parent.parent_id, tranche=1),
    )
    world.when(kill(ControlScope.CLIENT, "c2", engaged=False)).then_no(ChildRouted)
    assert world.parent("o2") is parent
    tell(world, RESUME).then_some(ChildRouted)
    proved(world)


def test_a_kill_switch_comes_first_and_its_release_leaves_the_pause() -> None:
    world = at_work()
    world.when(kill(), instructed(world.parent(), PAUSE)).then_some(
        an(ChildCancelRequested, reason=CancelReason.KILL_SWITCH)
    )
    canceled(world)
    on(world, 2, kill(engaged=False)).then_no(ChildRouted)
    tell(world, RESUME).then_some(ChildRouted)


def test_nothing_crosses_for_a_paused_parent_whichever_side_asks() -> None:
    world = trading(quote(ask=0.0))  # Without a midpoint the buy rests uncrossed.
    world.given(order("b1", 6_000, end_ns=NOW_NS + HOUR, limit_px=px(100.05)))
    canceled(tell(world, PAUSE, "b1"))

    world.when(
        quote(), order("s1", 200, side=Side.SELL, client_id="c2", end_ns=NOW_NS + HOUR)
    ).then_no(OrdersCrossed)
    tell(world, PAUSE, "s1")
    tell(world, RESUME, "b1").then_no(OrdersCrossed)
    tell(world, RESUME, "s1").then_some(an(OrdersCrossed, cross_qty=200))


def test_a_gathering_parent_that_is_paused_is_not_released() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order(end_ns=NOW_NS + HOUR))
    tell(world, PAUSE)

    on(world, 2).then_no(ParentReleased)
    tell(world, RESUME).then_some(an(ParentReleased, reason=ReleaseReason.TIME), PlanAdopted)


def test_a_paused_parent_leaves_what_is_shown_to_the_others() -> None:
    world = trading(quote(ask_qty=100), trade(PLENTY))
    world.given(at_once("o1", 500, end_ns=CLOSE_NS, urgency=Urgency.HIGH))
    waiting = world.book().takers[Side.BUY]
    assert [*waiting] == [world.parent().parent_id]

    tell(world, PAUSE)
    assert [*waiting] == []


# ------------------------------------------------------------------------------ resume


def test_a_parent_that_resumes_spreads_what_is_left_over_the_time_that_is_left() -> None:
    world = canceled(tell(at_work(), PAUSE))

    on(world, 30)
    tell(world, RESUME).then_some(
        an(InstructionAdopted, action=RESUME, pace=Pace.PLANNED),
        an(
            PlanAdopted,
            reason=PlanReason.INSTRUCTED,
            revision=1,
            plan_qty=6_000,
            carry_qty=0,
            start_ns=NOW_NS + 30 * MINUTE,
            end_ns=NOW_NS + HOUR,
        ),
        an(SliceReleased, slice_qty=200, style=Style.PASSIVE),  # A minute of thirty.
    )
    on(world, 31).then_no(PlanAdopted)


def test_a_resume_of_a_parent_that_works_by_its_plan_changes_nothing() -> None:
    tell(at_work(), RESUME).then(InstructionAdopted, ControlApplied)


# ----------------------------------------------------------------------------- urgency


def test_an_urgency_makes_a_new_plan_with_its_own_horizon_and_aggressiveness() -> None:
    world = trading(policy(router=Router.SEQUENTIAL))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR)).given(trade(PLENTY))
    plan = world.parent().plan
    assert plan is not None
    assert (plan.strategy, plan.end_ns) == (Strategy.IS, NOW_NS + 30 * MINUTE)

    tell(world, ParentAction.URGENCY, urgency=Urgency.HIGH).then_some(
        an(InstructionAdopted, urgency=Urgency.HIGH, pace=Pace.PLANNED),
        an(
            PlanAdopted,
            reason=PlanReason.INSTRUCTED,
            strategy=Strategy.IS,
            end_ns=NOW_NS + 5 * MINUTE,
            aggressiveness_ppm=600_000,
            carry_qty=0,
        ),
    )
    assert world.parent().terms.urgency is Urgency.NORMAL  # Its members' key is as it was.
    assert world.parent().aggressiveness_ppm == 600_000
    on(world, 1).then_some(an(SliceReleased, style=Style.AGGRESSIVE))

    tell(world, ParentAction.URGENCY, urgency=Urgency.LOW).then_some(
        an(PlanAdopted, strategy=Strategy.VWAP, end_ns=NOW_NS + HOUR, aggressiveness_ppm=0)
    )
    assert world.parent().aggressiveness_ppm == 0
    proved(world)


def test_the_members_own_urgency_ends_that_of_the_desk() -> None:
    world = tell(at_work(), ParentAction.URGENCY, urgency=Urgency.HIGH)
    assert instructions.is_instructed(world.parent())

    tell(world, ParentAction.URGENCY, urgency=Urgency.NORMAL).then_some(
        an(InstructionAdopted, urgency=None), an(PlanAdopted, reason=PlanReason.INSTRUCTED)
    )
    assert not instructions.is_instructed(world.parent())


def test_an_urgency_waits_for_the_end_of_a_pause() -> None:
    world = canceled(tell(at_work(), PAUSE))

    tell(world, ParentAction.URGENCY, urgency=Urgency.HIGH).then_no(PlanAdopted)
    tell(world, RESUME).then_some(
        an(InstructionAdopted, urgency=Urgency.HIGH), an(PlanAdopted, aggressiveness_ppm=600_000)
    )


def test_the_first_plan_of_a_gathering_parent_is_by_the_desks_urgency() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order(end_ns=NOW_NS + HOUR))
    tell(world, ParentAction.URGENCY, urgency=Urgency.HIGH).then_no(PlanAdopted)

    on(world, 1).then_some(an(PlanAdopted, reason=PlanReason.RELEASED, aggressiveness_ppm=600_000))


# ------------------------------------------------------------------------------ venues


def test_an_excluded_venue_gets_nothing_and_loses_what_rests_there() -> None:
    world = at_work()
    child = world.child()
    venue = child.terms.venue
    other = OTHER_LIT if venue == LIT else LIT

    tell(world, EXCLUDE, venue=venue).then(
        an(InstructionAdopted, action=EXCLUDE, venue=venue, excluded_venues=(venue,)),
        ControlApplied,
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.EXCLUDED_BY_DESK),
    )
    canceled(world)
    routed = world.the(ChildRouted)
    assert routed.venue == other
    assert reasons(routed)[RouteReason.EXCLUDED_BY_DESK] == 1

    tell(world, EXCLUDE, venue=other).then_some(
        an(InstructionAdopted, excluded_venues=(venue, other))
    )
    deferred = canceled(world).the(RouteDeferred)
    assert reasons(deferred) == {RouteReason.EXCLUDED_BY_DESK: 2}

    tell(world, INCLUDE, venue=other).then_some(
        an(InstructionAdopted, excluded_venues=(venue,)), an(ChildRouted, venue=other)
    )
    tell(world, EXCLUDE, venue=venue).then_some(
        an(InstructionAdopted, excluded_venues=(other, venue)[1:])
    )
    proved(world)


def test_a_venue_that_the_desk_includes_stays_barred_for_the_client_that_excludes_it() -> None:
    world = trading(policy(router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, excluded_venues=(LIT,)))

    tell(world, INCLUDE, venue=LIT).then_some(an(InstructionAdopted, excluded_venues=()))
    for minute in (1, 2, 3):
        assert all(x.venue != LIT for x in on(world, minute).all_of(ChildRouted))


# ------------------------------------------------------------------------ complete now


def test_a_parent_that_completes_now_takes_all_that_is_left() -> None:
    world = at_work()
    child = world.child()
    world.given(quote(ask_qty=PLENTY))

    tell(world, COMPLETE).then_some(
        an(InstructionAdopted, pace=Pace.COMPLETING),
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.COMPLETE_NOW),
        an(SliceReleased, slice_qty=6_000 - child.leaves_qty, style=Style.CLEANUP),
        an(ChildRouted, child_qty=6_000 - child.leaves_qty, limit_px=px(100.02)),
    )
    canceled(world).then_some(an(SliceReleased, slice_qty=100, style=Style.CLEANUP))
    proved(world)


def test_it_keeps_to_the_cap_but_for_what_must_complete() -> None:
    def completing(**said: Any) -> World:  # noqa: ANN401
        world = trading(quote(ask_qty=PLENTY))
        world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, **said))
        return tell(world, COMPLETE)

    # Without any volume the cap is the lot by which it may start.
    assert sum(x.child_qty for x in completing().all_of(ChildRouted)) <= 100
    forced = completing(must_complete=True)
    sent_qty = sum(child.leaves_qty for child in forced.children() if not child.is_cancelling)
    assert sent_qty >= 5_900


def test_it_keeps_to_the_limit_and_takes_when_the_market_comes() -> None:
    world = trading(policy(strategy=Strategy.TWAP), trade(PLENTY))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, limit_px=px(100.01)))

    tell(world, COMPLETE)
    assert all(child.terms.limit_px <= px(100.01) for child in world.children())
    world.when(quote(bid=100.00, ask=100.01, ask_qty=2_000, received_ns=world.now_ns))
    canceled(world)
    taken = [x for x in world.history() if type(x) is ChildRouted and x.limit_px == px(100.01)]
    assert taken


def test_it_goes_on_until_all_is_done_and_is_planned_at_every_point_of_the_grid() -> None:
    world = at_work()
    world.given(quote(ask_qty=PLENTY))
    canceled(tell(world, COMPLETE))
    parent = world.parent()

    assert parent.due_ns == NOW_NS + MINUTE // 6
    fresh = [fill_report(child, child.leaves_qty, child.child_id) for child in world.children()]
    world.when(*fresh).then_some(an(ParentEnded, reason=EndReason.COMPLETED, filled_qty=6_000))


def test_a_gathering_parent_that_completes_now_is_released_at_once() -> None:
    world = trading(policy(window_ns=MINUTE)).given(order(end_ns=NOW_NS + HOUR, must_complete=True))

    tell(world, COMPLETE).then_some(
        an(ParentReleased, reason=ReleaseReason.INSTRUCTED),
        an(PlanAdopted, reason=PlanReason.RELEASED),
        an(SliceReleased, slice_qty=500, style=Style.CLEANUP),
    )


def test_a_member_whose_time_has_not_come_is_not_completed() -> None:
    world = trading(quote(ask_qty=PLENTY))
    world.given(
        order("o1", 600, end_ns=NOW_NS + HOUR),
        order("o2", 400, start_ns=NOW_NS + MINUTE, end_ns=NOW_NS + HOUR),
    ).given(trade(PLENTY))

    canceled(tell(world, COMPLETE))
    assert world.tranche("o1").exposure_qty == 600
    assert world.tranche("o2").exposure_qty == 0


def test_a_resume_ends_the_completion() -> None:
    world = tell(at_work(), COMPLETE)

    tell(world, RESUME).then_some(
        an(InstructionAdopted, pace=Pace.PLANNED),
        an(PlanAdopted, reason=PlanReason.INSTRUCTED),
    )
    assert not instructions.is_completing(world.parent())


def test_the_last_pace_counts() -> None:
    world = canceled(tell(at_work(), PAUSE))
    world.given(quote(ask_qty=PLENTY))

    tell(world, COMPLETE).then_some(an(SliceReleased, style=Style.CLEANUP))
    tell(world, PAUSE).then_some(an(ChildCancelRequested, reason=CancelReason.PAUSED_BY_DESK))


def test_an_order_that_trades_at_once_is_withdrawn_when_its_pause_has_cancelled_it() -> None:
    world = trading().given(order(immediacy=Immediacy.IOC))

    tell(world, PAUSE).then_some(an(ChildCancelRequested, reason=CancelReason.PAUSED_BY_DESK))
    canceled(world).then_some(an(OrderCancelled, withdrawn_qty=500), ParentEnded)


# ---------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("parent_id", "reason"),
    [
        ("0-1", IgnoreReason.PARENT_UNKNOWN),
        ("0-999999", IgnoreReason.PARENT_UNKNOWN),
        ("7-1", IgnoreReason.PARENT_UNKNOWN),
    ],
)
def test_an_instruction_for_an_unknown_parent_is_refused(
    parent_id: str, reason: IgnoreReason
) -> None:
    world = at_work().when(instructed(parent_id, PAUSE))

    world.then(an(ControlIgnored, control="ParentInstructed", reason=reason, source="test"))
    proved(world)


@pytest.mark.parametrize("evict_after_ns", [0, NEVER_NS])
def test_an_instruction_for_an_ended_parent_is_refused_also_when_it_was_evicted(
    evict_after_ns: int,
) -> None:
    world = trading(evict_after_ns=evict_after_ns)
    world.given(order()).given(cancel())
    parent, order_id = parents(world.state)[0], next(iter(orders(world.state)))
    canceled(world).given(after_ns=SECOND).given(after_ns=SECOND)
    assert parent.is_ended or not world.state.parents
    assert (parent.parent_id in world.state.parents_ended) == (evict_after_ns == NEVER_NS)

    world.when(instructed(parent.parent_id, COMPLETE)).then(
        an(ControlIgnored, reason=IgnoreReason.PARENT_ENDED)
    )
    world.when(instructed(order_id, COMPLETE)).then(
        an(ControlIgnored, reason=IgnoreReason.PARENT_UNKNOWN)
    )


@pytest.mark.parametrize("action", [EXCLUDE, INCLUDE])
def test_a_venue_that_is_not_known_is_refused(action: ParentAction) -> None:
    tell(at_work(), action, venue="NOWHERE").then(
        an(ControlIgnored, reason=IgnoreReason.VENUE_UNKNOWN)
    )


def test_a_shard_leaves_the_parents_of_another_to_it() -> None:
    world = trading(partitions=2, settings={**SETTINGS, "partitions": 2})
    world.when(instructed("1-5", PAUSE)).then(an(ControlApplied, scope_id="1-5"))


def test_an_instruction_that_is_sent_again_counts_once() -> None:
    world = canceled(tell(at_work(), PAUSE))
    tell(world, RESUME)

    world.resend(back=3).then(an(ControlIgnored, reason=IgnoreReason.RESENT))
    assert not instructions.is_paused(world.parent())


def test_an_impossible_instruction_is_rejected_and_stops_nothing() -> None:
    world = tell(at_work(), PAUSE, venue=LIT)

    world.then(an(InputRejected, reason=InputReason.INVALID, source="test"))
    world.then_no(SuspensionSet)
    on(world, 2).then_some(ChildRouted)


# ------------------------------------------------------------------------------- close


def test_the_next_day_begins_without_the_instructions_of_the_last() -> None:
    world = trading(policy(strategy=Strategy.TWAP, router=Router.SEQUENTIAL), trade(PLENTY))
    world.given(order(order_qty=6_000, time_in_force=TimeInForce.GTC))
    former = world.parent().parent_id
    canceled(tell(world, PAUSE))

    world.given(day_closed())
    now_ns = NOW_NS + 24 * HOUR
    world.at(
        now_ns,
        day_opened(DAY + 1, NOW_NS - HOUR + 24 * HOUR),
        quote(received_ns=now_ns),
        trade(PLENTY, received_ns=now_ns),
    ).then_some(ParentOpened, an(PlanAdopted, reason=PlanReason.RELEASED))
    assert world.parent().instructions == NO_INSTRUCTIONS
    world.when(instructed(former, RESUME)).then(
        an(ControlIgnored, reason=IgnoreReason.PARENT_UNKNOWN)
    )
    proved(world)
