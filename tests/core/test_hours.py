"""Trading hours: the sessions of an instrument's calendar, its breaks, and time without them."""

from hypothesis import given as for_all
from hypothesis import strategies as st
from world import (
    CLOSE_NS,
    DAY,
    HOUR,
    INSTRUMENT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    SECOND,
    World,
    amend,
    an,
    at_once,
    calendar,
    cancel_rejected,
    day_closed,
    day_opened,
    fill_report,
    instrument,
    order,
    policy,
    px,
    quote,
    report,
    trading,
)

from engine.core import events as e
from engine.core.day import trading_day
from engine.core.market import hours
from engine.core.market.hours import Span
from engine.core.state.state import State

LUNCH = (OPEN_NS + 2 * HOUR, OPEN_NS + 3 * HOUR)
SESSIONS = ((OPEN_NS, LUNCH[0]), (LUNCH[1], CLOSE_NS))
REST = px(99.95)


def sessions(*spans: tuple[int, int], **said: int) -> e.CalendarDefined:
    listed = tuple(e.TradingSession(open_ns=first, close_ns=last) for first, last in spans)
    found: e.CalendarDefined = calendar(
        open_ns=spans[0][0], close_ns=spans[-1][1], sessions=listed, **said
    )
    return found


def with_lunch(*more: object) -> World:
    own = policy(router=e.Router.SEQUENTIAL, strategy=e.Strategy.TWAP)
    return trading(own, instrument(calendar_id="US"), sessions(*SESSIONS), *more)


def at(world: World, at_ns: int) -> World:
    """The world at a moment, with a fresh quote."""
    return world.at(at_ns, quote(received_ns=at_ns))


# -------------------------------------------------------------------------------- hours


def test_an_instrument_without_a_calendar_trades_the_day() -> None:
    state = trading().state

    assert hours.of_instrument(state, INSTRUMENT) == ((OPEN_NS, CLOSE_NS),)
    assert hours.of_instrument(state, "UNKNOWN") == ((OPEN_NS, CLOSE_NS),)
    assert hours.is_open(state, INSTRUMENT, CLOSE_NS + HOUR)  # Its orders' windows say it.


def test_the_hours_are_those_of_the_calendar_and_the_day_in_force() -> None:
    state = with_lunch().state
    assert hours.of_instrument(state, INSTRUMENT) == SESSIONS

    state.reference.calendars["US", DAY] = sessions((OPEN_NS, CLOSE_NS))
    assert hours.of_instrument(state, INSTRUMENT) == ((OPEN_NS, CLOSE_NS),)

    state.day = day_opened(close_ns=CLOSE_NS - HOUR)
    assert hours.of_instrument(state, INSTRUMENT) == ((OPEN_NS, CLOSE_NS - HOUR),)


def test_before_a_day_there_are_no_hours() -> None:
    assert hours.of_instrument(State(shard=0), INSTRUMENT) == ()
    assert hours.close_ns(State(shard=0), INSTRUMENT) == 0
    assert hours.length_ns(State(shard=0), INSTRUMENT) == 1


def test_a_calendar_of_one_session_lists_none() -> None:
    world = trading(instrument(calendar_id="US"), calendar(close_ns=CLOSE_NS - HOUR))

    assert hours.of_instrument(world.state, INSTRUMENT) == ((OPEN_NS, CLOSE_NS - HOUR),)


def test_sessions_lie_within_the_day() -> None:
    early, late = OPEN_NS - 2 * HOUR, CLOSE_NS + HOUR
    world = trading(
        instrument(calendar_id="US"),
        sessions((early, OPEN_NS - HOUR), (OPEN_NS - MINUTE, LUNCH[0]), (LUNCH[1], late)),
    )

    assert hours.of_instrument(world.state, INSTRUMENT) == SESSIONS


def test_a_day_that_the_calendar_does_not_have_is_no_trading_day() -> None:
    world = trading(instrument(calendar_id="US"), instrument("B", calendar_id="US"))
    world.given(instrument(calendar_id="MARS"))

    world.when(order()).then_some(an(e.OrderRejected, reason=e.RejectReason.SESSION_CLOSED))
    assert f"has no session on {DAY}" in world.the(e.OrderRejected).text


SPANS = (Span(100, 120), Span(130, 140), Span(145, 160))


