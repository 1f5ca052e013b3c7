"""Lies in the prices of a feed: rows of another market, and what is believed after them."""

from typing import Any, NamedTuple

import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from world import (
    CLOSE_NS,
    DARK,
    DAY,
    HOUR,
    INSTRUMENT,
    LIT,
    MINUTE,
    NOW_NS,
    OPEN_NS,
    OTHER_LIT,
    SECOND,
    Scene,
    World,
    an,
    at_once,
    calendar,
    dark_venue,
    day_closed,
    day_opened,
    instrument,
    make,
    mandate,
    order,
    policy,
    px,
    quote,
    risk_limit,
    trade,
    trading,
    venue,
    venue_status,
)

from engine.core import events as e
from engine.core.market import belief, consolidated
from engine.core.routing import candidates
from engine.core.routing.cells import PEG
from engine.core.state.state import State

GOOD = (100.00, 100.02)  # As LIT shows it in the morning of every world.
THIRD = "Z"


def at(seconds: float, code: str, bid: float, ask: float, **said: Any) -> e.QuoteObserved:  # noqa: ANN401
    """A venue's quote, so many seconds after the world began."""
    return quote(code, bid, ask, received_ns=NOW_NS + int(seconds * SECOND), **said)


def printed(seconds: float, code: str, price: float, last_qty: int = 100) -> e.TradeObserved:
    return trade(last_qty, price, venue=code, received_ns=NOW_NS + int(seconds * SECOND))


class Lie(NamedTuple):
    """What venues show after the morning, and the best bid and ask that are believed."""

    sentence: str
    told: tuple[Any, ...]
    best: tuple[float, float]

    def __str__(self) -> str:
        return self.sentence


