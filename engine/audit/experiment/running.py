"""Play a policy, project its log, and measure it: the work of one process.

A process gives back what each small order adds to each figure; its log and projection stay on disk.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import projections as project
from engine.audit.experiment import baselines, bound, measured
from engine.audit.experiment.measured import Schedule
from engine.audit.experiment.parts import (
    OWN_WINDOW_MIN_NS,
    Parts,
    Result,
    Terms,
    parts_of,
)
from engine.audit.experiment.touch import MarketWalk, Observed, observed, observed_in, touches
from engine.log import open_log
from engine.log.port import Log
from engine.runtime.shard import Rules
from engine.simulation.driver import Simulation
from engine.simulation.script import Script
from engine.simulation.venues.fill_model import FillModel

REPORT_EVERY_INPUTS = 500
FRACTIONS = 20  # Steps of a curve, from the start of a window to its end.
TAIL = 0.1  # A curve's band leaves out this part of the quantity on either side.


@dataclass(frozen=True, slots=True)
class Task:
    """One policy's day."""

    name: str
    url: str
    partitions: int
    projection: Path
    script: Script
    rules: Rules
    quote_age_max_ns: int
    seed: int
    model: FillModel


@dataclass(frozen=True, slots=True)
class BaselineTask:
    """One baseline over the orders that the first policy accepted."""

    name: str
    script: Script
    quote_age_max_ns: int
    orders: Sequence[Terms]
    wanted: Mapping[str, int]  # Quantity by order, of the first policy.


class Reached(NamedTuple):
    """The number of inputs of its script that a run has played."""

    name: str
    done: int


class Point(NamedTuple):
    """The quantity that orders had done at a part of their window; all are parts of 1."""

    at: float
    low: float  # A tenth of the quantity had done less.
    mean: float
    high: float


@dataclass(frozen=True, slots=True)
class Ran:
    """The result of a policy or a baseline, by small order."""

    name: str
    parts: Mapping[str, Parts]  # By order.
    orders: Sequence[Terms]
    wanted: Mapping[str, int]
    curve: Sequence[Point]
    chain: str = ""  # Empty of a baseline.
    counts: Mapping[str, int] = field(default_factory=dict)
    violations: Mapping[str, int] = field(default_factory=dict)
    schedule: Schedule | None = None


def ran(task: Task, report: Callable[[Reached], None]) -> Ran:
    """Play, project and measure a policy's day."""
    venues = task.model.venues(task.seed)
    with open_log(task.url, partitions=task.partitions) as log:
        simulation = Simulation(log, task.rules, task.script, seed=task.seed, venues=venues)
        chain = simulation.run(in_steps(task.name, report))
        project.rebuild(log, task.projection, log_url=task.url)
        return _measured(task, log, chain)


def in_steps(name: str, report: Callable[[Reached], None]) -> Callable[[int, int], None]:
    """Progress in steps: each report is a message to another process."""
    reported = 0

    def on_progress(done: int, total: int) -> None:
        nonlocal reported
        if done - reported >= REPORT_EVERY_INPUTS or done == total > reported:
            reported = done
            report(Reached(name, done))

    return on_progress


def _measured(task: Task, log: Log, chain: bytes) -> Ran:
    with project.connect(task.projection) as connection:
        results = measured.results(connection, task.script.close_ns)
        found = measured.counts(connection)
        violations = measured.violations(connection)
        schedule = measured.schedule(connection)
    return Ran(
        name=task.name,
        parts=_parts(task.script, task.quote_age_max_ns, observed_in(log), results),
        orders=[result.terms for result in results],
        wanted={result.terms.name: result.wanted_qty for result in results},
        curve=curve(results),
        chain=chain.hex(),
        counts=found,
        violations=violations,
        schedule=schedule,
    )


def ran_baseline(task: BaselineTask, report: Callable[[Reached], None]) -> Ran:
    """Compute and measure a baseline."""
    market = observed(timed.event for timed in task.script.market)
    walk = walk_of(task.script, task.quote_age_max_ns)
    if task.name == bound.TRUE_VOLUMES:
        results = bound.at_prints(task.orders, task.wanted, walk, market)
    else:
        requests = [timed.event for timed in task.script.orders]
        step_ns = baselines.STEPS_NS[task.name]
        on_seen = in_steps(task.name, report)
        results = baselines.taken(step_ns, task.orders, requests, walk, market, on_seen)
    report(Reached(task.name, len(task.script)))
    return Ran(
        name=task.name,
        parts=_parts(task.script, task.quote_age_max_ns, market, results),
        orders=task.orders,
        wanted={result.terms.name: result.wanted_qty for result in results},
        curve=() if task.name == bound.TRUE_VOLUMES else curve(results),
    )


def walk_of(script: Script, quote_age_max_ns: int) -> MarketWalk:
    """The market before the day's first observation."""
    known = [timed.event for timed in script.before_open if timed.event is not None]
    return MarketWalk(known, quote_age_max_ns)


def _parts(
    script: Script, quote_age_max_ns: int, market: Sequence[Observed], results: Sequence[Result]
) -> dict[str, Parts]:
    moments = (moment for result in results for moment in result.moments())
    seen = touches(walk_of(script, quote_age_max_ns), market, moments)
    return {result.terms.name: parts_of(result, seen) for result in results}


def curve(results: Iterable[Result]) -> list[Point]:
    """The part of its quantity that was done by each part of a window, weighted by quantity."""
    windows = [
        x
        for x in results
        if x.wanted_qty > 0 and x.terms.end_ns - x.terms.start_ns >= OWN_WINDOW_MIN_NS
    ]
    return [_point(windows, n / FRACTIONS) for n in range(FRACTIONS + 1)] if windows else []


def _point(windows: Sequence[Result], fraction: float) -> Point:
    done: list[tuple[float, int]] = []
    for result in windows:
        terms = result.terms
        at_ns = terms.start_ns + int((terms.end_ns - terms.start_ns) * fraction)
        done_qty = sum(x.qty for x in result.executions if x.at_ns <= at_ns)
        done.append((min(1.0, done_qty / result.wanted_qty), result.wanted_qty))
    done.sort()
    whole = sum(qty for _, qty in done)
    mean = sum(part * qty for part, qty in done) / whole
    return Point(fraction, _quantile(done, whole * TAIL), mean, _quantile(done, whole * (1 - TAIL)))


def _quantile(parts: Sequence[tuple[float, int]], until_qty: float) -> float:
    passed = 0.0
    for part, qty in parts:
        passed += qty
        if passed >= until_qty:
            return part
    return parts[-1][0]
