"""`metaorder whatif`: the same day with another strategy."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

import projections as project
from engine.audit import cost_comparison, counterfactual, processes
from engine.audit.cost_comparison import Interval, Outcome
from engine.audit.counterfactual import CounterfactualError, RecordedDay
from engine.cli.options import (
    ConfigOption,
    LogOption,
    OutputOption,
    configured_log,
    existing,
    loaded,
)
from engine.cli.render import Output, from_dicts, progress, render, render_one, say
from engine.cli.rules import rules_of
from engine.cli.simulate import SIMULATED_SEAL_NS
from engine.config import Config
from engine.log import open_log
from engine.log.security import OPEN, Security
from engine.runtime.hash_chain import GENESIS, run_chain
from engine.runtime.shard import Rules
from engine.runtime.shard_log import last_seal
from engine.simulation.script import Script
from engine.simulation.venues.fill_model import FillModel

REPORT_EVERY_INPUTS = 500
HAPPENED, MODELLED, CHANGED = "happened", "modelled", "changed"


class Part(NamedTuple):
    """The job of one process: play a script and project its log, or project the recorded log."""

    name: str
    url: str
    partitions: int
    projection: Path
    since_ns: int  # The day; the log before and after it is not compared.
    until_ns: int
    script: Script | None = None  # None for the recorded log itself.
    rules: Rules | None = None
    seed: int = 0
    fill_model: FillModel | None = None  # None for a day that was not simulated: the base one.
    security: Security = OPEN


class Reached(NamedTuple):
    """The number of a script's inputs that were played."""

    name: str
    done: int


