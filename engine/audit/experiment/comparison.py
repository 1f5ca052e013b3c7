"""The whole experiment as data: each run's figures, of all orders and by group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.audit.experiment import figures
from engine.audit.experiment.figures import FAMILIES, OF_GROUPS, Blocks, Figure, Found, Interval
from engine.audit.experiment.running import Ran

DIGITS = 4
POLICY, BASELINE, BOUND = "policy", "baseline", "bound"


@dataclass(frozen=True, slots=True)
class Run:
    """A policy or baseline, as it was set up and as it was measured."""

    ran: Ran
    kind: str
    about: Mapping[str, Any]  # What its table says.
    figures: Mapping[str, Found]
    groups: Mapping[str, Mapping[str, Mapping[str, Found]]]  # By dimension, group, figure.


@dataclass(frozen=True, slots=True)
class Experiment:
    """All runs of a day; differences are from the first."""

    day: int
    blocks: Blocks
    runs: Sequence[Run]
    sizes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # Orders of each group.

    @property
    def first(self) -> Run:
        return self.runs[0]


def experiment(
    day: int,
    found: Sequence[tuple[Ran, str, Mapping[str, Any]]],
    block_ns: int,
    on_step: Callable[[int, int], None] = lambda _done, _total: None,
) -> Experiment:
    """Measure the runs against the first. Groups are those of the first run's orders.

    `on_step` is called with (steps done, steps in all).
    """
    every = {terms.name: terms for ran, _, _ in reversed(found) for terms in ran.orders}
    first = found[0][0]
    blocks = Blocks(every.values(), block_ns)
    parts = [ran.parts for ran, _, _ in found]
    dimensions = {name: figures.members(first.orders, name) for name in figures.GROUPS}
    total = 1 + sum(len(groups) for groups in dimensions.values())
    whole_figures = [figure for family in FAMILIES.values() for figure in family]
    whole = figures.compared(blocks, parts, whole_figures, sorted(every))
    done = 1
    on_step(done, total)
    groups: list[dict[str, dict[str, dict[str, Found]]]] = [{} for _ in found]
    for dimension, by_group in dimensions.items():
        for group, names in by_group.items():
            measured = figures.compared(blocks, parts, OF_GROUPS, names)
            for run, values in zip(groups, measured, strict=True):
                run.setdefault(dimension, {})[group] = values
            done += 1
            on_step(done, total)
    runs = [
        Run(ran, kind, about, values, by_dimension)
        for (ran, kind, about), values, by_dimension in zip(found, whole, groups, strict=True)
    ]
    sizes = {
        dimension: {group: len(names) for group, names in by_group.items()}
        for dimension, by_group in dimensions.items()
    }
    return Experiment(day, blocks, runs, sizes)


def as_dict(whole: Experiment) -> dict[str, Any]:
    """The experiment for machines; figures are in their units, shares are parts of 1."""
    return {
        "day": whole.day,
        "blocks": whole.blocks.count,
        "block_seconds": whole.blocks.block_ns // 1_000_000_000,
        "resamples": whole.blocks.resamples,
        "bootstrap_seed": whole.blocks.seed,
        "interval": figures.COVERAGE,
        "first": whole.first.ran.name,
        "orders_by_group": whole.sizes,
        "runs": [_run(run) for run in whole.runs],
    }


def _run(run: Run) -> dict[str, Any]:
    ran = run.ran
    return {
        "name": ran.name,
        "kind": run.kind,
        **run.about,
        "chain": ran.chain,
        "orders": len(ran.parts),
        **ran.counts,
        "violations": ran.violations,
        "figures": {name: _found(found) for name, found in run.figures.items()},
        "by": {
            dimension: {
                group: {name: _found(found) for name, found in values.items()}
                for group, values in by_group.items()
            }
            for dimension, by_group in run.groups.items()
        },
        "curve": [[round(x, DIGITS) for x in point] for point in ran.curve],
    }


def _found(found: Found) -> dict[str, Any]:
    of_first = {} if found.difference is None else {"difference": _interval(found.difference)}
    return {**_interval(found.figure), **of_first}


def _interval(interval: Interval) -> dict[str, float | None]:
    return interval._asdict()  # Not rounded: another measure may be compared with it.


def told(figure: Figure, interval: Interval | None) -> str:
    """A figure for people: `1.23 [0.95, 1.50]`; shares in per cent; empty without a value."""
    if interval is None or interval.value is None:
        return ""
    times, digits = (100, 1) if figure.unit == "%" else (1, 2)
    value, low, high = (None if x is None else _rounded(x * times, digits) for x in interval)
    return f"{value}" if low is None else f"{value} [{low}, {high}]"


def _rounded(value: float, digits: int) -> str:
    """The value without the sign of a negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"
