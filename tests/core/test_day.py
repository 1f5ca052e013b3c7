"""A close ends everything of its day, and the next day starts from the close's events."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    LIT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    SECOND,
    SETTINGS,
    Raw,
    World,
    allotment,
    amend,
    an,
    at_once,
    cancel,
    cancel_rejected,
    day_closed,
    day_opened,
    fill_report,
    given,
    halt,
    kill,
    lift,
    make,
    market,
    not_sent,
    order,
    policy,
    px,
    quote,
    report,
    session,
    trade,
    trading,
    venue_status,
)

from engine.core.day import carried_children, trading_day
from engine.core.events import (
    BreakCarried,
    BreakFlagged,
    BreakReason,
    CalendarCarried,
    CancelReason,
    ChildCancelRequested,
    ChildClosed,
    ChildFateUnknown,
    CloseReason,
    ConfigurationAdopted,
    ControlApplied,
    ControlIgnored,
    ControlNumbersCarried,
    ControlScope,
    EndReason,
    ExecType,
    FillAllocated,
    IgnoreReason,
    InstrumentCarried,
    InstrumentHalted,
    MandateCarried,
    MemberJoined,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderCarried,
    OrderChangePending,
    OrderExpired,
    OrderRejected,
    ParentEnded,
    ParentOpened,
    ParentReconciled,
    PlanAdopted,
    PolicyCarried,
    PositionsCarried,
    RejectReason,
    RiskLimitCarried,
    ScorecardCarried,
    SealKind,
    Side,
    SuspensionSet,
    TickTableCarried,
    TimeInForce,
    VenueCarried,
    VenueStatus,
    VenueStatusCarried,
    WithdrawReason,
)
from engine.core.orders import good_till_cancel
from engine.core.routing import scorecard
from engine.core.state.model import Parent, Tranche
from engine.core.state.state import NEVER_NS, State

NEXT_DAY = 20180103
NEXT_OPEN_NS = OPEN_NS + 24 * HOUR
BEHIND_PX = px(99.95)
GTC: dict[str, Any] = {"time_in_force": TimeInForce.GTC}
CARRIED_FACTS = (  # Of a world made by `trading`.
    *(VenueCarried, VenueCarried, CalendarCarried, InstrumentCarried, TickTableCarried),
    *(RiskLimitCarried, MandateCarried, MandateCarried, MandateCarried, PolicyCarried),
    ControlNumbersCarried,
)


def resting(cl_ord_id: str = "o1", order_qty: int = 6_000, **said: Any) -> World:  # noqa: ANN401
    """An order with a child that rests behind the market."""
    return trading().given(order(cl_ord_id, order_qty, limit_px=BEHIND_PX, **said))


def closed(world: World) -> World:
    return world.at(CLOSE_NS + MINUTE, day_closed())


def opened(world: World, *inputs: Any, days: int = 1) -> World:  # noqa: ANN401
    """The next day opens, and its first quote comes."""
    open_ns = OPEN_NS + days * 24 * HOUR
    return world.at(open_ns, day_opened(DAY + days, open_ns), quote(received_ns=open_ns), *inputs)


# ------------------------------------------------------------------------------ the close


def test_the_close_ends_children_parents_and_day_orders_in_this_order() -> None:
    world = resting()
    child, parent_id, order_id = world.child(), world.parent().parent_id, world.order().order_id
    world.given(fill_report(child, 40))

    closed(world).then(
        an(ControlApplied, control="DayClosed", scope=ControlScope.FIRM, scope_id=str(DAY)),
        an(ChildCancelRequested, child_id=child.child_id, reason=CancelReason.DAY_CLOSED),
        an(
            ChildClosed,
            child_id=child.child_id,
            parent_id=parent_id,
            reason=CloseReason.DAY_CLOSED,
            returned_qty=60,
            unsolicited=True,
        ),
        an(ParentEnded, reason=EndReason.DAY_CLOSED, filled_qty=40, returned_qty=5_960),
        *CARRIED_FACTS,
        an(ParentReconciled, parent_id=parent_id, filled_qty=40),
        an(
            OrderExpired,
            order_id=order_id,
            withdrawn_qty=5_960,
            reason=WithdrawReason.DAY_CLOSED,
        ),
        PositionsCarried,
    )
    assert world.batches[-1].sealed.seal.kind is SealKind.CLOSE


def test_a_close_asks_for_no_cancel_twice_and_should_wait_for_the_answer() -> None:
    world = resting()
    waits = [world.shard.awaits_cancels]
    world.when(cancel()).then_some(ChildCancelRequested)
    waits.append(world.shard.awaits_cancels)
    closed(world).then_no(ChildCancelRequested).then_some(ChildClosed)
    assert [*waits, world.shard.awaits_cancels] == [False, True, False]


def test_a_close_of_another_day_in_an_early_log_closes_nothing() -> None:
    state = given(day_opened(), day_closed(DAY - 1)).state
    assert state.day is not None


def test_a_child_whose_fate_is_unknown_is_worth_a_moment_too() -> None:
    world = resting()
    world.when(report(world.child(), ExecType.UNKNOWN)).then(ChildFateUnknown)
    assert world.shard.awaits_cancels


def test_a_close_without_anything_at_work_is_applied_all_the_same() -> None:
    told = (ControlApplied, *CARRIED_FACTS, PositionsCarried)
    world = closed(trading()).then(*told)

    assert world.state.day is None
    closed(world).then(ConfigurationAdopted, *told)  # A second close changes nothing.


def test_nothing_is_planned_in_the_batch_of_the_close() -> None:
    world = trading()

    world.when(day_closed(), order())

    assert world.the(OrderRejected).reason is RejectReason.SESSION_CLOSED
    assert [b.sealed.seal.kind for b in world.batches[-2:]] == [SealKind.CLOSE, SealKind.NORMAL]


def test_a_parent_that_crossed_and_one_that_gathers_end_too() -> None:
    world = trading(policy(window_ns=HOUR)).given(
        order(), order("s1", 100, side=Side.SELL, client_id="c2")
    )

    closed(world)

    assert [p.reason for p in world.all_of(ParentEnded)] == [EndReason.DAY_CLOSED] * 2
    assert [o.withdrawn_qty for o in world.all_of(OrderExpired)] == [500, 100]


# ----------------------------------------------------------------------------- the orders


def test_a_gtc_order_is_carried_with_its_fills_and_crosses_and_joins_a_new_parent() -> None:
    world = resting(order_qty=6_000, **GTC)
    order_id = world.order().order_id
    world.given(fill_report(world.child(), 40))

    closed(world).then_some(
        ParentEnded,
        an(OrderCarried, order_id=order_id, order_qty=6_000, allocated_qty=40, limit_px=BEHIND_PX),
    ).then_no(OrderExpired)
    assert world.order().open_qty == 5_960
    assert not world.state.parents

    opened(world).then_some(
        an(ControlApplied, control="DayOpened", scope_id=str(NEXT_DAY)),
        an(ParentOpened, first_order_id=order_id, cause="plan:"),
        an(MemberJoined, order_id=order_id, member_qty=5_960, cause="plan:"),
        PlanAdopted,
    )
    assert world.order().order_id == order_id
    assert (world.order().start_ns, world.order().end_ns) == (NEXT_OPEN_NS, CLOSE_NS + 24 * HOUR)
    assert not world.state.unplaced
    world.when(fill_report(world.child(), 10, session_day=NEXT_DAY)).then_some(FillAllocated)
    assert (world.order().allocated_qty, world.order().open_qty) == (50, 5_950)


def test_several_carried_orders_find_their_parents_in_one_batch() -> None:
    world = resting(**GTC).given(
        order("o2", limit_px=BEHIND_PX, **GTC), order("s1", side=Side.SELL, limit_px=px(101), **GTC)
    )
    closed(world)

    opened(world)

    assert len(world.all_of(ParentOpened)) == 2
    assert world.parent("o1") is world.parent("o2")


def test_a_withdrawn_part_is_not_carried_with_the_order() -> None:
    state = trading().given(order(**GTC)).state
    held = next(iter(state.orders.values()))
    held.withdrawn_qty = 100

    (found,) = good_till_cancel.carry_forward(state, held, *carried_children.NO_PAST)

    assert isinstance(found, OrderCarried)
    assert found.order_qty == 400


def test_a_gtc_order_that_is_done_or_leaves_is_not_carried() -> None:
    world = resting("o1", 100, **GTC).given(order("o2", limit_px=BEHIND_PX, **GTC))
    world.given(*(fill_report(c, c.leaves_qty, f"E{n}") for n, c in enumerate(world.children())))
    done = [o for o in world.state.orders.values() if not o.open_qty]
    world.given(cancel("o2"))

    closed(world)

    good_till_cancel = {c.order_id for c in world.all_of(OrderCarried)}
    assert not good_till_cancel & {o.order_id for o in done}
    assert all(o.open_qty > 0 for o in world.state.orders.values())


def test_a_cancel_that_waited_for_its_child_is_done_by_the_close() -> None:
    world = resting(**GTC).given(cancel())

    closed(world).then_some(
        an(OrderCancelled, withdrawn_qty=6_000, reason=WithdrawReason.CLIENT)
    ).then_no(OrderCarried, OrderExpired)
    assert not world.state.orders


@pytest.mark.parametrize(
    ("asked", "carried_qty", "carried_px"),
    [
        ({"limit_px": px(99.00)}, 6_000, px(99.00)),
        ({"order_qty": 1_000}, 1_000, BEHIND_PX),
        ({"order_qty": 1_000, "limit_px": px(99.00)}, 1_000, px(99.00)),
    ],
)
def test_an_amend_that_waited_for_its_child_is_done_by_the_close(
    asked: dict[str, Any], carried_qty: int, carried_px: int
) -> None:
    world = at_once_resting(**GTC)
    world.given(fill_report(world.child(), 40))
    world.when(amend(**asked)).then_some(OrderChangePending, ChildCancelRequested)

    closed(world).then_some(
        an(OrderAmended, previous_qty=6_000, order_qty=carried_qty, limit_px=carried_px),
        an(
            OrderCarried,
            cl_ord_id="o1a",
            order_qty=carried_qty,
            limit_px=carried_px,
            allocated_qty=40,
        ),
    ).then_no(OrderExpired)
    assert world.order("o1a").open_qty == carried_qty - 40
    assert world.folded().state == world.state


def at_once_resting(**said: Any) -> World:  # noqa: ANN401
    """An order whose whole quantity rests in one child in the last minute of a session."""
    world = World(now_ns=CLOSE_NS - 50 * SECOND).given(*market())
    world.given(quote(received_ns=world.now_ns))
    return world.given(
        at_once(order_qty=6_000, end_ns=None, limit_px=BEHIND_PX, excluded_venues=("Q",), **said)
    )


def test_an_amend_to_what_is_done_ends_the_order_at_the_close() -> None:
    world = at_once_resting(**GTC)
    world.given(fill_report(world.child(), 40)).given(amend(order_qty=10))

    closed(world).then_some(an(OrderAmended, order_qty=40)).then_no(OrderCarried, OrderExpired)


def test_a_day_order_expires_whatever_amend_it_waits_for() -> None:
    world = at_once_resting().given(amend(order_qty=10))

    closed(world).then_some(an(OrderExpired, withdrawn_qty=6_000)).then_no(OrderAmended)


def test_a_gtc_order_cancelled_between_the_days_finds_no_parent() -> None:
    world = closed(resting(**GTC))
    world.when(cancel()).then_some(an(OrderCancelled, withdrawn_qty=6_000))

    opened(world).then_no(ParentOpened)


def test_a_gtc_order_amended_between_the_days_is_placed_as_amended() -> None:
    world = closed(resting(**GTC))
    world.when(amend(order_qty=700)).then_some(an(OrderAmended, order_qty=700))

    opened(world).then_some(an(MemberJoined, member_qty=700))


def test_a_new_order_between_the_days_is_refused() -> None:
    world = closed(trading())

    world.when(order()).then(
        ConfigurationAdopted, an(OrderRejected, reason=RejectReason.SESSION_CLOSED)
    )


def test_an_id_may_be_used_again_on_another_day_unless_its_order_is_carried() -> None:
    world = closed(resting("gtc", **GTC).given(order("day", limit_px=BEHIND_PX)))

    opened(world, order("day"), order("gtc"))

    assert world.the(OrderAccepted).cl_ord_id == "day"
    assert world.the(OrderRejected).reason is RejectReason.DUPLICATE_ORDER


def test_a_carried_order_waits_for_a_day_a_policy_and_time() -> None:
    world = closed(resting(**GTC))
    state = world.state
    assert not good_till_cancel.is_behind(state, NEXT_OPEN_NS)

    trading_day.on_day_opened(state, day_opened(NEXT_DAY, NEXT_OPEN_NS))
    close_ns = CLOSE_NS + 24 * HOUR
    assert good_till_cancel.is_behind(state, close_ns - 1)
    assert not good_till_cancel.is_behind(state, close_ns)

    state.controls.policy = None
    assert not good_till_cancel.is_behind(state, NEXT_OPEN_NS)


# ----------------------------------------------------------------------- what else is left


def eventful() -> World:
    """A day that carries state of every kind."""
    world = trading(
        allotment(10**9),
        session("Q", up=False),
        venue_status("Q", VenueStatus.HALTED),
        trade(1_000),
    )
    world.given(order("gtc", 6_000, limit_px=BEHIND_PX, settlement="T1", **GTC), at_once("o2"))
    live = next(c for c in world.children() if c.leaves_qty == 500)
    world.given(fill_report(live, 500), report(live, ExecType.TRADE, "E9", child_id="nobody"))
    world.given(Raw("orders", source="lost"), Raw("venue-reports", source="X"))
    return world.given(halt("MSFT"))


def test_the_close_states_all_that_survives() -> None:
    world = eventful()

    closed(world)

    card = world.the(ScorecardCarried)
    assert (card.venue, card.version, card.samples) == (LIT, 1, 1)
    found = world.the(BreakCarried)
    assert (found.reason, found.child_id) == (BreakReason.UNKNOWN_CHILD, "nobody")
    assert [(s.scope, s.scope_id) for s in world.all_of(SuspensionSet)] == [
        (ControlScope.VENUE, "X"),
        (ControlScope.SOURCE, "lost"),
    ]
    assert [h.instrument_id for h in world.all_of(InstrumentHalted)] == ["MSFT"]
    assert len(world.all_of(OrderCarried)) == 1


def test_nothing_but_that_survives() -> None:
    world = eventful()
    before = world.state
    closed(world)
    after = world.state

    kept = {"shard", "next_seq", "sealed_ns", "reference", "controls", "halted", "suspended"}
    stated = {"scorecards", "breaks", "orders", "order_ids", "unplaced", "unjudged"}
    stated |= {"venue_status", "sessions_down", "parents_ended", "ended"}
    assert after.sealed_seq == after.day_seq == after.next_seq
    fresh = State(shard=0)
    for name in [f.name for f in fields(State)]:
        found = getattr(after, name)
        if name in kept:
            assert found == getattr(before, name), name
            assert found or name == "shard", name
        elif name in stated:
            assert len(found) == 1, name
        elif name == "pools":  # Of the scorecards.
            assert found == scorecard.pooled(after.scorecards)
        elif name == "children":
            assert {child.terms.parent_id for child in found.values()} == {*after.parents_ended}
        elif name not in {"sealed_seq", "day_seq"}:
            assert found == getattr(fresh, name), name


def test_a_fold_of_the_day_ends_in_the_same_state() -> None:
    world = opened(closed(eventful()), order("o9"))

    assert world.folded().state == world.state


def test_two_days_in_a_row_carry_the_same_and_forget_the_rest() -> None:
    world = closed(eventful())
    first = [*world.events]
    opened(world)
    world.at(CLOSE_NS + 24 * HOUR, day_closed(NEXT_DAY))

    kinds = (ScorecardCarried, SuspensionSet, InstrumentHalted, BreakCarried, VenueStatusCarried)
    for kind in kinds:
        said = [stated(x) for x in first if type(x) is kind]
        if kind is not ScorecardCarried:
            assert [stated(x) for x in world.all_of(kind)] == said
        assert said
    assert len(world.all_of(OrderCarried)) == 1
    assert world.folded().state == world.state

    opened(world, lift(ControlScope.INSTRUMENT, "MSFT"), lift(ControlScope.VENUE, "X"), days=2)
    world.at(CLOSE_NS + 48 * HOUR, day_closed(DAY + 2))
    world.then_no(InstrumentHalted)
    assert [s.scope_id for s in world.all_of(SuspensionSet)] == ["lost"]


def stated(event: Any) -> dict[str, Any]:  # noqa: ANN401  Any stage event.
    """The fields of an event without its seq, time and cause."""
    names = [f.name for f in fields(event) if f.name not in ("seq", "at_ns", "cause")]
    return {name: getattr(event, name) for name in names}


def test_a_scorecard_goes_on_counting_on_the_next_day() -> None:
    world = trading().given(at_once())
    world.given(fill_report(world.child(), 500))
    opened(closed(world), at_once("o2", end_ns=NEXT_OPEN_NS + 50 * SECOND))
    assert world.child().terms.scorecard_version == 1

    world.given(fill_report(world.child(), 500, "E2"))

    assert world.state.scorecards[LIT].version == 2


def test_a_report_after_the_close_is_a_break() -> None:
    world = resting()
    child = world.child()
    closed(world)

    world.when(fill_report(child, 100)).then(
        ConfigurationAdopted,
        an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD, child_id=child.child_id, break_qty=100),
    )


def test_a_child_that_the_close_ended_may_be_told_to_have_never_been_sent() -> None:
    """A gateway answers a child of the day's last moment when the day has closed."""
    world = resting()
    child = world.child()
    closed(world)

    world.when(not_sent(child)).then(ConfigurationAdopted)
    unknown = an(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD)
    for child_id in ("0-999999", "1-1", "0-x", "nobody"):
        world.when(not_sent(child, child_id=child_id)).then(unknown)
    world.when(cancel_rejected(child)).then(unknown)  # It may be at its venue yet.