def whatif(
    *,
    log_url: LogOption = None,
    day: Annotated[
        int | None, typer.Option(metavar="YYYYMMDD", help="Which day; default the only one.")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A field of the policy, as strategy=TWAP."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the logs and projections.")] = Path(
        "out/whatif"
    ),
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time; default one a core.")
    ] = None,
    config: ConfigOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Play a recorded day again with another policy, and compare the costs.

    It is first played with nothing changed: the difference from the record is the error of the
    fill model.
    """
    settings = loaded(config, log_url=log_url)
    existing(settings)
    overrides = parsed(changes or [])
    out.mkdir(parents=True, exist_ok=True)
    with configured_log(settings) as log, progress("reading the day"):
        recorded = counterfactual.recorded_day(log, day)
        chain = chain_of(settings)
    parts = [played_part(settings, recorded, recorded.script, out, MODELLED)]
    if overrides:
        other = counterfactual.changed(recorded.script, overrides)
        parts.append(played_part(settings, recorded, other, out, CHANGED))
    path = out / f"{HAPPENED}.duckdb"  # Last, as it takes the least time.
    span = (recorded.script.before_ns, recorded.script.close_ns)
    happening = Part(HAPPENED, settings.log_url, settings.partitions, path, *span)
    parts.append(happening._replace(security=settings.security()))
    with progress("playing the day", len(recorded.script) * (len(parts) - 1)) as bar:
        reached: dict[str, Reached] = {}

        def on_progress(now: Reached) -> None:
            reached[now.name] = now
            bar.at(sum(each.done for each in reached.values()), unit="inputs")

        found = processes.run(outcome_of, parts, jobs or os.cpu_count() or 1, on_progress)
    by_name = {part.name: each for part, each in zip(parts, found, strict=True)}
    names = [name for name in (HAPPENED, MODELLED, CHANGED) if name in by_name]
    runs = {name: by_name[name][0] for name in names}
    happened, modelled, modelled_chain = runs[HAPPENED], *by_name[MODELLED]
    differences = {"fill model's error": cost_comparison.difference(happened, modelled)}
    if overrides:
        differences["effect of the change"] = cost_comparison.difference(modelled, runs[CHANGED])
    show(runs, differences, recorded, overrides, output, is_same=modelled_chain == chain)


def parsed(changes: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in changes:
        name, is_set, value = text.partition("=")
        if not is_set or not value:
            raise CounterfactualError(f"--set {text}: expected NAME=VALUE, as strategy=TWAP.")
        found[name.strip().lower()] = value.strip()
    return found


def played_part(
    settings: Config, recorded: RecordedDay, script: Script, out: Path, name: str
) -> Part:
    """A run into a new log; deletes the log of an earlier command."""
    path = out / f"{name}.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    rules = rules_of(settings, open_batch_ns=SIMULATED_SEAL_NS, seal_every_ns=SIMULATED_SEAL_NS)
    model = recorded.fill_model
    if model is not None:
        rules = replace(rules, settings_text=model.named_in(rules.settings_text))
    url = f"sqlite:{path}"
    projection = out / f"{name}.duckdb"
    span = (script.before_ns, script.close_ns)
    return Part(
        name, url, settings.partitions, projection, *span, script, rules, recorded.seed, model
    )


def outcome_of(part: Part, report: Callable[[Reached], None]) -> tuple[Outcome, bytes]:
    """Play and project. Returns the outcome and the chain."""
    chain = b""
    with open_log(part.url, partitions=part.partitions, security=part.security) as log:
        if part.script is not None:
            assert part.rules is not None, "what is played has rules"
            chain = counterfactual.play(
                part.script,
                part.rules,
                part.seed,
                log,
                in_steps(part.name, report),
                fill_model=part.fill_model,
            )
        project.rebuild(log, part.projection, log_url=part.url)
    with project.connect(part.projection) as connection:
        return cost_comparison.outcome(connection, part.since_ns, part.until_ns), chain


def in_steps(name: str, report: Callable[[Reached], None]) -> Callable[[int, int], None]:
    """Report the progress of a run in steps: each report is a message to another process."""
    reported = 0

    def on_progress(done: int, total: int) -> None:
        nonlocal reported
        if done - reported >= REPORT_EVERY_INPUTS or done == total:
            reported = done
            report(Reached(name, done))

    return on_progress


def chain_of(settings: Config) -> bytes:
    """The chain of the whole log, as it is now."""
    with configured_log(settings) as log:
        heads = [last_seal(log, shard) for shard in range(log.partitions)]
    return run_chain([GENESIS if head is None else head.chain for head in heads])


def show(
    runs: dict[str, Outcome],
    differences: dict[str, Interval],
    recorded: RecordedDay,
    overrides: dict[str, str],
    output: Output,
    *,
    is_same: bool,
) -> None:
    """Print the runs, the differences with their intervals, and the venues."""
    rows = [row_of(name, found) for name, found in runs.items()]
    found = [
        {"of": name, **{key: _rounded(x) for key, x in interval._asdict().items()}}
        for name, interval in differences.items()
    ]
    if output is not Output.TEXT:
        whole = {
            "day": recorded.script.day,
            "set": overrides,
            "reproduces_byte_for_byte": is_same,
            "carried_orders_left_out": recorded.carried_orders,
            "fill_model": str(recorded.fill_model or FillModel()),
            "runs": [{**row, "venues": venues_of(runs[row["run"]])} for row in rows],
            "differences": found,
        }
        render_one(whole, output)
        return
    model = recorded.fill_model or FillModel()
    render(from_dicts(rows), output, f"day {recorded.script.day}, {model}")
    render(from_dicts(found), output, "cost in bps, second run less first, 95 % interval")
    render(from_dicts(by_venue(runs)), output, "filled by venue")
    say(
        "With nothing changed the day is reproduced byte for byte."
        if is_same
        else "The day was not simulated, or is not the log's only one: with nothing changed it is "
        "the fill model's day, and its error is stated above."
    )
    if recorded.carried_orders:
        say(f"{recorded.carried_orders} orders carried in from before are left out.")


def by_venue(runs: dict[str, Outcome]) -> list[dict[str, Any]]:
    """Filled quantity of each venue in each run."""
    venues = dict.fromkeys(name for found in runs.values() for name in sorted(found.venues))
    return [
        {"venue": venue}
        | {name: found.venues.get(venue, (0, 0))[1] for name, found in runs.items()}
        for venue in sorted(venues)
    ]


def row_of(name: str, found: Outcome) -> dict[str, Any]:
    return {
        "run": name,
        "orders": len(found.orders),
        "parents": found.parents,
        "children": found.children,
        "fills": found.fills,
        "crossed": found.crossed_qty,
        "done_pct": round(found.completion * 100, 2),
        "cost_bps": round(found.cost_bps, 3),
    }


def venues_of(found: Outcome) -> dict[str, dict[str, int]]:
    return {name: {"children": n, "filled_qty": qty} for name, (n, qty) in found.venues.items()}


def _rounded(value: float) -> float:
    return round(value, 3)
