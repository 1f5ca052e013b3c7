"""What a simulated venue answers is supported by the tape, at that venue and moment."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from venue_day import (
    ALWAYS_PPM,
    CENT_PX,
    CLOSE_NS,
    DAY,
    IOC,
    MS_NS,
    ONE_POOL,
    OPEN_NS,
    PEG,
    SECOND_NS,
    SELL,
    Day,
    child_routed,
)

from engine.core.events import (
    CancelRejected,
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    DayOpened,
    DepthObserved,
    ExecType,
    ExecutionReported,
    Level,
    Liquidity,
    NotSent,
    QuoteObserved,
    SendStarted,
    SessionStatusObserved,
    Side,
    VenueStatus,
    VenueStatusObserved,
)
from engine.gateways.venues.reports import Due
from engine.simulation.chance import PPM, below
from engine.simulation.market.data import MarketData
from engine.simulation.market.reference import reference_events
from engine.simulation.venues.behaviour import FAULTLESS, Behaviour
from engine.simulation.venues.book import Working
from engine.simulation.venues.queue import Queue
from engine.simulation.venues.session import state_of
from engine.simulation.venues.venues import Venues

# ------------------------------------------------------------------------------ taking


def test_a_child_takes_the_displayed_size_at_its_price_and_an_ioc_leaves_the_rest() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 400, 10005, **IOC)
    day.until(10)

    assert day.story() == [("NEW", 0, 400), ("TRADE", 300, 100), ("CANCELED", 0, 0)]
    fill = day.reports()[1]
    assert (fill.last_px, fill.liquidity) == (10001 * CENT_PX, Liquidity.REMOVED)
    assert fill.transact_ns == OPEN_NS + MS_NS + FAULTLESS.gateway_ns + FAULTLESS.latency_ns
    assert fill.received_ns == fill.transact_ns + FAULTLESS.latency_ns


def test_sending_is_recorded_before_anything_comes_back() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 10001)
    day.until(10)
    first, *rest = day.answers

    assert isinstance(first.event, SendStarted)
    assert all(first.due_ns < due.due_ns for due in rest)


def test_what_we_took_is_gone_until_the_price_changes() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 200, 10001, **IOC)
    day.quote(10, "N", (9998, 500), (10001, 300))  # The other side moved.
    day.route(11, "N", 200, 10001, **IOC)
    day.quote(20, "N", (9998, 500), (10002, 300))
    day.quote(21, "N", (9998, 500), (10001, 300))
    day.route(22, "N", 200, 10001, **IOC)
    day.until(30)

    assert [day.filled(child) for child in ("0-1", "0-2", "0-3")] == [200, 100, 200]


def test_only_newly_displayed_size_is_free_again_at_the_same_price() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 300, 10001, **IOC)
    day.quote(10, "N", (9999, 500), (10001, 350))
    day.route(11, "N", 300, 10001, **IOC)
    day.until(20)

    assert day.filled("0-2") == 50


def test_the_quote_on_arrival_counts_not_the_one_on_leaving() -> None:
    day = Day(replace(FAULTLESS, latency_ns=5 * MS_NS))
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 10001, **IOC)
    day.quote(3, "N", (9999, 500), (10002, 300))
    day.until(30)

    assert day.filled() == 0


def test_a_stale_quote_has_nothing_to_take() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(30_001, "N", 100, 10001, **IOC)
    day.until(30_010)

    assert day.filled() == 0


def test_a_quote_that_a_newer_one_contradicts_has_nothing_to_take() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.quote(10, "P", (10002, 500), (10004, 300))
    day.route(11, "N", 100, 10001, **IOC)
    day.until(20)

    assert day.filled() == 0


def test_depth_counts_with_its_best_level() -> None:
    day = Day()
    day.venues.observe(
        DepthObserved(
            venue="N",
            instrument_id="XXX",
            bids=(),
            asks=(Level(px=10001 * CENT_PX, level_qty=70), Level(px=10002 * CENT_PX, level_qty=9)),
            event_ns=OPEN_NS,
            received_ns=OPEN_NS,
        )
    )
    day.route(1, "N", 100, 10005, **IOC)
    day.until(10)

    assert day.filled() == 70


# ------------------------------------------------------------------------------ resting


def resting(behaviour: Behaviour = FAULTLESS) -> Day:
    """A day with one bid of 100 shares behind 500 displayed."""
    day = Day(behaviour)
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 9999)
    day.until(5)
    return day


def test_a_resting_child_gets_what_trades_beyond_its_queue() -> None:
    day = resting()
    day.trade(10, "N", 9999, 300)
    day.trade(11, "N", 9999, 260)

    assert day.story() == [("NEW", 0, 100), ("TRADE", 60, 40)]
    assert day.reports()[1].liquidity is Liquidity.ADDED
    assert day.reports()[1].last_px == 9999 * CENT_PX


def test_a_print_through_the_price_has_passed_the_queue() -> None:
    day = resting()
    day.trade(10, "N", 9998, 70)

    assert day.filled() == 70
    assert day.reports()[1].last_px == 9999 * CENT_PX


def test_a_shrinking_quote_shortens_the_queue_only_to_what_is_displayed() -> None:
    day = resting()
    day.quote(10, "N", (9999, 400), (10001, 300))
    day.quote(11, "N", (9999, 600), (10001, 300))  # These stand behind us.
    day.trade(12, "N", 9999, 400)
    assert day.filled() == 0
    day.trade(13, "N", 9999, 10)

    assert day.filled() == 10


def test_a_level_that_emptied_leaves_nobody_ahead() -> None:
    day = resting()
    day.quote(10, "N", (9998, 400), (10001, 300))
    day.trade(11, "N", 9999, 40)

    assert day.filled() == 40


def test_a_missing_bid_says_nothing_of_the_queue() -> None:
    day = resting()
    day.quote(10, "N", (0, 0), (10001, 300))
    day.trade(11, "N", 9999, 40)

    assert day.filled() == 0


@pytest.mark.parametrize(("assumed", "filled"), [("pessimistic", 30), ("base", 100)])
def test_deeper_in_the_book_the_queue_is_unknown_until_the_price_comes(
    assumed: str, filled: int
) -> None:
    day = Day(replace(FAULTLESS, queue=Queue(assumed)))
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 9997)
    day.until(5)
    day.trade(10, "N", 9997, 5_000)
    assert day.filled() == 0
    day.quote(11, "N", (9997, 200), (10001, 300))
    day.trade(12, "N", 9997, 230)

    assert day.filled() == filled


def test_a_better_price_stands_first() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10003, 300))
    day.route(1, "N", 100, 10001)
    day.until(5)
    day.trade(6, "N", 10001, 30)

    assert day.filled() == 30


def test_a_print_is_used_once_over_all_our_children() -> None:
    day = Day()
    day.quote(0, "N", (9999, 100), (10003, 300))
    for qty in (100, 200, 300):
        day.route(1, "N", qty, 9999)
    day.route(1, "N", 50, 10000)
    day.until(5)
    day.trade(6, "N", 9999, 300)

    assert [day.filled(f"0-{n}") for n in (4, 1, 2, 3)] == [50, 100, 50, 0]


def test_a_sell_rests_like_a_buy_mirrored() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 10001, **SELL)
    day.until(5)
    day.trade(6, "N", 10001, 350)
    day.trade(7, "N", 10002, 20)

    assert day.filled() == 70


@pytest.mark.parametrize(
    "changes", [{"venue": "P"}, {"venue": "D"}, {"eligible": False}, {"conditions": "6"}]
)
def test_other_venues_late_prints_and_auctions_fill_nobody(changes: dict[str, Any]) -> None:
    day = resting()
    day.trade(10, changes.pop("venue", "N"), 9998, 1_000, **changes)

    assert day.filled() == 0


# ------------------------------------------------------------------------------ hidden


def pegged(qty: int = 400, limit: int = 10001, **changes: Any) -> Day:  # noqa: ANN401  Any field.
    """A day with one peg in a pool where every off-exchange print happens, midpoint 100.00."""
    day = Day(replace(FAULTLESS, hidden_share_ppm=ONE_POOL, hidden_part_ppm=ALWAYS_PPM))
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "DPX1", qty, limit, **PEG | changes)
    day.until(5)
    return day


def test_a_peg_meets_part_of_an_off_exchange_print_at_the_midpoint() -> None:
    day = pegged()
    day.trade(10, "D", 9999.5, 300)
    fill = day.reports()[1]

    assert 0 < fill.last_qty <= 300
    assert (fill.last_px, fill.liquidity) == (10000 * CENT_PX, Liquidity.MIDPOINT)


@pytest.mark.parametrize(
    ("cents", "changes"),
    [(10000.5, {}), (9999.5, SELL | {"limit_px": 9999 * CENT_PX})],
)
def test_a_print_on_the_wrong_side_of_the_midpoint_fills_nobody(
    cents: float, changes: dict[str, Any]
) -> None:
    day = pegged(**changes)
    day.trade(10, "D", cents, 300)

    assert day.filled() == 0


def test_a_peg_never_executes_beyond_its_limit_nor_without_a_midpoint() -> None:
    day = pegged(limit=9999)
    day.trade(10, "D", 9990, 3_000)
    day.quote(11, "N", (0, 0), (9998, 300))
    day.trade(12, "D", 9990, 3_000)

    assert day.filled() == 0


def test_a_peg_is_never_filled_below_its_smallest_execution() -> None:
    day = pegged(min_qty=400)
    day.trade(10, "D", 9999.5, 300)

    assert day.filled() == 0


def test_an_ioc_peg_meets_only_what_a_fresh_print_left() -> None:
    day = pegged(100)
    for at_ms in (10, 1_000):
        day.trade(at_ms, "D", 9999.5, 3_000)
    day.route(1_010, "DPX1", 100, 10001, **PEG | IOC)
    day.route(1_300, "DPX1", 100, 10001, **PEG | IOC)
    day.until(2_000)

    assert day.filled("0-2") == 100
    assert day.story("0-3") == [("NEW", 0, 100), ("CANCELED", 0, 0)]


def test_an_ats_executes_a_priced_child_at_its_limit_inside_the_best_prices() -> None:
    shares = {"ATS1": ALWAYS_PPM}
    day = Day(replace(FAULTLESS, hidden_share_ppm=shares, hidden_part_ppm=ALWAYS_PPM))
    day.quote(0, "N", (9997, 500), (10003, 300))
    day.route(1, "ATS1", 50, 9999)
    day.route(1, "ATS1", 50, 10009)
    day.route(1, "ATS1", 50, 9990)
    day.until(5)
    day.trade(10, "D", 9985, 100_000)

    assert [x.last_px for x in (*day.reports("0-1"), *day.reports("0-2")) if x.last_qty] == [
        9999 * CENT_PX,
        10003 * CENT_PX,
    ]
    assert day.filled("0-3") == 0


def test_a_print_happens_in_one_pool_at_most() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    for venue in ("ATS1", "DPX1", "DPX2"):
        day.route(1, venue, 10_000, 10001, **PEG)
    for at_ms in range(10, 110):
        day.trade(at_ms, "D", 9999.5, 100)
    filled = [day.filled(child) for child in ("0-1", "0-2", "0-3")]
    at = Counter(
        x.transact_ns
        for child in ("0-1", "0-2", "0-3")
        for x in day.reports(child)
        if x.exec_type is ExecType.TRADE
    )

    assert all(filled)
    assert sum(filled) < 100 * 100
    assert set(at.values()) == {1}


# ------------------------------------------------------------------------------ sessions


def test_a_fill_between_a_cancel_and_its_arrival_wins() -> None:
    day = resting(replace(FAULTLESS, latency_ns=2 * MS_NS))
    day.cancel(10, "0-1")
    day.trade(11, "N", 9998, 1_000)
    day.until(20)

    assert day.story() == [("NEW", 0, 100), ("TRADE", 100, 0)]
    refused = day.answers[-1].event
    assert isinstance(refused, CancelRejected)
    assert refused.text == "too late: filled"


def test_a_cancel_ends_a_child_and_nothing_fills_it_afterwards() -> None:
    day = resting()
    day.cancel(10, "0-1")
    day.trade(20, "N", 9998, 1_000)

    assert day.story() == [("NEW", 0, 100), ("CANCELED", 0, 0)]
    assert day.venues.open_count == 0


def test_a_cancel_right_behind_its_route_does_not_overtake_it() -> None:
    day = Day()
    day.quote(0, "N", (9999, 500), (10001, 300))
    day.route(1, "N", 100, 9999)
    day.cancel(1, "0-1")
    day.until(10)

    assert day.story() == [("NEW", 0, 100), ("CANCELED", 0, 0)]


def test_a_child_that_is_too_late_is_not_sent() -> None:
    day = Day()
    day.route(1, "N", 100, 9999, send_before_ns=OPEN_NS + MS_NS)
    day.cancel(2, "0-1")
    day.until(10)
    not_sent, refused = (due.event for due in day.answers)

    assert isinstance(not_sent, NotSent)
    assert isinstance(refused, CancelRejected)


def test_a_child_is_sent_once_and_a_cancel_needs_a_child() -> None:
    day = Day()
    day.route(1, "N", 100, 9999)
    with pytest.raises(ValueError, match="routed before"):
        day.venues.on_route(child_routed("N", 100, CENT_PX), "0-1", OPEN_NS)
    with pytest.raises(ValueError, match="unknown"):
        day.cancel(2, "0-2")
    assert day.venues.is_known("0-1")


@pytest.mark.parametrize(
    ("venue", "changes", "text"),
    [
        ("N", PEG, "midpoint pegs are not taken here"),
        ("DPX1", {}, "only midpoint pegs are taken here"),
        ("DPX1", PEG | {"child_qty": 99}, "below the minimum of 100"),
        ("DPX1", PEG | {"child_qty": 150}, "not a multiple of the round lot 100"),
        ("N", {"limit_px": 0}, "not positive"),
        ("N", {"limit_px": CENT_PX * 100 + 1}, "off the tick"),
        ("N", {"min_qty": 200}, "above the quantity"),
        ("N", {"instrument_id": "YYY"}, "unknown instrument"),
    ],
)
def test_a_venue_rejects_what_its_rules_do_not_take(
    venue: str, changes: dict[str, Any], text: str
) -> None:
    day = Day()
    day.route(1, venue, 100, 9999, **changes)
    day.until(10)
    (report,) = day.reports()

    assert report.exec_type is ExecType.REJECTED
    assert report.leaves_qty == 0
    assert text in report.text


def test_a_closed_session_and_a_halted_venue_reject() -> None:
    day = Day()
    day.route(-10, "N", 100, 9999)
    day.answers += day.venues.observe(
        VenueStatusObserved(venue="P", status=VenueStatus.HALTED, received_ns=OPEN_NS)
    )
    day.route(1, "P", 100, 9999)
    day.route((CLOSE_NS - OPEN_NS) // MS_NS, "N", 100, 9999, send_before_ns=CLOSE_NS + SECOND_NS)
    day.until((CLOSE_NS - OPEN_NS) // MS_NS + 10)

    assert [day.story(f"0-{n}")[0][0] for n in (1, 2, 3)] == ["REJECTED"] * 3


def test_what_rests_expires_at_the_close() -> None:
    day = resting()
    day.until((CLOSE_NS - OPEN_NS) // MS_NS)

    assert day.story()[-1] == ("EXPIRED", 0, 0)
    assert day.reports()[-1].transact_ns == CLOSE_NS


def test_a_venue_that_is_asked_says_how_a_child_is_or_how_it_ended() -> None:
    day = Day()
    day.quote(0, "N", (9_999, 500), (10_000, 500))
    works = day.route(1, "N", 100, 9_990)
    filled = day.route(1, "N", 100, 10_000)
    cancelled = day.route(1, "N", 100, 9_990)
    day.cancel(5, cancelled)
    for child_id in (works, filled, cancelled):
        day.ask(9, child_id)
    day.until(20)
    assert day.story(works)[-1] == ("STATUS", 0, 100)
    assert day.story(filled)[-1] == ("STATUS", 0, 0)
    assert day.reports(filled)[-1].cum_qty == 100
    assert [kind for kind, _, _ in day.story(cancelled)] == ["NEW", "CANCELED", "CANCELED"]


def test_a_child_that_was_not_sent_is_so_again_when_it_is_asked_for() -> None:
    day = Day()
    day.ask(2, day.route(1, "NOWHERE", 100, 9_990))
    assert [type(due.event) for due in day.answers] == [NotSent, NotSent]


def test_a_session_that_is_down_takes_no_question() -> None:
    day = Day()
    child_id = day.route(1, "N", 100, 9_990)
    day.until(5)
    day.answers += day.venues.disconnect("N", OPEN_NS + 6 * MS_NS, 30 * SECOND_NS)
    count = len(day.answers)
    day.ask(7, child_id)
    assert len(day.answers) == count


def test_an_order_that_was_never_routed_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="route it before you ask for it"):
        Day().ask(1, "0-9")


def test_an_order_that_never_came_is_unknown_to_its_venue() -> None:
    lost = Working("0-1", child_routed("N", 100, CENT_PX), 100)
    assert state_of(lost).exec_type is ExecType.UNKNOWN_ORDER


def test_a_lost_session_cancels_its_children_and_says_so_when_it_is_back() -> None:
    day = resting()
    day.answers += day.venues.disconnect("N", OPEN_NS + 10 * MS_NS, SECOND_NS)
    day.route(20, "N", 100, 9999)
    day.cancel(20, "0-1")
    day.until(3_000)
    statuses = [x for x in day.answers if isinstance(x.event, SessionStatusObserved)]
    (cancelled,) = [x for x in day.reports() if x.exec_type is ExecType.CANCELED]

    assert [x.event.up for x in statuses if isinstance(x.event, SessionStatusObserved)] == [
        False,
        True,
    ]
    assert OPEN_NS + 1_010 * MS_NS <= cancelled.received_ns <= statuses[1].due_ns
    assert [type(x.event) for x in day.answers].count(NotSent) == 1
    assert [type(x.event) for x in day.answers].count(CancelRejected) == 1


def test_sessions_are_lost_by_chance_where_the_behaviour_says_so() -> None:
    day = Day(replace(FAULTLESS, disconnect_ppm=ALWAYS_PPM))
    day.until((CLOSE_NS - OPEN_NS) // MS_NS + 60_000)
    statuses = [x.event for x in day.answers if isinstance(x.event, SessionStatusObserved)]

    assert Counter(status.up for status in statuses) == {False: 16, True: 16}


# ------------------------------------------------------------------------------ mishaps


def test_a_bust_takes_a_fill_back_and_names_it() -> None:
    day = resting(replace(FAULTLESS, bust_ppm=ALWAYS_PPM))
    day.trade(10, "N", 9998, 60)
    day.until(200_000)
    _, fill, bust = day.reports()

    assert (bust.exec_type, bust.exec_ref_id) == (ExecType.TRADE_CANCEL, fill.exec_id)
    assert (bust.cum_qty, bust.leaves_qty) == (0, 40)
    assert SECOND_NS <= bust.transact_ns - fill.transact_ns < 120 * SECOND_NS


def test_a_correction_betters_the_price_or_takes_back_half() -> None:
    day = Day(replace(FAULTLESS, correct_ppm=ALWAYS_PPM))
    day.quote(0, "N", (9999, 500), (10001, 10_000))
    for _ in range(20):
        day.route(1, "N", 100, 10001, **IOC)
    day.until(200_000)
    corrections = Counter(
        (x.last_qty, x.last_px // CENT_PX, x.cum_qty)
        for n in range(1, 21)
        for x in day.reports(f"0-{n}")
        if x.exec_type is ExecType.TRADE_CORRECT
    )

    assert corrections.keys() == {(100, 10000, 100), (50, 10001, 50)}
    assert corrections.total() == 20


def test_rejects_and_unsolicited_cancels_happen_by_chance() -> None:
    rejecting = resting(replace(FAULTLESS, reject_ppm=ALWAYS_PPM))
    cancelling = resting(replace(FAULTLESS, unsolicited_cancel_ppm=ALWAYS_PPM))
    cancelling.until(60_000)

    assert rejecting.story() == [("REJECTED", 0, 0)]
    assert cancelling.story() == [("NEW", 0, 100), ("CANCELED", 0, 0)]


# ------------------------------------------------------------------------------ properties

VENUES = ("N", "P", "DPX1", "ATS1")
CENTS = st.integers(9995, 10005)
SIZES = st.integers(0, 5).map(lambda lots: lots * 100)
QUOTES = st.tuples(st.just("quote"), st.sampled_from(VENUES[:2]), CENTS, SIZES, CENTS, SIZES)
PRINTS = st.tuples(st.just("print"), st.sampled_from(("N", "P", "D")), CENTS, st.integers(1, 900))
ROUTES = st.tuples(
    st.just("route"),
    st.sampled_from(VENUES),
    st.integers(1, 9).map(lambda lots: lots * 100),
    CENTS,
    st.sampled_from(Side),
    st.sampled_from(ChildTimeInForce),
    st.sampled_from(ChildType),
)
CANCELS = st.tuples(st.just("cancel"), st.integers(1, 20))
STEPS = st.lists(st.one_of(QUOTES, PRINTS, ROUTES, CANCELS), min_size=5, max_size=60)


class Tape:
    """The naive twin: keeps the whole tape and asks it about each fill afterwards."""

    def __init__(self) -> None:
        self.quotes: list[tuple[int, str, int, int, int, int]] = []
        self.prints: list[tuple[int, str, int, int]] = []

    def shown(self, venue: str, side: Side, at_ns: int) -> tuple[int, int, int]:
        """Price, size shown in all and beginning of the run at one price that a taker met."""
        run_px = run_qty = run_ns = last_qty = 0
        for seen_ns, where, bid_px, bid_qty, ask_px, ask_qty in self.quotes:
            if where != venue or seen_ns >= at_ns:
                continue
            px, qty = (ask_px, ask_qty) if side is Side.BUY else (bid_px, bid_qty)
            if px != run_px:
                run_px, run_qty, run_ns, last_qty = px, 0, seen_ns, 0
            run_qty += max(0, qty - last_qty)  # What was shown first, and each increase.
            last_qty = qty
        return run_px, run_qty, run_ns

    def printed(self, venue: str, first_ns: int, last_ns: int) -> list[tuple[int, int]]:
        return [(p, q) for at, v, p, q in self.prints if v == venue and first_ns <= at <= last_ns]


@settings(max_examples=150, deadline=None)
@for_all(STEPS)
def test_every_fill_is_supported_by_the_tape(steps: list[tuple[Any, ...]]) -> None:
    behaviour = replace(
        FAULTLESS, hidden_share_ppm={"DPX1": 500_000, "ATS1": 500_000}, latency_ns=3 * MS_NS
    )
    day, tape = Day(behaviour), Tape()
    children = play(day, tape, steps)
    fills = [
        (children[x.event.child_id], x.event)
        for x in day.answers
        if isinstance(x.event, ExecutionReported) and x.event.exec_type is ExecType.TRADE
    ]

    taken: Counter[tuple[str, Side, int]] = Counter()
    met: Counter[tuple[str, int]] = Counter()
    dark_qty = 0
    for child, fill in fills:
        sign = 1 if child.side is Side.BUY else -1
        assert sign * (child.limit_px - fill.last_px) >= 0
        if fill.liquidity is Liquidity.REMOVED:
            px, shown_qty, run_ns = tape.shown(fill.venue, child.side, fill.transact_ns)
            taken[fill.venue, child.side, run_ns] += fill.last_qty
            assert fill.last_px == px
            assert taken[fill.venue, child.side, run_ns] <= shown_qty
        elif fill.venue in ("N", "P") and not tape.printed(
            fill.venue, fill.transact_ns, fill.transact_ns
        ):  # A quote has reached it; its size counts with what takers had of it.
            px, shown_qty, run_ns = tape.shown(fill.venue, child.side, fill.transact_ns + 1)
            taken[fill.venue, child.side, run_ns] += fill.last_qty
            assert fill.last_px == child.limit_px
            assert sign * (fill.last_px - px) >= 0
            assert taken[fill.venue, child.side, run_ns] <= shown_qty
        elif fill.venue in ("N", "P"):
            ((px, qty),) = tape.printed(fill.venue, fill.transact_ns, fill.transact_ns)
            met[fill.venue, fill.transact_ns] += fill.last_qty
            assert sign * (fill.last_px - px) >= 0
            assert met[fill.venue, fill.transact_ns] <= qty
        else:
            recent = tape.printed("D", fill.transact_ns - 250 * MS_NS, fill.transact_ns)
            assert any(sign * (fill.last_px - px) >= 0 for px, _ in recent)
            dark_qty += fill.last_qty
            printed_qty = sum(
                qty
                for venue in ("N", "P", "D")
                for _, qty in tape.printed(venue, 0, fill.transact_ns)
            )
            assert dark_qty * PPM <= printed_qty * FAULTLESS.dark_most_ppm
    hidden_qty = sum(x.last_qty for _, x in fills if x.venue in ("DPX1", "ATS1"))
    assert hidden_qty <= sum(qty for _, qty in tape.printed("D", 0, CLOSE_NS))
    for child_id in children:
        assert_life(day.reports(child_id), children[child_id].child_qty)


def play(day: Day, tape: Tape, steps: Iterable[tuple[Any, ...]]) -> dict[str, ChildRouted]:
    """Play one step every ten milliseconds; returns the children by id."""
    children: dict[str, ChildRouted] = {}
    for number, (kind, *what) in enumerate(steps, 1):
        at_ms = number * 10
        at_ns = OPEN_NS + at_ms * MS_NS
        if kind == "quote":
            venue, bid, bid_qty, ask, ask_qty = what
            day.quote(at_ms, venue, (bid, bid_qty), (ask, ask_qty))
            tape.quotes.append((at_ns, venue, bid * CENT_PX, bid_qty, ask * CENT_PX, ask_qty))
        elif kind == "print":
            venue, cents, qty = what
            day.trade(at_ms, venue, cents, qty)
            tape.prints.append((at_ns, venue, cents * CENT_PX, qty))
        elif kind == "route":
            venue, qty, cents, side, time_in_force, child_type = what
            changes = {"side": side, "time_in_force": time_in_force, "child_type": child_type}
            child_id = day.route(at_ms, venue, qty, cents, **changes)
            children[child_id] = replace(child_routed(venue, qty, cents * CENT_PX), **changes)
        elif f"0-{what[0]}" in children:
            day.cancel(at_ms, f"0-{what[0]}")
    day.until((CLOSE_NS - OPEN_NS) // MS_NS)
    return children


def assert_life(reports: list[ExecutionReported], child_qty: int) -> None:
    """One ending, nothing after it, and the venue's own counts add up."""
    kinds = [report.exec_type for report in reports]
    cum_qty = 0
    for report in reports:
        cum_qty += report.last_qty
        assert report.cum_qty == cum_qty
        assert report.cum_qty + report.leaves_qty <= child_qty
    assert kinds[0] in (ExecType.NEW, ExecType.REJECTED)
    assert reports[-1].leaves_qty == 0
    assert all(report.leaves_qty for report in reports[:-1])
    assert [x.received_ns for x in reports] == sorted(x.received_ns for x in reports)