LIES = (
    Lie("a tenfold row evicts nothing", (at(1, OTHER_LIT, 1000, 1000.02),), GOOD),
    Lie("a hundredfold row evicts nothing", (at(1, OTHER_LIT, 10_000, 10_002),), GOOD),
    Lie("a row in cents evicts nothing", (at(1, OTHER_LIT, 1.00, 1.01),), GOOD),
    Lie("an ask of a cent alone evicts nothing", (at(1, OTHER_LIT, 0, 0.01),), GOOD),
    Lie("a bid of a thousand alone evicts nothing", (at(1, OTHER_LIT, 1000, 0),), GOOD),
    Lie("a bid beside a wild ask counts", (at(1, OTHER_LIT, 100.01, 1000),), (100.01, 100.02)),
    Lie("an ask beside a wild bid counts", (at(1, OTHER_LIT, 1.00, 100.01),), (100.00, 100.01)),
    Lie("a wild row takes the place of the venue's own", (at(1, LIT, 1000, 1000.02),), (0, 0)),
    Lie("a zero takes the place of the venue's own", (at(1, LIT, 0, 0),), (0, 0)),
    Lie(
        "a row crossed in itself is none, wild or not",
        (at(1, OTHER_LIT, 1000, 100), at(2, THIRD, 100.05, 100.01)),
        GOOD,
    ),
    Lie(
        "a wild row is evidence no more when the market goes on",
        (at(1, OTHER_LIT, 1000, 1000.02), at(2, LIT, *GOOD), at(3, THIRD, 1000, 1000.02)),
        GOOD,
    ),
    Lie(
        "rows of two levels confirm nothing",
        (at(1, OTHER_LIT, 1000, 1000.02), at(2, THIRD, 500, 500.02)),
        GOOD,
    ),
    Lie(
        "a venue does not confirm itself",
        (at(1, OTHER_LIT, 1000, 1000.02), at(60, OTHER_LIT, 1000, 1000.02), at(60, LIT, *GOOD)),
        GOOD,
    ),
    Lie(
        "a venue's print does not confirm its quote where another is seen",
        (at(1, OTHER_LIT, 120, 120.02), printed(2, OTHER_LIT, 120.01)),
        GOOD,
    ),
    Lie(
        "two venues confirm a jump, and what they show is the market",
        (at(1, OTHER_LIT, 120, 120.02), at(1.1, THIRD, 120.01, 120.03)),
        (120.01, 120.02),
    ),
    Lie(
        "two venues confirm a fall",
        (at(1, OTHER_LIT, 80, 80.02), at(1.1, THIRD, 80.01, 80.03)),
        (80.01, 80.02),
    ),
    Lie(
        "another venue's print confirms a jump",
        (at(1, OTHER_LIT, 120, 120.02), printed(2, THIRD, 120.01)),
        (120, 120.02),
    ),
    Lie(
        "a print and then another venue's quote confirm a jump, as an auction does",
        (printed(1, THIRD, 120.01, 9_000), at(2, OTHER_LIT, 120, 120.02)),
        (120, 120.02),
    ),
    Lie(
        "another venue's print confirms one side of a quote, and not the stub beside it",
        (at(1, OTHER_LIT, 0.01, 120), printed(2, THIRD, 120)),
        (0, 120),
    ),
    Lie(
        "after a jump the old market is the one that is not believed",
        (
            at(1, OTHER_LIT, 120, 120.02),
            at(1.1, THIRD, 120.01, 120.03),
            at(2, LIT, *GOOD),
        ),
        (120.01, 120.02),
    ),
    Lie(
        "a market that comes back is believed when two venues show it",
        (
            *(at(1, OTHER_LIT, 120, 120.02), at(1.1, THIRD, 120.01, 120.03)),
            *(at(2, LIT, *GOOD), at(2.1, OTHER_LIT, 100, 100.02)),
        ),
        (100, 100.02),
    ),
    Lie(
        "stubs of two venues agree on nothing",
        (at(1, OTHER_LIT, 0.01, 190_000), at(2, THIRD, 0.01, 190_000)),
        GOOD,
    ),
    Lie(
        "one-sided stubs of two venues agree on nothing",
        (at(1, OTHER_LIT, 0, 0.01), at(2, THIRD, 0, 0.01)),
        GOOD,
    ),
    Lie(
        "a print that confirms no stub moves nothing",
        (at(1, OTHER_LIT, 0, 0.01), printed(2, THIRD, 0.02)),
        GOOD,
    ),
    Lie(
        "evidence of long ago confirms nothing",
        (at(1, OTHER_LIT, 1000, 1000.02), at(302, THIRD, 1000, 1000.02)),
        (0, 0),  # All that was believed is too old by then.
    ),
    Lie("six per cent at once is too far", (at(1, OTHER_LIT, 106.10, 106.12),), GOOD),
    Lie("four per cent at once is near", (at(1, OTHER_LIT, 104.00, 104.02),), (104, 104.02)),
    Lie(
        "six per cent after two minutes is near, as the band grows",
        (at(120, OTHER_LIT, 106.10, 106.12),),
        (106.10, 106.12),
    ),
    Lie(
        "half of the price is too far after any time",
        (at(36_000, OTHER_LIT, 150.10, 150.12),),
        (0, 0),
    ),
    Lie(
        "a wide market has a wide band",
        (at(6, OTHER_LIT, 99.00, 101.00), at(7, LIT, 0, 0), at(12, THIRD, 99.00, 101.00),
         at(13, LIT, 90.00, 90.02)),
        (90.00, 90.02),
    ),
    Lie(
        "a row of an hour ago evicts nothing, and widens no band",
        (at(-3_600, OTHER_LIT, 100.05, 100.07), at(1, THIRD, 110, 110.02)),
        GOOD,
    ),
    Lie("a venue that nobody knows prices nothing", (at(1, "WHO", 100.01, 100.015),), GOOD),
    Lie(
        "a venue that nobody knew counts when it is defined",
        (at(1, "WHO", 100.01, 100.02), venue("WHO")),
        (100.01, 100.02),
    ),
    Lie(
        "an odd lot outside the band is no evidence for another venue",
        (at(1, OTHER_LIT, 120, 120.02, bid_qty=10, ask_qty=10), at(2, THIRD, 120, 120.02)),
        GOOD,
    ),
    Lie(
        "an odd ask is none either",
        (at(1, OTHER_LIT, 120, 120.02, ask_qty=10), at(2, THIRD, 120, 120.02)),
        GOOD,
    ),
    Lie(
        "what a venue said before it halted is no evidence",
        (
            at(1, OTHER_LIT, 120, 120.02),
            venue_status(OTHER_LIT, e.VenueStatus.HALTED),
            at(2, THIRD, 120, 120.02),
        ),
        GOOD,
    ),
)  # fmt: skip


