"""Baselines of an experiment: a small market by hand, and no look ahead."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from pipeline import short_day
from pipeline.short_day import ShortDay

from engine.audit.experiment import baselines, bound
from engine.audit.experiment.baselines import Change, Taker, Working
from engine.audit.experiment.parts import Result, Terms
from engine.audit.experiment.touch import MarketWalk, Observed, observed, touches
from engine.core.events import (
    Immediacy,
    Input,
    QuoteObserved,
    Side,
    TradeObserved,
)
from engine.simulation.script import Script, of_folder

AGE_NS = 30_000_000_000
SECOND_NS = 1_000_000_000


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> ShortDay:
    return short_day.make(tmp_path_factory.mktemp("day") / "day", rows=400, order_count=30)


@pytest.fixture(scope="module")
def script(day: ShortDay) -> Script:
    return of_folder(day.data, day.inputs, day.controls, 7)


def walk(script: Script) -> MarketWalk:
    return MarketWalk([x.event for x in script.before_open if x.event is not None], AGE_NS)


def market_of(script: Script) -> list[Observed]:
    return observed(x.event for x in script.market)


def terms(at_ns: int, qty: int, side: Side = Side.BUY, limit_px: int | None = None) -> Terms:
    return Terms(
        name=f"T:{at_ns}-{qty}",
        instrument_id="XXX",
        side=side,
        asked_qty=qty,
        lot_qty=100,
        limit_px=limit_px,
        urgency="NORMAL",
        benchmark="NONE",
        strategy="NONE",
        arrival_ns=at_ns,
        start_ns=at_ns,
        end_ns=at_ns + 60 * SECOND_NS,
        arrival_px=None,
        decision_px=None,
        vwap_px=None,
    )


def quote(script: Script, after_ns: int, ask_px: int, ask_qty: int) -> QuoteObserved:
    """A quote of one exchange, near the day's prices."""
    at_ns = script.before_ns + 60 * SECOND_NS + after_ns
    return QuoteObserved(
        venue="P",
        instrument_id="XXX",
        bid_px=ask_px - 20_000_000,
        bid_qty=100,
        ask_px=ask_px,
        ask_qty=ask_qty,
        event_ns=at_ns,
        received_ns=at_ns,
    )


ASK_PX = 157_500_000_000


def opening(script: Script) -> list[Observed]:
    """Quotes of two venues, so that their price is believed; N asks more."""
    first = quote(script, 0, ASK_PX, 300)
    other = replace(first, venue="N", ask_px=ASK_PX + 10_000_000, bid_px=ASK_PX - 30_000_000)
    return [first, other]


def test_what_was_taken_is_used_up_until_the_venue_requotes(script: Script) -> None:
    market = [
        *opening(script),
        quote(script, 5 * SECOND_NS, ASK_PX, 300),  # The same again shows nothing new.
        quote(script, 9 * SECOND_NS, ASK_PX - 10_000_000, 500),
    ]
    at_ns = market[0].received_ns + SECOND_NS
    orders = [terms(at_ns, 200), terms(at_ns + 1, 400)]

    first, second = baselines.taken(0, orders, [], walk(script), market)

    assert [(x.qty, x.px) for x in first.executions] == [(200, ASK_PX)]
    assert [(x.qty, x.px) for x in second.executions] == [
        (100, ASK_PX),
        (300, ASK_PX - 10_000_000),
    ]
    assert second.executions[-1].at_ns == market[-1].received_ns


def test_an_order_with_a_limit_waits_for_its_price(script: Script) -> None:
    market = [*opening(script), quote(script, 9 * SECOND_NS, ASK_PX - 10_000_000, 500)]
    order = terms(market[0].received_ns + 1, 50, limit_px=ASK_PX - 10_000_000)

    (found,) = baselines.taken(0, [order], [], walk(script), market)

    assert [(x.qty, x.px) for x in found.executions] == [(50, ASK_PX - 10_000_000)]


def test_an_immediate_order_tries_once(script: Script) -> None:
    market = [quote(script, 0, ASK_PX, 300), quote(script, 0, ASK_PX + 10_000_000, 300)]
    market[1] = replace(market[1], venue="N", bid_px=ASK_PX - 30_000_000)
    taker = Taker(0)
    ready = walk(script)
    for event in market:
        ready.fold(event)
        taker.observe(event)
    now_ns = market[1].received_ns + 1
    for immediacy, qty in ((Immediacy.FOK, 301), (Immediacy.IOC, 400)):
        taker.start(Working(terms(now_ns, qty), qty, None, immediacy))
    taker.act(ready, now_ns, ())

    assert [order.done_qty for order in taker.orders.values()] == [0, 300]
    assert taker.next_ns is None


def test_a_cancel_and_an_amend_count_from_their_own_time() -> None:
    taker = Taker(10 * SECOND_NS)
    order = Working(terms(0, 600), 600, None)
    taker.start(order)
    order.done_qty = 100

    taker.change(order.terms.name, Change(1, 300, 5))
    assert (order.qty, order.open_qty, order.limit_px) == (300, 200, 5)
    taker.change(order.terms.name, Change(2, 0, None))
    taker.change(order.terms.name, Change(3, 900, None))
    assert (order.qty, order.open_qty, order.withdrawn_qty) == (300, 0, 200)


