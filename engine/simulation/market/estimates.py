"""An instrument's usual volume and its volatility from past days, as reference data.

The volume is that of the curve of the same days: the median day, auctions apart, which is what an
order that works through the day can take part in. A mean would be that of the busiest days.

The volatility is realised: the root of the mean over the days of the sum of squared returns, each
over five minutes of continuous prints (Andersen, Bollerslev, Diebold and Labys 2001, "The
distribution of realized exchange rate volatility"; Liu, Patton and Sheppard 2015, "Does anything
beat 5-minute RV?"). So it is of a day from its open to its close, without the night: schedules and
costs are of orders that work within a day.

All else of the instrument is as its last folder says, with that day's last print as the close.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from math import fsum, log, sqrt
from typing import NamedTuple

from engine.core.events import InstrumentDefined, TickTableDefined, VolumeCurveDefined
from engine.simulation.market.data import FolderFacts, MarketData
from engine.simulation.market.reference import instrument_events
from engine.simulation.market.volume_curves import continuous, dashed

RETURN_NS = 300_000_000_000  # Five minutes.
PX = 10**9  # Price units a currency unit.


class DayPrices(NamedTuple):
    """A day's prices in short."""

    facts: FolderFacts
    variance: float  # Sum of squared returns over five minutes.
    close_px: int  # The last print's.


def day_prices(data: MarketData) -> DayPrices:
    """The realised variance of a folder's continuous prints; 0 of less than two prices."""
    last_px: dict[int, int] = {}
    for elapsed_ns, trade in continuous(data):
        # The first print is where the first return begins.
        last_px.setdefault(-1, trade.last_px)
        last_px[elapsed_ns // RETURN_NS] = trade.last_px
    pxs = list(last_px.values())
    returns = (log(after / before) for before, after in pairwise(pxs))
    variance = fsum(each * each for each in returns)
    return DayPrices(data.facts, variance, pxs[-1] if pxs else 0)


def instrument(
    days: Sequence[DayPrices], curve: VolumeCurveDefined
) -> tuple[InstrumentDefined, TickTableDefined]:
    """The instrument and its ticks from the curve's day on, by the days of its curve.

    Raises ValueError if there is no day.
    """
    last = max(days, key=lambda each: each.facts.day)
    defined, ticks, *_ = instrument_events(last.facts)
    assert isinstance(defined, InstrumentDefined), "the first of them"
    assert isinstance(ticks, TickTableDefined), "the second of them"
    mean = fsum(each.variance for each in days) / len(days)
    estimated = replace(
        defined,
        adv_qty=sum(curve.volumes_qty),
        daily_volatility_ppm=round(1_000_000 * sqrt(mean)),
        previous_close_px=last.close_px,
        effective_day=curve.effective_day,
    )
    return estimated, replace(ticks, effective_day=curve.effective_day)


def as_toml(defined: InstrumentDefined, ticks: TickTableDefined) -> str:
    """The tables of a reference file that `metaorder reference load` takes."""
    bands = ", ".join(
        f'{{ from = "{_currency(band.from_px)}", tick = "{_currency(band.tick_px)}" }}'
        for band in ticks.bands
    )
    return (
        "[[instrument]]\n"
        f'instrument_id = "{defined.instrument_id}"\n'
        f'symbol = "{defined.symbol}"\n'
        f'currency = "{defined.currency}"\n'
        f"effective_day = {dashed(defined.effective_day)}\n"
        f"lot_qty = {defined.lot_qty}\n"
        f"adv_qty = {defined.adv_qty}\n"
        f'daily_volatility = "{defined.daily_volatility_ppm / 10_000:.4f}%"\n'
        f'previous_close = "{_currency(defined.previous_close_px)}"\n'
        f'calendar_id = "{defined.calendar_id}"\n'
        "\n[[tick_table]]\n"
        f'instrument_id = "{ticks.instrument_id}"\n'
        f"effective_day = {dashed(ticks.effective_day)}\n"
        f"bands = [{bands}]\n"
    )


def _currency(px: int) -> str:
    """Price units as currency units, exactly."""
    return f"{Decimal(px) / PX:f}"