def naive_ns(at_ns: int) -> int:
    """Trading time counted moment by moment, outside the day by the clock."""
    if at_ns < SPANS[0].open_ns:
        return at_ns - SPANS[0].open_ns
    inside = [t for t in range(SPANS[0].open_ns, at_ns) if any(a <= t < b for a, b in SPANS)]
    return len(inside) + max(0, at_ns - SPANS[-1].close_ns)


@for_all(st.integers(80, 180))
def test_trading_time_is_the_clock_without_the_breaks(at_ns: int) -> None:
    assert hours.elapsed_ns(SPANS, at_ns) == naive_ns(at_ns)


@for_all(st.integers(80, 180), st.integers(0, 60))
def test_a_time_after_a_span_of_trading_has_that_much_between(at_ns: int, span_ns: int) -> None:
    end_ns = hours.after_ns(SPANS, at_ns, span_ns)

    assert hours.elapsed_ns(SPANS, end_ns) - hours.elapsed_ns(SPANS, at_ns) == span_ns


@for_all(st.integers(100, 180))
def test_the_edges_of_a_window_lie_in_no_break(at_ns: int) -> None:
    begin, end = hours.opens_from(SPANS, at_ns), hours.closes_by(SPANS, at_ns)

    assert end <= at_ns <= begin
    assert hours.elapsed_ns(SPANS, begin) == hours.elapsed_ns(SPANS, at_ns)
    if SPANS[0].open_ns < at_ns < SPANS[-1].close_ns:
        assert any(a <= begin < b for a, b in SPANS)
        assert any(a < end <= b for a, b in SPANS)


@for_all(st.integers(-100, 100), st.integers(0, 100))
def test_without_sessions_time_is_the_clock(at_ns: int, span_ns: int) -> None:
    assert hours.elapsed_ns((), at_ns) == at_ns
    assert hours.after_ns((), at_ns, span_ns) == at_ns + span_ns


# ------------------------------------------------------------------------------ pauses


def test_at_a_sessions_end_children_are_cancelled_and_the_wait_is_told_once() -> None:
    world = with_lunch(order(must_complete=True, limit_px=REST))
    at(world, LUNCH[0] - MINUTE)
    assert world.children()
    due_ns = world.shard.next_due_ns()
    assert due_ns is not None
    assert due_ns <= LUNCH[0]

    world.at(LUNCH[0]).then_some(
        an(e.ChildCancelRequested, reason=e.CancelReason.SESSION_BREAK),
        an(e.ParentPaused, until_ns=LUNCH[1], parent_qty=500),
    )
    (child,) = world.children()
    world.when(report(child, e.ExecType.CANCELED), after_ns=SECOND).then_no(e.ParentPaused)
    assert world.shard.next_due_ns() == LUNCH[1]
    world.at(LUNCH[1] - MINUTE, quote(received_ns=LUNCH[1] - MINUTE)).then_no(e.SliceReleased)
    at(world, LUNCH[1]).then_some(e.SliceReleased, e.ChildRouted)


def test_a_cancel_that_is_refused_at_a_sessions_end_is_repeated_in_the_break() -> None:
    world = with_lunch(order(must_complete=True, limit_px=REST))
    at(world, LUNCH[0] - MINUTE)
    (child,) = world.children()
    world.at(LUNCH[0]).when(cancel_rejected(child), after_ns=SECOND)
    due_ns = world.shard.next_due_ns()

    assert due_ns is not None
    assert due_ns < LUNCH[1]


def test_a_late_fill_in_the_break_counts_in_the_next_session() -> None:
    world = with_lunch(order(must_complete=True, limit_px=REST))
    at(world, LUNCH[0] - MINUTE)
    (child,) = world.children()
    world.at(LUNCH[0]).when(fill_report(child, child.terms.child_qty), after_ns=SECOND)

    world.then_some(e.FillBooked).then_no(e.SliceReleased, e.ChildRouted)
    at(world, LUNCH[1])
    assert world.parent().done_qty == child.terms.child_qty


def test_an_order_of_the_break_is_released_by_the_next_session() -> None:
    world = at(with_lunch(), LUNCH[0] + MINUTE)
    world.when(order(), order("o2", client_id="c2", side=e.Side.SELL)).then_no(
        e.ParentReleased, e.OrdersCrossed
    )
    assert len(world.all_of(e.ParentPaused)) == 2
    assert world.shard.next_due_ns() == LUNCH[1]

    at(world, LUNCH[1]).then_some(an(e.OrdersCrossed, cross_qty=500))


