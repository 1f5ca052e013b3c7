"""`metaorder experiment`: the same day and orders under several policies, and what each cost."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.audit import processes
from engine.audit.experiment import baselines, bound, comparison, figures, page, running
from engine.audit.experiment.comparison import BASELINE, BOUND, POLICY, Experiment, told
from engine.audit.experiment.figures import Figure, Found, Interval
from engine.audit.experiment.running import BaselineTask, Ran, Reached, Task
from engine.cli.exits import Exit
from engine.cli.market import warn
from engine.cli.options import ConfigOption, OutputOption, loaded
from engine.cli.render import Output, errors, from_dicts, json_text, progress, render, say
from engine.cli.rules import rules_of
from engine.cli.simulate import (
    LOG_FILE,
    PROJECTION_FILE,
    SIMULATED_SEAL_NS,
    gaps_of,
    prepare,
    read_orders,
)
from engine.config import Config
from engine.gateways.files import experiment_file
from engine.gateways.files.experiment_file import Variant
from engine.gateways.values import duration_ns
from engine.simulation import example_limits
from engine.simulation.market import data as market_data
from engine.simulation.market.data import MarketData
from engine.simulation.script import TimedInput, of_folders, require_one_day
from engine.simulation.venues.fill_model import FillModel
from engine.simulation.venues.queue import Queue

PAGE_FILE, JSON_FILE = "experiment.html", "experiment.json"
BLOCK = "15min"
BY_GROUP = (figures.COSTS[1], figures.COSTS[3])  # Arrival cost and tracking error.


class Dimension(StrEnum):
    """The ways to group orders; each is a key of `figures.GROUPS`."""

    STRATEGY = "strategy"
    URGENCY = "urgency"
    BENCHMARK = "benchmark"
    SIZE = "size"
    WINDOW = "window"
    PRICING = "pricing"


def experiment(
    *,
    market: Annotated[
        list[Path],
        typer.Option(
            help="Folder with quotes.csv.gz and trades.csv.gz; again for each instrument."
        ),
    ],
    orders: Annotated[Path, typer.Option(help="CSV or JSONL file of tickets.")],
    policies: Annotated[
        Path, typer.Option(help="TOML with a [[policy]] a run; the first is compared with.")
    ],
    controls: Annotated[
        Path | None,
        typer.Option(help="TOML of the policy that the runs change; default the example's."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of all chance, where a table has none.")] = 7,
    out: Annotated[Path, typer.Option(help="Folder for the page and each run.")] = Path(
        "out/experiment"
    ),
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time; default one a core.")
    ] = None,
    block: Annotated[
        str, typer.Option(help="Length of time of which the orders are resampled together.")
    ] = BLOCK,
    by: Annotated[
        list[Dimension] | None,
        typer.Option(help="Print the figures of its groups; again for more."),
    ] = None,
    baseline: Annotated[
        bool, typer.Option("--baselines/--no-baselines", help="Also the simple ways to trade.")
    ] = True,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Play a recorded day under several policies, and compare their costs order by order.

    Each run is a simulation with a log and a projection of its own. `experiment.html` in the folder
    shows the whole with plots, `experiment.json` has every figure.
    """
    settings = loaded(config)
    block_ns = _block_ns(block)
    markets = [market_data.load(folder) for folder in market]
    require_one_day(markets)
    facts = [data.facts for data in markets]
    warn(gaps_of(facts))
    inputs, rejected = read_orders(orders, facts)
    if rejected:
        errors().print(f"{len(rejected)} order lines could not be read, and are in no run")
    default = Path(str(files("engine.simulation").joinpath("controls.toml")))
    variants = experiment_file.read(policies, controls or default)
    tasks = [
        task_of(variant, settings, markets, inputs, out, seed, is_example=controls is None)
        for variant in variants
    ]
    for task in tasks:
        prepare(out / task.name, task.url)
    count = jobs or os.cpu_count() or 1
    found = played(tasks, count, "playing the day", running.ran)
    described = [
        (ran, POLICY, _about(variant, task))
        for ran, variant, task in zip(found, variants, tasks, strict=True)
    ]
    if baseline:
        described += [
            (ran, BOUND if ran.name == bound.TRUE_VOLUMES else BASELINE, {})
            for ran in _baselines(tasks[0], found[0], count)
        ]
    with progress("resampling") as bar:
        whole = comparison.experiment(
            tasks[0].script.day, described, block_ns, lambda n, of: bar.at(n, of, "groups")
        )
    (out / JSON_FILE).write_text(json_text(comparison.as_dict(whole)))
    (out / PAGE_FILE).write_text(page.html(whole))
    show(whole, by or (), output, out)
    if any(run.ran.violations for run in whole.runs):
        raise typer.Exit(Exit.MISMATCH)


