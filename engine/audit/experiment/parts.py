"""The parts of a small order in each figure: a numerator and a denominator.

A figure is the sum of the numerators over the sum of the denominators, of whatever orders are
taken together, so figures of groups, blocks and resamples come from the same parts. Costs are
positive: d * (price - benchmark) with d = +1 for a buy and -1 for a sale; bps are of the benchmark.
The rest of an order, which it wanted and did not get, is swept: it is taken at the end of the
order's window at the far side of the last quote, whatever its size and the order's limit, and pays
that venue's fee for taking. Quantity that the client withdrew is not wanted.
Source of the signs and of the shortfall's parts: Perold (1988); docs/views.md, `tca_order`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.audit.experiment.touch import Moment, Touch
from engine.core.events import Side

BPS = 1e4
SECOND_NS = 1_000_000_000
HORIZONS_S = (1, 10, 60)  # Of markouts.
OWN_WINDOW_MIN_NS = 60 * SECOND_NS  # Shorter windows have no average price to speak of.
TAKE, POST, MIDPOINT, CROSS, PRINT = "take", "post", "midpoint", "cross", "print"
VENUE_WAYS = (TAKE, POST, MIDPOINT)


class Part(NamedTuple):
    """The numerator and denominator that an order adds to a figure."""

    num: float
    den: float


Parts = Mapping[str, Part]


class Terms(NamedTuple):
    """A small order as it was accepted; the same in every run. Prices in 1e-9 currency units."""

    name: str  # Source and its id of the order.
    instrument_id: str
    side: Side
    asked_qty: int
    lot_qty: int
    limit_px: int | None
    urgency: str
    benchmark: str  # That the order names; NONE without one.
    strategy: str  # Of the first schedule of its tranche; of a baseline, that of the first run.
    arrival_ns: int
    start_ns: int  # Of its window, not before its acceptance.
    end_ns: int  # Not after the close.
    arrival_px: float | None  # The midpoint at its acceptance.
    decision_px: float | None
    vwap_px: float | None  # Of the others' eligible prints in its window.

    @property
    def sign(self) -> int:
        return 1 if self.side is Side.BUY else -1


class Execution(NamedTuple):
    """A part of an order that was executed; prices in 1e-9 currency units."""

    way: str
    qty: int
    px: float
    mid_px: float | None  # At the execution.
    fee_px: float = 0.0  # An increment.
    at_ns: int = 0
    is_dark: bool = False  # At a venue that shows nothing, or an ATS.
    route_mid_px: float | None = None  # That its route saw.
    half_spread_px: float | None = None  # That its route saw.


class AsAsked(NamedTuple):
    """An order's benchmarks as it was accepted, by which other measures of a projection go."""

    arrival_px: float | None  # The midpoint that the order's own event holds.
    vwap_px: float | None  # Of the window that it first asked for.
    window_ns: int
    is_market: bool  # At the end, after its amends.


class Result(NamedTuple):
    """The result of an order in a run."""

    terms: Terms
    wanted_qty: int  # Without what the client withdrew.
    executions: Sequence[Execution]
    messages: float = 0.0  # New children and cancels, a member's part of its parent's.
    release_px: float | None = None  # When its parent was released; None is the arrival.
    whole_qty: int | None = None  # With what the client withdrew; None is the wanted quantity.
    measured: AsAsked | None = None  # None takes these from the terms.
    is_followed: bool = True  # Whether the market after its fills is measured.

    @property
    def done_qty(self) -> int:
        return sum(x.qty for x in self.executions)

    @property
    def rest_qty(self) -> int:
        return max(0, self.wanted_qty - self.done_qty)

    @property
    def notional(self) -> float:
        """Price times quantity of what was executed, 1e-9 currency units."""
        return sum(x.qty * x.px for x in self.executions)

    def moments(self) -> Iterator[Moment]:
        """The moments at which the market must be known to measure it."""
        if self.rest_qty:
            yield self.terms.instrument_id, self.terms.end_ns
        for each in self.executions if self.is_followed else ():
            if each.way in VENUE_WAYS:
                for seconds in HORIZONS_S:
                    yield self.terms.instrument_id, each.at_ns + seconds * SECOND_NS


def parts_of(result: Result, market: Mapping[Moment, Touch | None]) -> dict[str, Part]:
    """The parts of every figure that the order has; one without its benchmark is left out."""
    terms = result.terms
    swept = market.get((terms.instrument_id, terms.end_ns)) if result.rest_qty else None
    return {
        **dict(_costs(result, swept)),
        **dict(_shortfall(result, swept)),
        **dict(_places(result)),
        **dict(_executed(result)),
        **dict(_markouts(result, market)),
    }


def _costs(result: Result, swept: Touch | None) -> Iterator[tuple[str, Part]]:
    """Costs with the rest swept, before fees; weights are quantities."""
    terms, qty = result.terms, result.wanted_qty
    if qty <= 0 or (swept is None and result.rest_qty):
        return
    at_mid = [x for x in result.executions if x.mid_px]
    against_mid = sum(x.qty * cost_bps(terms.sign, x.px, x.mid_px or x.px) for x in at_mid)
    known_qty = sum(x.qty for x in at_mid)
    whole = result.notional
    if swept is not None:
        px = swept.far_px(terms.side)
        against_mid += result.rest_qty * cost_bps(terms.sign, px, swept.mid_px)
        known_qty += result.rest_qty
        whole += result.rest_qty * px
    average_px = whole / (result.done_qty + result.rest_qty)
    yield "fill_bps", Part(against_mid, known_qty)
    if terms.arrival_px:
        yield "arrival_bps", Part(qty * cost_bps(terms.sign, average_px, terms.arrival_px), qty)
    if terms.vwap_px:
        slip = qty * cost_bps(terms.sign, average_px, terms.vwap_px)
        yield "vwap_bps", Part(slip, qty)
        yield "tracking_bps", Part(abs(slip), qty)


