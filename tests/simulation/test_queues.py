"""The three assumptions about a queue, fills against quotes, and what is met unseen."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from venue_day import (
    ALWAYS_PPM,
    CENT_PX,
    CLOSE_NS,
    IOC,
    MS_NS,
    ONE_POOL,
    OPEN_NS,
    PEG,
    SELL,
    Day,
)

from engine.core.events import (
    ChildType,
    ExecType,
    Liquidity,
    Side,
    VenueStatus,
    VenueStatusObserved,
)
from engine.simulation.chance import PPM
from engine.simulation.venues import queue
from engine.simulation.venues.behaviour import FAULTLESS, Behaviour
from engine.simulation.venues.queue import Queue


def day_of(assumed: Queue, **changes: Any) -> Day:  # noqa: ANN401  Any field of a behaviour.
    return Day(replace(FAULTLESS, queue=assumed, **changes))


def behind(assumed: Queue) -> Day:
    """A day with one bid of 100 shares behind 500 displayed, then 300 displayed behind us."""
    day = day_of(assumed)
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 9999)
    day.quote(5, "N", (9999, 800), (10001, 300))
    return day


# ------------------------------------------------------------------------------ cancels


@pytest.mark.parametrize(
    ("assumed", "filled"), [(Queue.PESSIMISTIC, 0), (Queue.BASE, 50), (Queue.OPTIMISTIC, 80)]
)
def test_cancels_are_behind_us_or_uniform_or_ahead(assumed: Queue, filled: int) -> None:
    day = behind(assumed)
    day.quote(10, "N", (9999, 720), (10001, 300))  # 80 of 800 were cancelled; 500 were ahead.
    day.trade(11, "N", 9999, 500)

    assert day.filled() == filled


def test_what_was_printed_was_not_cancelled() -> None:
    day = behind(Queue.BASE)
    day.trade(9, "N", 9999, 300)  # 200 are ahead, of 500 that are left.
    day.quote(10, "N", (9999, 400), (10001, 300))  # So 100 were cancelled, 40 of them ahead.
    day.trade(11, "N", 9999, 170)

    assert day.filled() == 10


@pytest.mark.parametrize("assumed", Queue)
def test_a_queue_is_never_longer_than_what_is_displayed(assumed: Queue) -> None:
    day = behind(assumed)
    day.quote(10, "N", (9999, 30), (10001, 300))
    day.trade(11, "N", 9999, 130)

    assert day.filled() == 100


QTYS = st.integers(0, 2_000)


@for_all(st.sampled_from(Queue), QTYS, QTYS, QTYS, QTYS)
def test_no_queue_is_negative_or_beyond_what_is_displayed(
    assumed: Queue, ahead_qty: int, left_qty: int, gone_qty: int, shown_qty: int
) -> None:
    gone_qty = min(gone_qty, left_qty)
    after = queue.after_cancels(
        assumed, ahead_qty, left_qty=left_qty, gone_qty=gone_qty, shown_qty=shown_qty
    )
    assert 0 <= after <= min(ahead_qty, shown_qty)
    assert 0 <= queue.found(assumed, shown_qty) <= shown_qty


@for_all(st.lists(QTYS, min_size=3, max_size=3), QTYS, QTYS, QTYS)
def test_the_assumptions_keep_their_order(
    aheads: list[int], left_qty: int, gone_qty: int, shown_qty: int
) -> None:
    gone_qty = min(gone_qty, left_qty)
    afters = [
        queue.after_cancels(
            assumed, ahead_qty, left_qty=left_qty, gone_qty=gone_qty, shown_qty=shown_qty
        )
        for assumed, ahead_qty in zip(Queue, sorted(aheads, reverse=True), strict=True)
    ]
    founds = [queue.found(assumed, shown_qty) for assumed in Queue]

    assert afters == sorted(afters, reverse=True)
    assert founds == sorted(founds, reverse=True)


# ------------------------------------------------------------------------------ quotes


def test_a_quote_that_reaches_our_limit_fills_us_at_it_up_to_its_size() -> None:
    day = behind(Queue.PESSIMISTIC)
    day.quote(10, "N", (9997, 300), (9998, 60))
    fill = day.reports()[-1]

    assert (fill.last_qty, fill.last_px) == (60, 9999 * CENT_PX)
    assert fill.liquidity is Liquidity.ADDED


def test_a_sell_is_met_by_a_bid() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 10001, **SELL)
    day.quote(10, "N", (10001, 60), (10003, 200))

    assert day.filled() == 60


def test_what_a_resting_child_had_of_a_quote_is_gone_for_takers() -> None:
    day = behind(Queue.BASE)
    day.quote(10, "N", (9997, 300), (9998, 160))
    day.route(11, "N", 100, 9998, **IOC)
    day.until(20)

    assert (day.filled("0-1"), day.filled("0-2")) == (100, 60)


def test_the_same_size_shown_again_fills_nothing_more() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 500, 9999)
    for at_ms in (10, 11):
        day.quote(at_ms, "N", (9997, 300), (9998, 160))

    assert day.filled() == 160


def test_a_quote_that_is_not_believed_fills_nothing() -> None:
    day = behind(Queue.BASE)
    day.quote(10, "N", (9998, 300), (9997, 160))  # It crosses itself.

    assert day.filled() == 0


def test_a_venue_that_is_not_open_or_out_of_session_meets_no_quote() -> None:
    day = behind(Queue.BASE)
    for status, at_ms in ((VenueStatus.HALTED, 10), (VenueStatus.OPEN, 12)):
        day.answers += day.venues.observe(
            VenueStatusObserved(venue="N", status=status, received_ns=OPEN_NS + at_ms * MS_NS)
        )
        day.quote(at_ms + 1, "N", (9997, 300), (9998, 60 if status is VenueStatus.OPEN else 40))
    assert day.filled() == 60
    day.quote((CLOSE_NS - OPEN_NS) // MS_NS, "N", (9997, 300), (9998, 900))

    assert day.filled() == 60


# ------------------------------------------------------------------------------ hidden


def pegged(**changes: Any) -> Day:  # noqa: ANN401  Any field of a behaviour.
    """A day with one peg at an exchange, midpoint 100.00."""
    day = Day(replace(FAULTLESS, hidden_part_ppm=ALWAYS_PPM, **changes))
    day.quote(0, "V", (9999, 500), (10001, 300))
    day.route(1, "V", 100, 10001, **PEG)
    day.until(5)
    return day


def test_a_peg_at_an_exchange_meets_a_print_between_its_displayed_prices() -> None:
    day = pegged()
    day.trade(10, "V", 10000, 5_000)
    fill = day.reports()[-1]

    assert (fill.last_px, fill.liquidity) == (10000 * CENT_PX, Liquidity.MIDPOINT)


@pytest.mark.parametrize(("venue", "cents"), [("V", 9999), ("V", 10000.5), ("N", 10000)])
def test_a_print_at_a_displayed_price_or_above_the_midpoint_or_elsewhere_meets_no_peg(
    venue: str, cents: float
) -> None:
    day = pegged()
    day.trade(10, venue, cents, 5_000)

    assert day.filled() == 0


def test_pegs_at_an_exchange_have_a_part_of_what_it_printed_at_most() -> None:
    day = pegged(peg_most_ppm=10_000)
    day.trade(10, "V", 10000, 2_000)
    day.trade(11, "N", 10000, 90_000)
    day.trade(12, "V", 10000, 1_000)

    assert day.filled() == 30


def test_a_day_begins_with_nothing_printed_and_nothing_met() -> None:
    day = pegged(peg_most_ppm=10_000)
    day.trade(10, "V", 10000, 2_000)
    day.open()
    day.quote(20, "V", (9999, 500), (10001, 300))
    day.trade(21, "V", 10000, 1_000)

    assert day.filled() == 20 + 10


def test_displayed_children_come_before_pegs_in_a_print() -> None:
    day = pegged(peg_most_ppm=ALWAYS_PPM)
    day.route(6, "V", 4_960, 10000)
    day.until(8)
    day.trade(10, "V", 10000, 5_000)

    assert (day.filled("0-2"), day.filled("0-1") <= 40) == (4_960, True)


def test_pools_together_have_a_part_of_what_was_printed_at_most() -> None:
    behaviour = replace(
        FAULTLESS, hidden_share_ppm=ONE_POOL, hidden_part_ppm=ALWAYS_PPM, dark_most_ppm=50_000
    )
    day = Day(behaviour)
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "DPX1", 10_000, 10001, **PEG)
    day.until(5)
    for at_ms in range(10, 40):
        day.trade(at_ms, "D", 9999.5, 1_000)
        assert day.filled() <= 50 * (at_ms - 9)
    assert day.filled() == 50 * 30


@pytest.mark.parametrize(
    ("assumed", "part_ppm"),
    [(Queue.PESSIMISTIC, 250_000), (Queue.BASE, 500_000), (Queue.OPTIMISTIC, 1_000_000)],
)
def test_the_assumption_says_how_much_of_a_hidden_print_is_ours(
    assumed: Queue, part_ppm: int
) -> None:
    assert Behaviour(queue=assumed).most_hidden_ppm == part_ppm
    assert Behaviour(queue=assumed, hidden_part_ppm=PPM).most_hidden_ppm <= PPM


# ------------------------------------------------------------------------------ order of all three

CENTS = st.integers(9996, 10004)
LOTS = st.integers(0, 6).map(lambda lots: lots * 100)
QUOTES = st.tuples(st.just("quote"), CENTS, LOTS, st.integers(1, 3), LOTS)
PRINTS = st.tuples(st.just("print"), CENTS, st.integers(1, 900), st.sampled_from(("V", "V", "D")))
TAPES = st.lists(st.one_of(QUOTES, PRINTS), min_size=5, max_size=60)
CHILDREN = st.tuples(
    st.sampled_from(
        ((ChildType.LIMIT, "V"), (ChildType.MIDPOINT_PEG, "V"), (ChildType.MIDPOINT_PEG, "DPX1"))
    ),
    st.integers(1, 9),
    CENTS,
    st.sampled_from(Side),
)


@settings(max_examples=300, deadline=None)
@for_all(TAPES, CHILDREN, st.integers(0, 20))
def test_what_fills_under_pessimistic_fills_no_later_under_base_and_optimistic(
    tape: list[tuple[Any, ...]], child: tuple[Any, ...], routed_at: int
) -> None:
    stories = [filled_after_each(assumed, tape, child, routed_at) for assumed in Queue]

    for earlier, later in pairwise(stories):
        assert all(a <= b for a, b in zip(earlier, later, strict=True))


def filled_after_each(
    assumed: Queue, tape: Sequence[tuple[Any, ...]], child: tuple[Any, ...], routed_at: int
) -> list[int]:
    """The quantity of the child that is filled after each step of the tape."""
    day = day_of(assumed, hidden_share_ppm=ONE_POOL)
    (child_type, venue), lots, cents, side = child
    story: list[int] = []
    for number, (kind, *what) in enumerate(tape):
        at_ms = 10 * number + 1
        if number == routed_at:
            day.route(at_ms - 5, venue, 100 * lots, cents, side=side, child_type=child_type)
        if kind == "quote":
            bid, bid_qty, wide, ask_qty = what
            day.quote(at_ms, "V", (bid, bid_qty), (bid + wide, ask_qty))
        else:
            px, qty, where = what
            day.trade(at_ms, where, px, qty)
        story.append(sum(x.last_qty for x in day.reports() if x.exec_type is ExecType.TRADE))
    return story