def latest_ns(told: tuple[Any, ...]) -> int:
    return max(getattr(fact, "received_ns", NOW_NS) for fact in told)


def day(*told: Any) -> World:  # noqa: ANN401
    """A trading day with a third venue, and these facts one by one."""
    world = trading(venue(THIRD))
    for fact in told:
        world.given(fact)
    return world


def best(world: World, at_ns: int) -> tuple[int, int]:
    found = consolidated.view(world.state, INSTRUMENT, at_ns)
    return (found.bid_px, found.ask_px)


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_the_best_is_made_of_what_is_believed(lie: Lie) -> None:
    world = day(*lie.told)

    assert best(world, latest_ns(lie.told)) == (px(lie.best[0]), px(lie.best[1]))


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_no_lie_prices_a_child_or_a_cross(lie: Lie) -> None:
    """A market order on either side, and a limit order that would meet one of them."""
    world = trading(venue(THIRD), dark_venue(), policy(quote_alone_ns=10 * SECOND))
    world.now_ns = NOW_NS
    for fact in lie.told:
        world.at(max(world.now_ns, getattr(fact, "received_ns", world.now_ns)), fact)
    world.given(at_once("buy", client_id="c1", crossing_consent=True))
    world.given(at_once("sell", side=e.Side.SELL, client_id="c2", crossing_consent=True))

    bid_px, ask_px = (px(price) for price in lie.best)
    for event in world.history():
        if type(event) in (e.ChildRouted, e.OrdersCrossed):
            assert (event.bid_px, event.ask_px) == (bid_px, ask_px)
        if type(event) is e.ChildRouted:
            assert abs(event.limit_px - event.good_px) <= event.band_px
        if type(event) is e.OrdersCrossed:
            assert event.cross_px == (bid_px + ask_px) // 2


WILD_PX = st.one_of(st.integers(0, px(90)), st.integers(px(110), px(1_000_000)))


@settings(deadline=None)
@for_all(st.lists(st.tuples(st.integers(0, 29), WILD_PX, WILD_PX), max_size=12))
def test_whatever_one_venue_shows_far_away_the_others_make_the_best(
    told: list[tuple[int, int, int]],
) -> None:
    scene = Scene(State(shard=0)).given(instrument(), venue(LIT), venue(OTHER_LIT), quote(LIT))
    for seconds, bid_px, ask_px in sorted(told):
        now_ns = NOW_NS + seconds * SECOND
        scene.given(quote(OTHER_LIT, bid_px=bid_px, ask_px=ask_px, received_ns=now_ns))

        found = consolidated.view(scene.state, INSTRUMENT, now_ns)
        assert (found.bid_px, found.ask_px) == (px(100.00), px(100.02))
        assert scene.state.book(INSTRUMENT).good_px == px(100.01)


# ------------------------------------------------------------------------------- prints


class Prints(NamedTuple):
    """Prints after the morning, and the volume and last price that count."""

    sentence: str
    told: tuple[Any, ...]
    volume_qty: int
    last: float

    def __str__(self) -> str:
        return self.sentence


PRINTS = (
    Prints("a print near the quotes counts", (printed(1, LIT, 100.01),), 100, 100.01),
    Prints("a wild print does not", (printed(1, LIT, 1000),), 0, 0),
    Prints(
        "nor do two of one venue",
        (printed(1, OTHER_LIT, 1000), printed(60, OTHER_LIT, 1000)),
        0,
        0,
    ),
    Prints(
        "nor do two of venues that nobody knows",
        (printed(1, "D1", 1000), printed(2, "D2", 1000)),
        0,
        0,
    ),
    Prints(
        "all that a jump confirms counts",
        (printed(1, OTHER_LIT, 120), printed(2, OTHER_LIT, 120.02), printed(3, THIRD, 120.01)),
        300,
        120.01,
    ),
    Prints(
        "a quote confirms them too",
        (printed(1, OTHER_LIT, 120), at(2, THIRD, 119.99, 120.01)),
        100,
        120,
    ),
    Prints(
        "a wild print beside a true jump does not count",
        (printed(1, OTHER_LIT, 1000), at(2, OTHER_LIT, 120, 120.02), at(3, THIRD, 120, 120.02)),
        0,
        0,
    ),
)


