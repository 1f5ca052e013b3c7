"""Displayed size is common property: what is left of a quote after our takes, misses and orders."""

from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from routed import reasons
from world import (
    CENT,
    HOUR,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    SETTINGS,
    World,
    an,
    at_once,
    cancel,
    correction,
    day_closed,
    day_opened,
    fill_report,
    market,
    not_sent,
    order,
    policy,
    px,
    quote,
    report,
    restriction,
)

from engine.core.events import (
    CancelReason,
    ChildCancelRequested,
    ChildRouted,
    ChildTimeInForce,
    ExecType,
    Immediacy,
    Liquidity,
    OrderCancelled,
    Router,
    RouteReason,
    Side,
    Strategy,
    Urgency,
)
from engine.core.market import displayed
from engine.core.routing.candidates import search_for, takeable_qty, unfit_to_take

OWN_ON_TAPE = {**SETTINGS, "tape_includes_own": True}
TAKE = ChildTimeInForce.IOC
MS = SECOND // 1_000


def left(world: World, venue: str = LIT, side: Side = Side.BUY) -> int:
    book = world.book()
    return displayed.left_qty(book, venue, side, book.quotes[venue])


def taking(qty: int = 400, **said: Any) -> World:  # noqa: ANN401
    """A take of so much of the thousand that one venue offers at 100.02."""
    world = World(**said).given(*market(), policy(router=Router.SEQUENTIAL))
    return world.when(at_once(order_qty=qty, limit_px=px(100.05)))


def requoted(world: World, **said: Any) -> World:  # noqa: ANN401
    """The venue's next quote, a millisecond later."""
    now_ns = world.now_ns + MS
    return world.at(now_ns, quote(**{"received_ns": now_ns, **said}))


# -------------------------------------------------------------------------- what is used


def test_a_take_on_its_way_is_no_more_there_for_others() -> None:
    world = taking(400)
    assert world.the(ChildRouted).left_qty == 1_000
    assert left(world) == 600

    world.when(at_once("o2", order_qty=900, limit_px=px(100.05)))

    world.then_some(an(ChildRouted, child_qty=600, venue_qty=1_000, left_qty=600))
    assert left(world) == 0
    world.when(at_once("o3", order_qty=100, limit_px=px(100.05)))
    world.then_some(an(ChildRouted, time_in_force=ChildTimeInForce.DAY))  # It waits instead.


def test_what_nothing_is_left_of_is_a_reason() -> None:
    world = World().given(*market(), policy(router=Router.SEQUENTIAL), quote(OTHER_LIT))
    world.given(at_once(order_qty=1_000, limit_px=px(100.05)))
    world.when(at_once("o2", order_qty=500, limit_px=px(100.05)))

    found = world.the(ChildRouted)
    assert found.time_in_force is TAKE
    assert reasons(found)[RouteReason.QUOTE_USED_UP] == 1


def test_a_fill_takes_what_was_shown_and_the_rest_of_its_quote_is_left() -> None:
    world = taking(400)
    world.given(fill_report(world.child(), 300))
    assert left(world) == 600  # 300 are taken, 100 on their way.
    world.given(fill_report(world.child(), 100, "E2"))
    assert left(world) == 600
    assert [*world.book().used] == [(LIT, Side.BUY)]


def test_a_miss_uses_all_of_the_quote_up() -> None:
    world = taking(400)
    world.given(fill_report(world.child(), 100), report(world.child(), ExecType.EXPIRED))

    assert left(world) == 0
    assert displayed.is_missed(world.book(), LIT, Side.BUY)
    assert left(world, side=Side.SELL) == 1_000


def test_a_child_that_was_never_sent_used_nothing() -> None:
    world = taking(400)
    world.given(not_sent(world.child()))

    assert not displayed.is_missed(world.book(), LIT, Side.BUY)
    assert world.book().used.keys() <= {(LIT, Side.BUY)}
    assert left(world) + sum(child.leaves_qty for child in world.children()) == 1_000


def test_a_correction_of_a_live_take_leaves_less_on_its_way() -> None:
    world = taking(400)
    child = world.child()
    world.given(fill_report(child, 100), correction(child, 300))

    assert world.book().used[LIT, Side.BUY].on_way[child.child_id].leaves_qty == 100