def test_controls_survive_a_close() -> None:
    world = opened(closed(trading(kill())), order())

    assert world.the(OrderRejected).reason is RejectReason.KILL_SWITCH


# -------------------------------------------------------------------------- configuration


def test_the_configuration_is_adopted_first_and_again_after_a_close() -> None:
    world = trading()
    first = world.history()[0]
    assert isinstance(first, ConfigurationAdopted)
    assert world.state.settings.quote_age_max_ns == SETTINGS["quote_age_max_ns"]

    closed(world).then_no(ConfigurationAdopted)
    opened(world).then_some(an(ConfigurationAdopted, text=first.text, cause="config:"))


# ----------------------------------------------------------------------------- due points


def parent_at(**said: Any) -> Parent:  # noqa: ANN401
    """A released parent with a plan of one point a minute until 10:40."""
    terms = make(ParentOpened, end_ns=NOW_NS + 10 * MINUTE, window_end_ns=NOW_NS)
    plan = make(PlanAdopted, interval_ns=said.pop("interval_ns", MINUTE))
    base = {"due_ns": 0, "is_released": True, "released_ns": NOW_NS, "plan": plan}
    base |= {"window_end_ns": NOW_NS, "tranches": {0: Tranche(0, terms, terms.benchmark)}}
    return Parent(parent_id="0-1", seq=1, terms=terms, **{**base, **said})


