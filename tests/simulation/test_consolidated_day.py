"""The consolidated market of a recorded day: its locked and crossed seconds, and eviction."""

from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

import pytest
from world import CENT, SECOND

from engine.core.events import QuoteObserved
from engine.core.market import consolidated, reference
from engine.core.state.state import State
from engine.simulation.market.data import MarketData
from engine.simulation.market.reference import reference_events

AGE_MAX_NS = 30 * SECOND


class Second(NamedTuple):
    """The best bid and ask at the end of a second; 0 where there is none."""

    bid_px: int
    ask_px: int


def session_quotes(day: MarketData) -> Iterator[tuple[int, list[QuoteObserved]]]:
    """Each second of regular hours with the quotes that came before its end, once each."""
    facts, found = day.facts, [*day.quotes()]
    at = 0
    for end_ns in range(facts.open_ns + SECOND, facts.close_ns + 1, SECOND):
        first = at
        while at < len(found) and found[at].received_ns < end_ns:
            at += 1
        yield end_ns, found[first:at]


def engine_seconds(day: MarketData) -> list[Second]:
    state, found = State(shard=0), []
    for event in reference_events(day.facts):
        reference.FACTS[type(event)](state, event)
    for end_ns, quotes in session_quotes(day):
        for seen in quotes:
            consolidated.on_quote_observed(state, seen)
        best = consolidated.nbbo(state.book("XXX"), end_ns, AGE_MAX_NS)
        found.append(Second(best.bid_px, best.ask_px))
    return found


def naive_seconds(day: MarketData, age_max_ns: int) -> list[Second]:
    """The same without eviction: each venue's last quote, if it is young enough."""
    last: dict[str, QuoteObserved] = {}
    found = []
    for end_ns, quotes in session_quotes(day):
        for seen in quotes:
            last[seen.venue] = seen
        fresh = [q for q in last.values() if end_ns - q.received_ns <= age_max_ns]
        bids = [q.bid_px for q in fresh if q.bid_px]
        asks = [q.ask_px for q in fresh if q.ask_px]
        found.append(Second(max(bids, default=0), min(asks, default=0)))
    return found


def test_no_second_of_the_equity_day_is_crossed_and_every_one_is_usable(
    equity_day: MarketData,
) -> None:
    seconds = engine_seconds(equity_day)

    assert len(seconds) == 23_400
    assert not [s for s in seconds if s.bid_px and s.ask_px and s.bid_px >= s.ask_px]
    usable = [s for s in seconds if 0 < s.bid_px < s.ask_px]
    assert len(usable) / len(seconds) == 1.0
    assert median(s.ask_px - s.bid_px for s in usable) == 2 * CENT


@pytest.mark.parametrize(
    ("age_max_ns", "bad_count"), [(AGE_MAX_NS, 6_295), (24 * 3_600 * SECOND, 15_705)]
)
def test_without_eviction_much_of_the_equity_day_is_locked_or_crossed(
    equity_day: MarketData, age_max_ns: int, bad_count: int
) -> None:
    seconds = naive_seconds(equity_day, age_max_ns)

    assert len([s for s in seconds if s.bid_px and 0 < s.ask_px <= s.bid_px]) == bad_count


def test_at_an_age_limit_of_50_ms_few_seconds_of_the_equity_day_have_two_sides(
    equity_day: MarketData,
) -> None:
    seconds = naive_seconds(equity_day, SECOND // 20)

    assert len([s for s in seconds if s.bid_px and s.ask_px]) == 1_068  # Of 23,400.
