"""Lies in the words of a feed: odd lots that look like the best, and prints that come twice."""

from typing import Any, NamedTuple

import pytest
from world import (
    INSTRUMENT,
    LIT,
    NOW_NS,
    OTHER_LIT,
    SECOND,
    at_once,
    instrument,
    px,
    quote,
    trade,
    trading,
)

from engine.core import events as e
from engine.core.market import consolidated
from engine.core.market.consolidated import PRINT_IDS_MAX


class Lie(NamedTuple):
    """Quotes in a market of lots of 100, and the best that is believed: bid and ask."""

    sentence: str
    quotes: tuple[e.QuoteObserved, ...]
    best: tuple[float, float]

    def __str__(self) -> str:
        return self.sentence


def later(**said: Any) -> e.QuoteObserved:  # noqa: ANN401
    """A quote of the other venue, a second after the first."""
    return quote(OTHER_LIT, received_ns=NOW_NS + SECOND, **said)


LIES = (
    Lie("an odd lot makes no ask", (quote(), later(ask=100.01, ask_qty=99)), (100, 100.02)),
    Lie("an odd lot makes no bid", (quote(), later(bid=100.01, bid_qty=99)), (100, 100.02)),
    Lie("a round lot makes the best", (quote(), later(ask=100.01, ask_qty=100)), (100, 100.01)),
    Lie(
        "an odd ask evicts no bid that it crosses",
        (quote(), later(bid=99.0, ask=99.5, ask_qty=40)),
        (100, 100.02),
    ),
    Lie(
        "an odd bid evicts no ask that it crosses",
        (quote(), later(bid=101, ask=102, bid_qty=40)),
        (100, 100.02),
    ),
    Lie("odd lots alone are no market", (quote(bid_qty=99, ask_qty=99),), (0, 0)),
)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_an_odd_lot_is_no_best(lie: Lie) -> None:
    world = trading().when(*lie.quotes, after_ns=2 * SECOND)
    best = consolidated.view(world.state, INSTRUMENT, NOW_NS + 2 * SECOND)

    assert (best.bid_px, best.ask_px) == (px(lie.best[0]), px(lie.best[1]))


def test_the_round_lot_that_counts_is_the_one_in_force() -> None:
    world = trading().when(quote(bid_qty=50, ask_qty=50))
    assert consolidated.view(world.state, INSTRUMENT, NOW_NS).ask_px == 0
    world.when(instrument(lot_qty=10))
    assert consolidated.view(world.state, INSTRUMENT, NOW_NS).ask_px == px(100.02)


@pytest.mark.parametrize(
    ("side", "shown", "limit"),
    [
        (e.Side.BUY, {"ask": 100.01, "ask_qty": 40}, 100.02),
        (e.Side.SELL, {"bid": 100.01, "bid_qty": 40}, 100.00),
    ],
)
def test_an_odd_lot_may_be_taken(side: e.Side, shown: dict[str, Any], limit: float) -> None:
    """The better price goes first; what is left takes the best."""
    world = trading().when(quote(), later(**shown)).when(at_once(order_qty=300, side=side))
    sent = {child.venue: child for child in world.all_of(e.ChildRouted)}

    assert sent[OTHER_LIT].child_qty == 40
    assert sent[OTHER_LIT].limit_px == sent[LIT].limit_px == px(limit)
    assert sent[LIT].child_qty == 260


def test_an_odd_lot_at_the_best_takes_its_turn() -> None:
    world = trading().when(quote(), later(ask=100.02, ask_qty=40)).when(at_once(order_qty=1_100))
    sent = {child.venue: child.child_qty for child in world.all_of(e.ChildRouted)}

    assert sent == {LIT: 1_000, OTHER_LIT: 40}


class Print(NamedTuple):
    """Prints of 100 each, and the volume that they make."""

    sentence: str
    prints: tuple[e.TradeObserved, ...]
    volume_qty: int

    def __str__(self) -> str:
        return self.sentence


PRINTS = (
    Print("a print without an id is new each time", (trade(), trade()), 200),
    Print("a print counts once", (trade(trade_id="7"), trade(trade_id="7")), 100),
    Print("another id is another print", (trade(trade_id="7"), trade(trade_id="8")), 200),
    Print(
        "the same id of another venue is another print",
        (trade(trade_id="7"), trade(trade_id="7", venue=OTHER_LIT)),
        200,
    ),
    Print(
        "a print that does not count leaves its id free",
        (trade(trade_id="7", eligible=False), trade(trade_id="7")),
        100,
    ),
)


@pytest.mark.parametrize("told", PRINTS, ids=str)
def test_a_print_counts_once(told: Print) -> None:
    world = trading()
    before_qty = world.book().volume_qty
    for one in told.prints:
        world.when(one)

    assert world.book().volume_qty - before_qty == told.volume_qty


def test_a_repeated_print_moves_no_price() -> None:
    world = trading().when(trade(trade_id="7", price=100.01)).when(trade(trade_id="8", price=100))
    world.when(trade(trade_id="7", price=100.01))

    assert world.book().last_px == px(100)


def test_the_ids_that_are_kept_are_bounded() -> None:
    world = trading()
    world.when(*[trade(trade_id=str(n)) for n in range(PRINT_IDS_MAX + 5)])

    assert len(world.book().print_ids) == PRINT_IDS_MAX
    assert (LIT, "4") not in world.book().print_ids