def test_a_gathering_parent_is_due_when_its_window_closes_then_when_it_ends() -> None:
    parent = parent_at(is_released=False, plan=None)

    dues = [trading_day.next_due_ns(parent, NOW_NS + at) for at in (-1, 0, 10 * MINUTE)]

    assert dues == [NOW_NS, NOW_NS + 10 * MINUTE, NEVER_NS]


def test_a_released_parent_without_a_plan_is_due_at_its_end() -> None:
    parent = parent_at(plan=None)

    assert trading_day.next_due_ns(parent, NOW_NS) == NOW_NS + 10 * MINUTE
    assert trading_day.next_due_ns(parent, NOW_NS + 10 * MINUTE) == NEVER_NS


@pytest.mark.parametrize(
    ("released_s", "now_s", "due_s"),
    [
        (0, 0, 60),
        (0, 59, 60),
        (0, 60, 120),
        (0, 539, 540),
        (0, 540, 550),  # In the last interval every point of the grid counts.
        (3, 3, 70),  # Points lie on a grid of a sixth of the interval.
        (3, 70, 130),
        (0, 599, 600),
        (595, 595, 600),  # The end is a point whatever the grid.
        (0, 600, None),
    ],
)
def test_a_working_parent_is_due_at_the_next_point_of_the_grid(
    released_s: int, now_s: int, due_s: int | None
) -> None:
    parent = parent_at(released_ns=NOW_NS + released_s * SECOND)

    due_ns = trading_day.next_due_ns(parent, NOW_NS + now_s * SECOND)

    assert due_ns == (NEVER_NS if due_s is None else NOW_NS + due_s * SECOND)


