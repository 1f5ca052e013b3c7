"""A scripted day: instruments, quotes and orders; `player` plays it, with a venue.

The script is played once through a shard without a log. As a batch is a pure function, the rounds
that were cut then give the same routes, so the venue's answers are known before and are in the log
like any other input when the time is taken: the engine alone is measured.

Orders of one side and instrument arrive until some hundred have joined a parent; the policy then
cuts the parent into some fifty children, as the design's estimate has it.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from engine.core.events import (
    AllocationRule,
    Benchmark,
    Capacity,
    ControlScope,
    DayOpened,
    Input,
    InstrumentDefined,
    MandateSet,
    OrderSubmitted,
    OrderType,
    PolicySet,
    QuoteObserved,
    RiskLimitSet,
    Router,
    Side,
    Strategy,
    TickBand,
    TickTableDefined,
    TimeInForce,
    TradeObserved,
    Urgency,
    VenueDefined,
    VenueKind,
    VolumeCurveDefined,
)
from engine.runtime.shard import Rules

SECOND_NS = 1_000_000_000
DAY = 20_260_105
OPEN_NS = 1_767_623_400 * SECOND_NS  # 2026-01-05 14:30 UTC.
SESSION_NS = 23_400 * SECOND_NS
TICK_PX = 10_000_000
LOT_QTY = 100
OPENING_ROUNDS = 2  # Reference data and controls, then the first quotes.
LIT = ("ARCA", "BATS", "EDGX", "NSDQ", "NYSE")
HIDDEN = ("ATS1", "DRK1", "DRK2")
SOURCES = ("oms-1", "oms-2", "fix-1", "pm-1")
BENCHMARKS = (Benchmark.ARRIVAL, Benchmark.VWAP, Benchmark.TWAP)
CLIENTS = tuple(f"client-{n:02}" for n in range(20))
SETTINGS = (
    '{"limit_band_px":100000000,"partitions":1,"quote_age_max_ns":30000000000,'
    '"tape_includes_own":false}'
)
RULES = Rules(settings_text=SETTINGS, release="bench", python="any", partitions=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of a day."""

    instruments: int = 64
    orders: int = 20_000
    orders_per_round: int = 160
    members: int = 104  # Of a parent; its window closes with them.
    min_slice_qty: int = 2_400  # A slice is spread over three or four venues.
    horizon_ns: int = 130 * SECOND_NS  # End of every order's window, after the open.
    window_ns: int = 65 * SECOND_NS  # Of aggregation.
    round_ns: int = SECOND_NS // 2
    interval_ns: int = SECOND_NS  # Between two schedule points.
    join_until_ppm: int = 1_000  # Of a working parent's horizon.
    must_complete: bool = False
    sells: bool = True  # One order of three sells; else all buy.
    seed: int = 7


# --------------------------------------------------------------------------------- inputs


def instrument(number: int) -> str:
    return f"US{number:04}"