def test_a_post_that_removes_uses_the_quote_and_one_that_rests_does_not() -> None:
    world = World().given(*market(), policy(router=Router.SEQUENTIAL))
    world.given(at_once(order_qty=400, limit_px=px(100.01)))
    child = world.child()
    assert child.terms.time_in_force is ChildTimeInForce.DAY
    assert not world.book().used

    world.given(fill_report(child, 100, liquidity=Liquidity.ADDED))
    world.given(fill_report(child, 100, "E2", liquidity=Liquidity.REMOVED))  # At no shown price.
    assert not world.book().used
    requoted(world, bid=99.99, ask=100.00)
    world.given(fill_report(child, 100, "E3", liquidity=Liquidity.REMOVED))

    assert left(world) == 900


# ------------------------------------------------------------------------------- requotes


def test_the_same_quote_again_frees_nothing() -> None:
    world = taking(1_000)
    world.given(fill_report(world.child(), 1_000))

    assert left(requoted(world)) == 0
    assert left(requoted(world, bid=99.99)) == 0  # The other side alone has changed.


def test_another_price_frees_all() -> None:
    world = taking(1_000)
    world.given(fill_report(world.child(), 1_000))

    requoted(world, ask=100.03)

    assert left(world) == 1_000
    assert not world.book().used


@pytest.mark.parametrize(("shown_qty", "left_qty"), [(1_300, 300), (700, 0), (400, 0)])
def test_a_market_that_goes_on_without_us_shows_anew_what_is_beyond(
    shown_qty: int, left_qty: int
) -> None:
    world = taking(1_000)
    world.given(fill_report(world.child(), 1_000))

    requoted(world, ask_qty=shown_qty)

    assert left(world) == left_qty
    assert left(requoted(world, ask_qty=1_500)) == 1_500 - min(1_000, shown_qty)


def test_a_market_that_knows_our_executions_shows_what_they_left() -> None:
    world = taking(400, settings=OWN_ON_TAPE)
    world.given(fill_report(world.child(), 400))
    assert left(world) == 600

    assert left(requoted(world, ask_qty=600)) == 600


def test_a_fill_that_the_next_quote_shows_already_is_not_taken_off_twice() -> None:
    world = taking(400, settings=OWN_ON_TAPE)
    requoted(world, ask_qty=600)
    assert left(world) == 200  # Unless the take is still to come.

    world.given(fill_report(world.child(), 400))

    assert left(world) == 600


def test_a_take_counts_against_the_next_quote_that_its_limit_reaches() -> None:
    world = taking(400)
    assert left(requoted(world, ask=100.03)) == 1_000
    assert left(requoted(world, ask=100.01)) == 600
    world.given(fill_report(world.child(), 400, last_px=px(100.01)))
    assert left(world) == 600


def test_a_miss_of_an_earlier_quote_says_nothing_of_this_one() -> None:
    world = taking(400)
    requoted(world, ask_qty=1_200)
    world.when(report(world.child(), ExecType.EXPIRED), after_ns=displayed.STANDS_NS)

    world.then_some(an(ChildRouted, child_qty=400, left_qty=1_200))  # It is asked at once.
    assert left(world) == 800
    assert not displayed.is_missed(world.book(), LIT, Side.BUY)


def takes_of(world: World) -> list[ChildRouted]:
    return [x for x in world.all_of(ChildRouted) if x.time_in_force is TAKE]


def test_after_a_miss_a_quote_is_taken_once_it_has_stood_until_a_take_is_filled() -> None:
    world = taking(400)
    missed = world.child()
    world.given(report(missed, ExecType.EXPIRED))
    assert not takes_of(requoted(world, ask=100.01))
    venue, px_now = world.state.reference.venues[LIT], px(100.01)
    young = search_for(world.state, world.parent(), world.now_ns)
    assert unfit_to_take(young, venue, px_now) is RouteReason.QUOTE_MISSED
    assert not takeable_qty(young)
    stood = young._replace(now_ns=world.now_ns + displayed.STANDS_NS)
    assert unfit_to_take(stood, venue, px_now) is None
    assert takeable_qty(stood) == 1_000

    assert [*world.book().missed] == [(LIT, Side.BUY)]


