"""A volume curve from past days' prints: the median day of an instrument, as reference data.

A day is its shares: the part of its volume in each bucket of trading time from the open. The curve
is the median of each bucket's share over the days, because volumes are skewed and one block or
news must not bend it, times the median volume of a day. This is the historical curve, the base
case of Satish, Saxena and Palmer (2014), "Predicting intraday trading volume and volume
percentages", and the static part of Bialkowski, Darolles and Le Fol (2008), "Improving VWAP
strategies: a dynamic volume approach", which take averages.

Each bucket states its error: the median distance of a day's share from the curve's, relative to it,
times 1.4826, as that of normal errors is their standard deviation. One day has none. The usual
volume goes to the instrument too, with the volatility of the days (`estimates.py`).

Prints that count for volume (`conditions.py`) and lie in a session are used, auctions apart: an
order that works through the day can't trade in them. A tape whose codes name no auctions leaves
them in. Days are of one instrument and of one length of trading time: a half-day has its own shape.
A curve is in force after its last day, never on a day that it was made from.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from statistics import median
from typing import NamedTuple

from engine.core.events import TradeObserved, VolumeCurveDefined
from engine.log.port import EngineError
from engine.simulation.market.conditions import AUCTION_CODES
from engine.simulation.market.data import MarketData

BUCKETS_MAX = 1_000  # As the engine takes at most.
SHARE = 10**9  # A day's volume, in the shares of its buckets.
PPM = 1_000_000
NORMAL_E4 = 14_826  # Of a normal error's standard deviation over its median size, 1e-4.


class VolumeCurveError(EngineError):
    """Folders that make no curve; the message names one and the way out."""


class DayVolume(NamedTuple):
    """A day's continuous volume by bucket."""

    day: int  # yyyymmdd.
    instrument_id: str
    trading_ns: int  # Length of the sessions together.
    volumes_qty: tuple[int, ...]