def _block_ns(text: str) -> int:
    try:
        found = duration_ns(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: {error}", param_hint="--block") from None
    if found <= 0:
        raise typer.BadParameter(f"{text}: expected a length above 0", param_hint="--block")
    return found


def task_of(
    variant: Variant,
    settings: Config,
    markets: Sequence[MarketData],
    orders: Sequence[TimedInput],
    out: Path,
    seed: int,
    *,
    is_example: bool,
) -> Task:
    """A run as `simulate` has it, with the variant's controls, seed and venues."""
    conditions = variant.conditions
    own_seed = seed if conditions.seed is None else conditions.seed
    open_ns = min(data.facts.open_ns for data in markets)
    desk = [table.to_event("desk", open_ns) for table in variant.controls]
    folder = out / conditions.name
    model = FillModel(Queue(conditions.queue.value.lower()), conditions.impact)
    rules = rules_of(settings, open_batch_ns=SIMULATED_SEAL_NS, seal_every_ns=SIMULATED_SEAL_NS)
    return Task(
        name=conditions.name,
        url=f"sqlite:{folder / LOG_FILE}",
        partitions=settings.partitions,
        projection=folder / PROJECTION_FILE,
        script=of_folders(
            markets,
            orders,
            [*example_limits.scaled(desk, markets)] if is_example else desk,
            own_seed,
        ),
        rules=replace(rules, settings_text=model.named_in(rules.settings_text)),
        quote_age_max_ns=settings.quote_age_max_ns,
        seed=own_seed,
        model=model,
    )


def played(
    tasks: Sequence[Any], jobs: int, text: str, work: Callable[[Any, Callable[[Any], None]], Ran]
) -> list[Ran]:
    """The work of each task, in processes, with one progress bar."""
    with progress(text, sum(len(task.script) for task in tasks)) as bar:
        reached: dict[str, Reached] = {}

        def on_progress(now: Reached) -> None:
            reached[now.name] = now
            bar.at(sum(each.done for each in reached.values()), unit="inputs")

        return processes.run(work, tasks, jobs, on_progress)


def _baselines(task: Task, first: Ran, jobs: int) -> list[Ran]:
    """The simple ways to trade the orders that the first policy accepted."""
    tasks = [
        BaselineTask(name, task.script, task.quote_age_max_ns, first.orders, first.wanted)
        for name in (*baselines.STEPS_NS, bound.TRUE_VOLUMES)
    ]
    return played(tasks, jobs, "baselines", running.ran_baseline)


def _about(variant: Variant, task: Task) -> dict[str, Any]:
    """The words of a run's table, and what it left to the command."""
    return {
        "policy": {name: str(value) for name, value in variant.changes.items()},
        "seed": task.seed,
        "queue": task.model.queue.value,
        "impact": task.model.impact,
        "log": task.url,
        "projection": str(task.projection),
    }


# ------------------------------------------------------------------------------ the result


def show(whole: Experiment, by: Sequence[Dimension], output: Output, out: Path) -> None:
    """Print the figures: for people the main ones, and those of the asked groups."""
    if output is Output.JSON:
        typer.echo(json_text(comparison.as_dict(whole)), nl=False)
        return
    if output is not Output.TEXT:
        render(from_dicts(rows_of(whole)), output)
        return
    for figure in (*figures.COSTS[:5], *figures.PLACES, *figures.WORK):
        rows = [_row(run.ran.name, figure, run.figures.get(figure.name)) for run in whole.runs]
        if any(row["value"] for row in rows):
            render(from_dicts(rows), output, _titled(figure))
    for dimension in by:
        for group, count in whole.sizes[dimension].items():
            for figure in BY_GROUP:
                rows = [
                    _row(run.ran.name, figure, run.groups[dimension][group].get(figure.name))
                    for run in whole.runs
                ]
                title = f"{dimension.value} {group} ({count:,} orders), {_titled(figure)}"
                render(from_dicts(rows), output, title)
    blocks = whole.blocks
    say(
        f"Intervals are 95 %, of {blocks.resamples} resamples of {blocks.count} blocks of "
        f"{blocks.block_ns // figures.MINUTE_NS} min.\nDifferences are from "
        f"{whole.first.ran.name}, order by order. What was not filled is swept at the end."
    )
    say(f"With plots: {out / PAGE_FILE}\nEvery figure: {out / JSON_FILE}")


def _titled(figure: Figure) -> str:
    return f"{figure.title}, {figure.unit}" if figure.unit else figure.title


def _row(name: str, figure: Figure, found: Found | None) -> dict[str, str]:
    """A run's figure and its difference from the first run, for people."""
    return {
        "run": name,
        "value": told(figure, found.figure if found else None),
        "difference": told(figure, found.difference if found else None),
    }


def rows_of(whole: Experiment) -> list[dict[str, Any]]:
    """A row a run, group and figure, for machines."""
    return [
        {
            "run": run.ran.name,
            "dimension": dimension,
            "group": group,
            "figure": name,
            **found.figure._asdict(),
            **{
                f"difference_{part}": value
                for part, value in (found.difference or Interval(None, None, None))
                ._asdict()
                .items()
            },
        }
        for run in whole.runs
        for dimension, groups in {"all": {"": run.figures}, **run.groups}.items()
        for group, members in groups.items()
        for name, found in members.items()
    ]
