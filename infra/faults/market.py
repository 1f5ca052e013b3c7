"""The small market of the simulations: two instruments on two shards, two venues, quick orders.

Orders are decided, worked and ended within seconds, so that a short day holds the whole life of
many of them.
"""

import json
import platform

from engine.core import events as e
from engine.core.events import Input
from engine.runtime.shard import Rules

S = 1_000_000_000
MS = 1_000_000
CENT_PX = 10_000_000
MID_PX = 100 * S  # A hundred currency units.
DAYS = (20180102, 20180103)
BEGIN_NS = 1_514_903_400 * S  # 2018-01-02 09:30 in New York.
CLOSE_NS = BEGIN_NS + 14 * S  # The venues' last session ends.
# Where a run has two days, the first ends here, in the middle of the faults.
FIRST_CLOSE_NS = BEGIN_NS + 4 * S
FIRST_CLOSED_NS = FIRST_CLOSE_NS + 700 * MS
NEXT_OPEN_NS = FIRST_CLOSED_NS + 400 * MS
PARTITIONS = 2
INSTRUMENTS = ("I00", "I01")  # One on each shard.
VENUES = ("A", "B")
CLIENTS = ("C1", "C2")
OMS = "OMS"
EVICT_AFTER_NS = 300 * MS  # So soon that many late messages are for evicted parents.
ADV_QTY = 1_000_000
ACK_WITHIN_NS = 3 * S  # The policy's default.


def rules() -> Rules:
    settings = {
        "limit_band_px": 10 * CENT_PX,
        "partitions": PARTITIONS,
        "quote_age_max_ns": 30 * S,
        "tape_includes_own": False,
    }
    return Rules(
        settings_text=json.dumps(settings, sort_keys=True, separators=(",", ":")),
        release="simulated",
        python=".".join(platform.python_version_tuple()[:2]),
        partitions=PARTITIONS,
        evict_after_ns=EVICT_AFTER_NS,
    )


def first_facts(ack_within_ns: int = ACK_WITHIN_NS) -> list[Input]:
    """Reference and controls."""
    found: list[Input] = [
        e.VenueDefined(
            venue=venue,
            name=venue,
            kind=e.VenueKind.LIT,
            protected=True,
            posts=True,
            midpoint=False,
            min_qty=1,
            odd_lots=True,
            effective_day=DAYS[0],
        )
        for venue in VENUES
    ]
    for instrument_id in INSTRUMENTS:
        found.append(
            e.InstrumentDefined(
                instrument_id=instrument_id,
                symbol=instrument_id,
                currency="USD",
                lot_qty=1,
                adv_qty=ADV_QTY,
                daily_volatility_ppm=15_000,
                previous_close_px=MID_PX,
                effective_day=DAYS[0],
            )
        )
        found.append(
            e.TickTableDefined(
                instrument_id=instrument_id,
                bands=(e.TickBand(from_px=0, tick_px=CENT_PX),),
                effective_day=DAYS[0],
            )
        )
    found += [policy(ack_within_ns), limit()]
    found += [mandate(client_id) for client_id in CLIENTS]
    return found


def policy(ack_within_ns: int) -> e.PolicySet:
    return e.PolicySet(
        policy_id="quick",
        window_ns=S // 5,
        window_members=4,
        window_notional_cur=10**9,
        join_until_ppm=500_000,
        cross_quote_age_ns=30 * S,
        strategy=e.Strategy.AUTO,
        router=e.Router.AUTO,
        allocation_rule=e.AllocationRule.QUOTA,
        interval_ns=2 * S,
        tracking_band_ppm=20_000,
        min_slice_qty=1,
        max_slice_ppm=1_000_000,
        participation_ppm=100_000,
        horizon_high_ns=4 * S,
        horizon_normal_ns=8 * S,
        risk_aversion_e12=1_000_000,
        send_within_ns=5 * S,
        ack_within_ns=ack_within_ns,
        set_by="desk",
        set_ns=BEGIN_NS,
    )


def limit() -> e.RiskLimitSet:
    """Far above every order."""
    return e.RiskLimitSet(
        scope=e.ControlScope.FIRM,
        scope_id="",
        currency="USD",
        max_order_qty=10**9,
        set_by="desk",
        set_ns=BEGIN_NS,
    )


