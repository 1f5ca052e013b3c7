"""Measure a volume schedule alone: how far it is from the window's own volume, and from its VWAP.

    python -m infra.campaigns.volume_schedule [--days FILE] [--market FOLDER]

No order is sent and nothing is filled: a schedule is judged by where its quantity lies in time.

Of days: the quarter-hour volumes of six US stocks (`examples/us-equity-volumes-2019`). A day's
curve is that of the stock's twenty days before it. Over windows of 30, 60 and 120 minutes that
begin at each quarter-hour, and the whole day: the distance of the scheduled share from the true one
at each quarter-hour inside, as a part of what equal slices have. So the weight of the level's
prior, the forgetting of early volume and the number of a curve's days are compared, and how often
the true share is within the band. Three stocks are to choose by, three to check.

Of a recorded day with its prints and quotes: windows that begin each five minutes. Each half minute
the quantity that the schedule wants by its end, by the volume up to its begin, is done at the
consolidated midpoint in its middle. |Slippage against the VWAP of the window's continuous prints|,
as a part of what equal slices have, with the interval of a paired bootstrap over blocks of
neighbouring windows, each as long as a window. The curves are the guessed U, and the median day of
the six stocks; neither is made from the day.

One line of JSON for each.
"""

import argparse
import csv
import gzip
import json
import random
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import fsum, isqrt
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

from engine.core.events import VolumeCurveDefined
from engine.core.strategy import volume_error
from engine.core.strategy.schedules import (
    LEVEL_PRIOR_PPM,
    Seen,
    share_e9,
    updated_part,
    vwap_part,
)
from engine.core.units import PPM
from engine.simulation.market import reference, volume_curves
from engine.simulation.market.data import MarketData, load
from engine.simulation.market.volume_curves import DayVolume
from infra.campaigns.passive_fills import Mids, tape_of

DAYS = Path("examples/us-equity-volumes-2019/volumes.csv.gz")
MARKET = Path("examples/us-equity-2018-01-02")
CHOSEN_BY, CHECKED_BY = ("AAPL", "CVS", "GE"), ("ACN", "ADBE", "FDX")
MINUTE_NS = 60_000_000_000
SESSION_NS = 390 * MINUTE_NS
QUARTERS = 26
CURVE_DAYS = 20
WINDOWS_MIN = (30, 60, 120)
EVERY_NS = 5 * MINUTE_NS
STEP_NS = MINUTE_NS // 2
PLAN_QTY = 10**9  # So that no rounding is measured.
RESAMPLES = 2_000
SEED = 7


class Model(NamedTuple):
    """A way to update a curve; the engine's has no half-life."""

    prior_days: float  # The weight of the level's prior, in usual days.
    half_life: float | None = None  # Quarter-hours after which volume counts half for the level.


ENGINE = Model(LEVEL_PRIOR_PPM / PPM)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=Path, default=DAYS, help="Volumes by quarter-hour.")
    parser.add_argument("--market", type=Path, default=MARKET, help="Market data folder.")
    options = parser.parse_args(words)
    days = days_of(options.days)
    for found in (*of_days(days), *of_market(load(options.market), days)):
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def days_of(file: Path) -> dict[str, list[DayVolume]]:
    """The days of each stock, in order."""
    found: dict[str, list[DayVolume]] = defaultdict(list)
    with gzip.open(file, "rt", encoding="utf-8") as text:
        for name, day, *volumes in list(csv.reader(text))[1:]:
            number = int(day.replace("-", ""))
            found[name].append(DayVolume(number, name, SESSION_NS, tuple(map(int, volumes))))
    return found


# ------------------------------------------------------------------------------ of days


class Case(NamedTuple):
    """A day, and what was known before it."""

    curve: VolumeCurveDefined
    usual_qty: int
    usual: tuple[float, ...]  # Cumulative by quarter-hour, in usual days.
    true: tuple[float, ...]

    @classmethod
    def of(cls, past: Sequence[DayVolume], day: DayVolume) -> "Case":
        known = volume_curves.curve(past)
        usual_qty = sum(known.volumes_qty)
        return cls(
            known, usual_qty, up_to(known.volumes_qty, usual_qty), up_to(day.volumes_qty, usual_qty)
        )