def day_volume(data: MarketData, buckets: int) -> DayVolume:
    """The volume of a folder in equal buckets of its trading time, smallest increments."""
    facts, trading_ns = data.facts, length_ns(data)
    volumes = [0] * buckets
    for elapsed_ns, trade in continuous(data):
        volumes[elapsed_ns * buckets // trading_ns] += trade.last_qty
    return DayVolume(facts.day, facts.instrument.instrument_id, trading_ns, tuple(volumes))


def length_ns(data: MarketData) -> int:
    """The trading time of a folder's day."""
    return sum(last - first for first, last in data.facts.sessions)


def continuous(data: MarketData) -> Iterator[tuple[int, TradeObserved]]:
    """The prints of a folder that count for volume, auctions apart, with their trading time, ns."""
    for trade in data.trades():
        if not trade.eligible or not AUCTION_CODES.isdisjoint(trade.conditions):
            continue
        before_ns = 0
        for first, last in data.facts.sessions:
            if first <= trade.received_ns < last:
                yield before_ns + trade.received_ns - first, trade
                break
            before_ns += last - first


def curve(days: Sequence[DayVolume], effective_day: int | None = None) -> VolumeCurveDefined:
    """The median curve of the days; in force from the day after the last one, if not later.

    Raises VolumeCurveError for days that do not belong together, a day without volume, and a curve
    that would be in force on a day that it was made from.
    """
    days = sorted(days, key=_day)
    _require_alike(days)
    last_day = days[-1].day
    if effective_day is not None and effective_day <= last_day:
        raise VolumeCurveError(
            f"the curve would be in force on {dashed(effective_day)} and knows the volume up to "
            f"{dashed(last_day)}, expected a later day; leave out the folders of that day on"
        )
    first, buckets = days[0], len(days[0].volumes_qty)
    usual_qty = int(median(sum(each.volumes_qty) for each in days))  # Rounded down.
    return VolumeCurveDefined(
        instrument_id=first.instrument_id,
        edges_ns=tuple(first.trading_ns * edge // buckets for edge in range(buckets + 1)),
        volumes_qty=scaled(median_shares(days), usual_qty),
        effective_day=day_after(last_day) if effective_day is None else effective_day,
        observed_days=tuple(each.day for each in days),
        errors_ppm=errors_ppm(days) if len(days) > 1 else (),
    )


def median_shares(days: Sequence[DayVolume]) -> tuple[int, ...]:
    """Each bucket's median share of its day, 1e-9 and rounded down; they need not add up to one."""
    return tuple(int(median(shares)) for shares in shares_by_bucket(days))


def errors_ppm(days: Sequence[DayVolume]) -> tuple[int, ...]:
    """Each bucket's standard error relative to its median share, rounded down.

    Half of the shares are no further below the median than the median itself, so it is about 1.5 at
    most. A bucket whose median is nothing has an error of one.
    """
    found = []
    for shares in shares_by_bucket(days):
        usual = int(median(shares))
        away = int(median(abs(share - usual) for share in shares))
        found.append(away * NORMAL_E4 * PPM // (usual * 10_000) if usual else PPM)
    return tuple(found)


def shares_by_bucket(days: Sequence[DayVolume]) -> Iterator[tuple[int, ...]]:
    """The share that each day has in a bucket, 1e-9 and rounded down; bucket by bucket."""
    by_day = [[qty * SHARE // sum(each.volumes_qty) for qty in each.volumes_qty] for each in days]
    return zip(*by_day, strict=True)


def scaled(shares: Sequence[int], total_qty: int) -> tuple[int, ...]:
    """The total divided as the shares are, to the nearest; at least 1, so that none is empty."""
    whole = max(1, sum(shares))
    return tuple(max(1, (2 * total_qty * share + whole) // (2 * whole)) for share in shares)


def day_after(day: int) -> int:
    """The next day of the calendar, yyyymmdd."""
    return int(f"{_date(day) + timedelta(days=1):%Y%m%d}")


def dashed(day: int) -> str:
    """20180102 as 2018-01-02."""
    return _date(day).isoformat()


def as_toml(made: VolumeCurveDefined) -> str:
    """The table of a reference file that `metaorder reference load` takes."""
    edges = ", ".join(f'"{edge}ns"' for edge in made.edges_ns)
    volumes = ", ".join(map(str, made.volumes_qty))
    days = ", ".join(map(dashed, made.observed_days))
    errors = ", ".join(f'"{error / 10_000:.4f}%"' for error in made.errors_ppm)
    return (
        "[[volume_curve]]\n"
        f'instrument_id = "{made.instrument_id}"\n'
        f"effective_day = {dashed(made.effective_day)}\n"
        f"observed_days = [{days}]\n"
        f"edges = [{edges}]\n"
        f"volumes = [{volumes}]\n"
        f"errors = [{errors}]\n"
    )


def _require_alike(days: Sequence[DayVolume]) -> None:
    if not days:
        raise VolumeCurveError("found no day, expected the market folder of at least one")
    first = days[0]
    for before, each in zip((None, *days), days, strict=False):
        named = f"{each.instrument_id} on {dashed(each.day)}"
        if each.instrument_id != first.instrument_id:
            raise VolumeCurveError(
                f"found {named} beside {first.instrument_id}, expected days of one instrument; "
                "make a curve for each"
            )
        if before is not None and before.day == each.day:
            raise VolumeCurveError(f"found {named} twice, expected each day once; leave one out")
        if each.trading_ns != first.trading_ns:
            raise VolumeCurveError(
                f"found {named} with {each.trading_ns / 3.6e12:g} hours of trading, expected the "
                f"{first.trading_ns / 3.6e12:g} of {dashed(first.day)}; leave half-days out"
            )
        if not any(each.volumes_qty):
            raise VolumeCurveError(f"found no volume of {named}; leave its folder out")


def _day(each: DayVolume) -> int:
    return each.day


def _date(day: int) -> date:
    return datetime.strptime(str(day), "%Y%m%d").date()  # noqa: DTZ007  It has no zone.