@for_all(st.integers(1, 2_000), st.sampled_from([10, 60]), st.integers(1, 600))
def test_equal_slices_never_go_back_and_end_with_the_whole(
    qty: int, step_s: int, window_s: int
) -> None:
    step_ns = step_s * SECOND_NS
    order = Working(terms(0, qty)._replace(end_ns=window_s * SECOND_NS), qty, None)
    slices = order.slices(step_ns)

    wanted = [order.due_qty(n * step_ns, step_ns) for n in range(slices)]

    assert wanted == sorted(wanted)
    assert wanted[0] >= 1
    assert wanted[-1] == qty
    assert max(b - a for a, b in zip([0, *wanted], wanted, strict=False)) <= -(-qty // slices)


def test_slices_are_taken_when_they_are_due(script: Script) -> None:
    market = opening(script)
    at_ns = market[1].received_ns + 1
    order = terms(at_ns, 6)

    (found,) = baselines.taken(10 * SECOND_NS, [order], [], walk(script), market)

    assert [(x.qty, (x.at_ns - at_ns) // SECOND_NS) for x in found.executions] == [
        (1, seconds) for seconds in (0, 10, 20)
    ]  # After thirty seconds the quote is stale, and there is no other.


def test_the_bound_has_the_average_of_the_prints_within_the_limit(script: Script) -> None:
    quotes = opening(script)
    at_ns = quotes[1].received_ns
    prints = [
        TradeObserved(
            venue="P",
            instrument_id="XXX",
            last_px=ASK_PX + n * 10_000_000,
            last_qty=qty,
            eligible=True,
            conditions="",
            event_ns=at_ns + n * SECOND_NS,
            received_ns=at_ns + n * SECOND_NS,
            trade_id=str(n),
        )
        for n, qty in ((1, 100), (2, 300), (70, 500))
    ]
    market = [*quotes, *prints]
    free = terms(at_ns, 40)
    bounded = terms(at_ns, 50, limit_px=ASK_PX + 10_000_000)
    wanted = {free.name: 40, bounded.name: 50}

    one, other = bound.at_prints([free, bounded], wanted, walk(script), market)

    assert [(x.qty, x.px) for x in one.executions] == [(40, ASK_PX + 17_500_000)]
    assert [(x.qty, x.px) for x in other.executions] == [(50, ASK_PX + 10_000_000)]


def test_the_quote_of_a_moment_is_of_all_observations_up_to_it(script: Script) -> None:
    market = [*opening(script), quote(script, 9 * SECOND_NS, ASK_PX - 10_000_000, 500)]
    at_ns = market[-1].received_ns
    moments = [("XXX", at_ns - 1), ("XXX", at_ns), ("XXX", at_ns + 3_600 * SECOND_NS), ("XXX", 0)]

    seen = touches(walk(script), market, moments)

    found = [None if x is None else x.ask_px for x in map(seen.get, moments)]
    assert found == [ASK_PX, ASK_PX - 10_000_000, ASK_PX - 10_000_000, None]


# --------------------------------------------------------------------------- no look ahead


def accepted(script: Script) -> list[Terms]:
    """The day's market orders as terms."""
    found = []
    for n, timed in enumerate(script.orders):
        event = timed.event
        side = getattr(event, "side", None)
        qty = getattr(event, "order_qty", None)
        if isinstance(side, Side) and qty and 0 < qty < 10_000:
            found.append(terms(timed.at_ns, qty, side)._replace(name=f"T:{n}"))
    return found


def moved(event: Observed, at_ns: int) -> Observed:
    assert isinstance(event, QuoteObserved | TradeObserved), "the day has quotes and prints"
    return replace(event, received_ns=at_ns, event_ns=at_ns)


def before(results: Sequence[Result], at_ns: int) -> list[list[object]]:
    return [[x for x in result.executions if x.at_ns <= at_ns] for result in results]


@settings(max_examples=8)
@for_all(st.randoms(use_true_random=False), st.floats(0.2, 0.9), st.sampled_from([0, 10, 60]))
def test_a_taker_knows_nothing_of_what_comes_later(
    script: Script,
    chance: Random,
    part: float,
    step_s: int,
) -> None:
    market = market_of(script)
    cut = int(len(market) * part)
    at_ns = market[cut].received_ns
    later = [x for x in market if x.received_ns > at_ns]
    times = [x.received_ns for x in later]
    chance.shuffle(later)
    shuffled = [
        *(x for x in market if x.received_ns <= at_ns),
        *(moved(x, time) for x, time in zip(later, times, strict=True)),
    ]
    orders = accepted(script)
    requests: list[Input] = []

    was = baselines.taken(step_s * SECOND_NS, orders, requests, walk(script), market)
    now = baselines.taken(step_s * SECOND_NS, orders, requests, walk(script), shuffled)

    assert any(any(x) for x in before(was, at_ns))
    assert before(was, at_ns) == before(now, at_ns)
