"""Our own impact on the recorded market, fed back into it (Almgren, Thum, Hauptmann, Li 2005).

A recorded market goes on as if we had not traded. Where impact is asked for, each of our fills
moves the prices that come after it, in the log as at the venues:

    permanent   I = gamma * sigma * (X / V) * (Theta / V)^(1/4)      of the price, for good
    temporary   K = eta * sigma * v^(3/5)                            of the price, at the rate v

with X our signed fills, V the volume of a day, sigma the volatility of a day, and v our rate of
trading in volumes a day. The permanent part is linear, so fills add up whatever their sizes. The
paper has a constant rate over the order; here v is the average of our fills with weights that
halve every `HALF_LIFE_NS`. At a constant rate this is the paper's K once some half-lives have
passed; after the last fill it decays. The paper takes the price half an hour after an order as
free of temporary impact; with the half-life of five minutes (guess) 2^(-6 * 3/5), a twelfth, is
left then.

gamma and eta are those of the paper, measured on US orders of Citigroup from 2001 to 2003.
Theta / V, the days in which a company's shares are traded once, is no part of our reference data:
200 (guess; the paper's examples are 263 for IBM and 87 for DRI), of which the fourth root matters.

Prices move by whole ticks, rounded to the nearest: quotes of a venue keep their spread and their
sizes. A change is seen with the next record of the instrument: before it, every venue's last quote
that was recorded recently enough to count comes again, moved and dated now, as venues requote. So
what we took at the old price is back at the new one.
The half spread that a taker pays comes on top, although the paper's temporary part has it inside:
the sum is no less than the paper's cost.

Nothing here is drawn: the moves are a function of the fills. Amounts are Decimals in the context of
`exact_math`, so a run is the same on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal, localcontext

from engine.core.events import (
    DayOpened,
    DepthObserved,
    Input,
    Level,
    QuoteObserved,
    Side,
    TradeObserved,
)
from engine.core.market import reference
from engine.core.state.state import State
from engine.core.strategy.exact_math import CONTEXT
from engine.core.units import PPM

GAMMA = Decimal("0.314")  # Almgren et al. 2005.
ETA = Decimal("0.142")  # Almgren et al. 2005.
TEMPORARY_POWER = Decimal("0.6")  # Almgren et al. 2005, 3/5.
INVERSE_TURNOVER = Decimal(200)  # Theta / V, days; guess.
HALF_LIFE_NS = 300_000_000_000  # Of the temporary part's rate; guess.
LN_2 = CONTEXT.ln(Decimal(2))

OBSERVED = (QuoteObserved, DepthObserved, TradeObserved)
Observed = QuoteObserved | DepthObserved | TradeObserved


@dataclass(slots=True)
class Moved:
    """The effect of our fills on one instrument."""

    permanent_px: Decimal = Decimal(0)  # 1e-9 currency units; positive is up.
    flow_qty: Decimal = Decimal(0)  # Signed fills, each halved every half-life.
    flow_ns: int = 0
    last_px: int = 0  # Of our last fill; the temporary part is a part of it.
    ticks: int = 0  # By which prices are moved now.
    quotes: dict[str, QuoteObserved] = field(default_factory=dict)  # By venue, as recorded.


class Impact:
    """The moves of all instruments of a day."""

    def __init__(self, *, inverse_turnover: Decimal = INVERSE_TURNOVER) -> None:
        self._turnover = CONTEXT.sqrt(CONTEXT.sqrt(inverse_turnover))
        self._known = State(shard=0)  # Instruments, ticks and the day.
        self._moved: dict[str, Moved] = {}

    def learn(self, event: Input) -> None:
        """Take reference data and the day; other inputs change nothing."""
        if type(event) in reference.FACTS:
            reference.FACTS[type(event)](self._known, event)
        if isinstance(event, DayOpened):
            self._known.day = event

    def on_fill(
        self, instrument_id: str, side: Side, last_qty: int, last_px: int, at_ns: int
    ) -> None:
        """Let a fill of ours move what comes after it. An instrument without volume stays."""
        instrument = self._known.reference.instruments[instrument_id]
        if instrument.adv_qty <= 0:
            return
        moved = self._moved.setdefault(instrument_id, Moved())
        signed_qty = last_qty if side is Side.BUY else -last_qty
        with localcontext(CONTEXT):
            sigma = Decimal(instrument.daily_volatility_ppm) / PPM
            part = GAMMA * sigma * signed_qty / instrument.adv_qty * self._turnover
            moved.permanent_px += part * last_px
            moved.flow_qty = flow_at(moved, at_ns) + signed_qty
        moved.flow_ns = max(moved.flow_ns, at_ns)
        moved.last_px = last_px

    def moved(self, event: Observed, now_ns: int) -> Sequence[Observed]:
        """A recorded observation as the market shows it now; before it what moves with it."""
        moved = self._moved.setdefault(event.instrument_id, Moved())
        ticks = self._ticks_at(event.instrument_id, moved, now_ns)
        again: list[Observed] = []
        if ticks != moved.ticks:
            moved.ticks = ticks
            recent = (
                quote
                for quote in moved.quotes.values()
                if now_ns - quote.received_ns <= self._known.settings.quote_age_max_ns
            )
            again = [
                replace(self._shifted(quote, ticks), event_ns=now_ns, received_ns=now_ns)
                for quote in sorted(recent, key=lambda quote: quote.received_ns)
                if quote.venue != event.venue or isinstance(event, TradeObserved)
            ]
        if isinstance(event, QuoteObserved):
            moved.quotes[event.venue] = event
        return [*again, self._shifted(event, ticks)]

    def shift_px(self, instrument_id: str, now_ns: int) -> Decimal:
        """By how much prices are moved, 1e-9 currency units, not rounded; positive is up."""
        moved = self._moved.get(instrument_id)
        return Decimal(0) if moved is None else self._shift_px(instrument_id, moved, now_ns)

    def _shift_px(self, instrument_id: str, moved: Moved, now_ns: int) -> Decimal:
        day = self._known.day
        if day is None or not moved.flow_qty:
            return moved.permanent_px
        instrument = self._known.reference.instruments[instrument_id]
        with localcontext(CONTEXT) as context:
            flow_qty = flow_at(moved, now_ns)
            sigma = Decimal(instrument.daily_volatility_ppm) / PPM
            day_ns = day.close_ns - day.open_ns
            rate = abs(flow_qty) * LN_2 * day_ns / HALF_LIFE_NS / instrument.adv_qty
            part = ETA * sigma * context.exp(TEMPORARY_POWER * context.ln(rate))
            return moved.permanent_px + (part * moved.last_px).copy_sign(flow_qty)

    def _ticks_at(self, instrument_id: str, moved: Moved, now_ns: int) -> int:
        """The move in ticks, rounded to the nearest, halves away from zero."""
        if not moved.last_px:
            return 0
        tick_px = reference.tick_px(self._known, instrument_id, moved.last_px)
        with localcontext(CONTEXT):
            ticks = self._shift_px(instrument_id, moved, now_ns) / max(1, tick_px)
            return int(ticks.to_integral_value(rounding=ROUND_HALF_UP))

    def _shifted(self, event: Observed, ticks: int) -> Observed:
        """The observation with each price moved; a missing side stays missing."""
        if not ticks:
            return event

        def px(found_px: int) -> int:
            if found_px <= 0:
                return found_px
            tick_px = reference.tick_px(self._known, event.instrument_id, found_px)
            return max(tick_px, 1, found_px + ticks * tick_px)

        if isinstance(event, QuoteObserved):
            return replace(event, bid_px=px(event.bid_px), ask_px=px(event.ask_px))
        if isinstance(event, TradeObserved):
            return replace(event, last_px=px(event.last_px))
        bids = tuple(Level(px=px(x.px), level_qty=x.level_qty) for x in event.bids)
        asks = tuple(Level(px=px(x.px), level_qty=x.level_qty) for x in event.asks)
        return replace(event, bids=bids, asks=asks)


def flow_at(moved: Moved, now_ns: int) -> Decimal:
    """Our signed fills, each halved every half-life since; needs the context of `exact_math`."""
    elapsed_ns = max(0, now_ns - moved.flow_ns)
    if not moved.flow_qty or not elapsed_ns:
        return moved.flow_qty
    return moved.flow_qty * CONTEXT.exp(-LN_2 * elapsed_ns / HALF_LIFE_NS)