def up_to(volumes: Sequence[int], over: int) -> tuple[float, ...]:
    return tuple(qty / over for qty in accumulate(volumes, initial=0))


def cases_of(days: Sequence[DayVolume], curve_days: int = CURVE_DAYS) -> list[Case]:
    """The same days whatever the curve is made of: those after the first twenty."""
    return [
        Case.of(days[number - curve_days : number], days[number])
        for number in range(CURVE_DAYS, len(days))
    ]


def of_days(days: Mapping[str, Sequence[DayVolume]]) -> Iterator[dict[str, Any]]:
    """Each model and number of days by the stocks to choose by, and by those to check."""
    models = [ENGINE, *(Model(weight) for weight in (0.0, 0.02, 0.05, 0.2, 0.4, 1.0, 1e6))]
    models += [Model(weight, half) for half in (2, 4, 8) for weight in (0.05, 0.1)]
    for role, names in (("chosen by", CHOSEN_BY), ("checked by", CHECKED_BY)):
        cases = [case for name in names for case in cases_of(days[name])]
        about = {"of": "days", role: names, "days": len(cases)}
        yield {**about, "schedule": "plain curve", **told_distances(cases, None)}
        for model in models:
            told = told_distances(cases, model)
            yield {**about, "schedule": "updated", **model._asdict(), **told}
        for count in (1, 2, 5, 10):
            fewer = [case for name in names for case in cases_of(days[name], count)]
            told = told_distances(fewer, ENGINE)
            yield {**about, "schedule": "updated", "curve of days": count, **told}
        yield {**about, "within one width": within_width(cases)}
    for name, every in sorted(days.items()):
        yield {"of": "errors", "stock": name, "days": len(every), **errors_of(every)}


def told_distances(cases: Sequence[Case], model: Model | None) -> dict[str, float]:
    """By the minutes of the window: the mean distance over that of equal slices."""
    found = {}
    for quarters in (2, 4, 8, QUARTERS):
        away, equal = [], []
        for case in cases:
            for start in range(QUARTERS - quarters + 1):
                for now in range(start, start + quarters - 1):
                    true = part(case.true, start, now + 1, start + quarters)
                    away.append(abs(scheduled(case, model, start, start + quarters, now) - true))
                    equal.append(abs((now + 1 - start) / quarters - true))
        found[f"{quarters * 15} min"] = round(fsum(away) / fsum(equal), 3)
    return found


def scheduled(case: Case, model: Model | None, start: int, end: int, now: int) -> float:
    """The share that is due a quarter-hour after `now`, by the volume up to then; 0 to 1."""
    usual, traded = case.usual, case.true[now] - case.true[start]
    if model is None or traded == 0:
        return part(usual, start, now + 1, end)
    rate = level(case, model, now)
    return (traded + rate * (usual[now + 1] - usual[now])) / (
        traded + rate * (usual[end] - usual[now])
    )


def level(case: Case, model: Model, now: int) -> float:
    """Today's volume over the usual one's; a float twin of the engine's, with a half-life."""
    half = model.half_life
    weights = [
        1.0 if half is None else 0.5 ** ((now - 1 - quarter) / half) for quarter in range(now)
    ]
    true, usual = (
        fsum(
            weight * (after - before)
            for weight, (before, after) in zip(weights, pairwise(x), strict=False)
        )
        for x in (case.true, case.usual)
    )
    return (model.prior_days + true) / (model.prior_days + usual)


def part(volumes: Sequence[float], start: int, at: int, end: int) -> float:
    return (volumes[at] - volumes[start]) / (volumes[end] - volumes[start])


def within_width(cases: Iterable[Case]) -> dict[str, float]:
    """The part of cases with the true share within one width of the schedule's present target."""
    found = {}
    for quarters in (2, 4, 8, QUARTERS):
        within = []
        for case in cases:
            for start in range(QUARTERS - quarters + 1):
                for now in range(start + 1, start + quarters):
                    end = start + quarters
                    traded = case.true[now] - case.true[start]
                    to_come = level(case, ENGINE, now) * (case.usual[end] - case.usual[now])
                    share = traded / (traded + to_come)
                    away = abs(share - part(case.true, start, now, end))
                    within.append(away <= share * (1 - share) * rest_error(case, now, end))
        found[f"{quarters * 15} min"] = round(fmean(within), 3)
    return found