def test_a_take_that_is_filled_ends_the_wait() -> None:
    world = taking(400)
    world.book().missed[LIT, Side.BUY] = None

    world.given(fill_report(world.child(), 100))

    assert not world.book().missed


def test_a_take_that_is_filled_in_part_was_no_miss_of_all() -> None:
    world = taking(400)
    world.given(fill_report(world.child(), 100), report(world.child(), ExecType.EXPIRED))

    assert not world.book().missed


def test_an_order_that_trades_at_once_does_not_wait_for_a_quote_to_stand() -> None:
    world = taking(400)
    world.given(report(world.child(), ExecType.EXPIRED))
    requoted(world, ask=100.01)

    world.when(at_once("k", order_qty=200, immediacy=Immediacy.IOC, limit_px=px(100.02)))
    assert [x.venue for x in takes_of(world)] == [LIT]


def test_a_day_begins_with_nothing_used() -> None:
    world = taking(1_000)
    world.given(fill_report(world.child(), 1_000), day_closed())
    world.given(day_opened(20180103, NOW_NS + 24 * 3600 * SECOND))

    assert not world.book().used


def test_an_order_that_is_filled_or_killed_counts_what_is_left() -> None:
    world = taking(400)

    world.when(at_once("k", order_qty=700, immediacy=Immediacy.FOK, limit_px=px(100.02)))
    world.then_no(ChildRouted).then_some(OrderCancelled)
    world.when(at_once("l", order_qty=600, immediacy=Immediacy.FOK, limit_px=px(100.02)))
    world.then_some(an(ChildRouted, child_qty=600, min_qty=600, left_qty=600))


# ------------------------------------------------------------------------------ whatever happens

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 9)),
        st.tuples(st.just("fill"), st.integers(1, 9)),
        st.tuples(st.just("end"), st.integers(0, 5)),
        st.tuples(st.just("quote"), st.integers(0, 12)),
        st.tuples(st.just("px"), st.integers(-1, 1)),
    ),
    max_size=12,
)


@for_all(STEPS, st.sampled_from((SETTINGS, OWN_ON_TAPE)))
def test_no_take_ever_asks_for_more_than_is_left(
    steps: list[tuple[str, int]], feed: dict[str, Any]
) -> None:
    world = World(settings=feed).given(*market(), policy(router=Router.SEQUENTIAL))
    shown_qty, ask = 1_000, px(100.02)
    for number, (what, count) in enumerate(steps):
        takes = [child for child in world.children() if child.terms.time_in_force is TAKE]
        if what == "take":
            world.when(at_once(f"o{number}", order_qty=100 * count, limit_px=px(100.10)))
        elif what == "fill" and takes:
            qty = min(100 * count, takes[0].leaves_qty)
            world.when(fill_report(takes[0], qty, f"E{number}"), after_ns=MS)
        elif what == "end" and takes:
            child = takes[count % len(takes)]
            world.when(report(child, ExecType.EXPIRED, f"X{number}"), after_ns=MS)
        elif what in ("quote", "px"):
            shown_qty = 100 * count if what == "quote" else shown_qty
            ask += CENT * count if what == "px" else 0
            requoted(world, ask_px=ask, ask_qty=shown_qty)
        for routed in world.all_of(ChildRouted):
            if routed.time_in_force is TAKE:
                assert 0 < routed.child_qty <= routed.left_qty <= routed.venue_qty
    on_way_qty = sum(x.leaves_qty for x in world.children() if x.terms.time_in_force is TAKE)
    found = world.book().used.get((LIT, Side.BUY))
    assert on_way_qty == (sum(x.leaves_qty for x in found.on_way.values()) if found else 0)
    assert found is None or 0 <= found.gone_qty <= found.shown_qty
    world.given(restriction(restricted=False))  # Any control seals an open batch.
    assert repr(world.folded().state) == repr(world.state)


# --------------------------------------------------------------- those that wait to take


