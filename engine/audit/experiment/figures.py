"""The figures of an experiment: their names, and their values with intervals.

The interval is a paired block bootstrap (Künsch 1989; Efron and Tibshirani 1993, chapter 13, the
percentile method). A block is a span of time; the orders that arrived in it, of one block, share
the market and each other's fills, so they are drawn together, and the same draws serve every run,
so that a difference is between the same orders. A percentile interval of few blocks is somewhat
narrow: the number of blocks stands beside every result. It shows the effect of chance among the
hours of a day, not that of another day, nor the error of the fill model.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from operator import mul
from typing import NamedTuple

from engine.audit.experiment.parts import HORIZONS_S, VENUE_WAYS, Part, Parts, Terms

RESAMPLES = 1_000
SEED = 20_180_102
COVERAGE = 0.95
BLOCKS_MIN = 2  # One block says nothing of chance.
MINUTE_NS = 60_000_000_000


class Figure(NamedTuple):
    """A figure and its unit; a share is a part of 1, and shown in per cent."""

    name: str
    title: str
    unit: str = "bps"


COSTS = (  # With the rest swept.
    Figure("fill_bps", "at the fill, against the midpoint"),
    Figure("arrival_bps", "against the arrival midpoint"),
    Figure("vwap_bps", "against the VWAP of the order's window"),
    Figure("tracking_bps", "tracking error: distance from that VWAP, either way"),
    Figure("shortfall_bps", "implementation shortfall, fees included"),
    Figure("delay_bps", "of it: decision to acceptance"),
    Figure("aggregation_bps", "of it: acceptance to release"),
    Figure("trading_bps", "of it: release to the price paid"),
    Figure("opportunity_bps", "of it: the rest, swept at the end"),
    Figure("fees_bps", "of it: fees"),
)
PLACES = (  # Of the wanted quantity.
    Figure("cross_share", "crossed inside", "%"),
    Figure("take_share", "taken", "%"),
    Figure("post_share", "posted", "%"),
    Figure("midpoint_share", "at the midpoint of a venue", "%"),
    Figure("print_share", "at prints", "%"),
    Figure("swept_share", "swept at the end", "%"),
)
WORK = (
    Figure("completion", "done in time", "%"),
    Figure("dark_share", "filled in the dark", "%"),
    Figure("messages", "new children and cancels an order", ""),
)
EXECUTED = (  # Of what was executed alone.
    Figure("executed_share", "executed of what was asked", "%"),
    Figure("executed_fill_bps", "venue fills against the midpoint"),
    Figure("executed_half_spreads", "the same in half spreads at the route", ""),
    Figure("executed_fee_bps", "fees of venue fills"),
    Figure("executed_arrival_bps", "executions against the arrival midpoint"),
    Figure("executed_vwap_bps", "market orders against their window's VWAP"),
    Figure("executed_tracking_bps", "the same, either way"),
    Figure("executed_take_share", "venue fills taken", "%"),
    Figure("executed_post_share", "venue fills posted", "%"),
    Figure("executed_midpoint_share", "venue fills at the midpoint", "%"),
    Figure("executed_dark_share", "venue fills in the dark", "%"),
)
MARKOUTS = tuple(
    Figure(f"markout_{way}_{seconds}s_bps", f"{way}: the midpoint {seconds} s after the fill")
    for way in VENUE_WAYS
    for seconds in HORIZONS_S
)
FAMILIES: Mapping[str, tuple[Figure, ...]] = {
    "cost, the rest swept at the end": COSTS,
    "where the wanted quantity was filled": PLACES,
    "the work": WORK,
    "what was executed, alone": EXECUTED,
    "markouts; positive went our way": MARKOUTS,
}
OF_GROUPS = (*COSTS[:5], *WORK)  # Groups are small, so they get fewer figures.

SIZE_LOTS = (0, 1, 2, 5, 10, 50)  # Classes of size begin here, round lots.
WINDOW_MINUTES = (0, 5, 30, 60, 120)  # Classes of window begin here.


class Interval(NamedTuple):
    """A figure with its 95 % interval; None where there is nothing to divide by."""

    value: float | None
    low: float | None
    high: float | None


class Found(NamedTuple):
    """A figure of a run, and its difference from the first run over the orders of both."""

    figure: Interval
    difference: Interval | None  # None of the first run itself.


OfRun = Mapping[str, Parts]  # Parts of each order, by name.


def size_class(terms: Terms) -> str:
    return _class(terms.asked_qty / terms.lot_qty, SIZE_LOTS, "lots")


def window_class(terms: Terms) -> str:
    return _class((terms.end_ns - terms.start_ns) / MINUTE_NS, WINDOW_MINUTES, "min")


def _class(value: float, edges: Sequence[int], unit: str) -> str:
    """The class from one edge (included) to the next, as `2 to 5 lots`."""
    for low, high in pairwise(edges):
        if value < high:
            below = f"under {high} {unit.removesuffix('s') if high == 1 else unit}"
            return below if low == 0 else f"{low} to {high} {unit}"
    return f"{edges[-1]} {unit} and more"


def ordered_classes(edges: Sequence[int], unit: str) -> list[str]:
    return [_class(edge, edges, unit) for edge in edges]


GROUPS: Mapping[str, Callable[[Terms], str]] = {
    "strategy": lambda terms: terms.strategy,
    "urgency": lambda terms: terms.urgency,
    "benchmark": lambda terms: terms.benchmark,
    "size": size_class,
    "window": window_class,
    "pricing": lambda terms: "market" if terms.limit_px is None else "limit",
}
KNOWN_ORDER: Mapping[str, Sequence[str]] = {
    "size": ordered_classes(SIZE_LOTS, "lots"),
    "window": ordered_classes(WINDOW_MINUTES, "min"),
}


def members(every: Iterable[Terms], dimension: str) -> dict[str, list[str]]:
    """The names of the orders of each group of a dimension, groups in their order."""
    found: dict[str, list[str]] = {}
    for terms in every:
        found.setdefault(GROUPS[dimension](terms), []).append(terms.name)
    known = KNOWN_ORDER.get(dimension, ())
    return dict(
        sorted(found.items(), key=lambda x: (known.index(x[0]) if x[0] in known else 0, x[0]))
    )


class Blocks:
    """Blocks of time, and the draws of them that every figure of an experiment shares."""

    def __init__(
        self, every: Iterable[Terms], block_ns: int, resamples: int = RESAMPLES, seed: int = SEED
    ) -> None:
        arrivals = {terms.name: terms.arrival_ns for terms in every}
        first_ns = min(arrivals.values(), default=0) // block_ns * block_ns
        numbers = {name: (at_ns - first_ns) // block_ns for name, at_ns in arrivals.items()}
        used = sorted(set(numbers.values()))  # A block without an order says nothing.
        place = {number: n for n, number in enumerate(used)}
        self.count = len(used)
        self.block_ns = block_ns
        self.resamples = resamples if self.count >= BLOCKS_MIN else 0
        self.seed = seed
        self._of = {name: place[number] for name, number in numbers.items()}
        chance = random.Random(seed)  # noqa: S311  A resampling, not a secret.
        self._draws = [self._drawn(chance) for _ in range(self.resamples)]

    def _drawn(self, chance: random.Random) -> list[int]:
        """The times that each block is in a resample."""
        times = [0] * self.count
        for n in chance.choices(range(self.count), k=self.count):
            times[n] += 1
        return times

    def sums(self, of_run: OfRun, figure: str, names: Iterable[str]) -> "Sums":
        """The parts of a figure by block, over these orders."""
        num, den = [0.0] * self.count, [0.0] * self.count
        for name in names:
            part: Part | None = of_run[name].get(figure)
            if part is not None:
                num[self._of[name]] += part.num
                den[self._of[name]] += part.den
        return Sums(num, den)

    def interval(self, sums: "Sums") -> Interval:
        drawn = [_ratio(sums, times) for times in self._draws]
        return _interval(_whole(sums), [x for x in drawn if x is not None])

    def difference(self, first: "Sums", second: "Sums") -> Interval:
        """The second less the first, in each resample of the same blocks."""
        was, now = _whole(first), _whole(second)
        found = None if was is None or now is None else now - was
        pairs = ((_ratio(first, times), _ratio(second, times)) for times in self._draws)
        return _interval(found, [b - a for a, b in pairs if a is not None and b is not None])


class Sums(NamedTuple):
    """Numerators and denominators by block."""

    num: list[float]
    den: list[float]


def _whole(sums: Sums) -> float | None:
    den = sum(sums.den)
    return sum(sums.num) / den if den else None


def _ratio(sums: Sums, times: Sequence[int]) -> float | None:
    den = sum(map(mul, times, sums.den))
    return sum(map(mul, times, sums.num)) / den if den else None


def _interval(found: float | None, drawn: list[float]) -> Interval:
    if found is None or not drawn:
        return Interval(found, None, None)
    drawn.sort()
    tail = int(len(drawn) * (1 - COVERAGE) / 2)
    return Interval(found, drawn[tail], drawn[-1 - tail])


def compared(
    blocks: Blocks, runs: Sequence[OfRun], figures: Iterable[Figure], names: Sequence[str]
) -> list[dict[str, Found]]:
    """The figures of each run over these orders, and what differs from the first run."""
    found: list[dict[str, Found]] = [{} for _ in runs]
    first = runs[0]
    for figure in figures:
        for n, (run, of_run) in enumerate(zip(found, runs, strict=True)):
            own = [name for name in names if name in of_run]
            sums = blocks.sums(of_run, figure.name, own)
            if not any(sums.den):
                continue
            both = [name for name in own if name in first]
            difference = None
            if n:
                pair = (blocks.sums(x, figure.name, both) for x in (first, of_run))
                difference = blocks.difference(*pair)
            run[figure.name] = Found(blocks.interval(sums), difference)
    return found