def test_an_order_before_its_own_start_is_not_told_to_wait() -> None:
    world = at(with_lunch(), LUNCH[0] + MINUTE)

    world.when(order(start_ns=LUNCH[1] + MINUTE)).then_no(e.ParentPaused)


def test_an_order_that_trades_at_once_is_refused_in_a_break() -> None:
    world = at(with_lunch(), LUNCH[0] + MINUTE)

    world.when(order(immediacy=e.Immediacy.IOC)).then_some(
        an(e.OrderRejected, reason=e.RejectReason.SESSION_CLOSED)
    )
    at(world, LUNCH[1]).when(order("o2", immediacy=e.Immediacy.IOC)).then_some(e.OrderAccepted)


def test_after_the_last_session_of_an_instrument_no_order_is_taken() -> None:
    early = sessions((OPEN_NS, LUNCH[0]), (LUNCH[1], CLOSE_NS - HOUR))
    world = at(with_lunch(early), CLOSE_NS - HOUR)

    world.when(order()).then_some(an(e.OrderRejected, reason=e.RejectReason.SESSION_CLOSED))


def test_a_parent_ends_with_the_last_session_of_its_instrument() -> None:
    """Seen on a day that two instruments share: the order of one went on to the other's close."""
    early = sessions((OPEN_NS, LUNCH[0]), (LUNCH[1], CLOSE_NS - HOUR))
    world = with_lunch(early, order(), order("o2", time_in_force=e.TimeInForce.GTC, limit_px=REST))

    at(world, CLOSE_NS - HOUR)
    for child in world.children():
        world.given(report(child, e.ExecType.CANCELED))
    assert world.order().is_expired
    assert not world.order("o2").is_over  # It outlives the day.


def test_an_amended_end_is_within_the_sessions_of_the_instrument() -> None:
    early = sessions((OPEN_NS, LUNCH[0]), (LUNCH[1], CLOSE_NS - HOUR))
    world = with_lunch(early, order())

    world.when(amend(end_ns=CLOSE_NS)).then_some(
        an(e.OrderChangeRejected, reason=e.RejectReason.WINDOW_INVALID)
    )


def test_a_carried_order_waits_for_a_day_with_a_session() -> None:
    gtc = order(time_in_force=e.TimeInForce.GTC, limit_px=REST)
    world = with_lunch(gtc).at(CLOSE_NS, day_closed())
    next_ns = OPEN_NS + 24 * HOUR

    world.at(next_ns, day_opened(DAY + 1, next_ns), quote(received_ns=next_ns))
    world.then_some(an(e.OrderHeld, reason=e.RejectReason.SESSION_CLOSED)).then_no(e.OrderResumed)
    world.when(
        sessions((next_ns, next_ns + HOUR), (next_ns + 2 * HOUR, next_ns + 3 * HOUR), day=DAY + 1)
    )
    world.then_some(an(e.OrderResumed, start_ns=next_ns, end_ns=next_ns + 3 * HOUR), e.ParentOpened)


def test_sessions_that_change_in_the_day_concern_the_parents_at_work() -> None:
    world = with_lunch(at_once(limit_px=REST, end_ns=None, must_complete=False))

    world.when(sessions((OPEN_NS, NOW_NS), (LUNCH[1], CLOSE_NS))).then_some(
        an(e.ParentPaused, until_ns=LUNCH[1])
    )


def test_a_pause_without_a_next_session_waits_for_the_end() -> None:
    world = with_lunch(order(limit_px=REST))

    world.when(sessions((OPEN_NS, NOW_NS))).then_some(an(e.ParentPaused, until_ns=0))
    assert trading_day.planned_ns(world.state, world.parent(), NOW_NS) == CLOSE_NS


def test_out_of_the_sessions_what_is_due_is_planned_then() -> None:
    late_ns = CLOSE_NS + MINUTE
    assert hours.planned_ns(trading().state, INSTRUMENT, CLOSE_NS, late_ns) == late_ns


def test_a_close_that_comes_earlier_is_planned_at_once() -> None:
    """Seen: children rested past the new close, until the next point of their schedule."""
    world = with_lunch(order(limit_px=REST))
    at(world, LUNCH[1] + HOUR)
    assert world.children()

    close_ns = world.now_ns + SECOND
    world.given(sessions(SESSIONS[0], (LUNCH[1], close_ns)))
    assert world.shard.next_due_ns() == close_ns
    world.at(close_ns).then_some(an(e.ChildCancelRequested, reason=e.CancelReason.SESSION_BREAK))