@pytest.mark.parametrize("prints", PRINTS, ids=str)
def test_a_print_counts_when_it_is_believed(prints: Prints) -> None:
    book = day(*prints.told).book()

    assert (book.volume_qty, book.last_px) == (prints.volume_qty, px(prints.last))


def test_prints_alone_move_the_good_price_slowly() -> None:
    world = day(at(1, LIT, 0, 0), printed(5, LIT, 104))
    assert world.book().good_px == px(100.01)

    assert world.given(printed(11, LIT, 104)).book().good_px == px(104)


# ------------------------------------------------------------------- the first price, and one venue


def alone(*told: Any, venues: tuple[str, ...] = (LIT, OTHER_LIT), close: float = 0.0) -> World:  # noqa: ANN401
    """A day of venues and an instrument whose last close is not known, and these facts."""
    defined = instrument("NEW", previous_close_px=px(close))
    world = World().given(defined, *map(venue, venues))
    for fact in told:
        world.given(fact)
    return world


NEW: dict[str, Any] = {"instrument_id": "NEW"}


class First(NamedTuple):
    """The first prices of an instrument, and the best that is believed."""

    sentence: str
    told: tuple[Any, ...]
    best: tuple[float, float]
    venues: tuple[str, ...] = (LIT, OTHER_LIT)
    close: float = 0.0

    def __str__(self) -> str:
        return self.sentence


FIRSTS = (
    First("the first price of a day waits", (at(0, LIT, *GOOD, **NEW),), (0, 0)),
    First(
        "a second venue confirms it",
        (at(0, LIT, *GOOD, **NEW), at(900, OTHER_LIT, 100.01, 100.03, **NEW)),
        (100.01, 100.03),  # The other is too old by then.
    ),
    First(
        "a print confirms it",
        (at(0, LIT, *GOOD, **NEW), trade(venue="D", received_ns=NOW_NS + SECOND, **NEW)),
        GOOD,
    ),
    First(
        "its own print confirms it where it is all that is seen",
        (at(0, LIT, *GOOD, **NEW), trade(venue=LIT, received_ns=NOW_NS + SECOND, **NEW)),
        GOOD,
    ),
    First(
        "so does its own quote ten seconds later",
        (at(0, LIT, *GOOD, **NEW), at(10, LIT, 100.01, 100.03, **NEW)),
        (100.01, 100.03),
    ),
    First(
        "not sooner",
        (at(0, LIT, *GOOD, **NEW), at(9, LIT, 100.01, 100.03, **NEW)),
        (0, 0),
    ),
    First("the only venue needs no witness", (at(0, LIT, *GOOD, **NEW),), GOOD, (LIT,)),
    First(
        "not for one side either",
        (at(0, LIT, 100, 0, **NEW),),
        (100, 0),
        (LIT,),
    ),
    First("the close of the day before confirms it", (at(0, LIT, *GOOD, **NEW),), GOOD, close=90),
    First("a far close does not", (at(0, LIT, *GOOD, **NEW),), (0, 0), close=80),
    First(
        "a jump of the only venue waits",
        (at(0, LIT, *GOOD, **NEW), at(1, LIT, 1000, 1000.02, **NEW)),
        (0, 0),
        (LIT,),
    ),
    First(
        "and is believed after ten seconds without the old market",
        (
            *(at(0, LIT, *GOOD, **NEW), at(1, LIT, 120, 120.02, **NEW)),
            at(11, LIT, 120.01, 120.03, **NEW),
        ),
        (120.01, 120.03),
        (LIT,),
    ),
)