def _shortfall(result: Result, swept: Touch | None) -> Iterator[tuple[str, Part]]:
    """Implementation shortfall and its parts, which add up; weighted by value at the decision."""
    terms, qty = result.terms, result.wanted_qty
    arrival_px = terms.arrival_px
    if qty <= 0 or not arrival_px or (swept is None and result.rest_qty):
        return
    decision_px = terms.decision_px or arrival_px
    release_px = result.release_px or arrival_px
    fees = sum(x.qty * x.fee_px for x in result.executions)
    opportunity = 0.0
    if swept is not None:
        opportunity = result.rest_qty * (swept.far_px(terms.side) - release_px)
        fees += result.rest_qty * swept.take_fee_px(terms.side)
    costs = {
        "delay_bps": terms.sign * qty * (arrival_px - decision_px),
        "aggregation_bps": terms.sign * qty * (release_px - arrival_px),
        "trading_bps": terms.sign * (result.notional - result.done_qty * release_px),
        "opportunity_bps": terms.sign * opportunity,
        "fees_bps": fees,
    }
    for name, cost in costs.items():
        yield name, Part(cost * BPS, decision_px * qty)
    yield "shortfall_bps", Part(sum(costs.values()) * BPS, decision_px * qty)


def _places(result: Result) -> Iterator[tuple[str, Part]]:
    """The places where the wanted quantity was filled, and the messages that it took."""
    done = dict.fromkeys((CROSS, TAKE, POST, MIDPOINT, PRINT), 0)
    for each in result.executions:
        done[each.way] += each.qty
    if result.wanted_qty > 0:
        qty = result.wanted_qty
        yield "completion", Part(min(qty, result.done_qty), qty)
        for way, part_qty in done.items():
            yield f"{way}_share", Part(part_qty, qty)
        yield "dark_share", Part(sum(x.qty for x in result.executions if x.is_dark), qty)
        yield "swept_share", Part(result.rest_qty, qty)
    yield "messages", Part(result.messages, 1)


def _executed(result: Result) -> Iterator[tuple[str, Part]]:
    """Figures of what was executed alone, as other measures of a projection have them."""
    terms, done_qty = result.terms, result.done_qty
    whole_qty = result.wanted_qty if result.whole_qty is None else result.whole_qty
    asked = result.measured or AsAsked(
        terms.arrival_px,
        terms.vwap_px,
        terms.end_ns - terms.start_ns,
        terms.limit_px is None,
    )
    if asked.arrival_px:
        yield "executed_share", Part(done_qty, whole_qty)
    if done_qty and asked.arrival_px:
        cost = cost_bps(terms.sign, result.notional / done_qty, asked.arrival_px)
        yield "executed_arrival_bps", Part(done_qty * cost, done_qty)
    is_long = asked.window_ns >= OWN_WINDOW_MIN_NS
    if done_qty and asked.vwap_px and asked.is_market and is_long:
        slip = whole_qty * cost_bps(terms.sign, result.notional / done_qty, asked.vwap_px)
        yield "executed_vwap_bps", Part(slip, whole_qty)
        yield "executed_tracking_bps", Part(abs(slip), whole_qty)
    at_venues = [x for x in result.executions if x.way in VENUE_WAYS]
    venue_qty = sum(x.qty for x in at_venues)
    for way in VENUE_WAYS:
        yield (
            f"executed_{way}_share",
            Part(sum(x.qty for x in at_venues if x.way == way), venue_qty),
        )
    yield "executed_dark_share", Part(sum(x.qty for x in at_venues if x.is_dark), venue_qty)
    seen = [x for x in at_venues if x.mid_px and x.route_mid_px is not None]
    qty = sum(x.qty for x in seen)
    yield (
        "executed_fill_bps",
        Part(sum(x.qty * cost_bps(terms.sign, x.px, x.mid_px or x.px) for x in seen), qty),
    )
    yield "executed_fee_bps", Part(sum(x.qty * x.fee_px / x.px * BPS for x in seen), qty)
    wide = [(x, x.half_spread_px) for x in seen if x.half_spread_px]
    yield (
        "executed_half_spreads",
        Part(
            sum(x.qty * terms.sign * (x.px - (x.route_mid_px or x.px)) / half for x, half in wide),
            sum(x.qty for x, _ in wide),
        ),
    )


def _markouts(result: Result, market: Mapping[Moment, Touch | None]) -> Iterator[tuple[str, Part]]:
    """The midpoint's move after each fill, from its price; positive went our way."""
    terms = result.terms
    for way in VENUE_WAYS:
        filled = [x for x in result.executions if x.way == way]
        for seconds in HORIZONS_S:
            later = [
                (x, market.get((terms.instrument_id, x.at_ns + seconds * SECOND_NS)))
                for x in filled
            ]
            moved = [
                (x.qty, terms.sign * (touch.mid_px - x.px) / x.px * BPS)
                for x, touch in later
                if touch is not None
            ]
            if moved:
                yield (
                    f"markout_{way}_{seconds}s_bps",
                    Part(sum(qty * bps for qty, bps in moved), sum(qty for qty, _ in moved)),
                )


def cost_bps(sign: int, px: float, benchmark_px: float) -> float:
    """Cost of a price against a benchmark, bps of the benchmark; positive is a cost."""
    return sign * (px - benchmark_px) / benchmark_px * BPS