# ------------------------------------------------------------------------------ a whole day


def trade_the_day(data: MarketData, seed: int, behaviour: Behaviour) -> list[Due]:
    """Hundreds of children of every kind over the day's first hours, some cancelled."""
    venues = Venues(seed, behaviour)
    answers: list[Due] = []
    for event in reference_events(data.facts):
        venues.observe(event)
    facts = data.facts
    venues.observe(
        DayOpened(day=DAY, open_ns=facts.open_ns, close_ns=facts.close_ns, seed=1, set_ns=1)
    )
    best: dict[str, QuoteObserved] = {}
    sent = 0
    for number, event in enumerate(data.events[:40_000]):
        answers += venues.observe(event)
        if isinstance(event, QuoteObserved) and event.bid_px and event.ask_px:
            best[event.venue] = event
        if number % 60 or not data.in_session(event) or "N" not in best:
            continue
        sent += 1
        quote = best["N"]
        side = Side.BUY if sent % 2 else Side.SELL
        is_taker, pool = sent % 3 == 0, ("", "DPX1", "ATS1", "")[sent % 4]
        takes_px, rests_px = quote.ask_px, quote.bid_px
        if side is Side.SELL:
            takes_px, rests_px = rests_px, takes_px
        child = replace(
            child_routed(pool or "N", 100 + 100 * below(5, 1, sent), CENT_PX),
            side=side,
            limit_px=takes_px if is_taker or pool else rests_px,
            child_type=ChildType.MIDPOINT_PEG if pool else ChildType.LIMIT,
            time_in_force=ChildTimeInForce.IOC if is_taker and not pool else ChildTimeInForce.DAY,
        )
        answers += venues.on_route(child, f"0-{sent}", event.received_ns)
        if sent % 5 == 0:
            answers += venues.on_cancel(f"0-{sent}", event.received_ns)
    return answers + venues.advance(facts.close_ns)