@pytest.mark.parametrize("first", FIRSTS, ids=str)
def test_the_first_price_is_believed_when_it_is_confirmed(first: First) -> None:
    world = alone(*first.told, venues=first.venues, close=first.close)

    found = consolidated.view(world.state, "NEW", latest_ns(first.told))
    assert (found.bid_px, found.ask_px) == (px(first.best[0]), px(first.best[1]))


def test_a_close_that_comes_after_the_quotes_confirms_them() -> None:
    world = alone(at(0, LIT, *GOOD, **NEW))
    world.given(instrument("NEW", previous_close_px=px(100)))

    assert consolidated.view(world.state, "NEW", NOW_NS).mid_px == px(100.01)


LUNCH = (OPEN_NS + 2 * HOUR, OPEN_NS + 3 * HOUR)


def with_lunch() -> World:
    """An instrument whose calendar has a break of an hour, an hour from the start."""
    spans = ((OPEN_NS, LUNCH[0]), (LUNCH[1], CLOSE_NS))
    listed = tuple(e.TradingSession(open_ns=first, close_ns=last) for first, last in spans)
    defined = instrument(calendar_id="US", previous_close_px=px(100))
    return trading(venue(THIRD), defined, calendar(sessions=listed))


@pytest.mark.parametrize(("bid", "is_believed"), [(149, False), (120, False), (103, True)])
def test_a_break_widens_no_band(*, bid: float, is_believed: bool) -> None:
    world = with_lunch()
    before_ns, after_ns = LUNCH[0] - 30 * SECOND, LUNCH[1] + SECOND
    for code in (LIT, OTHER_LIT):
        world.given(quote(code, *GOOD, received_ns=before_ns))

    world.given(quote(OTHER_LIT, bid, bid + 0.02, received_ns=after_ns))

    assert (best(world, after_ns)[0] == px(bid)) is is_believed


def test_a_band_grows_no_wider_than_that_around_a_close() -> None:
    world = day()
    long_after_ns = NOW_NS + 4 * HOUR

    found = belief.band(world.state, INSTRUMENT, world.book(), long_after_ns)

    widest_px = world.book().good_px * belief.CLOSE_BANDS * 50_000 // 1_000_000
    assert widest_px <= found.band_px < widest_px + px(1)  # And some spreads.


@pytest.mark.parametrize(
    ("row_day", "action_day", "of", "is_close"),
    [
        (0, DAY, "NEW", False),
        (DAY, DAY, "NEW", True),
        (0, DAY + 1, "NEW", True),
        (0, DAY, INSTRUMENT, True),
    ],
    ids=["old row", "row of the day", "action of tomorrow", "another's action"],
)
def test_a_close_from_before_a_split_is_no_close(
    *, row_day: int, action_day: int, of: str, is_close: bool
) -> None:
    """Seen: the venue that still showed 410 was believed at once, and an honest 41 was doubted."""
    split = {"action_id": "A1", "instrument_id": of, "new_qty": 10, "old_qty": 1}
    world = World().given(
        *(venue(code) for code in (LIT, OTHER_LIT)),
        instrument("NEW", previous_close_px=px(410), effective_day=row_day),
        instrument(),
        make(e.CorporateActionDefined, effective_day=action_day, **split),
        day_opened(),
    )

    assert (belief.close_px(world.state, "NEW") == px(410)) is is_close


def test_a_close_from_before_a_split_stays_none_on_the_days_after_it() -> None:
    """A close has settled the split by then, and the instrument's row was not loaded again."""
    split = {"action_id": "A1", "instrument_id": "NEW", "new_qty": 10, "old_qty": 1}
    world = World().given(
        instrument("NEW", previous_close_px=px(410)),
        make(e.CorporateActionDefined, effective_day=DAY, **split),
        day_opened(),
    )
    world.at(CLOSE_NS, day_closed())
    world.at(OPEN_NS + 24 * HOUR, day_opened(DAY + 1, OPEN_NS + 24 * HOUR))
    assert world.state.reference.settled

    assert belief.close_px(world.state, "NEW") == 0


def test_before_a_day_opens_the_close_of_before_any_later_action_is_none() -> None:
    split = {"action_id": "A1", "instrument_id": "NEW", "new_qty": 10, "old_qty": 1}
    world = World().given(
        instrument("NEW", previous_close_px=px(410)),
        make(e.CorporateActionDefined, effective_day=DAY + 5, **split),
    )

    assert belief.close_px(world.state, "NEW") == 0