def mandate(client_id: str) -> e.MandateSet:
    return e.MandateSet(
        client_id=client_id,
        active=True,
        dark_allowed=True,
        excluded_venues=(),
        crossing_consent=True,
        max_participation_ppm=900_000,
        set_by="desk",
        set_ns=BEGIN_NS,
    )


def quote(instrument_id: str, venue: str, at_ns: int, ticks: int) -> e.QuoteObserved:
    """Two cents wide around the middle, moved by `ticks`."""
    mid_px = MID_PX + ticks * CENT_PX
    return e.QuoteObserved(
        venue=venue,
        instrument_id=instrument_id,
        bid_px=mid_px - CENT_PX,
        bid_qty=500,
        ask_px=mid_px + CENT_PX,
        ask_qty=500,
        event_ns=at_ns,
        received_ns=at_ns,
    )


def trade(instrument_id: str, venue: str, at_ns: int, ticks: int) -> e.TradeObserved:
    return e.TradeObserved(
        venue=venue,
        instrument_id=instrument_id,
        last_px=MID_PX + ticks * CENT_PX,
        last_qty=300,
        eligible=True,
        conditions="",
        event_ns=at_ns,
        received_ns=at_ns,
    )


def order(
    cl_ord_id: str,
    instrument_id: str,
    side: e.Side,
    order_qty: int,
    limit_ticks: int | None,
    urgency: e.Urgency,
    time_in_force: e.TimeInForce,
    at_ns: int,
) -> e.OrderSubmitted:
    return e.OrderSubmitted(
        source=OMS,
        cl_ord_id=cl_ord_id,
        client_id=CLIENTS[order_qty % len(CLIENTS)],
        instrument_id=instrument_id,
        side=side,
        order_qty=order_qty,
        order_type=e.OrderType.MARKET if limit_ticks is None else e.OrderType.LIMIT,
        limit_px=None if limit_ticks is None else MID_PX + limit_ticks * CENT_PX,
        time_in_force=time_in_force,
        urgency=urgency,
        benchmark=e.Benchmark.ARRIVAL,
        start_ns=None,
        end_ns=None,
        max_participation_ppm=None,
        no_dark=False,
        excluded_venues=(),
        crossing_consent=None,
        must_complete=True,
        capacity=e.Capacity.AGENCY,
        settlement="REGULAR",
        currency=None,
        decision_px=None,
        received_ns=at_ns,
    )


def cancel(number: int, orig_cl_ord_id: str, instrument_id: str, at_ns: int) -> Input:
    return e.OrderCancelRequested(
        source=OMS,
        cl_ord_id=f"X{number}",
        orig_cl_ord_id=orig_cl_ord_id,
        instrument_id=instrument_id,
        received_ns=at_ns,
    )


def amend(
    number: int, orig_cl_ord_id: str, instrument_id: str, order_qty: int, at_ns: int
) -> Input:
    return e.OrderAmendRequested(
        source=OMS,
        cl_ord_id=f"A{number}",
        orig_cl_ord_id=orig_cl_ord_id,
        instrument_id=instrument_id,
        order_qty=order_qty,
        limit_px=None,
        received_ns=at_ns,
    )


def kill_switch(
    scope: e.ControlScope, scope_id: str, at_ns: int, *, engaged: bool
) -> e.KillSwitchSet:
    return e.KillSwitchSet(
        scope=scope, scope_id=scope_id, engaged=engaged, set_by="desk", text="drill", set_ns=at_ns
    )


def lifted(scope: e.ControlScope, scope_id: str, at_ns: int) -> e.SuspensionLifted:
    return e.SuspensionLifted(
        scope=scope, scope_id=scope_id, set_by="desk", text="seen to", set_ns=at_ns
    )


def day_opened(day: int, close_ns: int, at_ns: int) -> e.DayOpened:
    return e.DayOpened(day=day, open_ns=BEGIN_NS, close_ns=close_ns, seed=7, set_ns=at_ns)


def day_closed(day: int, at_ns: int) -> e.DayClosed:
    return e.DayClosed(day=day, set_ns=at_ns)