def parted(n: int, qty: int = 400, **said: Any) -> Any:  # noqa: ANN401
    """An order for a parent of its own, in its last interval."""
    return at_once(f"o{n}", qty, settlement=f"T{n}", **said)


def waiting(count: int = 3, side: Side = Side.BUY, **said: Any) -> World:  # noqa: ANN401
    """So many parents with a post each, as all of the quote is gone."""
    world = World().given(*market(), policy(router=Router.SEQUENTIAL))
    world.given(parted(9, 1_000, side=side))
    (take,) = world.children()
    world.given(fill_report(take, 1_000))
    for n in range(count):
        world.given(parted(n, side=side, **said), after_ns=MS)
        assert world.the(ChildRouted).time_in_force is ChildTimeInForce.DAY
    return world


def cancelled(world: World) -> list[str]:
    """The orders whose children the last round cancelled."""
    parents = [x.parent_id for x in world.all_of(ChildCancelRequested)]
    return [n for n in ("o0", "o1", "o2") if world.parent(n).parent_id in parents]


@pytest.mark.parametrize("side", Side)
def test_a_quote_wakes_as_many_as_it_has_lots_and_each_has_its_turn(side: Side) -> None:
    world = waiting(side=side)
    assert len(world.book().takers[side]) == 3

    shown = "ask_qty" if side is Side.BUY else "bid_qty"
    assert cancelled(requoted(world, **{shown: 1_150})) == ["o0", "o1"]
    assert cancelled(requoted(world, **{shown: 1_150})) == []  # The same once more.
    assert cancelled(requoted(world, **{shown: 1_050})) == ["o2"]
    world.then_some(an(ChildCancelRequested, reason=CancelReason.BEHIND_SCHEDULE))
    assert repr(world.folded().state) == repr(world.state)


def test_a_quote_that_shows_nothing_new_at_the_best_wakes_none() -> None:
    world = waiting()
    assert cancelled(requoted(world, ask=0.0)) == []
    now_ns = world.now_ns + MS
    world.at(now_ns, quote(OTHER_LIT, 100.00, 100.02, ask_qty=300, received_ns=now_ns))
    assert cancelled(world) == ["o0", "o1", "o2"]
    assert cancelled(requoted(world, ask=100.03)) == []


@pytest.mark.parametrize("gone", [100.09, 0.0])
def test_the_next_best_wakes_them_once_the_one_that_was_used_up_is_gone(gone: float) -> None:
    world = waiting()
    now_ns = world.now_ns + MS
    world.at(now_ns, quote(OTHER_LIT, 100.00, 100.03, ask_qty=200, received_ns=now_ns))
    assert cancelled(world) == []  # Behind the best, of which nothing is left.

    assert cancelled(requoted(world, ask=gone)) == ["o0", "o1"]


def test_what_a_woken_parent_took_back_takes_what_is_shown() -> None:
    world = waiting(1)
    requoted(world, ask=100.01)

    world.when(report(world.child(), ExecType.CANCELED))

    world.then_some(an(ChildRouted, time_in_force=TAKE, limit_px=px(100.01), child_qty=400))


def test_a_parent_whose_limit_is_not_reached_or_that_has_ended_waits_for_nothing() -> None:
    world = waiting(2, limit_px=px(100.02))
    assert [*world.book().takers[Side.BUY]] == [world.parent(n).parent_id for n in ("o0", "o1")]
    requoted(world, ask=100.05)
    assert [*world.book().takers[Side.BUY]] == []
    requoted(world, ask=100.02, ask_qty=500)
    assert len(world.book().takers[Side.BUY]) == 2

    world.given(*(cancel(n) for n in ("o0", "o1")))
    world.given(*(report(child, ExecType.CANCELED) for child in world.children()))

    assert [*world.book().takers[Side.BUY]] == []


def test_a_patient_parent_is_not_woken() -> None:
    world = World().given(*market(), policy(router=Router.SEQUENTIAL, strategy=Strategy.TWAP))
    world.given(order(order_qty=6_000, end_ns=NOW_NS + HOUR, urgency=Urgency.LOW))
    assert Side.BUY not in world.book().takers