def test_a_day_is_the_same_for_one_seed_whatever_the_order_of_dictionaries(
    equity_day: MarketData,
) -> None:
    lively = Behaviour(bust_ppm=10_000, correct_ppm=10_000, reject_ppm=10_000)
    turned = replace(lively, hidden_share_ppm=dict(reversed([*lively.hidden_share_ppm.items()])))
    answers = trade_the_day(equity_day, 7, lively)
    kinds = Counter(x.event.exec_type for x in answers if isinstance(x.event, ExecutionReported))
    ids = [
        (x.event.venue, x.event.exec_id) for x in answers if isinstance(x.event, ExecutionReported)
    ]

    assert answers == trade_the_day(equity_day, 7, turned)
    assert answers != trade_the_day(equity_day, 8, lively)
    assert len(ids) == len(set(ids))
    assert kinds.keys() >= {
        ExecType.NEW,
        ExecType.TRADE,
        ExecType.CANCELED,
        ExecType.EXPIRED,
        ExecType.REJECTED,
        ExecType.TRADE_CANCEL,
        ExecType.TRADE_CORRECT,
    }
    assert all(liquidity in liquidities(answers) for liquidity in ("ADDED", "REMOVED", "MIDPOINT"))


def liquidities(answers: Iterable[Due]) -> set[str]:
    return {x.event.liquidity.value for x in answers if isinstance(x.event, ExecutionReported)}