def before_open(shape: Shape, open_ns: int = OPEN_NS) -> list[Input]:
    """Reference data, controls and the open of the day."""
    before_ns = open_ns - SECOND_NS
    events: list[Input] = []
    for number in range(shape.instruments):
        events += (
            InstrumentDefined(
                instrument_id=instrument(number),
                symbol=instrument(number),
                currency="USD",
                lot_qty=LOT_QTY,
                adv_qty=50_000_000,
                daily_volatility_ppm=15_000,
                previous_close_px=(50 + number) * 1_000_000_000,
                effective_day=DAY,
            ),
            TickTableDefined(
                instrument_id=instrument(number),
                bands=(TickBand(from_px=0, tick_px=TICK_PX),),
                effective_day=DAY,
            ),
            VolumeCurveDefined(
                instrument_id=instrument(number),
                edges_ns=tuple(SESSION_NS * edge // 13 for edge in range(14)),
                volumes_qty=tuple(1_000_000 + 100_000 * abs(6 - edge) for edge in range(13)),
                effective_day=DAY,
            ),
        )
    events += [
        VenueDefined(
            venue=venue,
            name=venue,
            kind=VenueKind.LIT if venue in LIT else VenueKind.DARK,
            protected=venue in LIT,
            posts=True,
            midpoint=venue in HIDDEN,
            min_qty=1,
            odd_lots=True,
            effective_day=DAY,
        )
        for venue in (*LIT, *HIDDEN)
    ]
    events += [
        MandateSet(
            client_id=client,
            active=True,
            dark_allowed=True,
            excluded_venues=(),
            crossing_consent=number % 5 == 0,
            max_participation_ppm=900_000,
            set_by="bench",
            set_ns=before_ns,
        )
        for number, client in enumerate(CLIENTS)
    ]
    events += [
        RiskLimitSet(
            scope=ControlScope.FIRM,
            scope_id="",
            max_order_qty=10_000_000,
            max_order_notional_cur=1_000_000_000,
            collar_ppm=100_000,
            currency="USD",
            set_by="bench",
            set_ns=before_ns,
        ),
        policy(shape),
        DayOpened(
            day=DAY, open_ns=open_ns, close_ns=open_ns + SESSION_NS, seed=7, set_ns=before_ns
        ),
    ]
    return events


def policy(shape: Shape) -> PolicySet:
    return PolicySet(
        policy_id="bench",
        window_ns=shape.window_ns,
        window_members=shape.members,
        window_notional_cur=10**12,
        join_until_ppm=shape.join_until_ppm,
        cross_quote_age_ns=30 * SECOND_NS,
        strategy=Strategy.AUTO,
        router=Router.AUTO,
        allocation_rule=AllocationRule.QUOTA,
        interval_ns=shape.interval_ns,
        tracking_band_ppm=50_000,
        min_slice_qty=shape.min_slice_qty,
        max_slice_ppm=100_000,
        participation_ppm=800_000,
        horizon_high_ns=60 * SECOND_NS,
        horizon_normal_ns=60 * SECOND_NS,
        risk_aversion_e12=1_000_000,
        send_within_ns=SECOND_NS,
        set_by="bench",
        set_ns=OPEN_NS - SECOND_NS,
    )


def quote(number: int, venue: str, step: int, at_ns: int) -> QuoteObserved:
    """A quote of the instrument; its price moves by a tick now and then."""
    mid_px = (50 + number) * 1_000_000_000 + (step // 16 % 5) * TICK_PX
    return QuoteObserved(
        venue=venue,
        instrument_id=instrument(number),
        bid_px=mid_px - TICK_PX,
        bid_qty=5_000 + step % 7 * LOT_QTY,
        ask_px=mid_px + TICK_PX,
        ask_qty=5_000 + step % 5 * LOT_QTY,
        event_ns=at_ns - 50_000,
        received_ns=at_ns,
    )


def orders_of(shape: Shape, numbers: range, end_ns: int) -> Iterator[OrderSubmitted]:
    """An instrument's orders share a benchmark, so those of one side share a parent."""
    chance = random.Random(shape.seed)  # noqa: S311  A seeded script, no secret.
    for n in numbers:
        number = n % shape.instruments
        is_sell = shape.sells and n // shape.instruments % 3 == 2
        yield OrderSubmitted(
            source=SOURCES[n % len(SOURCES)],
            cl_ord_id=f"C{n:08}",
            client_id=CLIENTS[chance.randrange(len(CLIENTS))],
            instrument_id=instrument(number),
            side=Side.SELL if is_sell else Side.BUY,
            order_qty=LOT_QTY * chance.randint(1, 9),
            order_type=OrderType.MARKET,
            limit_px=None,
            time_in_force=TimeInForce.DAY,
            urgency=Urgency.NORMAL,
            benchmark=BENCHMARKS[number % len(BENCHMARKS)],
            start_ns=None,
            end_ns=end_ns,
            max_participation_ppm=None,
            no_dark=False,
            excluded_venues=(),
            crossing_consent=None,
            must_complete=shape.must_complete,
            capacity=Capacity.AGENCY,
            settlement="REGULAR",
            currency="USD",
            decision_px=None,
            received_ns=OPEN_NS,
        )


def trade(number: int, at_ns: int) -> TradeObserved:
    """A print so large that the cap on participation binds no order."""
    return TradeObserved(
        venue=LIT[number % len(LIT)],
        instrument_id=instrument(number),
        last_px=(50 + number) * 1_000_000_000,
        last_qty=50_000,
        eligible=True,
        conditions="",
        event_ns=at_ns - 50_000,
        received_ns=at_ns,
    )


def market(shape: Shape, step: int, now_ns: int) -> Iterator[Input]:
    """A quote for half of the instruments, a print for a quarter of them; each in its turn."""
    for number in range(step % 2, shape.instruments, 2):
        yield quote(number, LIT[step // 2 % len(LIT)], step, now_ns)
    for number in range(step % 4, shape.instruments, 4):
        yield trade(number, now_ns)


def first_quotes(shape: Shape, at_ns: int) -> Iterator[Input]:
    """Every instrument at every lit venue."""
    return (quote(number, venue, 0, at_ns) for number in range(shape.instruments) for venue in LIT)