def rest_error(case: Case, now: int, end: int) -> float:
    """The relative error of what is to come, by the engine's functions."""
    edges_ns = case.curve.edges_ns
    rest = volume_error.rest_of(case.curve, edges_ns[now], edges_ns[end])
    share = share_e9(edges_ns, case.curve.volumes_qty, edges_ns[now])
    level_ppm2 = volume_error.level_variance_ppm2(share)
    return isqrt(rest.variance + rest.volume**2 * level_ppm2 // PPM**2) / rest.volume


def errors_of(days: Sequence[DayVolume]) -> dict[str, float]:
    """The error of a bucket, the median over the day, and of a day's volume against those before.

    All are median distances, scaled to the standard deviation of normal errors.
    """
    halves = [
        day._replace(
            volumes_qty=tuple(
                map(sum, zip(day.volumes_qty[::2], day.volumes_qty[1::2], strict=True))
            )
        )
        for day in days
    ]
    volumes = [sum(day.volumes_qty) for day in days]
    levels = [
        abs(volumes[number] / median(volumes[number - CURVE_DAYS : number]) - 1)
        for number in range(CURVE_DAYS, len(days))
    ]
    normal = volume_curves.NORMAL_E4 / 10_000
    quarter, half = (median(volume_curves.errors_ppm(each)) / PPM for each in (days, halves))
    found = {"quarter-hour": quarter, "half-hour": half, "level": normal * median(levels)}
    return {name: round(value, 3) for name, value in found.items()}


# ---------------------------------------------------------------------------- of a market


class Tape(NamedTuple):
    """The counting prints of a day in order of time, with sums before each; time from the open."""

    times_ns: list[int]
    qty: list[int]  # Of all, one longer.
    continuous_qty: list[int]  # Auctions apart.
    notional: list[int]

    def before(self, sums: Sequence[int], at_ns: int) -> int:
        return sums[bisect_left(self.times_ns, at_ns)]


Target = Callable[[int, int], int]  # Of PLAN_QTY, by a time and the volume up to another.


def of_market(
    data: MarketData, days: Mapping[str, Sequence[DayVolume]]
) -> Iterator[dict[str, Any]]:
    """The tracking of each schedule against equal slices, by the length of the window."""
    tape, mids = tape_from(data), tape_of(data)[0]
    curves = {"guessed U": reference.volume_curve(data.facts), "six stocks": median_of(days)}
    adv_qty, length_ns = data.facts.instrument.adv_qty, volume_curves.length_ns(data)
    for minutes in WINDOWS_MIN:
        windows = [
            (start_ns, start_ns + minutes * MINUTE_NS)
            for start_ns in range(0, length_ns - minutes * MINUTE_NS + 1, EVERY_NS)
        ]
        bps = {"equal slices": [slippage(data, tape, mids, x, equal(*x)) for x in windows]}
        for name, known in curves.items():
            bps[f"{name}, plain"] = [
                slippage(data, tape, mids, x, plain(known, *x)) for x in windows
            ]
            bps[f"{name}, updated"] = [
                slippage(data, tape, mids, x, updated(known, tape, adv_qty, *x)) for x in windows
            ]
            bps[f"{name}, updated without a usual volume"] = [
                slippage(data, tape, mids, x, updated(known, tape, 0, *x)) for x in windows
            ]
        bps["true volumes"] = [slippage(data, tape, mids, x, true(tape, *x)) for x in windows]
        block = minutes * MINUTE_NS // EVERY_NS
        for name, found in bps.items():
            ratio, low, high = compared(found, bps["equal slices"], block)
            yield {
                "of": data.facts.folder.name,
                "minutes": minutes,
                "windows": len(windows),
                "schedule": name,
                "mean_abs_bps": round(fmean(found), 3),
                "of equal slices": round(ratio, 3),
                "interval": [round(low, 3), round(high, 3)],
            }


def median_of(days: Mapping[str, Sequence[DayVolume]]) -> VolumeCurveDefined:
    """The median day of all stocks together, for an instrument without days of its own."""
    every = [day for each in days.values() for day in each]
    shares = volume_curves.median_shares(every)
    return VolumeCurveDefined(
        instrument_id="",
        edges_ns=tuple(SESSION_NS * edge // QUARTERS for edge in range(QUARTERS + 1)),
        volumes_qty=shares,
        effective_day=0,
    )


def tape_from(data: MarketData) -> Tape:
    """The prints as the engine counts them, and those of which a window's VWAP is made."""
    continuous = {id(trade) for _, trade in volume_curves.continuous(data)}
    trades = [trade for trade in data.trades() if trade.eligible]
    own = [trade.last_qty * (id(trade) in continuous) for trade in trades]
    return Tape(
        [trade.received_ns - data.facts.open_ns for trade in trades],
        [0, *accumulate(trade.last_qty for trade in trades)],
        [0, *accumulate(own)],
        [0, *accumulate(qty * trade.last_px for qty, trade in zip(own, trades, strict=True))],
    )


def equal(start_ns: int, end_ns: int) -> Target:
    return lambda at_ns, _: PLAN_QTY * (at_ns - start_ns) // (end_ns - start_ns)


def plain(known: VolumeCurveDefined, start_ns: int, end_ns: int) -> Target:
    edges_ns, volumes_qty = known.edges_ns, known.volumes_qty
    return lambda at_ns, _: vwap_part(edges_ns, volumes_qty, start_ns, end_ns, at_ns).qty(PLAN_QTY)


def updated(
    known: VolumeCurveDefined, tape: Tape, adv_qty: int, start_ns: int, end_ns: int
) -> Target:
    """The engine's own, by what its book would have counted."""
    edges_ns, volumes_qty = known.edges_ns, known.volumes_qty

    def target(at_ns: int, now_ns: int) -> int:
        day_qty = tape.before(tape.qty, now_ns)
        seen = Seen(
            day_qty - tape.before(tape.qty, start_ns),
            day_qty,
            max(0, share_e9(edges_ns, volumes_qty, now_ns) - first_e9),
            adv_qty,
        )
        return updated_part(edges_ns, volumes_qty, start_ns, end_ns, at_ns, now_ns, seen).qty(
            PLAN_QTY
        )

    first_e9 = share_e9(edges_ns, volumes_qty, tape.times_ns[0])
    return target


def true(tape: Tape, start_ns: int, end_ns: int) -> Target:
    """The window's own volumes, as a bound: what is left is of midpoints against prints."""
    start_qty, end_qty = (tape.before(tape.continuous_qty, x) for x in (start_ns, end_ns))

    def target(at_ns: int, _: int) -> int:
        before_qty = tape.before(tape.continuous_qty, at_ns) - start_qty
        return PLAN_QTY * before_qty // (end_qty - start_qty)

    return target


def slippage(
    data: MarketData, tape: Tape, mids: Mids, window: tuple[int, int], target: Target
) -> float:
    """|Average price of the schedule against the window's VWAP|, bps."""
    start_ns, end_ns = window
    done_qty, paid = 0, 0
    for now_ns in range(start_ns, end_ns, STEP_NS):
        wanted_qty = max(done_qty, target(now_ns + STEP_NS, now_ns))
        mid_px = mids.at(data.facts.open_ns + now_ns + STEP_NS // 2)
        if mid_px is None:
            raise ValueError(f"no midpoint {now_ns} ns after the open, expected one all day")
        paid += (wanted_qty - done_qty) * mid_px
        done_qty = wanted_qty
    qty, notional = (
        tape.before(sums, end_ns) - tape.before(sums, start_ns)
        for sums in (tape.continuous_qty, tape.notional)
    )
    return abs(paid * qty / (PLAN_QTY * notional) - 1) * 10_000


def compared(
    found: Sequence[float], base: Sequence[float], block: int
) -> tuple[float, float, float]:
    """The ratio of sums with its 95 % interval, from a circular bootstrap of paired blocks."""
    chance, count = random.Random(SEED), len(found)  # noqa: S311  Seeded on purpose.
    ratios = []
    for _ in range(RESAMPLES):
        above = below = 0.0
        for _ in range(-(-count // block)):
            start = chance.randrange(count)
            for number in range(start, start + block):
                above += found[number % count]
                below += base[number % count]
        ratios.append(above / below)
    ratios.sort()
    low, high = ratios[RESAMPLES // 40], ratios[-RESAMPLES // 40]
    return fsum(found) / fsum(base), low, high


if __name__ == "__main__":
    main()