def test_a_parent_with_children_out_after_its_end_stays_due() -> None:
    world = resting(end_ns=NOW_NS + HOUR)
    world.when(after_ns=HOUR).then_some(ChildCancelRequested)

    assert world.parent().due_ns == NOW_NS + HOUR + 10 * SECOND


def test_a_policy_without_an_interval_still_has_points() -> None:
    parent = parent_at(interval_ns=0)

    assert trading_day.next_due_ns(parent, NOW_NS) == NOW_NS + 1


@for_all(st.integers(0, 7 * MINUTE), st.integers(1, 5 * MINUTE), st.integers(-1, 11 * MINUTE))
def test_the_next_point_always_lies_ahead_and_never_an_interval_and_a_half_away(
    released_ns: int, interval_ns: int, at_ns: int
) -> None:
    parent = parent_at(released_ns=NOW_NS + released_ns, interval_ns=interval_ns)
    now_ns = max(NOW_NS + at_ns, parent.released_ns)

    due_ns = trading_day.next_due_ns(parent, now_ns)

    assert due_ns > now_ns
    assert due_ns == NEVER_NS or due_ns <= now_ns + interval_ns * 3 // 2


def test_what_is_due_is_touched_and_a_seal_moves_its_point_on() -> None:
    world = resting()
    parent = world.parent()
    assert parent.due_ns == NOW_NS + MINUTE
    trading_day.mark_due(world.state, NOW_NS + MINUTE - 1)
    assert world.state.touched == {}

    trading_day.mark_due(world.state, NOW_NS + MINUTE)
    assert list(world.state.touched) == [parent.parent_id]

    trading_day.on_sealed(world.state, NOW_NS + MINUTE)
    assert parent.due_ns == NOW_NS + 2 * MINUTE
    assert world.state.touched == {}
    assert world.state.sealed_ns == NOW_NS + MINUTE


def test_a_carried_break_keeps_its_first_id() -> None:
    flagged = make(BreakFlagged, reason=BreakReason.UNKNOWN_CHILD, break_qty=5)
    scene = given(flagged)
    (break_id,) = scene.state.breaks

    once = trading_day.carried_break(break_id, flagged)
    again = trading_day.carried_break(break_id, once)

    assert once == again
    assert (once.break_id, once.break_qty) == (break_id, 5)


def test_a_close_of_another_day_gets_its_receipt_and_ends_nothing() -> None:
    world = resting()
    world.when(day_closed(DAY - 1)).then(
        an(ControlIgnored, reason=IgnoreReason.OTHER_DAY_OPEN, day=DAY - 1, last_day=DAY)
    )

    assert world.state.day is not None
    assert world.parent().children


def test_no_day_opens_over_another() -> None:
    world = resting()
    before = world.state.day
    world.when(day_opened(DAY + 1, OPEN_NS + 24 * HOUR)).then(
        an(ControlIgnored, reason=IgnoreReason.DAY_OPEN, day=DAY + 1, last_day=DAY)
    )

    assert world.state.day == before