def test_a_row_of_a_later_day_changes_nothing_of_todays_quotes() -> None:
    world = day(venue(LIT, protected=False, effective_day=DAY + 5))

    assert best(world, NOW_NS) == (px(100), px(100.02))


def test_a_row_of_a_venue_that_is_not_known_yet_prices_nothing() -> None:
    world = day(venue("LATER", effective_day=DAY + 5), at(1, "LATER", 100.01, 100.015))

    assert best(world, NOW_NS + SECOND) == (px(100), px(100.02))


def test_quotes_of_before_the_open_are_judged_by_what_comes_into_force() -> None:
    opens_ns = OPEN_NS + 24 * HOUR
    world = World().given(venue(LIT), day_opened())
    world.at(CLOSE_NS, day_closed())
    world.at(
        opens_ns,
        venue(OTHER_LIT, effective_day=DAY + 1),
        instrument("NEW", effective_day=DAY + 1, previous_close_px=px(100)),
        *(quote(code, *GOOD, received_ns=opens_ns, **NEW) for code in (LIT, OTHER_LIT)),
    )
    assert world.book("NEW").unknown

    world.given(day_opened(DAY + 1, opens_ns))

    assert not world.book("NEW").unknown
    assert consolidated.view(world.state, "NEW", opens_ns).mid_px == px(100.01)


def test_a_venue_alone_cannot_walk_the_market_away() -> None:
    """Four per cent a second is near each time, but only from where two venues agree."""
    world = day(*(at(n, OTHER_LIT, 100 * 1.04**n, 100 * 1.04**n + 0.02) for n in range(1, 10)))

    assert best(world, NOW_NS + 9 * SECOND)[0] < px(110)


def test_unknown_venues_are_kept_up_to_a_bound() -> None:
    world = day(*(at(0, f"W{n}", *GOOD) for n in range(belief.UNKNOWN_MAX + 5)))

    assert len(world.book().unknown) == belief.UNKNOWN_MAX
    assert list(world.book().quotes) == [LIT]


def test_venues_seen_are_told_apart_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(belief, "SEEN_MAX", 4)
    world = day(*(printed(0, f"W{n}", 100.01) for n in range(9)))

    assert len(world.book().seen) == belief.SEEN_MAX + 1


def test_dropping_a_venues_quotes_drops_what_is_not_believed_of_it() -> None:
    world = day(at(1, OTHER_LIT, 120, 120.02), at(1, "WHO", 120, 120.02))

    consolidated.drop_quotes(world.state, "")

    book = world.book()
    assert (book.doubted, book.evidence, book.unknown, book.quotes) == ({}, {}, {}, {})


# ------------------------------------------------------------------- what a desk sees


def reasons(deferred: e.RouteDeferred) -> dict[str, int]:
    return {x.reason: x.venue_count for x in deferred.rejected_by_reason}


def test_a_route_that_waits_for_a_doubted_quote_says_so() -> None:
    world = day(at(0, LIT, 1000, 1000.02)).when(at_once())

    world.then_no(e.ChildRouted)
    assert reasons(world.the(e.RouteDeferred)) == {
        e.RouteReason.QUOTE_DOUBTED: 3  # The others are priced by what all show.
    }


def test_a_route_that_waits_for_a_stale_quote_says_so() -> None:
    world = trading().given(after_ns=31 * SECOND).when(at_once())

    world.then_no(e.ChildRouted)
    assert reasons(world.the(e.RouteDeferred)) == {e.RouteReason.STALE_QUOTE: 2}


def test_a_peg_that_waits_for_a_stale_quote_says_so() -> None:
    world = trading(dark_venue()).given(order(), after_ns=31 * SECOND)
    search = candidates.search_for(world.state, world.parent(), world.now_ns)

    assert candidates.rate(search, PEG, 100).reasons[DARK] is e.RouteReason.STALE_QUOTE


