"""A day of simulated venues that tests talk to in cents, shares and milliseconds after the open."""

from dataclasses import replace
from typing import Any

from engine.core.events import (
    ChildRouted,
    ChildTimeInForce,
    ChildType,
    DayOpened,
    ExecType,
    ExecutionReported,
    InstrumentDefined,
    QuoteObserved,
    SaleMarking,
    Side,
    TickBand,
    TickTableDefined,
    TradeObserved,
)
from engine.simulation.market.reference import venue_events
from engine.simulation.venues.behaviour import FAULTLESS, Behaviour
from engine.simulation.venues.venues import Venues

DAY = 20180102
OPEN_NS = 1_514_903_400_000_000_000
CLOSE_NS = 1_514_926_800_000_000_000
DAWN_NS = OPEN_NS - 3_600_000_000_000
MS_NS = 1_000_000
SECOND_NS = 1_000_000_000
CENT_PX = 10_000_000
ALWAYS_PPM = 1_000_000
ONE_POOL = {"DPX1": ALWAYS_PPM}


class Day:
    """A day of venues that tests talk to in cents, shares and milliseconds after the open."""

    def __init__(self, behaviour: Behaviour = FAULTLESS, seed: int = 7) -> None:
        self.venues = Venues(seed, replace(behaviour, jitter_ppm=0))
        self.answers = self.venues.advance(0)  # None yet.
        self.routed = 0
        for event in venue_events(DAY):
            self.venues.observe(event)
        self.venues.observe(
            InstrumentDefined(
                instrument_id="XXX",
                symbol="XXX",
                currency="USD",
                lot_qty=100,
                adv_qty=1,
                daily_volatility_ppm=1,
                previous_close_px=10_000 * CENT_PX,
                effective_day=DAY,
            )
        )
        self.venues.observe(
            TickTableDefined(
                instrument_id="XXX",
                bands=(TickBand(from_px=0, tick_px=CENT_PX),),
                effective_day=DAY,
            )
        )
        self.open()

    def open(self) -> None:
        self.answers += self.venues.observe(
            DayOpened(
                day=DAY, open_ns=OPEN_NS, close_ns=CLOSE_NS, seed=1, set_ns=OPEN_NS - SECOND_NS
            )
        )

    def quote(self, at_ms: int, venue: str, bid: tuple[int, int], ask: tuple[int, int]) -> None:
        at_ns = OPEN_NS + at_ms * MS_NS
        self.answers += self.venues.observe(
            QuoteObserved(
                venue=venue,
                instrument_id="XXX",
                bid_px=bid[0] * CENT_PX,
                bid_qty=bid[1],
                ask_px=ask[0] * CENT_PX,
                ask_qty=ask[1],
                event_ns=at_ns,
                received_ns=at_ns,
            )
        )

    def trade(self, at_ms: int, venue: str, cents: float, qty: int, **changes: Any) -> None:  # noqa: ANN401  Any field.
        at_ns = OPEN_NS + at_ms * MS_NS
        trade = TradeObserved(
            venue=venue,
            instrument_id="XXX",
            last_px=int(cents * CENT_PX),
            last_qty=qty,
            eligible=True,
            conditions="",
            event_ns=at_ns,
            received_ns=at_ns,
        )
        self.answers += self.venues.observe(replace(trade, **changes))

    def route(self, at_ms: int, venue: str, qty: int, cents: int, **changes: Any) -> str:  # noqa: ANN401  Any field.
        """Route a limit buy that may rest, unless the changes say otherwise."""
        self.routed += 1
        child_id = f"0-{self.routed}"
        child = replace(child_routed(venue, qty, cents * CENT_PX), **changes)
        self.answers += self.venues.on_route(child, child_id, OPEN_NS + at_ms * MS_NS)
        return child_id

    def cancel(self, at_ms: int, child_id: str) -> None:
        self.answers += self.venues.on_cancel(child_id, OPEN_NS + at_ms * MS_NS)

    def ask(self, at_ms: int, child_id: str) -> None:
        at_ns = OPEN_NS + at_ms * MS_NS
        self.answers += self.venues.on_status_request(child_id, at_ns)

    def until(self, at_ms: int) -> None:
        self.answers += self.venues.advance(OPEN_NS + at_ms * MS_NS)

    def reports(self, child_id: str = "0-1") -> list[ExecutionReported]:
        events = (due.event for due in self.answers)
        return [x for x in events if isinstance(x, ExecutionReported) and x.child_id == child_id]

    def story(self, child_id: str = "0-1") -> list[tuple[str, int, int]]:
        """Type, last and leaves of each report on a child."""
        reports = self.reports(child_id)
        return [(report.exec_type.value, report.last_qty, report.leaves_qty) for report in reports]

    def filled(self, child_id: str = "0-1") -> int:
        return sum(x.last_qty for x in self.reports(child_id) if x.exec_type is ExecType.TRADE)


def child_routed(venue: str, qty: int, limit_px: int) -> ChildRouted:
    return ChildRouted(
        slice_id="0-0",
        parent_id="0-0",
        instrument_id="XXX",
        side=Side.BUY,
        venue=venue,
        child_qty=qty,
        child_type=ChildType.LIMIT,
        limit_px=limit_px,
        time_in_force=ChildTimeInForce.DAY,
        min_qty=0,
        send_before_ns=CLOSE_NS,
        bid_px=0,
        ask_px=0,
        quote_age_ns=0,
        venue_qty=0,
        reference_px=0,
        good_px=0,
        band_px=0,
        scorecard_version=0,
        cell="",
        fill_ppm=0,
        fill_within_ns=0,
        ends_filled_ppm=0,
        tail_ppm=0,
        left_qty=0,
        wanted_qty=0,
        tactic="",
        filled_millibps=0,
        adverse_millibps=0,
        missed_millibps=0,
        claims=(),
        score_millibps=0,
        runners_up=(),
        rejected_by_reason=(),
        client_ids=(),
        sale_marking=SaleMarking.LONG,
        settl_date=0,
    )


IOC = {"time_in_force": ChildTimeInForce.IOC}
PEG = {"child_type": ChildType.MIDPOINT_PEG}
SELL = {"side": Side.SELL}