def test_a_cross_waits_for_a_believed_price() -> None:
    consent: dict[str, Any] = {"crossing_consent": True}
    world = day(at(0, LIT, 1000, 1000.02), policy(window_ns=0))
    world.given(order("buy", client_id="c1", limit_px=px(2000), **consent))
    world.when(order("sell", side=e.Side.SELL, client_id="c2", **consent))
    world.then_no(e.OrdersCrossed)

    world.when(at(1, LIT, *GOOD)).when(after_ns=MINUTE)

    crossed = next(x for x in world.history() if type(x) is e.OrdersCrossed)
    assert crossed.cross_px == px(100.01)
    assert abs(crossed.cross_px - crossed.good_px) <= crossed.band_px


def test_an_honest_limit_passes_its_collar_beside_an_ask_of_a_cent() -> None:
    world = day(risk_limit(collar_ppm=50_000), at(1, OTHER_LIT, 0, 0.01))

    world.when(order(limit_px=px(100.02))).then_some(e.OrderAccepted)


# ------------------------------------------------------------------- venues that are not seen


def test_a_child_rests_only_where_the_instrument_is_seen_today() -> None:
    world = trading(venue(THIRD), policy(router=e.Router.PARALLEL))
    world.when(at_once(limit_px=px(99.95)))

    routed = world.all_of(e.ChildRouted)
    assert [x.venue for x in routed] == [LIT, OTHER_LIT]
    assert an(e.RouteReasonCount, reason=e.RouteReason.VENUE_UNSEEN, venue_count=1).matches(
        routed[0].rejected_by_reason[-1]
    )


def test_a_midpoint_of_an_exchange_is_not_sought_where_nothing_is_seen() -> None:
    told = (venue(THIRD, midpoint=True), policy(router=e.Router.LIQUIDITY_SEEKING))
    world = trading(*told).when(at_once(limit_px=px(99.95)))
    assert THIRD not in [x.venue for x in world.all_of(e.ChildRouted)]

    world = trading(*told, printed(0, THIRD, 100.01)).when(at_once(limit_px=px(100.01)))
    assert THIRD in [x.venue for x in world.all_of(e.ChildRouted)]


# ------------------------------------------------------------------- a tape that is silent


def followed(adv_qty: int = 1_000_000, silent_ns: int = 5 * MINUTE) -> World:
    """A day without a print, and an order that follows the volume at a tenth."""
    pov = policy(strategy=e.Strategy.POV, tape_silent_ns=silent_ns, router=e.Router.SEQUENTIAL)
    world = trading(pov, instrument(adv_qty=adv_qty), mandate(max_participation_ppm=100_000))
    return world.given(order(order_qty=50_000, max_participation_ppm=100_000))


def sliced_qty(world: World) -> int:
    return sum(x.slice_qty for x in world.history() if type(x) is e.SliceReleased)


def goes_on(world: World, minutes: int) -> World:
    """The market stays, and every child is filled."""
    for _ in range(minutes):
        world.given(quote(received_ns=world.now_ns + MINUTE), after_ns=MINUTE)
    return world


def test_a_schedule_by_volume_goes_by_the_clock_where_the_tape_is_silent() -> None:
    slow, quick = goes_on(followed(adv_qty=1_000_000), 10), goes_on(followed(adv_qty=9_000_000), 10)

    assert 100 < sliced_qty(slow) < sliced_qty(quick)


def test_what_waits_for_a_silent_tape_says_so_once() -> None:
    world = goes_on(followed(adv_qty=0), 10)

    (held,) = [x for x in world.history() if type(x) is e.SliceHeld]
    assert (held.client_id, held.cap_qty, held.market_volume_qty) == ("", 0, 0)
    assert held.wanted_qty > 0
    assert world.parent().is_told_silent


def test_a_tape_that_speaks_again_is_what_counts() -> None:
    world = goes_on(followed(), 8)
    before_qty = sliced_qty(world)

    world.given(trade(10, 100.01, received_ns=world.now_ns))
    assert sliced_qty(goes_on(world, 3)) == before_qty


def test_a_policy_that_waits_longer_lets_nothing_go_by_the_clock() -> None:
    assert sliced_qty(goes_on(followed(silent_ns=24 * HOUR), 10)) == 0
